/* SPDX-License-Identifier: MIT */
/* Rounds. Who waits is rung first; the rest is housekeeping. */
#include "daemon/loop/housekeeping.h"
#include "libclient/record/slot.h"
#include "libclient/segment/atomic.h"
#include "libclient/trackd.h"

enum {
	SLOW_USEC = 30000000, /* after a change, the whole board is gone over once */
	STATUS_USEC = 1000000,
	STATUS_BIG_USEC = 10000000, /* counting a big board takes milliseconds */
	BIG = 65536,
	COUNT_CHUNK = 65536, /* heads a turn */
};

/* Arm a one-shot timer unless it is armed. */
static void arm(sd_event_source *timer, uint64_t usec)
{
	int enabled = SD_EVENT_OFF;

	if (sd_event_source_get_enabled(timer, &enabled) < 0 || enabled != SD_EVENT_OFF)
		return;
	(void)sd_event_source_set_time_relative(timer, usec);
	(void)sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static void changed(struct rounds *rounds)
{
	arm(rounds->slow, SLOW_USEC);
	if (rounds->parts.notify->enabled)
		arm(rounds->status,
		    rounds->parts.board->capacity > BIG ? STATUS_BIG_USEC : STATUS_USEC);
	saver_touch(rounds->parts.saver);
}

static int read_events(sd_event_source *source, void *data)
{
	struct rounds *rounds = data;

	(void)source;
	switch (reaper_events(rounds->parts.reaper)) {
	case REAPER_LAPPED:
		sweep_ask(rounds->parts.sweep, SWEEP_HEADS);
		/* fall through */
	case REAPER_MORE:
		(void)sd_event_source_set_enabled(rounds->events, SD_EVENT_ONESHOT);
		break;
	case REAPER_DONE:
		break;
	}
	reaper_arm(rounds->parts.reaper);
	return 0;
}

static int on_doorbell(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct rounds *rounds = data;
	const struct rounds_parts *parts = &rounds->parts;

	(void)fd;
	(void)revents;
	doorbell_clear(parts->doorbell);
	control_ring(parts->control);
	liveness_walk(parts->liveness, false);
	if (load_relaxed(&parts->board->header->repair_due) != 0)
		sweep_ask(parts->sweep, SWEEP_STRIPES);
	journal_wake(parts->journal);
	changed(rounds);
	return read_events(source, rounds);
}

void rounds_after_death(struct rounds *rounds)
{
	sweep_ask(rounds->parts.sweep, SWEEP_LOCKS);
	changed(rounds);
}

static int on_slow(sd_event_source *source, uint64_t usec, void *data)
{
	struct rounds *rounds = data;

	(void)source;
	(void)usec;
	liveness_walk(rounds->parts.liveness, true);
	sweep_ask(rounds->parts.sweep, SWEEP_LOCKS);
	return 0;
}

/* Active tasks are counted a piece a turn, so that a death waits for a piece and not for a board. */
static void count_some(struct rounds *rounds)
{
	const struct board *board = rounds->parts.board;
	uint32_t slot = slot_next_used(board, rounds->counted);

	for (uint32_t i = 0; i < COUNT_CHUNK && slot < board->capacity; i++) {
		const struct layout_head *head = &board->heads[slot];
		rounds->active += stamp_state(load_relaxed(&head->stamp)) == SLOT_LIVE &&
				  hint_state(load_relaxed(&head->hint)) == TRACKD_ACTIVE;
		slot = slot_next_used(board, slot + 1);
	}
	rounds->counted = slot;
}

static int on_status(sd_event_source *source, uint64_t usec, void *data)
{
	struct rounds *rounds = data;
	const struct board *board = rounds->parts.board;

	(void)usec;
	count_some(rounds);
	if (rounds->counted < board->capacity) {
		(void)sd_event_source_set_time_relative(source, 0);
		(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
		return 0;
	}
	notify_status(rounds->parts.notify, rounds->active, slot_count(board), board->tasks_max);
	rounds->counted = rounds->active = 0;
	return 0;
}

static int add_timer(sd_event *event, sd_event_source **source, sd_event_time_handler_t handler,
		     void *data)
{
	int error = sd_event_add_time_relative(event, source, CLOCK_MONOTONIC, 0, 0, handler, data);

	return error < 0 ? error : sd_event_source_set_enabled(*source, SD_EVENT_OFF);
}

int rounds_init(struct rounds *rounds, sd_event *event, const struct rounds_parts *parts)
{
	int error;

	*rounds = (struct rounds){ .parts = *parts };
	error = sd_event_add_io(event, &rounds->doorbell, parts->doorbell->event_fd, EPOLLIN,
				on_doorbell, rounds);
	if (error >= 0)
		error = sd_event_add_defer(event, &rounds->events, read_events, rounds);
	if (error >= 0)
		error = sd_event_source_set_enabled(rounds->events, SD_EVENT_OFF);
	if (error >= 0)
		error = add_timer(event, &rounds->slow, on_slow, rounds);
	if (error >= 0)
		error = add_timer(event, &rounds->status, on_status, rounds);
	if (error < 0) {
		rounds_free(rounds);
		return error;
	}
	/* The state of the board that we have come by. */
	changed(rounds);
	return 0;
}

void rounds_free(struct rounds *rounds)
{
	sd_event_source_disable_unref(rounds->doorbell);
	sd_event_source_disable_unref(rounds->events);
	sd_event_source_disable_unref(rounds->slow);
	sd_event_source_disable_unref(rounds->status);
	rounds->doorbell = rounds->events = rounds->slow = rounds->status = NULL;
}
