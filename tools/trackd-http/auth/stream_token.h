/* SPDX-License-Identifier: MIT */
/*
 * Stream tickets: EventSource cannot send a header, so a caller with a token gets a random word that
 * opens one stream within TICKET_OPEN_S; that stream's own reconnects (the same ticket, with
 * Last-Event-ID) are admitted until the token it was made with expires, over restarts of the gateway
 * too: a ticket is its own record, signed with a key kept in the state directory, and which were
 * opened is kept beside it. After the loss of that (the host lost power, the disk is full) no older
 * ticket opens anything, and the caller gets another one. A ticket is a secret as long as the token
 * it was made with. For one thread.
 */
#ifndef TRACKD_HTTP_TICKET_H
#define TRACKD_HTTP_TICKET_H

#include "tools/trackd-http/auth/auth.h"

enum { TICKET_OPEN_S = 30, TICKET_MAX = 512 };

struct tickets;

/* key_file: made with 32 random bytes, mode 0600, if it is not there. 0 or -errno; -EINVAL: it holds
 * something else, -EPERM: the group or others may open it. Beside it, key_file.opened. */
int tickets_open(const char *key_file, struct tickets **ret_tickets);
void tickets_close(struct tickets *tickets);

/* A ticket for one task's stream, or with id "" for all of the owner's. 0, or -EINVAL for an id or
 * an owner that is none, or -EIO. */
int ticket_make(struct tickets *tickets, const struct identity *identity, const char *id,
		int64_t now, char ret_ticket[TICKET_MAX]);

/* Whether a ticket admits to a stream. reconnect: it carries a Last-Event-ID. AUTH_NONE or why not:
 * not ours, expired, of another task, opened before, not opened in time. Nothing is used up. */
enum auth_failure ticket_check(const struct tickets *tickets, const char *ticket, const char *id,
			       bool reconnect, int64_t now, struct identity *ret_identity,
			       uint64_t *ret_number);

/* The stream begins: from now on the ticket only reconnects. number: as ticket_check() gave it; 0: it
 * was a token. */
void ticket_use(struct tickets *tickets, uint64_t number);

#endif
