/* SPDX-License-Identifier: MIT */
/* Reading the tasks and kinds of a board of layout 2. No byte of it is trusted. */
#ifndef TRACKD_DAEMON_BOARD_LAYOUT2_TASK_H
#define TRACKD_DAEMON_BOARD_LAYOUT2_TASK_H

#include "daemon/board/layout2_board.h"
#include "libclient/trackd.h"

/* List the LIVE slots in the order of creation, in *ret_slots, which the caller frees. Returns their
 * number, or -ENOMEM. */
int64_t layout2_task_order(const struct layout2_board *board, uint32_t **ret_slots);

/* The number of LIVE slots. */
uint32_t layout2_task_count(const struct layout2_board *board);

/*
 * Copy a task of a closed board, after sealing its counter. `how`: as the board is closed. Wall times
 * are the board's times plus the header's wall_offset_ns. Its serial and what a reader would compute
 * (status, progress, deadline) are left 0. *ret_worker: as in the record, worker_make() or 0. 0; TRACKD_E_GONE; TRACKD_E_DAMAGED: no task; -EAGAIN: it changed during every try,
 * without its lock; -EBUSY: *ret_held has been held for 100 ms.
 */
int layout2_task_copy(struct layout2_board *board, uint32_t slot, enum layout_closed how,
		      struct trackd_task *ret_task, uint64_t *ret_worker,
		      const union layout_mutex **ret_held);

/* Copy a kind. Returns whether there is one of that number. */
bool layout2_kind_copy(const struct layout2_board *board, unsigned number,
		       struct trackd_kind *ret_kind);

/* The process in an entry of the client table, as the worker fields of a task; false: none. */
bool layout2_client_copy(const struct layout2_board *board, uint32_t entry,
			 uint32_t *ret_generation, struct trackd_task *ret_task);

#endif
