/* SPDX-License-Identifier: MIT */
/* What the targets share that libFuzzer calls: the input as a text or as a file, and how a promise that
 * does not hold ends the program. */
#ifndef TESTS_FUZZ_TARGET_H
#define TESTS_FUZZ_TARGET_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline _Noreturn void fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

/* A copy that ends with a NUL; of its exact size, so that a read beyond it is noticed. */
static inline char *target_text(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1);

	if (!text)
		fail("no memory");
	if (size > 0)
		memcpy(text, data, size);
	return text;
}

/* A file of these bytes; it is read from its beginning. */
static inline int target_file(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzzed", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		fail("memfd");
	return fd;
}

#endif
