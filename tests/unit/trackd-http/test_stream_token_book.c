/* SPDX-License-Identifier: MIT */
/* The book of the opened tickets: it has the last ones, across restarts; a file that is not a valid
 * book is replaced, or the book is kept in memory. */
#include "tests/harness/suite.h"
#include "tests/unit/trackd-http/forge.h"
#include "tools/trackd-http/auth/stream_token_book.h"

static struct stream_token_book *open_book(const char *path)
{
	struct stream_token_book *book = NULL;

	HARNESS_MUST(stream_token_book_open(path, &book));
	return book;
}

static void the_book_has_the_last_ones(void **state)
{
	struct stream_token_book *book = open_book(forge_path("many"));
	uint64_t run = stream_token_book_run(book), first = stream_token_book_add(book),
		 last = first;

	(void)state;
	stream_token_book_mark(book, first);
	for (unsigned i = 0; i < STREAM_TOKEN_BOOK_SIZE - 1; i++)
		last = stream_token_book_add(book);
	assert_int_equal(last, first + STREAM_TOKEN_BOOK_SIZE - 1);
	assert_int_equal(stream_token_book_state(book, run, first), STREAM_TOKEN_OPENED);
	assert_int_equal(stream_token_book_state(book, run, first + 1), STREAM_TOKEN_UNOPENED);
	assert_int_equal(stream_token_book_state(book, run, last + 1), STREAM_TOKEN_UNKNOWN);
	assert_int_equal(stream_token_book_state(book, run, 0), STREAM_TOKEN_UNKNOWN);
	assert_int_equal(stream_token_book_state(book, run + 1, first), STREAM_TOKEN_UNKNOWN);
	last = stream_token_book_add(book); /* in the first one's place */
	assert_int_equal(stream_token_book_state(book, run, first), STREAM_TOKEN_UNKNOWN);
	assert_int_equal(stream_token_book_state(book, run, last), STREAM_TOKEN_UNOPENED);
	stream_token_book_close(book);
}

/* Overwrite bytes of a file. */
static void spoil(const char *path, off_t at, const char *bytes, size_t size)
{
	int fd = harness_must(open(path, O_WRONLY | O_CLOEXEC), path);

	assert_int_equal(pwrite(fd, bytes, size, at), (ssize_t)size);
	close(fd);
}

enum { AT_BOOT = 8, AT_CLOSED = 48 };

/* After a reboot the book counts only if it was closed, for then nothing of it can be missing. */
static void a_book_of_another_boot_counts_if_it_was_closed(void **state)
{
	char path[4096];

	(void)state;
	snprintf(path, sizeof path, "%s", forge_path("boots"));
	for (int closed = 1; closed >= 0; closed--) {
		struct stream_token_book *book = open_book(path);
		uint64_t run = stream_token_book_run(book), number = stream_token_book_add(book);

		stream_token_book_mark(book, number);
		stream_token_book_close(book);
		spoil(path, AT_BOOT, "another-", 8);
		if (!closed)
			spoil(path, AT_CLOSED, "\0\0\0\0\0\0\0", 8);
		book = open_book(path);
		assert_int_equal(stream_token_book_state(book, run, number),
				 closed ? STREAM_TOKEN_OPENED : STREAM_TOKEN_UNKNOWN);
		stream_token_book_close(book);
	}
}

static void what_is_no_book_is_begun_anew_or_kept_in_memory(void **state)
{
	char path[4096], *log = strdup(forge_path("log"));
	struct stream_token_book *book;
	uint64_t number;

	(void)state;
	snprintf(path, sizeof path, "%s", forge_path("no.book"));
	for (int way = 0; way < (geteuid() == 0 ? 6 : 5); way++) {
		int before = forge_log_begin(log);

		unlink(path);
		if (way < 3)
			forge_write(path, "tickets1 and more", (size_t[]){ 0, 8, 17 }[way], 0600);
		else if (way == 3)
			forge_write(path, "", 0, 0622);
		else if (way == 4)
			HARNESS_MUST(symlink("/dev/null", path));
		else
			forge_write(path, "", 0, 0600);
		if (way == 5) /* another user's */
			HARNESS_MUST(chown(path, 65534, 65534));
		book = open_book(path);
		number = stream_token_book_add(book);
		assert_int_equal(number, 1);
		stream_token_book_mark(book, number);
		assert_int_equal(stream_token_book_state(book, stream_token_book_run(book), number),
				 STREAM_TOKEN_OPENED);
		stream_token_book_close(book);
		assert_int_equal(strstr(forge_log_end(log, before), "will not resume") != NULL,
				 way >= 3);
	}
	free(log);
}

/* A gateway of another version may be started while one runs, and its book may have another length. */
static void a_book_that_is_open_keeps_its_length(void **state)
{
	char *path = strdup(forge_path("long.book")), *log = strdup(forge_path("log"));
	struct stream_token_book *first = open_book(path), *second;
	uint64_t run = stream_token_book_run(first), number = stream_token_book_add(first);
	int before = forge_log_begin(log);
	struct stat file;

	(void)state;
	stream_token_book_mark(first, number);
	HARNESS_MUST(stat(path, &file));
	HARNESS_MUST(truncate(path, file.st_size + 8));
	second = open_book(path);
	assert_non_null(strstr(forge_log_end(log, before), "will not resume"));
	assert_int_not_equal(stream_token_book_run(second), run);
	stream_token_book_close(second);
	assert_int_equal(stream_token_book_run(first), run);
	assert_int_equal(stream_token_book_state(first, run, number), STREAM_TOKEN_OPENED);
	stream_token_book_close(first);
	HARNESS_MUST(truncate(path, 0));
	first = open_book(path); /* no process has it open: it is created anew */
	assert_int_equal(stream_token_book_add(first), 1);
	stream_token_book_close(first);
	free(path);
	free(log);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_book_has_the_last_ones),
	cmocka_unit_test(a_book_of_another_boot_counts_if_it_was_closed),
	cmocka_unit_test(what_is_no_book_is_begun_anew_or_kept_in_memory),
	cmocka_unit_test(a_book_that_is_open_keeps_its_length),
};

SUITE(tests)
