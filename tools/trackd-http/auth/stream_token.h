/* SPDX-License-Identifier: MIT */
/*
 * Stream tickets: EventSource cannot send a header, so a caller with a token gets a random word that
 * opens one stream within STREAM_TOKEN_OPEN_S; that stream's own reconnects (the same ticket, with
 * Last-Event-ID) are admitted until the token it was made with expires, over restarts of the gateway
 * too: a ticket is its own record, signed with a key kept in the state directory, and which were
 * opened is kept beside it. After the loss of that (the host lost power, the disk is full) no older
 * ticket opens anything, and the caller gets another one. A ticket is a secret as long as the token
 * it was made with. For one thread.
 */
#ifndef TRACKD_HTTP_AUTH_STREAM_TOKEN_H
#define TRACKD_HTTP_AUTH_STREAM_TOKEN_H

#include "tools/trackd-http/auth/identity.h"

enum { STREAM_TOKEN_OPEN_S = 30, STREAM_TOKEN_MAX = 512 };

struct stream_tokens;

/* key_file: made with 32 random bytes, mode 0600, if it is not there. 0 or -errno; -EINVAL: it holds
 * something else, -EPERM: the group or others may open it. Beside it, key_file.opened. */
int stream_tokens_open(const char *key_file, struct stream_tokens **ret_stream_tokens);
void stream_tokens_close(struct stream_tokens *stream_tokens);

/* A ticket for one task's stream, or with id "" for all of the owner's. 0, or -EINVAL for an id or
 * an owner that is none, or -EIO. */
int stream_token_make(struct stream_tokens *stream_tokens, const struct identity *identity,
		      const char *id, int64_t now, char ret_stream_token[STREAM_TOKEN_MAX]);

/* Whether a ticket admits to a stream. reconnect: it carries a Last-Event-ID. AUTH_NONE or why not:
 * not ours, expired, of another task, opened before, not opened in time. Nothing is used up. */
enum auth_failure stream_token_check(const struct stream_tokens *stream_tokens,
				     const char *stream_token, const char *id, bool reconnect,
				     int64_t now, struct identity *ret_identity,
				     uint64_t *ret_number);

/* The stream begins: from now on the ticket only reconnects. number: as stream_token_check() gave it; 0: it
 * was a token. */
void stream_token_use(struct stream_tokens *stream_tokens, uint64_t number);

#endif
