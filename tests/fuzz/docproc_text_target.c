/* SPDX-License-Identifier: MIT */
/*
 * Plain text and Markdown under fuzzing, in any encoding: the first byte says which of the two. Either
 * there is valid text in bounds, or a failure says why.
 */
#include "tests/fuzz/blocks.h"
#include "tools/docproc/extract/extract.h"
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_document(const char *name, const uint8_t *data, size_t size)
{
	enum document_type type;
	struct content content = { 0 };
	struct failure failure = { .error = "" };
	int fd = memfd_create("text", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		fail("memfd");
	if (extract_type(fd, name, &type, &failure) == 0 &&
	    (type == DOCUMENT_TEXT || type == DOCUMENT_MARKDOWN) &&
	    extract_document(fd, type, name, NULL, &content, &failure) == 0)
		check_content(&content);
	else if (!failure.error[0] || !memchr(failure.error, '\0', sizeof failure.error))
		fail("a failure that does not say why");
	content_free(&content);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0)
		read_document(data[0] % 2 ? "fuzzed.md" : "fuzzed.txt", data + 1, size - 1);
	return 0;
}
