/* SPDX-License-Identifier: MIT */
/* The state of walking through a part of a DOCX: shared by docx_text.c and docx_notes.c. */
#ifndef DOCPROC_EXTRACT_DOCX_DOCX_WALKER_H
#define DOCPROC_EXTRACT_DOCX_DOCX_WALKER_H

#include "tools/docproc/extract/docx/docx_parts.h"

enum { PARAGRAPHS_MAX = 32, ALTERNATIVES_MAX = 64 };

struct paragraph {
	struct strbuf text;
	int level; /* of a heading; 0: none; -1: not known yet */
	int style_level;
};

struct mark {
	bool endnote;
	long id;
};

struct walker {
	struct docx *docx;
	struct content *content;
	struct content later, row; /* of boxes; of the row that is open */
	struct paragraph paragraphs[PARAGRAPHS_MAX];
	size_t depth; /* paragraphs that are open, also those beyond the room for them */
	unsigned tables, boxes;
	uint32_t cell;
	bool in_properties, in_text, hidden;
	/* Per mc:AlternateContent that is open: one of its alternatives was taken. */
	uint64_t taken;
	unsigned alternatives;
	struct mark *marks;
	size_t n_marks, marks_room;
	/* While notes are read. */
	struct docx_notes *notes;
	long note;
	bool in_note;
};

/* ---- Notes: docx_notes.c ------------------------------------------------------------ */

/* A mark in the text: its note is put later. */
int walker_add_mark(struct walker *walker, xmlTextReaderPtr reader, bool endnote);
/* Put the notes of the marks so far; of endnotes only if asked to. */
int walker_put_notes(struct walker *walker, bool endnotes);
/* A note's own text, in its part. */
void walker_begin_note(struct walker *walker, xmlTextReaderPtr reader);
int walker_end_note(struct walker *walker);
/* Once all are read, so that they are found by their numbers. */
void walker_sort_notes(struct docx_notes *notes);

#endif
