/* SPDX-License-Identifier: MIT */
/*
 * Plain text and Markdown under fuzzing, in any encoding: the first byte says which of the two. Either
 * there is valid text in bounds, or a failure says why.
 */
#include "tests/fuzz/blocks.h"
#include "tests/fuzz/target.h"
#include "tools/docproc/extract/extract.h"

enum { TYPES = 1 << DOCUMENT_TEXT | 1 << DOCUMENT_MARKDOWN };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0)
		read_document(data[0] % 2 ? "fuzzed.md" : "fuzzed.txt", TYPES, data + 1, size - 1);
	return 0;
}
