/* SPDX-License-Identifier: MIT */
/* The scan: the heads' hints say which records to look at, the copies in force decide. */
#include "daemon/workers/dead_workers.h"
#include "daemon/board/task.h"
#include "libclient/record/event.h"
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/lock.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SCAN_CHUNK = 65536, /* heads a turn */
	ENDS_CHUNK = 1024,  /* tasks ended a turn: some 3 ms */
	/* Tasks of one worker ended a pass: so one with a million does not keep the others' waiting. */
	QUOTA = 4096,
};
static const uint64_t RETRY_FIRST_NS = 2 * NS_PER_MS, RETRY_MOST_NS = 500 * NS_PER_MS;

/* ---- One record --------------------------------------------------------- */

/* What the error says: who, and where. The stage is read beside the worker; should it be wrong
 * because the record moved, record_end() refuses. */
static void say_error(const struct losses *losses, uint32_t slot, const struct worker_info *worker,
		      char *text, size_t size)
{
	const struct board *board = losses->board;
	uint64_t version = stamp_version(load_acquire(&board->heads[slot].stamp));
	uint8_t stage = load_relaxed(&board->bodies[slot].copy[version & 1].stage);
	uint8_t kind = hint_kind(load_relaxed(&board->heads[slot].hint));
	char name[LAYOUT_STAGE_NAME], label[TASK_LABEL_MAX];
	const char *where = task_stage_name(board, kind, stage, name);
	const char *in = where == name ? "in " : "";

	if (worker) {
		task_worker_label(label, worker->comm, worker->pid);
		snprintf(text, size, "worker %s exited %s%s", label, in, where);
	} else {
		snprintf(text, size, "the worker exited %s%s", in, where);
	}
}

/* Fail a task if it is active under that worker. 1, 0 or -EBUSY. */
static int lose(struct losses *losses, struct trackd_ref ref, uint64_t worker,
		const struct worker_info *info)
{
	char error[128];
	const struct record_end end = { .state = TRACKD_FAILED,
					.reason = TRACKD_REASON_WORKER_LOST,
					.message = "Processing failed",
					.error = error,
					.only_worker = worker };

	say_error(losses, ref.slot, info, error, sizeof error);
	int result = record_end(losses->board, ref, &end, LOCK_TRY);
	if (result == -EBUSY || result == TRACKD_E_BUSY)
		return -EBUSY;
	return result == 0;
}

int losses_check(struct losses *losses, uint32_t slot)
{
	struct worker_info info;
	struct trackd_ref ref;
	uint64_t worker, work;
	uint8_t state;

	if (!task_at(losses->board, slot, &ref) ||
	    !record_peek(losses->board, ref, &state, &worker, &work) || state != TRACKD_ACTIVE ||
	    worker == 0 || worker_resolve(losses->board, worker, &info))
		return 0;
	return lose(losses, ref, worker, NULL);
}

/* ---- The scan ----------------------------------------------------------- */

/* This slot's task was not ended now. */
static void leave_over(struct loss *loss, uint32_t slot)
{
	if (slot < loss->left)
		loss->left = slot;
}

/* Whether a slot's task is one that this worker's death has ended: still active, and his, or that of
 * somebody who had the entry before him and is dead as well, or he would still have it. The entry may
 * have gone on to a living one already. */
static bool is_lost(const struct losses *losses, const struct loss *loss, uint32_t slot,
		    struct trackd_ref *ret_ref, uint64_t *ret_worker, bool *ret_his)
{
	struct worker_info other;
	uint64_t work;
	uint8_t state;

	if (!task_at(losses->board, slot, ret_ref) ||
	    !record_peek(losses->board, *ret_ref, &state, ret_worker, &work) ||
	    state != TRACKD_ACTIVE)
		return false;
	*ret_his = *ret_worker == worker_make(loss->who.entry, loss->who.generation);
	return *ret_his || !worker_resolve(losses->board, *ret_worker, &other);
}

/* 1: failed one. */
static int scan_slot(struct losses *losses, uint32_t slot)
{
	uint32_t entry = hint_entry(load_relaxed(&losses->board->heads[slot].hint));
	struct trackd_ref ref;
	uint64_t worker;
	bool his;

	if (entry == 0 || entry > LAYOUT_CLIENTS)
		return 0;
	struct loss *loss = &losses->dead[entry - 1];
	if (loss->who.pid == 0 || slot < loss->from)
		return 0;
	if (loss->quota == 0) {
		leave_over(loss, slot);
		return 0;
	}
	if (!is_lost(losses, loss, slot, &ref, &worker, &his))
		return 0;
	int result = lose(losses, ref, worker, his ? &loss->who : NULL);
	if (result == -EBUSY)
		leave_over(loss, slot);
	if (result == 1 && --loss->quota == 0)
		losses->n_spent++;
	return result == 1;
}

