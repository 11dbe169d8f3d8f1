/* SPDX-License-Identifier: MIT */
/*
 * ICU finds the line breaks (UAX 14), so that Chinese wraps as well as German. A word too long for
 * a line runs over its end.
 */
#include "tools/docproc/cli/wrap.h"
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unistd.h>

enum { NARROWEST = 20 };

struct wrap wrap_look(void)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	bool capable = term && term[0] != '\0' && strcmp(term, "dumb") != 0;
	struct winsize size = { 0 };
	struct wrap wrap = { 0 };

	if (!isatty(STDOUT_FILENO))
		return wrap;
	wrap.tty = capable && (!no_color || no_color[0] == '\0');
	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	wrap.cells = size.ws_col ? size.ws_col : 80;
	return wrap;
}

const char *wrap_on(const struct wrap *wrap)
{
	return wrap->tty ? "\033[1m" : "";
}

const char *wrap_off(const struct wrap *wrap)
{
	return wrap->tty ? "\033[0m" : "";
}

/* ---- Cells -------------------------------------------------------------- */

static size_t cells_of_character(UChar32 c)
{
	uint32_t category = U_GET_GC_MASK(c);

	if (category & (U_GC_MN_MASK | U_GC_ME_MASK | U_GC_CF_MASK))
		return 0;
	switch (u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH)) {
	case U_EA_WIDE:
	case U_EA_FULLWIDTH:
		return 2;
	default:
		return 1;
	}
}

static size_t cells_of(const char *text, size_t begin, size_t end)
{
	size_t cells = 0;

	while (begin < end)
		cells += cells_of_character(terms_character(text, &begin, end));
	return cells;
}

/* ---- Lines -------------------------------------------------------------- */

struct printer {
	FILE *to;
	const struct wrap *wrap;
	const char *text;
	const struct passage_mark *marks;
	size_t n_marks, next_mark;
};

static void print_bytes(struct printer *printer, size_t begin, size_t end)
{
	for (size_t at = begin; at < end; at++) {
		const struct passage_mark *mark = printer->next_mark < printer->n_marks
							  ? &printer->marks[printer->next_mark]
							  : NULL;

		if (mark && at == mark->begin)
			fputs(wrap_on(printer->wrap), printer->to);
		fputc(printer->text[at], printer->to);
		if (mark && at + 1 == mark->end) {
			fputs(wrap_off(printer->wrap), printer->to);
			printer->next_mark++;
		}
	}
}

static size_t without_blanks(const char *text, size_t begin, size_t end)
{
	while (end > begin && text[end - 1] == ' ')
		end--;
	return end;
}

static void print_line(struct printer *printer, size_t indent, size_t begin, size_t end)
{
	fprintf(printer->to, "%*s", (int)indent, "");
	print_bytes(printer, begin, without_blanks(printer->text, begin, end));
	fputc('\n', printer->to);
}

/* breaks: for the whole text. */
static void print_lines(struct printer *printer, size_t indent, UBreakIterator *breaks)
{
	size_t cells = printer->wrap->cells, begin = 0, end = 0;
	size_t room = cells > indent + NARROWEST ? cells - indent : NARROWEST;

	for (int32_t at; (at = ubrk_next(breaks)) != UBRK_DONE; end = (size_t)at) {
		size_t shown = without_blanks(printer->text, begin, (size_t)at);

		if (end > begin && cells_of(printer->text, begin, shown) > room) {
			print_line(printer, indent, begin, end);
			begin = end;
		}
	}
	if (end > begin)
		print_line(printer, indent, begin, end);
}

void wrap_print(FILE *to, const struct wrap *wrap, size_t indent, const char *text,
		const struct passage_mark *marks, size_t n_marks)
{
	struct printer printer = {
		.to = to, .wrap = wrap, .text = text, .marks = marks, .n_marks = n_marks
	};
	UErrorCode error = U_ZERO_ERROR;
	UText *opened = utext_openUTF8(NULL, text, -1, &error);
	UBreakIterator *breaks = ubrk_open(UBRK_LINE, "", NULL, 0, &error);

	ubrk_setUText(breaks, opened, &error);
	if (wrap->cells == 0 || U_FAILURE(error))
		print_line(&printer, indent, 0, strlen(text));
	else
		print_lines(&printer, indent, breaks);
	ubrk_close(breaks);
	utext_close(opened);
}
