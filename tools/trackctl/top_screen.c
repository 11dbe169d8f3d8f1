/* SPDX-License-Identifier: MIT */
/*
 * The screen through ncurses. Everything is drawn anew each time and ncurses sends what differs. A
 * screen may be a single line high: what does not fit is left out, the selected task last.
 */
#include "top_screen.h"
#include "detail.h"
#include "rows.h"
#include "statistics.h"
#include "tools/common/moment.h"
#include <curses.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

enum { KEY_MS = 100, ESCAPE = 27, ENTER = '\n', RUBOUT = 127, ERASE = 8, SHARE = 10 };

enum mode { MODE_LIST, MODE_DETAIL, MODE_HELP, MODE_SEARCH, MODE_CANCEL };

struct screen {
	struct top_model *model;
	struct terminal terminal;
	enum mode mode;
	bool frozen, quit, color;
	int64_t delay_ms;
	uint64_t read_ns; /* when the board was read last */
	char notice[256];
	char search_before[TOP_SEARCH];
	struct trackd_task subject; /* of a detail or a question */
	struct trackd *writer;      /* opened when something is to be cancelled */
};

static const char *const help_lines[] = {
	"up down, j k      choose a task",
	"page up/down, g G move by pages, to the top, to the end",
	"enter             the chosen task in detail",
	"s                 sort by the next column; S the other way round",
	"/                 search id, name, owner, kind, status, message",
	"escape            back; without a search",
	"c                 ask for the chosen task to be cancelled (asks you first)",
	"f, space          freeze and go on",
	"h, ?              this",
	"q                 leave",
};

/* ---- Drawing ----------------------------------------------------------------------------------
 */

static attr_t attribute(const struct screen *screen, enum style style)
{
	switch (style) {
	case STYLE_PLAIN:
		return A_NORMAL;
	case STYLE_BOLD:
		return A_BOLD;
	case STYLE_DIM:
		return A_DIM;
	case STYLE_GOOD:
	case STYLE_BAD:
	case STYLE_WARN:
	case STYLE_BUSY:
		return screen->color ? (attr_t)COLOR_PAIR((int)style) : A_NORMAL;
	}
	return A_NORMAL;
}

/* One line, cut to the screen; whole: to its end in the attribute. */
static void put(const struct screen *screen, int y, attr_t attributes, const char *text, bool whole)
{
	char safe[ROW_BYTES];

	if (y < 0 || y >= LINES)
		return;
	terminal_text(&screen->terminal, safe, sizeof safe, text, COLS);
	attrset((int)attributes);
	if (whole)
		mvhline(y, 0, ' ' | attributes, COLS);
	mvaddstr(y, 0, safe);
	attrset((int)A_NORMAL);
}

void top_summary(const struct top_model *model, char *to, size_t size)
{
	const struct trackd_stats *stats = &model->stats;

	snprintf(to, size,
		 "%s  %u/%u  %u active, %u pending, %u completed, %u failed, %u cancelled%s",
		 stats->board, stats->used, stats->capacity, stats->active, stats->pending,
		 stats->completed, stats->failed, stats->cancelled,
		 statistics_daemon_alive(stats) == 0 ? "  daemon not running" : "");
}

static void draw_header(const struct screen *screen)
{
	const struct top_model *model = screen->model;
	char text[512];

	top_summary(model, text, sizeof text);
	put(screen, 0, A_BOLD, text, false);
	snprintf(text, sizeof text, "sorted by %s%s%s%s%s%s", top_order_name(model->order),
		 model->reverse ? " (reversed)" : "", model->search[0] ? "  search: " : "",
		 model->search, model->search[0] && model->n == 0 ? "  (none found)" : "",
		 screen->frozen ? "  FROZEN" : "");
	put(screen, 1, A_NORMAL, text, false);
}

