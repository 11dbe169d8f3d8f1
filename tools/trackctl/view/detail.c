/* SPDX-License-Identifier: MIT */
/*
 * One task on one screen: a headline with a bar, its worker and times, each stage with its
 * duration, the message, and the verbs that can be used next.
 */
#include "tools/trackctl/view/detail.h"
#include "tools/common/time_format.h"
#include "tools/trackctl/view/words.h"
#include <stdio.h>
#include <string.h>

enum {
	LABEL = 9,
	BAR_MAX = 20,
	COLUMN_TWO = 43,
	WIDE = 72,
	NARROW = 50,
	TEXT = 3 * TRACKD_ERROR_MAX + 1
};

struct screen {
	FILE *to;
	const struct terminal *terminal;
	const struct trackd_task *task;
	uint64_t now_ns;
	int alive; /* of the worker */
};

static enum trackd_state state_of(const struct screen *screen)
{
	return (enum trackd_state)screen->task->state;
}

static bool is_final(const struct screen *screen)
{
	return trackd_state_final(state_of(screen));
}

/* ---- Headline ---------------------------------------------------------- */

static void headline(const struct screen *screen)
{
	const struct terminal *terminal = screen->terminal;
	const struct trackd_task *task = screen->task;
	const char *on = terminal_on(terminal, terminal_state_style(state_of(screen)));
	char id[TEXT], kind[TEXT], name[TEXT], raw[WORDS], status[TEXT], tail[TEXT], bar[TEXT];
	bool named = strcmp(task->name, task->id) != 0;

	int used = 2 + terminal_text(terminal, id, sizeof id, task->id, 0);
	used += 2 + terminal_text(terminal, kind, sizeof kind, task->kind_name, 0);
	words_status(terminal, raw, task);
	snprintf(tail, sizeof tail, "%s %s %u %%", raw, terminal_dot(terminal), task->progress);
	int room = terminal->width - 1;
	int status_cells = terminal_text(terminal, status, sizeof status, tail, 0);
	/* The name gets the rest of the line; a narrow terminal gets two lines. */
	int left = room - used - 2 - status_cells - 2 - BAR_MAX;
	int name_cells = terminal_text(terminal, name, sizeof name, named ? task->name : "",
				       left > 12      ? left - 2
				       : room - 4 > 8 ? room - 4
						      : 8);
	terminal_bar(terminal, bar, sizeof bar, task->progress, BAR_MAX);
	fprintf(screen->to, "%s%s%s %s%s%s  %s", on, terminal_bullet(terminal),
		terminal_off(terminal), terminal_on(terminal, STYLE_BOLD), id,
		terminal_off(terminal), kind);
	if (left > 12) {
		fprintf(screen->to, "  %s%*s", name,
			left - 2 > name_cells ? left - 2 - name_cells : 0, "");
		fprintf(screen->to, "  %s%s  %s%s\n", on, status, bar, terminal_off(terminal));
		return;
	}
	fprintf(screen->to, "\n");
	if (name_cells > 0)
		fprintf(screen->to, "  %s\n", name);
	int cells = room - 2 - status_cells - 2;
	terminal_bar(terminal, bar, sizeof bar, task->progress, cells < BAR_MAX ? cells : BAR_MAX);
	fprintf(screen->to, "  %s%s  %s%s\n", on, status, bar, terminal_off(terminal));
}

/* ---- Facts, in two columns if there is room ---------------------------- */

static void label(const struct screen *screen, const char *name)
{
	fprintf(screen->to, "%s%*s:%s ", terminal_on(screen->terminal, STYLE_DIM), LABEL, name,
		terminal_off(screen->terminal));
}

/* One fact on the left and one on the right; empty ones are left out. */
static void facts(const struct screen *screen, const char *left_name, const char *left,
		  const char *right_name, const char *right)
{
	const struct terminal *terminal = screen->terminal;
	bool wide = terminal->width >= WIDE;
	int room = terminal->width - LABEL - 3;
	char text[TEXT];
	int cells = 0;

	if (left[0] != '\0') {
		bool both = wide && right[0] != '\0';
		label(screen, left_name);
		cells = LABEL + 2 +
			terminal_text(terminal, text, sizeof text, left,
				      both       ? COLUMN_TWO - LABEL - 4
				      : room > 8 ? room
						 : 8);
		fprintf(screen->to, "%s", text);
		if (!both)
			fprintf(screen->to, "\n");
	}
	if (right[0] == '\0')
		return;
	if (cells > 0 && wide) {
		fprintf(screen->to, "%*s%s%s:%s ", COLUMN_TWO - cells, "",
			terminal_on(terminal, STYLE_DIM), right_name, terminal_off(terminal));
		room = terminal->width - COLUMN_TWO - (int)strlen(right_name) - 3;
	} else {
		label(screen, right_name);
	}
	terminal_text(terminal, text, sizeof text, right, room > 8 ? room : 8);
	fprintf(screen->to, "%s\n", text);
}

