/* SPDX-License-Identifier: MIT */
/*
 * The text of a DOCX: its main part and its notes, element by element.
 *
 * Paragraphs nest (a text box is anchored in a paragraph), so there is a stack of them. The text of
 * a box follows the paragraph with its anchor, footnotes follow the paragraph or row with their
 * marks, endnotes come last. Text deleted or moved away by a revision is left out.
 */
#include "tools/docproc/extract/docx/docx_walker.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum element {
	ELEMENT_OTHER,
	ELEMENT_ALTERNATE,
	ELEMENT_BREAK,
	ELEMENT_CELL,
	ELEMENT_CHOICE,
	ELEMENT_DROPPED,
	ELEMENT_ENDNOTE_MARK,
	ELEMENT_FALLBACK,
	ELEMENT_FOOTNOTE_MARK,
	ELEMENT_HYPHEN,
	ELEMENT_NOTE,
	ELEMENT_OUTLINE,
	ELEMENT_PARAGRAPH,
	ELEMENT_PROPERTIES,
	ELEMENT_BOX,
	ELEMENT_ROW,
	ELEMENT_RUN,
	ELEMENT_SOFT_HYPHEN,
	ELEMENT_STYLE,
	ELEMENT_SYMBOL,
	ELEMENT_TAB,
	ELEMENT_TABLE,
	ELEMENT_TEXT,
	ELEMENT_VANISH,
};

static const struct {
	const char *name;
	enum element element;
} elements[] = {
	{ "t", ELEMENT_TEXT },
	{ "r", ELEMENT_RUN },
	{ "p", ELEMENT_PARAGRAPH },
	{ "pPr", ELEMENT_PROPERTIES },
	{ "pStyle", ELEMENT_STYLE },
	{ "outlineLvl", ELEMENT_OUTLINE },
	{ "tbl", ELEMENT_TABLE },
	{ "tr", ELEMENT_ROW },
	{ "tc", ELEMENT_CELL },
	{ "tab", ELEMENT_TAB },
	{ "ptab", ELEMENT_TAB },
	{ "br", ELEMENT_BREAK },
	{ "cr", ELEMENT_BREAK },
	{ "noBreakHyphen", ELEMENT_HYPHEN },
	{ "softHyphen", ELEMENT_SOFT_HYPHEN },
	{ "sym", ELEMENT_SYMBOL },
	{ "vanish", ELEMENT_VANISH },
	{ "footnoteReference", ELEMENT_FOOTNOTE_MARK },
	{ "endnoteReference", ELEMENT_ENDNOTE_MARK },
	{ "footnote", ELEMENT_NOTE },
	{ "endnote", ELEMENT_NOTE },
	{ "txbxContent", ELEMENT_BOX },
	{ "del", ELEMENT_DROPPED },
	{ "moveFrom", ELEMENT_DROPPED },
	{ "delText", ELEMENT_DROPPED },
	{ "instrText", ELEMENT_DROPPED },
	{ "delInstrText", ELEMENT_DROPPED },
	{ "ffData", ELEMENT_DROPPED },
	{ "pPrChange", ELEMENT_DROPPED },
	{ "rPrChange", ELEMENT_DROPPED },
	{ "rt", ELEMENT_DROPPED }, /* the pronunciation shown above a word */
	{ "sdtPr", ELEMENT_DROPPED },
	{ "sdtEndPr", ELEMENT_DROPPED },
	{ "sectPr", ELEMENT_DROPPED },
	{ "tabs", ELEMENT_DROPPED },
	{ "tblPr", ELEMENT_DROPPED },
	{ "tblGrid", ELEMENT_DROPPED },
	{ "tblPrEx", ELEMENT_DROPPED },
	{ "trPr", ELEMENT_DROPPED },
	{ "tcPr", ELEMENT_DROPPED },
};

static enum element element_of(xmlTextReaderPtr reader)
{
	const char *name = (const char *)xmlTextReaderConstLocalName(reader);

	switch (docx_space(reader)) {
	case SPACE_OTHER:
		break;
	case SPACE_MATH:
		return strcmp(name, "t") == 0 ? ELEMENT_TEXT : ELEMENT_OTHER;
	case SPACE_COMPATIBILITY:
		return strcmp(name, "AlternateContent") == 0 ? ELEMENT_ALTERNATE
		       : strcmp(name, "Choice") == 0         ? ELEMENT_CHOICE
		       : strcmp(name, "Fallback") == 0       ? ELEMENT_FALLBACK
							     : ELEMENT_OTHER;
	case SPACE_WORD:
		for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++)
			if (strcmp(name, elements[i].name) == 0)
				return elements[i].element;
		break;
	}
	return ELEMENT_OTHER;
}

/* ---- Paragraphs --------------------------------------------------------------------- */

static struct paragraph *current(struct walker *walker)
{
	return walker->depth > 0 && walker->depth <= PARAGRAPHS_MAX
		       ? &walker->paragraphs[walker->depth - 1]
		       : NULL;
}

