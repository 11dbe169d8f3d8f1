/* SPDX-License-Identifier: MIT */
/* Serving a spool: what is handed in is taken up, oldest first, a child for each document. */
#ifndef DOCPROC_SERVER_SERVER_H
#define DOCPROC_SERVER_SERVER_H

#include "tools/docproc/config/config.h"

/* Until SIGTERM or SIGINT, which lets the children finish; a second one kills them. The exit
 * status. */
int server_run(const struct config *config);

#endif
