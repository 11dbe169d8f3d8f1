/* SPDX-License-Identifier: MIT */
/*
 * Compresses answers for clients that accept it (Accept-Encoding, RFC 9110): lists, the page and
 * its files, the API description. Not streams, whose events would wait in the compressor, and not
 * small answers, for which it would not pay. None of these answers holds a secret that its
 * compressed length could reveal.
 */
#ifndef TRACKD_HTTP_SERVER_GZIP_H
#define TRACKD_HTTP_SERVER_GZIP_H

#include "tools/trackd-http/server/request.h"
#include <stddef.h>

enum { GZIP_MIN = 1400 }; /* bytes: what fits into one packet */

/* Whether the client prefers gzip to the plain form. */
bool gzip_wanted(const struct request *request);

/* For answers of routes that may compress: caches must keep both forms. packed: this is gzip. */
void gzip_headers(struct MHD_Response *response, bool packed);

/* A static body, compressed at the highest level at first use, and kept. */
struct gzip_kept {
	char *bytes; /* NULL: compression does not pay */
	size_t size;
	bool tried;
};

bool gzip_keep(struct gzip_kept *kept, const char *body, size_t size);

/* A response with the headers and size bytes of text, which it takes over, even on failure. It is
 * compressed while it is sent, GZIP_PIECE bytes at a time, so that a long list delays no other
 * request. NULL: no memory. */
enum { GZIP_PIECE = 32 << 10 };
struct MHD_Response *gzip_response(const struct request *request, const char *type, char *text,
				   size_t size);

#endif
