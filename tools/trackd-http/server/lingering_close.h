/* SPDX-License-Identifier: MIT */
/*
 * For clients that got an answer before they had sent their whole body. Closing a socket with
 * unread bytes resets the connection, and a client that has not read the answer yet would lose it.
 * So the rest of the body is read and dropped for a moment.
 */
#ifndef TRACKD_HTTP_SERVER_LINGERING_CLOSE_H
#define TRACKD_HTTP_SERVER_LINGERING_CLOSE_H

#include <systemd/sd-event.h>

struct lingering_closes;

int lingering_closes_new(sd_event *event, struct lingering_closes **ret_lingering_closes);
void lingering_closes_free(struct lingering_closes *lingering_closes);

/* Add the socket of a connection whose owner is about to close it; fd stays the owner's. */
void lingering_closes_add(struct lingering_closes *lingering_closes, int fd);

#endif
