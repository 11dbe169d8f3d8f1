/* SPDX-License-Identifier: MIT */
/* The daemon as a whole: every module is put together here, in the order in which they need each
 * other, and taken apart in reverse. */
#ifndef TRACKD_DAEMON_SERVICE_H
#define TRACKD_DAEMON_SERVICE_H

#include "daemon/config/config.h"
#include "daemon/config/options.h"

/* Serve the board until SIGTERM or SIGINT. Returns an exit status. */
int service_run(const struct options *options, const struct config *config);

#endif
