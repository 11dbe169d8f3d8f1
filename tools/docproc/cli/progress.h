/* SPDX-License-Identifier: MIT */
/* Shows a task's progress on stderr while its user waits: one line that is redrawn on a terminal,
 * otherwise one line for each transition. */
#ifndef DOCPROC_CLI_PROGRESS_H
#define DOCPROC_CLI_PROGRESS_H

#include "libclient/trackd.h"
#include <stdbool.h>

struct progress {
	struct trackd *trackd;
	struct trackd_ref ref;
	struct trackd_cursor cursor;
	bool terminal;
};

/* Call it before the worker is started, so that no transition is missed. */
void progress_begin(struct progress *ret_progress, struct trackd *trackd, struct trackd_ref ref);
void progress_show(struct progress *progress);
/* Erase the redrawn line. */
void progress_end(struct progress *progress);

#endif
