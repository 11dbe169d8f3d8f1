/* SPDX-License-Identifier: MIT */
/*
 * Running heads and page numbers: the outermost lines that are the same on most pages, ignoring
 * numbers. Left and right pages may have different ones, so a little less than half of the pages is
 * enough.
 */
#include "tools/docproc/extract/pdf/pdf_parts.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PAGES_MIN = 3, EDGE_LINES = 2, LENGTH_MAX = 160, SHARE = 45 /* percent */ };

struct candidate {
	uint64_t hash;
	uint32_t page;
	size_t line;
};

static bool is_roman(const char *text)
{
	size_t n = strspn(text, "ivxlcIVXLC");

	return n > 0 && n <= 8 && !text[n];
}

/* FNV-1a of the text with each number replaced by one character, of the font size (a title may have
 * the text of the running head), and of the edge. */
static uint64_t hash_of(const struct pdf_line *line, bool bottom)
{
	uint64_t hash = 0xcbf29ce484222325ULL ^ (uint64_t)lroundf(2 * line->size) << 1 ^ bottom;
	const char *text = line->text;

	if (is_roman(text))
		text = "0";
	for (const char *at = text; *at; at++) {
		if (isdigit((unsigned char)*at) && at > text && isdigit((unsigned char)at[-1]))
			continue;
		hash ^= isdigit((unsigned char)*at) ? '0' : (unsigned char)*at;
		hash *= 0x100000001b3ULL;
	}
	return hash;
}

static int compare(const void *a, const void *b)
{
	const struct candidate *one = a, *other = b;

	if (one->hash != other->hash)
		return one->hash < other->hash ? -1 : 1;
	return (one->page > other->page) - (one->page < other->page);
}

/* The nth line of a page from its top or bottom, or -1. */
static ssize_t edge_line(const struct pdf_lines *lines, size_t from, size_t to, bool bottom,
			 int nth)
{
	ssize_t chosen = -1;

	for (int k = 0; k <= nth; k++) {
		ssize_t last = chosen;
		chosen = -1;
		for (size_t i = from; i < to; i++) {
			float top = bottom ? -lines->lines[i].top : lines->lines[i].top;
			float bound = last < 0 ? -1e9F
				      : bottom ? -lines->lines[last].top
					       : lines->lines[last].top;
			float best = chosen < 0 ? 1e9F
				     : bottom   ? -lines->lines[chosen].top
						: lines->lines[chosen].top;
			if (top > bound && top < best)
				chosen = (ssize_t)i;
		}
		if (chosen < 0)
			return -1;
	}
	return chosen;
}

static size_t collect(const struct pdf_lines *lines, struct candidate *candidates,
		      size_t *ret_pages)
{
	size_t n = 0;

	*ret_pages = 0;
	for (size_t from = 0, to; from < lines->n; from = to) {
		for (to = from; to < lines->n && lines->lines[to].page == lines->lines[from].page;)
			to++;
		++*ret_pages;
		for (int k = 0; k < 2 * EDGE_LINES; k++) {
			bool bottom = k >= EDGE_LINES;
			ssize_t i = edge_line(lines, from, to, bottom, k % EDGE_LINES);
			if (i < 0 || !lines->lines[i].placed || lines->lines[i].low != bottom ||
			    strlen(lines->lines[i].text) > LENGTH_MAX)
				continue;
			candidates[n++] = (struct candidate){ hash_of(&lines->lines[i], bottom),
							      lines->lines[i].page, (size_t)i };
		}
	}
	return n;
}

/* Drop the candidates' lines. Whether any line is left. */
static bool drop(struct pdf_lines *lines, const struct candidate *candidates, size_t n,
		 size_t pages)
{
	size_t n_dropped = 0;

	for (size_t from = 0, to; from < n; from = to) {
		size_t seen = 0;
		for (to = from; to < n && candidates[to].hash == candidates[from].hash; to++)
			seen += to == from || candidates[to].page != candidates[to - 1].page;
		if (seen < PAGES_MIN || seen * 100 < pages * SHARE)
			continue;
		for (size_t i = from; i < to; i++) {
			n_dropped += !lines->lines[candidates[i].line].dropped;
			lines->lines[candidates[i].line].dropped = true;
		}
	}
	return n_dropped < lines->n;
}

int pdf_drop_margins(struct pdf_lines *lines, uint32_t pages)
{
	struct candidate *candidates;
	size_t n, n_pages;

	if (pages < PAGES_MIN || lines->n == 0)
		return 0;
	candidates = calloc((size_t)pages * 2 * EDGE_LINES, sizeof *candidates);
	if (!candidates)
		return -ENOMEM;
	n = collect(lines, candidates, &n_pages);
	qsort(candidates, n, sizeof *candidates, compare);
	/* If every line repeats, they are the document's content. */
	if (!drop(lines, candidates, n, n_pages))
		for (size_t i = 0; i < lines->n; i++)
			lines->lines[i].dropped = false;
	free(candidates);
	return 0;
}