static void when(const struct screen *screen, uint64_t wall_ns, char *to, size_t size)
{
	char at[MOMENT_TEXT], ago[MOMENT_TEXT];

	to[0] = '\0';
	if (wall_ns == 0)
		return;
	time_format_local(at, wall_ns, screen->now_ns);
	time_format_rough(ago, time_between(wall_ns, screen->now_ns));
	snprintf(to, size, "%s (%s ago)", at, ago);
}

static void worker_words(const struct screen *screen, char *to, size_t size)
{
	char words[WORDS], how[WORDS];

	words_worker(words, screen->task);
	words_exit(how, screen->task);
	if (words[0] == '\0' && how[0] != '\0')
		snprintf(to, size, "%s", how);
	else if (words[0] == '\0')
		snprintf(to, size, "%s", state_of(screen) == TRACKD_ACTIVE ? "not known" : "");
	else if (is_final(screen) || screen->alive < 0)
		snprintf(to, size, "%s", words);
	else
		snprintf(to, size, "%s, %s", words, screen->alive ? "alive" : "dead");
}

static void change_words(const struct screen *screen, char *to, size_t size)
{
	char ago[MOMENT_TEXT];

	time_format_rough(ago, time_between(screen->task->updated_ns, screen->now_ns));
	snprintf(to, size, "%s%s", is_final(screen) ? "" : ago, is_final(screen) ? "" : " ago");
}

/* When it was asked to cancel, and that nobody has heard that. */
static void cancel_words(const struct screen *screen, char *to, size_t size)
{
	char ago[MOMENT_TEXT];

	if (is_final(screen) || screen->task->cancel_requested_ns == 0) {
		when(screen, screen->task->cancel_requested_ns, to, size);
		return;
	}
	time_format_rough(ago, time_between(screen->task->cancel_requested_ns, screen->now_ns));
	snprintf(to, size, "asked %s ago, not heard", ago);
}

static void add_limit(char *to, size_t size, const char *name, uint32_t ms)
{
	size_t length = strlen(to);
	char text[MOMENT_TEXT];

	if (ms == 0)
		return;
	time_format_short(text, ms * UINT64_C(1000000));
	snprintf(to + length, size - length, "%s%s %s", length > 0 ? ", " : "", name, text);
}

static void limit_words(const struct trackd_task *task, char *to, size_t size)
{
	to[0] = '\0';
	add_limit(to, size, "start within", task->start_within_ms);
	add_limit(to, size, "progress within", task->progress_within_ms);
	add_limit(to, size, "finish within", task->finish_within_ms);
}

static void eta_words(const struct screen *screen, char *to, size_t size)
{
	uint64_t left = time_left(screen->task, screen->now_ns);
	char text[MOMENT_TEXT];

	to[0] = '\0';
	if (left == 0)
		return;
	time_format_rough(text, left);
	if (left < UINT64_C(10000000000)) /* the estimate is not more exact than that */
		snprintf(text, sizeof text, "%u s", (unsigned)(left / 1000000000));
	snprintf(to, size, "~%s", text);
}

