/* SPDX-License-Identifier: MIT */
/*
 * trackctl ls: a table of tasks. libsmartcols fits it to the terminal; empty columns are left out
 * unless requested by name.
 */
#include "tools/common/time_format.h"
#include "tools/trackctl/verbs/verbs.h"
#include "tools/trackctl/view/columns.h"
#include "tools/trackctl/view/listing.h"
#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <string.h>

static struct options {
	struct listing_filter filter;
	const char *columns;
	uint64_t limit;
	bool no_headings, raw, list_columns, limit_given;
} options;

static const struct option_entry flags[] = {
	OPTION(struct options, filter.owner, .name = "owner", .letter = 'u', .takes = "USER",
	       .help = "only the tasks of USER", .set = option_word),
	OPTION(struct options, filter.state, .name = "state", .letter = 's', .takes = "STATE",
	       .help = "only in these states or stages, with commas", .set = option_word,
	       .completes = "pending active completed failed cancelled"),
	OPTION(struct options, filter.kind, .name = "kind", .letter = 'k', .takes = "KIND",
	       .help = "only of this kind", .set = option_word),
	OPTION(struct options, filter.labels, .name = "label", .letter = 'l', .takes = "LABEL",
	       .help = "only with this KEY=VALUE, or KEY; all of several", .set = labels_set_wanted,
	       .allowed = "KEY or KEY=VALUE, with a key of A-Za-z0-9._/-, and given at most 8 "
			  "times"),
	OPTION(struct options, limit, .name = "limit", .letter = 'n', .takes = "N",
	       .help = "only the N newest; 0: none", .set = option_integer,
	       .allowed = "a whole number", OPTION_GIVEN(struct options, limit_given)),
	OPTION(struct options, columns, .name = "output", .letter = 'o', .takes = "COLUMNS",
	       .help = "only these columns; +COLUMNS: in addition to the usual ones",
	       .set = option_word, .completes = "@column"),
	OPTION(struct options, list_columns, .name = "columns",
	       .help = "list the available columns", .set = option_switch),
	OPTION(struct options, no_headings, .name = "no-headings", .help = "without headings",
	       .set = option_switch),
	OPTION(struct options, raw, .name = "raw", .letter = 'r',
	       .help = "single blanks between columns, nothing truncated", .set = option_switch),
	{ 0 },
};

enum { CUT_LEAST = 10 }; /* minimum width of a truncated column */

struct table {
	struct libscols_table *scols;
	const struct column *columns[COLUMNS_MAX];
	int n;
	int cells[COLUMNS_MAX]; /* width of each column's widest text; 0: the column is empty */
	uint64_t now_ns;
};

static size_t n_shown(const struct listing *listing)
{
	return options.limit_given && options.limit < listing->n ? (size_t)options.limit
								 : listing->n;
}

/* ---- The table --------------------------------------------------------- */

static int make(struct ctl *ctl, struct table *table)
{
	scols_init_debug(0);
	table->scols = scols_new_table();
	if (!table->scols)
		return -ENOMEM;
	scols_table_enable_colors(table->scols, ctl->terminal.color);
	scols_table_enable_noheadings(table->scols, options.no_headings);
	scols_table_enable_raw(table->scols, options.raw);
	for (int i = 0; i < table->n; i++) {
		const struct column *column = table->columns[i];
		int how = (column->right ? SCOLS_FL_RIGHT : 0) | (column->cut ? SCOLS_FL_TRUNC : 0);

		if (!scols_table_new_column(table->scols, column->name, column->width, how))
			return -ENOMEM;
	}
	return 0;
}

static int add_line(struct ctl *ctl, struct table *table, const struct trackd_task *task)
{
	struct libscols_line *line = scols_table_new_line(table->scols, NULL);
	enum style style = terminal_state_style((enum trackd_state)task->state);
	char text[COLUMN_TEXT], same[COLUMN_TEXT];

	if (!line)
		return -ENOMEM;
	for (int i = 0; i < table->n; i++) {
		const struct column *column = table->columns[i];

		column->text(ctl, task, table->now_ns, text, sizeof text);
		int cells = terminal_text(&ctl->terminal, same, sizeof same, text, 0);
		if (cells > table->cells[i])
			table->cells[i] = cells;
		if (scols_line_set_data(line, (size_t)i, text) < 0)
			return -ENOMEM;
		if (column->styled && ctl->terminal.color)
			(void)scols_cell_set_color(scols_line_get_cell(line, (size_t)i),
						   terminal_on(&ctl->terminal, style));
	}
	return 0;
}

/* ---- Columns left out -------------------------------------------------- */

static void hide(struct table *table, int i)
{
	struct libscols_column *column = scols_table_get_column(table->scols, (size_t)i);

	scols_column_set_flags(column, scols_column_get_flags(column) | SCOLS_FL_HIDDEN);
	table->cells[i] = 0;
}

static void hide_empty(struct table *table)
{
	for (int i = 0; i < table->n; i++)
		if (table->cells[i] == 0)
			hide(table, i);
}

