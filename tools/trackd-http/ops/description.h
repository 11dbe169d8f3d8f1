/* SPDX-License-Identifier: MIT */
/* /openapi.json: the description of the API, for programs. */
#ifndef TRACKD_HTTP_OPS_DESCRIPTION_H
#define TRACKD_HTTP_OPS_DESCRIPTION_H

#include "tools/trackd-http/server/request.h"

enum MHD_Result description_begin(struct request *request);

#endif
