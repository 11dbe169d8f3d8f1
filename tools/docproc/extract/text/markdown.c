/* SPDX-License-Identifier: MIT */
/*
 * Markdown, as far as its text is concerned: CommonMark's blocks with the tables, footnotes and
 * front matter that are common around it. Lines come one by one; a paragraph waits until it is known
 * whether the line after it makes it a heading or the first row of a table.
 */
#include "tools/docproc/extract/text/plain_parts.h"
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

/* ---- Lines ------------------------------------------------------------------------ */

static size_t indent_of(const char *line, size_t length)
{
	size_t n = 0;

	while (n < length && (line[n] == ' ' || line[n] == '\t'))
		n++;
	return n;
}

/* How often the line's first character is repeated, if there is nothing else but blanks. */
static size_t rule_length(const char *line, size_t length, const char *of)
{
	size_t n = 0;

	if (length == 0 || !strchr(of, line[0]))
		return 0;
	for (size_t i = 0; i < length; i++)
		if (line[i] == line[0])
			n++;
		else if (line[i] != ' ' && line[i] != '\t')
			return 0;
	return n;
}

/* "| --- | :-: |", also without the outer bars. */
static bool is_delimiter_row(const char *line, size_t length)
{
	return memchr(line, '-', length) && memchr(line, '|', length) &&
	       strspn(line, "|:- \t") >= length;
}

static size_t fence_of(const char *line, size_t length)
{
	size_t n = 0;

	if (length == 0 || (line[0] != '`' && line[0] != '~'))
		return 0;
	while (n < length && line[n] == line[0])
		n++;
	return n >= 3 && !(line[0] == '`' && memchr(line + n, '`', length - n)) ? n : 0;
}

/* Bytes of a list item's mark and the blanks behind it: "- ", "12. ", "* [ ] ". */
static size_t item_mark(const char *line, size_t length)
{
	size_t n = 0;

	if (length > 1 && strchr("-*+", line[0])) {
		n = 1;
	} else {
		while (n < length && n < 9 && isdigit((unsigned char)line[n]))
			n++;
		if (n == 0 || n == length || (line[n] != '.' && line[n] != ')'))
			return 0;
		n++;
	}
	if (n < length && line[n] != ' ' && line[n] != '\t')
		return 0;
	n += indent_of(line + n, length - n);
	if (length - n > 3 && line[n] == '[' && strchr(" xX", line[n + 1]) && line[n + 2] == ']')
		n += 3;
	return n;
}

/* "[id]: target": nothing that is shown. */
static bool is_reference(const char *line, size_t length)
{
	const char *end = length > 4 && line[0] == '[' && line[1] != '^'
				  ? memchr(line, ']', length - 1)
				  : NULL;

	return end && end[1] == ':';
}

/* Bytes of "[^id]:", with which a footnote begins. */
static size_t footnote_mark(const char *line, size_t length)
{
	const char *end = length > 4 && line[0] == '[' && line[1] == '^'
				  ? memchr(line, ']', length - 1)
				  : NULL;

	return end && end[1] == ':' ? (size_t)(end + 2 - line) : 0;
}

/* ---- Blocks ----------------------------------------------------------------------- */

static int add(struct markdown *markdown, enum block_type type, const char *text, size_t length)
{
	markdown->scratch.length = 0;
	if (markdown_strip(text, length, &markdown->scratch) < 0)
		return -ENOMEM;
	return content_add(markdown->content, type, 0, markdown->scratch.bytes,
			   markdown->scratch.length);
}

static int flush(struct markdown *markdown, enum block_type type)
{
	size_t length = markdown->paragraph.length;

	markdown->paragraph.length = markdown->n_lines = 0;
	return length > 0 ? add(markdown, type, markdown->paragraph.bytes, length) : 0;
}

static int append(struct markdown *markdown, const char *line, size_t length)
{
	if (strbuf_add(&markdown->paragraph, line, length) < 0 ||
	    strbuf_add(&markdown->paragraph, "\n", 1) < 0)
		return -ENOMEM;
	markdown->n_lines++;
	return markdown->paragraph.length > PLAIN_BLOCK_MAX ? flush(markdown, BLOCK_PARAGRAPH) : 0;
}

/* The cells of "| a | b |" by tabs. */
static int add_row(struct markdown *markdown, const char *line, size_t length)
{
	struct strbuf *row = &markdown->scratch;
	size_t at = 0;
	bool first = true;

	row->length = 0;
	if (at < length && line[at] == '|')
		at++;
	while (at < length) {
		size_t end = at;
		while (end < length && (line[end] != '|' || (end > 0 && line[end - 1] == '\\')))
			end++;
		size_t from = at + indent_of(line + at, end - at), to = end;
		while (to > from && isspace((unsigned char)line[to - 1]))
			to--;
		if ((!first && strbuf_add(row, "\t", 1) < 0) ||
		    markdown_strip(line + from, to - from, row) < 0)
			return -ENOMEM;
		first = false;
		at = end + 1;
	}
	return row->length == 0 ? 0
				: content_add(markdown->content, BLOCK_TABLE_ROW, 0, row->bytes,
					      row->length);
}

/* The paragraph's last line turns out to be the head of a table. */
static int begin_table(struct markdown *markdown)
{
	struct strbuf *paragraph = &markdown->paragraph;
	size_t end = paragraph->length - 1, start = end;
	int error;

	while (start > 0 && paragraph->bytes[start - 1] != '\n')
		start--;
	error = start > 0 ? add(markdown, BLOCK_PARAGRAPH, paragraph->bytes, start) : 0;
	if (error == 0)
		error = add_row(markdown, paragraph->bytes + start, end - start);
	paragraph->length = markdown->n_lines = 0;
	markdown->state = MARKDOWN_TABLE;
	return error;
}

