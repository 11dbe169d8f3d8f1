/* SPDX-License-Identifier: MIT */
/*
 * Groups lines into paragraphs, headings, rows and footnotes, by distance, indentation, size and
 * weight. A paragraph continues across the end of a column or page if its last line does not end a
 * sentence; footnotes in between wait until it is complete.
 */
#include "tools/docproc/document/strbuf.h"
#include "tools/docproc/extract/pdf/pdf_parts.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	SIZES = 400,
	HEADING_LINES = 3,
	HEADING_BYTES = 240,
	SPACINGS = 512,
	PARAGRAPH_MAX = 64 << 10
};

struct open_block {
	struct strbuf text;
	const struct pdf_line *first, *last;
	size_t n_lines;
	float spacing; /* between its last two lines; 0: unknown */
	bool row;
};

struct layout {
	const struct pdf_lines *lines;
	struct content *content;
	struct content notes; /* complete notes, waiting for the end of the paragraph */
	struct open_block body, note;
	float body_size, spacing; /* typical for the document; typical for the page */
	uint64_t marks;           /* footnote marks on the page so far, as bits */
	uint32_t notes_page;      /* the page whose footnotes have begun */
};

/* ---- Typical values -------------------------------------------------------------------- */

/* The font size of most characters, in half points. */
static float find_body_size(const struct pdf_lines *lines)
{
	uint64_t counts[SIZES] = { 0 };
	size_t most = 0;

	for (size_t i = 0; i < lines->n; i++)
		if (lines->lines[i].placed && !lines->lines[i].dropped &&
		    lines->lines[i].size < SIZES / 2.0F)
			counts[(size_t)lroundf(2 * lines->lines[i].size) % SIZES] +=
				lines->lines[i].n_chars;
	for (size_t i = 1; i < SIZES; i++)
		if (counts[i] > counts[most])
			most = i;
	return (float)most / 2;
}

static int compare_floats(const void *a, const void *b)
{
	const float *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

/* The median distance between neighbouring lines of the page that begins at line `from`. */
static float find_spacing(const struct pdf_lines *lines, size_t from)
{
	float spacings[SPACINGS];
	size_t n = 0;

	for (size_t i = from + 1;
	     i < lines->n && n < SPACINGS && lines->lines[i].page == lines->lines[from].page; i++) {
		const struct pdf_line *one = &lines->lines[i - 1], *other = &lines->lines[i];
		float distance = other->top - one->top;
		if (fabsf(one->size - other->size) < 0.5F && distance > 0.5F * other->size &&
		    distance < 3 * other->size && !one->dropped && !other->dropped)
			spacings[n++] = distance;
	}
	if (n == 0)
		return 0;
	qsort(spacings, n, sizeof spacings[0], compare_floats);
	/* Below the median: with short paragraphs, most distances may be between paragraphs. */
	return spacings[n * 2 / 5];
}

/* ---- Classifying lines ------------------------------------------------------------------- */

/* Looks at the last significant character, before any quotation marks, brackets and footnote
 * marks. */
static bool ends_sentence(const char *text)
{
	static const char *const ends[] = { ".",      "!",      "?",      ":",
					    "\u3002", "\uff01", "\uff1f", "\u061f",
					    "\u06d4", "\u2026", "\uff1a", "\u0964" };
	static const char *const after[] = { "\"",     "'",      ")",      "]",      "\u201d",
					     "\u2019", "\u00bb", "\u201c", "\u00ab", "\u300d",
					     "\u300f", "\uff09", " " };
	size_t n = strlen(text), before;

	while (n > 0 && isdigit((unsigned char)text[n - 1]))
		n--;
	do {
		before = n;
		for (size_t i = 0; i < sizeof after / sizeof after[0]; i++) {
			size_t length = strlen(after[i]);
			if (n >= length && memcmp(text + n - length, after[i], length) == 0)
				n -= length;
		}
	} while (n < before);
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		size_t length = strlen(ends[i]);
		if (n >= length && memcmp(text + n - length, ends[i], length) == 0)
			return true;
	}
	return false;
}

/* "1.", "(a)" or a bullet: a list mark in its own cell. */
static bool is_item_mark(const char *text, size_t length)
{
	size_t words = 0;

	if (length > 5)
		return false;
	for (size_t i = 0; i < length; i++)
		words += isalnum((unsigned char)text[i]) != 0;
	return words == 0 || (words <= 3 && strchr(".)", text[length - 1]));
}

