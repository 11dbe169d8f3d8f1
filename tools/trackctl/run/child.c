/* SPDX-License-Identifier: MIT */
/* Signals are read from a signalfd. Those that end a job are forwarded to the whole job; those with
 * a meaning for a program (SIGUSR1, SIGUSR2, SIGWINCH) only to the command, because they would kill
 * other processes of the job.
 *
 * In a service, a signal may have been sent to the whole cgroup (systemctl stop), so the command
 * has received it already. The guard is in the same cgroup but in its own process group, so it can
 * tell: a signal is held for a moment and dropped if the guard received it too.
 *
 * A command that has ended stays a zombie until child_free(), so that until then its process id and
 * its group's cannot be reused.
 */
#include "tools/trackctl/run/child.h"
#include "tools/common/time_format.h"
#include "tools/trackctl/run/members.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static const int to_all[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
static const int to_command[] = { SIGUSR1, SIGUSR2, SIGWINCH };
static const uint64_t HOLD_NS = 250000000;
static const uint64_t NS_PER_MS = 1000000;

static sigset_t mask_before;
static struct sigaction child_before; /* the former action of SIGCHLD */

/* ---- The start --------------------------------------------------------- */

static void handled(sigset_t *mask)
{
	sigemptyset(mask);
	sigaddset(mask, SIGCHLD);
	sigaddset(mask, SIGTSTP);
	sigaddset(mask, SIGCONT);
	for (size_t i = 0; i < sizeof to_all / sizeof to_all[0]; i++)
		sigaddset(mask, to_all[i]);
	for (size_t i = 0; i < sizeof to_command / sizeof to_command[0]; i++)
		sigaddset(mask, to_command[i]);
}

int child_prepare(struct child *child, const char *remove)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t mask, blocked;

	*child = (struct child){ .signals = -1, .foreground.tty = -1 };
	handled(&mask);
	blocked = mask;
	sigaddset(&blocked, SIGTTOU); /* without this we could not take the terminal back */
	sigaddset(&blocked, SIGTTIN);
	sigaddset(&blocked, SIGPIPE); /* the guard may have been killed, and stderr may be closed */
	if (sigprocmask(SIG_BLOCK, &blocked, &mask_before) < 0 ||
	    sigaction(SIGCHLD, &standard, &child_before) < 0)
		return -errno;
	child->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (child->signals < 0)
		return -errno;
	foreground_look(&child->foreground);
	return guard_start(&child->guard, remove);
}

/* In the child. An error is written to `report`; on success, exec closes it. */
static _Noreturn void become(struct child *child, bool give, char **command, int report)
{
	(void)setpgid(0, 0);
	if (give)
		foreground_give(&child->foreground, getpid());
	(void)sigaction(SIGCHLD, &child_before, NULL);
	(void)sigprocmask(SIG_SETMASK, &mask_before, NULL);
	execvp(command[0], command);
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

int child_start(struct child *child, char **command, void (*pass)(void *user), void *user)
{
	bool give = foreground_is_free(&child->foreground);
	int report[2];

	if (pipe2(report, O_CLOEXEC) < 0)
		return -errno;
	child->pid = fork();
	if (child->pid == 0) {
		pass(user);
		become(child, give, command, report[1]);
	}
	int error = child->pid < 0 ? -errno : 0;
	close(report[1]);
	if (error == 0) {
		/* The child does the same; do it here too, because the guard needs the group
		 * now. */
		(void)setpgid(child->pid, child->pid);
		guard_watch(&child->guard, child->pid);
		error = started(report[0]);
		child->foreground.given = give;
	}
	close(report[0]);
	if (error == 0)
		return 0;
	foreground_take(&child->foreground);
	if (child->pid > 0)
		(void)waitpid(child->pid, NULL, 0);
	child->pid = 0;
	return error;
}

/* ---- Forwarding signals ------------------------------------------------ */

static bool is_in(const int *list, size_t n, int signal_number)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == signal_number)
			return true;
	return false;
}

static bool is_for_all(int signal_number)
{
	return is_in(to_all, sizeof to_all / sizeof to_all[0], signal_number);
}

int child_signal_all(const struct child *child, int signal_number)
{
	int error = kill(-child->pid, signal_number) < 0 ? -errno : 0;

	(void)kill(-child->pid, SIGCONT);
	return error;
}

static void pass_on(struct child *child, int signal_number)
{
	if (child->ended)
		return;
	child->told |= is_for_all(signal_number);
	if (is_for_all(signal_number))
		(void)child_signal_all(child, signal_number);
	else
		(void)kill(child->pid, signal_number);
}

