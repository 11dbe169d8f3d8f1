/* SPDX-License-Identifier: MIT */
/* trackctl run: runs a command as a task. The task's worker is this process, not the command: the
 * kernel notifies the daemon of a death at once, so a successful command would be reported lost
 * before its completion is recorded. If this process is killed, the end of the command cannot be
 * recorded: the task fails as worker lost, and the guard asks the job to end, so that it does not
 * continue unseen.
 *
 * The command has priority: it runs whatever happens to the board (run_task.h).
 */
#include "libclient/segment/internal.h"
#include "tools/common/oom_kills.h"
#include "tools/common/time_format.h"
#include "tools/trackctl/run/channel.h"
#include "tools/trackctl/run/child.h"
#include "tools/trackctl/run/output.h"
#include "tools/trackctl/run/progress.h"
#include "tools/trackctl/run/run_task.h"
#include "tools/trackctl/session/labels.h"
#include "tools/trackctl/verbs/verbs.h"
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

enum { LOOK_MS = 100, CANNOT_RUN = 126, NO_COMMAND = 127, SIGNALLED = 128, GRACE_MS = 10000 };
static const int64_t NS_IN_MS = 1000000;

static struct options {
	const char *kind, *id, *owner, *name;
	int64_t grace_ms;
	uint32_t start_within_ms, progress_within_ms, finish_within_ms;
	struct labels labels;
	bool replace, quiet, require_board, grace_given, result;
} options;

static const struct option_entry flags[] = {
	OPTION(struct options, kind, .name = "kind", .letter = 'k', .takes = "KIND",
	       .help = "its list of stages (command: one stage, running)", .set = option_word),
	OPTION(struct options, id, .name = "id", .letter = 'i', .takes = "ID",
	       .help = "the task's id (default: generated)", .set = option_word),
	OPTION(struct options, owner, .name = "owner", .letter = 'u', .takes = "USER",
	       .help = "its owner", .set = option_word),
	OPTION(struct options, name, .name = "name", .letter = 'n', .takes = "NAME",
	       .help = "display name (default: the command line)", .set = option_word),
	OPTION(struct options, labels, .name = "label", .letter = 'l', .takes = "KEY=VALUE",
	       .help = "a label to find it by; up to 8", .set = labels_set,
	       .allowed = "KEY=VALUE, with a key of A-Za-z0-9._/-, and given at most 8 times"),
	OPTION(struct options, result, .name = "result-from-last-line",
	       .help = "the last line of its output becomes the task's result",
	       .set = option_switch),
	OPTION(struct options, start_within_ms, .name = "start-within", .takes = "TIME",
	       .help = "fail the task if it is pending for longer", .set = option_lifetime,
	       .allowed = "a time such as 90s, 3m, 1h or 1d, or never"),
	OPTION(struct options, progress_within_ms, .name = "progress-within", .takes = "TIME",
	       .help = "fail the task if it makes no progress for so long", .set = option_lifetime,
	       .allowed = "a time such as 90s, 3m, 1h or 1d, or never"),
	OPTION(struct options, finish_within_ms, .name = "finish-within", .takes = "TIME",
	       .help = "fail the task if it takes longer", .set = option_lifetime,
	       .allowed = "a time such as 90s, 3m, 1h or 1d, or never"),
	OPTION(struct options, replace, .name = "replace",
	       .help = "replace a task with that id and owner", .set = option_switch),
	OPTION(struct options, grace_ms, .name = "grace", .letter = 'g', .takes = "TIME",
	       .help = "from SIGTERM to SIGKILL when cancelled (10)", .set = option_time,
	       .allowed = "a time such as 2, 0.5s, 3m or 1h",
	       OPTION_GIVEN(struct options, grace_given)),
	OPTION(struct options, require_board, .name = "require-board",
	       .help = "do not run without a task", .set = option_switch),
	OPTION(struct options, quiet, .name = "quiet", .letter = 'q',
	       .help = "do not print a generated id", .set = option_switch),
	{ 0 },
};

