/* SPDX-License-Identifier: MIT */
/* tests/run: timeout=300 */
/*
 * Connections after fork(), whatever the parent's threads were doing: the child does not use the
 * parent's private state, and shared objects still belong to the parent.
 */
#include "libclient/client/client.h"
#include "libclient/segment/atomic.h"
#include "tests/harness/client.h"
#include "tests/harness/connections.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { SOON_S = 15 }; /* a child that hangs for longer has failed */

/* Create a task with a new id. */
static struct trackd_ref create(void)
{
	static int n;
	char id[32];

	snprintf(id, sizeof id, "%d.%d", (int)getpid(), ++n);
	return connections_create(id);
}

static pid_t fork_child(void)
{
	pid_t pid = harness_fork();

	if (pid == 0)
		(void)alarm(SOON_S);
	return pid;
}

/* ---- Locks held by threads of the parent -------------------------------------- */

/* Take the locks, as a thread inside the library does. */
static void hold_all(struct trackd *trackd)
{
	assert_true(turn_try(trackd));
	local_lock_take(&trackd->lock);
}

static void drop_all(struct trackd *trackd)
{
	local_lock_drop(&trackd->lock);
	turn_drop(trackd);
}

static void a_child_finds_every_lock_free(void **state)
{
	struct trackd_view view = TRACKD_VIEW_INIT;

	(void)state;
	HARNESS_NEEDS_WIPED_PAGES();
	assert_true(trackd_fd(writer) >= 0);
	for (int first = 0; first < 4; first++) {
		struct trackd_ref ref = create();
		hold_all(writer);
		hold_all(reader);
		pid_t pid = fork_child();
		if (pid == 0) {
			struct trackd *with = first & 1 ? writer : reader;
			bool fine = first & 2 ? trackd_get(with, ref, &view) == 0
					      : trackd_dispatch(with) == -EBADF;
			fine = fine && trackd_fd(with) >= 0 && trackd_dispatch(with) >= 0 &&
			       trackd_update(writer, ref, 0, NULL) == 0;
			_exit(fine ? 0 : 1);
		}
		assert_int_equal(harness_reap(pid), 0);
		drop_all(reader);
		drop_all(writer);
	}
}

static void *dispatch(void *data)
{
	const uint32_t *over = data;

	while (!load_relaxed(over))
		(void)trackd_dispatch(reader);
	return NULL;
}

