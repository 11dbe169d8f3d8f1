/* SPDX-License-Identifier: MIT */
/* The guard waits on two descriptors: a pipe whose end of file means that run has died, and a
 * signalfd. */
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
	int commands, reports, signals;
	const char *remove;
	pid_t group; /* 0: no command has been started */
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
		ssize_t n = write(post->reports, &received_signal, sizeof received_signal);
		(void)n; /* a full pipe: run needs no more reports than it has */
	}
}

/* A command is the group to watch, or 0: run is ending. The group's id cannot be reused while the
 * guard runs, because run ends the guard before it reaps the command. */
static void take_command(struct post *post)
{
	pid_t group;
	ssize_t n = read(post->commands, &group, sizeof group);

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
		(void)kill(-post->group, SIGCONT); /* a stopped process would not end */
	}
	_exit(0);
}

static _Noreturn void serve(struct post *post)
{
	struct pollfd fds[] = { { .fd = post->commands, .events = POLLIN },
				{ .fd = post->signals, .events = POLLIN } };

	for (;;) {
		(void)poll(fds, 2, -1);
		report(post);
		if (fds[0].revents != 0)
			take_command(post);
	}
}

/* Close what run has open: a pipe that the guard keeps open would never reach its end of file. */
static void close_inherited(const struct post *post)
{
	int empty = open("/dev/null", O_RDWR);

	for (int fd = 0; empty >= 0 && fd <= 2; fd++)
		(void)dup2(empty, fd);
	for (int fd = 3; fd < 1024; fd++)
		if (fd != post->commands && fd != post->reports && fd != post->signals)
			(void)close(fd);
}

static _Noreturn void run_guard(int commands, int reports, const char *remove)
{
	struct post post = { .commands = commands, .reports = reports, .remove = remove };
	sigset_t all;

	(void)setsid();
	(void)prctl(PR_SET_NAME, "trackctl-guard");
	sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	post.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	close_inherited(&post);
	serve(&post);
}

/* ---- In run ------------------------------------------------------------ */

static int pipes(int commands[2], int reports[2])
{
	if (pipe2(commands, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(reports, O_CLOEXEC | O_NONBLOCK) == 0)
		return 0;
	int error = -errno;
	close(commands[0]);
	close(commands[1]);
	return error;
}

int guard_start(struct guard *guard, const char *remove)
{
	int commands[2] = { -1, -1 }, reports[2] = { -1, -1 };

	*guard = (struct guard){ .commands = -1, .reports = -1 };
	int error = pipes(commands, reports);
	if (error < 0)
		return error;
	pid_t pid = fork();
	if (pid == 0) {
		if (fork() != 0)
			_exit(0);
		close(commands[1]);
		close(reports[0]);
		run_guard(commands[0], reports[1], remove);
	}
	error = pid < 0 ? -errno : 0;
	close(commands[0]);
	close(reports[1]);
	if (error == 0) {
		(void)waitpid(pid, NULL, 0);
		*guard = (struct guard){ true, commands[1], reports[0] };
		return 0;
	}
	close(commands[1]);
	close(reports[0]);
	return error;
}

static void send_command(const struct guard *guard, pid_t group)
{
	ssize_t n = guard->there ? write(guard->commands, &group, sizeof group) : 0;

	(void)n; /* without a guard, killing run does not end the job; nothing else is lost */
}

void guard_watch(struct guard *guard, pid_t group)
{
	send_command(guard, group);
}

uint32_t guard_saw(struct guard *guard, uint64_t at_ns)
{
	struct received_signal seen;
	uint32_t numbers = 0;

	while (guard->there && read(guard->reports, &seen, sizeof seen) == (ssize_t)sizeof seen)
		if (seen.number < 32 && seen.at_ns + NEAR_NS > at_ns)
			numbers |= UINT32_C(1) << seen.number;
	return numbers;
}

void guard_end(struct guard *guard)
{
	struct pollfd end = { .fd = guard->reports };

	if (!guard->there)
		return;
	send_command(guard, 0);
	(void)poll(&end, 1, END_MS); /* POLLHUP: the guard has exited */
	close(guard->commands);
	close(guard->reports);
	*guard = (struct guard){ .commands = -1, .reports = -1 };
}
