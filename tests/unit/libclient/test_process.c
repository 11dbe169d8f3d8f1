/* SPDX-License-Identifier: MIT */
/* Processes and threads: detecting deaths, and no false deaths in other namespaces. */
#include "libclient/segment/atomic.h"
#include "libclient/segment/process.h"
#include "tests/harness/client.h"
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

/* Results from children; zero at the start of each test. */
static struct shared {
	uint32_t tid, held;
	uint64_t start;
	uint32_t result;
} * shared;

static int make_shared(void **state)
{
	(void)state;
	shared = harness_shared(sizeof *shared);
	return 0;
}

/* ---- Threads --------------------------------------------------------------- */

static void a_thread_is_dead_when_it_is_a_zombie_or_gone(void **state)
{
	pid_t pid = client_start();
	siginfo_t info;

	(void)state;
	assert_false(thread_dead(pid));
	harness_stop(pid); /* stopped is alive */
	assert_false(thread_dead(pid));
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_true(thread_dead(pid));
	harness_reap(pid);
	assert_true(thread_dead(pid));
}

static void *stay_thread(void *nothing)
{
	(void)nothing;
	store_release(&shared->tid, (uint32_t)gettid());
	client_stay();
}

/* The first thread has ended and another still runs: the thread is dead, the process is not. */
static void a_first_thread_that_has_ended_is_dead_and_its_process_is_not(void **state)
{
	(void)state;
	pid_t pid = client_without_first_thread(stay_thread);
	uint64_t start = client_start_time(pid);
	HARNESS_WAIT(load_acquire(&shared->tid) != 0 && thread_dead(pid), 5000);
	assert_false(process_dead(pid, start));
	assert_int_not_equal(shared->tid, pid);
	assert_false(thread_dead((pid_t)shared->tid));
	harness_kill(pid, SIGKILL);
	assert_true(thread_dead((pid_t)shared->tid));
	assert_true(process_dead(pid, start));
}

static void a_reused_pid_differs_by_its_start_time(void **state)
{
	uint64_t start = client_start_time(getpid());

	(void)state;
	assert_false(process_dead(getpid(), start));
	assert_false(process_dead(getpid(), 0)); /* unknown: no proof of death */
	/* The rounding of a time namespace's offset. */
	assert_false(process_dead(getpid(), start - 1));
	assert_false(process_dead(getpid(), start + 1));
	assert_true(process_dead(getpid(), start - 2));
	assert_true(process_dead(getpid(), start + 2));
	assert_true(process_same_start(0, 1) && process_same_start(1, 0));
	assert_false(process_same_start(0, 2) || process_same_start(2, 0));
}

/* ---- Other namespaces ------------------------------------------------------ */

static bool enter(int namespace)
{
	return unshare(namespace) == 0;
}

static bool set_boot_offset(const char *offset)
{
	int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	bool set = fd >= 0 && write(fd, offset, strlen(offset)) == (ssize_t)strlen(offset);

	if (fd >= 0)
		close(fd);
	return set;
}

enum { SAME = 0, DIFFERENT = 1, NOT_ALLOWED = 77 };

/* In a grandchild in the time namespace: check that the process looks the same. */
static _Noreturn void look_from_afar(const char *offset, pid_t who, uint64_t start)
{
	uint64_t seen = 0;

	if (!enter(CLONE_NEWTIME) || !set_boot_offset(offset))
		_exit(NOT_ALLOWED);
	if (process_dead(who, start)) /* this process is still in the previous namespace */
		_exit(DIFFERENT);
	pid_t pid = harness_fork();
	if (pid != 0)
		_exit(harness_reap(pid));
	int error = process_start_time(who, &seen);
	store_release(&shared->start, seen);
	/* The same again, with an own offset that the file does not show. */
	if (!enter(CLONE_NEWTIME) || !set_boot_offset("boottime 777 0"))
		_exit(NOT_ALLOWED);
	_exit(error == 0 && process_same_start(seen, start) && !process_dead(who, start) &&
			      process_start_time(who, &seen) == -EXDEV
		      ? SAME
		      : DIFFERENT);
}

static void a_process_started_when_it_did_in_every_time_namespace(void **state)
{
	static const char *const offsets[] = { "boottime 100000 0", "boottime 86400 123456789",
					       "boottime 1 995000000", "boottime -1 5000000" };
	uint64_t start = client_start_time(getpid());

	(void)state;
	for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
		pid_t parent = getpid(), pid = harness_fork();
		if (pid == 0)
			look_from_afar(offsets[i], parent, start);
		int result = harness_reap(pid);
		if (result == NOT_ALLOWED)
			skip();
		if (result != SAME)
			print_message("# %s: started at %lu, seen from there %lu\n", offsets[i],
				      start, shared->start);
		assert_int_equal(result, SAME);
	}
}

/* Process 1 of a pid namespace whose /proc is still the outer one. */
static _Noreturn void look_by_a_foreign_proc(uint64_t not_before)
{
	uint64_t ours, theirs;
	pid_t child = client_start(); /* its pid means another process in this /proc, or none */
	bool right = getpid() == 1 && process_start_time(getpid(), &ours) == 0 &&
		     ours >= not_before && !process_dead(getpid(), ours) &&
		     !process_dead(child, ours) && !process_dead(child, 1) && !thread_dead(child) &&
		     process_start_time(child, &theirs) == -EXDEV;

	(void)harness_kill(child, SIGKILL);
	_exit(right && process_dead(child, ours) && thread_dead(child) ? SAME : DIFFERENT);
}

static void a_foreign_proc_proves_nothing(void **state)
{
	uint64_t start = client_start_time(getpid());

	(void)state;
	pid_t pid = harness_fork();
	if (pid == 0) {
		if (!enter(CLONE_NEWPID))
			_exit(NOT_ALLOWED);
		pid = fork(); /* not harness_fork(): its parent has no pid there */
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			look_by_a_foreign_proc(start);
		}
		_exit(harness_reap(pid));
	}
	int result = harness_reap(pid);
	if (result == NOT_ALLOWED)
		skip();
	assert_int_equal(result, SAME);
	assert_int_equal(client_start_time(getpid()), start);
}

#define TEST(function) cmocka_unit_test_setup(function, make_shared)

static const struct CMUnitTest tests[] = {
	TEST(a_thread_is_dead_when_it_is_a_zombie_or_gone),
	TEST(a_first_thread_that_has_ended_is_dead_and_its_process_is_not),
	TEST(a_reused_pid_differs_by_its_start_time),
	TEST(a_process_started_when_it_did_in_every_time_namespace),
	TEST(a_foreign_proc_proves_nothing),
};

SUITE(tests)
