/* SPDX-License-Identifier: MIT */
/*
 * The kernel sends SIGXCPU to the process; only the watchdog thread does not block it. A thread
 * that is aborting wakes the watchdog with SIGRTMIN from its signal handler and waits; the watchdog
 * may call the library, a signal handler may not.
 *
 * An abort is attributed to memory if malloc() left ENOMEM in errno or, where the library has
 * changed errno since, if the process was close to its limit.
 */
#include "tools/docproc/worker/limits.h"
#include "tools/common/exit_code.h"
#include "tools/common/log.h"
#include "tools/docproc/sandbox/process_memory.h"
#include "tools/docproc/sandbox/sanitized.h"
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LIMITS_STACK = 256 << 10, ALTERNATE_STACK = 64 << 10, PATIENCE_S = 10 };

static struct {
	struct trackd *trackd;
	struct trackd_ref ref;
	struct limits limits;
	struct memory_limit memory;
} watchdog;

/* ---- Memory -------------------------------------------------------------- */

bool limits_memory_short(void)
{
	int fd = process_memory_open();
	bool near = fd >= 0 && memory_limit_near(&watchdog.memory, fd);

	if (fd >= 0)
		close(fd);
	return near;
}

/* ---- The thread ---------------------------------------------------------- */

/* Exit only if this changes the task: if it is already final, let the process end by itself. */
static void end_task(const char *error)
{
	int result = TRACKD_E_BUSY;

	for (int i = 0; i < 3 && result == TRACKD_E_BUSY; i++)
		result = trackd_fail(watchdog.trackd, watchdog.ref, error);
	if (result == TRACKD_E_FINAL)
		return;
	log_error("%s", error);
	_exit(EXIT_CODE_TASK_FAILED);
}

/* An abort unrelated to a limit: die of its signal, as without a watchdog. */
static _Noreturn void die_of(int signal_number)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	(void)sigaction(signal_number, &action, NULL);
	(void)kill(getpid(), signal_number);
	for (;;)
		pause();
}

static void *keep(void *user)
{
	char error[128];
	siginfo_t info;
	sigset_t mask;

	(void)user;
	sigemptyset(&mask);
	sigaddset(&mask, SIGXCPU);
	sigaddset(&mask, SIGRTMIN);
	for (;;) {
		int number = sigwaitinfo(&mask, &info);

		if (number == SIGXCPU) {
			snprintf(error, sizeof error, LIMITS_TIME_ERROR,
				 watchdog.limits.time_limit_s);
			end_task(error);
		} else if (number == SIGRTMIN) {
			/* The handler has passed the signal and its errno. */
			if (info.si_value.sival_int >> 8 != ENOMEM && !limits_memory_short())
				die_of(info.si_value.sival_int & 0xff);
			snprintf(error, sizeof error, LIMITS_MEMORY_ERROR,
				 watchdog.limits.memory_mb);
			end_task(error);
			_exit(EXIT_CODE_TASK_FAILED);
		}
	}
	return NULL;
}

static void on_abort(int signal_number)
{
	union sigval value = { .sival_int = errno << 8 | signal_number };

	/* SIGALRM ends the process if the watchdog cannot. */
	(void)alarm(PATIENCE_S);
	(void)sigqueue(getpid(), SIGRTMIN, value);
	for (;;)
		pause();
}

/* ---- Starting ------------------------------------------------------------ */

static int handle_aborts(void)
{
	static const int signals[] = { SIGABRT, SIGTRAP, SIGSEGV, SIGBUS };
	struct sigaction action = { .sa_handler = on_abort, .sa_flags = SA_ONSTACK };
	stack_t stack = { .ss_size = ALTERNATE_STACK };

	/* A sanitizer reports these signals itself. */
	if (SANITIZED)
		return 0;
	stack.ss_sp = mmap(NULL, ALTERNATE_STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL) < 0)
		return -errno;
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		if (sigaction(signals[i], &action, NULL) < 0)
			return -errno;
	return 0;
}

static int start_thread(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGXCPU);
	sigaddset(&mask, SIGRTMIN);
	int error = pthread_sigmask(SIG_BLOCK, &mask, NULL);
	if (error == 0)
		error = pthread_attr_init(&attributes);
	if (error != 0)
		return -error;
	(void)pthread_attr_setstacksize(&attributes, LIMITS_STACK);
	(void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	error = pthread_create(&thread, &attributes, keep, NULL);
	pthread_attr_destroy(&attributes);
	return -error;
}

static int limit_time(void)
{
	/* SIGKILL, five seconds later, if the watchdog cannot do its work. */
	struct rlimit limit = { watchdog.limits.time_limit_s, watchdog.limits.time_limit_s + 5 };

	return setrlimit(RLIMIT_CPU, &limit) < 0 ? -errno : 0;
}

void limits_count_time(uint64_t processor_ns)
{
	unsigned used_s = (unsigned)(processor_ns / 1000000000);
	unsigned left_s =
		watchdog.limits.time_limit_s > used_s ? watchdog.limits.time_limit_s - used_s : 1;
	struct rlimit limit = { left_s, left_s + 5 };

	if (used_s > 0)
		(void)setrlimit(RLIMIT_CPU, &limit);
}

static int limit_memory(void)
{
	int fd = process_memory_open();
	struct rlimit limit;

	if (fd < 0)
		return 0;
	struct memory_limit found = memory_limit_of(fd, watchdog.limits.memory_mb);
	close(fd);
	/* A sanitizer's shadow memory takes terabytes. */
	if (SANITIZED || found.limit == 0)
		return 0;
	watchdog.memory = found;
	limit = (struct rlimit){ found.limit, found.limit };
	return setrlimit(RLIMIT_AS, &limit) < 0 ? -errno : 0;
}

int limits_start(struct trackd *trackd, struct trackd_ref ref, const struct limits *limits)
{
	watchdog.trackd = trackd;
	watchdog.ref = ref;
	watchdog.limits = *limits;
	/* Use one heap: each thread's own would reserve 64 MiB. */
	(void)mallopt(M_ARENA_MAX, 1);
	int error = start_thread();
	if (error == 0)
		error = handle_aborts();
	if (error == 0)
		error = limit_time();
	if (error == 0)
		error = limit_memory();
	return error;
}
