/* SPDX-License-Identifier: MIT */
/* tests/run: timeout=300 */
/*
 * A connection in a process that gets into another pid or time namespace than the board's, as a
 * child or by setns(). Every writing call is refused and changes nothing; reading still works.
 */
#include "libclient/client/client.h"
#include "libclient/record/record.h"
#include "libclient/segment/atomic.h"
#include "tests/harness/connections.h"
#include "tests/unit/libclient/elsewhere.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { UPTIME_MIN_S = 60 };

static struct trackd_ref task_;
static const char *no_namespaces; /* why none can be created here */

#define NEEDS_NAMESPACES()                                                                         \
	do {                                                                                       \
		if (no_namespaces) {                                                               \
			print_message("# SKIP %s\n", no_namespaces);                               \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

static void expect_child(pid_t pid)
{
	assert_int_equal(harness_reap(pid), 0);
}

/* ---- Each test ----------------------------------------------------------------- */

static const char *find_obstacle(void)
{
	pid_t pid;

	if (geteuid() != 0)
		return "only root makes pid and time namespaces";
	if (!harness_wiped_pages())
		return "marked pages are not wiped at a fork here";
	if (uptime_s() < UPTIME_MIN_S)
		return "the machine has been up for too short to set a clock back";
	pid = harness_fork();
	if (pid == 0)
		_exit(unshare(CLONE_NEWPID) == 0 && unshare(CLONE_NEWTIME) == 0 ? 0 : 1);
	return harness_reap(pid) == 0 ? NULL : "this kernel makes no pid and time namespaces";
}

static int start(void **state)
{
	no_namespaces = find_obstacle();
	return connections_start(state);
}

static int set_up(void **state)
{
	struct trackd_new task = TRACKD_NEW_INIT;

	(void)connections_open(state);
	task.id = "a";
	task.ttl_ms = 60000;
	task.active_ttl_ms = 60000;
	HARNESS_MUST(trackd_create(writer, &task, &task_));
	HARNESS_MUST(trackd_update(writer, task_, 0, "here"));
	return 0;
}

/* The calls that write, by number; false: there are no more. */
static bool write_something(int n, int *ret_error)
{
	static const struct trackd_stage_def stages[] = { { "one", 10 } };
	struct trackd_new task = TRACKD_NEW_INIT;

	task.id = "b";
	switch (n) {
	case 0:
		*ret_error = trackd_create(writer, &task, NULL);
		return true;
	case 1:
		*ret_error = trackd_update(writer, task_, 1, "elsewhere");
		return true;
	case 2:
		*ret_error = trackd_set_total(writer, task_, 7);
		return true;
	case 3:
		*ret_error = trackd_set_progress(writer, task_, 3, 7);
		return true;
	case 4:
		*ret_error = trackd_complete(writer, task_, NULL);
		return true;
	case 5:
		*ret_error = trackd_fail(writer, task_, NULL);
		return true;
	case 6:
		*ret_error = trackd_cancel(writer, task_);
		return true;
	case 7:
		*ret_error = trackd_cancelled(writer, task_, NULL);
		return true;
	case 8:
		*ret_error = trackd_remove(writer, task_);
		return true;
	case 9: /* These two read no clock: refused once another call has noticed. */
		*ret_error = trackd_advance(writer, task_, 1);
		return true;
	case 10:
		*ret_error = trackd_kind_declare(writer, "strange", stages, 1);
		return true;
	}
	return false;
}

static void check_refused(int first)
{
	int error;

	for (int n = first; write_something(n, &error); n++)
		CHECK(error == TRACKD_E_NAMESPACE);
	for (int n = 0; write_something(n, &error); n++)
		CHECK(error == TRACKD_E_NAMESPACE);
}

/* Check with each connection that the task exists and has this deadline. */
static void check_reads(bool foreign_pids, uint64_t expires_ns)
{
	struct trackd *const connections[] = { reader, writer };
	struct trackd_task task = TRACKD_TASK_INIT;
	struct trackd_ref ref;
	struct trackd_view view = TRACKD_VIEW_INIT;

	for (int i = 0; i < 2; i++) {
		CHECK(trackd_get(connections[i], task_, &view) == 0);
		CHECK(trackd_lookup(connections[i], "a", &ref) == 0);
		CHECK(trackd_copy(connections[i], task_, &task) == 0);
		CHECK((task.worker_pid == 0) == foreign_pids);
		CHECK(llabs((int64_t)(task.expires_ns - expires_ns)) < 5000000);
	}
}

static struct trackd_task copy(void)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	HARNESS_MUST(trackd_copy(reader, task_, &task));
	return task;
}

/* Check that the task is unchanged, and that no process of another namespace has attached. */
static void expect_untouched(const struct trackd_task *before)
{
	struct trackd_task after = copy();
	struct trackd_ref ref;

	assert_int_equal(after.revision, before->revision);
	assert_int_equal(after.expires_ns, before->expires_ns);
	assert_int_equal(after.done, before->done);
	assert_int_equal(after.worker_pid, getpid());
	assert_int_equal(trackd_lookup(reader, "b", &ref), TRACKD_E_NOT_FOUND);
	assert_int_equal(trackd_kind_find(reader, "strange"), TRACKD_E_KIND);
	for (uint32_t i = 0; i < LAYOUT_CLIENTS; i++) {
		uint32_t pid = (uint32_t)load_relaxed(&writer->mapping->board.clients[i].claim);
		assert_true(pid == 0 || pid == (uint32_t)getpid());
	}
}

/* ---- As a child ------------------------------------------------------------------ */

static uint64_t n_refused(void)
{
	struct trackd_stats stats = { .size = sizeof stats };

	HARNESS_MUST(trackd_stats(reader, &stats));
	return stats.n_attach_refused;
}

static void a_child_in_another_pid_namespace_may_only_read(void **state)
{
	struct trackd_task before = copy();
	uint64_t refused = n_refused();

	(void)state;
	NEEDS_NAMESPACES();
	for (int n = 0; n <= 10; n++) { /* each call as the first one */
		pid_t pid = fork_into(CLONE_NEWPID, NULL);
		if (pid == 0) {
			CHECK(getpid() == 1);
			check_refused(n);
			check_reads(true, before.expires_ns);
			_exit(0);
		}
		expect_child(pid);
	}
	expect_untouched(&before);
	assert_int_equal(n_refused(), refused + 11); /* once each */
	assert_int_equal(trackd_update(writer, task_, 1, "goes on"), 0);
}

static void a_child_in_another_time_namespace_may_only_read(void **state)
{
	int64_t half = (int64_t)uptime_s() * 500;
	const int64_t offsets[] = { INT64_C(8640000000), -half, 400 };

	(void)state;
	NEEDS_NAMESPACES();
	for (int i = 0; i < 3; i++) {
		struct trackd_task before = copy();
		pid_t pid = fork_into(CLONE_NEWTIME, offsets_of(offsets[i]));
		if (pid == 0) {
			check_reads(false, before.expires_ns);
			check_refused(0);
			check_reads(false, before.expires_ns);
			_exit(0);
		}
		expect_child(pid);
		expect_untouched(&before);
	}
}

static void a_producer_in_another_namespace_reads_on_after_a_replacement(void **state)
{
	uint8_t old[16];

	(void)state;
	NEEDS_NAMESPACES();
	trackd_board_id(reader, old);
	pid_t pid = fork_into(CLONE_NEWPID, NULL);
	if (pid == 0) {
		CHECK(trackd_update(writer, task_, 1, NULL) == TRACKD_E_NAMESPACE);
		connections_pass_gate();
		HARNESS_WAIT(connections_moved(writer, old), SOON_S * 1000);
		check_refused(0);
		CHECK(trackd_lookup(writer, "a", &task_) == 0);
		_exit(0);
	}
	connections_replace_board();
	connections_open_gate();
	expect_child(pid);
	/* A view may be on the previous board of a connection. */
	HARNESS_WAIT(connections_moved(reader, old), SOON_S * 1000);
	pid = fork_into(CLONE_NEWTIME, offsets_of(400));
	if (pid == 0) {
		CHECK(trackd_fd(reader) >= 0);
		for (const struct mapping *m = reader->mapping; m; m = m->older)
			CHECK(m->board.fd < 0 ||
			      (m->board.clock == BOARD_CLOCK_FOREIGN && !m->board.foreign_pids));
		_exit(0);
	}
	expect_child(pid);
}

/* ---- By setns() -------------------------------------------------------------------- */

static int go(int fd)
{
	return setns(fd, CLONE_NEWTIME);
}

/* A process writes, enters another namespace, is refused at whatever call is first, and returns. */
static _Noreturn void wander(int to, int home, int first, const struct trackd_task *before)
{
	struct trackd_ref ref;

	CHECK(trackd_cancel_requested(writer, task_) == 0);
	CHECK(trackd_set_total(writer, task_, 0) == 0); /* does not change the worker */
	uint64_t expires_ns = before->expires_ns;
	if (trackd_lookup(writer, "a", &ref) == 0) {
		struct trackd_task now = TRACKD_TASK_INIT;
		CHECK(trackd_copy(writer, task_, &now) == 0);
		expires_ns = now.expires_ns;
	}
	CHECK(go(to) == 0);
	check_refused(first);
	check_reads(false, expires_ns);
	CHECK(go(home) == 0);
	CHECK(trackd_set_total(writer, task_, 0) == 0);
	_exit(0);
}

static void try_wandering(int64_t offset_ms)
{
	int home = open("/proc/self/ns/time", O_RDONLY | O_CLOEXEC);
	pid_t keeper;
	int to = make_time_namespace(offsets_of(offset_ms), &keeper);

	assert_true(home >= 0 && to >= 0);
	for (int first = 0; first <= 8; first++) {
		struct trackd_task before = copy();
		pid_t pid = harness_fork();
		if (pid == 0) {
			(void)alarm(SOON_S);
			wander(to, home, first, &before);
		}
		expect_child(pid);
		assert_int_equal(copy().revision, before.revision + 2);
	}
	(void)harness_kill(keeper, SIGKILL);
	close(home);
	close(to);
}

static void a_clock_that_leaps_forward_is_noticed_before_it_is_used(void **state)
{
	(void)state;
	NEEDS_NAMESPACES();
	try_wandering(INT64_C(8640000000));
}

static void a_clock_that_runs_backwards_is_noticed_before_it_is_used(void **state)
{
	(void)state;
	NEEDS_NAMESPACES();
	try_wandering(-(int64_t)uptime_s() * 500);
}

/* A difference too small for the clock test: the check once a second finds it. */
static void a_namespace_with_nearly_the_same_clock_is_noticed_within_a_second(void **state)
{
	pid_t keeper;

	(void)state;
	NEEDS_NAMESPACES();
	int to = make_time_namespace(offsets_of(200), &keeper);
	pid_t pid = harness_fork();
	if (pid == 0) {
		CHECK(trackd_set_total(writer, task_, 0) == 0 && go(to) == 0);
		HARNESS_WAIT(trackd_set_total(writer, task_, 0) == TRACKD_E_NAMESPACE,
			     SOON_S * 1000);
		_exit(0);
	}
	expect_child(pid);
	(void)harness_kill(keeper, SIGKILL);
	close(to);
}

/* The clock jumps once, and each connection must notice. */
static void every_connection_of_a_process_notices(void **state)
{
	struct trackd *other = private_daemon_open(&shared_daemon, TRACKD_OPEN_WRITE);
	pid_t keeper;

	(void)state;
	NEEDS_NAMESPACES();
	int to = make_time_namespace(offsets_of(INT64_C(8640000000)), &keeper);
	pid_t pid = harness_fork();
	if (pid == 0) {
		CHECK(trackd_set_total(writer, task_, 0) == 0);
		CHECK(trackd_set_total(other, task_, 0) == 0 && go(to) == 0);
		CHECK(trackd_set_total(writer, task_, 0) == TRACKD_E_NAMESPACE);
		CHECK(record_set_total(&other->mapping->board,
				       ref_in(&other->mapping->board, task_), 0,
				       LOCK_TRY) == TRACKD_E_NAMESPACE);
		CHECK(trackd_set_total(other, task_, 0) == TRACKD_E_NAMESPACE);
		_exit(0);
	}
	expect_child(pid);
	(void)harness_kill(keeper, SIGKILL);
	close(to);
	trackd_close(other);
}

/* No task may be expired or alive by another namespace's clock. */
static void a_reader_goes_by_the_right_clock_at_once(void **state)
{
	const int64_t offsets[] = { INT64_C(8640000000), -(int64_t)uptime_s() * 500 };

	(void)state;
	NEEDS_NAMESPACES();
	for (int i = 0; i < 2; i++) {
		struct trackd_task before = copy();
		pid_t keeper;
		int to = make_time_namespace(offsets_of(offsets[i]), &keeper);
		pid_t pid = harness_fork();
		if (pid == 0) {
			check_reads(false, before.expires_ns);
			CHECK(go(to) == 0);
			check_reads(false, before.expires_ns);
			_exit(0);
		}
		expect_child(pid);
		(void)harness_kill(keeper, SIGKILL);
		close(to);
	}
}

#define OWN_TASK(test) cmocka_unit_test_setup_teardown(test, set_up, connections_close)

static const struct CMUnitTest tests[] = {
	OWN_TASK(a_child_in_another_pid_namespace_may_only_read),
	OWN_TASK(a_child_in_another_time_namespace_may_only_read),
	OWN_TASK(a_clock_that_leaps_forward_is_noticed_before_it_is_used),
	OWN_TASK(a_clock_that_runs_backwards_is_noticed_before_it_is_used),
	OWN_TASK(a_namespace_with_nearly_the_same_clock_is_noticed_within_a_second),
	OWN_TASK(every_connection_of_a_process_notices),
	OWN_TASK(a_reader_goes_by_the_right_clock_at_once),
	OWN_TASK(a_producer_in_another_namespace_reads_on_after_a_replacement),
};

SUITE_WITH(tests, start, connections_stop)
