/* SPDX-License-Identifier: MIT */
/* The state of a walk through a part of a DOCX, shared by docx_text.c and docx_notes.c. */
#ifndef DOCPROC_EXTRACT_DOCX_DOCX_WALKER_H
#define DOCPROC_EXTRACT_DOCX_DOCX_WALKER_H

#include "tools/docproc/extract/docx/docx_parts.h"

enum { PARAGRAPHS_MAX = 32, ALTERNATIVES_MAX = 64 };

struct paragraph {
	struct strbuf text;
	int level; /* heading level; 0: none; -1: not known yet */
	int style_level;
};

struct mark {
	bool endnote;
	long id;
};

struct walker {
	struct docx *docx;
	struct content *content;
	struct content later, row; /* of text boxes; of the open row */
	struct paragraph paragraphs[PARAGRAPHS_MAX];
	size_t depth; /* open paragraphs, including those beyond the size of the stack */
	unsigned tables, boxes;
	uint32_t cell;
	bool in_properties, in_text, hidden;
	/* One bit per open mc:AlternateContent: one of its alternatives was read. */
	uint64_t taken;
	unsigned alternatives;
	struct mark *marks;
	size_t n_marks, marks_room;
	/* Set while notes are read. */
	struct docx_notes *notes;
	long note;
	bool in_note;
};

/* ---- Notes: docx_notes.c ------------------------------------------------------------ */

/* A mark in the text: its note is added later. */
int walker_add_mark(struct walker *walker, xmlTextReaderPtr reader, bool endnote);
/* Add the notes of the marks so far; endnotes only if requested. */
int walker_put_notes(struct walker *walker, bool endnotes);
/* The text of a note begins, in the notes' part. */
void walker_begin_note(struct walker *walker, xmlTextReaderPtr reader);
int walker_end_note(struct walker *walker);
/* Sort all notes, so that they are found by their numbers. */
void walker_sort_notes(struct docx_notes *notes);

#endif