static bool is_item(const struct pdf_line *line)
{
	size_t cell = strcspn(line->text, "\t");

	return line->cells && is_item_mark(line->text, cell) &&
	       !strchr(line->text + cell + 1, '\t');
}

static const struct pdf_line *neighbour(const struct layout *layout, const struct pdf_line *line,
					int step)
{
	size_t i = (size_t)(line - layout->lines->lines);

	if ((step < 0 && i == 0) || (step > 0 && i + 1 >= layout->lines->n))
		return NULL;
	line += step;
	return line->page == layout->lines->lines[i].page && !line->dropped ? line : NULL;
}

/* Whether a line is a row of a table: it has cells, and another such line is among the four above
 * or below it. */
static bool is_row(const struct layout *layout, const struct pdf_line *line)
{
	if (!line->cells || is_item(line))
		return false;
	for (int step = -1; step <= 1; step += 2) {
		const struct pdf_line *other = line;
		for (int i = 0; i < 4 && (other = neighbour(layout, other, step)); i++)
			if (other->cells && !is_item(other))
				return true;
	}
	return false;
}

/* Whether a line belongs to the row above: it stands below the row's last cells. */
static bool continues_row(const struct open_block *block, const struct pdf_line *line)
{
	return block->row && line->placed && line->page == block->last->page &&
	       line->start > block->first->start + line->size && line->top > block->last->top &&
	       line->top - block->last->top < 1.6F * line->size &&
	       fabsf(line->size - block->first->size) < 0.5F;
}

static bool same_font(const struct pdf_line *one, const struct pdf_line *other)
{
	return fabsf(one->size - other->size) <= 0.08F * one->size && one->bold == other->bold;
}

/* Whether a line continues the open paragraph. */
static bool continues(const struct layout *layout, const struct open_block *block,
		      const struct pdf_line *line)
{
	const struct pdf_line *last = block->last;
	float distance = line->top - last->top, usual = block->spacing, indent;

	if (!line->placed || !last->placed)
		return line->placed == last->placed && line->page == last->page;
	if (block->row || is_item(line) || !same_font(last, line) ||
	    block->text.length > PARAGRAPH_MAX)
		return false;
	if (line->page != last->page || distance < -0.5F * line->size)
		return !ends_sentence(last->text);
	if (distance < 0.5F * line->size)
		return line->start <= last->end + line->size;
	if (usual == 0)
		usual = layout->spacing > 0 && fabsf(line->size - layout->body_size) < 1
				? layout->spacing
				: 1.35F * line->size;
	if (distance > 1.2F * usual + 0.5F)
		return false;
	indent = line->start - last->start;
	if (indent > 0.8F * line->size && block->n_lines > 1 && ends_sentence(last->text))
		return false;
	if (indent < -0.8F * line->size && block->n_lines > 1 && is_item(block->first))
		return false;
	return true;
}

/* ---- Blocks --------------------------------------------------------------------------------- */

/* A number alone, or a line of a table of contents with dots before the page, is not a heading. */
static bool has_words(const char *text)
{
	bool letter = false;

	for (const char *at = text; *at; at++)
		letter = letter || isalpha((unsigned char)*at) || (unsigned char)*at >= 0x80;
	return letter && !strstr(text, ". . .") && !strstr(text, ".....");
}

static bool is_heading(const struct layout *layout, const struct open_block *block)
{
	const struct pdf_line *line = block->first;
	size_t length = block->text.length;

	if (!line->placed || block->n_lines > HEADING_LINES || length > HEADING_BYTES ||
	    layout->body_size <= 0 || !has_words(block->text.bytes))
		return false;
	if (line->size >= 1.12F * layout->body_size)
		return true;
	return line->bold && line->size >= 0.95F * layout->body_size && block->n_lines <= 2 &&
	       !strchr(".,;:", block->text.bytes[length - 1]);
}

static int close_block(struct layout *layout, struct open_block *block, enum block_type type,
		       struct content *content)
{
	int error = 0;

	if (block->n_lines > 0 && block->text.length > 0) {
		if (type == BLOCK_PARAGRAPH && block->row)
			type = BLOCK_TABLE_ROW;
		else if (type == BLOCK_PARAGRAPH && is_heading(layout, block))
			type = BLOCK_HEADING;
		error = content_add(content, type, block->first->page, block->text.bytes,
				    block->text.length);
	}
	block->text.length = block->n_lines = 0;
	block->spacing = 0;
	block->row = false;
	return error;
}

