/* SPDX-License-Identifier: MIT */
/*
 * Answers that are packed for clients that ask for it (Accept-Encoding, RFC 9110): lists, the page and
 * its files, the description. Never streams, whose events would wait in the packer; nor what is small,
 * whose packing costs more than the bytes that it saves. None of these answers holds a secret, whose
 * characters its packed length could tell.
 */
#ifndef TRACKD_HTTP_SERVER_GZIP_H
#define TRACKD_HTTP_SERVER_GZIP_H

#include "tools/trackd-http/server/request.h"
#include <stddef.h>

enum { GZIP_MIN = 1400 }; /* bytes: what fits into a packet */

/* Whether the client would rather have gzip than the bytes as they are. */
bool gzip_wanted(const struct request *request);

/* For answers of routes that may pack: caches keep both forms. packed: this is the packed one. */
void gzip_headers(struct MHD_Response *response, bool packed);

/* A body that lives for ever, packed at the first use as well as it can be, and kept. */
struct gzip_kept {
	char *bytes; /* NULL: it does not pay */
	size_t size;
	bool tried;
};

bool gzip_keep(struct gzip_kept *kept, const char *body, size_t size);

/* A response of size bytes of text, which is taken over also if there is none; with the headers. It is
 * packed while it is sent, GZIP_PIECE bytes at a time: a long list delays no other request. NULL: no memory. */
enum { GZIP_PIECE = 32 << 10 };
struct MHD_Response *gzip_response(const struct request *request, const char *type, char *text,
				   size_t size);

#endif
