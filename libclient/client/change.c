/* SPDX-License-Identifier: MIT */
/* Makes a change, and looks for it on a successor; see change.h. */
#include "libclient/client/change.h"
#include "libclient/client/creation.h"
#include "libclient/index/index.h"
#include "libclient/record/kind.h"
#include "libclient/record/parent.h"
#include "libclient/record/record.h"
#include "libclient/record/rollup_end.h"
#include "libclient/record/slot.h"
#include "libclient/record/view.h"
#include "libclient/segment/atomic.h"
#include "libclient/signal/event.h"
#include <errno.h>

int change_remove(struct board *board, struct trackd_ref ref, uint64_t deadline)
{
	int error = slot_remove(board, ref, SLOT_REMOVE_ASKED, deadline);

	if (error == 0)
		event_ring(board);
	return error;
}

/* If the children have ended already, no event follows that would make the daemon end the parent. */
static int close_children(struct board *board, struct trackd_ref ref, uint64_t deadline)
{
	int error = parent_close(board, ref, deadline);

	if (error == 0)
		(void)rollup_end(board, ref, deadline);
	return error;
}

static int make_once(struct mapping *mapping, struct change *change, uint64_t deadline)
{
	struct board *board = &mapping->board;
	struct trackd_ref ref = ref_in(board, change->ref);

	switch (change->what) {
	case CREATE:
		return creation_make(board, change->task, load_relaxed(&mapping->worker), deadline,
				     &change->ref);
	case UPDATE:
		return record_update(board, ref, change->update.stage, change->update.message,
				     load_relaxed(&mapping->worker), deadline);
	case STAGE:
		return record_stage(board, ref, change->update.stage, change->update.total,
				    change->update.message, load_relaxed(&mapping->worker),
				    deadline);
	case TOTAL:
		return record_set_total(board, ref, change->progress.total, deadline);
	case PROGRESS:
		return record_set_progress(board, ref, change->progress.done,
					   change->progress.total, deadline);
	case ADVANCE:
		return record_advance_slowly(board, ref, change->progress.done, deadline);
	case END:
		return record_end(board, ref, change->end, deadline);
	case CANCEL:
		return record_cancel(board, ref, deadline);
	case REMOVE:
		return change_remove(board, ref, deadline);
	case DECLARE:
		return kind_declare(board, change->kind.name, change->kind.stages, change->kind.n,
				    deadline);
	case PARENT:
		return parent_set(board, ref, change->parent, deadline);
	case CLOSE:
		return close_children(board, ref, deadline);
	}
	return -EINVAL;
}

int change_make(struct mapping *mapping, struct change *change, uint64_t deadline)
{
	return ref_answer(&mapping->board, change->ref, make_once(mapping, change, deadline));
}

/* ---- Looking for the change on the successor ------------------------------- */

/* When the record was created (if `created`) or last updated; 0: it is gone. */
static uint64_t time_of(const struct board *board, struct trackd_ref public_ref, bool created)
{
	struct trackd_ref ref = ref_in(board, public_ref);

	if (ref.slot >= board->capacity)
		return 0;
	uint64_t stamp = load_acquire(&board->heads[ref.slot].stamp);

	if (!stamp_is_live(stamp, ref.generation))
		return 0;
	return created ? load_relaxed(&board->details[ref.slot].created)
		       : load_relaxed(
				 &board->bodies[ref.slot].copy[stamp_version(stamp) & 1].updated);
}

/* Look the task up by id, because it may have another slot on a smaller board. */
static bool holds_created(const struct board *board, struct change *change, uint64_t at)
{
	struct trackd_ref ref;
	uint64_t stamp;

	if (index_lookup(board, change->task->id, &ref.slot, &stamp) < 0)
		return false;
	ref.generation = stamp_generation(stamp);
	ref = ref_out(board, ref);
	if (time_of(board, ref, true) != at)
		return false;
	change->ref = ref;
	return true;
}

static bool holds_parent(const struct board *board, struct trackd_ref ref, const char *parent)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	return view_copy(board, ref, board_coarse_ns(board), &task) == 0 &&
	       strcmp(task.parent, parent) == 0;
}

/* Whether the board has the change that this thread made at time `at` on its predecessor. */
bool change_holds(const struct board *board, struct change *change, uint64_t at)
{
	switch (change->what) {
	case CREATE:
		return holds_created(board, change, at);
	case UPDATE:
	case STAGE:
	case TOTAL:
	case PROGRESS:
	case END:
		return time_of(board, change->ref, false) == at;
	case ADVANCE: /* the swap preceded the seal, so the count was copied */
		return true;
	case CANCEL:
		return view_cancel_requested(board, ref_in(board, change->ref)) == 1 ||
		       time_of(board, change->ref, false) == at;
	case REMOVE:
		return time_of(board, change->ref, true) == 0;
	case PARENT:
		return holds_parent(board, ref_in(board, change->ref), change->parent);
	case DECLARE: /* declaring it twice changes nothing */
	case CLOSE:
		return false;
	}
	return false;
}
