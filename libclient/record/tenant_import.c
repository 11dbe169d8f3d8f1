/* SPDX-License-Identifier: MIT */
/* Putting a complete record on the board: from a snapshot, or from an older board. */
#include "libclient/family/family.h"
#include "libclient/index/index.h"
#include "libclient/record/kind.h"
#include "libclient/record/parent.h"
#include "libclient/record/record.h"
#include "libclient/record/ring.h"
#include "libclient/record/tenant_parts.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/label.h"
#include "libclient/segment/text.h"
#include "libclient/signal/changes.h"
#include "libclient/signal/earliest.h"
#include <errno.h>
#include <string.h>

/* The number that an imported task had, if no newer task is on the board yet; else the next one. */
static uint64_t import_serial(struct board *board, uint64_t serial)
{
	uint64_t newest = load_relaxed(&board->header->serial);

	while (newest < serial)
		if (cas_relaxed(&board->header->serial, &newest, serial))
			return serial;
	return tenant_next_serial(board);
}

static uint64_t to_boot(uint64_t wall_ns, int64_t wall_offset_ns)
{
	return wall_ns == 0 ? 0 : wall_ns - (uint64_t)wall_offset_ns;
}

static bool is_terminated(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

/* Check a task from a file like one from a caller. */
static bool importable(const struct board *board, const struct trackd_task *task)
{
	uint32_t n_kinds = kind_count(board);

	if (!is_terminated(task->id, sizeof task->id) ||
	    !is_terminated(task->owner, sizeof task->owner) ||
	    !is_terminated(task->name, sizeof task->name) ||
	    !is_terminated(task->message, sizeof task->message) ||
	    !is_terminated(task->error, sizeof task->error) ||
	    !is_terminated(task->parent, sizeof task->parent) ||
	    !is_terminated(task->last_message, sizeof task->last_message) ||
	    !is_terminated(task->result, sizeof task->result))
		return false;
	if (!text_id_valid(task->id) || !text_owner_valid(task->owner) ||
	    !label_text_valid(task->labels))
		return false;
	if (!record_reason_fits(task->state, task->reason) ||
	    !cause_fits(task->state, task->reason, cause_of_task(task)))
		return false;
	if (task->kind < 0 || (uint32_t)task->kind >= n_kinds || task->n_stages > LAYOUT_STAGES ||
	    task->stage < -1 || task->stage >= task->n_stages ||
	    (task->state == TRACKD_ACTIVE) > (task->stage >= 0))
		return false;
	return task->done <= TRACKD_WORK_MAX && task->total <= TRACKD_WORK_MAX;
}

static uint16_t import_rows(struct layout_detail *detail, const struct trackd_task *task,
			    int64_t wall_offset_ns)
{
	unsigned left = 0;

	for (unsigned i = 0; i < task->n_stages; i++) {
		const struct trackd_stage *stage = &task->stages[i];
		struct layout_stage_row row = { to_boot(stage->started_ns, wall_offset_ns),
						to_boot(stage->finished_ns, wall_offset_ns),
						stage->done, stage->total };

		if (stage->state != TRACKD_STAGE_DONE && stage->state != TRACKD_STAGE_ENDED)
			continue;
		words_store(&detail->row[i], &row, sizeof row / 8);
		left |= 1u << i;
	}
	return (uint16_t)left;
}

static uint16_t import_flags(const struct trackd_task *task)
{
	bool error = record_has_error(task);

	return (uint16_t)((task->started_ns ? COPY_STARTED : 0) | (error ? COPY_ERROR : 0) |
			  (task->labels[0] != '\0' ? COPY_LABELS : 0) |
			  (error && task->flags & TRACKD_ERROR_CUT ? COPY_ERROR_CUT : 0) |
			  (task->flags & TRACKD_MESSAGE_CUT ? COPY_MESSAGE_CUT : 0));
}

static uint32_t import_cancel(const struct trackd_task *task)
{
	if (task->cancel_requested_ns == 0)
		return 0;
	return cancel_asked(task->cancel_requested_ns - task->created_ns);
}

/* The copy that is not current keeps the message from before the end. */
static void fill_last(struct layout_copy *copy, const char *message)
{
	struct layout_copy last = { .revision = 1,
				    .state = TRACKD_PENDING,
				    .stage = COPY_NO_STAGE };
	bool cut;

	last.message_len = (uint8_t)text_fit(message, TRACKD_MESSAGE_MAX, &cut);
	(void)tenant_fill_text(copy->message, LAYOUT_MESSAGE, message);
	words_store(copy, &last, offsetof(struct layout_copy, message) / 8);
}

/* The counts of children that are on the board are made when those are imported. */
static uint16_t import_family(struct board *board, uint32_t slot, const struct trackd_task *task)
{
	static const struct trackd_children none;
	const struct trackd_children *children = &task->children;
	struct layout_family *family = &board->families[slot];
	const struct layout_children gone = { .gone_completed = children->gone_completed,
					      .gone_failed = children->gone_failed,
					      .gone_cancelled = children->gone_cancelled };

	store_relaxed(&board->details[slot].weight, task->weight);
	if (task->rollup == 0 && memcmp(children, &none, sizeof none) == 0)
		return 0;
	family_clear(board, slot,
		     (task->rollup & TRACKD_ROLLUP_ENDS ? FAMILY_ENDS : 0u) |
			     (task->rollup & TRACKD_ROLLUP_ANYWAY ? FAMILY_ANYWAY : 0u) |
			     (children->closed ? FAMILY_CLOSED : 0u),
		     children->expected);
	words_store(&family->children[0], &gone, sizeof gone / 8);
	store_relaxed(&family->gone_weight[0], children->gone_weight);
	return (uint16_t)(COPY_PARENT | (task->rollup & TRACKD_ROLLUP ? COPY_ROLLUP : 0));
}

static void fill_import(struct board *board, uint32_t slot, uint32_t generation,
			const struct trackd_task *task, uint64_t worker, int64_t wall_offset_ns)
{
	struct layout_body *body = &board->bodies[slot];
	struct layout_detail *detail = &board->details[slot];
	bool final = trackd_state_final((enum trackd_state)task->state);

	tenant_fill_keys(board, slot, task->id, task->owner);
	store_relaxed(&board->heads[slot].cancel, cancel_make(generation, import_cancel(task)));
	store_relaxed(&body->work, work_make(generation, task->done) | (final ? WORK_SEAL : 0));
	store_relaxed(&body->ttl_ms, task->ttl_ms);
	store_relaxed(&body->active_ttl_ms, task->active_ttl_ms);
	store_relaxed(&detail->created, to_boot(task->created_ns, wall_offset_ns));
	store_relaxed(&detail->started, to_boot(task->started_ns, wall_offset_ns));
	store_relaxed(&detail->flags, task->flags & TRACKD_NAME_CUT ? DETAIL_NAME_CUT : 0u);
	(void)tenant_fill_text(detail->name, LAYOUT_NAME, task->name);
	(void)tenant_fill_text(detail->error, LAYOUT_ERROR,
			       task->state == TRACKD_COMPLETED ? task->result : task->error);
	(void)tenant_fill_text(detail->labels, LAYOUT_LABELS, task->labels);
	struct layout_copy copy = {
		.revision = task->revision,
		.updated = to_boot(task->updated_ns, wall_offset_ns),
		.total = task->total,
		.base = final ? task->done : work_start(generation),
		.worker = worker,
		.cause = cause_of_task(task),
		.state = task->state,
		.stage = task->stage < 0 ? COPY_NO_STAGE : (uint8_t)task->stage,
		.reason = task->reason,
		.flags = (uint16_t)(import_flags(task) | limits_store(detail, limits_of(task)) |
				    import_family(board, slot, task)),
		.stages_left = import_rows(detail, task, wall_offset_ns),
	};
	if (task->stage >= 0)
		copy.stage_start = to_boot(task->stages[task->stage].started_ns, wall_offset_ns);
	tenant_fill_copy(board, slot, &copy, (uint32_t)task->kind, task->message);
	if (final)
		fill_last(&body->copy[1], task->last_message);
}

/* Of two records with one id, keep the newer. 0: the board has no older one any more. */
static int import_over(struct board *board, const struct trackd_task *task, uint64_t updated,
		       uint64_t deadline)
{
	uint32_t slot;
	uint64_t stamp;

	if (index_lookup(board, task->id, &slot, &stamp) < 0)
		return 0;
	const struct layout_copy *copy = &board->bodies[slot].copy[stamp_version(stamp) & 1];
	if ((int64_t)load_relaxed(&copy->updated) >= (int64_t)updated)
		return -EEXIST;
	int error = slot_remove(board, (struct trackd_ref){ slot, stamp_generation(stamp) },
				SLOT_REMOVE_ASKED, deadline);
	return error == TRACKD_E_GONE ? 0 : error;
}

/* With the stripes locked: commit a record as its parent's child, if the parent is on the board. */
static int commit_child(struct board *board, struct slot_stripes *stripes, struct trackd_ref ref,
			const struct trackd_task *task, uint64_t serial, uint64_t deadline)
{
	struct layout_copy *copy = &board->bodies[ref.slot].copy[0];
	struct family_hold hold = { 0 };
	struct trackd_ref parent;
	bool open = !trackd_state_final((enum trackd_state)task->state);

	store_relaxed(&board->heads[ref.slot].serial, serial);
	bool has_parent =
		task->parent[0] != '\0' && parent_find(board, task->parent, task->id, &parent) == 0;
	if (has_parent) {
		family_add(&hold, parent.slot);
		int error = family_take(board, &hold, deadline);
		if (error < 0)
			return error;
		has_parent = parent_adopt(board, parent, ref.slot, open) == 0;
	}
	if (has_parent) {
		store_relaxed(&copy->flags, (uint16_t)(load_relaxed(&copy->flags) | COPY_CHILD));
		family_intend(board, ref, INTENT_LINK, 0, task->state);
	}
	tenant_commit(board, stripes, ref.slot, ref.generation, serial);
	if (has_parent) {
		family_finish(board, family_stripe(parent.slot));
		slot_unlock(board, parent.slot);
	}
	family_drop(board, &hold);
	return 0;
}

static int import_insert(struct board *board, uint32_t slot, uint32_t generation,
			 const struct trackd_task *task, uint64_t now, uint64_t deadline)
{
	struct layout_head *head = &board->heads[slot];
	struct slot_stripes stripes = slot_stripes_of(board, load_relaxed(&head->id_hash),
						      load_relaxed(&head->owner_hash));
	uint32_t other;

	if (now >= load_relaxed(&head->deadline))
		return -ESTALE;
	int error = slot_stripes_take(board, &stripes, deadline);
	if (error < 0)
		return error;
	error = index_find(board, load_relaxed(&head->id_hash), task->id, UINT32_MAX, &other);
	if (error == TRACKD_E_NOT_FOUND) {
		error = commit_child(board, &stripes, (struct trackd_ref){ slot, generation }, task,
				     import_serial(board, task->serial), deadline);
	} else if (error == 0) {
		error = -EEXIST; /* just created, so newer than any snapshot */
	}
	slot_stripes_drop(&stripes);
	return error;
}

int tenant_import(struct board *board, const struct trackd_task *task, uint64_t worker,
		  int64_t wall_offset_ns, uint64_t deadline, struct trackd_ref *ret_ref)
{
	uint32_t slot = UINT32_MAX, generation = 0;

	if (!importable(board, task))
		return -EINVAL;
	int error = import_over(board, task, to_boot(task->updated_ns, wall_offset_ns), deadline);
	if (error == 0)
		error = ring_claim(board, deadline, &slot, &generation);
	if (error < 0)
		return error;
	fill_import(board, slot, generation, task, worker, wall_offset_ns);
	error = import_insert(board, slot, generation, task, clock_boot_ns(), deadline);
	if (error < 0) {
		ring_unclaim(board, slot, generation);
		return error;
	}
	fence_full();
	earliest_lower(board, load_relaxed(&board->heads[slot].deadline));
	changes_add(board); /* the task may be final and thus evictable */
	slot_unlock(board, slot);
	*ret_ref = (struct trackd_ref){ slot, generation };
	return 0;
}
