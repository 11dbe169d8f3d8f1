/* SPDX-License-Identifier: MIT */
/*
 * A ticket carries its own record: the user, the stream, when it was made and when it expires; an
 * HMAC-SHA256 with our key protects it. The book (stream_token_book.h), which outlives restarts,
 * says whether its stream was opened: a ticket that opened no stream within 30 s never opens one,
 * whatever Last-Event-ID comes with it. A ticket that the book no longer covers is refused. This
 * bounds the memory and errs on the safe side; the client gets another ticket.
 */
#include "tools/trackd-http/auth/stream_token.h"
#include "libclient/record/internal.h"
#include "tools/trackd-http/auth/base64url.h"
#include "tools/trackd-http/auth/stream_token_book.h"
#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_SIZE = 32, MAC_SIZE = 32, VERSION = 2 };

struct stream_tokens {
	uint8_t key[KEY_SIZE];
	struct stream_token_book *book;
};

/* The signed record, in host byte order: only this host reads it. */
struct record {
	uint8_t version, n_owner, n_id, reserved[5];
	uint64_t run, number;
	int64_t issued, expires;
	char texts[TRACKD_OWNER_MAX + TRACKD_ID_MAX]; /* owner, then id, without padding */
};

enum {
	FIXED = offsetof(struct record, texts),
	SIGNED_MAX = FIXED + TRACKD_OWNER_MAX + TRACKD_ID_MAX
};

_Static_assert(FIXED == 40, "no padding, so every signed byte is set");
_Static_assert(BASE64URL_ROOM(SIGNED_MAX + MAC_SIZE) <= STREAM_TOKEN_MAX,
	       "the longest ticket fits");

/* ---- The key ------------------------------------------------------------ */

static int random_fill(void *to, size_t size)
{
	return getrandom(to, size, 0) == (ssize_t)size ? 0 : -EIO;
}

/* Refuse a key that others may read or that has another size. */
static int key_read(const char *path, uint8_t ret_key[KEY_SIZE])
{
	uint8_t key[KEY_SIZE + 1];
	struct stat status;
	int error = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) != 0)
		error = -errno;
	else if (!S_ISREG(status.st_mode) || read(fd, key, sizeof key) != KEY_SIZE)
		error = -EINVAL;
	else if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		error = -EPERM;
	else
		memcpy(ret_key, key, KEY_SIZE);
	explicit_bzero(key, sizeof key);
	close(fd);
	return error;
}

static int key_write(int fd)
{
	uint8_t key[KEY_SIZE];
	int error = random_fill(key, sizeof key);

	if (error == 0 && write(fd, key, sizeof key) != KEY_SIZE)
		error = -EIO;
	if (error == 0 && fsync(fd) != 0)
		error = -errno;
	explicit_bzero(key, sizeof key);
	return error;
}

/* Write to a temporary file and link it to its name. If two processes make the key at once, the
 * first one stays. */
static int key_make(const char *path)
{
	char temporary[4096 + 16];
	int error, fd;

	if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary)
		return -ENAMETOOLONG;
	fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
	if (fd < 0)
		return -errno;
	error = key_write(fd);
	if (error == 0 && link(temporary, path) != 0 && errno != EEXIST)
		error = -errno;
	unlink(temporary);
	close(fd);
	return error;
}

static int book_open(struct stream_tokens *stream_tokens, const char *key_file)
{
	char path[4096 + 16];

	if (snprintf(path, sizeof path, "%s.opened", key_file) >= (int)sizeof path)
		return -ENAMETOOLONG;
	return stream_token_book_open(path, &stream_tokens->book);
}

int stream_tokens_open(const char *key_file, struct stream_tokens **ret_stream_tokens)
{
	struct stream_tokens *stream_tokens = calloc(1, sizeof *stream_tokens);
	int error;

	if (!stream_tokens)
		return -ENOMEM;
	error = key_read(key_file, stream_tokens->key);
	if (error == -ENOENT) {
		error = key_make(key_file);
		if (error == 0)
			error = key_read(key_file, stream_tokens->key);
	}
	if (error == 0)
		error = book_open(stream_tokens, key_file);
	if (error == 0)
		*ret_stream_tokens = stream_tokens;
	else
		stream_tokens_close(stream_tokens);
	return error;
}

void stream_tokens_close(struct stream_tokens *stream_tokens)
{
	if (!stream_tokens)
		return;
	stream_token_book_close(stream_tokens->book);
	explicit_bzero(stream_tokens->key, sizeof stream_tokens->key);
	free(stream_tokens);
}

