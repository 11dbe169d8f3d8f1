/* SPDX-License-Identifier: MIT */
/*
 * Clients that were answered before all of their body had come. To close a socket in which bytes are
 * left unread resets it, and takes the answer away from a client that has not read it yet; so what
 * they still send is read for a moment, and dropped.
 */
#ifndef TRACKD_HTTP_SERVER_LINGERING_CLOSE_H
#define TRACKD_HTTP_SERVER_LINGERING_CLOSE_H

#include <systemd/sd-event.h>

struct lingering_closes;

int lingering_closes_new(sd_event *event, struct lingering_closes **ret_lingering_closes);
void lingering_closes_free(struct lingering_closes *lingering_closes);

/* The socket of a connection that its owner is about to close; it stays the owner's. */
void lingering_closes_add(struct lingering_closes *lingering_closes, int fd);

#endif
