/* SPDX-License-Identifier: MIT */
/* Makes libmicrohttpd responses from our own types. */
#ifndef TRACKD_HTTP_SERVER_RESPONSE_H
#define TRACKD_HTTP_SERVER_RESPONSE_H

#include <jansson.h>
#include <microhttpd.h>
#include <stddef.h>

/* A response with a copy of the body, or with a body that is never freed. NULL if memory is out. */
struct MHD_Response *response_copy(const char *type, const char *body, size_t size);
struct MHD_Response *response_static(const char *type, const char *body, size_t size);
/* Compact JSON; takes the reference. */
struct MHD_Response *response_json(const char *type, json_t *document);
struct MHD_Response *response_empty(void);
void response_header(struct MHD_Response *response, const char *name, const char *value);

#endif
