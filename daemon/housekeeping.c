/* SPDX-License-Identifier: MIT */
/* Rounds of the event loop. Each wakes waiting clients first; the rest is housekeeping. */
#include "daemon/housekeeping.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include "libclient/trackd.h"
#include "tools/common/loop_source.h"

enum {
	SLOW_USEC = 30000000, /* delay of the sweep after a change */
	STATUS_USEC = 1000000,
	STATUS_BIG_USEC = 10000000, /* on a big board, where counting takes milliseconds */
	BIG = 65536,
	COUNT_CHUNK = 65536, /* heads per turn */
};

/* Arm a one-shot timer unless it is armed. */
static void arm(sd_event_source *timer, uint64_t usec)
{
	int enabled = SD_EVENT_OFF;

	if (sd_event_source_get_enabled(timer, &enabled) < 0 || enabled != SD_EVENT_OFF)
		return;
	(void)loop_timer_set(timer, usec);
}

static void changed(struct housekeeping *housekeeping)
{
	arm(housekeeping->slow, SLOW_USEC);
	if (housekeeping->parts.notify->fd >= 0)
		arm(housekeeping->status,
		    housekeeping->parts.board->capacity > BIG ? STATUS_BIG_USEC : STATUS_USEC);
	saver_touch(housekeeping->parts.saver);
}

static int read_events(sd_event_source *source, void *data)
{
	struct housekeeping *housekeeping = data;

	(void)source;
	switch (reaper_events(housekeeping->parts.reaper)) {
	case REAPER_LAPPED:
		sweep_ask(housekeeping->parts.sweep, SWEEP_HEADS);
		/* fall through */
	case REAPER_MORE:
		(void)sd_event_source_set_enabled(housekeeping->events, SD_EVENT_ONESHOT);
		break;
	case REAPER_DONE:
		break;
	}
	reaper_arm(housekeeping->parts.reaper);
	return 0;
}

static int on_doorbell(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct housekeeping *housekeeping = data;
	const struct housekeeping_parts *parts = &housekeeping->parts;

	(void)fd;
	(void)revents;
	doorbell_clear(parts->doorbell);
	control_ring(parts->control);
	liveness_walk(parts->liveness, false);
	if (load_relaxed(&parts->board->header->repair_due) != 0)
		sweep_ask(parts->sweep, SWEEP_STRIPES);
	journal_wake(parts->journal);
	changed(housekeeping);
	return read_events(source, housekeeping);
}

void housekeeping_after_death(struct housekeeping *housekeeping)
{
	sweep_ask(housekeeping->parts.sweep, SWEEP_LOCKS);
	changed(housekeeping);
}

static int on_slow(sd_event_source *source, uint64_t usec, void *data)
{
	struct housekeeping *housekeeping = data;

	(void)source;
	(void)usec;
	liveness_walk(housekeeping->parts.liveness, true);
	sweep_ask(housekeeping->parts.sweep, SWEEP_LOCKS);
	return 0;
}

/* Count the active tasks of one part of the board per turn, so that handling a death is not delayed
 * by a whole scan. */
static void count_some(struct housekeeping *housekeeping)
{
	const struct board *board = housekeeping->parts.board;
	uint32_t slot = slot_next_used(board, housekeeping->counted);

	for (uint32_t i = 0; i < COUNT_CHUNK && slot < board->capacity; i++) {
		const struct layout_head *head = &board->heads[slot];
		housekeeping->active += stamp_state(load_relaxed(&head->stamp)) == SLOT_LIVE &&
					hint_state(load_relaxed(&head->hint)) == TRACKD_ACTIVE;
		slot = slot_next_used(board, slot + 1);
	}
	housekeeping->counted = slot;
}

static void say_status(const struct housekeeping *housekeeping, uint32_t used, uint32_t capacity)
{
	(void)service_notify_status(
		housekeeping->parts.notify, "%u tasks active, %u of %u slots used (%u %%)",
		housekeeping->active, used, capacity, (unsigned)(UINT64_C(100) * used / capacity));
}

static int on_status(sd_event_source *source, uint64_t usec, void *data)
{
	struct housekeeping *housekeeping = data;
	const struct board *board = housekeeping->parts.board;

	(void)usec;
	count_some(housekeeping);
	if (housekeeping->counted < board->capacity) {
		(void)loop_timer_set(source, 0);
		return 0;
	}
	say_status(housekeeping, slot_count(board), board->tasks_max);
	housekeeping->counted = housekeeping->active = 0;
	return 0;
}

int housekeeping_init(struct housekeeping *housekeeping, sd_event *event,
		      const struct housekeeping_parts *parts)
{
	int error;

	*housekeeping = (struct housekeeping){ .parts = *parts };
	error = sd_event_add_io(event, &housekeeping->doorbell, parts->doorbell->event_fd, EPOLLIN,
				on_doorbell, housekeeping);
	if (error >= 0)
		error = loop_defer(event, &housekeeping->events, SD_EVENT_PRIORITY_NORMAL,
				   read_events, housekeeping);
	if (error >= 0)
		error = loop_timer(event, &housekeeping->slow, 0, on_slow, housekeeping);
	if (error >= 0)
		error = loop_timer(event, &housekeeping->status, 0, on_status, housekeeping);
	if (error < 0) {
		housekeeping_free(housekeeping);
		return error;
	}
	/* Handle the initial state of the board. */
	changed(housekeeping);
	return 0;
}

void housekeeping_free(struct housekeeping *housekeeping)
{
	sd_event_source_disable_unref(housekeeping->doorbell);
	sd_event_source_disable_unref(housekeeping->events);
	sd_event_source_disable_unref(housekeeping->slow);
	sd_event_source_disable_unref(housekeeping->status);
	housekeeping->doorbell = housekeeping->events = housekeeping->slow = housekeeping->status =
		NULL;
}
