/* SPDX-License-Identifier: MIT */
/* Blocks of text. The input may hold anything; the text that is kept is valid UTF-8 that a
 * terminal, a database and a chunker can process. */
#include "tools/docproc/document/content.h"
#include "tools/common/growth.h"
#include "tools/docproc/document/utf8.h"
#include <errno.h>
#include <stdlib.h>

enum { NEXT_LINE = 0x85, LINE_SEPARATOR = 0x2028, PARAGRAPH_SEPARATOR = 0x2029, BOM = 0xfeff };

/* What a code point becomes: itself, '\n', U+FFFD if it is invalid, or nothing (0). */
static UChar32 kept(UChar32 c)
{
	if (c < 0)
		return 0xfffd;
	if (c == '\t' || c == '\n')
		return c;
	if (c == '\r' || c == '\v' || c == '\f' || c == NEXT_LINE || c == LINE_SEPARATOR ||
	    c == PARAGRAPH_SEPARATOR)
		return '\n';
	if (c < ' ' || (c >= 0x7f && c < 0xa0) || c == BOM)
		return 0;
	/* Noncharacters: valid in UTF-8, but not for interchange. */
	if ((c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef))
		return 0xfffd;
	return c;
}

static bool is_blank(UChar32 c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200b) || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* Write up to `room` cleaned bytes of a text, or with NULL only count them. Returns the number of
 * bytes, without trailing blanks. */
static size_t clean(const char *text, int32_t length, bool row, size_t room, char *ret_text)
{
	char unused[U8_MAX_LENGTH];
	int32_t at = 0;
	size_t n = 0, end = 0;

	while (at < length && n < room) {
		bool cr = text[at] == '\r';
		UChar32 c = kept(utf8_next(text, &at, length));
		if (cr && at < length && text[at] == '\n')
			continue;
		if (c == '\t' && !row)
			c = ' ';
		if (c == 0 || (n == 0 && is_blank(c) && c != '\t'))
			continue;
		n += (size_t)utf8_put(ret_text ? ret_text + n : unused, c);
		if (!is_blank(c))
			end = n;
	}
	return end;
}

static int reserve(struct content *content)
{
	struct block *blocks = growth_reserve(content->blocks, content->n_blocks, &content->room,
					      sizeof *blocks, 64);

	if (!blocks)
		return -ENOMEM;
	content->blocks = blocks;
	return 0;
}

int content_add(struct content *content, enum block_type type, uint32_t page, const char *text,
		size_t length)
{
	bool row = type == BLOCK_TABLE_ROW;

	if (length > CONTENT_BYTES_MAX)
		return -EFBIG;
	size_t n = clean(text, (int32_t)length, row, SIZE_MAX, NULL);
	if (n == 0)
		return 0;
	if (content->n_bytes + n > CONTENT_BYTES_MAX)
		return -EFBIG;
	char *copy = malloc(n + 1);
	if (!copy || reserve(content) < 0) {
		free(copy);
		return -ENOMEM;
	}
	clean(text, (int32_t)length, row, n, copy);
	copy[n] = '\0';
	content->blocks[content->n_blocks++] =
		(struct block){ .type = type, .page = page, .text = copy };
	content->n_bytes += n;
	return 0;
}

void content_free(struct content *content)
{
	for (size_t i = 0; i < content->n_blocks; i++)
		free(content->blocks[i].text);
	free(content->blocks);
	*content = (struct content){ 0 };
}
