/* SPDX-License-Identifier: MIT */
/* Copying a record whole; the rules are those of view.c. */
#include "libclient/family/family.h"
#include "libclient/index/index.h"
#include "libclient/public.h"
#include "libclient/record/kind.h"
#include "libclient/record/view.h"
#include "libclient/record/worker.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/cause.h"
#include <errno.h>
#include <string.h>

/* As in view.c. */
enum { TRIES = 1000 };

/* ---- Copies -------------------------------------------------------------- */

/* A consistent copy of a record in private memory. Unused parts (bytes after the message, the error
 * of a task without one, rows of stages that its kind does not have) are not loaded. */
struct record {
	uint64_t stamp, deadline, cancel, serial, work;
	uint32_t ttl_ms, active_ttl_ms;
	uint32_t kind;
	struct layout_copy copy;
	struct layout_detail detail;
	char id[LAYOUT_ID];
	char last_message[LAYOUT_MESSAGE];
	struct {
		struct trackd_ref parent; /* with COPY_CHILD; no slot if the line is damaged */
		uint32_t depth, flags;
		uint64_t done, total;
		struct trackd_children children;
	} family;
};

static_assert(offsetof(struct layout_copy, message) % 8 == 0 &&
		      offsetof(struct layout_detail, labels) % 8 == 0 &&
		      offsetof(struct layout_detail, error) % 8 == 0 &&
		      offsetof(struct layout_detail, row) % 8 == 0 &&
		      sizeof(struct layout_stage_row) % 8 == 0,
	      "loaded in words");

/* The length comes from an untrusted writer, so it is limited to the field. */
static void load_copy(struct layout_copy *to, const struct layout_copy *from)
{
	size_t length = COPY_WORD_LENGTH(load_relaxed((const word_t *)(const void *)&from->state));

	if (length > LAYOUT_MESSAGE - 1)
		length = LAYOUT_MESSAGE - 1;
	words_load(to, from, offsetof(struct layout_copy, message) / 8);
	words_load(to->message, from->message, length / 8 + 1);
	to->message_len = (uint8_t)length;
}

/* The message before the end: nothing writes to the copy that is not current after it. */
static void load_last_message(char to[LAYOUT_MESSAGE], const struct layout_copy *from)
{
	size_t length = COPY_WORD_LENGTH(load_relaxed((const word_t *)(const void *)&from->state));

	if (length > LAYOUT_MESSAGE - 1)
		length = LAYOUT_MESSAGE - 1;
	words_load(to, from->message, length / 8 + 1);
	to[length] = '\0';
}

static void load_detail(struct layout_detail *to, const struct layout_detail *from, uint16_t flags,
			uint32_t n_stages)
{
	words_load(to, from, offsetof(struct layout_detail, labels) / 8);
	if (flags & COPY_LABELS)
		words_load(to->labels, from->labels, LAYOUT_LABELS / 8);
	if (flags & COPY_ERROR)
		words_load(to->error, from->error, LAYOUT_ERROR / 8);
	words_load(to->row, from->row, n_stages * sizeof to->row[0] / 8);
}

static __attribute__((noinline)) void load_family(const struct board *board, uint32_t slot,
						  struct record *record)
{
	const struct layout_family *family = &board->families[slot];

	if (!family_parent(board, slot, &record->family.parent))
		record->family.parent.slot = UINT32_MAX;
	record->family.depth = load_relaxed(&family->depth);
	record->family.flags = load_relaxed(&family->flags);
	rollup_children(board, slot, &record->family.children);
	rollup_show(board, slot, &record->family.done, &record->family.total);
}

static void load_record(const struct board *board, uint32_t slot, uint64_t stamp,
			struct record *record)
{
	const struct layout_head *head = &board->heads[slot];
	const struct layout_body *body = &board->bodies[slot];

	record->stamp = stamp;
	record->kind = hint_kind(load_relaxed(&head->hint));
	load_copy(&record->copy, &body->copy[stamp_version(stamp) & 1]);
	record->last_message[0] = '\0';
	if (trackd_state_final((enum trackd_state)record->copy.state))
		load_last_message(record->last_message, &body->copy[~stamp_version(stamp) & 1]);
	load_detail(&record->detail, &board->details[slot], record->copy.flags,
		    kind_stages(board, record->kind));
	index_read_id(board, slot, record->id);
	record->deadline = load_relaxed(&head->deadline);
	record->cancel = load_relaxed(&head->cancel);
	record->serial = load_relaxed(&head->serial);
	record->work = load_relaxed(&body->work);
	record->ttl_ms = load_relaxed(&body->ttl_ms);
	record->active_ttl_ms = load_relaxed(&body->active_ttl_ms);
	if (record->copy.flags & (COPY_CHILD | COPY_PARENT))
		load_family(board, slot, record);
}

