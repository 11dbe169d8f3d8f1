/* SPDX-License-Identifier: MIT */
/* Sending answers. Each function returns the result for libmicrohttpd's handler. */
#ifndef TRACKD_HTTP_SERVER_RESPOND_H
#define TRACKD_HTTP_SERVER_RESPOND_H

#include "tools/trackd-http/server/request.h"
#include "tools/trackd-http/server/response.h"

/* Queue a response: add the headers common to all answers, count it, and release it. */
enum MHD_Result respond(struct request *request, unsigned status, struct MHD_Response *response);

/* An error in the route's format: {"detail":...} on the original paths, otherwise a problem
 * document (RFC 9457) whose title follows from the status. detail: a sentence, or NULL. */
struct MHD_Response *response_error(const struct request *request, unsigned status,
				    const char *detail);
enum MHD_Result respond_error(struct request *request, unsigned status, const char *detail);
enum MHD_Result respond_unauthorised(struct request *request, enum auth_failure failure);
enum MHD_Result respond_retry(struct request *request, unsigned status, unsigned after_s,
			      const char *detail);

/* Answer amid a body of unknown length, when libmicrohttpd accepts no answer any more: write
 * straight to the socket, on which nothing has been sent yet, and end the connection. */
enum MHD_Result respond_amid_body(struct request *request, unsigned status, const char *detail);

#endif
