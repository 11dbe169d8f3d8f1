/* SPDX-License-Identifier: MIT */
/* Sockets that listen, and how people write where: "HOST:PORT", "[HOST]:PORT" or "unix:PATH". */
#ifndef TRACKD_HTTP_CONFIG_LISTEN_H
#define TRACKD_HTTP_CONFIG_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

/* A listening socket, or -errno; -EADDRINUSE also for the socket of a program that is alive, -EEXIST
 * if something else than a socket is at the path. */
int listen_open(const char *where);

/* Whether a text is of one of the forms. */
bool listen_valid(const char *where);

/* Whether only this host can reach the socket. */
bool listen_is_local(int fd);

/* Where it listens, with the port that it got. */
void listen_name(int fd, char *ret_where, size_t size);

#endif
