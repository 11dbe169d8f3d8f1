/* SPDX-License-Identifier: MIT */
/* The scan: the heads' hints say which records to look at, the copies in force decide. */
#include "losses.h"
#include "atomic.h"
#include "event.h"
#include "lock.h"
#include "record.h"
#include "slot.h"
#include "task.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCAN_CHUNK = 65536 };
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

/* 1: failed one. */
static int scan_slot(struct losses *losses, uint32_t slot)
{
	uint32_t entry = hint_entry(load_relaxed(&losses->board->heads[slot].hint));
	struct trackd_ref ref;
	uint64_t worker, work;
	uint8_t state;

	if (entry == 0 || entry > LAYOUT_CLIENTS || losses->dead[entry - 1].pid == 0)
		return 0;
	if (!task_at(losses->board, slot, &ref) ||
	    !record_peek(losses->board, ref, &state, &worker, &work) || state != TRACKD_ACTIVE)
		return 0;
	const struct worker_info *dead = &losses->dead[entry - 1];
	struct worker_info other;
	bool his = worker == worker_make(dead->entry, dead->generation);
	/* The entry's tenant before: dead as well, or he would still have it. Or the one after. */
	if (!his && worker_resolve(losses->board, worker, &other))
		return 0;
	int result = lose(losses, ref, worker, his ? dead : NULL);
	losses->busy = losses->busy || result == -EBUSY;
	return result == 1;
}

static void turn_on(sd_event_source *source)
{
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void free_entries(struct losses *losses)
{
	for (uint32_t i = 0; i < LAYOUT_CLIENTS; i++) {
		struct worker_info *dead = &losses->dead[i];
		if (dead->pid == 0)
			continue;
		worker_free(losses->board, dead->entry, dead->generation);
		dead->pid = 0;
	}
	losses->n_dead = 0;
}

static void end_of_scan(struct losses *losses)
{
	losses->position = 0;
	if (losses->busy) {
		losses->busy = false;
		(void)sd_event_source_set_time_relative(losses->retry, losses->retry_ns / 1000);
		turn_on(losses->retry);
		losses->retry_ns *= 2;
		if (losses->retry_ns > RETRY_MOST_NS)
			losses->retry_ns = RETRY_MOST_NS;
		return;
	}
	losses->retry_ns = RETRY_FIRST_NS;
	free_entries(losses);
	losses->after(losses->after_data);
}

static int scan(sd_event_source *source, void *data)
{
	struct losses *losses = data;
	const struct board *board = losses->board;
	uint32_t slot = slot_next_used(board, losses->position);
	int failed = 0;

	for (uint32_t i = 0; i < SCAN_CHUNK && slot < board->capacity; i++) {
		failed += scan_slot(losses, slot);
		slot = slot_next_used(board, slot + 1);
	}
	/* Who waits for one of these learns of it now, whatever the doorbell does. */
	if (failed > 0)
		event_wake_all(losses->board);
	losses->position = slot;
	if (slot < board->capacity)
		turn_on(source);
	else
		end_of_scan(losses);
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
	struct worker_info *dead = &losses->dead[worker->entry];

	if (dead->pid != 0 && dead->generation == worker->generation)
		return;
	/* A scan that is under way has passed some of its tasks: once more from the beginning. */
	losses->position = 0;
	losses->n_dead += dead->pid == 0;
	*dead = *worker;
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
