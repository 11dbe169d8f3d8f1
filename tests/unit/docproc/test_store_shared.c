/* SPDX-License-Identifier: MIT */
/* The document store shared by several processes, and cancelling a process that waits for it. */
#include "tests/harness/private_daemon.h"
#include "tests/unit/docproc/lighthouse.h"
#include "tools/docproc/document/report.h"
#include <unistd.h>

/* ---- Several at once ---------------------------------------------------- */

enum { WRITERS = 4, EACH = 12 };

static int write_many(const struct library *library, int writer)
{
	struct library own = *library;

	own.store = library_connect(&own, STORE_WRITE);
	if (store_provider(own.store, LIBRARY_PROVIDER, LIBRARY_DIMENSION, &own.failure) != 0)
		harness_die("%s", own.failure.error);
	for (int i = 0; i < EACH; i++) {
		char id[32];

		snprintf(id, sizeof id, "w%d-%d", writer, i);
		add_new(&own, id);
	}
	store_close(own.store);
	return 0;
}

static void several_processes_write_at_once(void **state)
{
	struct library library;
	pid_t pids[WRITERS];

	(void)state;
	library_place(&library);
	for (int i = 0; i < WRITERS; i++) { /* all of them find no store */
		pids[i] = harness_fork();
		if (pids[i] == 0)
			_exit(write_many(&library, i));
	}
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(harness_reap(pids[i]), 0);
	library.store = library_connect(&library, STORE_WRITE);
	assert_int_equal(
		library_number(library.store, "SELECT count(*) FROM documents WHERE finished_at"),
		WRITERS * EACH);
	assert_sound(library.store);
	library_close(&library);
}

/* The other process makes the tables between two looks of ours at what the file is. */
static struct {
	const struct library *library; /* NULL: not now */
	int met;
} concurrent_opener;

static int make_tables(const struct library *library)
{
	struct failure failure;
	struct store *store;

	concurrent_opener.library = NULL;
	if (store_open(library->path, STORE_WRITE, &store, &failure) != 0)
		return 1;
	store_close(store);
	return 0;
}

static int on_statement(unsigned what, void *data, void *statement, void *sql)
{
	(void)what;
	(void)data;
	(void)statement;
	if (!concurrent_opener.library || strcmp(sql, "PRAGMA user_version") != 0)
		return 0;
	pid_t pid = harness_fork();
	if (pid == 0)
		_exit(make_tables(concurrent_opener.library));
	concurrent_opener.library = NULL;
	concurrent_opener.met += harness_reap(pid) == 0;
	return 0;
}

static int on_connection(sqlite3 *db, const char **ret_error,
			 const struct sqlite3_api_routines *unused)
{
	(void)ret_error;
	(void)unused;
	return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, on_statement, NULL);
}

