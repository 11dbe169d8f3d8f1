/* SPDX-License-Identifier: MIT */
/* The assembler embeds openapi.json in the program; the Makefile declares the dependency. */
#include "tools/trackd-http/ops/description.h"
#include "tools/trackd-http/server/gzip.h"
#include "tools/trackd-http/server/respond.h"

__asm__(".pushsection .rodata\n"
	".global description_text_begin, description_text_end\n"
	".hidden description_text_begin, description_text_end\n"
	"description_text_begin: .incbin \"tools/trackd-http/openapi.json\"\n"
	"description_text_end: .byte 0\n"
	".popsection\n");

extern const char description_text_begin[], description_text_end[];

enum MHD_Result description_begin(struct request *request)
{
	static struct gzip_kept kept;
	size_t size = (size_t)(description_text_end - description_text_begin);
	bool packed = gzip_wanted(request) && gzip_keep(&kept, description_text_begin, size);
	struct MHD_Response *response =
		response_static("application/json", packed ? kept.bytes : description_text_begin,
				packed ? kept.size : size);

	gzip_headers(response, packed);
	/* The same for all callers; it changes with the version. */
	if (response)
		response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "public, max-age=3600");
	return respond(request, MHD_HTTP_OK, response);
}
