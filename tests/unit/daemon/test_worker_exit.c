/* SPDX-License-Identifier: MIT */
/* How a worker died is told as far as the kernel tells it, and no further. */
#include "daemon/board/task.h"
#include "tests/harness/bare_daemon.h"
#include "tests/harness/client.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CAPACITY = 16, LIMIT_MS = 30000 };

static bool is_old_kernel;
static pid_t worker;
static struct trackd_ref task;

/* In place of the C library's. A kernel before 6.13 knows no such call. */
int ioctl(int fd, unsigned long request, ...)
{
	va_list list;

	va_start(list, request);
	void *argument = va_arg(list, void *);
	va_end(list);
	if (is_old_kernel) {
		errno = ENOTTY;
		return -1;
	}
	return (int)syscall(SYS_ioctl, fd, request, argument);
}

/* ---- A worker that ends as it is told ---------------------------------------- */

static void exit_with(int number)
{
	_exit(number == SIGUSR1 ? 3 : 0);
}

static void start_worker(void)
{
	(void)signal(SIGUSR1, exit_with);
	(void)signal(SIGUSR2, exit_with);
	is_old_kernel = false;
	bare_daemon_watch();
	worker = client_start();
	task = bare_daemon_give("task", client_claim(&bare_daemon.board, worker));
	liveness_walk(&bare_daemon.liveness, true);
	assert_int_equal(bare_daemon.liveness.n_watched, 1);
}

static void end_worker(void)
{
	if (worker > 0)
		(void)harness_kill(worker, SIGKILL);
}

/* Whether the kernel tells the exit of a process that is not our child: ask it about a child that
 * has been waited for. */
static bool kernel_tells(void)
{
	struct {
		uint64_t mask;
		uint8_t rest[56];
	} info = { .mask = 8 };
	pid_t pid = client_start();
	int fd = harness_must((int)syscall(SYS_pidfd_open, pid, 0), "pidfd_open");

	(void)harness_kill(pid, SIGKILL);
	bool tells = ioctl(fd, _IOWR(0xFF, 11, info), &info) == 0 && (info.mask & 8) != 0;
	close(fd);
	return tells;
}

/* End it by this signal, and leave it a zombie. */
static void leave_zombie(int number)
{
	siginfo_t info;

	(void)kill(worker, number);
	assert_int_equal(waitid(P_PID, (id_t)worker, &info, WEXITED | WNOWAIT), 0);
}

static int end_by(int number)
{
	int status;

	leave_zombie(number);
	assert_int_equal(waitpid(worker, &status, 0), worker);
	return status;
}

static bool turn(void)
{
	(void)bare_daemon_turn();
	return bare_daemon_state_of(task) == TRACKD_FAILED;
}

static void expect_loss(enum trackd_worker_exit how, int number, unsigned flags, const char *words)
{
	struct trackd_task seen = TRACKD_TASK_INIT;
	char error[TRACKD_ERROR_MAX + 1];

	assert_true(HARNESS_SEES(turn(), LIMIT_MS));
	harness_must(task_copy(&bare_daemon.board, task, &seen), "copy");
	assert_int_equal(seen.reason, TRACKD_REASON_WORKER_LOST);
	snprintf(error, sizeof error, "worker test_worker_exi[%d] %s in extracting", (int)worker,
		 words);
	assert_string_equal(seen.error, error);
	assert_int_equal(seen.worker_exit, how);
	assert_int_equal(seen.worker_exit_number, number);
	assert_int_equal(seen.worker_exit_flags, flags);
}

/* ---- Tests ------------------------------------------------------------------ */

static void a_signal_is_told(void **state)
{
	(void)state;
	HARNESS_NEEDS(kernel_tells(), "this kernel does not tell how another's child ended");
	(void)end_by(SIGKILL);
	expect_loss(TRACKD_EXIT_SIGNAL, SIGKILL, 0, "was killed by SIGKILL");
	worker = 0;
}

static void an_exit_status_is_told(void **state)
{
	(void)state;
	HARNESS_NEEDS(kernel_tells(), "this kernel does not tell how another's child ended");
	(void)end_by(SIGUSR1);
	expect_loss(TRACKD_EXIT_STATUS, 3, 0, "exited with status 3");
	worker = 0;
}

static void status_0_is_a_status(void **state)
{
	(void)state;
	HARNESS_NEEDS(kernel_tells(), "this kernel does not tell how another's child ended");
	(void)end_by(SIGUSR2);
	expect_loss(TRACKD_EXIT_STATUS, 0, 0, "exited with status 0");
	worker = 0;
}

/* Its parent has not waited for it: /proc tells. */
static void a_zombies_status_is_read_on_every_kernel(void **state)
{
	(void)state;
	is_old_kernel = true;
	leave_zombie(SIGUSR1);
	expect_loss(TRACKD_EXIT_STATUS, 3, 0, "exited with status 3");
}