static int add_char(struct walker *walker, int32_t code_point)
{
	struct paragraph *paragraph = current(walker);

	return paragraph && !walker->hidden && !walker->in_properties
		       ? strbuf_add_char(&paragraph->text, code_point)
		       : 0;
}

static int add_text(struct walker *walker, xmlTextReaderPtr reader)
{
	struct paragraph *paragraph = current(walker);
	const char *text = (const char *)xmlTextReaderConstValue(reader);

	if (!paragraph || !walker->in_text || walker->hidden || !text)
		return 0;
	if (paragraph->text.length + strlen(text) > CONTENT_BYTES_MAX)
		return -EFBIG;
	return strbuf_add(&paragraph->text, text, strlen(text));
}

/* Symbols of special fonts, in the private use area, have no meaning as text. */
static int add_symbol(struct walker *walker, xmlTextReaderPtr reader)
{
	char *value = docx_attribute(reader, "char");
	long c = value ? strtol(value, NULL, 16) : 0;

	xmlFree(value);
	if (c < ' ' || c > 0xffff || (c >= 0xd800 && c <= 0xf8ff))
		return 0;
	return add_char(walker, (int32_t)c);
}

static void begin_paragraph(struct walker *walker)
{
	struct paragraph *paragraph;

	walker->depth++;
	paragraph = current(walker);
	if (!paragraph)
		return;
	paragraph->text.length = 0;
	paragraph->level = -1;
	paragraph->style_level = 0;
}

static int add_note_paragraph(struct walker *walker, const struct strbuf *text)
{
	return walker->in_note
		       ? content_add(walker->content, BLOCK_FOOTNOTE, 0, text->bytes, text->length)
		       : 0;
}

static int end_paragraph(struct walker *walker)
{
	struct paragraph *paragraph = current(walker);
	int level;
	enum block_type type;

	walker->depth -= walker->depth > 0;
	if (!paragraph || paragraph->text.length == 0)
		return 0;
	if (walker->notes)
		return add_note_paragraph(walker, &paragraph->text);
	level = paragraph->level >= 0 ? paragraph->level : paragraph->style_level;
	type = level > 0 ? BLOCK_HEADING : BLOCK_PARAGRAPH;
	if (walker->boxes > 0)
		return content_add(&walker->later, type, 0, paragraph->text.bytes,
				   paragraph->text.length);
	if (walker->tables > 0)
		return content_add(&walker->row, type, walker->cell, paragraph->text.bytes,
				   paragraph->text.length);
	return content_add(walker->content, type, 0, paragraph->text.bytes, paragraph->text.length);
}

static void take_style(struct walker *walker, xmlTextReaderPtr reader)
{
	struct paragraph *paragraph = current(walker);
	char *style = docx_attribute(reader, "val");

	if (paragraph && style)
		paragraph->style_level = docx_heading_level(walker->docx, style);
	xmlFree(style);
}

static void take_outline(struct walker *walker, xmlTextReaderPtr reader)
{
	struct paragraph *paragraph = current(walker);
	char *value = docx_attribute(reader, "val");

	if (paragraph && value)
		paragraph->level =
			*value >= '0' && *value <= '8' && !value[1] ? *value - '0' + 1 : 0;
	xmlFree(value);
}

/* Add everything attached to a paragraph or a row that is now complete. */
static int put_hanging(struct walker *walker)
{
	int error;

	if (walker->depth > 0 || walker->tables > 0 || walker->boxes > 0 || walker->notes)
		return 0;
	error = walker->later.n_blocks > 0 ? docx_add_all(walker->content, &walker->later) : 0;
	return error == 0 && walker->n_marks > 0 ? walker_put_notes(walker, false) : error;
}

/* ---- Elements ------------------------------------------------------------------------- */

/* Read only the first alternative; the others are fallbacks for older programs. */
static int begin_alternative(struct walker *walker)
{
	uint64_t bit = 1ULL << (walker->alternatives % ALTERNATIVES_MAX);

	if (walker->taken & bit)
		return 1;
	walker->taken |= bit;
	return 0;
}

static int begin_structure(struct walker *walker, enum element element)
{
	switch ((int)element) {
	case ELEMENT_ALTERNATE:
		walker->alternatives++;
		walker->taken &= ~(1ULL << (walker->alternatives % ALTERNATIVES_MAX));
		break;
	case ELEMENT_BOX:
		walker->boxes++;
		break;
	case ELEMENT_TABLE:
		walker->tables += walker->boxes == 0;
		break;
	case ELEMENT_ROW:
		if (walker->tables == 1 && walker->boxes == 0)
			walker->cell = 0;
		break;
	case ELEMENT_PARAGRAPH:
		begin_paragraph(walker);
		break;
	case ELEMENT_PROPERTIES:
		walker->in_properties = true;
		break;
	case ELEMENT_TEXT:
		walker->in_text = true;
		break;
	case ELEMENT_RUN:
		walker->hidden = false;
		break;
	}
	return 0;
}