static int heading(struct markdown *markdown, const char *line, size_t length)
{
	int error = flush(markdown, BLOCK_PARAGRAPH);
	size_t end = length;

	while (end > 0 && strchr(" \t", line[end - 1]))
		end--;
	size_t closing = end;
	while (closing > 0 && line[closing - 1] == '#')
		closing--;
	if (closing < end && (closing == 0 || line[closing - 1] == ' '))
		end = closing;
	return error < 0 ? error : add(markdown, BLOCK_HEADING, line, end);
}

/* ---- States ------------------------------------------------------------------------ */

static void front_matter(struct markdown *markdown, const char *line)
{
	if (strcmp(line, "---") == 0 || strcmp(line, "...") == 0 || strcmp(line, "+++") == 0)
		markdown->state = MARKDOWN_TEXT;
}

static int fence_line(struct markdown *markdown, const char *line, size_t length)
{
	size_t indent = indent_of(line, length), n = 0;

	while (indent + n < length && line[indent + n] == markdown->fence)
		n++;
	if (n >= markdown->fence_length &&
	    indent + n + indent_of(line + indent + n, length - indent - n) == length) {
		markdown->state = MARKDOWN_TEXT;
		return 0;
	}
	/* Code is no prose, but it is looked for: as it stands, a line each. */
	return content_add(markdown->content, BLOCK_PARAGRAPH, 0, line, length);
}

/* Something that ends a paragraph without being part of one. 1: done. */
static int special(struct markdown *markdown, const char *line, size_t length)
{
	size_t fence = fence_of(line, length), hashes = strspn(line, "#");
	int error = 0;

	if (markdown->n_lines > 0 && is_delimiter_row(line, length)) {
		error = begin_table(markdown);
	} else if (markdown->n_lines > 0 && rule_length(line, length, "=-") > 0 &&
		   !memchr(line, ' ', length)) {
		error = flush(markdown, BLOCK_HEADING);
	} else if (rule_length(line, length, "-*_") >= 3) {
		error = flush(markdown, BLOCK_PARAGRAPH);
	} else if (fence > 0) {
		error = flush(markdown, BLOCK_PARAGRAPH);
		markdown->state = MARKDOWN_FENCE;
		markdown->fence = line[0];
		markdown->fence_length = fence;
	} else if (hashes >= 1 && hashes <= 6 &&
		   (hashes == length || strchr(" \t", line[hashes]))) {
		hashes += indent_of(line + hashes, length - hashes);
		error = heading(markdown, line + hashes, length - hashes);
	} else if (length >= 4 && memcmp(line, "<!--", 4) == 0 && !strstr(line, "-->")) {
		error = flush(markdown, BLOCK_PARAGRAPH);
		markdown->state = MARKDOWN_COMMENT;
	} else {
		return 0;
	}
	return error < 0 ? error : 1;
}

static int text_line(struct markdown *markdown, const char *line, size_t length)
{
	size_t skip = indent_of(line, length);
	int done;

	while (skip < length && line[skip] == '>') {
		skip++;
		skip += indent_of(line + skip, length - skip);
	}
	line += skip;
	length -= skip;
	if (length == 0)
		return flush(markdown, BLOCK_PARAGRAPH);
	done = special(markdown, line, length);
	if (done != 0)
		return done < 0 ? done : 0;
	if (markdown->n_lines == 0 && is_reference(line, length))
		return 0;
	size_t mark = footnote_mark(line, length);
	if (mark > 0) {
		int error = flush(markdown, BLOCK_PARAGRAPH);
		return error < 0 ? error
				 : add(markdown, BLOCK_FOOTNOTE, line + mark, length - mark);
	}
	mark = item_mark(line, length);
	int error = mark > 0 ? flush(markdown, BLOCK_PARAGRAPH) : 0;
	return error < 0 ? error : append(markdown, line + mark, length - mark);
}

int markdown_line(struct markdown *markdown, const char *line, size_t length)
{
	switch (markdown->state) {
	case MARKDOWN_START:
		markdown->state = MARKDOWN_TEXT;
		if (strncmp(line, "\xef\xbb\xbf", 3) == 0) {
			line += 3;
			length -= 3;
		}
		if (strcmp(line, "---") == 0 || strcmp(line, "+++") == 0) {
			markdown->state = MARKDOWN_FRONT;
			return 0;
		}
		break;
	case MARKDOWN_FRONT:
		front_matter(markdown, line);
		return 0;
	case MARKDOWN_FENCE:
		return fence_line(markdown, line, length);
	case MARKDOWN_COMMENT:
		if (strstr(line, "-->"))
			markdown->state = MARKDOWN_TEXT;
		return 0;
	case MARKDOWN_TABLE:
		if (memchr(line, '|', length))
			return add_row(markdown, line + indent_of(line, length),
				       length - indent_of(line, length));
		markdown->state = MARKDOWN_TEXT;
		break;
	case MARKDOWN_TEXT:
		break;
	}
	return text_line(markdown, line, length);
}

int markdown_end(struct markdown *markdown)
{
	int error = flush(markdown, BLOCK_PARAGRAPH);

	strbuf_free(&markdown->paragraph);
	strbuf_free(&markdown->scratch);
	return error;
}