static void a_zombies_signal_is_read_on_every_kernel(void **state)
{
	(void)state;
	is_old_kernel = true;
	leave_zombie(SIGTERM);
	expect_loss(TRACKD_EXIT_SIGNAL, SIGTERM, 0, "was killed by SIGTERM");
}

/* /proc shows 0 to those who may not know, too. */
static void a_zombies_status_0_means_nothing(void **state)
{
	(void)state;
	leave_zombie(SIGUSR2);
	expect_loss(TRACKD_EXIT_UNKNOWN, 0, 0, "exited");
}

static void an_old_kernel_tells_nothing_of_who_was_waited_for(void **state)
{
	(void)state;
	is_old_kernel = true;
	(void)end_by(SIGKILL);
	expect_loss(TRACKD_EXIT_UNKNOWN, 0, 0, "exited");
	worker = 0;
}

/* The daemon has seen the death; its parent waits for it a moment later. */
static void a_hang_up_is_awaited(void **state)
{
	struct trackd_task seen = TRACKD_TASK_INIT;

	(void)state;
	HARNESS_NEEDS(kernel_tells(), "this kernel does not tell how another's child ended");
	leave_zombie(SIGUSR2);
	(void)turn();
	(void)waitpid(worker, NULL, 0);
	assert_true(HARNESS_SEES(turn(), LIMIT_MS));
	harness_must(task_copy(&bare_daemon.board, task, &seen), "copy");
	/* A slow machine may be late, and then it is not known. */
	if (seen.worker_exit != TRACKD_EXIT_UNKNOWN)
		expect_loss(TRACKD_EXIT_STATUS, 0, 0, "exited with status 0");
	worker = 0;
}

static void a_core_dump_is_told(void **state)
{
	const struct rlimit core = { 1 << 20, RLIM_INFINITY };

	(void)state;
	(void)prlimit(worker, RLIMIT_CORE, &core, NULL);
	int status = end_by(SIGQUIT);
	unsigned flags = WCOREDUMP(status) ? TRACKD_EXIT_DUMPED : 0;
	(void)unlink("core");
	HARNESS_NEEDS(kernel_tells(), "this kernel does not tell how another's child ended");
	expect_loss(TRACKD_EXIT_SIGNAL, SIGQUIT, flags,
		    flags ? "was killed by SIGQUIT (core dumped)" : "was killed by SIGQUIT");
	worker = 0;
}

/* When the daemon first meets the entry, its process is dead. */
static void who_was_dead_before_is_told_by_proc_alone(void **state)
{
	struct worker_info info;

	(void)state;
	assert_true(worker_read(&bare_daemon.board, (uint32_t)worker % LAYOUT_CLIENTS, &info));
	leave_zombie(SIGTERM);
	bare_daemon.board.clients[info.entry].claim = claim_make(info.generation + 1, 0);
	liveness_walk(&bare_daemon.liveness, true);
	assert_int_equal(bare_daemon.liveness.n_watched, 0);
	bare_daemon.board.clients[info.entry].claim = claim_make(info.generation, (uint32_t)worker);
	liveness_walk(&bare_daemon.liveness, true);
	expect_loss(TRACKD_EXIT_SIGNAL, SIGTERM, 0, "was killed by SIGTERM");
}

/* Another process has the entry before the parent has waited for the dead one. */
static void a_death_is_not_forgotten_while_its_parent_is_awaited(void **state)
{
	(void)state;
	leave_zombie(SIGUSR2);
	HARNESS_WAIT(bare_daemon_turn() && bare_daemon.liveness.n_watched <= 1, LIMIT_MS);
	struct layout_client *client =
		&bare_daemon.board.clients[(uint32_t)worker % LAYOUT_CLIENTS];
	uint32_t generation = client->ready + 1;
	client->claim = claim_make(generation, (uint32_t)getpid());
	client->ready = generation;
	liveness_walk(&bare_daemon.liveness, true);
	assert_true(HARNESS_SEES(turn(), LIMIT_MS));
}

#define WATCHED(test) BARE_DAEMON(test, CAPACITY, start_worker, end_worker)

static const struct CMUnitTest tests[] = {
	WATCHED(a_signal_is_told),
	WATCHED(an_exit_status_is_told),
	WATCHED(status_0_is_a_status),
	WATCHED(a_zombies_status_is_read_on_every_kernel),
	WATCHED(a_zombies_signal_is_read_on_every_kernel),
	WATCHED(a_zombies_status_0_means_nothing),
	WATCHED(an_old_kernel_tells_nothing_of_who_was_waited_for),
	WATCHED(a_hang_up_is_awaited),
	WATCHED(a_core_dump_is_told),
	WATCHED(who_was_dead_before_is_told_by_proc_alone),
	WATCHED(a_death_is_not_forgotten_while_its_parent_is_awaited),
};

SUITE(tests)
