/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/tend.h"
#include "libclient/record/record.h"
#include "libclient/record/repair.h"
#include "libclient/record/slot.h"
#include "libclient/record/view.h"
#include "libclient/record/worker.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/lock.h"
#include "libclient/signal/event.h"
#include <errno.h>

/* Liveness: fail what a dead process left, free its entry. */
static void tend_worker(struct board *board, struct trackd_ref ref)
{
	static const struct record_end lost = { .state = TRACKD_FAILED,
						.reason = TRACKD_REASON_WORKER_LOST,
						.message = "Processing failed",
						.error = "worker lost" };
	struct worker_info info;
	uint64_t worker, work;
	uint8_t state;

	if (!record_peek(board, ref, &state, &worker, &work))
		return;
	if (worker_resolve(board, worker, &info)) {
		if (!process_dead(info.pid, info.start_time))
			return;
		worker_free(board, info.entry, info.generation);
	}
	struct record_end end = lost;
	end.only_worker = worker;
	if (worker != 0)
		(void)record_end(board, ref, &end, LOCK_TRY);
}

/* Expiry, renewal, liveness of one record. */
static void tend_slot(struct board *board, uint32_t slot)
{
	const struct layout_head *head = &board->heads[slot];
	uint64_t stamp = load_acquire(&head->stamp);
	struct trackd_ref ref = { slot, stamp_generation(stamp) };
	struct trackd_task task = TRACKD_TASK_INIT;

	if (stamp_state(stamp) != SLOT_LIVE)
		return;
	if (view_copy(board, ref, board_coarse_ns(board), &task) == 0)
		tend_worker(board, ref);
	(void)record_renew(board, ref, LOCK_TRY);
	(void)slot_remove(board, ref, SLOT_REMOVE_EXPIRED, LOCK_TRY);
}

static void tend_events(struct board *board)
{
	uint64_t head = event_head(board);
	struct trackd_cursor cursor = event_cursor(board, head > 32 ? head - 32 : 0);
	struct trackd_event event = TRACKD_EVENT_INIT;

	for (int i = 0; i < 64; i++)
		if (event_next(board, &cursor, &event) == 0)
			break;
	event_ring(board);
	event_wake_all(board);
}

void tend_round(struct board *board)
{
	struct worker_info info;

	for (uint32_t slot = 0; slot < board->capacity; slot++)
		tend_slot(board, slot);
	for (uint32_t entry = 0; entry < 16; entry++)
		(void)worker_read(board, entry, &info);
	tend_events(board);
	(void)repair_all(board, LOCK_TRY);
	(void)slot_count(board);
	(void)repair_all(board, LOCK_TRY);
}

static unsigned held(union layout_mutex *mutex)
{
	int error = lock_take(mutex, LOCK_TRY);

	if (error >= 0)
		lock_drop(mutex);
	return error < 0;
}

unsigned tend_held(struct board *board)
{
	unsigned n = held(&board->kinds->mutex);

	for (uint32_t i = 0; i < LAYOUT_STRIPES; i++)
		n += held(&board->id_stripes[i].mutex) + held(&board->owner_stripes[i].mutex) +
		     held(&board->family_stripes[i].mutex);
	for (uint32_t i = 0; i < board->capacity; i++)
		n += held(&board->bodies[i].mutex);
	return n;
}
