/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/programs.h"
#include "libclient/trackd.h"
#include "tests/harness/harness.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_MS = 20000 };

/* Exit statuses of trackctl and trackd, by their manual pages. */
static const int good_exits[] = { 0, 1, 3, 4, 5, 6, 69, 70, 75, 77 };

void programs_begin(struct programs *ret_programs, const char *name, const char *id)
{
	*ret_programs = (struct programs){ .id = id };
	snprintf(ret_programs->name, sizeof ret_programs->name, "%s", name);
	harness_folder(ret_programs->folder, sizeof ret_programs->folder);
	snprintf(ret_programs->path, sizeof ret_programs->path, "/dev/shm%s", ret_programs->name);
	snprintf(ret_programs->socket, sizeof ret_programs->socket, "%s/s.sock",
		 ret_programs->folder);
	snprintf(ret_programs->log, sizeof ret_programs->log, "%s/log", ret_programs->folder);
}

static void write_board(const struct programs *programs, const void *bytes, size_t size)
{
	(void)unlink(programs->path);
	int fd = open(programs->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0660);

	harness_must(fd < 0 ? -errno : 0, programs->path);
	(void)fchmod(fd, 0660);
	for (size_t at = 0; at < size;) {
		ssize_t n = write(fd, (const char *)bytes + at, size - at);
		harness_must(n < 0 ? -errno : 0, "writing a board");
		at += (size_t)n;
	}
	close(fd);
}

/* ---- Running ------------------------------------------------------------ */

static pid_t start(struct programs *programs, const char *const *arguments)
{
	char program[256];

	programs->n_runs++;
	harness_program(arguments[0], program, sizeof program);
	pid_t pid = harness_fork();
	if (pid != 0)
		return pid;
	int log = open(programs->log, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	unsetenv("NOTIFY_SOCKET");
	/* A leak of a refused board is no matter here, and looking for it takes long. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	execv(program, (char *const *)arguments);
	_exit(127);
}

/* The last words of a program. */
static void quote_log(const struct programs *programs, char *ret_text, size_t size)
{
	FILE *file = fopen(programs->log, "re");
	size_t n = file ? fread(ret_text, 1, size - 1, file) : 0;

	ret_text[n] = '\0';
	for (char *at = ret_text; *at; at++)
		if ((unsigned char)*at < ' ')
			*at = ' ';
	if (file)
		fclose(file);
}

static bool good_exit(int status)
{
	if (!WIFEXITED(status))
		return false;
	for (size_t i = 0; i < sizeof good_exits / sizeof good_exits[0]; i++)
		if (WEXITSTATUS(status) == good_exits[i])
			return true;
	return false;
}

static bool blame(struct programs *programs, const char *who, const char *what, int number)
{
	char log[400];

	quote_log(programs, log, sizeof log);
	snprintf(programs->fault, sizeof programs->fault, "%s %s %d: %.300s", who, what, number,
		 log);
	return false;
}

/* Wait for its end and judge it. */
static bool finish(struct programs *programs, pid_t pid, const char *who)
{
	int status = 0;

	if (!HARNESS_SEES(waitpid(pid, &status, WNOHANG) == pid, LIMIT_MS)) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return blame(programs, who, "did not end within ms", LIMIT_MS);
	}
	if (good_exit(status))
		return true;
	if (WIFSIGNALED(status))
		return blame(programs, who, "was killed by signal", WTERMSIG(status));
	return blame(programs, who, "exited with", WEXITSTATUS(status));
}

/* ---- trackctl ----------------------------------------------------------- */

bool programs_read(struct programs *programs, const void *bytes, size_t size)
{
	const char *const verbs[][3] = { { "ls" },    { "doctor" },       { "show", programs->id },
					 { "stats" }, { "--json", "ls" }, { "kinds" } };

	write_board(programs, bytes, size);
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		const char *const arguments[] = { "trackctl",       "--board",
						  programs->name,   "--socket",
						  programs->socket, verbs[i][0],
						  verbs[i][1],      NULL };
		pid_t pid = start(programs, arguments);
		char who[64];

		snprintf(who, sizeof who, "trackctl %s", verbs[i][0]);
		if (!finish(programs, pid, who))
			return false;
	}
	return true;
}

/* ---- trackd ------------------------------------------------------------- */

static bool answers(const struct programs *programs)
{
	struct trackd_options options = TRACKD_OPTIONS_INIT;
	struct trackd_stats stats = { .size = sizeof stats };
	struct trackd *trackd;

	options.board = programs->name;
	options.socket = programs->socket;
	if (trackd_open(&trackd, &options) < 0)
		return false;
	bool served = trackd_stats(trackd, &stats) == 0;
	trackd_close(trackd);
	return served;
}

bool programs_serve(struct programs *programs, const void *bytes, size_t size)
{
	const char *const arguments[] = {
		"trackd",         "--board",    programs->name, "--socket",
		programs->socket, "--capacity", "32",           NULL
	};
	int status = 0;

	write_board(programs, bytes, size);
	(void)unlink(programs->socket);
	pid_t pid = start(programs, arguments);
	bool ended = false;
	/* Until it serves, or has refused. */
	bool seen = HARNESS_SEES((ended = waitpid(pid, &status, WNOHANG) == pid) ||
					 (access(programs->socket, F_OK) == 0 && answers(programs)),
				 LIMIT_MS);
	if (ended)
		return good_exit(status) ||
		       blame(programs, "trackd at its start", "ended with status", status);
	programs->n_served += seen;
	kill(pid, SIGTERM);
	if (!finish(programs, pid, "trackd"))
		return false;
	return seen || blame(programs, "trackd", "did not answer within ms", LIMIT_MS);
}
