/* SPDX-License-Identifier: MIT */
/* Shared by the tests of extraction: files of tests/documents or of bytes, and ways to inspect
 * blocks. */
#ifndef TESTS_DOCPROC_EXTRACTION_H
#define TESTS_DOCPROC_EXTRACTION_H

#include "tests/harness/suite.h"
#include "tests/unit/docproc/progress.h"
#include "tools/docproc/extract/extract.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Not every test uses every helper. */
#define UNUSED __attribute__((unused))

static struct content content;
static struct failure failure;

/* ---- Files ----------------------------------------------------------------- */

static int set_up(void **state)
{
	(void)state;
	progress_reset();
	failure = (struct failure){ .error = "" };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	content_free(&content);
	return 0;
}

static int open_document(const char *name)
{
	const char *tree = getenv("TRACKD_TREE");
	char path[4096];
	int fd;

	snprintf(path, sizeof path, "%s/tests/documents/%s", tree ? tree : ".", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		print_error("%s cannot be opened\n", path);
	assert_true(fd >= 0);
	return fd;
}

static int open_bytes(const void *bytes, size_t n)
{
	int fd = memfd_create("document", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	return fd;
}

/* As the worker does it: what the file is, and then its text. Closes the file. */
static int extract_from(int fd, const char *name)
{
	enum document_type type;
	int error = extract_type(fd, name, &type, &failure);

	if (error == 0)
		error = extract_document(fd, type, name, NULL, &content, &failure);
	close(fd);
	return error;
}

static void extract(const char *name)
{
	int error = extract_from(open_document(name), name);

	if (error < 0)
		print_error("%s: %s\n", name, failure.error);
	assert_int_equal(error, 0);
}

static UNUSED void extract_text(const char *text, const char *name)
{
	assert_int_equal(extract_from(open_bytes(text, strlen(text)), name), 0);
}

static UNUSED void check_failure(int error, const char *sentence)
{
	assert_int_equal(error, FAILED);
	assert_string_equal(failure.error, sentence);
	assert_int_equal(content.n_blocks, 0);
	content_free(&content);
}

/* ---- Blocks ------------------------------------------------------------------ */

/* The first block that holds these words, from a block on; the number of blocks if there is none. */
static UNUSED size_t find_from(size_t from, const char *words)
{
	while (from < content.n_blocks && !strstr(content.blocks[from].text, words))
		from++;
	return from;
}

static UNUSED size_t find(const char *words)
{
	size_t i = find_from(0, words);

	if (i == content.n_blocks)
		print_error("\"%s\" was not found\n", words);
	assert_true(i < content.n_blocks);
	return i;
}

static UNUSED void check_block(const char *words, enum block_type type, uint32_t page)
{
	size_t i = find(words);

	if (content.blocks[i].type != type || content.blocks[i].page != page)
		print_error("\"%s\"\n", content.blocks[i].text);
	assert_int_equal(content.blocks[i].type, type);
	assert_int_equal(content.blocks[i].page, page);
}

static UNUSED void check_absent(const char *words)
{
	assert_true(find_from(0, words) == content.n_blocks);
}

/* The whole text of a block of this type. */
static UNUSED void check_whole(const char *text, enum block_type type)
{
	size_t i = find(text);

	assert_string_equal(content.blocks[i].text, text);
	assert_int_equal(content.blocks[i].type, type);
}

static UNUSED size_t count(enum block_type type)
{
	size_t n = 0;

	for (size_t i = 0; i < content.n_blocks; i++)
		n += content.blocks[i].type == type;
	return n;
}

/* Each after the one before it. */
static UNUSED void check_order(const char *const *words, size_t n)
{
	size_t before = 0;

	for (size_t i = 0; i < n; i++) {
		size_t at = find_from(before, words[i]);
		if (at == content.n_blocks)
			print_error("\"%s\" does not follow \"%s\"\n", words[i],
				    i ? words[i - 1] : "");
		assert_true(at < content.n_blocks);
		before = at;
	}
}

#endif