static void turn_on(sd_event_source *source)
{
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void begin_pass(struct loss *loss, uint32_t from)
{
	loss->from = from;
	loss->left = UINT32_MAX;
	loss->quota = QUOTA;
}

/* Free the entries of those of whom nothing is left; the others' turn comes again. Whether some have
 * more tasks than one pass ends. */
static bool end_each(struct losses *losses, uint32_t passed)
{
	uint32_t capacity = losses->board->capacity, next = capacity;
	bool more = false;

	for (uint32_t i = 0; i < LAYOUT_CLIENTS; i++) {
		struct loss *loss = &losses->dead[i];
		if (loss->who.pid == 0)
			continue;
		leave_over(loss, passed);
		if (loss->left >= capacity) {
			worker_free(losses->board, loss->who.entry, loss->who.generation);
			loss->who.pid = 0;
			losses->n_dead--;
			losses->ended = true;
			continue;
		}
		more = more || loss->quota == 0;
		begin_pass(loss, loss->left);
		next = loss->from < next ? loss->from : next;
	}
	losses->position = losses->n_dead > 0 ? next : 0;
	losses->n_spent = 0;
	return more;
}

static void end_of_pass(struct losses *losses, uint32_t passed)
{
	bool more = end_each(losses, passed);

	if (more) {
		turn_on(losses->turn);
	} else if (losses->n_dead > 0) {
		(void)sd_event_source_set_time_relative(losses->retry, losses->retry_ns / 1000);
		turn_on(losses->retry);
		losses->retry_ns *= 2;
		if (losses->retry_ns > RETRY_MOST_NS)
			losses->retry_ns = RETRY_MOST_NS;
	} else {
		losses->retry_ns = RETRY_FIRST_NS;
	}
	if (losses->ended)
		losses->after(losses->after_data);
	losses->ended = false;
}

static int scan(sd_event_source *source, void *data)
{
	struct losses *losses = data;
	const struct board *board = losses->board;
	uint32_t slot = slot_next_used(board, losses->position);
	int failed = 0;

	for (uint32_t i = 0; i < SCAN_CHUNK && failed < ENDS_CHUNK && slot < board->capacity &&
			     losses->n_spent < losses->n_dead;
	     i++) {
		failed += scan_slot(losses, slot);
		slot = slot_next_used(board, slot + 1);
	}
	/* Who waits for one of these learns of it now, whatever the doorbell does. */
	if (failed > 0)
		event_wake_all(losses->board);
	losses->position = slot;
	if (slot < board->capacity && losses->n_spent < losses->n_dead)
		turn_on(source);
	else
		end_of_pass(losses, slot);
	return 0;
}

static int retry(sd_event_source *source, uint64_t usec, void *data)
{
	struct losses *losses = data;

	(void)source;
	(void)usec;
	turn_on(losses->turn);
	return 0;
}

void losses_add(struct losses *losses, const struct worker_info *worker)
{
	struct loss *dead = &losses->dead[worker->entry];

	if (dead->who.pid != 0 && dead->who.generation == worker->generation)
		return;
	losses->n_dead += dead->who.pid == 0;
	losses->n_spent -= dead->who.pid != 0 && dead->quota == 0;
	dead->who = *worker;
	begin_pass(dead, 0);
	/* A pass that is under way has passed some of its tasks: once more from the beginning, which
	 * for the others are heads alone. */
	losses->position = 0;
	turn_on(losses->turn);
}

int losses_init(struct losses *losses, sd_event *event, struct board *board, void (*after)(void *),
		void *after_data)
{
	int error;

	*losses = (struct losses){
		.board = board, .retry_ns = RETRY_FIRST_NS, .after = after, .after_data = after_data
	};
	losses->dead = calloc(LAYOUT_CLIENTS, sizeof *losses->dead);
	if (!losses->dead)
		return -ENOMEM;
	error = sd_event_add_defer(event, &losses->turn, scan, losses);
	if (error >= 0)
		error = sd_event_source_set_enabled(losses->turn, SD_EVENT_OFF);
	/* Behind the pidfds, so that all that are readable now are known before the scan. */
	if (error >= 0)
		error = sd_event_source_set_priority(losses->turn, SD_EVENT_PRIORITY_IMPORTANT + 1);
	if (error >= 0)
		error = sd_event_add_time_relative(event, &losses->retry, CLOCK_MONOTONIC, 0, 1000,
						   retry, losses);
	if (error >= 0)
		error = sd_event_source_set_enabled(losses->retry, SD_EVENT_OFF);
	if (error < 0)
		losses_free(losses);
	return error < 0 ? error : 0;
}

void losses_free(struct losses *losses)
{
	sd_event_source_disable_unref(losses->turn);
	sd_event_source_disable_unref(losses->retry);
	free(losses->dead);
	losses->turn = losses->retry = NULL;
	losses->dead = NULL;
}
