/* SPDX-License-Identifier: MIT */
/*
 * The lines of a page. poppler's text gives the reading order, the line ends and, in parallel, a
 * rectangle per character. The rectangles are needed because poppler omits the blanks between the
 * cells of a table, and between the first two words of a right-to-left line.
 */
#include "tools/common/growth.h"
#include "tools/docproc/document/strbuf.h"
#include "tools/docproc/extract/pdf/pdf_parts.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>

enum { FAR = 100000, RTL_STOPS = 16 };

/* Fractions of the font size: below the first no gap, then a blank, then the next cell. */
static const double gap_blank = 0.15, gap_cell = 0.7, gap_cell_blank = 2.5;

struct page_text {
	char *text;
	PopplerRectangle *boxes;
	guint n_boxes;
	GList *attributes;
	struct pdf_glyph *glyphs;
	size_t n;
	bool placed, rtl;
	double height;
};

/* ---- Poppler's data ------------------------------------------------------------------ */

/* Direction marks that poppler puts around right-to-left text; they have no rectangles. */
static bool is_direction_mark(gunichar c)
{
	return c >= 0x202a && c <= 0x202e;
}

struct letters {
	size_t leftward, rightward;
};

static struct letters count_letters(const char *text)
{
	struct letters letters = { 0, 0 };

	for (const char *at = text; *at; at = g_utf8_next_char(at)) {
		UCharDirection direction = u_charDirection((UChar32)g_utf8_get_char(at));
		letters.leftward +=
			direction == U_RIGHT_TO_LEFT || direction == U_RIGHT_TO_LEFT_ARABIC;
		letters.rightward += direction == U_LEFT_TO_RIGHT;
	}
	return letters;
}

/* Keep an area if it selects more text than the longest so far. */
static void try_area(PopplerPage *page, PopplerRectangle area, char **longest,
		     PopplerRectangle *best)
{
	char *text = poppler_page_get_text_for_area(page, &area);

	if (!text || (*longest && strlen(text) <= strlen(*longest))) {
		g_free(text);
		return;
	}
	g_free(*longest);
	*longest = text;
	*best = area;
}

/*
 * poppler selects text from one point to another. From beyond one corner to beyond the opposite one
 * selects everything on a left-to-right page. On a right-to-left page there is no such point: the
 * selection ends in the block nearest to it. So try several areas and take the longest text.
 */
static char *select_text(PopplerPage *page, PopplerRectangle *ret_area, bool *ret_rtl)
{
	char *longest = NULL;
	struct letters letters = { 0, 0 };
	double width, height;

	try_area(page, (PopplerRectangle){ -FAR, -FAR, FAR, FAR }, &longest, ret_area);
	if (longest)
		letters = count_letters(longest);
	*ret_rtl = letters.leftward > letters.rightward;
	if (letters.leftward == 0)
		return longest;
	poppler_page_get_size(page, &width, &height);
	for (int i = -1; i < RTL_STOPS; i++)
		try_area(page,
			 (PopplerRectangle){ FAR, -FAR, i < 0 ? -FAR : width * i / RTL_STOPS, FAR },
			 &longest, ret_area);
	return longest;
}

static void set_fonts(struct page_text *page)
{
	for (GList *at = page->attributes; at; at = at->next) {
		const PopplerTextAttributes *font = at->data;
		bool bold = font->font_name &&
			    (strstr(font->font_name, "Bold") || strstr(font->font_name, "bold") ||
			     strstr(font->font_name, "Black") || strstr(font->font_name, "Heavy"));
		for (gint i = MAX(font->start_index, 0);
		     i <= font->end_index && (size_t)i < page->n; i++) {
			page->glyphs[i].size = (float)font->font_size;
			page->glyphs[i].bold = bold;
		}
	}
}

