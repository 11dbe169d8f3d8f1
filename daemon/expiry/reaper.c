/* SPDX-License-Identifier: MIT */
/* Timers, events and the removal of expired tasks. */
#include "daemon/expiry/reaper.h"
#include "daemon/board/task.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { EVENT_BATCH = 4096, EXPIRE_BATCH = 1024 };

/* The shortest interval between two checks of a task. Without it, checks before a deadline would
 * not end. */
static const uint64_t LOOK_MIN_NS = 100 * NS_PER_MS;
/* When to retry a locked record. Readers already treat it as expired. */
static const uint64_t BUSY_NS = NS_PER_S;

/* ---- One task ----------------------------------------------------------- */

/* Whether only the body tells when to check a task again. */
static bool has_limits(const struct layout_head *head)
{
	uint32_t hint = load_relaxed(&head->hint);

	return hint_state(hint) == TRACKD_ACTIVE ||
	       (hint_state(hint) == TRACKD_PENDING && (hint & HINT_LIMITED) != 0);
}

/* Well before an active task's worker is given up, so that one that only advances is renewed. */
static uint64_t before(uint64_t end, uint64_t now)
{
	if (end == UINT64_MAX || end < now + 2 * LOOK_MIN_NS)
		return end;
	return now + (end - now) / 2;
}

/* When to check a task again. limits: NULL if only its deadline counts. */
static uint64_t next_look(const struct layout_head *head, const struct limits *limits, uint64_t now)
{
	uint64_t next = load_relaxed(&head->deadline);

	if (!limits)
		return next;
	if (limits->active_ttl < next)
		next = limits->active_ttl;
	if (limits->state == TRACKD_ACTIVE)
		next = before(next, now);
	return limits->fixed < next ? limits->fixed : next;
}

/* Extend the time to live of a task whose worker only advances. */
static void renew(struct reaper *reaper, struct trackd_ref ref, uint64_t work)
{
	/* The counter contains its tenant's generation, so another task's counter differs. */
	if (reaper->seen[ref.slot] != 0 && reaper->seen[ref.slot] != work &&
	    work_is_of(reaper->seen[ref.slot], ref.generation))
		(void)record_renew(reaper->board, ref, LOCK_TRY);
	reaper->seen[ref.slot] = work;
}

static void expire(struct reaper *reaper, struct trackd_ref ref, uint64_t now)
{
	int error = slot_remove(reaper->board, ref, SLOT_REMOVE_EXPIRED, LOCK_TRY);

	if (error == -EBUSY || error == TRACKD_E_BUSY)
		wheel_set(&reaper->wheel, ref.slot, now + BUSY_NS);
	else if (error == -EAGAIN) /* renewed just now */
		reaper_look(reaper, ref.slot, now);
}

/* End an open task that has passed a limit, or renew it. Returns when to look again. */
static uint64_t check_limits(struct reaper *reaper, struct trackd_ref ref, uint64_t now)
{
	const struct layout_head *head = &reaper->board->heads[ref.slot];
	struct limits limits;

	if (!limits_read(reaper->board, ref, &limits))
		return load_relaxed(&head->deadline);
	if (limits.fixed <= now || limits.active_ttl <= now) {
		int error = record_limit(reaper->board, ref, LOCK_TRY);
		if (error == -EBUSY || error == TRACKD_E_BUSY)
			return now + BUSY_NS;
		reaper->ended = reaper->ended || error == TRACKD_E_FINAL;
	} else if (limits.state == TRACKD_ACTIVE) {
		renew(reaper, ref, limits.work);
	}
	return limits_read(reaper->board, ref, &limits) ? next_look(head, &limits, now)
							: load_relaxed(&head->deadline);
}

/* Handle a timer that is due. */
static void come_up(struct reaper *reaper, uint32_t slot, uint64_t now)
{
	const struct layout_head *head = &reaper->board->heads[slot];
	struct trackd_ref ref;

	if (!task_at(reaper->board, slot, &ref))
		return;
	if (load_relaxed(&head->deadline) <= now)
		expire(reaper, ref, now);
	else if (has_limits(head))
		wheel_set(&reaper->wheel, slot, check_limits(reaper, ref, now));
	else
		wheel_set(&reaper->wheel, slot, next_look(head, NULL, now));
}

