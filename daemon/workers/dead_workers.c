/* SPDX-License-Identifier: MIT */
/* The scan: the heads' hints select the records to check; the current copies decide. */
#include "daemon/workers/dead_workers.h"
#include "daemon/board/task.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include "tools/common/loop_source.h"
#include <errno.h>
#include <stdlib.h>

enum {
	SCAN_CHUNK = 65536, /* heads per turn */
	ENDS_CHUNK = 1024,  /* tasks failed per turn: about 3 ms */
	/* Tasks of one worker failed per pass, so that one with a million tasks does not delay the
	 * others'. */
	QUOTA = 4096,
};
static const uint64_t RETRY_FIRST_NS = 2 * NS_PER_MS, RETRY_MOST_NS = 500 * NS_PER_MS;

/* ---- One record --------------------------------------------------------- */

/* Fail a task if it is open and this is its worker or keeper. 1, 0 or -EBUSY. */
static int lose(struct dead_workers *dead_workers, struct trackd_ref ref, uint64_t worker,
		const struct dead_worker *dead)
{
	struct loss loss;

	loss_describe(dead_workers->board, ref, worker, dead ? &dead->who : NULL,
		      dead ? dead->cause : 0, &loss);
	int result = record_end(dead_workers->board, ref, &loss.end, LOCK_TRY);
	if (result == -EBUSY || result == TRACKD_E_BUSY)
		return -EBUSY;
	return result == 0;
}

int dead_workers_check(struct dead_workers *dead_workers, uint32_t slot)
{
	struct worker_info info;
	struct trackd_ref ref;
	uint64_t worker, work;
	uint8_t state;

	if (!task_at(dead_workers->board, slot, &ref) ||
	    !record_peek(dead_workers->board, ref, &state, &worker, &work) ||
	    trackd_state_final(state) || worker == 0 ||
	    worker_resolve(dead_workers->board, worker, &info))
		return 0;
	return lose(dead_workers, ref, worker, NULL);
}

/* ---- The scan ----------------------------------------------------------- */

/* Note that this slot's task must be checked again. */
static void leave_over(struct dead_worker *dead_worker, uint32_t slot)
{
	if (slot < dead_worker->left)
		dead_worker->left = slot;
}

/* Whether a slot's task has lost its worker: it is open and belongs to this dead worker or to an
 * earlier user of its entry, which must be dead too. The entry may already have a new, live
 * user. */
static bool is_lost(const struct dead_workers *dead_workers, const struct dead_worker *dead_worker,
		    uint32_t slot, struct trackd_ref *ret_ref, uint64_t *ret_worker, bool *ret_his)
{
	struct worker_info other;
	uint64_t work;
	uint8_t state;

	if (!task_at(dead_workers->board, slot, ret_ref) ||
	    !record_peek(dead_workers->board, *ret_ref, &state, ret_worker, &work) ||
	    trackd_state_final(state))
		return false;
	*ret_his = *ret_worker == worker_make(dead_worker->who.entry, dead_worker->who.generation);
	return *ret_his || !worker_resolve(dead_workers->board, *ret_worker, &other);
}

/* 1: failed the slot's task. */
static int scan_slot(struct dead_workers *dead_workers, uint32_t slot)
{
	uint32_t entry = hint_entry(load_relaxed(&dead_workers->board->heads[slot].hint));
	struct trackd_ref ref;
	uint64_t worker;
	bool his;

	if (entry == 0 || entry > LAYOUT_CLIENTS)
		return 0;
	struct dead_worker *dead_worker = &dead_workers->dead[entry - 1];
	if (dead_worker->who.pid == 0 || slot < dead_worker->from)
		return 0;
	if (dead_worker->quota == 0) {
		leave_over(dead_worker, slot);
		return 0;
	}
	if (!is_lost(dead_workers, dead_worker, slot, &ref, &worker, &his))
		return 0;
	int result = lose(dead_workers, ref, worker, his ? dead_worker : NULL);
	if (result == -EBUSY)
		leave_over(dead_worker, slot);
	if (result == 1 && --dead_worker->quota == 0)
		dead_workers->n_spent++;
	return result == 1;
}

