/* SPDX-License-Identifier: MIT */
/* GET /documents/{id}/status: the original service's contract, to the byte. */
#ifndef TRACKD_HTTP_STATUS_H
#define TRACKD_HTTP_STATUS_H

#include "request.h"

enum MHD_Result status_begin(struct request *request);

/* The body of a status, for the answer to an upload too. NULL if memory is out. */
struct MHD_Response *status_body(const struct trackd_task *task);

#endif
