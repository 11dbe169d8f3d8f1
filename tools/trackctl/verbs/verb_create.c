/* SPDX-License-Identifier: MIT */
/* trackctl create: a new pending task. */
#include "tools/trackctl/session/labels.h"
#include "tools/trackctl/verbs/verbs.h"
#include <stdio.h>

static struct options {
	const char *owner, *name, *kind, *message;
	uint64_t total;
	uint32_t ttl_ms, active_ttl_ms;
	struct labels labels;
	uint32_t start_within_ms, progress_within_ms, finish_within_ms;
	uint64_t keeper;
	bool keeper_given;
	bool replace;
} options;

static const struct option_entry flags[] = {
	OPTION(struct options, kind, .name = "kind", .letter = 'k', .takes = "KIND",
	       .help = "its list of stages (document)", .set = option_word),
	OPTION(struct options, owner, .name = "owner", .letter = 'u', .takes = "USER",
	       .help = "its owner", .set = option_word),
	OPTION(struct options, name, .name = "name", .letter = 'n', .takes = "NAME",
	       .help = "display name (default: the id)", .set = option_word),
	OPTION(struct options, message, .name = "message", .letter = 'm', .takes = "TEXT",
	       .help = "message (default: Queued for processing)", .set = option_word),
	OPTION(struct options, total, .name = "total", .letter = 't', .takes = "N",
	       .help = "total amount of work", .set = option_integer, .allowed = "a whole number"),
	OPTION(struct options, labels, .name = "label", .letter = 'l', .takes = "KEY=VALUE",
	       .help = "a label to find it by; up to 8", .set = labels_set,
	       .allowed = "KEY=VALUE, with a key of A-Za-z0-9._/-, and given at most 8 times"),
	OPTION(struct options, ttl_ms, .name = "ttl", .takes = "TIME",
	       .help = "remove it this long after its last update", .set = option_lifetime,
	       .allowed = "a time such as 90s, 3m, 1h or 1d, or never"),
	OPTION(struct options, active_ttl_ms, .name = "active-ttl", .takes = "TIME",
	       .help = "fail it if its living worker is silent for so long", .set = option_lifetime,
	       .allowed = "a time such as 90s, 3m, 1h or 1d, or never"),
	OPTION(struct options, start_within_ms, .name = "start-within", .takes = "TIME",
	       .help = "fail it if it is pending for longer", .set = option_lifetime,
	       .allowed = "a time such as 90s, 3m, 1h or 1d, or never"),
	OPTION(struct options, progress_within_ms, .name = "progress-within", .takes = "TIME",
	       .help = "fail it if it makes no progress for so long", .set = option_lifetime,
	       .allowed = "a time such as 90s, 3m, 1h or 1d, or never"),
	OPTION(struct options, finish_within_ms, .name = "finish-within", .takes = "TIME",
	       .help = "fail it if it takes longer", .set = option_lifetime,
	       .allowed = "a time such as 90s, 3m, 1h or 1d, or never"),
	OPTION(struct options, keeper, .name = "keeper-pid", .takes = "PID",
	       .help = "fail it if this process dies before the first stage", .set = option_integer,
	       .allowed = "a whole number", OPTION_GIVEN(struct options, keeper_given)),
	OPTION(struct options, replace, .name = "replace",
	       .help = "replace a task with that id and owner", .set = option_switch),
	{ 0 },
};

static int run(struct ctl *ctl, int n_arguments, char **arguments)
{
	struct trackd_new task = TRACKD_NEW_INIT;
	struct trackd_ref ref;
	struct trackd_task made = TRACKD_TASK_INIT;
	int code;

	(void)n_arguments;
	if (options.keeper_given && (options.keeper == 0 || options.keeper > INT32_MAX))
		return ctl_fail(EXIT_CODE_USAGE,
				"--keeper-pid must be the id of a running process");
	code = ctl_open(ctl, TRACKD_OPEN_WRITE | (options.keeper_given ? 0 : TRACKD_OPEN_NO_WORKER),
			(int32_t)options.keeper);
	if (code != 0)
		return code;
	task.id = arguments[0];
	task.owner = options.owner;
	task.name = options.name;
	task.message = options.message;
	task.total = options.total;
	task.labels = options.labels.n > 0 ? options.labels.text : NULL;
	task.ttl_ms = options.ttl_ms;
	task.active_ttl_ms = options.active_ttl_ms;
	task.start_within_ms = options.start_within_ms;
	task.progress_within_ms = options.progress_within_ms;
	task.finish_within_ms = options.finish_within_ms;
	task.flags =
		(options.replace ? TRACKD_REPLACE : 0) | (options.keeper_given ? TRACKD_KEEPER : 0);
	task.kind =
		options.kind ? trackd_kind_find(ctl->trackd, options.kind) : TRACKD_KIND_DOCUMENT;
	if (task.kind < 0)
		return ctl_fail(EXIT_CODE_USAGE,
				"no kind \"%s\" on this board; trackctl kinds lists them",
				options.kind);
	int error = trackd_create(ctl->trackd, &task, &ref);
	if (error == TRACKD_E_EXISTS)
		return ctl_exists(ctl, arguments[0], options.owner);
	if (error < 0)
		return ctl_error(error, "%s", arguments[0]);
	if (!ctl->json)
		return EXIT_CODE_DONE;
	error = ctl_copy(ctl, ref, &made);
	return error < 0 ? ctl_error(error, "%s", arguments[0])
			 : ctl_print_json(ctl_task_json(&made), false);
}

const struct verb verb_create = {
	VERB("create", "Create a pending task", run),
	VERB_ARGUMENTS("ID", 1, 1, NULL),
	VERB_OPTIONS(flags, options),
};