/* Join characters and rectangles, if their numbers match. */
static int join_glyphs(struct page_text *page)
{
	size_t length = (size_t)g_utf8_strlen(page->text, -1);

	page->glyphs = calloc(length + 1, sizeof *page->glyphs);
	if (!page->glyphs)
		return -ENOMEM;
	for (const char *at = page->text; *at; at = g_utf8_next_char(at))
		if (!is_direction_mark(g_utf8_get_char(at)))
			page->glyphs[page->n++].c = g_utf8_get_char(at);
	page->placed = page->n == page->n_boxes;
	if (!page->placed)
		return 0;
	for (size_t i = 0; i < page->n; i++)
		page->glyphs[i].box = page->boxes[i];
	set_fonts(page);
	if (page->rtl)
		pdf_mend_arabic(page->glyphs, page->n);
	return 0;
}

static int read_text(PopplerPage *poppler, struct page_text *page)
{
	PopplerRectangle area;
	double width;

	poppler_page_get_size(poppler, &width, &page->height);
	page->text = select_text(poppler, &area, &page->rtl);
	if (!page->text)
		return 0;
	if (!g_utf8_validate(page->text, -1, NULL)) {
		char *valid = g_utf8_make_valid(page->text, -1);
		g_free(page->text);
		page->text = valid;
	}
	poppler_page_get_text_layout_for_area(poppler, &area, &page->boxes, &page->n_boxes);
	page->attributes = poppler_page_get_text_attributes_for_area(poppler, &area);
	return join_glyphs(page);
}

static void free_text(struct page_text *page)
{
	g_free(page->text);
	g_free(page->boxes);
	poppler_page_free_text_attributes(page->attributes);
	free(page->glyphs);
}

/* ---- Lines ----------------------------------------------------------------------------- */

static bool is_blank(gunichar c)
{
	return c == ' ' || c == 0xa0 || c == 0x3000;
}

/* The end of a word's characters: within poppler's words they run from left to right, whatever the
 * script. */
static size_t word_end(const struct pdf_glyph *glyphs, size_t at, size_t end)
{
	size_t i = at + 1;

	while (i < end && !is_blank(glyphs[i].c) && !is_blank(glyphs[i - 1].c) &&
	       glyphs[i].box.x1 >= glyphs[i - 1].box.x1 - 0.01 &&
	       glyphs[i].box.x1 - glyphs[i - 1].box.x2 < gap_blank * glyphs[i].size)
		i++;
	return i;
}

/* The gap between two words, whichever side the second is on; overlapping words have none. */
static double gap_between(const struct pdf_glyph *glyphs, size_t one, size_t other, size_t end)
{
	double to_right = glyphs[other].box.x1 - glyphs[other - 1].box.x2;
	double to_left = glyphs[one].box.x1 - glyphs[end - 1].box.x2;

	return fmax(to_right, to_left);
}

/* The font size of most characters. */
static float common_size(const struct pdf_glyph *glyphs, size_t from, size_t to)
{
	float size = glyphs[from].size;
	long votes = 0;

	for (size_t i = from; i < to; i++) {
		if (votes == 0)
			size = glyphs[i].size;
		votes += fabsf(glyphs[i].size - size) < 0.1F ? 1 : -1;
	}
	return size > 0 ? size : 1;
}

/* The small raised numbers in a line, such as footnote marks, as bits. */
static uint64_t find_raised(const struct pdf_glyph *glyphs, size_t from, size_t to, float size)
{
	uint64_t bits = 0, number = 0;
	bool within = false;

	for (size_t i = from; i <= to; i++) {
		if (i < to && g_unichar_isdigit(glyphs[i].c) && glyphs[i].size < 0.8F * size) {
			number = 10 * number + (uint64_t)g_unichar_digit_value(glyphs[i].c);
			within = true;
		} else if (within) {
			bits |= 1ULL << (number % 64);
			number = 0;
			within = false;
		}
	}
	return bits;
}

