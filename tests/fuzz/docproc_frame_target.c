/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the reader of the extractor's pipe with any bytes in pieces of any size. The first byte is
 * the size of a piece. The output is clean: text is UTF-8 without control characters, counts agree,
 * and the same bytes in one piece give the same result.
 */
#include "libclient/segment/text.h"
#include "tests/fuzz/target.h"
#include "tests/unit/docproc/frames.h"
#include <errno.h>

static void check_content(const struct content *content)
{
	size_t bytes = 0;

	for (size_t i = 0; i < content->n_blocks; i++) {
		const char *text = content->blocks[i].text;
		size_t length = strlen(text);

		bytes += length;
		if (length == 0 || !text_utf8_valid(text, length))
			fail("a block that is empty or not UTF-8");
		if (content->blocks[i].page > EXTRACT_PAGES_MAX)
			fail("a page that cannot be");
	}
	if (bytes != content->n_bytes)
		fail("bytes that were not sent");
}

static void check_failure(const struct failure *failure)
{
	if (failure->error[0] == '\0' || strlen(failure->error) >= sizeof failure->error)
		fail("a failure without a sentence");
	for (const char *at = failure->error; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			fail("a sentence with control characters");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame_reader pieces, whole;

	if (size < 1)
		return 0;
	int error = frames_take(&pieces, data + 1, size - 1, (size_t)data[0] + 1);
	if (error != 0 && error != -EPROTO && error != -ENOMEM)
		fail("another error");
	if (pieces.done > pieces.total)
		fail("more steps than there are");
	check_content(&pieces.content);
	if (pieces.state == FRAMES_FAILED)
		check_failure(&pieces.failure);
	int same = frames_take(&whole, data + 1, size - 1, size);
	if (same != error || whole.state != pieces.state ||
	    whole.content.n_blocks != pieces.content.n_blocks)
		fail("it depends on the pieces");
	frame_reader_free(&pieces);
	frame_reader_free(&whole);
	return 0;
}