/* systemd sets this variable for all processes of a service. */
static bool is_service(void)
{
	return getenv("INVOCATION_ID") != NULL;
}

static void hold(struct child *child, int signal_number)
{
	if (child->held == 0)
		child->held_ns = time_steady();
	child->held |= UINT32_C(1) << signal_number;
}

static void pass_held_on(struct child *child)
{
	if (child->held == 0 || time_steady() - child->held_ns < HOLD_NS)
		return;
	uint32_t left = child->held & ~guard_saw(&child->guard, child->held_ns);
	for (int number = 1; number < 32; number++)
		if (left & UINT32_C(1) << number)
			pass_on(child, number);
	child->held = 0;
}

int child_patience(const struct child *child, int most)
{
	if (child->held == 0)
		return most;
	uint64_t waited = time_steady() - child->held_ns;
	return waited >= HOLD_NS ? 0 : (int)((HOLD_NS - waited) / NS_PER_MS) + 1;
}

/* ---- Stops ------------------------------------------------------------- */

static void resume(struct child *child)
{
	if (foreground_is_free(&child->foreground))
		foreground_give(&child->foreground, child->pid);
	(void)kill(-child->pid, SIGCONT);
}

static bool is_pending(int signal_number)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && sigismember(&pending, signal_number) == 1;
}

/* The kernel does not stop a group that no shell could continue: then the job is continued at once.
 * Otherwise SIGCONT has arrived, and is handled when it is read. */
static void stop_with_it(struct child *child, int signal_number, bool all)
{
	foreground_stop(signal_number, all);
	if (!is_pending(SIGCONT))
		resume(child);
}

/* The command has stopped. */
static void stopped(struct child *child, int signal_number)
{
	bool wants = signal_number == SIGTTIN || signal_number == SIGTTOU;

	child->foreground.wanted |= wants;
	if (wants && foreground_is_free(&child->foreground)) {
		resume(child);
		return;
	}
	bool had = child->foreground.given;
	foreground_take(&child->foreground);
	if (had || wants)
		stop_with_it(child, had && !wants ? SIGTSTP : signal_number, true);
}

/* Stop the job because we were asked to stop: through the terminal, if our group has it. */
static void stop_job(struct child *child)
{
	(void)kill(-child->pid, SIGTSTP);
	foreground_take(&child->foreground);
	stop_with_it(child, SIGTSTP, false);
}

/* ---- Events ------------------------------------------------------------ */

static void take_signal(struct child *child, int signal_number)
{
	if (signal_number == SIGCHLD || child->ended)
		return;
	if (signal_number == SIGTSTP)
		stop_job(child);
	else if (signal_number == SIGCONT)
		resume(child);
	else if (is_service())
		hold(child, signal_number);
	else
		pass_on(child, signal_number);
}

static int status_of(const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		return W_EXITCODE(info->si_status, 0);
	return W_EXITCODE(0, info->si_status) | (info->si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

static void look_for_end(struct child *child)
{
	siginfo_t info = { .si_pid = 0 };

	if (child->ended ||
	    waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    info.si_pid != child->pid)
		return;
	child->ended = true;
	child->status = status_of(&info);
	child->interrupted = child->foreground.given && WIFSIGNALED(child->status);
	foreground_take(&child->foreground);
}

static void look_for_stop(struct child *child)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_PID, (id_t)child->pid, &info, WSTOPPED | WNOHANG) == 0 &&
	    info.si_pid == child->pid)
		stopped(child, info.si_status);
}

void child_attend(struct child *child)
{
	struct signalfd_siginfo info;

	while (read(child->signals, &info, sizeof info) == (ssize_t)sizeof info)
		take_signal(child, (int)info.ssi_signo);
	pass_held_on(child);
	look_for_end(child);
	if (!child->ended)
		look_for_stop(child);
}

/* ---- The end ----------------------------------------------------------- */

bool child_has_members(const struct child *child)
{
	return child->pid > 0 && members_alive(child->pid);
}

void child_free(struct child *child)
{
	guard_end(&child->guard);
	if (child->ended)
		(void)waitpid(child->pid, NULL, 0);
	if (child->signals >= 0)
		close(child->signals);
	foreground_end(&child->foreground);
}

void child_die_likewise(int number, bool all)
{
	const struct rlimit none = { 0, 0 };
	struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t one;

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)sigaction(number, &standard, NULL);
	sigemptyset(&one);
	sigaddset(&one, number);
	(void)kill(all ? 0 : getpid(), number);
	(void)sigprocmask(SIG_UNBLOCK, &one, NULL);
}
