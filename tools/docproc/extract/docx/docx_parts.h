/* SPDX-License-Identifier: MIT */
/*
 * Inside a DOCX: docx.c opens the package and its parts and enforces the limits, docx_styles.c
 * finds headings, docx_text.c reads a part's text, docx_row.c makes rows.
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

/* A fault found while unpacking: the XML parser only sees the end of its input. */
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
	int level; /* 1 to 9: a heading; 0: none; -1: inherited */
};

struct docx_note {
	long id;
	char *text; /* NULL once it was added at its mark */
};

struct docx_notes {
	struct docx_note *notes;
	size_t n, room;
};

struct docx {
	zip_t *zip;
	uint64_t packed, unpacked; /* bytes of the file; bytes unpacked so far */
	enum docx_fault fault;
	struct report *report;
	struct failure *failure;
	struct docx_style *styles;
	size_t n_styles, styles_room;
	struct docx_notes footnotes, endnotes;
};

/* The namespaces that are read. */
enum docx_space { SPACE_OTHER, SPACE_WORD, SPACE_MATH, SPACE_COMPATIBILITY };

enum docx_space docx_space(xmlTextReaderPtr reader);

/* Called for each node of a part. 0: continue; 1: skip this element's content; negative: stop and
 * return it. */
typedef int docx_visit(void *user, xmlTextReaderPtr reader);

/* Walk through a part. 0; FAILED (also if the visitor returned -ENOMEM or -EFBIG), CANCELLED. A
 * missing part counts as empty. */
int docx_walk(struct docx *docx, const char *part, docx_visit *visit, void *user);

/* The value of w:NAME, which the caller frees; NULL if it is missing. */
char *docx_attribute(xmlTextReaderPtr reader, const char *name);

/* Whether an on/off property like <w:vanish/> is on. */
bool docx_is_on(xmlTextReaderPtr reader);

/* Read word/styles.xml. */
int docx_read_styles(struct docx *docx, const char *part);
void docx_free_styles(struct docx *docx);
/* 1 to 9, or 0 if paragraphs of this style are not headings. */
int docx_heading_level(const struct docx *docx, const char *style);

/* Read a part with footnotes or endnotes. */
int docx_read_notes(struct docx *docx, const char *part, struct docx_notes *notes);
void docx_free_notes(struct docx_notes *notes);

/* Read the main part. */
int docx_read_text(struct docx *docx, const char *part, struct content *content);

/* Add a row with its cells separated by tabs. If the table is only used for layout, add its blocks
 * one by one. The blocks' page is the number of their cell. Empties the row. 0, -ENOMEM, -EFBIG. */
int docx_add_row(struct content *content, struct content *row, uint32_t n_cells);

/* Move all blocks from another content, which is then empty. */
int docx_add_all(struct content *content, struct content *from);

#endif
