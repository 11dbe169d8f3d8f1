/* SPDX-License-Identifier: MIT */
/* Listening sockets, and the notation of their addresses: "HOST:PORT", "[HOST]:PORT" or
 * "unix:PATH". */
#ifndef TRACKD_HTTP_CONFIG_LISTEN_H
#define TRACKD_HTTP_CONFIG_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

/* A listening socket, or -errno; -EADDRINUSE also if a live program has the Unix socket, -EEXIST if
 * the path is not a socket. */
int listen_open(const char *where);

/* Whether a text has one of these forms. */
bool listen_valid(const char *where);

/* Whether only this host can reach the socket. */
bool listen_is_local(int fd);

/* The socket's address, with its actual port. */
void listen_name(int fd, char *ret_where, size_t size);

#endif
