/* SPDX-License-Identifier: MIT */
/*
 * trackctl run: a command as a task. The task's worker is this process, not the command: the kernel
 * tells the daemon of a death in the instant it happens, so a command that has just ended well
 * would be called lost before anybody could say that it is done. Should this process be killed,
 * nobody is left to tell how the command ends: the task fails as worker lost, and the command is
 * asked to end (PR_SET_PDEATHSIG), so that what is shown is so.
 *
 * $TRACKD_PROGRESS is a path through /proc to a pipe of ours. Any program can write to it, a shell
 * with a plain redirection; it needs no file that could be left behind, and is gone when we are.
 */
#include "child.h"
#include "progress.h"
#include "tools/common/moment.h"
#include "verbs.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK_MS = 100, CANNOT_RUN = 126, NO_COMMAND = 127, SIGNALLED = 128 };
static const int64_t NS_IN_MS = 1000000;

static struct {
	const char *kind, *id, *owner, *name;
	int64_t grace_ms;
	bool replace, quiet, grace_given;
} options;

static const struct flag flags[] = {
	{ "kind", 'k', FLAG_TEXT, "KIND", "its list of stages (command: one stage, running)",
	  &options.kind, NULL },
	{ "id", 'i', FLAG_TEXT, "ID", "the task's id (one is made up)", &options.id, NULL },
	{ "owner", 'u', FLAG_TEXT, "USER", "whose it is", &options.owner, NULL },
	{ "name", 'n', FLAG_TEXT, "NAME", "for people (the command line)", &options.name, NULL },
	{ "replace", 0, FLAG_BOOL, NULL, "take the place of a task of that id and owner",
	  &options.replace, NULL },
	{ "grace", 'g', FLAG_TIME, "TIME", "from SIGTERM to SIGKILL when cancelled (10)",
	  &options.grace_ms, &options.grace_given },
	{ "quiet", 'q', FLAG_BOOL, NULL, "do not print an id that was made up", &options.quiet,
	  NULL },
	{ 0 },
};

struct job {
	struct ctl *ctl;
	struct trackd_ref ref;
	int32_t kind;
	char id[TRACKD_ID_MAX + 1];
	struct child child;
	int pipe[2]; /* progress: [1] is only held, so that the end of a writer is not the end */
	struct progress_buffer buffer;
	bool told_bad_line, asked, killed;
	uint64_t kill_at;
};

/* ---- The task ---------------------------------------------------------- */

static int find_kind(struct job *job)
{
	static const struct trackd_stage_def stages[] = { { "running", 0 } };

	job->kind = options.kind ? trackd_kind_find(job->ctl->trackd, options.kind)
				 : trackd_kind_declare(job->ctl->trackd, "command", stages, 1);
	if (job->kind >= 0)
		return 0;
	if (options.kind)
		return ctl_fail(
			EXIT_CODE_USAGE,
			"no kind \"%s\" on this board; trackctl kinds shows which there are",
			options.kind);
	return ctl_error(job->kind, "cannot declare kind command");
}

static void choose_id(struct job *job)
{
	uint32_t random = 0;

	if (options.id) {
		snprintf(job->id, sizeof job->id, "%s", options.id);
		return;
	}
	if (getrandom(&random, sizeof random, 0) < 0)
		random = (uint32_t)moment_steady() ^ (uint32_t)getpid();
	snprintf(job->id, sizeof job->id, "run-%08x", random);
}

static void command_line(char *to, size_t size, char **command)
{
	size_t length = 0;

	to[0] = '\0';
	for (size_t i = 0; command[i] && length + 1 < size; i++) {
		snprintf(to + length, size - length, "%s%s", i > 0 ? " " : "", command[i]);
		length += strlen(to + length);
	}
}

static int create(struct job *job, char **command)
{
	struct trackd_new task = TRACKD_NEW_INIT;
	char name[TRACKD_NAME_MAX + 2]; /* one more, so that the library marks it as cut */

	command_line(name, sizeof name, command);
	task.id = options.id ? options.id : job->id;
	task.owner = options.owner;
	task.name = options.name ? options.name : name;
	task.message = "Starting";
	task.kind = job->kind;
	task.flags = options.replace ? TRACKD_REPLACE : 0;
	/* It is watched as long as it lives, however long it is silent. */
	task.active_ttl_ms = TRACKD_TTL_NEVER;
	int error = trackd_create(job->ctl->trackd, &task, &job->ref);
	if (error == TRACKD_E_EXISTS)
		return ctl_fail(
			EXIT_CODE_REFUSED,
			"task %s exists; --replace takes its place if the owner is the same",
			task.id);
	if (error < 0)
		return ctl_error(error, "%s", task.id);
	error = trackd_update(job->ctl->trackd, job->ref, 0, "Running");
	if (error < 0)
		return ctl_error(error, "%s", task.id);
	if (!options.id && !options.quiet)
		fprintf(stderr, "trackctl: task %s\n", job->id);
	return 0;
}

/* ---- Progress ---------------------------------------------------------- */

static int apply(struct job *job, const struct progress *progress)
{
	struct trackd *trackd = job->ctl->trackd;
	int result;

	switch (progress->type) {
	case PROGRESS_COUNT:
		result = trackd_set_progress(trackd, job->ref, progress->done, progress->total);
		if (result >= 0 && progress->message)
			result = trackd_update(trackd, job->ref, TRACKD_STAGE_KEEP,
					       progress->message);
		return result;
	case PROGRESS_STAGE:
		result = trackd_stage_find(trackd, job->kind, progress->stage);
		return result < 0 ? result
				  : trackd_update(trackd, job->ref, result, progress->message);
	}
	return -EINVAL;
}