static void all_facts(const struct screen *screen)
{
	const struct trackd_task *task = screen->task;
	const struct terminal *terminal = screen->terminal;
	char left[TEXT], right[TEXT], eta[2 * MOMENT_TEXT], both[2 * TEXT], span[MOMENT_TEXT];
	bool started = task->started_ns != 0;

	worker_words(screen, right, sizeof right);
	facts(screen, "Owner", task->owner, "Worker", right);
	when(screen, started ? task->started_ns : task->created_ns, left, sizeof left);
	change_words(screen, right, sizeof right);
	eta_words(screen, eta, sizeof eta);
	/* On one line if there is room for it. */
	int needed = COLUMN_TWO + (int)strlen("Last change:    ETA: ") + (int)strlen(right) +
		     (int)strlen(eta);
	if (eta[0] != '\0' && terminal->width > needed) {
		snprintf(both, sizeof both, "%s   ETA: %s", right, eta);
		eta[0] = '\0';
	} else {
		snprintf(both, sizeof both, "%s", right);
	}
	facts(screen, started ? "Started" : "Created", left,
	      terminal->width >= WIDE ? "Last change" : "Changed", both);
	cancel_words(screen, left, sizeof left);
	facts(screen, "Cancel", left, "ETA", eta);
	limit_words(task, left, sizeof left);
	facts(screen, "Limits", left, "", "");
	when(screen, task->finished_ns, left, sizeof left);
	time_format_duration(span, time_between(task->started_ns, task->finished_ns));
	facts(screen, "Finished", left, "Took", task->finished_ns && started ? span : "");
}

/* ---- Stages ------------------------------------------------------------ */

static enum style stage_style(enum trackd_stage_state state)
{
	switch (state) {
	case TRACKD_STAGE_WAITING:
		return STYLE_DIM;
	case TRACKD_STAGE_RUNNING:
		return STYLE_BUSY;
	case TRACKD_STAGE_DONE:
		return STYLE_GOOD;
	case TRACKD_STAGE_ENDED:
		return STYLE_BAD;
	}
	return STYLE_PLAIN;
}

/* A stage that was entered: sign, name, time taken, done/total, rate. */
static void stage_line(const struct screen *screen, const struct trackd_stage *stage,
		       int name_cells)
{
	enum trackd_stage_state state = (enum trackd_stage_state)stage->state;
	const struct terminal *terminal = screen->terminal;
	uint64_t until = stage->finished_ns ? stage->finished_ns : screen->now_ns;
	char name[TEXT], took[MOMENT_TEXT] = "", work[WORDS], rate[WORDS] = "";
	bool narrow = terminal->width < NARROW;
	const char *gap = narrow ? " " : "   ";

	int cells = terminal_text(terminal, name, sizeof name, stage->name, 0);
	if (stage->started_ns)
		time_format_duration(took, time_between(stage->started_ns, until));
	words_work(work, stage->done, stage->total);
	if (state == TRACKD_STAGE_RUNNING && !narrow)
		words_rate(rate, screen->task, screen->now_ns);
	/* If there is no room for both, show the count rather than the duration. */
	if (LABEL + 6 + name_cells + (int)strlen(took) + (int)strlen(work) > terminal->width)
		took[0] = '\0';
	fprintf(screen->to, "%s%s%s %s%*s%s%*s%s%s%s%s\n",
		terminal_on(terminal, stage_style(state)), terminal_stage_sign(terminal, state),
		terminal_off(terminal), name, name_cells - cells, "", narrow ? " " : "  ",
		narrow ? 0 : 9, took, work[0] ? gap : "", work, rate[0] ? gap : "", rate);
}

static void indent(const struct screen *screen, bool first)
{
	if (first)
		label(screen, "Stages");
	else
		fprintf(screen->to, "%*s", LABEL + 2, "");
}

/* Stages still to come share lines. */
static void waiting_stages(const struct screen *screen, bool first)
{
	const struct terminal *terminal = screen->terminal;
	const char *sign = terminal_stage_sign(terminal, TRACKD_STAGE_WAITING);
	int column = 0;

	for (int i = 0; i < screen->task->n_stages && i < TRACKD_STAGES_MAX; i++) {
		char name[TEXT];

		if (screen->task->stages[i].state != TRACKD_STAGE_WAITING)
			continue;
		int cells = 3 + terminal_text(terminal, name, sizeof name,
					      screen->task->stages[i].name, 0);
		if (column > 0 && column + cells >= terminal->width) {
			fprintf(screen->to, "\n");
			column = 0;
		}
		if (column == 0) {
			indent(screen, first);
			first = false;
			column = LABEL + 2;
		} else {
			fprintf(screen->to, " ");
		}
		fprintf(screen->to, "%s%s %s%s", terminal_on(terminal, STYLE_DIM), sign, name,
			terminal_off(terminal));
		column += cells;
	}
	if (column > 0)
		fprintf(screen->to, "\n");
}

