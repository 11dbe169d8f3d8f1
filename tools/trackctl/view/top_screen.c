/* SPDX-License-Identifier: MIT */
/* The loop of top: keys, reading the board, starting and ending curses. */
#include "tools/trackctl/view/top_screen.h"
#include "tools/common/time_format.h"
#include "tools/trackctl/view/top_draw.h"
#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

enum { KEY_MS = 100, ESCAPE = 27, ENTER = '\n', RUBOUT = 127, ERASE = 8, SHARE = 10 };

/* ---- Reading ----------------------------------------------------------- */

/* Reading a large board takes longer: spend at most a tenth of the time on it. */
static bool is_due(const struct top_screen *screen)
{
	uint64_t since = time_steady() - screen->read_ns;

	return !screen->frozen && since >= (uint64_t)screen->delay_ms * 1000000u &&
	       since >= screen->model->cost_ns * SHARE;
}

static void read_board(struct top_screen *screen)
{
	if (top_model_read(screen->model) < 0)
		snprintf(screen->notice, sizeof screen->notice, "out of memory");
	screen->read_ns = time_steady();
}

static void refresh_subject(struct top_screen *screen)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	if (screen->mode == TOP_MODE_DETAIL && !screen->frozen &&
	    ctl_copy(screen->model->ctl, screen->subject.ref, &task) >= 0)
		screen->subject = task;
}

/* ---- Cancelling -------------------------------------------------------- */

static int open_writer(struct top_screen *screen)
{
	struct trackd_options options = TRACKD_OPTIONS_INIT;

	if (screen->writer)
		return 0;
	options.flags = TRACKD_OPEN_WRITE | TRACKD_OPEN_NO_WORKER;
	options.board = screen->model->ctl->board;
	options.socket = screen->model->ctl->socket;
	return trackd_open(&screen->writer, &options);
}

static void cancel(struct top_screen *screen)
{
	int result = open_writer(screen);

	if (result >= 0)
		result = trackd_cancel(screen->writer, screen->subject.ref);
	snprintf(screen->notice, sizeof screen->notice, "%s: %s", screen->subject.id,
		 result < 0                      ? trackd_strerror(result)
		 : result == TRACKD_CANCEL_ENDED ? "cancelled"
						 : "asked to stop");
}

/* ---- Keys -------------------------------------------------------------- */

static bool choose_subject(struct top_screen *screen)
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

static void begin_search(struct top_screen *screen)
{
	memcpy(screen->search_before, screen->model->search, sizeof screen->search_before);
	screen->model->search[0] = '\0';
	screen->mode = TOP_MODE_SEARCH;
}

/* Handle a key that moves the selection. Whether it was one. */
static bool choose_row(struct top_model *model, int key)
{
	long page = top_draw_height() > 1 ? top_draw_height() - 1 : 1, all = (long)model->n;
	const struct {
		int key, other;
		long rows;
	} moves[] = {
		{ KEY_UP, 'k', -1 },
		{ KEY_DOWN, 'j', 1 },
		{ KEY_PPAGE, KEY_PPAGE, -page },
		{ KEY_NPAGE, KEY_NPAGE, page },
		{ KEY_HOME, 'g', -all },
		{ KEY_END, 'G', all },
	};

	for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
		if (key != moves[i].key && key != moves[i].other)
			continue;
		top_model_move(model, moves[i].rows);
		return true;
	}
	return false;
}

/* Handle a key that changes the search or the order. Whether it was one. */
static bool choose_order(struct top_screen *screen, int key)
{
	struct top_model *model = screen->model;

	switch (key) {
	case 's':
		next_order(model);
		break;
	case 'S':
		model->reverse = !model->reverse;
		break;
	case '/':
		begin_search(screen);
		break;
	case ESCAPE:
		model->search[0] = '\0';
		break;
	default:
		return false;
	}
	read_board(screen);
	return true;
}

