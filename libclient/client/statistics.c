/* SPDX-License-Identifier: MIT */
/* trackd_stats(): the counters of the board's header, and the results of a scan of its heads. */
#include "libclient/client/client.h"
#include "libclient/public.h"
#include "libclient/record/slot.h"
#include "libclient/record/worker.h"
#include "libclient/segment/atomic.h"
#include "libclient/signal/event.h"
#include <errno.h>
#include <string.h>

static void count_states(const struct board *board, struct trackd_stats *stats)
{
	uint64_t now = board_coarse_ns(board);
	uint32_t by_state[TRACKD_CANCELLED + 1] = { 0 };

	for (uint32_t slot = slot_next_used(board, 0); slot < board->capacity;
	     slot = slot_next_used(board, slot + 1)) {
		const struct layout_head *head = &board->heads[slot];
		uint8_t state = hint_state(load_relaxed(&head->hint));

		if (stamp_state(load_acquire(&head->stamp)) != SLOT_LIVE ||
		    now >= load_relaxed(&head->deadline))
			continue;
		stats->used++;
		if (state <= TRACKD_CANCELLED)
			by_state[state]++;
	}
	stats->pending = by_state[TRACKD_PENDING];
	stats->active = by_state[TRACKD_ACTIVE];
	stats->completed = by_state[TRACKD_COMPLETED];
	stats->failed = by_state[TRACKD_FAILED];
	stats->cancelled = by_state[TRACKD_CANCELLED];
}

static void copy_counters(const struct layout_counters *from, struct trackd_stats *to)
{
	to->n_created = load_relaxed(&from->created);
	to->n_completed = load_relaxed(&from->completed);
	to->n_failed = load_relaxed(&from->failed);
	to->n_cancelled = load_relaxed(&from->cancelled);
	to->n_removed = load_relaxed(&from->removed);
	to->n_expired = load_relaxed(&from->expired);
	to->n_evicted = load_relaxed(&from->evicted);
	to->n_worker_lost = load_relaxed(&from->worker_lost);
	to->n_repaired = load_relaxed(&from->repaired);
	to->n_locks_recovered = load_relaxed(&from->locks_recovered);
	to->n_refused_full = load_relaxed(&from->refused_full);
	to->n_refused_exists = load_relaxed(&from->refused_exists);
	to->n_refused_final = load_relaxed(&from->refused_final);
	to->n_busy = load_relaxed(&from->busy);
	to->n_events_lost = load_relaxed(&from->events_lost);
	to->n_lapped = load_relaxed(&from->lapped);
	to->n_attach_refused = load_relaxed(&from->attach_refused);
	to->n_timed_out = load_relaxed(&from->timed_out);
}

static void copy_header(const struct board *board, struct trackd_stats *stats)
{
	const struct layout_header *header = board->header;
	uint64_t wall = board_wall_offset(board);
	uint64_t start = load_relaxed(&header->daemon_start_ns);

	memcpy(stats->board_id, header->board_id, sizeof stats->board_id);
	stats->capacity = board->tasks_max;
	stats->bytes = board->size;
	stats->ttl_ms = load_relaxed(&header->ttl_ms);
	stats->active_ttl_ms = load_relaxed(&header->active_ttl_ms);
	stats->daemon_pid = load_relaxed(&header->daemon_pid);
	stats->daemon_epoch = load_relaxed(&header->daemon_epoch);
	stats->daemon_start_ns = start ? start + wall : 0;
	stats->snapshot_ns = (uint64_t)load_relaxed(&header->snapshot_wall_ns);
	stats->events = event_head(board);
}

PUBLIC void trackd_board_id(struct trackd *trackd, uint8_t ret_id[16])
{
	const struct board *board = attach_reader(trackd, clock_coarse_ns());

	memcpy(ret_id, board->header->board_id, sizeof board->header->board_id);
}

PUBLIC int trackd_stats(struct trackd *trackd, struct trackd_stats *ret_stats)
{
	const struct board *board = attach_reader(trackd, clock_coarse_ns());
	struct trackd_stats stats = { .size = ret_stats->size };
	struct worker_info worker;

	if (ret_stats->size < offsetof(struct trackd_stats, capacity))
		return -EINVAL;
	memcpy(stats.board, trackd->address.board, sizeof stats.board);
	copy_header(board, &stats);
	copy_counters(&board->header->counters, &stats);
	count_states(board, &stats);
	for (uint32_t i = 0; i < LAYOUT_CLIENTS; i++)
		stats.clients += worker_read(board, i, &worker);
	memcpy(ret_stats, &stats, stats.size < sizeof stats ? stats.size : sizeof stats);
	return 0;
}
