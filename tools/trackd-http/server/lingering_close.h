/* SPDX-License-Identifier: MIT */
/*
 * Clients that were answered before all of their body had come. To close a socket in which bytes are
 * left unread resets it, and takes the answer away from a client that has not read it yet; so what
 * they still send is read for a moment, and dropped.
 */
#ifndef TRACKD_HTTP_LINGER_H
#define TRACKD_HTTP_LINGER_H

#include <systemd/sd-event.h>

struct lingers;

int lingers_new(sd_event *event, struct lingers **ret_lingers);
void lingers_free(struct lingers *lingers);

/* The socket of a connection that its owner is about to close; it stays the owner's. */
void lingers_add(struct lingers *lingers, int fd);

#endif