static void stages(const struct screen *screen)
{
	bool first = true;
	int widest = 0;

	for (int i = 0; i < screen->task->n_stages && i < TRACKD_STAGES_MAX; i++) {
		char name[TEXT];
		int cells = terminal_text(screen->terminal, name, sizeof name,
					  screen->task->stages[i].name, 0);
		if (screen->task->stages[i].state != TRACKD_STAGE_WAITING && cells > widest)
			widest = cells;
	}
	for (int i = 0; i < screen->task->n_stages && i < TRACKD_STAGES_MAX; i++) {
		if (screen->task->stages[i].state == TRACKD_STAGE_WAITING)
			continue;
		indent(screen, first);
		first = false;
		stage_line(screen, &screen->task->stages[i], widest);
	}
	waiting_stages(screen, first);
}

/* ---- Texts and hints --------------------------------------------------- */

/* Wrap words beside the label. Modifies the text. */
static void wrapped(const struct screen *screen, char *text)
{
	const int margin = LABEL + 2;
	char same[TEXT], *rest;
	int column = margin;

	for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		int cells = terminal_text(screen->terminal, same, sizeof same, word, 0);

		if (column > margin && column + 1 + cells > screen->terminal->width) {
			fprintf(screen->to, "\n%*s", margin, "");
			column = margin;
		} else if (column > margin) {
			fprintf(screen->to, " ");
			column++;
		}
		fprintf(screen->to, "%s", word);
		column += cells;
	}
}

static void text_line(const struct screen *screen, const char *name, const char *value, bool cut)
{
	char text[TEXT];

	if (value[0] == '\0')
		return;
	label(screen, name);
	int cells = terminal_text(screen->terminal, text, sizeof text, value, 0);
	if (screen->terminal->tty && LABEL + 2 + cells > screen->terminal->width)
		wrapped(screen, text);
	else
		fprintf(screen->to, "%s", text);
	fprintf(screen->to, "%s\n", cut ? " [cut]" : "");
}

/* What it was doing when it failed or was cancelled. */
static void last_line(const struct screen *screen)
{
	const struct trackd_task *task = screen->task;
	char text[TRACKD_MESSAGE_MAX + 16];

	if (task->last_message[0] == '\0')
		return;
	snprintf(text, sizeof text, "%s (at %u %%)", task->last_message, task->last_progress);
	text_line(screen, "Before", text, false);
}

static void hint(const struct screen *screen, const char *verb, const char *what)
{
	char id[TEXT];

	terminal_text(screen->terminal, id, sizeof id, screen->task->id, 0);
	fprintf(screen->to, "%strackctl %s %s%s  %s%s%s\n",
		terminal_on(screen->terminal, STYLE_BOLD), verb, id, terminal_off(screen->terminal),
		terminal_on(screen->terminal, STYLE_DIM), what, terminal_off(screen->terminal));
}

/* The verbs that can be used next. */
static void hints(const struct screen *screen)
{
	if (!screen->terminal->tty)
		return;
	fprintf(screen->to, "\n");
	switch (state_of(screen)) {
	case TRACKD_PENDING:
		hint(screen, "watch", "follows it");
		hint(screen, "cancel", "ends it");
		break;
	case TRACKD_ACTIVE:
		hint(screen, "watch", "follows it");
		hint(screen, "cancel", "asks it to stop");
		break;
	case TRACKD_COMPLETED:
	case TRACKD_FAILED:
	case TRACKD_CANCELLED:
		hint(screen, "rm", "forgets it");
		break;
	}
}

void detail_print(FILE *to, const struct terminal *terminal, const struct trackd_task *task)
{
	struct screen screen = { to, terminal, task, time_now(), trackd_worker_alive(task) };
	char labels[WORDS_LABELS];

	headline(&screen);
	all_facts(&screen);
	stages(&screen);
	text_line(&screen, "Message", task->message, task->flags & TRACKD_MESSAGE_CUT);
	if (words_broken(task))
		last_line(&screen);
	text_line(&screen, "Error", task->error, task->flags & TRACKD_ERROR_CUT);
	text_line(&screen, "Result", task->result, task->flags & TRACKD_RESULT_CUT);
	words_labels(labels, task);
	text_line(&screen, "Labels", labels, false);
	hints(&screen);
}
