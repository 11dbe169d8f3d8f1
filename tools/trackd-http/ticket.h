/* SPDX-License-Identifier: MIT */
/*
 * Stream tickets: EventSource cannot send a header, so a caller with a token gets a random word that
 * opens one stream within TICKET_OPEN_S; that stream's own reconnects (the same ticket, with
 * Last-Event-ID) are admitted until the token it was made with expires, over restarts of the gateway
 * too: a ticket is its own record, signed with a key kept in the state directory. A restart ends the
 * 30 s: a ticket that had not been opened opens nothing any more, and the caller gets another one.
 * A ticket is a secret as long as the token it was made with. For one thread.
 */
#ifndef TRACKD_HTTP_TICKET_H
#define TRACKD_HTTP_TICKET_H

#include "auth.h"

enum { TICKET_OPEN_S = 30, TICKET_MAX = 512 };

struct tickets;

/* key_file: made with 32 random bytes, mode 0600, if it is not there. 0 or -errno; -EINVAL: it holds
 * something else, -EPERM: the group or others may open it. */
int tickets_open(const char *key_file, struct tickets **ret_tickets);
void tickets_close(struct tickets *tickets);

/* A ticket for one task's stream, or with id "" for all of the owner's. 0, or -EINVAL for an id or
 * an owner that is none, or -EIO. */
int ticket_make(struct tickets *tickets, const struct identity *identity, const char *id,
		int64_t now, char ret_ticket[TICKET_MAX]);

/* Admit a stream. reconnect: it carries a Last-Event-ID. AUTH_NONE or why not: not ours, expired, of
 * another task, used before. */
enum auth_failure ticket_use(struct tickets *tickets, const char *ticket, const char *id,
			     bool reconnect, int64_t now, struct identity *ret_identity);

#endif
