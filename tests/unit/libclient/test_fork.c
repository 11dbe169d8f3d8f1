/* SPDX-License-Identifier: MIT */
/* tests/run: timeout=300 */
/*
 * Connections over fork(), whatever the parent's threads were doing: nothing that was one process's
 * own is found in the child, and what both share stays the parent's.
 */
#include "libclient/client/client.h"
#include "libclient/segment/atomic.h"
#include "tests/harness/harness.h"
#include "tests/harness/private_daemon.h"
#include "tests/harness/suite.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { SOON_S = 15 }; /* a child that hangs for so long has failed */

static struct private_daemon daemon_;
static struct trackd *writer, *reader;
static int gate[2]; /* a child that reads goes on when the parent has written */

/* One daemon for all, with a board that no task is on for each. */
static int start(void **state)
{
	(void)state;
	private_daemon_start(&daemon_, (const char *const[]){ "--capacity", "64", NULL });
	return 0;
}

static int stop(void **state)
{
	(void)state;
	private_daemon_remove(&daemon_);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	if (daemon_.pid == 0)
		private_daemon_restart(&daemon_);
	writer = private_daemon_open(&daemon_, TRACKD_OPEN_WRITE);
	reader = private_daemon_open(&daemon_, TRACKD_OPEN_READ);
	HARNESS_MUST(pipe(gate));
	return 0;
}

static int tear_down(void **state)
{
	struct trackd *tidy = private_daemon_open(&daemon_, TRACKD_OPEN_WRITE);
	struct trackd_iter iter;
	struct trackd_ref ref;

	(void)state;
	trackd_iter_all(tidy, &iter);
	while (trackd_next(tidy, &iter, &ref) == 1)
		HARNESS_MUST(trackd_remove(tidy, ref));
	trackd_close(tidy);
	close(gate[0]);
	close(gate[1]);
	trackd_close(reader);
	trackd_close(writer);
	return 0;
}

/* A task of an id of its own. */
static struct trackd_ref create(void)
{
	static int n;
	struct trackd_new task = TRACKD_NEW_INIT;
	struct trackd_ref ref;
	char id[32];

	snprintf(id, sizeof id, "%d.%d", (int)getpid(), ++n);
	task.id = id;
	HARNESS_MUST(trackd_create(writer, &task, &ref));
	return ref;
}

static pid_t fork_child(void)
{
	pid_t pid = harness_fork();

	if (pid == 0)
		(void)alarm(SOON_S);
	return pid;
}

static void open_gate(void)
{
	assert_int_equal(write(gate[1], "x", 1), 1);
}

static void pass_gate(void)
{
	char byte;

	if (read(gate[0], &byte, 1) != 1)
		_exit(100);
}

static int worker_of(struct trackd_ref ref)
{
	struct trackd_task task;

	HARNESS_MUST(trackd_copy(reader, ref, &task));
	return task.worker_pid;
}

/* Put a board of another capacity in this one's place. */
static void replace_board(void)
{
	const char *other = strcmp(daemon_.options[1], "64") == 0 ? "128" : "64";

	snprintf(daemon_.options[1], sizeof daemon_.options[1], "%s", other);
	private_daemon_kill(&daemon_);
	private_daemon_restart(&daemon_);
}

static bool is_on_another(struct trackd *trackd, const uint8_t board[16])
{
	struct trackd_ref ref;
	uint8_t now[16];

	(void)trackd_lookup(trackd, "none", &ref); /* a call that looks */
	trackd_board_id(trackd, now);
	return memcmp(now, board, sizeof now) != 0;
}

/* ---- What threads of the parent hold ----------------------------------------- */

/* As a thread inside the library has them. */
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
	struct trackd_view view;

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

/* The parent was about to move on itself. */
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
		pass_gate();
		HARNESS_WAIT(is_on_another(reader, old), SOON_S * 1000);
		HARNESS_WAIT(is_on_another(writer, old), SOON_S * 1000);
		create();
		_exit(0);
	}
	drop_all(writer);
	drop_all(reader);
	replace_board();
	open_gate();
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
		pass_gate();
		HARNESS_WAIT(is_on_another(writer, old), SOON_S * 1000);
		(void)trackd_stats(writer, &stats);
		/* The parent's, which the new board has from the old one. */
		_exit(stats.clients == 1 && writer->mapping->worker == 0 ? 0 : 1);
	}
	replace_board();
	open_gate();
	assert_int_equal(harness_reap(pid), 0);
}

