/* SPDX-License-Identifier: MIT */
/* The daemon as a whole: starts all parts in the order of their dependencies and stops them in
 * reverse. */
#ifndef TRACKD_DAEMON_SERVICE_H
#define TRACKD_DAEMON_SERVICE_H

#include "daemon/config/config.h"
#include "daemon/config/options.h"

/* Serve the board until SIGTERM or SIGINT. Returns an exit status. */
int service_run(const struct options *options, const struct config *config);

#endif
