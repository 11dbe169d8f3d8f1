/* SPDX-License-Identifier: MIT */
/* Reading tasks and kinds directly from the daemon's board. */
#ifndef TRACKD_DAEMON_BOARD_TASK_H
#define TRACKD_DAEMON_BOARD_TASK_H

#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include "libclient/trackd.h"

/* Copy a task, whether it has expired or not. 0, TRACKD_E_GONE or -EAGAIN. */
int task_copy(const struct board *board, struct trackd_ref ref, struct trackd_task *ret_task);

/* Get a reference to the task in a slot; false if there is none. */
bool task_at(const struct board *board, uint32_t slot, struct trackd_ref *ret_ref);

/* "embedding", or "an unknown stage". buffer holds at least LAYOUT_STAGE_NAME bytes. */
const char *task_stage_name(const struct board *board, int kind, int stage, char *buffer);

/* The label of the process that holds a lock. */
void task_holder_label(char label[WORKER_LABEL], const union layout_mutex *held);

/* Make an open task failed, because the host restarted or its worker or keeper was lost; if it was
 * asked to cancel, cancelled, with the same error. wall_ns: now; ttl_ms: the board's. */
void task_fail(struct trackd_task *task, enum trackd_reason reason, uint64_t wall_ns,
	       uint32_t ttl_ms);

/* List the LIVE slots of a board in the order of creation, in *ret_slots, which the caller frees.
 * Returns their number, or -ENOMEM. */
int64_t task_order(const struct board *board, uint32_t **ret_slots);

#endif
