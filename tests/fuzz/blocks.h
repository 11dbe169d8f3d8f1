/* SPDX-License-Identifier: MIT */
/* Invariants of the blocks of any document. */
#ifndef TESTS_FUZZ_BLOCKS_H
#define TESTS_FUZZ_BLOCKS_H

#include "tests/fuzz/target.h"
#include "tools/docproc/document/content.h"
#include "tools/docproc/document/utf8.h"
#include "tools/docproc/extract/extract.h"

static void check_text(const char *text, bool row)
{
	int32_t length = (int32_t)strlen(text), at = 0;

	if (length == 0)
		fail("an empty block");
	while (at < length) {
		UChar32 c = utf8_next(text, &at, length);
		if (c < 0)
			fail("a block that is not UTF-8");
		if ((c < ' ' && c != '\n' && !(c == '\t' && row)) || (c >= 0x7f && c < 0xa0))
			fail("a control character");
	}
}

static void check_content(const struct content *content)
{
	size_t bytes = 0;

	for (size_t i = 0; i < content->n_blocks; i++) {
		const struct block *block = &content->blocks[i];
		check_text(block->text, block->type == BLOCK_TABLE_ROW);
		bytes += strlen(block->text);
	}
	if (bytes != content->n_bytes || bytes > CONTENT_BYTES_MAX)
		fail("bytes that are not counted");
}

/* Read a document as the extractor does, if it is of one of these types (1 << DOCUMENT_TEXT). Either
 * it has blocks that are in order, or a failure says why it has none. */
static void read_document(const char *name, unsigned types, const uint8_t *data, size_t size)
{
	enum document_type type;
	struct content content = { 0 };
	struct failure failure = { .error = "" };
	int fd = target_file(data, size);

	if (extract_type(fd, name, &type, &failure) == 0 && (types & 1u << type) &&
	    extract_document(fd, type, name, NULL, &content, &failure) == 0)
		check_content(&content);
	else if (!failure.error[0] || !memchr(failure.error, '\0', sizeof failure.error))
		fail("a failure that does not say why");
	content_free(&content);
	close(fd);
}

#endif
