/* SPDX-License-Identifier: MIT */
/* The reader gets what the extractor has written into its pipe, in pieces of any size; a truncated
 * stream is not a document. test_attacker.c and the fuzzer send what a correct extractor would
 * not. */
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include "tests/unit/docproc/frames.h"
#include "tools/docproc/extract/frame_writer.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct {
	enum block_type type;
	uint32_t page;
	const char *text;
} blocks[] = {
	{ BLOCK_HEADING, 1, "Über die Gezeiten" },
	{ BLOCK_PARAGRAPH, 1, "The tide comes in." },
	{ BLOCK_TABLE_ROW, 2, "a | b" },
	{ BLOCK_FOOTNOTE, 3, "\xe6\xbd\xae\xe6\xb1\x90" },
};
enum { N_BLOCKS = sizeof blocks / sizeof blocks[0], ROOM = 1 << 16 };

static unsigned char bytes[ROOM];
static size_t n_bytes;

static void fill(struct content *content)
{
	*content = (struct content){ .pages = 3 };
	for (size_t i = 0; i < N_BLOCKS; i++)
		assert_int_equal(content_add(content, blocks[i].type, blocks[i].page,
					     blocks[i].text, strlen(blocks[i].text)),
				 0);
}

/* Into memory: what the pipe would carry. */
static void write_document(int fd)
{
	static struct frame_writer writer;
	struct content content;

	writer = (struct frame_writer){ .fd = fd };
	fill(&content);
	frame_write_total(&writer, 3);
	for (int i = 0; i < 3; i++)
		frame_write_step(&writer, 1);
	assert_int_equal(frame_write_content(&writer, DOCUMENT_PDF, &content), 0);
	content_free(&content);
}

static int begin(void **state)
{
	int fd = memfd_create("frames", MFD_CLOEXEC);

	(void)state;
	HARNESS_MUST(fd);
	write_document(fd);
	n_bytes = (size_t)pread(fd, bytes, sizeof bytes, 0);
	close(fd);
	return n_bytes > 0 && n_bytes < sizeof bytes ? 0 : -1;
}

static int take(struct frame_reader *reader, size_t n, size_t piece)
{
	return frames_take(reader, bytes, n, piece);
}

static void expect_document(const struct frame_reader *reader)
{
	const struct content *content = &reader->content;

	assert_int_equal(reader->state, FRAMES_ENDED);
	assert_int_equal(reader->total, 3);
	assert_int_equal(reader->done, 3);
	assert_int_equal(content->pages, 3);
	assert_string_equal(content->content_type, "application/pdf");
	assert_int_equal(content->n_blocks, N_BLOCKS);
	for (size_t i = 0; i < N_BLOCKS; i++) {
		assert_int_equal(content->blocks[i].type, blocks[i].type);
		assert_int_equal(content->blocks[i].page, blocks[i].page);
		assert_string_equal(content->blocks[i].text, blocks[i].text);
	}
}

static void pieces_of_any_size_make_the_document(void **state)
{
	struct frame_reader reader;

	(void)state;
	for (size_t piece = 1; piece <= n_bytes; piece++) {
		assert_int_equal(take(&reader, n_bytes, piece), 0);
		expect_document(&reader);
		frame_reader_free(&reader);
	}
}

static void a_document_that_was_cut_off_is_none(void **state)
{
	struct frame_reader reader;

	(void)state;
	for (size_t n = 0; n < n_bytes; n++) {
		assert_int_equal(take(&reader, n, n_bytes), 0);
		assert_int_equal(reader.state, FRAMES_COME);
		frame_reader_free(&reader);
	}
}

/* Bits that are flipped are an error or another document, never more than what was sent. */
static void a_flipped_bit_harms_nobody(void **state)
{
	struct frame_reader reader;
	unsigned refused = 0;

	(void)state;
	for (size_t bit = 0; bit < n_bytes * 8; bit++) {
		bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
		int error = take(&reader, n_bytes, n_bytes);
		assert_true(error == 0 || error == -EPROTO);
		refused += error != 0 || reader.state != FRAMES_ENDED;
		assert_true(reader.content.n_bytes <= n_bytes);
		frame_reader_free(&reader);
		bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	assert_true(refused > n_bytes);
}

/* Its bytes may be anybody's: they come from a name. */
static void a_failure_is_cleaned_before_it_is_sent(void **state)
{
	static struct frame_writer writer;
	struct failure failure = { .error = "\x1b[1mr\xe9port.pdf\" is broken", .advice = "none" };
	struct frame_reader reader;
	int fd = memfd_create("frames", MFD_CLOEXEC);

	(void)state;
	HARNESS_MUST(fd);
	writer = (struct frame_writer){ .fd = fd };
	assert_int_equal(frame_write_failure(&writer, &failure), 0);
	unsigned char sent[1024];
	ssize_t n = pread(fd, sent, sizeof sent, 0);
	close(fd);
	frame_reader_begin(&reader);
	assert_int_equal(frame_reader_take(&reader, sent, (size_t)n), 0);
	assert_int_equal(reader.state, FRAMES_FAILED);
	assert_string_equal(reader.failure.error, "?[1mr?port.pdf\" is broken");
	assert_string_equal(reader.failure.advice, "none");
	frame_reader_free(&reader);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(pieces_of_any_size_make_the_document),
	cmocka_unit_test(a_document_that_was_cut_off_is_none),
	cmocka_unit_test(a_flipped_bit_harms_nobody),
	cmocka_unit_test(a_failure_is_cleaned_before_it_is_sent),
};

SUITE_WITH(tests, begin, NULL)
