/* SPDX-License-Identifier: MIT */
/* Starting and stopping a private trackd; see private_daemon.h. */
#include "tests/harness/private_daemon.h"
#include "tests/harness/harness.h"
#include "tests/harness/tap.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_MS = 60000, STOP_MS = 60000 };

/* ---- What still runs at exit -------------------------------------------- */

static struct private_daemon *running[8];
static pid_t starter;

static void clean_up(void)
{
	if (getpid() != starter)
		return;
	for (size_t i = 0; i < sizeof running / sizeof running[0]; i++)
		if (running[i])
			private_daemon_remove(running[i]);
}

static void remember(struct private_daemon *daemon)
{
	if (starter != getpid()) {
		memset(running, 0, sizeof running);
		starter = getpid();
		(void)atexit(clean_up);
	}
	for (size_t i = 0; i < sizeof running / sizeof running[0]; i++) {
		if (!running[i] || running[i] == daemon) {
			running[i] = daemon;
			return;
		}
	}
	harness_die("more than 8 daemons");
}

static void forget(const struct private_daemon *daemon)
{
	for (size_t i = 0; i < sizeof running / sizeof running[0]; i++)
		if (running[i] == daemon)
			running[i] = NULL;
}

/* ---- Starting ----------------------------------------------------------- */

static int notify_socket(const struct private_daemon *daemon, char *ret_path, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(ret_path, size, "%s/notify", daemon->folder);
	(void)unlink(ret_path);
	if (fd < 0 || strlen(ret_path) >= sizeof address.sun_path)
		harness_die("%s: no notification socket", ret_path);
	memcpy(address.sun_path, ret_path, strlen(ret_path));
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		harness_die("%s: %s", ret_path, strerror(errno));
	return fd;
}

static _Noreturn void run(const struct private_daemon *daemon, const char *notify)
{
	const char *arguments[HARNESS_COMMAND_WORDS + PRIVATE_DAEMON_OPTIONS + 10];
	char command[4096];
	int n = harness_command("trackd", command, arguments);
	int log = open(daemon->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	arguments[n++] = "--config"; /* not the host's; a later one in the options wins */
	arguments[n++] = "/dev/null";
	arguments[n++] = "--board";
	arguments[n++] = daemon->board;
	arguments[n++] = "--socket";
	arguments[n++] = daemon->socket;
	for (int i = 0; i < daemon->n_options; i++)
		arguments[n++] = daemon->options[i];
	arguments[n] = NULL;
	(void)dup2(log, STDOUT_FILENO);
	(void)dup2(log, STDERR_FILENO);
	(void)setenv("NOTIFY_SOCKET", notify, 1);
	execv(arguments[0], (char *const *)arguments);
	fprintf(stderr, "%s: %s\n", arguments[0], strerror(errno));
	_exit(127);
}

static bool said_ready(int fd)
{
	char text[4096];
	ssize_t n;

	while ((n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT)) > 0) {
		text[n] = '\0';
		if (strstr(text, "READY=1"))
			return true;
	}
	return false;
}

static bool exited(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == pid;
}

/* 0 when it is ready, otherwise its exit status or -signal. */
static int launch(struct private_daemon *daemon)
{
	char notify[200];
	int fd = notify_socket(daemon, notify, sizeof notify);
	bool ready = false;

	remember(daemon);
	daemon->pid = harness_fork();
	if (daemon->pid == 0)
		run(daemon, notify);
	if (!HARNESS_SEES((ready = said_ready(fd)) || exited(daemon->pid), READY_MS))
		harness_die("trackd was not ready within %d ms; see %s", READY_MS, daemon->log);
	close(fd);
	(void)unlink(notify);
	if (ready)
		return 0;
	int status = harness_reap(daemon->pid);
	daemon->pid = 0;
	return status ? status : 256;
}

static void show_log(const struct private_daemon *daemon)
{
	char line[512];
	FILE *log = fopen(daemon->log, "re");

	while (log && fgets(line, sizeof line, log)) {
		line[strcspn(line, "\n")] = '\0';
		tap_note("trackd: %s", line);
	}
	if (log)
		fclose(log);
}

int private_daemon_try(struct private_daemon *daemon, const char *const *options)
{
	*daemon = (struct private_daemon){ 0 };
	harness_folder(daemon->folder, sizeof daemon->folder);
	harness_board_name(daemon->board);
	snprintf(daemon->socket, sizeof daemon->socket, "%s/s", daemon->folder);
	snprintf(daemon->log, sizeof daemon->log, "%s/log", daemon->folder);
	for (int i = 0; options && options[i]; i++) {
		if (daemon->n_options == PRIVATE_DAEMON_OPTIONS)
			harness_die("more than %d options", PRIVATE_DAEMON_OPTIONS);
		snprintf(daemon->options[daemon->n_options++], sizeof daemon->options[0], "%s",
			 options[i]);
	}
	return launch(daemon);
}

void private_daemon_start(struct private_daemon *daemon, const char *const *options)
{
	int status = private_daemon_try(daemon, options);

	if (status == 0)
		return;
	show_log(daemon);
	harness_die("trackd ended with %d instead of getting ready", status);
}

int private_daemon_retry(struct private_daemon *daemon)
{
	return launch(daemon);
}

void private_daemon_restart(struct private_daemon *daemon)
{
	int status = launch(daemon);

	if (status == 0)
		return;
	show_log(daemon);
	harness_die("trackd ended with %d instead of getting ready again", status);
}

/* ---- Ending ------------------------------------------------------------- */

void private_daemon_kill(struct private_daemon *daemon)
{
	if (daemon->pid > 0)
		(void)harness_kill(daemon->pid, SIGKILL);
	daemon->pid = 0;
}

int private_daemon_stop(struct private_daemon *daemon)
{
	if (daemon->pid <= 0)
		harness_die("no daemon to stop");
	int status = harness_kill(daemon->pid, SIGTERM);
	daemon->pid = 0;
	if (status != 0)
		show_log(daemon);
	return status;
}

void private_daemon_remove(struct private_daemon *daemon)
{
	char lock[80];

	private_daemon_kill(daemon);
	forget(daemon);
	harness_unlink(daemon->board);
	snprintf(lock, sizeof lock, "%s:lock", daemon->board);
	harness_unlink(lock);
}

struct trackd *private_daemon_open(const struct private_daemon *daemon, unsigned flags)
{
	struct trackd_options options = TRACKD_OPTIONS_INIT;
	struct trackd *trackd;

	options.flags = flags;
	options.board = daemon->board;
	options.socket = daemon->socket;
	HARNESS_MUST(trackd_open(&trackd, &options));
	return trackd;
}
