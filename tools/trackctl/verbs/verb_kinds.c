/* SPDX-License-Identifier: MIT */
/* trackctl kinds: lists the kinds of tasks on the board and their stages. */
#include "tools/common/task_json.h"
#include "tools/trackctl/verbs/verbs.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static json_t *stages_json(const struct trackd_kind *kind)
{
	json_t *array = json_array();

	for (int i = 0; i < kind->n_stages; i++) {
		json_t *stage =
			json_pack("{s:o, s:i}", "name", task_json_text(kind->stages[i].name),
				  "percent", (int)kind->stages[i].percent);
		if (json_array_append_new(array, stage) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static int show_json(struct ctl *ctl)
{
	json_t *array = json_array();
	struct trackd_kind kind = TRACKD_KIND_INIT;

	for (int i = 0; trackd_kind_get(ctl->trackd, i, &kind) >= 0; i++) {
		bool current = trackd_kind_find(ctl->trackd, kind.name) == i;
		json_t *object = json_pack("{s:i, s:o, s:b, s:o}", "number", i, "name",
					   task_json_text(kind.name), "current", (int)current,
					   "stages", stages_json(&kind));
		if (json_array_append_new(array, object) < 0) {
			json_decref(array);
			return ctl_error(-ENOMEM, "cannot make JSON");
		}
	}
	return ctl_print_json(json_pack("{s:o}", "kinds", array), false);
}

static void show(struct ctl *ctl, const struct trackd_kind *kind, bool current)
{
	const struct terminal *terminal = &ctl->terminal;
	char name[4 * (TRACKD_STAGE_NAME_MAX + 1)];

	terminal_text(terminal, name, sizeof name, kind->name, 0);
	printf("%s%s%s%s\n", terminal_on(terminal, STYLE_BOLD), name, terminal_off(terminal),
	       current ? "" : "  (replaced by a newer one with that name)");
	for (int i = 0; i < kind->n_stages; i++) {
		terminal_text(terminal, name, sizeof name, kind->stages[i].name, 0);
		printf("  %3u %%  %s\n", kind->stages[i].percent, name);
	}
}

static int run(struct ctl *ctl, int n_arguments, char **arguments)
{
	struct trackd_kind kind = TRACKD_KIND_INIT;
	int code = ctl_open(ctl, TRACKD_OPEN_READ, 0);

	(void)n_arguments;
	(void)arguments;
	if (code != 0)
		return code;
	if (ctl->json)
		return show_json(ctl);
	for (int i = 0; trackd_kind_get(ctl->trackd, i, &kind) >= 0; i++)
		show(ctl, &kind, trackd_kind_find(ctl->trackd, kind.name) == i);
	return EXIT_CODE_DONE;
}

const struct verb verb_kinds = {
	VERB("kinds", "Show the kinds of tasks and their stages", run),
	VERB_ARGUMENTS("", 0, 0, NULL),
};
