/* SPDX-License-Identifier: MIT */
/* Answers. Each returns what libmicrohttpd's handler must return. */
#ifndef TRACKD_HTTP_SERVER_RESPOND_H
#define TRACKD_HTTP_SERVER_RESPOND_H

#include "tools/trackd-http/server/request.h"
#include <jansson.h>

/* Queue a response: adds the headers that every answer has, counts it, lets go of it. */
enum MHD_Result respond(struct request *request, unsigned status, struct MHD_Response *response);

/* A body that is copied, or lives for ever. NULL if memory is out, as below. */
struct MHD_Response *response_copy(const char *type, const char *body, size_t size);
struct MHD_Response *response_static(const char *type, const char *body, size_t size);
/* Compact JSON; takes the reference. */
struct MHD_Response *response_json(const char *type, json_t *document);
struct MHD_Response *response_empty(void);
void response_header(struct MHD_Response *response, const char *name, const char *value);

/* An error as the route speaks of them: {"detail":...} on the original paths, else a problem
 * document (RFC 9457) with a title by the status. detail: a sentence, or NULL. */
struct MHD_Response *response_error(const struct request *request, unsigned status,
				    const char *detail);
enum MHD_Result respond_error(struct request *request, unsigned status, const char *detail);
enum MHD_Result respond_unauthorised(struct request *request, enum auth_failure failure);
enum MHD_Result respond_retry(struct request *request, unsigned status, unsigned after_s,
			      const char *detail);

/* For a body that has no end in sight, when libmicrohttpd takes no answer any more: the answer goes
 * straight to the socket, on which nothing has been said yet, and the connection ends. */
enum MHD_Result respond_amid_body(struct request *request, unsigned status, const char *detail);

#endif
