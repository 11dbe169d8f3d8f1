/* SPDX-License-Identifier: MIT */
/* Only escape sequences that all terminals support (ECMA-48). */
#include "tools/trackctl/session/terminal.h"
#include "tools/common/printable.h"
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

enum { WIDTH = 80, HEIGHT = 24, BAR_MAX = 200 };

/* ---- Looking ----------------------------------------------------------- */

static int from_environment(const char *name)
{
	const char *value = getenv(name);
	long number = value ? strtol(value, NULL, 10) : 0;

	return number > 0 && number < 10000 ? (int)number : 0;
}

void terminal_measure(struct terminal *terminal)
{
	struct winsize size = { 0 };
	int columns = from_environment("COLUMNS"), lines = from_environment("LINES");

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	terminal->width = size.ws_col ? size.ws_col : columns ? columns : WIDTH;
	terminal->height = size.ws_row ? size.ws_row : lines ? lines : HEIGHT;
}

static bool environment_wants_color(void)
{
	const char *no_color = getenv("NO_COLOR");

	return !no_color || no_color[0] == '\0';
}

void terminal_look(struct terminal *terminal, enum color_mode mode)
{
	const char *term = getenv("TERM");
	bool capable = term && term[0] != '\0' && strcmp(term, "dumb") != 0;

	terminal->tty = capable && isatty(STDOUT_FILENO);
	terminal->color = mode == COLOR_ALWAYS ||
			  (mode == COLOR_AUTO && terminal->tty && environment_wants_color());
	terminal->unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	terminal_measure(terminal);
}

/* ---- Colour ------------------------------------------------------------ */

const char *terminal_on(const struct terminal *terminal, enum style style)
{
	static const char *const sequences[] = {
		[STYLE_PLAIN] = "",        [STYLE_BOLD] = "\033[1m", [STYLE_DIM] = "\033[2m",
		[STYLE_GOOD] = "\033[32m", [STYLE_BAD] = "\033[31m", [STYLE_WARN] = "\033[33m",
		[STYLE_BUSY] = "\033[36m",
	};

	return terminal->color ? sequences[style] : "";
}

const char *terminal_off(const struct terminal *terminal)
{
	return terminal->color ? "\033[0m" : "";
}

enum style terminal_state_style(enum trackd_state state)
{
	switch (state) {
	case TRACKD_PENDING:
		return STYLE_DIM;
	case TRACKD_ACTIVE:
		return STYLE_BUSY;
	case TRACKD_COMPLETED:
		return STYLE_GOOD;
	case TRACKD_FAILED:
		return STYLE_BAD;
	case TRACKD_CANCELLED:
		return STYLE_WARN;
	}
	return STYLE_PLAIN;
}

/* ---- Text -------------------------------------------------------------- */

/* One character: its bytes and its cells. Characters that the locale lacks become a question
 * mark. */
struct glyph {
	const char *from;
	size_t bytes, skip;
	int cells;
};

static struct glyph next_glyph(const struct terminal *terminal, const char *text)
{
	struct glyph glyph = { text, 1, 1, 1 };
	mbstate_t state = { 0 };
	wchar_t wide;

	if ((unsigned char)text[0] < 0x80)
		return glyph;
	while (((unsigned char)text[glyph.skip] & 0xc0) == 0x80)
		glyph.skip++;
	if (terminal->unicode && mbrtowc(&wide, text, glyph.skip, &state) == glyph.skip) {
		int cells = wcwidth(wide);
		if (cells >= 0) {
			glyph.bytes = glyph.skip;
			glyph.cells = cells;
			return glyph;
		}
	}
	glyph.from = "?";
	return glyph;
}

static int width_of(const struct terminal *terminal, const char *text)
{
	int cells = 0;

	while (*text != '\0') {
		struct glyph glyph = next_glyph(terminal, text);
		cells += glyph.cells;
		text += glyph.skip;
	}
	return cells;
}

int terminal_text(const struct terminal *terminal, char *to, size_t size, const char *text,
		  int cells)
{
	char safe[PRINTABLE_ROOM(TRACKD_ERROR_MAX)];
	const char *mark = terminal->unicode ? "\xe2\x80\xa6" : "~";
	const char *at = safe;
	size_t length = 0;
	int used = 0;

	printable_line(safe, sizeof safe, text);
	bool cut = cells > 0 && width_of(terminal, safe) > cells;
	while (*at != '\0') {
		struct glyph glyph = next_glyph(terminal, at);

		if (length + glyph.bytes >= size || (cut && used + glyph.cells > cells - 1))
			break;
		memcpy(to + length, glyph.from, glyph.bytes);
		length += glyph.bytes;
		used += glyph.cells;
		at += glyph.skip;
	}
	to[length] = '\0';
	if (cut && length + strlen(mark) < size) {
		memcpy(to + length, mark, strlen(mark) + 1);
		used++;
	}
	return used;
}

/* ---- Bars and symbols -------------------------------------------------- */

void terminal_bar(const struct terminal *terminal, char *to, size_t size, int percent, int cells)
{
	static const char *const unicode[] = { "\xe2\x94\x81", "\xe2\x95\xb8", "\xe2\x94\x80" };
	static const char *const ascii[] = { "#", "", "." };
	const char *const *part = terminal->unicode ? unicode : ascii;
	size_t length = 0;

	percent = percent < 0 ? 0 : percent > 100 ? 100 : percent;
	cells = cells < 0 ? 0 : cells > BAR_MAX ? BAR_MAX : cells;
	/* In half cells if the locale has a character of that width. */
	int halves = percent * cells * 2 / 100;
	for (int i = 0; i < cells; i++) {
		bool half = terminal->unicode && i == halves / 2 && halves % 2 == 1;
		const char *piece = i < halves / 2 ? part[0] : half ? part[1] : part[2];

		size_t bytes = strlen(piece);

		if (length + bytes >= size)
			break;
		memcpy(to + length, piece, bytes);
		length += bytes;
	}
	if (size > 0)
		to[length] = '\0';
}

const char *terminal_stage_sign(const struct terminal *terminal, enum trackd_stage_state state)
{
	switch (state) {
	case TRACKD_STAGE_WAITING:
		return terminal->unicode ? "\xc2\xb7" : "-";
	case TRACKD_STAGE_RUNNING:
		return terminal->unicode ? "\xe2\x96\xb6" : ">";
	case TRACKD_STAGE_DONE:
		return terminal->unicode ? "\xe2\x9c\x93" : "+";
	case TRACKD_STAGE_ENDED:
		return terminal->unicode ? "\xe2\x9c\x97" : "x";
	}
	return "?";
}

const char *terminal_bullet(const struct terminal *terminal)
{
	return terminal->unicode ? "\xe2\x97\x8f" : "*";
}

const char *terminal_dot(const struct terminal *terminal)
{
	return terminal->unicode ? "\xc2\xb7" : "-";
}
