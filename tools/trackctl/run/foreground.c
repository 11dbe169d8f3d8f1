/* SPDX-License-Identifier: MIT */
/* Job control as in "Implementing a Job Control Shell" of the C library's manual, for a single
 * job. */
#include "tools/trackctl/run/foreground.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_pipe(int fd)
{
	struct stat stat;

	return fstat(fd, &stat) == 0 && (S_ISFIFO(stat.st_mode) || S_ISSOCK(stat.st_mode));
}

/* A shell with job control makes the first process of each job a group leader. A member of a
 * pipeline, or a process started by a script, shares its group. */
static bool is_own_job(void)
{
	return getpgrp() == getpid() && isatty(STDIN_FILENO) && !is_pipe(STDOUT_FILENO);
}

void foreground_look(struct foreground *foreground)
{
	foreground->tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	foreground->wanted = foreground->tty >= 0 && is_own_job();
	foreground->given = false;
}

bool foreground_is_free(const struct foreground *foreground)
{
	return foreground->tty >= 0 && foreground->wanted &&
	       tcgetpgrp(foreground->tty) == getpgrp();
}

void foreground_give(struct foreground *foreground, pid_t group)
{
	foreground->given = tcsetpgrp(foreground->tty, group) == 0;
}

void foreground_take(struct foreground *foreground)
{
	if (foreground->given)
		(void)tcsetpgrp(foreground->tty, getpgrp());
	foreground->given = false;
}

void foreground_stop(int signal_number, bool all)
{
	sigset_t one;

	sigemptyset(&one);
	sigaddset(&one, signal_number);
	(void)kill(all ? 0 : getpid(), signal_number);
	(void)sigprocmask(SIG_UNBLOCK, &one, NULL); /* this stops us */
	(void)sigprocmask(SIG_BLOCK, &one, NULL);
}

void foreground_end(struct foreground *foreground)
{
	if (foreground->tty >= 0)
		close(foreground->tty);
	foreground->tty = -1;
}
