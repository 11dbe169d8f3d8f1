/* SPDX-License-Identifier: MIT */
/* trackctl create: a new pending task. */
#include "tools/trackctl/verbs/verbs.h"
#include <stdio.h>

static struct {
	const char *owner, *name, *kind, *message;
	uint64_t total;
	uint32_t ttl_ms, active_ttl_ms;
	bool replace;
} options;

static const struct flag flags[] = {
	{ "kind", 'k', FLAG_TEXT, "KIND", "its list of stages (document)", &options.kind, NULL },
	{ "owner", 'u', FLAG_TEXT, "USER", "whose it is", &options.owner, NULL },
	{ "name", 'n', FLAG_TEXT, "NAME", "for people (the id)", &options.name, NULL },
	{ "message", 'm', FLAG_TEXT, "TEXT", "what it says (Queued for processing)",
	  &options.message, NULL },
	{ "total", 't', FLAG_NUMBER, "N", "how much work there is", &options.total, NULL },
	{ "ttl", 0, FLAG_TTL, "TIME", "forget it that long after its last update", &options.ttl_ms,
	  NULL },
	{ "active-ttl", 0, FLAG_TTL, "TIME", "the same while a living process works on it",
	  &options.active_ttl_ms, NULL },
	{ "replace", 0, FLAG_BOOL, NULL, "take the place of a task of that id and owner",
	  &options.replace, NULL },
	{ 0 },
};

static int run(struct ctl *ctl, int n_arguments, char **arguments)
{
	struct trackd_new task = TRACKD_NEW_INIT;
	struct trackd_ref ref;
	struct trackd_task made;
	int code = ctl_open(ctl, TRACKD_OPEN_WRITE | TRACKD_OPEN_NO_WORKER, 0);

	(void)n_arguments;
	if (code != 0)
		return code;
	task.id = arguments[0];
	task.owner = options.owner;
	task.name = options.name;
	task.message = options.message;
	task.total = options.total;
	task.ttl_ms = options.ttl_ms;
	task.active_ttl_ms = options.active_ttl_ms;
	task.flags = options.replace ? TRACKD_REPLACE : 0;
	task.kind =
		options.kind ? trackd_kind_find(ctl->trackd, options.kind) : TRACKD_KIND_DOCUMENT;
	if (task.kind < 0)
		return ctl_fail(
			EXIT_CODE_USAGE,
			"no kind \"%s\" on this board; trackctl kinds shows which there are",
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
	.name = "create",
	.arguments = "ID",
	.summary = "Create a pending task",
	.flags = flags,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
