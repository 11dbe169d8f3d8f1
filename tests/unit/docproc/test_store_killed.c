/* SPDX-License-Identifier: MIT */
/* A worker killed at any point leaves either the earlier document or the new one, complete, and
 * nothing else that could be found: killed after any number of steps of SQLite's virtual machine,
 * and at every write. */
#include "tests/unit/docproc/lighthouse.h"
#include <signal.h>
#include <unistd.h>

/* Either document is there whole; of anything else nothing is found, and nothing is left. */
static void assert_one_or_the_other(struct library *library)
{
	uint32_t n = chunks_of(library, "one");
	bool renewed = n == N_NEW;

	assert_true(renewed || n == N_OLD);
	assert_int_equal(found(library->store, "granite"), renewed ? 0 : 1);
	assert_int_equal(found(library->store, "steel"), renewed ? 1 : 0);
	assert_int_equal(store_abandon(library->store, NULL, &library->failure), 0);
	assert_int_equal(library_number(library->store, "SELECT count(*) FROM documents"), 1);
	assert_int_equal(library_number(library->store, "SELECT count(*) FROM chunk_rows"), n);
	assert_sound(library->store);
}

/* ---- A disk that kills --------------------------------------------------- */

/* Counts the system calls; the process dies before call number kill_at. */
static int n_calls, kill_at;

static void count_call(void)
{
	if (++n_calls == kill_at)
		raise(SIGKILL);
}

/* SQLite's own methods of a file, with ours in front of those that change it. */
struct counted {
	sqlite3_io_methods methods;
	const sqlite3_io_methods *own;
};

static const sqlite3_io_methods *own_methods(const sqlite3_file *file)
{
	return ((const struct counted *)(const void *)file->pMethods)->own;
}

static int counted_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
	count_call();
	return own_methods(file)->xWrite(file, bytes, n, at);
}

static int counted_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	count_call();
	return own_methods(file)->xTruncate(file, size);
}

static int counted_sync(sqlite3_file *file, int flags)
{
	count_call();
	return own_methods(file)->xSync(file, flags);
}

static int counted_control(sqlite3_file *file, int what, void *data)
{
	if (what == SQLITE_FCNTL_SIZE_HINT)
		count_call();
	return own_methods(file)->xFileControl(file, what, data);
}

static sqlite3_vfs counting;
static int (*own_open)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);

/* There are as many kinds of methods as there are kinds of locks. */
static const sqlite3_io_methods *counted_methods(const sqlite3_io_methods *own)
{
	static struct counted kinds[4];

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (kinds[i].own == own)
			return &kinds[i].methods;
		if (kinds[i].own)
			continue;
		kinds[i] = (struct counted){ *own, own };
		kinds[i].methods.xWrite = counted_write;
		kinds[i].methods.xTruncate = counted_truncate;
		kinds[i].methods.xSync = counted_sync;
		kinds[i].methods.xFileControl = counted_control;
		return &kinds[i].methods;
	}
	harness_die("more kinds of files than known");
}

static int counted_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
			int *ret_flags)
{
	int code = own_open(vfs, path, file, flags, ret_flags);

	if (file->pMethods)
		file->pMethods = counted_methods(file->pMethods);
	return code;
}

static void count_from_now(int at)
{
	counting = *sqlite3_vfs_find(NULL);
	own_open = counting.xOpen;
	counting.xOpen = counted_open;
	counting.zName = "counting";
	kill_at = at;
	if (sqlite3_vfs_register(&counting, 1) != SQLITE_OK)
		harness_die("SQLite does not take another file system");
}

/* ---- Workers ------------------------------------------------------------- */

static int die_now(void *data)
{
	(void)data;
	raise(SIGKILL);
	return 0;
}

static int work(struct library *library)
{
	if (store_provider(library->store, LIBRARY_PROVIDER, LIBRARY_DIMENSION,
			   &library->failure) != 0)
		return 1;
	add_new(library, "one");
	sqlite3_progress_handler(store_handle(library->store), 0, NULL, NULL);
	store_close(library->store);
	return 0;
}

/* Killed after so many instructions of SQLite's machine. */
static int worker_by_instructions(const struct library *library, int instructions)
{
	struct library own = *library;

	own.store = library_connect(&own, STORE_WRITE);
	sqlite3_progress_handler(store_handle(own.store), instructions, die_now, NULL);
	return work(&own);
}

/* Killed before so many writes, from opening to closing. */
static int worker_by_writes(const struct library *library, int writes)
{
	struct library own = *library;

	count_from_now(writes);
	own.store = library_connect(&own, STORE_WRITE);
	return work(&own);
}

/* Whether it was killed. */
static bool kill_once(int (*worker)(const struct library *library, int at), int at)
{
	struct library library;
	pid_t pid;
	int status;

	library_open(&library);
	add_old(&library, "one");
	store_close(library.store);
	pid = harness_fork();
	if (pid == 0)
		_exit(worker(&library, at));
	status = harness_reap(pid);
	assert_true(status == 0 || status == -SIGKILL);
	library.store = library_connect(&library, STORE_WRITE);
	assert_one_or_the_other(&library);
	library_close(&library);
	return status != 0;
}

static void killed_after_any_number_of_steps(void **state)
{
	int killed = 0;

	(void)state;
	for (int at = 3; kill_once(worker_by_instructions, at); at += 1 + at / 12)
		killed++;
	printf("# killed at %d places\n", killed);
	assert_true(killed > 20);
}

static void killed_at_every_write(void **state)
{
	int at = 1;

	(void)state;
	while (kill_once(worker_by_writes, at))
		at++;
	printf("# killed at %d writes\n", at - 1);
	assert_true(at > 40);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(killed_after_any_number_of_steps),
	cmocka_unit_test(killed_at_every_write),
};

SUITE(tests)