static void a_child_of_a_thread_that_dispatches_hangs_nowhere(void **state)
{
	pthread_t thread;
	uint32_t over = 0;
	int hung = 0;

	(void)state;
	HARNESS_NEEDS_WIPED_PAGES();
	assert_true(trackd_fd(reader) >= 0);
	assert_int_equal(pthread_create(&thread, NULL, dispatch, &over), 0);
	for (int i = 0; i < 200 && hung == 0; i++) {
		pid_t pid = fork_child();
		if (pid == 0)
			_exit(trackd_fd(reader) >= 0 ? 0 : 1);
		hung += harness_reap(pid) != 0;
	}
	store_relaxed(&over, 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(hung, 0);
}

/* The parent was about to switch boards too. */
static void a_child_moves_on_to_a_new_board(void **state)
{
	uint8_t old[16];

	(void)state;
	HARNESS_NEEDS_WIPED_PAGES();
	trackd_board_id(reader, old);
	hold_all(reader);
	hold_all(writer);
	pid_t pid = fork_child();
	if (pid == 0) {
		connections_pass_gate();
		HARNESS_WAIT(connections_moved(reader, old), SOON_S * 1000);
		HARNESS_WAIT(connections_moved(writer, old), SOON_S * 1000);
		create();
		_exit(0);
	}
	drop_all(writer);
	drop_all(reader);
	connections_replace_board();
	connections_open_gate();
	assert_int_equal(harness_reap(pid), 0);
}

static void a_child_that_reads_holds_no_entry(void **state)
{
	struct trackd_stats stats = { .size = sizeof stats };
	uint8_t old[16];

	(void)state;
	HARNESS_NEEDS_WIPED_PAGES();
	trackd_board_id(reader, old);
	pid_t pid = fork_child();
	if (pid == 0) {
		connections_pass_gate();
		HARNESS_WAIT(connections_moved(writer, old), SOON_S * 1000);
		(void)trackd_stats(writer, &stats);
		/* The parent's entry, copied from the old board. */
		_exit(stats.clients == 1 && writer->mapping->worker == 0 ? 0 : 1);
	}
	connections_replace_board();
	connections_open_gate();
	assert_int_equal(harness_reap(pid), 0);
}

/* ---- Generations ----------------------------------------------------------- */

static int become_worker(struct trackd_ref ref)
{
	return trackd_update(writer, ref, 0, NULL) == 0 &&
			       connections_task(ref).worker_pid == getpid()
		       ? 0
		       : 1;
}

/* When a child forks: before its first call, settled, attached, while another thread holds the
 * turn. */
static void prepare(int when, struct trackd_ref ref)
{
	struct trackd_view view = TRACKD_VIEW_INIT;

	if (when == 1)
		(void)trackd_get(writer, ref, &view);
	if (when == 2)
		(void)trackd_update(writer, ref, 0, NULL);
	if (when == 3)
		(void)turn_try(writer);
}

static void a_childs_child_works_as_itself(void **state)
{
	(void)state;
	HARNESS_NEEDS_WIPED_PAGES();
	for (int when = 0; when < 4; when++) {
		struct trackd_ref ref = create(), other = create();
		pid_t pid = fork_child();
		if (pid == 0) {
			prepare(when, ref);
			pid_t grandchild = fork_child();
			if (grandchild == 0)
				_exit(become_worker(ref));
			if (harness_reap(grandchild) != 0)
				_exit(2);
			if (when == 3)
				turn_drop(writer);
			_exit(become_worker(other));
		}
		assert_int_equal(harness_reap(pid), 0);
	}
	assert_int_equal(become_worker(create()), 0);
}

enum { THREADS = 4 };

static void *write_and_read(void *data)
{
	const struct trackd_ref *ref = data;
	struct trackd_view view = TRACKD_VIEW_INIT;
	bool fine = trackd_get(writer, *ref, &view) == 0 &&
		    trackd_update(writer, *ref, 0, NULL) == 0 &&
		    connections_task(*ref).worker_pid == getpid() && trackd_fd(writer) >= 0;

	return fine ? NULL : data;
}

static void a_childs_threads_may_be_first_together(void **state)
{
	(void)state;
	HARNESS_NEEDS_WIPED_PAGES();
	for (int i = 0; i < 20; i++) {
		struct trackd_ref ref = create();
		pid_t pid = fork_child();
		if (pid == 0) {
			pthread_t threads[THREADS];
			void *bad = NULL, *one;
			for (int t = 0; t < THREADS; t++)
				(void)pthread_create(&threads[t], NULL, write_and_read, &ref);
			for (int t = 0; t < THREADS; t++)
				bad = pthread_join(threads[t], &one) != 0 || one ? &ref : bad;
			_exit(bad ? 1 : 0);
		}
		assert_int_equal(harness_reap(pid), 0);
	}
}

/* ---- Event loops ------------------------------------------------------------- */

static bool readable(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 1;
}

static void drain(struct trackd *trackd)
{
	while (trackd_dispatch(trackd) == 1)
		;
}

/* Whether a transition makes the descriptor readable soon. */
static bool rings(int fd, struct trackd_ref ref)
{
	static int stage;
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	drain(reader);
	HARNESS_MUST(trackd_update(writer, ref, ++stage % 5, NULL));
	return poll(&poll_fd, 1, 500) == 1;
}

/* Count needless wake-ups: trackd_dispatch() returns 0. */
static int wake_ups_for_nothing(struct trackd *trackd, int fd)
{
	int n = 0;

	for (int i = 0; i < 1000; i++)
		n += readable(fd) && trackd_dispatch(trackd) == 0;
	return n;
}

static void a_loop_does_not_spin_over_what_a_child_holds_open(void **state)
{
	struct trackd_ref ref = create();
	int fd = trackd_fd(reader), own = trackd_fd(writer);

	(void)state;
	HARNESS_WAIT(rings(fd, ref), 15000);
	pid_t pid = client_start();
	private_daemon_kill(&shared_daemon);
	HARNESS_WAIT(readable(fd) && trackd_dispatch(reader) == 1, 5000);
	assert_true(wake_ups_for_nothing(reader, fd) <= 1);
	private_daemon_restart(&shared_daemon);
	HARNESS_WAIT(rings(fd, ref) && rings(fd, ref) && rings(fd, ref), 15000);
	/* The writer connected to the new daemon when it wrote, and closed the old socket. */
	drain(writer);
	assert_true(wake_ups_for_nothing(writer, own) <= 1);
	(void)harness_kill(pid, SIGKILL);
}

static void a_closed_connection_leaves_nothing_ready_in_the_programs_loop(void **state)
{
	struct trackd *other = private_daemon_open(&shared_daemon, TRACKD_OPEN_READ);
	struct epoll_event event = { .events = EPOLLIN };
	int loop = epoll_create1(EPOLL_CLOEXEC), fd = trackd_fd(other);

	(void)state;
	assert_int_equal(epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event), 0);
	pid_t pid = client_start();
	private_daemon_kill(&shared_daemon);
	HARNESS_WAIT(readable(loop), 5000);
	trackd_close(other);
	assert_false(readable(loop));
	(void)harness_kill(pid, SIGKILL);
	close(loop);
}