/* ---- Generations ----------------------------------------------------------- */

static int become_worker(struct trackd_ref ref)
{
	return trackd_update(writer, ref, 0, NULL) == 0 && worker_of(ref) == getpid() ? 0 : 1;
}

/* When a child forks: before its first call, settled, attached, with the turn in other hands. */
static void prepare(int when, struct trackd_ref ref)
{
	struct trackd_view view;

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
	struct trackd_view view;
	bool fine = trackd_get(writer, *ref, &view) == 0 &&
		    trackd_update(writer, *ref, 0, NULL) == 0 && worker_of(*ref) == getpid() &&
		    trackd_fd(writer) >= 0;

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

/* Whether a transition makes it readable soon. */
static bool rings(int fd, struct trackd_ref ref)
{
	static int stage;
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	drain(reader);
	HARNESS_MUST(trackd_update(writer, ref, ++stage % 5, NULL));
	return poll(&poll_fd, 1, 500) == 1;
}

/* A wake-up for nothing is one that trackd_dispatch() has nothing to say of. */
static int wake_ups_for_nothing(struct trackd *trackd, int fd)
{
	int n = 0;

	for (int i = 0; i < 1000; i++)
		n += readable(fd) && trackd_dispatch(trackd) == 0;
	return n;
}

static pid_t fork_silent(void)
{
	pid_t pid = harness_fork();

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static void a_loop_does_not_spin_over_what_a_child_holds_open(void **state)
{
	struct trackd_ref ref = create();
	int fd = trackd_fd(reader), own = trackd_fd(writer);

	(void)state;
	HARNESS_WAIT(rings(fd, ref), 15000);
	pid_t pid = fork_silent();
	private_daemon_kill(&daemon_);
	HARNESS_WAIT(readable(fd) && trackd_dispatch(reader) == 1, 5000);
	assert_true(wake_ups_for_nothing(reader, fd) <= 1);
	private_daemon_restart(&daemon_);
	HARNESS_WAIT(rings(fd, ref) && rings(fd, ref) && rings(fd, ref), 15000);
	/* The writer has met the new daemon by writing: the old socket was put out then. */
	drain(writer);
	assert_true(wake_ups_for_nothing(writer, own) <= 1);
	(void)harness_kill(pid, SIGKILL);
}

static void a_closed_connection_leaves_nothing_ready_in_the_programs_loop(void **state)
{
	struct trackd *other = private_daemon_open(&daemon_, TRACKD_OPEN_READ);
	struct epoll_event event = { .events = EPOLLIN };
	int loop = epoll_create1(EPOLL_CLOEXEC), fd = trackd_fd(other);

	(void)state;
	assert_int_equal(epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event), 0);
	pid_t pid = fork_silent();
	private_daemon_kill(&daemon_);
	HARNESS_WAIT(readable(loop), 5000);
	trackd_close(other);
	assert_false(readable(loop));
	(void)harness_kill(pid, SIGKILL);
	close(loop);
}

/* What children do with the connection before they exit. */
static void use_as_a_child(int how, struct trackd_ref ref)
{
	struct trackd_view view;

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
	struct trackd_view view;

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

#define OWN_DAEMON(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OWN_DAEMON(a_child_finds_every_lock_free),
		OWN_DAEMON(a_child_of_a_thread_that_dispatches_hangs_nowhere),
		OWN_DAEMON(a_child_moves_on_to_a_new_board),
		OWN_DAEMON(a_child_that_reads_holds_no_entry),
		OWN_DAEMON(a_childs_child_works_as_itself),
		OWN_DAEMON(a_childs_threads_may_be_first_together),
		OWN_DAEMON(a_loop_does_not_spin_over_what_a_child_holds_open),
		OWN_DAEMON(a_closed_connection_leaves_nothing_ready_in_the_programs_loop),
		OWN_DAEMON(a_child_leaves_its_parents_loop_as_it_is),
		OWN_DAEMON(a_child_closes_its_copies_once),
	};

	return suite_run_with(tests, start, stop);
}