static void tables_that_are_made_meanwhile_are_seen_as_a_whole(void **state)
{
	struct library library;
	sqlite3 *db;

	(void)state;
	library_place(&library);
	/* As the other leaves it just before: only then does nobody wait for anybody. */
	assert_int_equal(sqlite3_open(library.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(sqlite3_auto_extension((void (*)(void))on_connection), SQLITE_OK);
	concurrent_opener.library = &library;
	library.store = library_connect(&library, STORE_WRITE);
	sqlite3_reset_auto_extension();
	assert_int_equal(concurrent_opener.met, 1);
	assert_sound(library.store);
	library_close(&library);
}

static void waiting_for_another_writer_ends(void **state)
{
	struct library *library = *state;
	struct store *other;
	struct failure failure;
	uint64_t before, after;

	other = library_connect(library, STORE_WRITE);
	assert_int_equal(sqlite3_exec(store_handle(other), "BEGIN IMMEDIATE", NULL, NULL, NULL),
			 SQLITE_OK);
	before = harness_deadline(0);
	assert_int_equal(store_abandon(library->store, NULL, &failure), FAILED);
	after = harness_deadline(0);
	assert_string_equal(failure.error, "The document store was busy for 5 seconds");
	assert_true(failure.advice[0] != '\0');
	assert_in_range(after - before, UINT64_C(4500000000), UINT64_C(60000000000));
	assert_int_equal(sqlite3_exec(store_handle(other), "ROLLBACK", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(store_abandon(library->store, NULL, &failure), 0);
	store_close(other);
}

/* ---- Cancelling --------------------------------------------------------- */

struct cancelling {
	struct private_daemon daemon;
	struct report report;
	int countdown; /* calls of ask_to_cancel() until it asks */
};

static int ask_to_cancel(void *data)
{
	struct cancelling *cancelling = data;

	if (cancelling->countdown-- == 0)
		HARNESS_MUST(trackd_cancel(cancelling->report.trackd, cancelling->report.ref));
	return 0;
}

static void begin_cancelling(struct cancelling *cancelling)
{
	struct trackd_new task = TRACKD_NEW_INIT;

	task.id = "one";
	memset(cancelling, 0, sizeof *cancelling);
	private_daemon_start(&cancelling->daemon, NULL);
	cancelling->report.trackd = private_daemon_open(&cancelling->daemon, TRACKD_OPEN_WRITE);
	HARNESS_MUST(trackd_create(cancelling->report.trackd, &task, &cancelling->report.ref));
	HARNESS_MUST(trackd_update(cancelling->report.trackd, cancelling->report.ref,
				   TRACKD_INDEXING, "Storing in database"));
}

static void end_cancelling(struct cancelling *cancelling)
{
	trackd_close(cancelling->report.trackd);
	private_daemon_remove(&cancelling->daemon);
}

static void cancelling_leaves_nothing_of_the_attempt(void **state)
{
	struct library *library = *state;
	struct cancelling cancelling;

	add_old(library, "one");
	begin_cancelling(&cancelling);
	cancelling.countdown = 3;
	sqlite3_progress_handler(store_handle(library->store), 40, ask_to_cancel, &cancelling);
	assert_int_equal(
		library_put_reported(library, "one", "alice", N_NEW, NEW, &cancelling.report),
		CANCELLED);
	sqlite3_progress_handler(store_handle(library->store), 0, NULL, NULL);
	assert_true(cancelling.countdown < 0);
	assert_int_equal(library_number(library->store, "SELECT count(*) FROM documents"), 1);
	assert_int_equal(chunks_of(library, "one"), N_OLD);
	assert_sound(library->store);
	end_cancelling(&cancelling);
}

static void cancelling_ends_the_wait_for_another_writer(void **state)
{
	struct library *library = *state;
	struct cancelling cancelling;
	struct store *other;
	uint64_t before;

	begin_cancelling(&cancelling);
	HARNESS_MUST(trackd_cancel(cancelling.report.trackd, cancelling.report.ref));
	other = library_connect(library, STORE_WRITE);
	assert_int_equal(sqlite3_exec(store_handle(other), "BEGIN IMMEDIATE", NULL, NULL, NULL),
			 SQLITE_OK);
	before = harness_deadline(0);
	assert_int_equal(
		library_put_reported(library, "one", "alice", N_NEW, NEW, &cancelling.report),
		CANCELLED);
	/* Less than waiting to the end would have taken, on a busy machine too. */
	assert_true(harness_deadline(0) - before < UINT64_C(4500000000));
	store_close(other);
	/* It is as good as new. */
	assert_int_equal(put_new(library, "one"), 0);
	end_cancelling(&cancelling);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(several_processes_write_at_once),
	cmocka_unit_test(tables_that_are_made_meanwhile_are_seen_as_a_whole),
	LIBRARY_TEST(waiting_for_another_writer_ends),
	LIBRARY_TEST(cancelling_leaves_nothing_of_the_attempt),
	LIBRARY_TEST(cancelling_ends_the_wait_for_another_writer),
};

SUITE(tests)
