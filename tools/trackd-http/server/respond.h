/* SPDX-License-Identifier: MIT */
/* Answers. Each returns what libmicrohttpd's handler must return. */
#ifndef TRACKD_HTTP_SERVER_RESPOND_H
#define TRACKD_HTTP_SERVER_RESPOND_H

#include "tools/trackd-http/server/request.h"
#include "tools/trackd-http/server/response.h"

/* Queue a response: adds the headers that every answer has, counts it, lets go of it. */
enum MHD_Result respond(struct request *request, unsigned status, struct MHD_Response *response);

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
