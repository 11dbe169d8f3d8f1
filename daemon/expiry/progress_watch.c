/* SPDX-License-Identifier: MIT */
/* Reads the counters of active tasks with progress_within; see progress_watch.h. */
#include "daemon/expiry/progress_watch.h"
#include "daemon/board/task.h"
#include <errno.h>
#include <stdlib.h>

enum { BATCH = 1024 };

static const uint64_t LATE_MIN_NS = 10 * NS_PER_MS, LATE_MAX_NS = NS_PER_S;
/* What a timer may add: two ticks of the wheel, and the event loop. */
static const uint64_t TIMER_NS = 4 * NS_PER_MS;
/* If a timer is handled so much too late, the daemon was stopped, or the host suspended. */
static const uint64_t AWAY_NS = NS_PER_S;

/* How late a limit may be judged. */
static uint64_t late_ns(const struct limits *limits)
{
	uint64_t late = limits->progress_ms * NS_PER_MS / 8;

	if (late < LATE_MIN_NS)
		return LATE_MIN_NS;
	return late < LATE_MAX_NS ? late : LATE_MAX_NS;
}

/* Compare the counter with the last one, and return when the limit passes. */
static uint64_t read_counter(struct progress *task, struct trackd_ref ref,
			     const struct limits *limits, uint64_t now)
{
	bool anew = task->read == 0 || !work_is_of(task->work, ref.generation) ||
		    now - task->read > late_ns(limits) + AWAY_NS;

	if (anew || task->work != limits->work)
		task->moved = now;
	task->work = limits->work;
	task->read = now;
	uint64_t since = limits->updated > task->moved ? limits->updated : task->moved;
	return since + limits->progress_ms * NS_PER_MS;
}

static uint64_t next_read(const struct limits *limits, uint64_t end, uint64_t now)
{
	uint64_t next = now + late_ns(limits) - TIMER_NS;

	return next < end ? next : end;
}

void progress_watch_look(struct progress_watch *watch, struct trackd_ref ref,
			 const struct limits *limits, uint64_t now)
{
	if (limits->state != TRACKD_ACTIVE || limits->progress_ms == 0)
		return;
	uint64_t end = read_counter(&watch->tasks[ref.slot], ref, limits, now);

	wheel_set(&watch->wheel, ref.slot, next_read(limits, end, now));
}

/* Handle a timer that is due. Returns whether the task was ended. */
static bool come_up(struct progress_watch *watch, uint32_t slot, uint64_t now)
{
	struct trackd_ref ref;
	struct limits limits;
	int error = -EAGAIN;

	if (!task_at(watch->board, slot, &ref) || !limits_read(watch->board, ref, &limits) ||
	    limits.state != TRACKD_ACTIVE || limits.progress_ms == 0)
		return false;
	uint64_t end = read_counter(&watch->tasks[slot], ref, &limits, now);
	if (now >= end)
		error = record_stalled(watch->board, ref, limits.updated, limits.work, LOCK_TRY);
	if (error == 0)
		return true;
	/* It is locked, or has just made progress: read it again. */
	if (now >= end)
		end = UINT64_MAX;
	wheel_set(&watch->wheel, slot, next_read(&limits, end, now));
	return false;
}

void progress_watch_arm(struct progress_watch *watch)
{
	uint64_t next = wheel_next(&watch->wheel);

	if (next == UINT64_MAX) {
		(void)sd_event_source_set_enabled(watch->timer, SD_EVENT_OFF);
		return;
	}
	(void)sd_event_source_set_time(watch->timer, next / 1000 + 1);
	(void)sd_event_source_set_enabled(watch->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct progress_watch *watch = data;
	uint64_t now = clock_boot_ns();
	bool ended = false;
	uint32_t slot;

	(void)source;
	(void)usec;
	for (int i = 0; i < BATCH && wheel_take(&watch->wheel, now, &slot); i++)
		ended = come_up(watch, slot, now) || ended;
	/* Wake the waiters now, without relying on the doorbell. */
	if (ended)
		event_wake_all(watch->board);
	progress_watch_arm(watch);
	return 0;
}

int progress_watch_init(struct progress_watch *watch, sd_event *event, struct board *board)
{
	int error;

	*watch = (struct progress_watch){ .board = board };
	error = wheel_init(&watch->wheel, board->capacity, WHEEL_FINE, clock_boot_ns());
	if (error < 0)
		return error;
	watch->tasks = calloc(board->capacity, sizeof *watch->tasks);
	error = watch->tasks ? 0 : -ENOMEM;
	if (error == 0)
		error = sd_event_add_time(event, &watch->timer, CLOCK_BOOTTIME, UINT64_MAX, 250,
					  on_timer, watch);
	if (error >= 0)
		error = sd_event_source_set_enabled(watch->timer, SD_EVENT_OFF);
	if (error < 0)
		progress_watch_free(watch);
	return error < 0 ? error : 0;
}

void progress_watch_free(struct progress_watch *watch)
{
	sd_event_source_disable_unref(watch->timer);
	watch->timer = NULL;
	free(watch->tasks);
	watch->tasks = NULL;
	wheel_free(&watch->wheel);
}