static void copy_text(char *to, size_t size, const uint8_t *from)
{
	memcpy(to, from, size);
	to[size - 1] = '\0';
}

static uint64_t to_wall(const struct board *board, uint64_t boot_ns)
{
	return boot_ns + board_wall_offset(board);
}

static void copy_strings(const struct record *record, struct trackd_task *task)
{
	copy_text(task->id, sizeof task->id, (const uint8_t *)record->id);
	copy_text(task->owner, sizeof task->owner, record->detail.owner);
	copy_text(task->name, sizeof task->name, record->detail.name);
	memcpy(task->message, record->copy.message, record->copy.message_len);
	if ((record->copy.flags & COPY_ERROR) && task->state == TRACKD_COMPLETED)
		copy_text(task->result, sizeof task->result, record->detail.error);
	else if (record->copy.flags & COPY_ERROR)
		copy_text(task->error, sizeof task->error, record->detail.error);
	if (record->copy.flags & COPY_LABELS)
		copy_text(task->labels, sizeof task->labels, record->detail.labels);
	memcpy(task->last_message, record->last_message, strlen(record->last_message));
}

static void copy_stage(const struct board *board, const struct record *record, unsigned i,
		       struct trackd_stage *stage)
{
	const struct layout_stage_row *row = &record->detail.row[i];
	bool final = trackd_state_final((enum trackd_state)record->copy.state);

	if (record->copy.stages_left & 1u << i) {
		stage->started_ns = to_wall(board, row->start);
		stage->finished_ns = to_wall(board, row->end);
		stage->done = row->done;
		stage->total = row->total;
		stage->state =
			final && i == record->copy.stage && record->copy.state != TRACKD_COMPLETED
				? TRACKD_STAGE_ENDED
				: TRACKD_STAGE_DONE;
	} else if (record->copy.state == TRACKD_ACTIVE && i == record->copy.stage) {
		stage->started_ns = to_wall(board, record->copy.stage_start);
		stage->done = view_done(record->copy.state, record->work, record->copy.base);
		stage->total = record->copy.total;
		stage->state = TRACKD_STAGE_RUNNING;
	}
}

static void copy_stages(const struct board *board, const struct record *record,
			struct trackd_task *task)
{
	struct trackd_kind kind;

	if (kind_get(board, task->kind, &kind) < 0)
		return;
	memcpy(task->kind_name, kind.name, sizeof task->kind_name);
	task->n_stages = (uint8_t)kind.n_stages;
	for (unsigned i = 0; i < task->n_stages; i++) {
		memcpy(task->stages[i].name, kind.stages[i].name, sizeof kind.stages[i].name);
		task->stages[i].percent = kind.stages[i].percent;
		copy_stage(board, record, i, &task->stages[i]);
	}
}

static void copy_worker(const struct board *board, const struct record *record,
			struct trackd_task *task)
{
	struct worker_info worker;

	if (!worker_resolve(board, record->copy.worker, &worker))
		return;
	task->worker_pid = load_relaxed(&board->foreign_pids) ? 0 : worker.pid;
	task->worker_uid = worker.uid;
	task->worker_start = worker.start_time;
	memcpy(task->worker_comm, worker.comm, sizeof task->worker_comm);
}

static void copy_times(const struct board *board, const struct record *record,
		       struct trackd_task *task)
{
	uint32_t asked = (uint32_t)record->cancel;

	task->created_ns = to_wall(board, record->detail.created);
	task->updated_ns = to_wall(board, record->copy.updated);
	if (record->copy.flags & COPY_STARTED)
		task->started_ns = to_wall(board, record->detail.started);
	if (trackd_state_final((enum trackd_state)task->state))
		task->finished_ns = task->updated_ns;
	task->expires_ns =
		record->deadline == UINT64_MAX ? UINT64_MAX : to_wall(board, record->deadline);
	if (view_is_asked(record->cancel, task->ref.generation))
		task->cancel_requested_ns = task->created_ns + cancel_after_ns(asked);
}

