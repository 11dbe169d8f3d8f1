/* SPDX-License-Identifier: MIT */
/*
 * trackctl update: moves a task to a stage, or changes its message. This process ends at once, so
 * it does not become the task's worker; --pid names the process that works on the task and is
 * watched from then on.
 */
#include "tools/trackctl/verbs/verbs.h"
#include <limits.h>
#include <string.h>

static struct options {
	uint64_t done, total, pid;
	bool done_given, total_given, pid_given;
} options;

static const struct option_entry flags[] = {
	OPTION(struct options, done, .name = "done", .letter = 'd', .takes = "N",
	       .help = "work done in the stage", .set = option_integer, .allowed = "a whole number",
	       OPTION_GIVEN(struct options, done_given)),
	OPTION(struct options, total, .name = "total", .letter = 't', .takes = "N",
	       .help = "total work of the stage", .set = option_integer,
	       .allowed = "a whole number", OPTION_GIVEN(struct options, total_given)),
	OPTION(struct options, pid, .name = "pid", .letter = 'p', .takes = "PID",
	       .help = "the process that works on it", .set = option_integer,
	       .allowed = "a whole number", OPTION_GIVEN(struct options, pid_given)),
	{ 0 },
};

/* "-" keeps the task's present stage. */
static int find_stage(struct ctl *ctl, const struct trackd_task *task, const char *name,
		      int *ret_stage)
{
	if (strcmp(name, "-") != 0)
		return ctl_find_stage(ctl, task, name, ret_stage);
	if (options.pid_given && task->stage < 0)
		return ctl_fail(EXIT_CODE_USAGE,
				"%s has not entered a stage yet; name one to set its worker",
				task->id);
	*ret_stage = options.pid_given ? task->stage : TRACKD_STAGE_KEEP;
	return 0;
}

static int count(struct ctl *ctl, const struct trackd_task *before)
{
	struct trackd_task now = TRACKD_TASK_INIT;
	int error = ctl_copy(ctl, before->ref, &now);

	if (error < 0)
		return error;
	if (!options.done_given)
		return trackd_set_total(ctl->trackd, now.ref, options.total);
	return trackd_set_progress(ctl->trackd, now.ref, options.done,
				   options.total_given ? options.total : now.total);
}

static int run(struct ctl *ctl, int n_arguments, char **arguments)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	int stage = TRACKD_STAGE_KEEP;

	if (options.pid_given && (options.pid == 0 || options.pid > INT32_MAX))
		return ctl_fail(EXIT_CODE_USAGE, "--pid must be the id of a running process");
	int code =
		ctl_open(ctl, TRACKD_OPEN_WRITE | (options.pid_given ? 0 : TRACKD_OPEN_NO_WORKER),
			 (int32_t)options.pid);
	if (code == 0)
		code = ctl_find_task(ctl, arguments[0], &task);
	if (code == 0)
		code = find_stage(ctl, &task, arguments[1], &stage);
	if (code != 0)
		return code;
	int error =
		trackd_update(ctl->trackd, task.ref, stage, n_arguments > 2 ? arguments[2] : NULL);
	if (error >= 0 && (options.done_given || options.total_given))
		error = count(ctl, &task);
	if (error == TRACKD_E_FINAL)
		return ctl_is_final(ctl, task.id);
	if (error < 0)
		return ctl_error(error, "%s", task.id);
	if (!ctl->json)
		return EXIT_CODE_DONE;
	error = ctl_copy(ctl, task.ref, &task);
	return error < 0 ? ctl_error(error, "%s", task.id)
			 : ctl_print_json(ctl_task_json(&task), false);
}

const struct verb verb_update = {
	VERB("update", "Move a task to a stage; - keeps its stage", run),
	VERB_ARGUMENTS("ID STAGE [MESSAGE]", 2, 3, "@active @stage -"),
	VERB_OPTIONS(flags, options),
	.more = "Without --pid the task keeps the worker it has; a task that never had one is not\n"
		"watched. With --pid that process is its worker, and its death fails the task.",
};
