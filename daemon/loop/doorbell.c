/* SPDX-License-Identifier: MIT */
/*
 * A round: set `armed`, compare the header words that producers change with their values in the
 * last round, sleep if none has changed, clear `armed`, store the position of the event ring, wake
 * all waiters. A producer loads `armed` after publishing. So either it sees the ticket and wakes
 * this thread, or the comparison sees its event, its new client or its request for repair.
 */
#include "daemon/loop/doorbell.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include "tools/common/thread.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The length of an idle round, which limits the delay after a lost wake-up. */
static const uint64_t IDLE_NS = NS_PER_S;
/* The shortest interval between wake-ups, so that producers rarely pay for one. */
static const uint64_t REARM_NS = NS_PER_MS;
/* The longest sleep while an entry is unfinished. Readers skip such an entry after 10 ms and must
 * be woken for that. */
static const uint64_t UNFINISHED_NS = 10 * NS_PER_MS;
/* The number of short rounds for an unfinished entry, whose producer may be stopped or dead. */
enum { UNFINISHED_ROUNDS = 3 };

/* The header words that mean work for the event loop, as of its last wake-up. */
struct pulse {
	uint64_t events;
	uint64_t cursor; /* moves with every create, even if the creator died before its event */
	uint32_t client_change;
	uint32_t repair_due;
};

struct doorbell_loop {
	struct doorbell *doorbell;
	struct board *board;
	uint32_t ticket;
	uint64_t position; /* of the ring, before the last wake-up */
	uint64_t last_ns;  /* of the last wake-up */
	uint64_t checked;  /* entries before it are complete or skipped */
	unsigned unfinished;
	uint64_t fed_ns; /* when the watchdog was last fed */
	struct pulse pulse;
};

/* ---- The loop's state --------------------------------------------------- */

void doorbell_busy(struct doorbell *doorbell)
{
	store_relaxed(&doorbell->busy_since, clock_monotonic_ns());
}

void doorbell_idle(struct doorbell *doorbell)
{
	store_relaxed(&doorbell->busy_since, 0);
}

void doorbell_clear(struct doorbell *doorbell)
{
	uint64_t count;

	(void)!read(doorbell->event_fd, &count, sizeof count);
}

static void tell_loop(struct doorbell *doorbell)
{
	static const uint64_t one = 1;

	(void)!write(doorbell->event_fd, &one, sizeof one);
}

static void feed_watchdog(struct doorbell_loop *loop, uint64_t now)
{
	struct doorbell *doorbell = loop->doorbell;
	uint64_t since = load_relaxed(&doorbell->busy_since);

	if (doorbell->watchdog_ns == 0 || now - loop->fed_ns < doorbell->watchdog_ns)
		return;
	/* Do not feed the watchdog if the event loop hangs in a callback. */
	if (since != 0 && now - since > doorbell->busy_limit_ns)
		return;
	loop->fed_ns = now;
	service_notify_watchdog(doorbell->notify);
}

/* ---- Rounds ------------------------------------------------------------- */

static struct pulse take_pulse(const struct board *board)
{
	const struct layout_header *header = board->header;

	return (struct pulse){ load_relaxed(&header->event_next), load_relaxed(&header->cursor),
			       load_relaxed(&header->client_change),
			       load_relaxed(&header->repair_due) };
}

static bool has_moved(const struct pulse *a, const struct pulse *b)
{
	return a->events != b->events || a->cursor != b->cursor ||
	       a->client_change != b->client_change || a->repair_due != b->repair_due;
}

/* Whether the event loop has work to do. */
static bool work_for_loop(struct doorbell_loop *loop)
{
	struct pulse pulse = take_pulse(loop->board);
	bool moved = has_moved(&pulse, &loop->pulse);

	loop->pulse = pulse;
	return moved || pulse.repair_due != 0;
}

/* Whether a producer has published since the last turn without waking this thread, which was not
 * asleep. */
static bool has_rung(const struct doorbell_loop *loop)
{
	struct pulse pulse = take_pulse(loop->board);

	return event_head(loop->board) != loop->position ||
	       pulse.client_change != loop->pulse.client_change ||
	       pulse.repair_due != loop->pulse.repair_due;
}