static void key_list(struct top_screen *screen, int key)
{
	screen->notice[0] = '\0';
	if (choose_row(screen->model, key) || choose_order(screen, key))
		return;
	switch (key) {
	case 'q':
		screen->quit = true;
		break;
	case 'f':
	case ' ':
		screen->frozen = !screen->frozen;
		break;
	case 'h':
	case '?':
		screen->mode = TOP_MODE_HELP;
		break;
	case ENTER:
	case KEY_ENTER:
		if (choose_subject(screen))
			screen->mode = TOP_MODE_DETAIL;
		break;
	case 'c':
		if (choose_subject(screen))
			screen->mode = TOP_MODE_CANCEL;
		break;
	default:
		break;
	}
}

static void key_search(struct top_screen *screen, int key)
{
	char *search = screen->model->search;
	size_t length = strlen(search);

	if (key == ENTER || key == KEY_ENTER) {
		screen->mode = TOP_MODE_LIST;
	} else if (key == ESCAPE) {
		memcpy(search, screen->search_before, TOP_SEARCH);
		screen->mode = TOP_MODE_LIST;
	} else if (key == KEY_BACKSPACE || key == RUBOUT || key == ERASE) {
		/* Remove a character with its continuation bytes. */
		while (length > 0 && ((unsigned char)search[length - 1] & 0xc0) == 0x80)
			length--;
		search[length > 0 ? length - 1 : 0] = '\0';
	} else if (key >= ' ' && key < 256 && length + 1 < TOP_SEARCH) {
		search[length] = (char)key;
		search[length + 1] = '\0';
	}
	read_board(screen);
}

static void handle(struct top_screen *screen, int key)
{
	if (key == KEY_RESIZE)
		return; /* everything is drawn again anyway */
	switch (screen->mode) {
	case TOP_MODE_LIST:
		key_list(screen, key);
		break;
	case TOP_MODE_SEARCH:
		key_search(screen, key);
		break;
	case TOP_MODE_CANCEL:
		if (key == 'y' || key == 'Y')
			cancel(screen);
		screen->mode = TOP_MODE_LIST;
		break;
	case TOP_MODE_DETAIL:
	case TOP_MODE_HELP:
		screen->quit = key == 'q';
		if (key == ESCAPE || key == ENTER || key == KEY_ENTER || key == KEY_LEFT ||
		    key == KEY_BACKSPACE || key == 'h' || key == '?')
			screen->mode = TOP_MODE_LIST;
		if (screen->mode == TOP_MODE_DETAIL && key == 'c')
			screen->mode = TOP_MODE_CANCEL;
		if (key == 'f' || key == ' ')
			screen->frozen = !screen->frozen;
		break;
	}
}

/* ---- Beginning and end ------------------------------------------------- */

static void begin_colors(struct top_screen *screen)
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

/* initscr() would exit if the terminal is unknown. */
static int begin(struct top_screen *screen, SCREEN **ret_screen)
{
	const char *term = getenv("TERM");
	int error = 0;

	if (!term || setupterm(NULL, STDOUT_FILENO, &error) == ERR || !cursor_address)
		return ctl_fail(
			EXIT_CODE_USAGE,
			"terminal \"%s\" lacks the capabilities for top; use trackctl watch, or "
			"trackctl top | cat",
			term ? term : "");
	del_curterm(cur_term); /* this was only a check; newterm() makes its own */
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
	struct top_screen screen = {
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
		if (!screen.frozen || screen.mode != TOP_MODE_LIST || model->n_rows == 0)
			top_model_show(model, (size_t)top_draw_height());
		refresh_subject(&screen);
		top_draw(&screen);
		int key = getch();
		if (key != ERR) {
			handle(&screen, key == '\r' ? ENTER : key);
			if (screen.frozen)
				top_model_show(model, (size_t)top_draw_height());
		}
	}
	endwin();
	delscreen(handle_of_curses);
	trackd_close(screen.writer);
	return ctl_interrupted() ? EXIT_CODE_INTERRUPTED : EXIT_CODE_DONE;
}
