/* SPDX-License-Identifier: MIT */
/* What a reader does: one task or all of them, waiting, event loops, events, the board's statistics. */
#include "tests/e2e/clients/verbs/verbs.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <time.h>

int do_show(struct request *request)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	int error = trackd_copy(client.trackd, client.ref, &task);

	(void)request;
	if (error < 0)
		return error;
	say(" state=%s reason=%s status=%s progress=%u", trackd_state_name(task.state),
	    trackd_reason_name(task.reason), task.status, task.progress);
	say(" stage=%d done=%" PRIu64 " total=%" PRIu64 " revision=%" PRIu64 " flags=%u",
	    task.stage, task.done, task.total, task.revision, task.flags);
	say(" worker=%d alive=%d created=%" PRIu64 " updated=%" PRIu64, task.worker_pid,
	    trackd_worker_alive(&task), task.created_ns, task.updated_ns);
	say(" exit=%u exit_number=%d exit_flags=%u", task.worker_exit, task.worker_exit_number,
	    task.worker_exit_flags);
	say(" expires=%" PRIu64 " slot=%u generation=%u serial=%" PRIu64, task.expires_ns,
	    client.ref.slot, client.ref.generation, task.serial);
	say_text("owner", task.owner);
	say_text("name", task.name);
	say_text("message", task.message);
	say_text("error", task.error);
	return 0;
}

int do_wait(struct request *request)
{
	static const char *const names[] = { "final", "transition", "change" };
	int what = 0;

	while (what < 2 && strcmp(word(request, 2), names[what]) != 0)
		what++;
	return trackd_wait(client.trackd, client.ref, (enum trackd_wait_for)what, NULL,
			   (int64_t)number(word(request, 3)));
}

/* listen MS: as an event loop does, until the connection says that something may have happened. */
int do_listen(struct request *request)
{
	struct pollfd in = { .fd = trackd_fd(client.trackd), .events = POLLIN };
	int error = in.fd < 0 ? in.fd : 0;

	while (error == 0) {
		int n = poll(&in, 1, (int)number(word(request, 1)));

		error = n > 0 ? trackd_dispatch(client.trackd) : n == 0 ? -ETIMEDOUT : -errno;
	}
	return error;
}

/* cursor [SEQUENCE]: for `events`; without a number behind the newest. */
int do_cursor(struct request *request)
{
	if (request->n > 1)
		trackd_cursor_at(client.trackd, number(word(request, 1)), &client.cursor);
	else
		trackd_cursor_now(client.trackd, &client.cursor);
	return 0;
}

/* events: all that there are. How many, with the first and the last sequence; how many of them did not
 * follow the one before; how often the cursor was lapped, and how many it has missed so far. */
int do_events(struct request *request)
{
	uint64_t n = 0, first = 0, last = 0, gaps = 0, lapped = 0;
	struct trackd_event event = TRACKD_EVENT_INIT;
	int found;

	(void)request;
	while ((found = trackd_next_event(client.trackd, &client.cursor, &event)) != 0) {
		if (found < 0 && found != TRACKD_E_LAPPED)
			return found;
		lapped += found < 0;
		if (found < 0)
			continue;
		first = n == 0 ? event.sequence : first;
		gaps += n > 0 && event.sequence != last + 1;
		last = event.sequence;
		n++;
	}
	say(" n=%" PRIu64 " first=%" PRIu64 " last=%" PRIu64, n, first, last);
	say(" gaps=%" PRIu64 " lapped=%" PRIu64 " lost=%" PRIu64, gaps, lapped, client.cursor.lost);
	return 0;
}

static uint64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* wait-gone ID MS: look as fast as possible until the id is not found. `there`: when the last look
 * began that found it (0: none did); `at`: when the look had ended that did not. A busy machine may
 * put hours between the two, but neither lies. */
int do_wait_gone(struct request *request)
{
	struct timespec now;
	uint64_t there = 0, before = wall_ns();
	time_t limit;

	clock_gettime(CLOCK_BOOTTIME, &now);
	limit = now.tv_sec + (time_t)number(word(request, 2)) / 1000 + 1;
	while (trackd_lookup(client.trackd, word(request, 1), &client.ref) == 0) {
		there = before;
		clock_gettime(CLOCK_BOOTTIME, &now);
		if (now.tv_sec > limit)
			return -ETIMEDOUT;
		before = wall_ns();
	}
	say(" at=%" PRIu64 " there=%" PRIu64, wall_ns(), there);
	return 0;
}

int do_count(struct request *request)
{
	struct trackd_iter iter;
	int n = 0;

	if (request->n > 1)
		trackd_iter_owner(client.trackd, word(request, 1), &iter);
	else
		trackd_iter_all(client.trackd, &iter);
	while (trackd_next(client.trackd, &iter, &client.ref) > 0)
		n++;
	return n;
}

int do_stats(struct request *request)
{
	struct trackd_stats stats = { .size = sizeof stats };
	int error = trackd_stats(client.trackd, &stats);

	(void)request;
	if (error < 0)
		return error;
	say(" capacity=%u used=%u pending=%u active=%u completed=%u failed=%u cancelled=%u",
	    stats.capacity, stats.used, stats.pending, stats.active, stats.completed, stats.failed,
	    stats.cancelled);
	say(" clients=%u daemon_pid=%u epoch=%u expired=%" PRIu64 " evicted=%" PRIu64,
	    stats.clients, stats.daemon_pid, stats.daemon_epoch, stats.n_expired, stats.n_evicted);
	say(" worker_lost=%" PRIu64 " repaired=%" PRIu64 " snapshot=%" PRIu64
	    " refused_full=%" PRIu64 " refused_final=%" PRIu64,
	    stats.n_worker_lost, stats.n_repaired, stats.snapshot_ns, stats.n_refused_full,
	    stats.n_refused_final);
	say(" board_id=");
	for (int i = 0; i < 16; i++)
		say("%02x", stats.board_id[i]);
	return 0;
}
