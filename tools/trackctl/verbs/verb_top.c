/* SPDX-License-Identifier: MIT */
/* trackctl top: a full screen on a terminal, otherwise the same table printed once. */
#include "tools/trackctl/verbs/verbs.h"
#include "tools/trackctl/view/rows.h"
#include "tools/trackctl/view/statistics.h"
#include "tools/trackctl/view/top_draw.h"
#include "tools/trackctl/view/top_model.h"
#include "tools/trackctl/view/top_screen.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ONE_SHOT = 50 };

static struct options {
	int64_t delay_ms;
	bool delay_given, once;
	const char *sort, *search;
} options;

static const struct option_entry flags[] = {
	OPTION(struct options, delay_ms, .name = "delay", .letter = 'd', .takes = "TIME",
	       .help = "between readings (0.5)", .set = option_time,
	       .allowed = "a time such as 2, 0.5s, 3m or 1h",
	       OPTION_GIVEN(struct options, delay_given)),
	OPTION(struct options, sort, .name = "sort", .letter = 's', .takes = "ORDER",
	       .help = "activity, newest, progress, rate, time, name, owner or id",
	       .set = option_word, .completes = "activity newest progress rate time name owner id"),
	OPTION(struct options, search, .name = "search", .letter = 'f', .takes = "TEXT",
	       .help = "only tasks that contain TEXT", .set = option_word),
	OPTION(struct options, once, .name = "once", .letter = '1',
	       .help = "print once, even on a terminal", .set = option_switch),
	{ 0 },
};

static int choose_order(struct top_model *model)
{
	if (!options.sort)
		return 0;
	for (int order = 0; order < TOP_N_ORDERS; order++)
		if (strcmp(options.sort, top_order_name((enum top_order)order)) == 0) {
			model->order = (enum top_order)order;
			return 0;
		}
	return ctl_fail(EXIT_CODE_USAGE,
			"cannot sort by \"%s\"; --sort takes activity, newest, progress, rate, "
			"time, name, owner or id",
			options.sort);
}

static json_t *tasks_json(const struct top_model *model)
{
	json_t *array = json_array();

	for (size_t i = 0; i < model->n_rows; i++) {
		if (model->rows[i].id[0] == '\0')
			continue; /* removed since */
		if (json_array_append_new(array, ctl_task_json(&model->rows[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static void print_table(struct ctl *ctl, const struct top_model *model)
{
	const struct terminal *terminal = &ctl->terminal;
	/* Without a terminal's width limit, nothing is cut. */
	int width = terminal->tty ? terminal->width : ROW_BYTES / 4;
	char text[ROW_BYTES], safe[ROW_BYTES];
	struct rows rows;

	top_summary(model, text, sizeof text);
	terminal_text(terminal, safe, sizeof safe, text, 0);
	printf("%s\n", safe);
	rows_begin(&rows);
	for (size_t i = 0; i < model->n_rows; i++)
		rows_measure(&rows, terminal, &model->rows[i]);
	rows_fit(&rows, width);
	if (model->n_rows > 0) {
		rows_heading(&rows, terminal, text);
		printf("%s\n", text);
	}
	for (size_t i = 0; i < model->n_rows; i++) {
		enum trackd_state state = (enum trackd_state)model->rows[i].state;

		rows_line(&rows, terminal, &model->rows[i], text);
		printf("%s%s%s\n", terminal_on(terminal, terminal_state_style(state)), text,
		       terminal_off(terminal));
	}
	if (model->n > model->n_rows)
		printf("and %zu more\n", model->n - model->n_rows);
}

static int one_shot(struct ctl *ctl, struct top_model *model)
{
	int error = top_model_read(model);

	if (error < 0)
		return ctl_error(error, "cannot read the tasks");
	top_model_show(model, ONE_SHOT);
	if (ctl->json)
		return ctl_print_json(json_pack("{s:o, s:o}", "stats",
						statistics_json(&model->stats), "tasks",
						tasks_json(model)),
				      false);
	print_table(ctl, model);
	return EXIT_CODE_DONE;
}

static int run(struct ctl *ctl, int n_arguments, char **arguments)
{
	struct top_model model = { 0 };
	bool screen = isatty(STDOUT_FILENO) && isatty(STDIN_FILENO) && !ctl->json && !options.once;
	int code = ctl_open(ctl, TRACKD_OPEN_READ, 0);

	(void)n_arguments;
	(void)arguments;
	if (code != 0)
		return code;
	if (top_model_init(&model, ctl) < 0)
		return ctl_error(-ENOMEM, "cannot show tasks");
	code = choose_order(&model);
	if (options.search)
		snprintf(model.search, sizeof model.search, "%s", options.search);
	if (code == 0 && screen) {
		ctl_catch_signals();
		code = top_screen_run(&model, options.delay_given ? options.delay_ms : 500);
	} else if (code == 0) {
		code = one_shot(ctl, &model);
	}
	top_model_free(&model);
	return code;
}

const struct verb verb_top = {
	VERB("top", "All tasks on a full screen: sort, search, detail, cancel", run),
	VERB_ARGUMENTS("", 0, 0, NULL),
	VERB_OPTIONS(flags, options),
	.more = "Keys: arrows or j k select, enter detail, s S sort, / search, c cancel, f "
		"freeze,\n"
		"h help, q quit. Without a terminal it prints the table once.",
};
