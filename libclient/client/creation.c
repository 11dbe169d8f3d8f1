/* SPDX-License-Identifier: MIT */
/* Creating a task from what a caller gives: checks, defaults, and the labels as one text. */
#include "libclient/client/creation.h"
#include "libclient/record/kind.h"
#include "libclient/record/tenant.h"
#include "libclient/segment/label.h"
#include "libclient/segment/text.h"
#include <errno.h>

static int check_new(const struct board *board, const struct trackd_new *task, uint64_t worker)
{
	static const uint32_t known = TRACKD_REPLACE | TRACKD_KEEPER | TRACKD_ROLLUP |
				      TRACKD_ROLLUP_ENDS | TRACKD_ROLLUP_ANYWAY;

	if (task->size < sizeof *task || (task->flags & ~known) != 0 ||
	    ((task->flags & TRACKD_KEEPER) != 0 && worker == 0) ||
	    ((task->flags & TRACKD_ROLLUP_ANYWAY) && !(task->flags & TRACKD_ROLLUP_ENDS)))
		return -EINVAL;
	if (!task->id || !text_id_valid(task->id) ||
	    (task->owner && !text_owner_valid(task->owner)))
		return TRACKD_E_KEY;
	if (task->kind < 0 || (uint32_t)task->kind >= kind_count(board))
		return TRACKD_E_KIND;
	return task->total <= TRACKD_WORK_MAX ? 0 : TRACKD_E_OVERFLOW;
}

static __attribute__((noinline)) int create_labelled(struct board *board, struct tenant_new *record,
						     const char *const *labels, uint64_t deadline,
						     struct trackd_ref *ret_ref)
{
	char text[LAYOUT_LABELS];
	int error = label_join(labels, text);

	if (error < 0)
		return error;
	record->labels = text[0] ? text : NULL;
	error = tenant_create(board, record, deadline, ret_ref);
	record->labels = NULL;
	return error;
}

int creation_make(struct board *board, const struct trackd_new *task, uint64_t worker,
		  uint64_t deadline, struct trackd_ref *ret_ref)
{
	int error = check_new(board, task, worker);

	if (error < 0)
		return error;
	struct tenant_new record = {
		.id = task->id,
		.owner = task->owner ? task->owner : "",
		.name = task->name ? task->name : task->id,
		.message = task->message ? task->message : "Queued for processing",
		.total = task->total,
		.kind = (uint32_t)task->kind,
		.ttl_ms = task->ttl_ms,
		.active_ttl_ms = task->active_ttl_ms,
		.replace = (task->flags & TRACKD_REPLACE) != 0,
		.within.start = task->start_within_ms,
		.within.progress = task->progress_within_ms,
		.within.finish = task->finish_within_ms,
		.keeper = task->flags & TRACKD_KEEPER ? worker : 0,
		.rollup = (task->flags & TRACKD_ROLLUP) != 0,
		.parent = task->parent,
		.weight = task->weight,
		.family_flags = (task->flags & TRACKD_ROLLUP_ENDS ? FAMILY_ENDS : 0u) |
				(task->flags & TRACKD_ROLLUP_ANYWAY ? FAMILY_ANYWAY : 0u),
		.family_expected = task->children,
	};
	error = task->labels ? create_labelled(board, &record, task->labels, deadline, ret_ref)
			     : tenant_create(board, &record, deadline, ret_ref);
	if (error == 0)
		*ret_ref = ref_out(board, *ret_ref);
	return error;
}
