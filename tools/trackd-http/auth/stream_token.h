/* SPDX-License-Identifier: MIT */
/*
 * Stream tickets. EventSource cannot send a header, so a caller with a token gets a random word
 * that opens one stream within STREAM_TOKEN_OPEN_S. Reconnects of that stream (the same ticket,
 * with Last-Event-ID) are admitted until the token expires, also after a restart of the gateway: a
 * ticket carries its own record, signed with a key in the state directory, and the list of opened
 * tickets is kept beside that key. If this list is lost (a power failure, a full disk), older
 * tickets are refused and clients get new ones. A ticket is as secret as its token. Use it from one
 * thread.
 */
#ifndef TRACKD_HTTP_AUTH_STREAM_TOKEN_H
#define TRACKD_HTTP_AUTH_STREAM_TOKEN_H

#include "tools/trackd-http/auth/identity.h"

enum { STREAM_TOKEN_OPEN_S = 30, STREAM_TOKEN_MAX = 512 };

struct stream_tokens;

/* key_file: created with 32 random bytes and mode 0600 if it is missing; the book is
 * KEY_FILE.opened. 0 or -errno; -EINVAL: it has another content, -EPERM: the group or others may
 * open it. */
int stream_tokens_open(const char *key_file, struct stream_tokens **ret_stream_tokens);
void stream_tokens_close(struct stream_tokens *stream_tokens);

/* A ticket for one task's stream, or with id "" for the stream of all of the owner's tasks. 0;
 * -EINVAL: the id or the owner is not valid; -EIO. */
int stream_token_make(struct stream_tokens *stream_tokens, const struct identity *identity,
		      const char *id, int64_t now, char ret_stream_token[STREAM_TOKEN_MAX]);

/* Whether a ticket admits to a stream. reconnect: the request carries a Last-Event-ID. AUTH_NONE,
 * or the reason: not ours, expired, for another task, already opened, not opened in time. The
 * ticket stays as it is. */
enum auth_failure stream_token_check(const struct stream_tokens *stream_tokens,
				     const char *stream_token, const char *id, bool reconnect,
				     int64_t now, struct identity *ret_identity,
				     uint64_t *ret_number);

/* The stream begins: from now on, the ticket only reconnects. number: from stream_token_check(); 0:
 * the caller used a token. */
void stream_token_use(struct stream_tokens *stream_tokens, uint64_t number);

#endif