static void take_line(void *user, char *line)
{
	struct job *job = user;
	struct progress progress;
	char copy[PROGRESS_LINE];

	snprintf(copy, sizeof copy, "%s", line);
	bool understood = progress_parse(line, &progress);
	int error = understood ? apply(job, &progress) : 0;
	if ((understood && error >= 0) || job->told_bad_line)
		return;
	job->told_bad_line = true; /* once: it may come a thousand times */
	if (understood)
		ctl_error(error, "progress line \"%s\"", copy);
	else
		ctl_fail(EXIT_CODE_USAGE,
			 "progress line \"%s\" is neither \"N/M [message]\" nor \"stage NAME "
			 "[message]\"",
			 copy);
}

/* The environment of the command. */
static int offer_progress(struct job *job)
{
	char path[64];

	if (pipe2(job->pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), job->pipe[0]);
	if (setenv("TRACKD_PROGRESS", path, 1) < 0 || setenv("TRACKD_ID", job->id, 1) < 0)
		return -errno;
	return 0;
}

/* ---- While it runs ----------------------------------------------------- */

static void look_for_cancel(struct job *job)
{
	uint64_t now = moment_steady();

	if (!job->asked && trackd_cancel_requested(job->ctl->trackd, job->ref) == 1) {
		int64_t grace = options.grace_given ? options.grace_ms : 10000;

		job->asked = true;
		job->kill_at = now + (uint64_t)(grace * NS_IN_MS);
		(void)kill(job->child.pid, SIGTERM);
	} else if (job->asked && !job->killed && now >= job->kill_at) {
		job->killed = true;
		(void)kill(job->child.pid, SIGKILL);
	}
}

static void attend(struct job *job)
{
	struct pollfd fds[] = {
		{ .fd = job->child.signals, .events = POLLIN },
		{ .fd = job->pipe[0], .events = POLLIN },
	};

	while (!job->child.ended) {
		(void)poll(fds, 2, LOOK_MS);
		progress_read(&job->buffer, job->pipe[0], take_line, job);
		child_signals(&job->child);
		if (!job->child.ended)
			look_for_cancel(job);
	}
	/* What it wrote last is still in the pipe. */
	progress_read(&job->buffer, job->pipe[0], take_line, job);
	progress_finish(&job->buffer, take_line, job);
}

/* ---- The end ----------------------------------------------------------- */

/* Tell the task how its command ended. Returns what we exit with. */
static int end(struct job *job)
{
	struct trackd *trackd = job->ctl->trackd;
	int status = job->child.status, error;
	char text[128];

	if (WIFSIGNALED(status)) {
		int signal_number = WTERMSIG(status);
		snprintf(text, sizeof text, "killed by signal %d (%s)%s", signal_number,
			 strsignal(signal_number), WCOREDUMP(status) ? ", core dumped" : "");
	} else {
		snprintf(text, sizeof text, "exit status %d", WEXITSTATUS(status));
	}
	if (status == 0)
		error = trackd_complete(trackd, job->ref, NULL);
	else if (job->asked)
		error = trackd_cancelled(trackd, job->ref, NULL);
	else
		error = trackd_fail(trackd, job->ref, text);
	if (error < 0) /* it ran all the same, and its status is what is asked for */
		ctl_error(error, "task %s could not be told: %s", job->id, text);
	return WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

static int cannot_run(struct job *job, const char *command, int error)
{
	char text[TRACKD_ERROR_MAX];

	snprintf(text, sizeof text, "cannot run %s: %s", command, strerror(-error));
	(void)trackd_fail(job->ctl->trackd, job->ref, text);
	ctl_fail(EXIT_CODE_USAGE, "%s", text);
	return error == -ENOENT ? NO_COMMAND : CANNOT_RUN;
}

static int run(struct ctl *ctl, int n_arguments, char **arguments)
{
	struct job job = { .ctl = ctl, .pipe = { -1, -1 }, .child.signals = -1 };
	int code = ctl_open(ctl, TRACKD_OPEN_WRITE, 0);

	(void)n_arguments;
	if (code == 0)
		code = find_kind(&job);
	if (code != 0)
		return code;
	choose_id(&job);
	int error = offer_progress(&job);
	if (error == 0)
		error = child_prepare(&job.child);
	if (error < 0)
		return ctl_error(error, "cannot run %s", arguments[0]);
	code = create(&job, arguments);
	if (code != 0)
		return code;
	error = child_start(&job.child, arguments);
	if (error < 0)
		return cannot_run(&job, arguments[0], error);
	attend(&job);
	code = end(&job);
	child_free(&job.child);
	close(job.pipe[0]);
	close(job.pipe[1]);
	return code;
}

const struct verb verb_run = {
	.name = "run",
	.arguments = "[--] COMMAND [ARGUMENT...]",
	.summary = "Run a command as a task, and pass its exit status on",
	.more = "The command finds the task's id in $TRACKD_ID and in $TRACKD_PROGRESS a path to "
		"write\n"
		"lines to: \"N/M [message]\" sets done and total, \"stage NAME [message]\" enters "
		"a stage.\n"
		"Exits as the command did, with 128 + signal if one killed it; 127 or 126 if it "
		"could\n"
		"not be run. trackctl cancel sends it SIGTERM.",
	.flags = flags,
	.min_arguments = 1,
	.max_arguments = -1,
	.rest_is_command = true,
	.run = run,
};
