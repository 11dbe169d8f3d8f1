/* SPDX-License-Identifier: MIT */
/* The zygote and its loop. Its callers' side is in zygote_client.c. */
#include "tools/docproc/sandbox/zygote.h"
#include "tools/docproc/sandbox/sanitized.h"
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	EXTRACTORS_MAX = 256, /* at once; more than a server processes */
	DOCUMENT = 3,         /* an extractor's descriptors follow the standard streams */
	TEXT = 4,
	N_PASSED = 3, /* descriptors passed with a request: document, text, control */
};

struct running {
	pid_t pid;
	int fd;      /* pidfd */
	int control; /* -1: the worker has closed it */
};

static struct {
	extractor_body *body;
	pid_t pid;
	int requests;
	struct running running[EXTRACTORS_MAX];
	size_t n;
} zygote;

/* ---- The extractor ------------------------------------------------------- */

/* Move the two descriptors to their places and close all others. */
static int keep(int document, int text)
{
	int high = fcntl(text, F_DUPFD, TEXT + 1);

	if (high < 0 || dup2(document, DOCUMENT) < 0 || dup2(high, TEXT) < 0)
		return -errno;
	return close_range(TEXT + 1, ~0U, 0) < 0 ? -errno : 0;
}

static _Noreturn void be_extractor(const struct extractor_request *request, int document, int text)
{
	/* The zygote may have died between the fork and this call. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != zygote.pid)
		_exit(EXTRACTOR_OPEN);
	(void)prctl(PR_SET_NAME, "docproc-extract");
	(void)signal(SIGTERM, SIG_DFL);
	if (keep(document, text) < 0 || extractor_sandbox_enter(&request->limits) < 0)
		_exit(EXTRACTOR_OPEN);
	_exit((int)zygote.body(request, DOCUMENT, TEXT));
}

/* ---- Requests ------------------------------------------------------------ */

static void add(pid_t pid, int control)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd >= 0) {
		zygote.running[zygote.n++] = (struct running){ pid, fd, control };
		return;
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	close(control);
}

static void begin(const struct extractor_request *request, const int *fds)
{
	pid_t pid = zygote.n < EXTRACTORS_MAX ? fork() : -1;

	if (pid == 0)
		be_extractor(request, fds[0], fds[1]);
	close(fds[0]);
	close(fds[1]);
	/* The worker sees the control socket close without a result: the extractor did not
	 * start. */
	if (pid < 0)
		close(fds[2]);
	else
		add(pid, fds[2]);
}

