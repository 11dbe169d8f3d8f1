/* SPDX-License-Identifier: MIT */
/*
 * The spool's files: tickets of any bytes, names of any kind, the movement of documents, and the
 * order of the queue.
 */
#include "tests/harness/harness.h"
#include "tests/harness/private_daemon.h"
#include "tests/harness/suite.h"
#include "tools/docproc/server/queue.h"
#include "tools/documents/spool.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[192], place[256];
static struct spool spool;
static struct failure failure;

static int begin(void **state)
{
	static int n;

	(void)state;
	if (n == 0)
		harness_folder(folder, sizeof folder);
	snprintf(place, sizeof place, "%s/spool-%d", folder, n++);
	return spool_open(&spool, place, &failure);
}

static int end(void **state)
{
	(void)state;
	spool_close(&spool);
	return 0;
}

static void put(int at, const char *name, const char *text)
{
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC, 0640);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static bool is_there(int at, const char *name)
{
	struct stat st;

	return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void count(void *user, const char *name)
{
	(void)name;
	++*(int *)user;
}

static int n_names(int at)
{
	int n = 0;

	spool_walk(at, count, &n);
	return n;
}

/* ---- Ids ----------------------------------------------------------------- */

static void ids_are_names_of_files_and_of_tasks(void **state)
{
	static const char *const good[] = {
		"a", "A-z_0.9~:@+=", "..a", ".hidden", "x.jso", "json"
	};
	static const char *const bad[] = { "",    ".",        "..",     "a b",   "a/b",
					   "a\n", "\xc3\xa4", "a.json", ".json", "a*" };
	char longest[TRACKD_ID_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		if (!spool_entry_id_valid(good[i]))
			fail_msg("\"%s\" is refused", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (spool_entry_id_valid(bad[i]))
			fail_msg("\"%s\" is allowed", bad[i]);
	memset(longest, 'x', sizeof longest);
	longest[TRACKD_ID_MAX + 1] = '\0';
	assert_false(spool_entry_id_valid(longest));
	longest[TRACKD_ID_MAX] = '\0';
	assert_true(spool_entry_id_valid(longest));
}

static void new_ids_are_random_uuids(void **state)
{
	char one[TRACKD_ID_MAX + 1], other[TRACKD_ID_MAX + 1];

	(void)state;
	spool_entry_new_id(one);
	spool_entry_new_id(other);
	assert_int_equal(strlen(one), 36);
	assert_int_equal(one[14], '4');
	assert_non_null(strchr("89ab", one[19]));
	assert_string_not_equal(one, other);
	assert_true(spool_entry_id_valid(one));
}

/* ---- Tickets ------------------------------------------------------------- */

static void tickets_come_back_as_they_were_written(void **state)
{
	const struct spool_entry written = { "id-1", "al\"ice", "R\xc3\xa4port \\ 1.pdf", 12345,
					     1700000000 };
	struct spool_entry read_back;

	(void)state;
	int fd = openat(spool.new, "id-1.json", O_WRONLY | O_CREAT, 0640);
	assert_int_equal(spool_entry_write(fd, &written), 0);
	close(fd);
	assert_int_equal(spool_entry_read(spool.new, "id-1", &read_back, &failure), 0);
	assert_string_equal(read_back.id, written.id);
	assert_string_equal(read_back.owner, written.owner);
	assert_string_equal(read_back.name, written.name);
	assert_int_equal(read_back.size, 12345);
	assert_int_equal(read_back.created_at, 1700000000);
}

static void what_a_ticket_leaves_out_has_a_default(void **state)
{
	struct spool_entry entry;

	(void)state;
	put(spool.new, "t.json", "{\"id\":\"t\",\"owner\":null}");
	assert_int_equal(spool_entry_read(spool.new, "t", &entry, &failure), 0);
	assert_string_equal(entry.owner, "");
	assert_string_equal(entry.name, "t");
	assert_int_equal(entry.size, -1);
	assert_true(entry.created_at > 1700000000);
	put(spool.new, "t.json", "{\"id\":\"t\",\"created_at\":\"2026-11-24T14:02:11.250Z\"}");
	assert_int_equal(spool_entry_read(spool.new, "t", &entry, &failure), 0);
	assert_int_equal(entry.created_at, 1795528931);
}

static void a_long_name_is_cut_at_a_character(void **state)
{
	char text[1024];
	struct spool_entry entry;
	int n = snprintf(text, sizeof text, "{\"id\":\"t\",\"name\":\"x");

	(void)state;
	for (int i = 0; i < 200; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, "\xc3\xa4");
	snprintf(text + n, sizeof text - (size_t)n, "\"}");
	put(spool.new, "t.json", text);
	assert_int_equal(spool_entry_read(spool.new, "t", &entry, &failure), 0);
	assert_int_equal(strlen(entry.name), 255);
}

static void garbage_is_no_ticket(void **state)
{
	static char long_owner[128];
	const char *const texts[] = {
		"",
		"{",
		"[]",
		"null",
		"\"t\"",
		"{}",
		"{\"id\":\"other\"}",
		"{\"id\":7}",
		"{\"id\":\"t\",\"id\":\"t\"}",
		"{\"id\":\"t\",\"owner\":[]}",
		"{\"id\":\"t\",\"name\":\"a/b\"}",
		"{\"id\":\"t\",\"name\":\"../../etc/passwd\"}",
		"{\"id\":\"t\",\"name\":\"\"}",
		"{\"id\":\"t\",\"name\":7}",
		"{\"id\":\"t\",\"name\":\"a\\u0000b\"}",
		long_owner,
		"{\"id\":\"t\",\"name\":\"\xff\"}",
		"{\"id\":\"t\"} trailing",
	};
	struct spool_entry entry;

	(void)state;
	snprintf(long_owner, sizeof long_owner, "{\"id\":\"t\",\"owner\":\"%064d\"}", 7);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		put(spool.new, "t.json", texts[i]);
		failure.error[0] = '\0';
		if (spool_entry_read(spool.new, "t", &entry, &failure) != FAILED)
			fail_msg("\"%s\" is taken for a ticket", texts[i]);
		assert_true(failure.error[0] != '\0');
		assert_null(strstr(failure.error, place));
	}
}

static void a_ticket_that_is_no_file_is_refused_at_once(void **state)
{
	struct spool_entry entry;

	(void)state;
	put(spool.tmp, "real", "{\"id\":\"t\"}");
	assert_int_equal(symlinkat("../tmp/real", spool.new, "t.json"), 0);
	assert_int_equal(spool_entry_read(spool.new, "t", &entry, &failure), FAILED);
	assert_int_equal(unlinkat(spool.new, "t.json", 0), 0);
	assert_int_equal(mkfifoat(spool.new, "t.json", 0600), 0);
	assert_int_equal(spool_entry_read(spool.new, "t", &entry, &failure), FAILED);
	assert_int_equal(unlinkat(spool.new, "t.json", 0), 0);
	assert_int_equal(mkdirat(spool.new, "t.json", 0700), 0);
	assert_int_equal(spool_entry_read(spool.new, "t", &entry, &failure), FAILED);
	int fd = openat(spool.new, "u.json", O_WRONLY | O_CREAT, 0600);
	assert_int_equal(ftruncate(fd, 1 << 30), 0);
	close(fd);
	assert_int_equal(spool_entry_read(spool.new, "u", &entry, &failure), FAILED);
}

/* ---- The folders --------------------------------------------------------- */

static void folders_are_made_for_the_group(void **state)
{
	static const char *const names[] = { "tmp", "new", "work" };
	struct stat st;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(fstatat(spool.top, names[i], &st, 0), 0);
		assert_int_equal(st.st_mode & 07777, 02770);
	}
	struct spool none;
	assert_int_equal(spool_open(&none, "/nowhere/at/all", &failure), FAILED);
}

static void one_at_a_time_serves(void **state)
{
	struct spool other;

	(void)state;
	assert_int_equal(spool_lock(&spool, &failure), 0);
	assert_int_equal(spool_open(&other, place, &failure), 0);
	assert_int_equal(spool_lock(&other, &failure), FAILED);
	assert_non_null(strstr(failure.error, "Another docproc serves"));
	spool_close(&spool);
	assert_int_equal(spool_lock(&other, &failure), 0);
	spool_close(&other);
}

static struct spool_entry wait_one(const char *id, const char *text)
{
	struct spool_entry entry = { .size = (int64_t)strlen(text), .created_at = 1 };
	char json[80];

	snprintf(entry.id, sizeof entry.id, "%s", id);
	snprintf(json, sizeof json, "%s.json", id);
	put(spool.new, json, "{}");
	put(spool.new, id, text);
	return entry;
}

static void taking_up_moves_both_and_opens_the_document(void **state)
{
	struct spool_entry entry = wait_one("d", "hello");
	char text[8] = "";

	(void)state;
	int fd = spool_take(&spool, &entry, &failure);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, text, sizeof text), 5);
	assert_string_equal(text, "hello");
	close(fd);
	assert_int_equal(n_names(spool.new), 0);
	assert_true(is_there(spool.work, "d") && is_there(spool.work, "d.json"));
	assert_int_equal(spool_take(&spool, &entry, &failure), -ENOENT);
	spool_remove(spool.work, "d");
	assert_int_equal(n_names(spool.work), 0);
}

