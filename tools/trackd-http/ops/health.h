/* SPDX-License-Identifier: MIT */
/* /livez, /readyz and /version, for operators. */
#ifndef TRACKD_HTTP_OPS_HEALTH_H
#define TRACKD_HTTP_OPS_HEALTH_H

#include "tools/trackd-http/server/request.h"

/* Answers 200: the event loop is running. */
enum MHD_Result health_begin_live(struct request *request);
/* 503 and a problem document that names the part, if the gateway cannot serve: no board, no running
 * daemon, no key, or it is shutting down. Trouble with the store or the spool is reported with 200.
 * ?verbose: one line per check. */
enum MHD_Result health_begin_ready(struct request *request);
enum MHD_Result health_begin_version(struct request *request);

#endif