/* Take the descriptors of a message; returns how many. */
static size_t take_descriptors(struct msghdr *message, int *ret_fds)
{
	struct cmsghdr *part = CMSG_FIRSTHDR(message);

	if (!part || part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
		return 0;
	size_t n = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(ret_fds, CMSG_DATA(part), n * sizeof(int));
	return n;
}

static void take_request(void)
{
	struct extractor_request request;
	union {
		char bytes[CMSG_SPACE(N_PASSED * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = { &request, sizeof request };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof control };
	int fds[N_PASSED];
	ssize_t n = recvmsg(zygote.requests, &message, MSG_CMSG_CLOEXEC);

	if (n < 0)
		return;
	/* The server has gone. The extractors die with the zygote. */
	if (n == 0)
		_exit(0);
	size_t n_fds = take_descriptors(&message, fds);
	if (n == sizeof request && n_fds == N_PASSED) {
		begin(&request, fds);
		return;
	}
	for (size_t i = 0; i < n_fds; i++)
		close(fds[i]);
}

/* ---- Ends ---------------------------------------------------------------- */

static uint64_t nanoseconds(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_usec * 1000;
}

static struct extractor_end end_of(pid_t pid)
{
	struct extractor_end end = { CLD_KILLED, SIGKILL, 0 };
	struct rusage usage;
	int status;

	if (wait4(pid, &status, 0, &usage) != pid)
		return end;
	end.processor_ns = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
	end.code = WIFEXITED(status) ? CLD_EXITED : CLD_KILLED;
	end.status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
	return end;
}

static void look_after(struct running *running, bool ended, bool unwanted)
{
	if (ended) {
		const struct extractor_end end = end_of(running->pid);

		if (running->control >= 0) {
			(void)send(running->control, &end, sizeof end, MSG_NOSIGNAL | MSG_DONTWAIT);
			close(running->control);
		}
		close(running->fd);
		running->pid = 0;
	} else if (unwanted) {
		(void)kill(running->pid, SIGKILL);
		close(running->control);
		running->control = -1;
	}
}

static void remove_ended(void)
{
	size_t n = 0;

	for (size_t i = 0; i < zygote.n; i++)
		if (zygote.running[i].pid != 0)
			zygote.running[n++] = zygote.running[i];
	zygote.n = n;
}

/* ---- The loop ------------------------------------------------------------ */

static _Noreturn void serve(void)
{
	static struct pollfd fds[1 + 2 * EXTRACTORS_MAX];

	for (;;) {
		size_t n = zygote.n;

		fds[0] = (struct pollfd){ .fd = zygote.requests, .events = POLLIN };
		for (size_t i = 0; i < n; i++) {
			const struct running *running = &zygote.running[i];

			fds[1 + 2 * i] = (struct pollfd){ .fd = running->fd, .events = POLLIN };
			/* Only its hangup matters; no data arrives here. */
			fds[2 + 2 * i] = (struct pollfd){ .fd = running->control };
		}
		if (poll(fds, 1 + 2 * n, -1) < 0)
			continue;
		for (size_t i = 0; i < n; i++)
			look_after(&zygote.running[i], fds[1 + 2 * i].revents != 0,
				   fds[2 + 2 * i].revents != 0);
		remove_ended();
		if (fds[0].revents != 0)
			take_request();
	}
}

/* Drop the server's handlers. Signals that a terminal sends to all its processes are for the
 * server. */
static void reset_signals(void)
{
	static const int ignored[] = { SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGPIPE, SIGXFSZ };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		(void)signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The standard streams go to /dev/null, because a document can make libraries write to them. */
static int close_all(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -errno;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (!(SANITIZED && fd == STDERR_FILENO) && dup2(null, fd) < 0)
			return -errno;
	if ((zygote.requests > 3 && close_range(3, (unsigned)zygote.requests - 1, 0) < 0) ||
	    close_range((unsigned)zygote.requests + 1, ~0U, 0) < 0)
		return -errno;
	return 0;
}

static _Noreturn void be_zygote(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	zygote.pid = getpid();
	(void)prctl(PR_SET_NAME, "docproc-zygote");
	reset_signals();
	/* Use one heap: each thread's own would reserve 64 MiB. */
	(void)mallopt(M_ARENA_MAX, 1);
	if (close_all() < 0 || extractor_sandbox_prepare() < 0)
		_exit(1);
	serve();
}

int zygote_start(struct zygote *ret_zygote, extractor_body *body)
{
	pid_t parent = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	struct zygote started = { .pid = fork(), .fd = -1, .requests = pair[0] };
	int error = started.pid < 0 ? -errno : 0;
	if (started.pid == 0) {
		zygote.body = body;
		zygote.requests = pair[1];
		be_zygote(parent);
	}
	close(pair[1]);
	if (error == 0) {
		started.fd = (int)syscall(SYS_pidfd_open, started.pid, 0);
		error = started.fd < 0 ? -errno : 0;
	}
	if (error < 0) {
		zygote_stop(&started);
		return error;
	}
	*ret_zygote = started;
	return 0;
}

void zygote_stop(struct zygote *stopped)
{
	if (stopped->requests >= 0)
		close(stopped->requests);
	if (stopped->pid > 0) {
		(void)kill(stopped->pid, SIGKILL);
		(void)waitpid(stopped->pid, NULL, 0);
	}
	if (stopped->fd >= 0)
		close(stopped->fd);
	*stopped = (struct zygote){ 0, -1, -1 };
}