static void what_changed_meanwhile_is_not_opened(void **state)
{
	struct spool_entry entry = wait_one("d", "hello");

	(void)state;
	put(spool.new, "d", "hello, longer");
	assert_int_equal(spool_take(&spool, &entry, &failure), FAILED);
	assert_string_equal(failure.error, "The document is incomplete");
	spool_remove(spool.work, "d");
	entry = wait_one("e", "x");
	assert_int_equal(unlinkat(spool.new, "e", 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", spool.new, "e"), 0);
	assert_int_equal(spool_take(&spool, &entry, &failure), FAILED);
}

static void half_moved_is_moved_back(void **state)
{
	(void)state;
	/* The ticket was on its way. */
	(void)wait_one("a", "x");
	assert_int_equal(renameat(spool.new, "a.json", spool.work, "a.json"), 0);
	/* The document has been removed already. */
	put(spool.work, "b.json", "{}");
	/* Both were taken up. */
	put(spool.work, "c", "x");
	put(spool.work, "c.json", "{}");
	/* Handed in again while the ticket of the first was left. */
	(void)wait_one("d", "x");
	put(spool.work, "d.json", "{\"old\":1}");
	spool_mend(&spool);
	assert_true(is_there(spool.new, "a") && is_there(spool.new, "a.json"));
	assert_true(is_there(spool.new, "d") && is_there(spool.new, "d.json"));
	assert_true(is_there(spool.work, "c") && is_there(spool.work, "c.json"));
	assert_int_equal(n_names(spool.work), 2);
}

static void anything_can_be_discarded(void **state)
{
	(void)state;
	put(spool.new, "file", "x");
	assert_int_equal(mkfifoat(spool.new, "pipe", 0600), 0);
	assert_int_equal(symlinkat("/etc", spool.new, "link"), 0);
	assert_int_equal(mkdirat(spool.new, "empty", 0700), 0);
	assert_int_equal(mkdirat(spool.new, "full", 0700), 0);
	int fd = openat(spool.new, "full", O_RDONLY | O_DIRECTORY);
	put(fd, "inside", "x");
	close(fd);
	static const char *const names[] = { "file", "pipe", "link", "empty", "full" };
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(spool_discard(&spool, spool.new, names[i]), 0);
	assert_int_equal(n_names(spool.new), 0);
	assert_int_equal(spool_discard(&spool, spool.new, "file"), -ENOENT);
	int refused = openat(spool.top, "refused", O_RDONLY | O_DIRECTORY);
	assert_int_equal(n_names(refused), 1);
	close(refused);
}

static void note_dropped(void *user, const char *id)
{
	snprintf((char *)user + strlen(user), 8, "%s", id);
}

static void what_nobody_finishes_is_swept(void **state)
{
	char swept[64] = "";

	(void)state;
	put(spool.tmp, "a", "x");
	put(spool.new, "b.json", "{}");
	(void)wait_one("c", "x");
	spool_sweep(&spool, 3600, note_dropped, swept);
	assert_string_equal(swept, "");
	assert_int_equal(n_names(spool.tmp), 1);
	spool_sweep(&spool, 0, note_dropped, swept);
	assert_string_equal(swept, "ab");
	assert_int_equal(n_names(spool.tmp), 0);
	assert_int_equal(n_names(spool.new), 2);
}

/* ---- Handing in ---------------------------------------------------------- */

/* A text that alice hands in as the task h, at a daemon of its own. */
struct submission {
	struct private_daemon daemon;
	struct trackd *trackd;
	struct spool_entry entry;
	int fd, error;
};

static void submission_begin(struct submission *submission)
{
	*submission = (struct submission){ .entry = { "h", "alice", "h.txt", -1, 1700000000 } };
	private_daemon_start(&submission->daemon, NULL);
	submission->trackd = private_daemon_open(&submission->daemon, TRACKD_OPEN_WRITE);
	put(spool.top, "source", "the text");
	submission->fd = openat(spool.top, "source", O_RDONLY);
}

static void submission_end(struct submission *submission)
{
	close(submission->fd);
	trackd_close(submission->trackd);
	private_daemon_remove(&submission->daemon);
}

static int submit(struct submission *submission)
{
	return spool_submit_file(&spool, submission->trackd, submission->fd, &submission->entry,
				 &submission->error, &failure);
}

static struct trackd_task task_of(const struct submission *submission)
{
	struct trackd_ref ref;
	struct trackd_task task = TRACKD_TASK_INIT;

	assert_int_equal(trackd_lookup(submission->trackd, "h", &ref), 0);
	assert_int_equal(trackd_copy(submission->trackd, ref, &task), 0);
	return task;
}

static void handing_in_leaves_two_files_and_a_task(void **state)
{
	struct submission submission;
	struct spool_entry seen;
	struct trackd_task task;

	(void)state;
	submission_begin(&submission);
	assert_int_equal(submit(&submission), 0);
	assert_int_equal(n_names(spool.tmp), 0);
	assert_int_equal(n_names(spool.new), 2);
	assert_int_equal(spool_entry_read(spool.new, "h", &seen, &failure), 0);
	assert_int_equal(seen.size, 8);
	task = task_of(&submission);
	assert_int_equal(task.state, TRACKD_PENDING);
	assert_string_equal(task.message, "Queued for processing");
	assert_string_equal(task.owner, "alice");
	/* Once more, while it waits. */
	assert_int_equal(submit(&submission), FAILED);
	assert_int_equal(submission.error, TRACKD_E_EXISTS);
	assert_int_equal(n_names(spool.tmp), 0);
	assert_int_equal(n_names(spool.new), 2);
	submission_end(&submission);
}

static void a_failed_hand_in_fails_its_task_and_leaves_nothing(void **state)
{
	struct submission submission;

	(void)state;
	submission_begin(&submission);
	/* A folder in the way of the document: it cannot be moved, after the task was made. */
	assert_int_equal(mkdirat(spool.new, "h", 0700), 0);
	assert_int_equal(submit(&submission), FAILED);
	assert_int_equal(n_names(spool.tmp), 0);
	assert_int_equal(n_names(spool.new), 1);
	assert_int_equal(task_of(&submission).state, TRACKD_FAILED);
	submission_end(&submission);
}

/* ---- What waits ---------------------------------------------------------- */

static void the_oldest_comes_first(void **state)
{
	static const struct {
		const char *id;
		int64_t created_at, written_ns;
	} cases[] = { { "c", 5, 30 }, { "a", 5, 10 }, { "e", 9, 1 },
		      { "b", 5, 20 }, { "0", 1, 99 }, { "b2", 5, 20 } };
	struct queue queue = { 0 };
	char order[32] = "";
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct spool_entry entry = { .created_at = cases[i].created_at };

		snprintf(entry.id, sizeof entry.id, "%s", cases[i].id);
		struct waiting *waiting = queue_add(&queue, &entry, cases[i].written_ns);
		assert_non_null(waiting);
		waiting->on_board = true;
		waiting->ref = (struct trackd_ref){ (uint32_t)i, 7 };
	}
	for (size_t i = 0; i < queue.n; i++)
		n += (size_t)snprintf(order + n, sizeof order - n, "%s", queue.items[i]->entry.id);
	assert_string_equal(order, "0abb2ce");
	assert_string_equal(queue_find(&queue, "b")->entry.id, "b");
	assert_string_equal(queue_find_ref(&queue, (struct trackd_ref){ 2, 7 })->entry.id, "e");
	assert_null(queue_find_ref(&queue, (struct trackd_ref){ 2, 8 }));
	queue_drop(&queue, queue_find(&queue, "b"));
	assert_null(queue_find(&queue, "b"));
	assert_int_equal(queue.n, 5);
	queue_free(&queue);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

static const struct CMUnitTest tests[] = {
	TEST(ids_are_names_of_files_and_of_tasks),
	TEST(new_ids_are_random_uuids),
	TEST(tickets_come_back_as_they_were_written),
	TEST(what_a_ticket_leaves_out_has_a_default),
	TEST(a_long_name_is_cut_at_a_character),
	TEST(garbage_is_no_ticket),
	TEST(a_ticket_that_is_no_file_is_refused_at_once),
	TEST(folders_are_made_for_the_group),
	TEST(one_at_a_time_serves),
	TEST(taking_up_moves_both_and_opens_the_document),
	TEST(what_changed_meanwhile_is_not_opened),
	TEST(half_moved_is_moved_back),
	TEST(anything_can_be_discarded),
	TEST(what_nobody_finishes_is_swept),
	TEST(handing_in_leaves_two_files_and_a_task),
	TEST(a_failed_hand_in_fails_its_task_and_leaves_nothing),
	TEST(the_oldest_comes_first),
};

SUITE(tests)