static void turn_on(sd_event_source *source)
{
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void begin_pass(struct dead_worker *dead_worker, uint32_t from)
{
	dead_worker->from = from;
	dead_worker->left = UINT32_MAX;
	dead_worker->quota = QUOTA;
}

/* Free the entries of workers without remaining tasks; the others stay for another pass. Returns
 * whether a worker has used up its quota. */
static bool end_each(struct dead_workers *dead_workers, uint32_t passed)
{
	uint32_t capacity = dead_workers->board->capacity, next = capacity;
	bool more = false;

	for (uint32_t i = 0; i < LAYOUT_CLIENTS; i++) {
		struct dead_worker *dead_worker = &dead_workers->dead[i];
		if (dead_worker->who.pid == 0)
			continue;
		leave_over(dead_worker, passed);
		if (dead_worker->left >= capacity) {
			worker_free(dead_workers->board, dead_worker->who.entry,
				    dead_worker->who.generation);
			dead_worker->who.pid = 0;
			dead_workers->n_dead--;
			dead_workers->ended = true;
			continue;
		}
		more = more || dead_worker->quota == 0;
		begin_pass(dead_worker, dead_worker->left);
		next = dead_worker->from < next ? dead_worker->from : next;
	}
	dead_workers->position = dead_workers->n_dead > 0 ? next : 0;
	dead_workers->n_spent = 0;
	return more;
}

static void end_of_pass(struct dead_workers *dead_workers, uint32_t passed)
{
	bool more = end_each(dead_workers, passed);

	if (more) {
		turn_on(dead_workers->turn);
	} else if (dead_workers->n_dead > 0) {
		(void)loop_timer_set(dead_workers->retry, dead_workers->retry_ns / 1000);
		dead_workers->retry_ns *= 2;
		if (dead_workers->retry_ns > RETRY_MOST_NS)
			dead_workers->retry_ns = RETRY_MOST_NS;
	} else {
		dead_workers->retry_ns = RETRY_FIRST_NS;
	}
	if (dead_workers->ended)
		dead_workers->after(dead_workers->after_data);
	dead_workers->ended = false;
}

static int scan(sd_event_source *source, void *data)
{
	struct dead_workers *dead_workers = data;
	const struct board *board = dead_workers->board;
	uint32_t slot = slot_next_used(board, dead_workers->position);
	int failed = 0;

	for (uint32_t i = 0; i < SCAN_CHUNK && failed < ENDS_CHUNK && slot < board->capacity &&
			     dead_workers->n_spent < dead_workers->n_dead;
	     i++) {
		failed += scan_slot(dead_workers, slot);
		slot = slot_next_used(board, slot + 1);
	}
	/* Wake the waiters now, without relying on the doorbell. */
	if (failed > 0)
		event_wake_all(dead_workers->board);
	dead_workers->position = slot;
	if (slot < board->capacity && dead_workers->n_spent < dead_workers->n_dead)
		turn_on(source);
	else
		end_of_pass(dead_workers, slot);
	return 0;
}

static int retry(sd_event_source *source, uint64_t usec, void *data)
{
	struct dead_workers *dead_workers = data;

	(void)source;
	(void)usec;
	turn_on(dead_workers->turn);
	return 0;
}

void dead_workers_add(struct dead_workers *dead_workers, const struct worker_info *worker,
		      uint64_t cause)
{
	struct dead_worker *dead = &dead_workers->dead[worker->entry];

	if (dead->who.pid != 0 && dead->who.generation == worker->generation)
		return;
	dead_workers->n_dead += dead->who.pid == 0;
	dead_workers->n_spent -= dead->who.pid != 0 && dead->quota == 0;
	dead->who = *worker;
	dead->cause = cause;
	begin_pass(dead, 0);
	/* A running pass may have passed some of its tasks, so restart it. For the other workers
	 * this costs only the reading of heads. */
	dead_workers->position = 0;
	turn_on(dead_workers->turn);
}

int dead_workers_init(struct dead_workers *dead_workers, sd_event *event, struct board *board,
		      void (*after)(void *), void *after_data)
{
	int error;

	*dead_workers = (struct dead_workers){
		.board = board, .retry_ns = RETRY_FIRST_NS, .after = after, .after_data = after_data
	};
	dead_workers->dead = calloc(LAYOUT_CLIENTS, sizeof *dead_workers->dead);
	if (!dead_workers->dead)
		return -ENOMEM;
	/* After the pidfds, so that all current deaths are known before the scan. */
	error = loop_defer(event, &dead_workers->turn, SD_EVENT_PRIORITY_IMPORTANT + 1, scan,
			   dead_workers);
	if (error >= 0)
		error = loop_timer(event, &dead_workers->retry, 1000, retry, dead_workers);
	if (error < 0)
		dead_workers_free(dead_workers);
	return error < 0 ? error : 0;
}

void dead_workers_free(struct dead_workers *dead_workers)
{
	sd_event_source_disable_unref(dead_workers->turn);
	sd_event_source_disable_unref(dead_workers->retry);
	free(dead_workers->dead);
	dead_workers->turn = dead_workers->retry = NULL;
	dead_workers->dead = NULL;
}