static void draw_footer(const struct screen *screen)
{
	char text[512];

	switch (screen->mode) {
	case MODE_SEARCH:
		snprintf(text, sizeof text, "search: %s_", screen->model->search);
		break;
	case MODE_CANCEL:
		snprintf(text, sizeof text, "cancel %s? y/n", screen->subject.id);
		break;
	case MODE_DETAIL:
	case MODE_HELP:
		snprintf(text, sizeof text, "escape back  q leave");
		break;
	case MODE_LIST:
		snprintf(text, sizeof text, "%s",
			 screen->notice[0] ? screen->notice
					   : "h help  s sort  / search  enter detail  c cancel  "
					     "f freeze  q leave");
		break;
	}
	put(screen, LINES - 1, A_REVERSE, text, true);
}

/* Lines that the header, the headings and the footer leave. On a low screen they give way. */
static int list_top(void)
{
	return LINES >= 6 ? 3 : 0;
}

static int list_height(void)
{
	int height = LINES - list_top() - (LINES >= 2);

	return height > 0 ? height : 0;
}

static void draw_list(const struct screen *screen)
{
	const struct top_model *model = screen->model;
	char text[ROW_BYTES];
	struct rows rows;

	rows_begin(&rows);
	for (size_t i = 0; i < model->n_rows; i++)
		rows_measure(&rows, &screen->terminal, &model->rows[i]);
	rows_fit(&rows, COLS);
	if (list_top() > 0) {
		draw_header(screen);
		rows_heading(&rows, &screen->terminal, text);
		put(screen, 2, A_UNDERLINE, text, true);
	}
	for (size_t i = 0; i < model->n_rows; i++) {
		const struct trackd_task *task = &model->rows[i];
		enum style style = terminal_state_style((enum trackd_state)task->state);
		bool selected = model->first + i == model->selected;

		rows_line(&rows, &screen->terminal, task, text);
		put(screen, list_top() + (int)i,
		    attribute(screen, style) | (selected ? A_REVERSE : A_NORMAL), text, selected);
	}
	if (model->n == 0 && !model->search[0])
		put(screen, list_top(), A_DIM, "no tasks on this board", false);
}

/* What show prints, into lines. */
static void draw_detail(const struct screen *screen)
{
	struct terminal plain = screen->terminal;
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return;
	plain.color = plain.tty = false;
	plain.width = COLS;
	detail_print(to, &plain, &screen->subject);
	fclose(to);
	int y = 0;
	for (char *line = text; line && *line != '\0' && y < LINES - 1; y++) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		put(screen, y, A_NORMAL, line, false);
		line = end ? end + 1 : NULL;
	}
	free(text);
}

static void draw_help(const struct screen *screen)
{
	for (int i = 0; i < (int)(sizeof help_lines / sizeof help_lines[0]); i++)
		if (i < LINES - 1)
			put(screen, i, A_NORMAL, help_lines[i], false);
}

static void draw(struct screen *screen)
{
	erase();
	switch (screen->mode) {
	case MODE_DETAIL:
		draw_detail(screen);
		break;
	case MODE_HELP:
		draw_help(screen);
		break;
	case MODE_LIST:
	case MODE_SEARCH:
	case MODE_CANCEL:
		draw_list(screen);
		break;
	}
	if (LINES >= 2 || screen->mode == MODE_CANCEL)
		draw_footer(screen);
	refresh();
}

/* ---- Reading ----------------------------------------------------------------------------------
 */

/* A big board takes longer to read: at most a tenth of the time goes into that. */
static bool is_due(const struct screen *screen)
{
	uint64_t since = moment_steady() - screen->read_ns;

	return !screen->frozen && since >= (uint64_t)screen->delay_ms * 1000000u &&
	       since >= screen->model->cost_ns * SHARE;
}

static void read_board(struct screen *screen)
{
	if (top_model_read(screen->model) < 0)
		snprintf(screen->notice, sizeof screen->notice, "out of memory");
	screen->read_ns = moment_steady();
}