static int begin(struct walker *walker, enum element element, xmlTextReaderPtr reader)
{
	switch ((int)element) {
	case ELEMENT_DROPPED:
		return 1;
	case ELEMENT_CHOICE:
	case ELEMENT_FALLBACK:
		return begin_alternative(walker);
	case ELEMENT_BREAK:
		return add_char(walker, '\n');
	case ELEMENT_TAB:
		return add_char(walker, ' ');
	case ELEMENT_HYPHEN:
		return add_char(walker, 0x2011);
	case ELEMENT_SOFT_HYPHEN:
		return add_char(walker, 0xad);
	case ELEMENT_SYMBOL:
		return add_symbol(walker, reader);
	case ELEMENT_FOOTNOTE_MARK:
	case ELEMENT_ENDNOTE_MARK:
		return walker_add_mark(walker, reader, element == ELEMENT_ENDNOTE_MARK);
	case ELEMENT_NOTE:
		walker_begin_note(walker, reader);
		return 0;
	case ELEMENT_STYLE:
		take_style(walker, reader);
		return 0;
	case ELEMENT_OUTLINE:
		take_outline(walker, reader);
		return 0;
	case ELEMENT_VANISH:
		/* Among a paragraph's properties it applies to the mark at its end. */
		if (!walker->in_properties)
			walker->hidden = docx_is_on(reader);
		return 0;
	}
	return begin_structure(walker, element);
}

static int end_row(struct walker *walker)
{
	return walker->tables == 1 && walker->boxes == 0 && !walker->notes
		       ? docx_add_row(walker->content, &walker->row, walker->cell)
		       : 0;
}

static int end(struct walker *walker, enum element element)
{
	int error = 0;

	switch ((int)element) {
	case ELEMENT_ALTERNATE:
		walker->alternatives -= walker->alternatives > 0;
		break;
	case ELEMENT_BOX:
		walker->boxes -= walker->boxes > 0;
		break;
	case ELEMENT_TABLE:
		walker->tables -= walker->tables > 0 && walker->boxes == 0;
		error = put_hanging(walker);
		break;
	case ELEMENT_ROW:
		error = end_row(walker);
		break;
	case ELEMENT_CELL:
		walker->cell += walker->tables == 1 && walker->boxes == 0;
		break;
	case ELEMENT_PARAGRAPH:
		error = end_paragraph(walker);
		if (error == 0)
			error = put_hanging(walker);
		break;
	case ELEMENT_PROPERTIES:
		walker->in_properties = false;
		break;
	case ELEMENT_TEXT:
		walker->in_text = false;
		break;
	case ELEMENT_RUN:
		walker->hidden = false;
		break;
	case ELEMENT_NOTE:
		error = walker_end_note(walker);
		break;
	}
	return error;
}

static int visit(void *user, xmlTextReaderPtr reader)
{
	struct walker *walker = user;
	enum element element;
	int action;

	switch (xmlTextReaderNodeType(reader)) {
	case XML_READER_TYPE_TEXT:
	case XML_READER_TYPE_CDATA:
	case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
	case XML_READER_TYPE_WHITESPACE:
		return add_text(walker, reader);
	case XML_READER_TYPE_ELEMENT:
		element = element_of(reader);
		action = begin(walker, element, reader);
		if (action == 0 && xmlTextReaderIsEmptyElement(reader))
			action = end(walker, element);
		break;
	case XML_READER_TYPE_END_ELEMENT:
		element = element_of(reader);
		action = end(walker, element);
		break;
	default:
		return 0;
	}
	return action == 0 && element == ELEMENT_PARAGRAPH ? report_step(walker->docx->report, 0)
							   : action;
}

/* ---- Parts ------------------------------------------------------------------------------ */

static void release(struct walker *walker)
{
	for (size_t i = 0; i < PARAGRAPHS_MAX; i++)
		strbuf_free(&walker->paragraphs[i].text);
	content_free(&walker->later);
	content_free(&walker->row);
	free(walker->marks);
}

int docx_read_text(struct docx *docx, const char *part, struct content *content)
{
	struct walker walker = { .docx = docx, .content = content };
	int error = docx_walk(docx, part, visit, &walker);

	if (error == 0 && walker_put_notes(&walker, true) < 0)
		error = failure_set(docx->failure, "Document holds more than %d MiB of text",
				    CONTENT_BYTES_MAX >> 20);
	release(&walker);
	return error;
}

int docx_read_notes(struct docx *docx, const char *part, struct docx_notes *notes)
{
	struct content content = { 0 };
	struct walker walker = { .docx = docx, .content = &content, .notes = notes };
	int error = docx_walk(docx, part, visit, &walker);

	if (error == 0)
		walker_sort_notes(notes);
	content_free(&content);
	release(&walker);
	return error;
}