/* Whether the ring holds an unfinished entry that has not been skipped. */
static bool has_unfinished(struct doorbell_loop *loop)
{
	uint64_t head = event_head(loop->board);

	if (head - loop->checked > LAYOUT_EVENTS)
		loop->checked = head;
	while (loop->checked != head && event_whole(loop->board, loop->checked)) {
		loop->checked++;
		loop->unfinished = 0;
	}
	if (loop->checked == head)
		return false;
	if (++loop->unfinished <= UNFINISHED_ROUNDS)
		return true;
	loop->checked++;
	loop->unfinished = 0;
	return false;
}

static uint64_t sleep_limit(struct doorbell_loop *loop, uint64_t now, bool unfinished)
{
	uint64_t limit = unfinished ? UNFINISHED_NS : IDLE_NS;

	if (loop->doorbell->watchdog_ns != 0 && loop->doorbell->watchdog_ns < limit)
		limit = loop->doorbell->watchdog_ns;
	return now + limit;
}

static void sleep_until(uint64_t until)
{
	struct timespec ts = { .tv_sec = (time_t)(until / NS_PER_S),
			       .tv_nsec = (long)(until % NS_PER_S) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

/* Wait for the doorbell. True if the ring moved or an unfinished entry must be checked again. */
static bool wait_for_ring(struct doorbell_loop *loop)
{
	struct layout_header *header = loop->board->header;
	bool unfinished = has_unfinished(loop);
	uint32_t count = event_doorbell(loop->board);

	if (++loop->ticket == 0)
		loop->ticket = 1;
	store_relaxed(&header->armed, loop->ticket);
	/* Orders the store of `armed` before the loads in has_rung(); pairs with the full fence in
	 * event_ring(). */
	fence_full();
	if (!has_rung(loop) && load_relaxed(&loop->doorbell->stop) == 0)
		event_doorbell_wait(loop->board, count,
				    sleep_limit(loop, clock_monotonic_ns(), unfinished));
	store_relaxed(&header->armed, 0);
	return unfinished || event_head(loop->board) != loop->position;
}

static void turn(struct doorbell_loop *loop)
{
	bool moved = wait_for_ring(loop);
	uint64_t now = clock_monotonic_ns();

	if (moved) {
		if (now - loop->last_ns < REARM_NS) {
			sleep_until(loop->last_ns + REARM_NS);
			now = clock_monotonic_ns();
		}
		loop->last_ns = now;
		/* Store the position before the wake-up: the next round does not sleep if an event
		 * follows. */
		loop->position = event_head(loop->board);
		event_wake_all(loop->board);
	}
	if (work_for_loop(loop) || moved)
		tell_loop(loop->doorbell);
	offsets_refresh(loop->board);
	service_notify_again(loop->doorbell->notify);
	feed_watchdog(loop, now);
}

static void *doorbell_main(void *argument)
{
	struct doorbell *doorbell = argument;
	struct doorbell_loop loop = {
		.doorbell = doorbell,
		.board = doorbell->board,
		.position = event_head(doorbell->board),
		.checked = event_head(doorbell->board),
	};

	while (load_relaxed(&doorbell->stop) == 0)
		turn(&loop);
	return NULL;
}

int doorbell_start(struct doorbell *doorbell, struct board *board, struct service_notify *notify,
		   uint64_t watchdog_ns)
{
	int error;

	*doorbell = (struct doorbell){ .board = board,
				       .notify = notify,
				       .watchdog_ns = watchdog_ns / 3,
				       .busy_limit_ns = watchdog_ns / 2 };
	doorbell->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (doorbell->event_fd < 0)
		return -errno;
	error = thread_start(&doorbell->thread, doorbell_main, doorbell);
	if (error < 0) {
		close(doorbell->event_fd);
		return error;
	}
	doorbell->running = true;
	return 0;
}

void doorbell_stop(struct doorbell *doorbell)
{
	if (!doorbell->running)
		return;
	store_relaxed(&doorbell->stop, 1);
	fence_full();
	event_ring(doorbell->board);
	pthread_join(doorbell->thread, NULL);
	close(doorbell->event_fd);
	doorbell->running = false;
}
