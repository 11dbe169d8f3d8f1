/* SPDX-License-Identifier: MIT */
/*
 * Signals come through a signalfd. One that the terminal sent to the foreground group has reached
 * the command already (its sender is the kernel); what somebody sent to us alone is passed on.
 */
#include "child.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static const int forwarded[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };

static sigset_t mask_before;

int child_prepare(struct child *child)
{
	sigset_t mask;

	*child = (struct child){ .signals = -1 };
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	for (size_t i = 0; i < sizeof forwarded / sizeof forwarded[0]; i++)
		sigaddset(&mask, forwarded[i]);
	if (sigprocmask(SIG_BLOCK, &mask, &mask_before) < 0)
		return -errno;
	child->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return child->signals < 0 ? -errno : 0;
}

/* In the child. Whatever goes wrong is written to `report`; on success exec closes it. */
static _Noreturn void become(char **command, int report, pid_t parent)
{
	/* Without us nobody would tell how it ended, and the task says that its worker died: so
	 * that this is true, the command is asked to end as well. */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() == parent) {
		(void)sigprocmask(SIG_SETMASK, &mask_before, NULL);
		execvp(command[0], command);
	}
	int error = errno;
	ssize_t n = write(report, &error, sizeof error);
	_exit(n < 0 ? 126 : 127);
}

static int started(int report)
{
	int error = 0;
	ssize_t n;

	do
		n = read(report, &error, sizeof error);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof error ? -error : 0;
}

int child_start(struct child *child, char **command)
{
	pid_t parent = getpid();
	int report[2];

	if (pipe2(report, O_CLOEXEC) < 0)
		return -errno;
	child->pid = fork();
	if (child->pid == 0)
		become(command, report[1], parent);
	int error = child->pid < 0 ? -errno : 0;
	close(report[1]);
	if (error == 0)
		error = started(report[0]);
	close(report[0]);
	if (error < 0 && child->pid > 0)
		(void)waitpid(child->pid, NULL, 0);
	return error;
}

void child_signals(struct child *child)
{
	struct signalfd_siginfo info;

	while (read(child->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGCHLD || info.ssi_code == SI_KERNEL || child->ended)
			continue;
		(void)kill(child->pid, (int)info.ssi_signo);
	}
	if (!child->ended && waitpid(child->pid, &child->status, WNOHANG) == child->pid)
		child->ended = true;
}

void child_free(struct child *child)
{
	if (child->signals >= 0)
		close(child->signals);
}
