/* SPDX-License-Identifier: MIT */
/* Serves a spool: takes up submitted documents, oldest first, and starts a child for each. */
#ifndef DOCPROC_SERVER_SERVER_H
#define DOCPROC_SERVER_SERVER_H

#include "tools/docproc/config/config.h"

/* Runs until SIGTERM or SIGINT, then waits for the children; a second signal kills them. Returns
 * the exit status. */
int server_run(const struct config *config);

#endif
