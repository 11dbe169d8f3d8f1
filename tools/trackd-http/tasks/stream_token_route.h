/* SPDX-License-Identifier: MIT */
/* POST /v1/stream-tickets: a ticket for an EventSource, which cannot send headers. */
#ifndef TRACKD_HTTP_TASKS_STREAM_TOKEN_ROUTE_H
#define TRACKD_HTTP_TASKS_STREAM_TOKEN_ROUTE_H

#include "tools/trackd-http/server/request.h"

enum MHD_Result stream_tokens_begin(struct request *request);

#endif
