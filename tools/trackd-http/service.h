/* SPDX-License-Identifier: MIT */
/* Starts and stops all parts, and runs the event loop. */
#ifndef TRACKD_HTTP_SERVICE_H
#define TRACKD_HTTP_SERVICE_H

#include "tools/trackd-http/config/options.h"

/* Serve until SIGTERM or SIGINT. config: as options_config() gave it. An exit status. */
int service_run(const struct options *options, const struct config *config);

#endif