static void set_timers(struct reaper *reaper, uint32_t slot, uint64_t now)
{
	const struct layout_head *head = &reaper->board->heads[slot];
	struct trackd_ref ref;
	struct limits limits;

	if (!task_at(reaper->board, slot, &ref))
		return;
	if (!has_limits(head) || !limits_read(reaper->board, ref, &limits)) {
		wheel_set_earlier(&reaper->wheel, slot, next_look(head, NULL, now));
		return;
	}
	if (limits.state == TRACKD_ACTIVE && !work_is_of(reaper->seen[slot], ref.generation))
		reaper->seen[slot] = limits.work;
	wheel_set_earlier(&reaper->wheel, slot, next_look(head, &limits, now));
	progress_watch_look(&reaper->progress, ref, &limits, now);
}

void reaper_look(struct reaper *reaper, uint32_t slot, uint64_t now)
{
	uint32_t parent;

	/* The times of a parent begin when its last child ends, which is no event of its own. */
	if (reaper->families && families_look(reaper->families, slot, &parent))
		set_timers(reaper, parent, now);
	set_timers(reaper, slot, now);
}

/* ---- Events and time ---------------------------------------------------- */

enum reaper_result reaper_events(struct reaper *reaper)
{
	struct trackd_event event = TRACKD_EVENT_INIT;
	uint64_t now = clock_boot_ns();

	for (int i = 0; i < EVENT_BATCH; i++) {
		int result = event_next(reaper->board, &reaper->cursor, &event);
		if (result == TRACKD_E_LAPPED)
			return REAPER_LAPPED;
		if (result <= 0)
			return REAPER_DONE;
		if (event.ref.slot < reaper->board->capacity)
			reaper_look(reaper, event.ref.slot, now);
	}
	return REAPER_MORE;
}

void reaper_arm(struct reaper *reaper)
{
	uint64_t next = wheel_next(&reaper->wheel);

	progress_watch_arm(&reaper->progress);
	if (next == UINT64_MAX) {
		(void)sd_event_source_set_enabled(reaper->timer, SD_EVENT_OFF);
		return;
	}
	(void)sd_event_source_set_time(reaper->timer, next / 1000 + 1);
	(void)sd_event_source_set_enabled(reaper->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct reaper *reaper = data;
	uint64_t now = clock_boot_ns();
	uint32_t slot;

	(void)source;
	(void)usec;
	for (int i = 0; i < EXPIRE_BATCH && wheel_take(&reaper->wheel, now, &slot); i++)
		come_up(reaper, slot, now);
	/* Wake the waiters now, without relying on the doorbell. */
	if (reaper->ended)
		event_wake_all(reaper->board);
	reaper->ended = false;
	reaper_arm(reaper);
	return 0;
}

int reaper_init(struct reaper *reaper, sd_event *event, struct board *board, uint64_t from)
{
	int error;

	*reaper = (struct reaper){ .board = board, .cursor = event_cursor(board, from) };
	error = wheel_init(&reaper->wheel, board->capacity, WHEEL_COARSE, clock_boot_ns());
	if (error < 0)
		return error;
	reaper->seen = calloc(board->capacity, sizeof *reaper->seen);
	if (!reaper->seen) {
		reaper_free(reaper);
		return -ENOMEM;
	}
	error = sd_event_add_time(event, &reaper->timer, CLOCK_BOOTTIME, UINT64_MAX, 1000, on_timer,
				  reaper);
	if (error >= 0)
		error = sd_event_source_set_enabled(reaper->timer, SD_EVENT_OFF);
	if (error >= 0)
		error = progress_watch_init(&reaper->progress, event, board);
	if (error < 0)
		reaper_free(reaper);
	return error < 0 ? error : 0;
}

void reaper_free(struct reaper *reaper)
{
	sd_event_source_disable_unref(reaper->timer);
	reaper->timer = NULL;
	free(reaper->seen);
	reaper->seen = NULL;
	wheel_free(&reaper->wheel);
	progress_watch_free(&reaper->progress);
}
