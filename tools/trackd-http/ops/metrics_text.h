/* SPDX-License-Identifier: MIT */
/* The board's numbers, and what the gateway has counted, as Prometheus reads them. */
#ifndef TRACKD_HTTP_OPS_METRICS_TEXT_H
#define TRACKD_HTTP_OPS_METRICS_TEXT_H

#include "tools/trackd-http/server/gateway.h"

/* All of it as text; the caller frees it. NULL: memory is out. */
char *metrics_text(const struct gateway *gateway, bool open_metrics, size_t *ret_size);

#endif