static void refresh_subject(struct screen *screen)
{
	struct trackd_task task;

	if (screen->mode == MODE_DETAIL && !screen->frozen &&
	    ctl_copy(screen->model->ctl, screen->subject.ref, &task) >= 0)
		screen->subject = task;
}

/* ---- Cancelling -------------------------------------------------------------------------------
 */

static int open_writer(struct screen *screen)
{
	struct trackd_options options = TRACKD_OPTIONS_INIT;

	if (screen->writer)
		return 0;
	options.flags = TRACKD_OPEN_WRITE | TRACKD_OPEN_NO_WORKER;
	options.board = screen->model->ctl->board;
	options.socket = screen->model->ctl->socket;
	return trackd_open(&screen->writer, &options);
}

static void cancel(struct screen *screen)
{
	int result = open_writer(screen);

	if (result >= 0)
		result = trackd_cancel(screen->writer, screen->subject.ref);
	snprintf(screen->notice, sizeof screen->notice, "%s: %s", screen->subject.id,
		 result < 0                      ? trackd_strerror(result)
		 : result == TRACKD_CANCEL_ENDED ? "cancelled"
						 : "asked to stop");
}

/* ---- Keys -------------------------------------------------------------------------------------
 */

static bool choose_subject(struct screen *screen)
{
	const struct trackd_task *selected = top_model_selected(screen->model);

	if (!selected || selected->id[0] == '\0')
		return false;
	screen->subject = *selected;
	return true;
}

static void next_order(struct top_model *model)
{
	model->order = (enum top_order)((model->order + 1) % TOP_N_ORDERS);
	model->reverse = false;
}

static void begin_search(struct screen *screen)
{
	memcpy(screen->search_before, screen->model->search, sizeof screen->search_before);
	screen->model->search[0] = '\0';
	screen->mode = MODE_SEARCH;
}

static void key_list(struct screen *screen, int key)
{
	struct top_model *model = screen->model;
	long page = list_height() > 1 ? list_height() - 1 : 1;

	screen->notice[0] = '\0';
	switch (key) {
	case 'q':
		screen->quit = true;
		break;
	case KEY_UP:
	case 'k':
		top_model_move(model, -1);
		break;
	case KEY_DOWN:
	case 'j':
		top_model_move(model, 1);
		break;
	case KEY_PPAGE:
		top_model_move(model, -page);
		break;
	case KEY_NPAGE:
		top_model_move(model, page);
		break;
	case KEY_HOME:
	case 'g':
		top_model_move(model, -(long)model->n);
		break;
	case KEY_END:
	case 'G':
		top_model_move(model, (long)model->n);
		break;
	case 's':
		next_order(model);
		read_board(screen);
		break;
	case 'S':
		model->reverse = !model->reverse;
		read_board(screen);
		break;
	case 'f':
	case ' ':
		screen->frozen = !screen->frozen;
		break;
	case '/':
		begin_search(screen);
		read_board(screen);
		break;
	case ESCAPE:
		model->search[0] = '\0';
		read_board(screen);
		break;
	case 'h':
	case '?':
		screen->mode = MODE_HELP;
		break;
	case ENTER:
	case KEY_ENTER:
		if (choose_subject(screen))
			screen->mode = MODE_DETAIL;
		break;
	case 'c':
		if (choose_subject(screen))
			screen->mode = MODE_CANCEL;
		break;
	default:
		break;
	}
}

static void key_search(struct screen *screen, int key)
{
	char *search = screen->model->search;
	size_t length = strlen(search);

	if (key == ENTER || key == KEY_ENTER) {
		screen->mode = MODE_LIST;
	} else if (key == ESCAPE) {
		memcpy(search, screen->search_before, TOP_SEARCH);
		screen->mode = MODE_LIST;
	} else if (key == KEY_BACKSPACE || key == RUBOUT || key == ERASE) {
		/* A character and its continuation bytes. */
		while (length > 0 && ((unsigned char)search[length - 1] & 0xc0) == 0x80)
			length--;
		search[length > 0 ? length - 1 : 0] = '\0';
	} else if (key >= ' ' && key < 256 && length + 1 < TOP_SEARCH) {
		search[length] = (char)key;
		search[length + 1] = '\0';
	}
	read_board(screen);
}

