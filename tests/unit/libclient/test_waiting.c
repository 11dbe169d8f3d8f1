/* SPDX-License-Identifier: MIT */
/* tests/run: timeout=300 */
/* Connections with a real daemon: waiting, event loops, forked children, threads. */
#include "libclient/segment/clock.h"
#include "libclient/trackd.h"
#include "tests/harness/client.h"
#include "tests/harness/connections.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Waiting ------------------------------------------------------------- */

static int wait_now(struct trackd_ref ref, enum trackd_wait_for what,
		    const struct trackd_view *since)
{
	return trackd_wait(reader, ref, what, since, 0);
}

static void a_change_since_a_view_is_seen_at_once(void **state)
{
	struct trackd_ref ref = connections_create("a");
	struct trackd_view view = connections_view(ref);

	(void)state;
	assert_int_equal(wait_now(ref, TRACKD_WAIT_FINAL, &view), -ETIMEDOUT);
	assert_int_equal(wait_now(ref, TRACKD_WAIT_TRANSITION, &view), -ETIMEDOUT);
	assert_int_equal(wait_now(ref, TRACKD_WAIT_CHANGE, &view), -ETIMEDOUT);
	assert_int_equal(trackd_update(writer, ref, TRACKD_STAGE_KEEP, "says something"), 0);
	assert_int_equal(wait_now(ref, TRACKD_WAIT_TRANSITION, &view), -ETIMEDOUT);
	assert_int_equal(wait_now(ref, TRACKD_WAIT_CHANGE, &view), 0);
	assert_int_equal(wait_now(ref, TRACKD_WAIT_CHANGE, NULL), -ETIMEDOUT); /* from now */
	view = connections_view(ref);
	assert_int_equal(trackd_advance(writer, ref, 1), 0);
	assert_int_equal(wait_now(ref, TRACKD_WAIT_CHANGE, &view), 0);
	assert_int_equal(wait_now(ref, TRACKD_WAIT_TRANSITION, &view), -ETIMEDOUT);
	assert_int_equal(trackd_update(writer, ref, 0, NULL), 0);
	assert_int_equal(wait_now(ref, TRACKD_WAIT_TRANSITION, &view), 0);
	view = connections_view(ref);
	assert_int_equal(trackd_update(writer, ref, 1, NULL), 0); /* another stage */
	assert_int_equal(wait_now(ref, TRACKD_WAIT_TRANSITION, &view), 0);
	view = connections_view(ref);
	assert_int_equal(trackd_cancel(writer, ref), TRACKD_CANCEL_ASKED);
	assert_int_equal(wait_now(ref, TRACKD_WAIT_TRANSITION, &view), 0);
	assert_int_equal(wait_now(ref, TRACKD_WAIT_FINAL, &view), -ETIMEDOUT);
	assert_int_equal(trackd_cancelled(writer, ref, NULL), 0);
	assert_int_equal(wait_now(ref, TRACKD_WAIT_FINAL, NULL), 0);
}

static void a_timeout_is_kept(void **state)
{
	struct trackd_ref ref = connections_create("a");
	uint64_t before = clock_monotonic_ns();

	(void)state;
	assert_int_equal(trackd_wait(reader, ref, TRACKD_WAIT_FINAL, NULL, 60), -ETIMEDOUT);
	assert_true(clock_monotonic_ns() - before >= 60 * NS_PER_MS);
}

/* A child that waits without limit; its exit status is the result of the wait. */
static pid_t waiter(struct trackd_ref ref, enum trackd_wait_for what)
{
	struct trackd_view view = connections_view(ref);
	pid_t pid = harness_fork();

	if (pid == 0)
		_exit(-trackd_wait(reader, ref, what, &view, -1) & 0xff);
	return pid;
}

static void a_waiter_wakes_for_each_condition(void **state)
{
	struct trackd_ref ref = connections_create("a");

	(void)state;
	pid_t pid = waiter(ref, TRACKD_WAIT_TRANSITION);
	assert_int_equal(trackd_update(writer, ref, 0, NULL), 0);
	assert_int_equal(harness_reap(pid), 0);
	pid = waiter(ref, TRACKD_WAIT_CHANGE);
	assert_int_equal(trackd_advance(writer, ref, 1), 0);
	assert_int_equal(harness_reap(pid), 0);
	pid = waiter(ref, TRACKD_WAIT_FINAL);
	assert_int_equal(trackd_complete(writer, ref, NULL), 0);
	assert_int_equal(harness_reap(pid), 0);
	pid = waiter(connections_create("b"), TRACKD_WAIT_FINAL);
	assert_int_equal(trackd_lookup(reader, "b", &ref), 0);
	assert_int_equal(trackd_remove(writer, ref), 0);
	assert_int_equal(harness_reap(pid), -TRACKD_E_GONE & 0xff);
}

