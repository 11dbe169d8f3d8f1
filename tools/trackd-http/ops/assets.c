/* SPDX-License-Identifier: MIT */
/*
 * The assembler embeds the files in the program; the Makefile declares the dependency.
 *
 * The page's links contain a version, which is a hash of all its files. So browsers may cache the
 * files for ever, many tabs cost no more than one, and files of two versions are never mixed. A
 * request for another version gets the current file, marked as not cacheable.
 */
#include "tools/trackd-http/ops/assets.h"
#include "tools/trackd-http/server/gzip.h"
#include "tools/trackd-http/server/respond.h"
#include "tools/trackd-http/tasks/entity.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define EMBED(symbol, file, type)                                                                  \
	__asm__(".pushsection .rodata\n"                                                           \
		".global asset_" #symbol "_begin, asset_" #symbol "_end\n"                         \
		".hidden asset_" #symbol "_begin, asset_" #symbol "_end\n"                         \
		"asset_" #symbol "_begin: .incbin \"tools/trackd-http/page/" file "\"\n"           \
		"asset_" #symbol "_end: .byte 0\n"                                                 \
		".popsection\n");                                                                  \
	extern const char asset_##symbol##_begin[], asset_##symbol##_end[];

EMBED(index, "index.html", )
ASSETS(EMBED)

struct asset {
	const char *file, *type, *begin, *end;
};

#define ROW(symbol, file, type) { file, type, asset_##symbol##_begin, asset_##symbol##_end },
static const struct asset page = { "", "text/html; charset=utf-8", asset_index_begin,
				   asset_index_end };
static const struct asset assets[] = { ASSETS(ROW) };

enum { N_ASSETS = sizeof assets / sizeof assets[0], VERSION = 16 };

/* Replaced by the version in the page's text. */
static const char placeholder[] = "/VERSION/";

/* Allow only our own scripts, styles and connections, nothing inline, and no framing. */
static const char policy[] =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "
	"'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
	"require-trusted-types-for 'script'; trusted-types 'none'";

static size_t size_of(const struct asset *asset)
{
	return (size_t)(asset->end - asset->begin);
}

/* ---- The version -------------------------------------------------------- */

static void add_to(XXH64_state_t *state, const struct asset *asset)
{
	XXH64_update(state, asset->file, strlen(asset->file) + 1);
	XXH64_update(state, asset->begin, size_of(asset));
}

/* Computed at the first use; there is only one thread. */
static const char *version(void)
{
	static char text[VERSION + 1];
	XXH64_state_t state;

	if (text[0] != '\0')
		return text;
	XXH64_reset(&state, 0);
	add_to(&state, &page);
	for (size_t i = 0; i < N_ASSETS; i++)
		add_to(&state, &assets[i]);
	snprintf(text, sizeof text, "%016llx", (unsigned long long)XXH64_digest(&state));
	return text;
}

/* The page with the version filled in: *ret_size bytes that are never freed. NULL: no memory. */
static const char *page_text(size_t *ret_size)
{
	static char *text;
	static size_t size;
	const char *from = page.begin, *at;

	if (!text) {
		FILE *out = open_memstream(&text, &size);

		if (!out)
			return NULL;
		for (; (at = strstr(from, placeholder)); from = at + strlen(placeholder))
			fprintf(out, "%.*s/%s/", (int)(at - from), from, version());
		fputs(from, out);
		if (fclose(out) != 0) {
			free(text);
			text = NULL;
			return NULL;
		}
	}
	*ret_size = size;
	return text;
}

/* ---- Answers ------------------------------------------------------------ */

/* The gzip form is another representation, with its own tag. */
static enum MHD_Result answer(struct request *request, const struct asset *asset, const char *body,
			      size_t size, struct gzip_kept *kept, const char *caching)
{
	bool packed = gzip_wanted(request) && gzip_keep(kept, body, size);
	char tag[VERSION + sizeof "\"-gzip\""];

	snprintf(tag, sizeof tag, "\"%s%s\"", version(), packed ? "-gzip" : "");
	bool unchanged = entity_unchanged(request, tag);
	struct MHD_Response *response =
		unchanged ? response_empty()
			  : response_static(asset->type, packed ? kept->bytes : body,
					    packed ? kept->size : size);

	if (!response)
		return MHD_NO;
	gzip_headers(response, packed && !unchanged);
	response_header(response, MHD_HTTP_HEADER_ETAG, tag);
	response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, caching);
	response_header(response, "Content-Security-Policy", policy);
	response_header(response, "Referrer-Policy", "no-referrer");
	response_header(response, "Cross-Origin-Opener-Policy", "same-origin");
	response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
	return respond(request, unchanged ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
}

enum MHD_Result assets_begin_page(struct request *request)
{
	static struct gzip_kept kept;
	size_t size;
	const char *text = page_text(&size);

	return text ? answer(request, &page, text, size, &kept, "no-cache") : MHD_NO;
}

enum MHD_Result assets_begin_file(struct request *request)
{
	static struct gzip_kept kept[N_ASSETS];
	const char *file = request->route->path + strlen(ASSETS_PREFIX);
	bool current = strcmp(request->id, version()) == 0;

	for (size_t i = 0; i < N_ASSETS; i++)
		if (strcmp(assets[i].file, file) == 0)
			return answer(request, &assets[i], assets[i].begin, size_of(&assets[i]),
				      &kept[i],
				      current ? "public, max-age=31536000, immutable" : "no-cache");
	return respond_error(request, MHD_HTTP_NOT_FOUND, NULL);
}