static void measure(const struct page_text *page, size_t from, size_t to, struct pdf_line *line)
{
	const struct pdf_glyph *glyphs = page->glyphs;
	double left = FAR, right = -FAR, top = FAR, bottom = -FAR;
	size_t bold = 0;

	line->size = common_size(glyphs, from, to);
	for (size_t i = from; i < to; i++) {
		left = fmin(left, glyphs[i].box.x1);
		right = fmax(right, glyphs[i].box.x2);
		bold += glyphs[i].bold || is_blank(glyphs[i].c);
		if (fabsf(glyphs[i].size - line->size) < 0.1F) {
			top = fmin(top, glyphs[i].box.y1);
			bottom = fmax(bottom, glyphs[i].box.y2);
		}
	}
	line->placed = true;
	line->start = (float)(page->rtl ? -right : left);
	line->end = (float)(page->rtl ? -left : right);
	line->top = (float)top;
	line->last_cell = line->start;
	line->bold = bold == to - from;
	line->low = top + bottom > page->height;
	line->raised = find_raised(glyphs, from, to, line->size);
	line->marked = g_unichar_isdigit(glyphs[from].c) && glyphs[from].size < 0.8F * line->size;
}

/* Write the line's text, with blanks and tabs for the gaps. */
static int write_line(const struct page_text *page, size_t from, size_t to, struct pdf_line *line,
		      struct strbuf *text)
{
	const struct pdf_glyph *glyphs = page->glyphs;
	size_t before = from, at = from;

	while (at < to) {
		size_t start = at;
		size_t end = page->placed ? word_end(glyphs, at, to) : at + 1;
		double gap = page->placed && at > from ? gap_between(glyphs, before, at, end) : 0;
		bool blank = is_blank(glyphs[at].c);
		double width = glyphs[at].box.x2 - glyphs[at].box.x1;
		bool cell = blank ? width > gap_cell_blank * line->size
				  : at > from && !is_blank(glyphs[at - 1].c) &&
					    gap > gap_cell * line->size;
		if (cell) {
			line->cells = true;
			if (strbuf_add(text, "\t", 1) < 0)
				return -ENOMEM;
			size_t cell_at = blank && end < to ? end : at;
			line->last_cell = (float)(page->rtl ? -glyphs[cell_at].box.x2
							    : glyphs[cell_at].box.x1);
		} else if (at > from && !blank && !is_blank(glyphs[at - 1].c) &&
			   gap > gap_blank * line->size) {
			if (strbuf_add(text, " ", 1) < 0)
				return -ENOMEM;
		}
		for (; at < end; at++)
			if (!(cell && blank) && strbuf_add_char(text, (int32_t)glyphs[at].c) < 0)
				return -ENOMEM;
		before = start;
	}
	return 0;
}

static int add_line(const struct page_text *page, size_t from, size_t to, uint32_t number,
		    struct pdf_lines *lines)
{
	struct pdf_line line = { .page = number, .n_chars = (uint32_t)(to - from), .size = 1 };
	struct strbuf text = { 0 };

	while (from < to && is_blank(page->glyphs[from].c))
		from++;
	while (to > from && is_blank(page->glyphs[to - 1].c))
		to--;
	if (from == to)
		return 0;
	struct pdf_line *more =
		growth_reserve(lines->lines, lines->n, &lines->room, sizeof *more, 256);
	if (!more)
		return -ENOMEM;
	lines->lines = more;
	if (page->placed)
		measure(page, from, to, &line);
	if (write_line(page, from, to, &line, &text) < 0 || !(line.text = strbuf_take(&text))) {
		strbuf_free(&text);
		return -ENOMEM;
	}
	lines->n_bytes += strlen(line.text);
	lines->lines[lines->n++] = line;
	return lines->n_bytes > CONTENT_BYTES_MAX ? -EFBIG : 0;
}

int pdf_read_page(PopplerPage *poppler, uint32_t number, struct pdf_lines *lines)
{
	struct page_text page = { 0 };
	int error = read_text(poppler, &page);
	size_t from = 0;

	for (size_t i = 0; i <= page.n && error == 0; i++) {
		if (i < page.n && page.glyphs[i].c != '\n')
			continue;
		error = i > from ? add_line(&page, from, i, number, lines) : 0;
		from = i + 1;
	}
	free_text(&page);
	return error;
}

void pdf_free_lines(struct pdf_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		free(lines->lines[i].text);
	free(lines->lines);
	*lines = (struct pdf_lines){ 0 };
}
