/* SPDX-License-Identifier: MIT */
/* Makes table rows from the blocks in their cells. */
#include "tools/docproc/extract/docx/docx_parts.h"
#include <errno.h>
#include <string.h>

/* A cell with more than this is used for layout. */
enum { CELL_BLOCKS_MAX = 8, CELL_BYTES_MAX = 4000 };

static bool is_layout(const struct content *row, uint32_t n_cells)
{
	size_t blocks = 0, bytes = 0;

	if (n_cells <= 1)
		return true;
	for (size_t i = 0; i < row->n_blocks; i++) {
		if (i > 0 && row->blocks[i].page != row->blocks[i - 1].page)
			blocks = bytes = 0;
		bytes += strlen(row->blocks[i].text);
		if (++blocks > CELL_BLOCKS_MAX || bytes > CELL_BYTES_MAX)
			return true;
	}
	return false;
}

static int join(struct content *row, struct strbuf *text)
{
	uint32_t cell = 0;
	bool first = true;

	for (size_t i = 0; i < row->n_blocks; i++) {
		const struct block *block = &row->blocks[i];
		if (!first && block->page == cell && strbuf_add(text, " ", 1) < 0)
			return -ENOMEM;
		for (; cell < block->page; cell++)
			if (strbuf_add(text, "\t", 1) < 0)
				return -ENOMEM;
		first = false;
		size_t at = text->length;
		if (strbuf_add(text, block->text, strlen(block->text)) < 0)
			return -ENOMEM;
		for (; at < text->length; at++)
			if (text->bytes[at] == '\n' || text->bytes[at] == '\t')
				text->bytes[at] = ' ';
	}
	return 0;
}

int docx_add_all(struct content *content, struct content *from)
{
	int error = 0;

	for (size_t i = 0; i < from->n_blocks && error == 0; i++)
		error = content_add(content, from->blocks[i].type, 0, from->blocks[i].text,
				    strlen(from->blocks[i].text));
	content_free(from);
	return error;
}

int docx_add_row(struct content *content, struct content *row, uint32_t n_cells)
{
	struct strbuf text = { 0 };
	int error;

	if (is_layout(row, n_cells))
		return docx_add_all(content, row);
	error = join(row, &text);
	if (error == 0 && text.length > 0)
		error = content_add(content, BLOCK_TABLE_ROW, 0, text.bytes, text.length);
	strbuf_free(&text);
	content_free(row);
	return error;
}
