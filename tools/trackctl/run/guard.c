/* SPDX-License-Identifier: MIT */
/* The guard lives in two descriptors: one whose end of file is run's death, one for signals. */
#include "tools/trackctl/run/guard.h"
#include "tools/common/time_format.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { END_MS = 2000 };
static const uint64_t NEAR_NS = 1000000000;

struct received_signal {
	uint64_t at_ns;
	uint32_t number;
};

/* ---- In the guard ------------------------------------------------------ */

struct post {
	int orders, told, signals;
	const char *remove;
	pid_t group; /* 0: no command runs yet */
};

static void remove_files(const char *path)
{
	char folder[4096];
	int n = snprintf(folder, sizeof folder, "%s", path);

	if (n < 0 || (size_t)n >= sizeof folder)
		return;
	(void)unlink(path);
	char *slash = strrchr(folder, '/');
	if (slash && slash != folder) {
		*slash = '\0';
		(void)rmdir(folder);
	}
}

static void report(const struct post *post)
{
	struct signalfd_siginfo info;

	while (read(post->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		struct received_signal received_signal = { time_steady(), info.ssi_signo };
		ssize_t n = write(post->told, &received_signal, sizeof received_signal);
		(void)n; /* a full pipe: run has more of them than it needs */
	}
}

/* An order is the group to watch, or 0: run is at its end. The group's number cannot be another's
 * while we live: run ends us before it lets go of the command. */
static void obey(struct post *post)
{
	pid_t group;
	ssize_t n = read(post->orders, &group, sizeof group);

	if (n == (ssize_t)sizeof group && group == 0)
		_exit(0);
	if (n == (ssize_t)sizeof group) {
		post->group = group;
		return;
	}
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (post->remove)
		remove_files(post->remove);
	if (post->group > 1) {
		(void)kill(-post->group, SIGTERM);
		(void)kill(-post->group, SIGCONT); /* what is stopped could not end */
	}
	_exit(0);
}

static _Noreturn void stand(struct post *post)
{
	struct pollfd fds[] = { { .fd = post->orders, .events = POLLIN },
				{ .fd = post->signals, .events = POLLIN } };

	for (;;) {
		(void)poll(fds, 2, -1);
		report(post);
		if (fds[0].revents != 0)
			obey(post);
	}
}

/* What run has open is none of the guard's business; pipes that it kept open would never end. */
static void let_go(const struct post *post)
{
	int empty = open("/dev/null", O_RDWR);

	for (int fd = 0; empty >= 0 && fd <= 2; fd++)
		(void)dup2(empty, fd);
	for (int fd = 3; fd < 1024; fd++)
		if (fd != post->orders && fd != post->told && fd != post->signals)
			(void)close(fd);
}

static _Noreturn void be_guard(int orders, int told, const char *remove)
{
	struct post post = { .orders = orders, .told = told, .remove = remove };
	sigset_t all;

	(void)setsid();
	(void)prctl(PR_SET_NAME, "trackctl-guard");
	sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	post.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	let_go(&post);
	stand(&post);
}

/* ---- In run ------------------------------------------------------------ */

static int pipes(int orders[2], int told[2])
{
	if (pipe2(orders, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(told, O_CLOEXEC | O_NONBLOCK) == 0)
		return 0;
	int error = -errno;
	close(orders[0]);
	close(orders[1]);
	return error;
}

int guard_start(struct guard *guard, const char *remove)
{
	int orders[2] = { -1, -1 }, told[2] = { -1, -1 };

	*guard = (struct guard){ .orders = -1, .told = -1 };
	int error = pipes(orders, told);
	if (error < 0)
		return error;
	pid_t pid = fork();
	if (pid == 0) {
		if (fork() != 0)
			_exit(0);
		close(orders[1]);
		close(told[0]);
		be_guard(orders[0], told[1], remove);
	}
	error = pid < 0 ? -errno : 0;
	close(orders[0]);
	close(told[1]);
	if (error == 0) {
		(void)waitpid(pid, NULL, 0);
		*guard = (struct guard){ true, orders[1], told[0] };
		return 0;
	}
	close(orders[1]);
	close(told[0]);
	return error;
}

static void order(const struct guard *guard, pid_t group)
{
	ssize_t n = guard->there ? write(guard->orders, &group, sizeof group) : 0;

	(void)n; /* without a guard the job is not ended when run is killed, and that is all */
}

void guard_watch(struct guard *guard, pid_t group)
{
	order(guard, group);
}

uint32_t guard_saw(struct guard *guard, uint64_t at_ns)
{
	struct received_signal seen;
	uint32_t numbers = 0;

	while (guard->there && read(guard->told, &seen, sizeof seen) == (ssize_t)sizeof seen)
		if (seen.number < 32 && seen.at_ns + NEAR_NS > at_ns)
			numbers |= UINT32_C(1) << seen.number;
	return numbers;
}

void guard_end(struct guard *guard)
{
	struct pollfd end = { .fd = guard->told };

	if (!guard->there)
		return;
	order(guard, 0);
	(void)poll(&end, 1, END_MS); /* POLLHUP: it has closed its end */
	close(guard->orders);
	close(guard->told);
	*guard = (struct guard){ .orders = -1, .told = -1 };
}
