/* SPDX-License-Identifier: MIT */
/* How a task ends whose worker died: state, reason, error and cause. */
#ifndef TRACKD_RECORD_LOSS_H
#define TRACKD_RECORD_LOSS_H

#include "libclient/record/record.h"
#include "libclient/record/worker.h"

struct loss {
	struct record_end end; /* for record_end(); it points into this struct */
	char error[192];
};

/*
 * worker: of the task's copy, which must be its worker still when record_end() locks the record.
 * info: that worker's entry; NULL: not known. cause: cause_make(); 0: not known.
 */
void loss_describe(const struct board *board, struct trackd_ref ref, uint64_t worker,
		   const struct worker_info *info, uint64_t cause, struct loss *ret_loss);

#endif
