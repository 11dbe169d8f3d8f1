/* SPDX-License-Identifier: MIT */
/*
 * Inside a DOCX: docx.c opens the package and its parts and keeps to the limits, docx_styles.c tells
 * headings, docx_text.c reads a part's text, docx_row.c puts rows together.
 */
#ifndef DOCPROC_EXTRACT_DOCX_DOCX_PARTS_H
#define DOCPROC_EXTRACT_DOCX_DOCX_PARTS_H

#include "tools/docproc/document/content.h"
#include "tools/docproc/document/report.h"
#include "tools/docproc/document/strbuf.h"
#include "tools/documents/failure.h"
#include <libxml/xmlreader.h>
#include <zip.h>

enum { DOCX_NAME_MAX = 255 };

/* What is wrong, found while bytes are unpacked: the XML parser only hears of an end. */
enum docx_fault {
	DOCX_SOUND,
	DOCX_TOO_LARGE,
	DOCX_BOMB,
	DOCX_ENTITIES,
	DOCX_BROKEN,
	DOCX_ENCRYPTED
};

struct docx_style {
	char *id, *parent;
	int level; /* 1 to 9: a heading; 0: none; -1: as the parent */
};

struct docx_note {
	long id;
	char *text; /* NULL once it was put where its mark is */
};

struct docx_notes {
	struct docx_note *notes;
	size_t n, room;
};

struct docx {
	zip_t *zip;
	uint64_t packed, unpacked; /* bytes of the file; bytes of parts so far */
	enum docx_fault fault;
	struct report *report;
	struct failure *failure;
	struct docx_style *styles;
	size_t n_styles, styles_room;
	struct docx_notes footnotes, endnotes;
};

/* Namespaces that matter. */
enum docx_space { SPACE_OTHER, SPACE_WORD, SPACE_MATH, SPACE_COMPATIBILITY };

enum docx_space docx_space(xmlTextReaderPtr reader);

/* Called for each node of a part. 0: go on; 1: leave out what is in this element; negative: stop and
 * return that. */
typedef int docx_visit(void *user, xmlTextReaderPtr reader);

/* Walk through a part. 0; FAILED (also for what the visitor returned: -ENOMEM, -EFBIG), CANCELLED. A
 * missing part is walked through at once. */
int docx_walk(struct docx *docx, const char *part, docx_visit *visit, void *user);

/* The value of w:NAME, which the caller frees; NULL if there is none. */
char *docx_attribute(xmlTextReaderPtr reader, const char *name);

/* Whether a switch like <w:vanish/> is on. */
bool docx_is_on(xmlTextReaderPtr reader);

/* Read word/styles.xml. */
int docx_read_styles(struct docx *docx, const char *part);
void docx_free_styles(struct docx *docx);
/* 1 to 9, or 0 where paragraphs of this style are no headings. */
int docx_heading_level(const struct docx *docx, const char *style);

/* Read a part with footnotes or endnotes. */
int docx_read_notes(struct docx *docx, const char *part, struct docx_notes *notes);
void docx_free_notes(struct docx_notes *notes);

/* Read the main part. */
int docx_read_text(struct docx *docx, const char *part, struct content *content);

/* Add a row: its cells by tabs; where they are no cells but a page's layout, block by block. The
 * blocks' page is the number of their cell. Empties the row. 0, -ENOMEM, -EFBIG. */
int docx_add_row(struct content *content, struct content *row, uint32_t n_cells);

/* Add all blocks of another content, which is emptied. */
int docx_add_all(struct content *content, struct content *from);

#endif
