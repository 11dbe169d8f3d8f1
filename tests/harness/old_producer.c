/* SPDX-License-Identifier: MIT */
/* What a producer of layout 2 does; see old_board.h. */
#include "tests/harness/harness.h"
#include "tests/harness/old_layout.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- Words ------------------------------------------------------------------ */

static const uint64_t COUNT_MASK = (UINT64_C(1) << 47) - 1, SEAL = UINT64_C(1) << 47;

static uint64_t start_of(uint32_t generation)
{
	return (uint64_t)(generation & 0x3fff0000) << 16;
}

static uint64_t first_of(uint32_t generation)
{
	return (uint64_t)(generation & 0xffff) << 48 | start_of(generation);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

bool old_is_sealed(const struct old_board *board, struct old_ref ref)
{
	return (LOAD(&body_of(board, ref.slot)->work) & SEAL) != 0;
}

/* ---- Locks ------------------------------------------------------------------- */

static void take(uint64_t mutex[6])
{
	int error = pthread_mutex_lock((pthread_mutex_t *)(void *)mutex);

	if (error == EOWNERDEAD)
		error = pthread_mutex_consistent((pthread_mutex_t *)(void *)mutex);
	harness_must(-error, "a mutex of layout 2");
}

static void drop(uint64_t mutex[6])
{
	pthread_mutex_unlock((pthread_mutex_t *)(void *)mutex);
}

static uint64_t *mutex_of(struct old_board *board, enum old_lock which, uint32_t number)
{
	struct stripe *stripes = (void *)(board->base + header_of(board)->id_stripes);

	if (which == OLD_LOCK_RECORD)
		return body_of(board, number)->mutex;
	return which == OLD_LOCK_STRIPE ? stripes[number].mutex : kinds_of(board)->mutex;
}

void old_hold(struct old_board *board, enum old_lock which, uint32_t number)
{
	take(mutex_of(board, which, number));
}

void old_let_go(struct old_board *board, enum old_lock which, uint32_t number)
{
	drop(mutex_of(board, which, number));
}

/* ---- A new task ---------------------------------------------------------------- */

static void text(char *field, size_t size, const char *from)
{
	snprintf(field, size, "%s", from ? from : "");
}

static void fill_task(struct old_board *board, uint32_t slot, uint32_t generation,
		      const struct old_new *task)
{
	struct head *head = head_of(board, slot);
	struct body *body = body_of(board, slot);
	struct detail *detail = detail_of(board, slot);
	struct copy *copy = &body->copy[0];

	*copy = (struct copy){ .revision = 1,
			       .updated = now_ns(),
			       .total = task->total,
			       .base = start_of(generation),
			       .state = OLD_PENDING,
			       .stage = NO_STAGE };
	text(copy->message, sizeof copy->message, task->message);
	copy->message_len = (uint16_t)strlen(copy->message);
	text(body->id, sizeof body->id, task->id);
	body->work = first_of(generation);
	body->ttl_ms = task->ttl_ms;
	body->active_ttl_ms = task->active_ttl_ms;
	detail->created = copy->updated;
	text(detail->owner, sizeof detail->owner, task->owner);
	text(detail->name, sizeof detail->name, task->name);
	detail->flags = task->name && strlen(task->name) >= sizeof detail->name ? NAME_CUT : 0;
	head->cancel = (uint64_t)generation << 32;
	head->deadline = UINT64_MAX;
	head->hint = (uint32_t)OLD_PENDING << 16 | task->kind << 24;
}

struct old_ref old_create(struct old_board *board, const struct old_new *task)
{
	struct old_ref ref = { UINT32_MAX, 0 };
	uint32_t slot = 0;
	uint64_t *stripe = mutex_of(board, OLD_LOCK_STRIPE, (uint8_t)task->id[0]);

	take(stripe);
	while (slot < board->capacity && (head_of(board, slot)->stamp & 3) != FREE)
		slot++;
	if (old_board_closed(board) == 0 && slot < board->capacity) {
		uint32_t generation = (uint32_t)(head_of(board, slot)->stamp >> 32) + 1;
		fill_task(board, slot, generation, task);
		head_of(board, slot)->serial = 1;
		STORE(&head_of(board, slot)->stamp, (uint64_t)generation << 32 | LIVE);
		header_of(board)->counters.created++;
		ref = (struct old_ref){ slot, generation };
	}
	drop(stripe);
	return ref;
}

struct old_ref old_find(const struct old_board *board, const char *id)
{
	for (uint32_t slot = 0; slot < board->capacity; slot++) {
		uint64_t stamp = LOAD(&head_of(board, slot)->stamp);
		if ((stamp & 3) == LIVE && strcmp(body_of(board, slot)->id, id) == 0)
			return (struct old_ref){ slot, (uint32_t)(stamp >> 32) };
	}
	return (struct old_ref){ UINT32_MAX, 0 };
}

/* ---- Changes ---------------------------------------------------------------- */

/* Between locking a record and publishing: `to` is the next version. */
struct edit {
	struct old_board *board;
	struct old_ref ref;
	uint64_t stamp;
	struct copy to;
};

static void load(struct edit *edit)
{
	edit->stamp = LOAD(&head_of(edit->board, edit->ref.slot)->stamp);
	edit->to = body_of(edit->board, edit->ref.slot)->copy[edit->stamp >> 2 & 1];
	edit->to.revision++;
	edit->to.updated = now_ns();
}

static enum old_answer begin(struct edit *edit, struct old_board *board, struct old_ref ref)
{
	enum old_answer answer = OLD_DONE;

	*edit = (struct edit){ .board = board, .ref = ref };
	take(body_of(board, ref.slot)->mutex);
	load(edit);
	if (old_board_closed(board) != 0)
		answer = OLD_CLOSED;
	else if (edit->stamp >> 32 != ref.generation || (edit->stamp & 3) != LIVE)
		answer = OLD_GONE;
	else if (edit->to.state >= OLD_COMPLETED)
		answer = OLD_FINAL;
	if (answer != OLD_DONE)
		drop(body_of(board, ref.slot)->mutex);
	return answer;
}

static enum old_answer publish(const struct edit *edit)
{
	struct head *head = head_of(edit->board, edit->ref.slot);
	struct body *body = body_of(edit->board, edit->ref.slot);
	uint64_t version = (edit->stamp >> 2 & 0x3fffffff) + 1;

	__atomic_thread_fence(__ATOMIC_RELEASE);
	body->copy[version & 1] = edit->to;
	STORE(&head->stamp, edit->stamp >> 32 << 32 | (version & 0x3fffffff) << 2 | LIVE);
	head->hint = (head->hint & 0xff000000) | (uint32_t)(edit->to.worker & 0xffff) |
		     (uint32_t)edit->to.state << 16;
	drop(body->mutex);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return old_board_closed(edit->board) == 2 ? OLD_UNSURE : OLD_DONE;
}

static void leave_stage(struct edit *edit, uint64_t work)
{
	struct detail *detail = detail_of(edit->board, edit->ref.slot);
	struct copy *to = &edit->to;

	if (to->stage == NO_STAGE)
		return;
	detail->row[to->stage].start = to->stage_start;
	detail->row[to->stage].end = to->updated;
	detail->row[to->stage].done = (work - to->base) & COUNT_MASK;
	detail->row[to->stage].total = to->total;
	to->stages_left |= (uint16_t)(1u << to->stage);
}

static void set_message(struct copy *to, const char *message)
{
	text(to->message, sizeof to->message, message);
	to->message_len = (uint16_t)strlen(to->message);
}

enum old_answer old_update(struct old_board *board, struct old_ref ref, int stage,
			   const char *message, uint64_t worker)
{
	struct edit edit;
	enum old_answer answer = begin(&edit, board, ref);
	uint64_t work = LOAD(&body_of(board, ref.slot)->work);

	if (answer != OLD_DONE)
		return answer;
	if (stage >= 0 && stage != edit.to.stage) {
		if (edit.to.stage == NO_STAGE)
			detail_of(board, ref.slot)->started = edit.to.updated;
		leave_stage(&edit, work);
		edit.to.flags |= STARTED;
		edit.to.stages_left &= (uint16_t)((1u << stage) - 1);
		edit.to.state = OLD_ACTIVE;
		edit.to.stage = (uint8_t)stage;
		edit.to.stage_start = edit.to.updated;
		edit.to.base = work & COUNT_MASK;
		edit.to.total = 0;
		edit.to.worker = worker;
	}
	if (message)
		set_message(&edit.to, message);
	return publish(&edit);
}

enum old_answer old_finish_update(struct old_board *board, struct old_ref ref, const char *message)
{
	struct edit edit = { .board = board, .ref = ref };

	load(&edit);
	set_message(&edit.to, message);
	return publish(&edit);
}

enum old_answer old_set_total(struct old_board *board, struct old_ref ref, uint64_t total)
{
	struct edit edit;
	enum old_answer answer = begin(&edit, board, ref);

	edit.to.total = total;
	return answer == OLD_DONE ? publish(&edit) : answer;
}

enum old_answer old_advance(struct old_board *board, struct old_ref ref, uint64_t units)
{
	uint64_t *work = &body_of(board, ref.slot)->work, seen = LOAD(work);

	do {
		if (seen >> 48 != (ref.generation & 0xffff))
			return OLD_GONE;
		if (seen & SEAL)
			return old_board_closed(board) != 0 ? OLD_CLOSED : OLD_FINAL;
	} while (!__atomic_compare_exchange_n(work, &seen, seen + units, false, __ATOMIC_ACQ_REL,
					      __ATOMIC_ACQUIRE));
	return OLD_DONE;
}

enum old_answer old_cancel(struct old_board *board, struct old_ref ref)
{
	struct head *head = head_of(board, ref.slot);
	struct edit edit;
	enum old_answer answer = begin(&edit, board, ref);
	uint64_t after = edit.to.updated - detail_of(board, ref.slot)->created;

	if (answer != OLD_DONE)
		return answer;
	STORE(&head->cancel, (uint64_t)ref.generation << 32 | (uint32_t)(after / 1000000 + 1));
	return publish(&edit);
}

enum old_answer old_end(struct old_board *board, struct old_ref ref, enum old_state state,
			const char *end_text)
{
	struct edit edit;
	enum old_answer answer = begin(&edit, board, ref);

	if (answer != OLD_DONE)
		return answer;
	uint64_t work = __atomic_fetch_or(&body_of(board, ref.slot)->work, SEAL, __ATOMIC_ACQ_REL);
	leave_stage(&edit, work);
	edit.to.done = (work - edit.to.base) & COUNT_MASK;
	edit.to.state = (uint8_t)state;
	edit.to.reason = (uint8_t)(state == OLD_FAILED ? 1 : state == OLD_CANCELLED ? 3 : 0);
	if (state == OLD_FAILED) {
		text(detail_of(board, ref.slot)->error, sizeof detail_of(board, ref.slot)->error,
		     end_text);
		edit.to.flags |= HAS_ERROR;
	}
	set_message(&edit.to, state == OLD_FAILED ? "Processing failed" : end_text);
	return publish(&edit);
}