static void copy_status(const struct board *board, struct trackd_task *task, uint8_t stage)
{
	const char *status = task->state == TRACKD_ACTIVE
				     ? kind_stage_name(board, (uint32_t)task->kind, stage)
				     : trackd_state_name((enum trackd_state)task->state);

	memcpy(task->status, status, strnlen(status, sizeof task->status - 1));
	if (task->rollup & TRACKD_ROLLUP) {
		task->progress = (uint8_t)rollup_progress(task->state, task->done, task->total);
		task->last_progress =
			(uint8_t)rollup_progress(TRACKD_ACTIVE, task->done, task->total);
		return;
	}
	task->progress = (uint8_t)kind_progress(board, (uint32_t)task->kind, task->state, stage,
						task->done, task->total);
	task->last_progress = (uint8_t)view_last_progress(board, (uint32_t)task->kind, task->state,
							  stage, task->done, task->total);
}

/* The id of a parent, or "" if it is gone. */
static void copy_parent(const struct board *board, struct trackd_ref parent, char *ret_id)
{
	char id[LAYOUT_ID];

	if (parent.slot >= board->capacity)
		return;
	const uint64_t *stamp = &board->heads[parent.slot].stamp;
	if (!stamp_is_live(load_acquire(stamp), parent.generation))
		return;
	index_read_id(board, parent.slot, id);
	fence_acquire();
	if (stamp_is_live(load_relaxed(stamp), parent.generation))
		memcpy(ret_id, id, sizeof id);
}

static void copy_family(const struct board *board, const struct record *record,
			struct trackd_task *task)
{
	uint16_t flags = record->copy.flags;

	if (flags & COPY_CHILD) {
		task->depth = (uint8_t)record->family.depth;
		copy_parent(board, record->family.parent, task->parent);
	}
	if (flags & COPY_PARENT) {
		task->children = record->family.children;
		task->rollup =
			(uint8_t)((flags & COPY_ROLLUP ? TRACKD_ROLLUP : 0) |
				  (record->family.flags & FAMILY_ENDS ? TRACKD_ROLLUP_ENDS : 0) |
				  (record->family.flags & FAMILY_ANYWAY ? TRACKD_ROLLUP_ANYWAY
									: 0));
	}
	if (flags & COPY_ROLLUP) {
		task->done = record->family.done;
		task->total = record->family.total;
	}
}

static void copy_record(const struct board *board, const struct record *record,
			struct trackd_task *task)
{
	const struct layout_copy *copy = &record->copy;
	uint8_t stage = view_stage(copy->stage);

	task->revision = copy->revision;
	task->kind = (int32_t)record->kind;
	task->state = copy->state;
	task->reason = copy->reason;
	task->stage = stage == COPY_NO_STAGE ? (int8_t)-1 : (int8_t)stage;
	task->flags = view_flags(copy->flags, record->detail.flags,
				 view_is_asked(record->cancel, task->ref.generation));
	task->done = view_done(copy->state, record->work, copy->base);
	task->total = copy->total;
	task->weight = record->detail.weight;
	if (copy->flags & (COPY_CHILD | COPY_PARENT))
		copy_family(board, record, task);
	task->serial = record->serial;
	task->ttl_ms = record->ttl_ms;
	task->active_ttl_ms = record->active_ttl_ms;
	if (copy->flags & COPY_LIMITS) {
		task->start_within_ms = record->detail.start_within;
		task->progress_within_ms = record->detail.progress_within;
		task->finish_within_ms = record->detail.finish_within;
	}
	copy_strings(record, task);
	copy_stages(board, record, task);
	copy_worker(board, record, task);
	cause_to_task(copy->cause, task);
	copy_times(board, record, task);
	copy_status(board, task, stage);
}

int view_copy(const struct board *board, struct trackd_ref ref, uint64_t now,
	      struct trackd_task *ret_task)
{
	struct record record;

	if (ref.slot >= board->capacity)
		return TRACKD_E_GONE;
	const struct layout_head *head = &board->heads[ref.slot];

	for (int i = 0; i < TRIES; i++) {
		uint64_t stamp = load_acquire(&head->stamp); /* as in view_get() */

		if (!stamp_is_live(stamp, ref.generation) || now >= load_relaxed(&head->deadline))
			return TRACKD_E_GONE;
		load_record(board, ref.slot, stamp, &record);
		fence_acquire();
		if (load_relaxed(&head->stamp) != stamp)
			continue;
		memset(ret_task, 0, sizeof *ret_task);
		ret_task->size = sizeof *ret_task;
		ret_task->ref = ref;
		copy_record(board, &record, ret_task);
		return 0;
	}
	return -EAGAIN;
}

PUBLIC int trackd_worker_alive(const struct trackd_task *task)
{
	if (task->worker_pid <= 0)
		return -ENOENT;
	return !process_dead(task->worker_pid, task->worker_start);
}