static void a_waiter_does_without_a_daemon(void **state)
{
	struct trackd_ref ref = connections_create("a");

	(void)state;
	private_daemon_kill(&shared_daemon);
	pid_t pid = waiter(ref, TRACKD_WAIT_FINAL);
	assert_int_equal(trackd_complete(writer, ref, NULL), 0);
	assert_int_equal(harness_reap(pid), 0);
}

static void nothing(int signal)
{
	(void)signal;
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == pid;
}

static void a_signal_ends_a_wait(void **state)
{
	struct sigaction action = { .sa_handler = nothing };
	struct trackd_ref ref = connections_create("a");

	(void)state;
	pid_t pid = harness_fork();
	if (pid == 0) {
		sigaction(SIGUSR1, &action, NULL);
		(void)trackd_update(writer, ref, TRACKD_STAGE_KEEP, "listening");
		_exit(-trackd_wait(reader, ref, TRACKD_WAIT_FINAL, NULL, -1) & 0xff);
	}
	HARNESS_WAIT(connections_view(ref).revision > 1, 30000);
	HARNESS_WAIT(kill(pid, SIGUSR1) == 0 && has_ended(pid), 30000); /* during the wait */
	assert_int_equal(harness_reap(pid), EINTR);
}

/* ---- Events -------------------------------------------------------------- */

static void a_cursor_reads_later_events(void **state)
{
	struct trackd_cursor cursor, late, first;
	struct trackd_event event = TRACKD_EVENT_INIT;

	(void)state;
	connections_create("before");
	trackd_cursor_now(reader, &cursor);
	trackd_cursor_at(reader, cursor.next - 1, &first);
	trackd_cursor_at(reader, 1000000, &late); /* a future sequence: placed after the newest */
	assert_int_equal(late.next, cursor.next);
	assert_int_equal(trackd_next_event(reader, &cursor, &event), 0);
	assert_int_equal(trackd_wait_event(reader, &cursor, 0), -ETIMEDOUT);
	assert_int_equal(trackd_wait_event(reader, &first, 0), 0);
	assert_int_equal(trackd_next_event(reader, &first, &event), 1);
	assert_string_equal(event.id, "before");
	pid_t pid = harness_fork();
	if (pid == 0)
		_exit(trackd_wait_event(reader, &cursor, -1) == 0 &&
				      trackd_next_event(reader, &cursor, &event) == 1 &&
				      strcmp(event.id, "after") == 0
			      ? 0
			      : 1);
	connections_create("after");
	assert_int_equal(harness_reap(pid), 0);
	assert_int_equal(trackd_wait_event(reader, &cursor, 5000), 0);
	assert_int_equal(trackd_owner_hash(reader, ""), 0);
	assert_int_not_equal(trackd_owner_hash(reader, "alice"), 0);
}

static bool readable(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 1;
}

static void drain(void)
{
	while (trackd_dispatch(reader) == 1)
		;
}

/* Whether a transition makes the descriptor readable soon. */
static bool rings(int fd, struct trackd_ref ref)
{
	static int stage;
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	drain();
	HARNESS_MUST(trackd_update(writer, ref, ++stage % 5, NULL));
	return poll(&poll_fd, 1, 200) == 1;
}

static void an_event_loop_is_woken_over_a_daemons_restart(void **state)
{
	HARNESS_NEEDS_SAME_PROC();
	int fd = trackd_fd(reader);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(trackd_fd(reader), fd);
	struct trackd_ref ref = connections_create("a");
	/* It may have subscribed after that transition; it is woken for these in any case. */
	for (int stage = 0; stage < 3; stage++) {
		HARNESS_WAIT((drain(), !readable(fd)), 30000);
		assert_int_equal(trackd_update(writer, ref, stage, NULL), 0);
		HARNESS_WAIT(readable(fd), 30000);
		assert_int_equal(trackd_dispatch(reader), 1);
	}
	private_daemon_kill(&shared_daemon);
	HARNESS_WAIT(readable(fd), 30000); /* the daemon has exited */
	assert_int_equal(trackd_dispatch(reader), 1);
	private_daemon_restart(&shared_daemon);
	/* It tries to connect once a second; three wake-ups in a row are not caused by that. */
	HARNESS_WAIT(rings(fd, ref) && rings(fd, ref) && rings(fd, ref), 15000);
	assert_int_equal(trackd_fd(reader), fd);
}

/* ---- Forks and threads --------------------------------------------------- */