static void handle(struct screen *screen, int key)
{
	if (key == KEY_RESIZE)
		return; /* drawn anew in any case */
	switch (screen->mode) {
	case MODE_LIST:
		key_list(screen, key);
		break;
	case MODE_SEARCH:
		key_search(screen, key);
		break;
	case MODE_CANCEL:
		if (key == 'y' || key == 'Y')
			cancel(screen);
		screen->mode = MODE_LIST;
		break;
	case MODE_DETAIL:
	case MODE_HELP:
		screen->quit = key == 'q';
		if (key == ESCAPE || key == ENTER || key == KEY_ENTER || key == KEY_LEFT ||
		    key == KEY_BACKSPACE || key == 'h' || key == '?')
			screen->mode = MODE_LIST;
		if (screen->mode == MODE_DETAIL && key == 'c')
			screen->mode = MODE_CANCEL;
		if (key == 'f' || key == ' ')
			screen->frozen = !screen->frozen;
		break;
	}
}

/* ---- Beginning and end ------------------------------------------------------------------------
 */

static void begin_colors(struct screen *screen)
{
	static const struct {
		enum style style;
		short color;
	} pairs[] = { { STYLE_GOOD, COLOR_GREEN },
		      { STYLE_BAD, COLOR_RED },
		      { STYLE_WARN, COLOR_YELLOW },
		      { STYLE_BUSY, COLOR_CYAN } };

	screen->color = screen->model->ctl->terminal.color && has_colors();
	if (!screen->color)
		return;
	start_color();
	use_default_colors();
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		init_pair((short)pairs[i].style, pairs[i].color, -1);
}

/* initscr() would end the program where the terminal is not known. */
static int begin(struct screen *screen, SCREEN **ret_screen)
{
	const char *term = getenv("TERM");
	int error = 0;

	if (!term || setupterm(NULL, STDOUT_FILENO, &error) == ERR || !cursor_address)
		return ctl_fail(EXIT_CODE_USAGE,
				"terminal \"%s\" cannot be drawn on; use trackctl watch, or "
				"trackctl top | cat",
				term ? term : "");
	del_curterm(cur_term); /* it was only asked; newterm() makes its own */
	*ret_screen = newterm(NULL, stdout, stdin);
	if (!*ret_screen)
		return ctl_fail(EXIT_CODE_USAGE, "terminal \"%s\" cannot be used", term);
	cbreak();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	set_escdelay(50);
	(void)curs_set(0);
	timeout(KEY_MS);
	begin_colors(screen);
	return 0;
}

int top_screen_run(struct top_model *model, int64_t delay_ms)
{
	struct screen screen = {
		.model = model,
		.terminal = model->ctl->terminal,
		.delay_ms = delay_ms,
	};
	SCREEN *handle_of_curses = NULL;
	int code = begin(&screen, &handle_of_curses);

	if (code != 0)
		return code;
	read_board(&screen);
	while (!screen.quit && !ctl_interrupted()) {
		if (is_due(&screen))
			read_board(&screen);
		screen.terminal.width = COLS;
		screen.terminal.height = LINES;
		if (!screen.frozen || screen.mode != MODE_LIST || model->n_rows == 0)
			top_model_show(model, (size_t)list_height());
		refresh_subject(&screen);
		draw(&screen);
		int key = getch();
		if (key != ERR) {
			handle(&screen, key == '\r' ? ENTER : key);
			if (screen.frozen)
				top_model_show(model, (size_t)list_height());
		}
	}
	endwin();
	delscreen(handle_of_curses);
	trackd_close(screen.writer);
	return ctl_interrupted() ? EXIT_CODE_INTERRUPTED : EXIT_CODE_DONE;
}