/* The child's use of the connection before it exits. */
static void use_as_a_child(int how, struct trackd_ref ref)
{
	struct trackd_view view = TRACKD_VIEW_INIT;

	if (how == 1)
		trackd_close(reader);
	if (how == 2)
		(void)trackd_get(reader, ref, &view);
	if (how == 3)
		(void)trackd_fd(reader);
	if (how == 4)
		(void)trackd_dispatch(reader);
	if (how > 1)
		trackd_close(reader);
}

static void a_child_leaves_its_parents_loop_as_it_is(void **state)
{
	struct trackd_ref ref = create();
	int fd = trackd_fd(reader);

	(void)state;
	HARNESS_NEEDS_WIPED_PAGES();
	HARNESS_WAIT(rings(fd, ref) && rings(fd, ref) && rings(fd, ref), 15000);
	for (int how = 0; how < 5; how++) {
		pid_t pid = fork_child();
		if (pid == 0) {
			use_as_a_child(how, ref);
			_exit(0);
		}
		assert_int_equal(harness_reap(pid), 0);
		assert_true(trackd_fd(reader) == fd && rings(fd, ref) && rings(fd, ref));
	}
}

static void a_child_closes_its_copies_once(void **state)
{
	struct trackd_ref ref = create();
	struct trackd_view view = TRACKD_VIEW_INIT;

	(void)state;
	HARNESS_NEEDS_WIPED_PAGES();
	assert_true(trackd_fd(reader) >= 0 && trackd_fd(writer) >= 0);
	struct harness_usage before = harness_usage();
	pid_t pid = fork_child();
	if (pid == 0) {
		bool fine = trackd_get(reader, ref, &view) == 0 &&
			    trackd_get(writer, ref, &view) == 0 &&
			    harness_usage().fds == before.fds - 6 && trackd_fd(reader) >= 0 &&
			    trackd_fd(writer) >= 0 && harness_usage().fds <= before.fds;
		_exit(fine ? 0 : 1);
	}
	assert_int_equal(harness_reap(pid), 0);
	assert_int_equal(harness_leaks(&before), 0);
}

static const struct CMUnitTest tests[] = {
	CONNECTED(a_child_finds_every_lock_free),
	CONNECTED(a_child_of_a_thread_that_dispatches_hangs_nowhere),
	CONNECTED(a_child_moves_on_to_a_new_board),
	CONNECTED(a_child_that_reads_holds_no_entry),
	CONNECTED(a_childs_child_works_as_itself),
	CONNECTED(a_childs_threads_may_be_first_together),
	CONNECTED(a_loop_does_not_spin_over_what_a_child_holds_open),
	CONNECTED(a_closed_connection_leaves_nothing_ready_in_the_programs_loop),
	CONNECTED(a_child_leaves_its_parents_loop_as_it_is),
	CONNECTED(a_child_closes_its_copies_once),
};

SUITE_WITH(tests, connections_start, connections_stop)
