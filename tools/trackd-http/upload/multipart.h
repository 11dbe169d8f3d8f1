/* SPDX-License-Identifier: MIT */
/*
 * A multipart/form-data body (RFC 7578) as it arrives, in pieces of any size. What belongs to a part
 * is passed on at once; kept are at most a part's head, and of a delimiter the length of what has
 * been seen.
 *
 * This reader is ours, although libmicrohttpd has one (MHD_post_process), because ours is stricter:
 * - It reports a body that breaks the grammar as broken. MHD's tells a broken body from a whole one
 *   only by a part that never ends, so that a cut upload can look complete.
 * - It reads filename* (RFC 8187), and it gives a name of any bytes with its length. MHD's knows only
 *   filename, as a string that ends at a NUL.
 * - It bounds what a stranger decides: the boundary, the head of a part, the number of parts. A name
 *   over the limit is reported as such, and never cut.
 */
#ifndef TRACKD_HTTP_UPLOAD_MULTIPART_H
#define TRACKD_HTTP_UPLOAD_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

enum {
	MULTIPART_BOUNDARY_MAX = 70, /* RFC 2046 */
	MULTIPART_HEAD_MAX = 4096,   /* of one part */
	MULTIPART_PARTS_MAX = 64,
};

struct multipart_calls {
	/* A file begins, its name of any bytes and with a NUL behind. name NULL: it has one of more than
	 * DISPOSITION_NAME_MAX bytes. Fields of a form are passed over. */
	void (*file)(void *user, const char *name, size_t length);
	void (*data)(void *user, const char *data, size_t size);
};

enum multipart_state {
	MULTIPART_BETWEEN, /* before the first part, or in a field */
	MULTIPART_FILE,
	MULTIPART_BOUNDARY, /* behind a delimiter, on its line */
	MULTIPART_HEAD,
	MULTIPART_END, /* behind the last delimiter */
	MULTIPART_BROKEN,
};

struct multipart {
	const struct multipart_calls *calls;
	void *user;
	enum multipart_state state;
	char delimiter[4 + MULTIPART_BOUNDARY_MAX + 1]; /* CR LF - - boundary */
	size_t length, matched;                         /* of the delimiter */
	char head[MULTIPART_HEAD_MAX];
	size_t head_length;
	unsigned n_parts;
};

/* By the request's Content-Type. False: it is not multipart/form-data with a boundary. */
bool multipart_begin(struct multipart *ret_multipart, const char *content_type,
		     const struct multipart_calls *calls, void *user);

void multipart_feed(struct multipart *multipart, const char *data, size_t size);

/* Whether it is broken so far. */
bool multipart_broken(const struct multipart *multipart);
/* Whether it was whole, once all has been fed. */
bool multipart_whole(const struct multipart *multipart);

#endif
