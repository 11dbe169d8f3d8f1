/* SPDX-License-Identifier: MIT */
/* trackctl rm: removes tasks. Removing does not cancel, so active tasks are refused. */
#include "tools/trackctl/verbs/verbs.h"

static struct options {
	bool force;
} options;

static const struct option_entry flags[] = {
	OPTION(struct options, force, .name = "force", .letter = 'f',
	       .help = "active tasks too; their workers are not notified", .set = option_switch),
	{ 0 },
};

static int remove_one(struct ctl *ctl, const char *id)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	int code = ctl_find_task(ctl, id, &task);

	if (code != 0)
		return code;
	if (task.state == TRACKD_ACTIVE && !options.force)
		return ctl_fail(EXIT_CODE_REFUSED,
				"%s is active; trackctl cancel %s asks it to stop, --force removes "
				"it while its worker continues",
				task.id, task.id);
	int error = trackd_remove(ctl->trackd, task.ref);
	return error < 0 ? ctl_error(error, "%s", id) : EXIT_CODE_DONE;
}

static int run(struct ctl *ctl, int n_arguments, char **arguments)
{
	return verb_each(ctl, n_arguments, arguments, remove_one);
}

const struct verb verb_rm = {
	VERB("rm", "Forget tasks", run),
	VERB_ARGUMENTS("ID...", 1, -1, "@id"),
	VERB_OPTIONS(flags, options),
};