static void a_forked_child_works_as_itself(void **state)
{
	HARNESS_NEEDS_SAME_PROC();
	struct trackd_ref ours = connections_create("ours"), childs = connections_create("childs");
	struct trackd_task task = TRACKD_TASK_INIT;

	(void)state;
	assert_int_equal(trackd_update(writer, ours, 0, NULL), 0);
	assert_int_equal(connections_task(ours).worker_pid, getpid());
	assert_true(trackd_fd(reader) >= 0); /* the parent's */
	pid_t pid = harness_fork();
	if (pid == 0) {
		bool fine = trackd_advance(writer, ours, 5) == 0 && /* does not change the worker */
			    connections_task(ours).worker_pid == getppid() &&
			    trackd_update(writer, childs, 0, NULL) == 0 &&
			    connections_task(childs).worker_pid == getpid() &&
			    trackd_dispatch(reader) == -EBADF && trackd_fd(reader) >= 0;
		if (!fine)
			_exit(1);
		client_stay();
	}
	HARNESS_WAIT(connections_task(childs).worker_pid == pid, 30000);
	assert_int_equal(connections_view(ours).done, 5);
	harness_kill(pid, SIGKILL);
	HARNESS_WAIT(connections_view(childs).state == TRACKD_FAILED, 30000);
	assert_int_equal(connections_view(childs).reason, TRACKD_REASON_WORKER_LOST);
	assert_int_equal(connections_view(ours).state,
			 TRACKD_ACTIVE); /* the parent is still its worker */
	assert_int_equal(trackd_copy(reader, ours, &task), 0);
	assert_int_equal(trackd_worker_alive(&task), 1);
}

static void a_connection_can_be_for_another_worker_or_none(void **state)
{
	HARNESS_NEEDS_SAME_PROC();
	struct trackd_options options = TRACKD_OPTIONS_INIT;
	struct trackd_ref ref = connections_create("a"), other = connections_create("b");
	struct trackd *trackd;

	(void)state;
	pid_t pid = client_start();
	options.board = shared_daemon.board;
	options.socket = shared_daemon.socket;
	options.flags = TRACKD_OPEN_WRITE;
	options.worker_pid = pid;
	assert_int_equal(trackd_open(&trackd, &options), 0);
	assert_int_equal(trackd_update(trackd, ref, 0, NULL), 0);
	assert_int_equal(connections_task(ref).worker_pid, pid);
	trackd_close(trackd);
	trackd = private_daemon_open(&shared_daemon, TRACKD_OPEN_WRITE | TRACKD_OPEN_NO_WORKER);
	assert_int_equal(trackd_update(trackd, other, 0, NULL), 0);
	assert_int_equal(connections_task(other).worker_pid, 0);
	assert_int_equal(trackd_update(trackd, ref, 1, NULL), 0); /* the worker is unchanged */
	assert_int_equal(connections_task(ref).worker_pid, pid);
	trackd_close(trackd);
	harness_kill(pid, SIGKILL);
	HARNESS_WAIT(connections_view(ref).state == TRACKD_FAILED, 30000);
}

enum { THREADS = 4, ROUNDS = 3000 };

static void *work(void *data)
{
	const struct trackd_ref *ref = data;
	int bad = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct trackd_view view = TRACKD_VIEW_INIT;
		bad += trackd_advance(writer, *ref, 1) != 0;
		bad += trackd_get(writer, *ref, &view) != 0;
		if (i % 8 == 0)
			bad += trackd_update(writer, *ref, TRACKD_STAGE_KEEP, "m") != 0;
	}
	return bad ? data : NULL;
}

static void threads_share_a_connection(void **state)
{
	struct trackd_ref ref = connections_create("a");
	pthread_t threads[THREADS];
	void *bad;

	(void)state;
	assert_int_equal(trackd_update(writer, ref, 0, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, &ref), 0);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &bad), 0);
		assert_null(bad);
	}
	assert_int_equal(connections_view(ref).done, THREADS * ROUNDS);
}

static const struct CMUnitTest tests[] = {
	CONNECTED(a_change_since_a_view_is_seen_at_once),
	CONNECTED(a_timeout_is_kept),
	CONNECTED(a_waiter_wakes_for_each_condition),
	CONNECTED(a_waiter_does_without_a_daemon),
	CONNECTED(a_signal_ends_a_wait),
	CONNECTED(a_cursor_reads_later_events),
	CONNECTED(an_event_loop_is_woken_over_a_daemons_restart),
	CONNECTED(a_forked_child_works_as_itself),
	CONNECTED(a_connection_can_be_for_another_worker_or_none),
	CONNECTED(threads_share_a_connection),
};

SUITE_WITH(tests, connections_start, connections_stop)
