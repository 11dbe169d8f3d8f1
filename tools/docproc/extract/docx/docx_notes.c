/* SPDX-License-Identifier: MIT */
/* Footnotes and endnotes. They are in separate parts, in any order, and are read before the text
 * that refers to them. */
#include "tools/common/growth.h"
#include "tools/docproc/extract/docx/docx_walker.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int walker_add_mark(struct walker *walker, xmlTextReaderPtr reader, bool endnote)
{
	char *id;

	if (walker->notes || walker->hidden)
		return 0;
	struct mark *marks = growth_reserve(walker->marks, walker->n_marks, &walker->marks_room,
					    sizeof *marks, 16);
	if (!marks)
		return -ENOMEM;
	walker->marks = marks;
	id = docx_attribute(reader, "id");
	if (id)
		walker->marks[walker->n_marks++] =
			(struct mark){ .endnote = endnote, .id = strtol(id, NULL, 10) };
	xmlFree(id);
	return 0;
}

static int compare_notes(const void *a, const void *b)
{
	const struct docx_note *one = a, *other = b;

	return (one->id > other->id) - (one->id < other->id);
}

void walker_sort_notes(struct docx_notes *notes)
{
	if (notes->n > 0)
		qsort(notes->notes, notes->n, sizeof notes->notes[0], compare_notes);
}

/* Add each note only once, even if several marks refer to it. */
static int put_note(struct walker *walker, struct docx_notes *notes, long id)
{
	const struct docx_note key = { .id = id };
	struct docx_note *note =
		notes->n ? bsearch(&key, notes->notes, notes->n, sizeof key, compare_notes) : NULL;
	int error;

	if (!note || !note->text)
		return 0;
	error = content_add(walker->content, BLOCK_FOOTNOTE, 0, note->text, strlen(note->text));
	free(note->text);
	note->text = NULL;
	return error;
}

int walker_put_notes(struct walker *walker, bool endnotes)
{
	size_t kept = 0;
	int error = 0;

	for (size_t i = 0; i < walker->n_marks && error == 0; i++) {
		const struct mark mark = walker->marks[i];
		if (!mark.endnote)
			error = put_note(walker, &walker->docx->footnotes, mark.id);
		else if (endnotes)
			error = put_note(walker, &walker->docx->endnotes, mark.id);
		else
			walker->marks[kept++] = mark;
	}
	walker->n_marks = kept;
	return error;
}

void walker_begin_note(struct walker *walker, xmlTextReaderPtr reader)
{
	char *type = docx_attribute(reader, "type"), *id = docx_attribute(reader, "id");

	/* Typed notes are the separator lines above the notes; no mark refers to them. */
	walker->in_note = walker->notes && id && (!type || strcmp(type, "normal") == 0);
	if (walker->in_note)
		walker->note = strtol(id, NULL, 10);
	xmlFree(type);
	xmlFree(id);
}

int walker_end_note(struct walker *walker)
{
	struct docx_notes *notes = walker->notes;
	struct strbuf text = { 0 };
	struct content *content = walker->content;
	int error = 0;

	if (!walker->in_note)
		return 0;
	walker->in_note = false;
	for (size_t i = 0; i < content->n_blocks && error == 0; i++) {
		error = i > 0 ? strbuf_add(&text, "\n", 1) : 0;
		if (error == 0)
			error = strbuf_add(&text, content->blocks[i].text,
					   strlen(content->blocks[i].text));
	}
	content_free(content);
	struct docx_note *more =
		growth_reserve(notes->notes, notes->n, &notes->room, sizeof *more, 16);
	if (more)
		notes->notes = more;
	else
		error = -ENOMEM;
	if (error == 0)
		notes->notes[notes->n++] =
			(struct docx_note){ .id = walker->note, .text = strbuf_take(&text) };
	strbuf_free(&text);
	return error;
}

void docx_free_notes(struct docx_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		free(notes->notes[i].text);
	free(notes->notes);
}
