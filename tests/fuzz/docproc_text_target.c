/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes plain text and Markdown in any encoding; the first byte selects one of the two. Either
 * there is valid text within the limits, or a failure says why.
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
