/* SPDX-License-Identifier: MIT */
/*
 * The reader's half of publishing: load the stamp, read the copy that it selects, pass a fence,
 * load the stamp again. If it is unchanged, the data is consistent. A writer that is stopped or
 * dead does not change the stamp, so a reader never waits. A writer that publishes continually
 * costs a reader a few tries, up to a limit.
 *
 * No data read here is trusted: indices are checked, and strings are measured within their fields.
 */
#include "libclient/record/view.h"
#include "libclient/public.h"
#include "libclient/record/index.h"
#include "libclient/record/kind.h"
#include "libclient/record/worker.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/cause.h"
#include <errno.h>
#include <string.h>

/* How often a read is tried again because a writer published in between. */
enum { TRIES = 1000 };

/* ---- In place -------------------------------------------------------------- */

int view_get_again(const struct board *board, struct trackd_ref ref, uint64_t now,
		   struct trackd_view *ret_view)
{
	int error = -EAGAIN;

	for (int i = 1; i < TRIES && error == -EAGAIN; i++)
		error = view_look(board, ref, now, ret_view);
	return error;
}

static const struct layout_body *body_of(const struct trackd_view *view)
{
	return &((const struct board *)view->board)->bodies[view->ref.slot & REF_SLOT_MASK];
}

/* The progress that a final task had before its end: an end changes neither stage nor counts. */
static int last_progress(const struct board *board, uint32_t kind, uint8_t state, uint8_t stage,
			 uint64_t done, uint64_t total)
{
	bool entered = state == TRACKD_COMPLETED && stage < LAYOUT_STAGES;

	if (state == TRACKD_COMPLETED)
		state = entered ? TRACKD_ACTIVE : TRACKD_PENDING;
	return kind_progress(board, kind, state, stage, done, total);
}

static const struct layout_copy *copy_of(const struct trackd_view *view)
{
	return &body_of(view)->copy[stamp_version(view->stamp) & 1];
}

PUBLIC bool trackd_view_valid(const struct trackd_view *view)
{
	const struct layout_head *head = view->head;
	const struct layout_copy *copy = copy_of(view);

	/* Pairs with fence_release() before a fill in record.c. The version in the stamp wraps
	 * around after 2^30; the revision does not. */
	fence_acquire();
	return load_relaxed(&head->stamp) == view->stamp &&
	       load_relaxed(&copy->revision) == view->revision;
}

/* A string in place, or "" if it is not terminated within its field. */
static const char *text_at(const uint8_t *field, size_t size)
{
	const char *text = (const char *)field;

	return strnlen(text, size) < size ? text : "";
}

static const struct layout_detail *detail_of(const struct trackd_view *view)
{
	return &((const struct board *)view->board)->details[view->ref.slot & REF_SLOT_MASK];
}

PUBLIC const char *trackd_view_id(const struct trackd_view *view)
{
	return text_at(body_of(view)->id, LAYOUT_ID);
}

PUBLIC const char *trackd_view_owner(const struct trackd_view *view)
{
	return text_at(detail_of(view)->owner, LAYOUT_OWNER);
}

PUBLIC const char *trackd_view_name(const struct trackd_view *view)
{
	return text_at(detail_of(view)->name, LAYOUT_NAME);
}

PUBLIC const char *trackd_view_message(const struct trackd_view *view)
{
	return text_at(copy_of(view)->message, LAYOUT_MESSAGE);
}

PUBLIC const char *trackd_view_error(const struct trackd_view *view)
{
	const struct layout_copy *copy = copy_of(view);

	if (view->state == TRACKD_COMPLETED || (load_relaxed(&copy->flags) & COPY_ERROR) == 0)
		return "";
	return text_at(detail_of(view)->error, LAYOUT_ERROR);
}

PUBLIC const char *trackd_view_result(const struct trackd_view *view)
{
	const struct layout_copy *copy = copy_of(view);

	if (view->state != TRACKD_COMPLETED || (load_relaxed(&copy->flags) & COPY_ERROR) == 0)
		return "";
	return text_at(detail_of(view)->error, LAYOUT_ERROR);
}

PUBLIC const char *trackd_view_labels(const struct trackd_view *view)
{
	if ((load_relaxed(&copy_of(view)->flags) & COPY_LABELS) == 0)
		return "";
	return text_at(detail_of(view)->labels, LAYOUT_LABELS);
}

PUBLIC const char *trackd_view_status(const struct trackd_view *view)
{
	if (view->state == TRACKD_ACTIVE)
		return kind_stage_name(view->board, (uint32_t)view->kind, (uint8_t)view->stage);
	return trackd_state_name((enum trackd_state)view->state);
}

PUBLIC int trackd_view_progress(const struct trackd_view *view)
{
	return kind_progress(view->board, (uint32_t)view->kind, view->state, (uint8_t)view->stage,
			     view->done, view->total);
}

PUBLIC const char *trackd_view_last_message(const struct trackd_view *view)
{
	const struct layout_body *body = body_of(view);

	if (!trackd_state_final((enum trackd_state)view->state))
		return "";
	return text_at(body->copy[~stamp_version(view->stamp) & 1].message, LAYOUT_MESSAGE);
}

PUBLIC int trackd_view_last_progress(const struct trackd_view *view)
{
	return last_progress(view->board, (uint32_t)view->kind, view->state, (uint8_t)view->stage,
			     view->done, view->total);
}

PUBLIC uint64_t trackd_view_serial(const struct trackd_view *view)
{
	return load_relaxed(&((const struct layout_head *)view->head)->serial);
}

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
	task->progress = (uint8_t)kind_progress(board, (uint32_t)task->kind, task->state, stage,
						task->done, task->total);
	task->last_progress = (uint8_t)last_progress(board, (uint32_t)task->kind, task->state,
						     stage, task->done, task->total);
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

/* ---- Small questions ----------------------------------------------------- */

int view_lookup(const struct board *board, const char *id, uint64_t now, struct trackd_ref *ret_ref)
{
	uint32_t slot;
	uint64_t stamp;
	int error = index_lookup(board, id, &slot, &stamp);

	if (error < 0)
		return error;
	if (now >= load_relaxed(&board->heads[slot].deadline))
		return TRACKD_E_NOT_FOUND;
	*ret_ref = (struct trackd_ref){ slot, stamp_generation(stamp) };
	return 0;
}

int view_follow(const struct board *board, const char *id, uint64_t serial, uint64_t now,
		struct trackd_ref *ret_ref)
{
	struct trackd_ref ref;
	int error = view_lookup(board, id, now, &ref);

	if (error < 0)
		return error;
	const struct layout_head *head = &board->heads[ref.slot];
	uint64_t found = load_relaxed(&head->serial);

	/* The serial is of the tenant whose generation is still there. */
	fence_acquire();
	if (found != serial || !stamp_is_live(load_relaxed(&head->stamp), ref.generation))
		return TRACKD_E_GONE;
	*ret_ref = ref;
	return 0;
}
