/* SPDX-License-Identifier: MIT */
/* /livez, /readyz and /version, for operators. */
#ifndef TRACKD_HTTP_OPS_HEALTH_H
#define TRACKD_HTTP_OPS_HEALTH_H

#include "tools/trackd-http/server/request.h"

/* It answers: the loop runs. */
enum MHD_Result health_begin_live(struct request *request);
/* 503, a problem document that names the part, without what all depends on: a board that is kept up by
 * a daemon, a key, an end that has not come. What is only worse without, the store and the spool, is
 * said and stays 200. ?verbose: each in a line. */
enum MHD_Result health_begin_ready(struct request *request);
enum MHD_Result health_begin_version(struct request *request);

#endif