struct job {
	struct run_task task;
	char id[TRACKD_ID_MAX + 1];
	struct child child;
	struct channel channel;
	struct progress_buffer buffer;
	struct output output;
	bool reported_bad_line, ending, killed;
	uint64_t kill_at;
	struct oom_mark oom_kills; /* when it was started */
};

enum { END_WORDS = 128 };

/* ---- The task ---------------------------------------------------------- */

static void choose_id(struct job *job)
{
	uint32_t random = 0;

	if (options.id) {
		snprintf(job->id, sizeof job->id, "%s", options.id);
		return;
	}
	if (getrandom(&random, sizeof random, 0) < 0)
		random = (uint32_t)time_steady() ^ (uint32_t)getpid();
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

/* name: one byte larger than on the board, so that the library marks it as truncated. */
static int begin(struct job *job, struct ctl *ctl, char name[TRACKD_NAME_MAX + 2], char **command)
{
	command_line(name, TRACKD_NAME_MAX + 2, command);
	job->task = (struct run_task){
		.id = options.id ? options.id : job->id,
		.owner = options.owner,
		.name = options.name ? options.name : name,
		.kind = options.kind,
		.labels = options.labels.n > 0 ? options.labels.text : NULL,
		.replace = options.replace,
		.start_within_ms = options.start_within_ms,
		.progress_within_ms = options.progress_within_ms,
		.finish_within_ms = options.finish_within_ms,
	};
	int code = run_task_begin(&job->task, ctl, options.require_board);
	if (code == 0 && !options.id && !options.quiet)
		fprintf(stderr, "trackctl: task %s\n", job->id);
	return code;
}

/* ---- Progress ---------------------------------------------------------- */

static int apply(struct job *job, const struct progress *progress)
{
	switch (progress->type) {
	case PROGRESS_COUNT:
		return run_task_count(&job->task, progress->done, progress->total,
				      progress->message);
	case PROGRESS_STAGE:
		return run_task_enter(&job->task, progress->stage, progress->message);
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
	if ((understood && error >= 0) || job->reported_bad_line)
		return;
	job->reported_bad_line = true; /* once, since the command may write a thousand of them */
	if (understood)
		ctl_error(error, "progress line \"%s\"", copy);
	else
		ctl_fail(EXIT_CODE_USAGE,
			 "progress line \"%s\" is neither \"N/M [message]\" nor \"stage NAME "
			 "[message]\"",
			 copy);
}

/* ---- While it runs ----------------------------------------------------- */

/* A cancelled job gets SIGTERM, and SIGKILL if it has not ended after the grace period. */
static void look_for_cancel(struct job *job)
{
	uint64_t now = time_steady();
	int64_t grace = options.grace_given ? options.grace_ms : GRACE_MS;

	run_task_sync(&job->task);
	if (!job->task.asked)
		return;
	if (!job->ending) {
		job->ending = true;
		job->kill_at = now + (uint64_t)(grace * NS_IN_MS);
		int error = child_signal_all(&job->child, SIGTERM);
		if (error < 0)
			ctl_error(error, "cannot end the command of task %s", job->id);
	} else if (!job->killed && now >= job->kill_at) {
		job->killed = true;
		(void)child_signal_all(&job->child, SIGKILL);
	}
}

/* Processes that the command leaves behind may continue, as in a shell; but a task may only be
 * shown as cancelled when the whole job has ended. */
static bool is_over(const struct job *job)
{
	return job->child.ended && (!job->ending || !child_has_members(&job->child));
}

static void attend(struct job *job)
{
	struct pollfd fds[4] = {
		{ .fd = job->child.signals, .events = POLLIN },
		{ .fd = job->channel.read, .events = POLLIN },
	};

	while (!is_over(job)) {
		output_wait_for(&job->output, fds + 2);
		(void)poll(fds, 4, child_patience(&job->child, LOOK_MS));
		output_attend(&job->output);
		progress_read(&job->buffer, job->channel.read, take_line, job);
		child_attend(&job->child);
		if (!job->child.ended || job->ending)
			look_for_cancel(job);
	}
	/* The command's last lines are still in the FIFO. */
	progress_read(&job->buffer, job->channel.read, take_line, job);
	progress_finish(&job->buffer, take_line, job);
	/* What was told to end must not wait for a reader. */
	output_finish(&job->output,
		      !job->ending && !job->child.told && !WIFSIGNALED(job->child.status));
}

/* ---- The end ----------------------------------------------------------- */

/* As the daemon would say it of a worker. */
static void words_end(const struct job *job, char text[END_WORDS])
{
	char how[CAUSE_WORDS];
	bool memory = oom_kills_since(&job->oom_kills);

	cause_words(how, cause_of_status(job->child.status, memory));
	snprintf(text, END_WORDS, "the command %s", how);
}

/* Record how the command ended. Returns our exit status. */
static int end(struct job *job, struct ctl *ctl)
{
	int status = job->child.status;
	char text[END_WORDS];

	words_end(job, text);
	if (WIFSIGNALED(status)) {
		ctl->end_signal = WTERMSIG(status);
		ctl->end_all = job->child.interrupted &&
			       (ctl->end_signal == SIGINT || ctl->end_signal == SIGQUIT);
	}
	job->task.result = job->output.last;
	/* A command that was asked to end has not completed, whatever its exit status. */
	run_task_end(&job->task,
		     job->ending   ? TRACKD_CANCELLED
		     : status == 0 ? TRACKD_COMPLETED
				   : TRACKD_FAILED,
		     text);
	return WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

static int cannot_run(struct job *job, const char *command, int error)
{
	char text[TRACKD_ERROR_MAX];

	snprintf(text, sizeof text, "cannot run %s: %s", command, strerror(-error));
	run_task_end(&job->task, TRACKD_FAILED, text);
	ctl_fail(EXIT_CODE_USAGE, "%s", text);
	return error == -ENOENT ? NO_COMMAND : CANNOT_RUN;
}

static void pass_ends(void *user)
{
	const struct job *job = user;

	channel_pass(&job->channel);
	output_pass(&job->output);
}

static int run_command(struct job *job, struct ctl *ctl, char **command)
{
	char name[TRACKD_NAME_MAX + 2];
	int code = begin(job, ctl, name, command);

	if (code != 0)
		return code;
	job->oom_kills = oom_kills_mark();
	int error = child_start(&job->child, command, pass_ends, job);
	output_started(&job->output);
	if (error < 0)
		return cannot_run(job, command[0], error);
	attend(job);
	return end(job, ctl);
}

static int run(struct ctl *ctl, int n_arguments, char **arguments)
{
	static struct job job = { .child.signals = -1 };
	int code;

	(void)n_arguments;
	choose_id(&job);
	output_none(&job.output);
	int error = channel_open(&job.channel);
	if (error == 0 && options.result)
		error = output_open(&job.output);
	if (error == 0 && setenv("TRACKD_ID", job.id, 1) < 0)
		error = -errno;
	if (error == 0)
		error = child_prepare(&job.child, job.channel.file[0] ? job.channel.file : NULL);
	if (error < 0)
		code = ctl_error(error, "cannot run %s", arguments[0]);
	else
		code = run_command(&job, ctl, arguments);
	channel_close(&job.channel);
	output_close(&job.output);
	child_free(&job.child);
	return code;
}

const struct verb verb_run = {
	VERB("run", "Run a command as a task, and pass its exit status on", run),
	VERB_ARGUMENTS("[--] COMMAND [ARGUMENT...]", 1, -1, "@command @file"),
	VERB_OPTIONS(flags, options),
	.more = "The command gets the task's id in $TRACKD_ID and in $TRACKD_PROGRESS a path to "
		"write\n"
		"lines to: \"N/M [message]\" sets done and total, \"stage NAME [message]\" enters "
		"a stage.\n"
		"$TRACKD_PROGRESS_FD is a descriptor that it inherits for the same.\n"
		"Exits as the command did, by the same signal if one killed it; 127 or 126 if it "
		"could not\n"
		"be run. trackctl cancel sends SIGTERM to it and all of its process group.",
	.rest_is_command = true,
};