static int close_notes(struct layout *layout)
{
	int error = close_block(layout, &layout->note, BLOCK_FOOTNOTE, &layout->notes);

	for (size_t i = 0; i < layout->notes.n_blocks && error == 0; i++) {
		const struct block *note = &layout->notes.blocks[i];
		error = content_add(layout->content, BLOCK_FOOTNOTE, note->page, note->text,
				    strlen(note->text));
	}
	content_free(&layout->notes);
	return error;
}

static int append(struct open_block *block, const struct pdf_line *line, const char *separator)
{
	if (block->n_lines > 0 && strbuf_add(&block->text, separator, 1) < 0)
		return -ENOMEM;
	if (strbuf_add(&block->text, line->text, strlen(line->text)) < 0)
		return -ENOMEM;
	if (block->n_lines == 0)
		block->first = line;
	else if (line->page == block->last->page &&
		 line->top > block->last->top + 0.5F * line->size)
		block->spacing = line->top - block->last->top;
	block->last = line;
	block->n_lines++;
	return 0;
}

/* Whether a line begins a footnote: in the lower half of the page, it begins with a small number or
 * with one that is a small mark in the text above. */
static bool begins_note(const struct layout *layout, const struct pdf_line *line)
{
	char *end;
	unsigned long number;

	if (!line->low || line->marked || !isdigit((unsigned char)line->text[0]))
		return line->low && line->marked;
	number = strtoul(line->text, &end, 10);
	return (*end == ' ' || *end == '\t') && (layout->marks >> (number % 64) & 1);
}

/* Once footnotes have begun on a page, all lines below are footnotes. */
static bool is_note(struct layout *layout, const struct pdf_line *line)
{
	bool begins = begins_note(layout, line) &&
		      (layout->notes_page == line->page || !layout->body.n_lines ||
		       layout->body.last->page != line->page || line->top > layout->body.last->top);

	if (begins)
		layout->notes_page = line->page;
	return begins || (layout->notes_page == line->page && layout->note.n_lines > 0 &&
			  line->top > layout->note.last->top);
}

static int add_note(struct layout *layout, const struct pdf_line *line)
{
	int error = 0;

	if (begins_note(layout, line) ||
	    (layout->note.n_lines > 0 && layout->note.last->page != line->page))
		error = close_block(layout, &layout->note, BLOCK_FOOTNOTE, &layout->notes);
	return error < 0 ? error : append(&layout->note, line, "\n");
}

static int add_body(struct layout *layout, const struct pdf_line *line)
{
	struct open_block *body = &layout->body;
	bool row = is_row(layout, line);
	int error;

	if (body->n_lines > 0 && !line->cells && continues_row(body, line))
		return append(body, line, " ");
	if (body->n_lines > 0 && !row && continues(layout, body, line))
		return append(body, line, "\n");
	error = close_block(layout, body, BLOCK_PARAGRAPH, layout->content);
	if (error == 0)
		error = close_notes(layout);
	if (error == 0)
		error = append(body, line, "\n");
	body->row = row;
	return error;
}

static int add_lines(struct layout *layout)
{
	const struct pdf_lines *lines = layout->lines;
	int error = 0;

	for (size_t i = 0; i < lines->n && error == 0; i++) {
		const struct pdf_line *line = &lines->lines[i];
		if (i == 0 || line->page != line[-1].page) {
			layout->spacing = find_spacing(lines, i);
			layout->marks = 0;
		}
		if (line->dropped)
			continue;
		error = is_note(layout, line) ? add_note(layout, line) : add_body(layout, line);
		layout->marks |= line->raised;
	}
	if (error == 0)
		error = close_block(layout, &layout->body, BLOCK_PARAGRAPH, layout->content);
	return error == 0 ? close_notes(layout) : error;
}

int pdf_layout(const struct pdf_lines *lines, struct content *content)
{
	struct layout layout = { .lines = lines, .content = content };
	int error;

	layout.body_size = find_body_size(lines);
	error = add_lines(&layout);
	strbuf_free(&layout.body.text);
	strbuf_free(&layout.note.text);
	content_free(&layout.notes);
	return error;
}
