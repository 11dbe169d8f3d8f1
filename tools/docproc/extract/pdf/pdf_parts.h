/* SPDX-License-Identifier: MIT */
/*
 * Inside a PDF: pdf.c opens the document, pdf_page.c reads the lines of a page (pdf_arabic.c
 * corrects them), pdf_margin.c drops what repeats on most pages, pdf_layout.c groups lines into
 * blocks.
 */
#ifndef DOCPROC_EXTRACT_PDF_PDF_PARTS_H
#define DOCPROC_EXTRACT_PDF_PDF_PARTS_H

#include "tools/docproc/document/content.h"
#include <poppler.h>

/* In points from the top left. start and end are the line's ends in reading direction: negative if
 * it runs from right to left, so that a later word always has a larger position. */
struct pdf_line {
	char *text; /* UTF-8; cells separated by tabs */
	float start, end, top, size;
	float last_cell; /* where the last cell starts */
	uint32_t page, n_chars;
	bool placed;      /* the positions are known */
	bool bold, cells; /* all of it is bold; it has several cells */
	bool marked;      /* begins with a small raised number: may be a footnote */
	uint64_t raised;  /* bit n % 64: a small raised number n, a footnote mark */
	bool low;         /* in the lower half of the page */
	bool dropped;     /* a running head or a page number */
};

struct pdf_lines {
	struct pdf_line *lines;
	size_t n, room, n_bytes;
};

/* A character of a page and its position. */
struct pdf_glyph {
	gunichar c;
	PopplerRectangle box;
	float size;
	bool bold;
};

/* Swap the letters of a lam-alef glyph where the present order is impossible. */
void pdf_mend_arabic(struct pdf_glyph *glyphs, size_t n);

/* Append the lines of a page, in reading order. 0, -ENOMEM, -EFBIG. */
int pdf_read_page(PopplerPage *page, uint32_t number, struct pdf_lines *lines);
void pdf_free_lines(struct pdf_lines *lines);

/* Mark the lines at the top or bottom that repeat on most pages. 0 or -ENOMEM. */
int pdf_drop_margins(struct pdf_lines *lines, uint32_t pages);

/* Make blocks from all lines. 0, -ENOMEM, -EFBIG. */
int pdf_layout(const struct pdf_lines *lines, struct content *content);

#endif
