/* SPDX-License-Identifier: MIT */
/* The document store as a file: who may read it, and the errors for files that are not stores. */
#include "tests/unit/docproc/lighthouse.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GROUP = 64321, READER = 64322, STRANGER = 64323 };

/* ---- What is no store --------------------------------------------------- */

struct refusal {
	enum store_mode mode;
	const char *error;  /* what it begins with */
	const char *advice; /* what is in it */
};

static void assert_refused(const struct library *library, const struct refusal *refusal)
{
	struct failure failure = { "", "" };
	struct store *store = NULL;

	assert_int_equal(store_open(library->path, refusal->mode, &store, &failure), FAILED);
	assert_null(store);
	if (strncmp(failure.error, refusal->error, strlen(refusal->error)) != 0)
		fail_msg("said \"%s\", not \"%s\"", failure.error, refusal->error);
	if (!strstr(failure.advice, refusal->advice))
		fail_msg("advised \"%s\", not \"%s\"", failure.advice, refusal->advice);
	/* The error is for the document's owner, so it must not contain paths. */
	assert_null(strchr(failure.error, '/'));
}

static void assert_refused_both_ways(const struct library *library, const char *error,
				     const char *advice)
{
	assert_refused(library, &(struct refusal){ STORE_READ, error, advice });
	assert_refused(library, &(struct refusal){ STORE_WRITE, error, advice });
}

static void write_file(const struct library *library, const char *bytes, size_t n)
{
	FILE *file = fopen(library->path, "w");

	if (!file || fwrite(bytes, 1, n, file) != n || fclose(file) != 0)
		harness_die("%s: %s", library->path, strerror(errno));
}

static size_t read_file(const char *path, char *to, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t n;

	if (!file)
		harness_die("%s: %s", path, strerror(errno));
	n = fread(to, 1, size, file);
	fclose(file);
	return n;
}

static void what_is_not_there_is_not_read(void **state)
{
	struct library library;

	(void)state;
	library_place(&library);
	assert_refused(&library, &(struct refusal){ STORE_READ, "There is no document store yet",
						    "process a document first" });
	assert_int_equal(access(library.path, F_OK), -1);
	/* Somebody is about to make it, or died when about to. */
	write_file(&library, "", 0);
	assert_refused(&library, &(struct refusal){ STORE_READ, "There is no document store yet",
						    "process a document first" });
	library.store = library_connect(&library, STORE_WRITE);
	library_close(&library);
	unlink(library.path);
	snprintf(library.path, sizeof library.path, "%s/nowhere/documents.db", library.folder);
	assert_refused(&library,
		       &(struct refusal){ STORE_WRITE, "The document store's folder does not exist",
					  "create the folder" });
}

