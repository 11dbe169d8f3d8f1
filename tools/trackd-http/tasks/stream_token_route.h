/* SPDX-License-Identifier: MIT */
/* POST /v1/stream-tickets: a ticket for an EventSource, which can send no header. */
#ifndef TRACKD_HTTP_TICKET_ROUTE_H
#define TRACKD_HTTP_TICKET_ROUTE_H

#include "tools/trackd-http/server/request.h"

enum MHD_Result tickets_begin(struct request *request);

#endif
