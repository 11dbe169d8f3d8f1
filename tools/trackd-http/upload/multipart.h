/* SPDX-License-Identifier: MIT */
/*
 * Parses a multipart/form-data body (RFC 7578) as it arrives, in pieces of any size. Content is
 * passed on at once; at most a part's head and the matched length of a delimiter are kept.
 *
 * We do not use libmicrohttpd's parser (MHD_post_process), because this one is stricter:
 * - It reports a malformed body. MHD's parser shows it only by a part that never ends, so that a
 *   truncated upload can look complete.
 * - It supports filename* (RFC 8187), and gives a name of any bytes with its length. MHD's supports
 *   only filename, as a string that ends at a NUL.
 * - It bounds what a stranger controls: the boundary, the head of a part, the number of parts. A
 *   name over the limit is reported as such, and never truncated.
 */
#ifndef TRACKD_HTTP_UPLOAD_MULTIPART_H
#define TRACKD_HTTP_UPLOAD_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

enum {
	MULTIPART_BOUNDARY_MAX = 70, /* RFC 2046 */
	MULTIPART_HEAD_MAX = 4096,   /* per part */
	MULTIPART_PARTS_MAX = 64,
};

struct multipart_calls {
	/* A file begins; its name may hold any bytes and ends with a NUL. name NULL: it is longer
	 * than DISPOSITION_NAME_MAX bytes. Other form fields are skipped. */
	void (*file)(void *user, const char *name, size_t length);
	void (*data)(void *user, const char *data, size_t size);
};

enum multipart_state {
	MULTIPART_BETWEEN, /* before the first part, or in a skipped field */
	MULTIPART_FILE,
	MULTIPART_BOUNDARY, /* behind a delimiter, on the same line */
	MULTIPART_HEAD,
	MULTIPART_END, /* after the last delimiter */
	MULTIPART_BROKEN,
};

struct multipart {
	const struct multipart_calls *calls;
	void *user;
	enum multipart_state state;
	char delimiter[4 + MULTIPART_BOUNDARY_MAX + 1]; /* CR LF - - boundary */
	size_t length, matched; /* of the delimiter; how much of it has matched */
	char head[MULTIPART_HEAD_MAX];
	size_t head_length;
	unsigned n_parts;
};

/* Begin with the request's Content-Type. False: it is not multipart/form-data with a boundary. */
bool multipart_begin(struct multipart *ret_multipart, const char *content_type,
		     const struct multipart_calls *calls, void *user);

void multipart_feed(struct multipart *multipart, const char *data, size_t size);

/* Whether the body was complete, once all of it has been fed. */
bool multipart_whole(const struct multipart *multipart);

#endif