static void a_file_of_another_program_is_left_as_it_is(void **state)
{
	static const char text[] = "This is a letter to my aunt, and by no means a database.\n";
	struct library library;
	char before[16384], after[16384];
	size_t n;
	sqlite3 *db;

	(void)state;
	library_place(&library);
	write_file(&library, text, sizeof text - 1);
	assert_refused_both_ways(&library, "The document store's file belongs to another program",
				 "--store");
	assert_int_equal(read_file(library.path, after, sizeof after), sizeof text - 1);
	assert_memory_equal(after, text, sizeof text - 1);

	library_place(&library);
	assert_int_equal(sqlite3_open(library.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE recipes (name)", NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	n = read_file(library.path, before, sizeof before);
	assert_refused_both_ways(&library, "The document store's file belongs to another program",
				 "--store");
	assert_int_equal(read_file(library.path, after, sizeof after), n);
	assert_memory_equal(after, before, n);
}

static void a_newer_store_is_left_as_it_is(void **state)
{
	struct library library;

	(void)state;
	library_open(&library);
	add_old(&library, "one");
	assert_int_equal(sqlite3_exec(store_handle(library.store), "PRAGMA user_version = 99", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	library_close(&library);
	assert_refused_both_ways(&library,
				 "The document store was made by a newer version of docproc",
				 "has version 99");
}

static void what_is_no_file_is_refused(void **state)
{
	struct library library;

	(void)state;
	library_place(&library);
	assert_int_equal(mkdir(library.path, 0700), 0);
	assert_refused_both_ways(&library, "The document store is a folder, not a file", "--store");
	assert_int_equal(rmdir(library.path), 0);
	assert_int_equal(mkfifo(library.path, 0600), 0);
	assert_refused_both_ways(&library, "The document store's file belongs to another program",
				 "--store");
}

/* A name that SQLite would take for something else. */
static void every_name_is_a_files(void **state)
{
	static const char *const names[] = { ":memory:", "file:store?mode=memory", "%73tore" };
	struct library library;
	char here[256];

	(void)state;
	library_place(&library);
	assert_non_null(getcwd(here, sizeof here));
	assert_int_equal(chdir(library.folder), 0);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(library.path, sizeof library.path, "%s", names[i]);
		library.store = library_connect(&library, STORE_WRITE);
		HARNESS_MUST(store_provider(library.store, LIBRARY_PROVIDER, LIBRARY_DIMENSION,
					    &library.failure));
		add_old(&library, "one");
		library_close(&library);
		library.store = library_connect(&library, STORE_READ);
		assert_int_equal(library_number(library.store, "SELECT count(*) FROM documents"),
				 1);
		library_close(&library);
		assert_int_equal(access(names[i], F_OK), 0);
	}
	assert_int_equal(chdir(here), 0);
}

/* ---- Damage ------------------------------------------------------------- */

static void scribble(const struct library *library, off_t from, off_t to)
{
	int fd = open(library->path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	for (off_t at = from; at < to; at += 8)
		assert_int_equal(pwrite(fd, "scribble", 8, at), 8);
	close(fd);
}

static void damage_is_said(void **state)
{
	struct library library;
	struct store_document document = { 0 };
	struct stat file;

	(void)state;
	library_open(&library);
	add_old(&library, "one");
	library_close(&library); /* copies the log back */
	assert_int_equal(stat(library.path, &file), 0);
	assert_true(file.st_size > 8192);
	scribble(&library, 4096, file.st_size);
	library.store = library_connect(&library, STORE_READ);
	assert_int_equal(store_get(library.store, "one", NULL, &document, &library.failure),
			 FAILED);
	assert_string_equal(library.failure.error, "The document store is damaged");
	assert_non_null(strstr(library.failure.advice, "process the documents again"));
	library_close(&library);
	scribble(&library, 104, 4096);
	assert_refused_both_ways(&library, "The document store is damaged", "-wal");
}

/* ---- Who may read ------------------------------------------------------- */

static mode_t mode_of(const struct library *library, const char *suffix)
{
	char path[300];
	struct stat file;

	snprintf(path, sizeof path, "%s%s", library->path, suffix);
	return stat(path, &file) == 0 ? file.st_mode & 0777 : 0;
}

static void files_are_the_groups_to_read_whatever_the_umask(void **state)
{
	static const mode_t umasks[] = { 0, 022, 077 };
	struct library library;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		mode_t before = umask(umasks[i]);

		library_open(&library);
		add_old(&library, "one");
		library_close(&library);
		umask(before);
		assert_int_equal(mode_of(&library, ""), 0640);
		assert_int_equal(mode_of(&library, "-wal"), 0640);
		assert_int_equal(mode_of(&library, "-shm"), 0640);
	}
}

/* As another user: 0 read it, 1 said that it may not, 2 something else. */
static int read_as(const struct library *library, uid_t user, gid_t group)
{
	struct failure failure;
	struct store_document document = { 0 };
	struct store *store;

	if (setgroups(0, NULL) != 0 || setresgid(group, group, group) != 0 ||
	    setresuid(user, user, user) != 0)
		return 2;
	if (store_open(library->path, STORE_READ, &store, &failure) != 0)
		return strcmp(failure.error, "No permission to use the document store") == 0 ? 1
											     : 2;
	if (store_get(store, "one", "alice", &document, &failure) != 1)
		return 2;
	free(document.summary);
	store_close(store);
	return 0;
}

static int as(const struct library *library, uid_t user, gid_t group)
{
	pid_t pid = harness_fork();

	if (pid == 0)
		_exit(read_as(library, user, group));
	return harness_reap(pid);
}

static void others_of_the_group_read_while_nobody_writes(void **state)
{
	struct library library;
	struct stat folder;

	(void)state;
	if (geteuid() != 0)
		HARNESS_SKIP("only root becomes another user");
	library_open(&library);
	/* As tmpfiles.d makes it: setgid, for the group to enter and not to write. */
	assert_int_equal(stat(library.folder, &folder), 0);
	library_close(&library);
	unlink(library.path);
	assert_int_equal(chown(library.folder, 0, GROUP), 0);
	assert_int_equal(chmod(library.folder, 02750), 0);
	library_open(&library);
	add_old(&library, "one");
	assert_int_equal(as(&library, READER, GROUP), 0);
	library_close(&library);
	assert_int_equal(as(&library, READER, GROUP), 0);
	assert_int_equal(as(&library, READER, GROUP), 0);
	assert_int_equal(as(&library, STRANGER, STRANGER), 1);
	/* And writing continues as before. */
	library.store = library_connect(&library, STORE_WRITE);
	HARNESS_MUST(store_provider(library.store, LIBRARY_PROVIDER, LIBRARY_DIMENSION,
				    &library.failure));
	add_old(&library, "one");
	library_close(&library);
	assert_int_equal(as(&library, READER, GROUP), 0);
	assert_int_equal(chown(library.folder, folder.st_uid, folder.st_gid), 0);
	assert_int_equal(chmod(library.folder, folder.st_mode & 07777), 0);
}

static int open_as_stranger(const struct library *library)
{
	struct failure failure;
	struct store *store;

	if (setgroups(0, NULL) != 0 || setresgid(GROUP, GROUP, GROUP) != 0 ||
	    setresuid(READER, READER, READER) != 0)
		return 2;
	if (store_open(library->path, STORE_WRITE, &store, &failure) == 0)
		return 3;
	return strcmp(failure.error, "No permission to use the document store") == 0 ? 1 : 2;
}

static void who_may_only_read_is_told_so(void **state)
{
	struct library library;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		HARNESS_SKIP("only root becomes another user");
	library_open(&library);
	add_old(&library, "one");
	library_close(&library);
	assert_int_equal(chown(library.path, 0, GROUP), 0);
	assert_int_equal(chmod(library.folder, 0755), 0);
	pid = harness_fork();
	if (pid == 0)
		_exit(open_as_stranger(&library));
	assert_int_equal(harness_reap(pid), 1);
	assert_int_equal(chmod(library.folder, 0700), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_is_not_there_is_not_read),
	cmocka_unit_test(a_file_of_another_program_is_left_as_it_is),
	cmocka_unit_test(a_newer_store_is_left_as_it_is),
	cmocka_unit_test(what_is_no_file_is_refused),
	cmocka_unit_test(every_name_is_a_files),
	cmocka_unit_test(damage_is_said),
	cmocka_unit_test(files_are_the_groups_to_read_whatever_the_umask),
	cmocka_unit_test(others_of_the_group_read_while_nobody_writes),
	cmocka_unit_test(who_may_only_read_is_told_so),
};

SUITE(tests)