/* ---- Making ------------------------------------------------------------- */

static int sign(const struct stream_tokens *stream_tokens, const void *bytes, size_t n,
		uint8_t mac[MAC_SIZE])
{
	return gnutls_hmac_fast(GNUTLS_MAC_SHA256, stream_tokens->key, KEY_SIZE, bytes, n, mac) == 0
		       ? 0
		       : -EIO;
}

int stream_token_make(struct stream_tokens *stream_tokens, const struct identity *identity,
		      const char *id, int64_t now, char ret_stream_token[STREAM_TOKEN_MAX])
{
	size_t n_owner = strlen(identity->owner), n_id = strlen(id), n = FIXED + n_owner + n_id;
	struct record record = { .version = VERSION,
				 .n_owner = (uint8_t)n_owner,
				 .n_id = (uint8_t)n_id,
				 .run = stream_token_book_run(stream_tokens->book),
				 .issued = now,
				 .expires = identity->expires };
	uint8_t bytes[SIGNED_MAX + MAC_SIZE];
	int error;

	if (n_owner == 0 || (n_id > 0 && !text_id_valid(id)))
		return -EINVAL;
	record.number = stream_token_book_add(stream_tokens->book);
	memcpy(record.texts, identity->owner, n_owner);
	memcpy(record.texts + n_owner, id, n_id);
	memcpy(bytes, &record, n);
	error = sign(stream_tokens, bytes, n, bytes + n);
	if (error != 0)
		return error;
	error = base64url_encode(ret_stream_token, bytes, n + MAC_SIZE);
	return error < 0 ? error : 0;
}

/* ---- Using -------------------------------------------------------------- */

/* Read nothing before the signature has been verified. */
static bool record_read(const struct stream_tokens *stream_tokens, const char *stream_token,
			struct record *ret_record)
{
	uint8_t bytes[BASE64URL_BYTES(STREAM_TOKEN_MAX)], mac[MAC_SIZE];
	size_t length = strnlen(stream_token, STREAM_TOKEN_MAX), n;
	int size =
		length < STREAM_TOKEN_MAX ? base64url_decode(bytes, stream_token, length) : -EINVAL;

	if (size < FIXED + MAC_SIZE || size > SIGNED_MAX + MAC_SIZE)
		return false;
	n = (size_t)size - MAC_SIZE;
	if (sign(stream_tokens, bytes, n, mac) != 0 || gnutls_memcmp(mac, bytes + n, MAC_SIZE) != 0)
		return false;
	*ret_record = (struct record){ 0 };
	memcpy(ret_record, bytes, n);
	return ret_record->version == VERSION &&
	       n == FIXED + (size_t)ret_record->n_owner + ret_record->n_id;
}

static bool is_for(const struct record *record, const char *id)
{
	return strlen(id) == record->n_id &&
	       memcmp(record->texts + record->n_owner, id, record->n_id) == 0;
}

/* Whether the ticket may open its stream for the first time, or reconnect to it. */
static bool may_open(const struct record *record, enum stream_token_state state, bool reconnect,
		     int64_t now)
{
	switch (state) {
	case STREAM_TOKEN_UNOPENED:
		return now < record->issued + STREAM_TOKEN_OPEN_S;
	case STREAM_TOKEN_OPENED:
		return reconnect;
	case STREAM_TOKEN_UNKNOWN:
		break;
	}
	return false;
}

enum auth_failure stream_token_check(const struct stream_tokens *stream_tokens,
				     const char *stream_token, const char *id, bool reconnect,
				     int64_t now, struct identity *ret_identity,
				     uint64_t *ret_number)
{
	enum stream_token_state state;
	struct record record;

	if (!record_read(stream_tokens, stream_token, &record) || !is_for(&record, id) ||
	    now >= record.expires)
		return AUTH_STREAM_TOKEN;
	state = stream_token_book_state(stream_tokens->book, record.run, record.number);
	if (!may_open(&record, state, reconnect, now))
		return AUTH_STREAM_TOKEN;
	*ret_number = record.number;
	*ret_identity = (struct identity){ .expires = record.expires };
	memcpy(ret_identity->owner, record.texts, record.n_owner);
	return AUTH_NONE;
}

void stream_token_use(struct stream_tokens *stream_tokens, uint64_t number)
{
	if (number != 0)
		stream_token_book_mark(stream_tokens->book, number);
}
