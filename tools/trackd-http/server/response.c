/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/server/response.h"
#include <string.h>

void response_header(struct MHD_Response *response, const char *name, const char *value)
{
	(void)MHD_add_response_header(response, name, value);
}

static struct MHD_Response *with_type(struct MHD_Response *response, const char *type)
{
	if (response && type)
		response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	return response;
}

/* libmicrohttpd takes a constant body without const. */
static void *body_of(const void *body)
{
	void *same;

	memcpy(&same, &body, sizeof same);
	return same;
}

struct MHD_Response *response_copy(const char *type, const char *body, size_t size)
{
	return with_type(
		MHD_create_response_from_buffer(size, body_of(body), MHD_RESPMEM_MUST_COPY), type);
}

struct MHD_Response *response_static(const char *type, const char *body, size_t size)
{
	return with_type(
		MHD_create_response_from_buffer(size, body_of(body), MHD_RESPMEM_PERSISTENT), type);
}

struct MHD_Response *response_json(const char *type, json_t *document)
{
	char *text = document ? json_dumps(document, JSON_COMPACT) : NULL;

	json_decref(document);
	if (!text)
		return NULL;
	return with_type(MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE),
			 type);
}

struct MHD_Response *response_empty(void)
{
	return response_static(NULL, "", 0);
}
