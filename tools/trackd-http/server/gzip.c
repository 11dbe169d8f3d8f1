/* SPDX-License-Identifier: MIT */
/* The fastest level with a small window: lists, whose rows are alike, shrink to a sixth at 6 us per
 * KiB; the best level would reach an eighth at 38 us. */
#include "tools/trackd-http/server/gzip.h"
#include "tools/trackd-http/server/header_lines.h"
#include "tools/trackd-http/server/response.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

enum { LEVEL = 1, WINDOW = 13, MEMORY = 6, AS_GZIP = 16, BLOCK = 4096, Q_ONE = 1000 };

/* ---- Accept-Encoding ---------------------------------------------------- */

/* Weights in thousandths; -1: not named. */
struct wishes {
	int gzip, identity, any;
};

/* The weight of a coding: "gzip;q=0.5" is 500. An invalid weight is ignored: 1000. */
static int weight_of(const char *coding, size_t length)
{
	const char *end = coding + length, *at = memchr(coding, ';', length);
	int q = 0;

	if (!at)
		return Q_ONE;
	at += 1 + strspn(at + 1, " \t");
	if (end - at < 3 || strncasecmp(at, "q=0", 3) != 0)
		return Q_ONE;
	at += 3;
	if (at == end || *at != '.')
		return 0;
	at++;
	for (int unit = Q_ONE / 10; unit > 0 && at < end && *at >= '0' && *at <= '9'; unit /= 10)
		q += (*at++ - '0') * unit;
	return q;
}

static bool is(const char *coding, size_t length, const char *name)
{
	return length == strlen(name) && strncasecmp(coding, name, length) == 0;
}

static bool add_line(const char *line, void *user)
{
	struct wishes *wishes = user;

	for (const char *at = line + strspn(line, " \t,"); *at; at += strspn(at, " \t,")) {
		size_t length = strcspn(at, ","), name = strcspn(at, " \t,;");
		int weight = weight_of(at, length);

		if (is(at, name, "gzip") || is(at, name, "x-gzip"))
			wishes->gzip = weight;
		else if (is(at, name, "identity"))
			wishes->identity = weight;
		else if (is(at, name, "*"))
			wishes->any = weight;
		at += length;
	}
	return false;
}

bool gzip_wanted(const struct request *request)
{
	struct wishes wishes = { -1, -1, -1 };

	(void)header_lines_any(request, MHD_HTTP_HEADER_ACCEPT_ENCODING, add_line, &wishes);
	if (wishes.gzip < 0)
		wishes.gzip = wishes.any;
	return wishes.gzip > 0 && wishes.gzip >= wishes.identity;
}

void gzip_headers(struct MHD_Response *response, bool packed)
{
	if (!response)
		return;
	response_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
	if (packed)
		response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
}

/* ---- Static bodies ------------------------------------------------------ */

/* zlib takes its input without const but does not change it. */
static void feed(z_stream *zlib, const char *body, size_t size)
{
	memcpy(&zlib->next_in, &body, sizeof body);
	zlib->avail_in = (uInt)size;
}

static void pack(struct gzip_kept *kept, const char *body, size_t size)
{
	z_stream zlib = { 0 };
	char *bytes = malloc(size);

	if (!bytes || deflateInit2(&zlib, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + AS_GZIP,
				   MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(bytes);
		return;
	}
	feed(&zlib, body, size);
	zlib.next_out = (Bytef *)bytes;
	zlib.avail_out = (uInt)(size - size / 8); /* a smaller gain is not worth it */
	if (deflate(&zlib, Z_FINISH) == Z_STREAM_END) {
		kept->bytes = bytes;
		kept->size = zlib.total_out;
	} else {
		free(bytes);
	}
	deflateEnd(&zlib);
}

bool gzip_keep(struct gzip_kept *kept, const char *body, size_t size)
{
	if (!kept->tried && size >= GZIP_MIN)
		pack(kept, body, size);
	kept->tried = true;
	return kept->bytes != NULL;
}

/* ---- Generated bodies --------------------------------------------------- */

struct packing {
	z_stream zlib;
	char *text;
	size_t left; /* bytes not yet given to zlib */
	bool over;
};

/* Compress the rest of the last piece, or the next one, and flush it: otherwise zlib would buffer
 * up to its own block size, a hundred KiB or more of a list. */
static int pack_piece(struct packing *packing)
{
	if (packing->zlib.avail_in == 0) {
		size_t size = packing->left < GZIP_PIECE ? packing->left : GZIP_PIECE;

		packing->zlib.avail_in = (uInt)size; /* next_in points there */
		packing->left -= size;
	}
	return deflate(&packing->zlib, packing->left > 0 ? Z_SYNC_FLUSH : Z_FINISH);
}

static ssize_t read_packed(void *cls, uint64_t position, char *buffer, size_t size)
{
	struct packing *packing = cls;
	z_stream *zlib = &packing->zlib;
	int result;

	(void)position;
	if (packing->over)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (size > BLOCK)
		size = BLOCK;
	zlib->next_out = (Bytef *)buffer;
	zlib->avail_out = (uInt)size;
	do
		result = pack_piece(packing);
	while (result == Z_OK && zlib->avail_out == size);
	packing->over = result == Z_STREAM_END;
	return result == Z_OK || packing->over ? (ssize_t)(size - zlib->avail_out)
					       : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void packing_free(void *cls)
{
	struct packing *packing = cls;

	deflateEnd(&packing->zlib);
	free(packing->text);
	free(packing);
}

static struct packing *packing_new(char *text, size_t size)
{
	struct packing *packing = calloc(1, sizeof *packing);

	if (!packing || deflateInit2(&packing->zlib, LEVEL, Z_DEFLATED, WINDOW + AS_GZIP, MEMORY,
				     Z_DEFAULT_STRATEGY) != Z_OK) {
		free(packing);
		return NULL;
	}
	packing->text = text;
	packing->left = size;
	feed(&packing->zlib, text, 0);
	return packing;
}

/* HEAD gets the headers of the plain form: libmicrohttpd sends the end marker of a body without
 * length even if there is no body, and the client would take it for the next answer. */
struct MHD_Response *gzip_response(const struct request *request, const char *type, char *text,
				   size_t size)
{
	bool pays = size >= GZIP_MIN && request->method != METHOD_HEAD;
	struct packing *packing = pays && gzip_wanted(request) ? packing_new(text, size) : NULL;
	struct MHD_Response *response;

	if (packing)
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_packed,
							     packing, packing_free);
	else
		response = MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
	if (!response && packing)
		packing_free(packing);
	else if (!response)
		free(text);
	else
		response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	gzip_headers(response, packing != NULL);
	return response;
}
