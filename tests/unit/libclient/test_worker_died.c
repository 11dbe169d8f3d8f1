/* SPDX-License-Identifier: MIT */
/* A parent says how its child died: believed as far as it is true, and no daemon is needed. */
#include "tests/harness/client.h"
#include "tests/harness/connections.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_MS = 30000, TIMEOUT_MS = 2000 };

/* A child that is the worker of a task; NONE of it. */
static pid_t start_child(struct trackd_ref ref)
{
	pid_t pid = harness_fork();

	if (pid == 0) {
		if (trackd_update(writer, ref, TRACKD_EMBEDDING, NULL) < 0)
			_exit(1);
		client_stay();
	}
	HARNESS_WAIT(connections_task(ref).worker_pid == pid, LIMIT_MS);
	return pid;
}

static int end_child(pid_t pid, int number)
{
	int status;

	(void)kill(pid, number);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void what_the_parent_says_is_kept(void **state)
{
	struct trackd_ref ref = connections_create("task");
	char error[64];

	(void)state;
	HARNESS_NEEDS_SAME_PROC();
	pid_t pid = start_child(ref);
	int status = end_child(pid, SIGKILL);
	assert_int_equal(trackd_worker_died(writer, ref, pid, status, TRACKD_EXIT_MEMORY), 0);
	struct trackd_task seen = connections_task(ref);
	assert_int_equal(seen.state, TRACKD_FAILED);
	assert_int_equal(seen.reason, TRACKD_REASON_WORKER_LOST);
	assert_int_equal(seen.stage, TRACKD_EMBEDDING);
	assert_int_equal(seen.worker_exit, TRACKD_EXIT_SIGNAL);
	assert_int_equal(seen.worker_exit_number, SIGKILL);
	assert_int_equal(seen.worker_exit_flags, TRACKD_EXIT_MEMORY);
	snprintf(error, sizeof error, "[%d] was killed by SIGKILL (out of memory) in embedding",
		 (int)pid);
	assert_non_null(strstr(seen.error, error));
	assert_int_equal(trackd_worker_died(writer, ref, pid, status, 0), TRACKD_E_FINAL);
	assert_int_equal(connections_task(ref).revision, seen.revision);
}

static void a_zombie_is_dead_enough(void **state)
{
	struct trackd_ref ref = connections_create("task");
	siginfo_t info;

	(void)state;
	HARNESS_NEEDS_SAME_PROC();
	pid_t pid = start_child(ref);
	(void)kill(pid, SIGTERM);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(trackd_worker_died(writer, ref, pid, W_EXITCODE(3, 0), 0), 0);
	assert_int_equal(connections_task(ref).worker_exit, TRACKD_EXIT_STATUS);
	assert_int_equal(connections_task(ref).worker_exit_number, 3);
	harness_reap(pid);
}

static void nobody_alive_is_declared_dead(void **state)
{
	struct trackd_ref ref = connections_create("task"), pending = connections_create("other");

	(void)state;
	HARNESS_NEEDS_SAME_PROC();
	pid_t pid = start_child(ref);
	int status = W_EXITCODE(0, SIGKILL);
	assert_int_equal(trackd_worker_died(writer, ref, pid, status, 0), -EBUSY);
	assert_int_equal(trackd_worker_died(writer, ref, getpid(), status, 0), -ESRCH);
	assert_int_equal(trackd_worker_died(writer, pending, pid, status, 0), -ESRCH);
	assert_int_equal(connections_view(ref).state, TRACKD_ACTIVE);
	harness_kill(pid, SIGKILL);
}

static void nonsense_is_refused(void **state)
{
	struct trackd_ref ref = connections_create("task");
	int status = W_EXITCODE(0, SIGKILL);

	(void)state;
	assert_int_equal(trackd_worker_died(writer, ref, 1, W_STOPCODE(SIGTSTP), 0), -EINVAL);
	assert_int_equal(trackd_worker_died(writer, ref, 1, status, TRACKD_EXIT_DUMPED), -EINVAL);
	assert_int_equal(trackd_worker_died(reader, ref, 1, status, 0), TRACKD_E_READ_ONLY);
	assert_int_equal(trackd_worker_died(writer, TRACKD_REF_NONE, 1, status, 0), TRACKD_E_GONE);
	ref.generation++;
	assert_int_equal(trackd_worker_died(writer, ref, 1, status, 0), TRACKD_E_GONE);
	ref.slot |= 0xffffff;
	assert_int_equal(trackd_worker_died(writer, ref, 1, status, 0), TRACKD_E_GONE);
}

static const struct CMUnitTest tests[] = {
	CONNECTED_ALONE(what_the_parent_says_is_kept, 16, TIMEOUT_MS),
	CONNECTED_ALONE(a_zombie_is_dead_enough, 16, TIMEOUT_MS),
	CONNECTED_ALONE(nobody_alive_is_declared_dead, 16, TIMEOUT_MS),
	CONNECTED_ALONE(nonsense_is_refused, 16, TIMEOUT_MS),
};

SUITE(tests)
