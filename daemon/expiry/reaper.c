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

static bool is_active(const struct layout_head *head)
{
	return hint_state(load_relaxed(&head->hint)) == TRACKD_ACTIVE;
}

/* When to check a task again. */
static uint64_t next_look(const struct layout_head *head, uint64_t now)
{
	uint64_t deadline = load_relaxed(&head->deadline);

	if (deadline == UINT64_MAX || !is_active(head) || deadline < now + 2 * LOOK_MIN_NS)
		return deadline;
	return now + (deadline - now) / 2;
}

/* Extend the deadline of a task whose worker only advances. */
static void renew(struct reaper *reaper, struct trackd_ref ref)
{
	uint64_t worker, work;
	uint8_t state;

	if (!record_peek(reaper->board, ref, &state, &worker, &work) || state != TRACKD_ACTIVE)
		return;
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
		wheel_set(&reaper->wheel, ref.slot,
			  next_look(&reaper->board->heads[ref.slot], now));
}

/* Handle a timer that is due. */
static void come_up(struct reaper *reaper, uint32_t slot, uint64_t now)
{
	const struct layout_head *head = &reaper->board->heads[slot];
	struct trackd_ref ref;

	if (!task_at(reaper->board, slot, &ref))
		return;
	if (load_relaxed(&head->deadline) <= now) {
		expire(reaper, ref, now);
		return;
	}
	if (is_active(head))
		renew(reaper, ref);
	wheel_set(&reaper->wheel, slot, next_look(head, now));
}

void reaper_look(struct reaper *reaper, uint32_t slot, uint64_t now)
{
	const struct layout_head *head = &reaper->board->heads[slot];
	struct trackd_ref ref;
	uint64_t worker, work;
	uint8_t state;

	if (!task_at(reaper->board, slot, &ref))
		return;
	if (is_active(head) && !work_is_of(reaper->seen[slot], ref.generation) &&
	    record_peek(reaper->board, ref, &state, &worker, &work))
		reaper->seen[slot] = work;
	wheel_set_earlier(&reaper->wheel, slot, next_look(head, now));
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
	reaper_arm(reaper);
	return 0;
}

int reaper_init(struct reaper *reaper, sd_event *event, struct board *board, uint64_t from)
{
	int error;

	*reaper = (struct reaper){ .board = board, .cursor = event_cursor(board, from) };
	error = wheel_init(&reaper->wheel, board->capacity, clock_boot_ns());
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
}
