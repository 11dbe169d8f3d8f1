/* SPDX-License-Identifier: MIT */
/*
 * Inside a PDF: pdf.c opens the document, pdf_page.c reads the lines of a page (pdf_arabic.c mends
 * them), pdf_margin.c finds what repeats on most pages, pdf_layout.c makes blocks of lines.
 */
#ifndef DOCPROC_EXTRACT_PDF_PDF_PARTS_H
#define DOCPROC_EXTRACT_PDF_PDF_PARTS_H

#include "tools/docproc/document/content.h"
#include <poppler.h>

/* Points, from the top left. start and end are the line's two ends in its own direction: they are
 * negative where it runs from right to left, so that a later word has always a larger place. */
struct pdf_line {
	char *text; /* UTF-8; cells by tabs */
	float start, end, top, size;
	float last_cell; /* where the last cell starts */
	uint32_t page, n_chars;
	bool placed;      /* the numbers are known */
	bool bold, cells; /* all of it is; it has several cells */
	bool marked;      /* begins with a small raised number: a footnote, maybe */
	uint64_t raised; /* bit n % 64: the small raised number n stands in it: a footnote's mark */
	bool low;        /* in the lower half of the page */
	bool dropped;    /* a running head or a page number */
};

struct pdf_lines {
	struct pdf_line *lines;
	size_t n, room, n_bytes;
};

/* A character of a page and its place. */
struct pdf_glyph {
	gunichar c;
	PopplerRectangle box;
	float size;
	bool bold;
};

/* Put lam and alef back in order where they are one glyph and clearly are not. */
void pdf_mend_arabic(struct pdf_glyph *glyphs, size_t n);

/* Add the lines of a page, in reading order. 0, -ENOMEM, -EFBIG. */
int pdf_read_page(PopplerPage *page, uint32_t number, struct pdf_lines *lines);
void pdf_free_lines(struct pdf_lines *lines);

/* Mark what repeats at the top or bottom of most pages. 0 or -ENOMEM. */
int pdf_drop_margins(struct pdf_lines *lines, uint32_t pages);

/* Blocks out of all lines. 0, -ENOMEM, -EFBIG. */
int pdf_layout(const struct pdf_lines *lines, struct content *content);

#endif