/* The width of a column: its widest text and its heading, or the width it is cut to; 0 if empty. */
static int wanted(const struct table *table, int i, int cut)
{
	const struct column *column = table->columns[i];
	int heading = (int)strlen(column->name), cells = table->cells[i];

	if (column->cut && cells > cut)
		cells = cut;
	return cells > heading ? cells : heading;
}

static int width_of(const struct table *table, int cut)
{
	int width = -1;

	for (int i = 0; i < table->n; i++)
		if (table->cells[i] > 0)
			width += 1 + wanted(table, i, cut);
	return width;
}

/* Hide columns, the least important first, until the others fit. */
static void hide_what_does_not_fit(struct table *table, int width)
{
	static const char *const spare[] = { "KIND", "BAR",  "WORKER",  "TIME",
					     "WORK", "NAME", "MESSAGE", "OWNER" };

	for (size_t k = 0; k < sizeof spare / sizeof spare[0]; k++)
		for (int i = 0; i < table->n && width_of(table, CUT_LEAST) > width; i++)
			if (strcmp(table->columns[i]->name, spare[k]) == 0)
				hide(table, i);
}

static int cut_column(struct ctl *ctl, struct table *table, size_t i, int cells)
{
	char text[COLUMN_TEXT];
	struct libscols_line *line;

	for (size_t n = 0; (line = scols_table_get_line(table->scols, n)); n++) {
		const char *whole =
			scols_line_get_column_data(line, scols_table_get_column(table->scols, i));

		terminal_text(&ctl->terminal, text, sizeof text, whole ? whole : "", cells);
		if (scols_line_set_data(line, i, text) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Fit the usual columns to the terminal: columns that may be cut share what the others leave. */
static int fit(struct ctl *ctl, struct table *table)
{
	int cut = CUT_LEAST, error = 0;

	hide_what_does_not_fit(table, ctl->terminal.width);
	while (cut < ctl->terminal.width && width_of(table, cut + 1) <= ctl->terminal.width)
		cut++;
	for (int i = 0; error == 0 && i < table->n; i++) {
		(void)scols_column_set_whint(scols_table_get_column(table->scols, (size_t)i), 0);
		if (table->columns[i]->cut && table->cells[i] > cut)
			error = cut_column(ctl, table, (size_t)i, wanted(table, i, cut));
	}
	return error;
}

static int show_table(struct ctl *ctl, const struct listing *listing)
{
	struct table table = { .now_ns = time_now() };
	struct trackd_task task = TRACKD_TASK_INIT;

	table.n = columns_parse(&ctl->terminal, options.columns, table.columns);
	if (table.n < 0)
		return EXIT_CODE_USAGE;
	int error = make(ctl, &table);
	for (size_t i = 0; error == 0 && i < n_shown(listing); i++)
		if (ctl_copy(ctl, listing->entries[i].ref, &task) >= 0)
			error = add_line(ctl, &table, &task);
	if (error == 0) {
		if (!options.columns || options.columns[0] == '+')
			hide_empty(&table);
		if (!options.columns && !options.raw && ctl->terminal.tty)
			error = fit(ctl, &table);
		if (error == 0 && n_shown(listing) > 0)
			error = scols_print_table(table.scols);
	}
	scols_unref_table(table.scols);
	return error < 0 ? ctl_error(error, "cannot print the table") : 0;
}

/* ---- JSON -------------------------------------------------------------- */

/* One document, written without holding all of it in memory. */
static int show_json(struct ctl *ctl, const struct listing *listing)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	bool first = true;

	printf("{\"tasks\": [");
	for (size_t i = 0; i < n_shown(listing); i++) {
		if (ctl_copy(ctl, listing->entries[i].ref, &task) < 0)
			continue;
		json_t *object = ctl_task_json(&task);
		if (!object)
			return ctl_error(-ENOMEM, "cannot make JSON");
		printf("%s\n", first ? "" : ",");
		(void)json_dumpf(object, stdout, JSON_COMPACT);
		json_decref(object);
		first = false;
	}
	printf("%s]}\n", first ? "" : "\n");
	return 0;
}

static int run(struct ctl *ctl, int n_arguments, char **arguments)
{
	struct listing listing = { 0 };

	(void)n_arguments;
	(void)arguments;
	if (options.list_columns) {
		columns_help();
		return EXIT_CODE_DONE;
	}
	int code = ctl_open(ctl, TRACKD_OPEN_READ, 0);
	if (code == 0)
		code = listing_check(ctl, &options.filter);
	if (code == 0)
		code = listing_read(ctl, &options.filter, &listing);
	if (code == 0)
		code = ctl->json ? show_json(ctl, &listing) : show_table(ctl, &listing);
	if (code == 0 && listing.n == 0 && !ctl->json && ctl->terminal.tty)
		fprintf(stderr, "no tasks%s\n",
			options.filter.owner || options.filter.state || options.filter.kind ||
					options.filter.labels.n > 0
				? " pass the filter"
				: " on this board");
	listing_free(&listing);
	return code;
}

const struct verb verb_ls = {
	VERB("ls", "List tasks, newest first", run),
	VERB_ARGUMENTS("", 0, 0, NULL),
	VERB_OPTIONS(flags, options),
};
