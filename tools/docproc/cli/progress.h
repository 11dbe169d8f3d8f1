/* SPDX-License-Identifier: MIT */
/* A task's progress for the person who waits for it, on stderr: one line that is redrawn on a
 * terminal, a line for each transition elsewhere. */
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

/* Before the worker is started, so that no transition is missed. */
void progress_begin(struct progress *ret_progress, struct trackd *trackd, struct trackd_ref ref);
void progress_show(struct progress *progress);
/* Take the redrawn line away. */
void progress_end(struct progress *progress);

#endif
