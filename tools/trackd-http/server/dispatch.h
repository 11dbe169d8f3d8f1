/* SPDX-License-Identifier: MIT */
/* From libmicrohttpd's callbacks to the route's: identifies the caller, finds the route, applies
 * the limits. */
#ifndef TRACKD_HTTP_SERVER_DISPATCH_H
#define TRACKD_HTTP_SERVER_DISPATCH_H

#include "tools/trackd-http/server/request.h"

/* struct server_calls. cls is the server. */
enum MHD_Result dispatch_call(void *cls, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *size, void **state);
void dispatch_end(void *cls, struct MHD_Connection *connection, void **state,
		  enum MHD_RequestTerminationCode code);

#endif
