/* SPDX-License-Identifier: MIT */
/* The document store on a disk that becomes full, at every point where that can happen. */
#include "tests/unit/docproc/lighthouse.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MANY = 400, FEW = 60, ROOM_MAX = 800 * 1024 };

/* Each word once, so that the index grows as well. */
static const char *const *many_texts(void)
{
	static char texts[MANY][600];
	static const char *pointers[MANY];

	for (int i = 0; i < MANY; i++) {
		size_t n = 0;

		for (int word = 0; word < 50; word++)
			n += (size_t)snprintf(texts[i] + n, sizeof texts[i] - n, "w%dx%d ", i,
					      word);
		pointers[i] = texts[i];
	}
	return pointers;
}

/* Fill the disk, but for so many bytes. */
static void fill_disk_but(const struct library *library, off_t room)
{
	static char zeros[4096];
	char path[300];
	int fd;

	snprintf(path, sizeof path, "%s/filler", library->folder);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	while (write(fd, zeros, sizeof zeros) > 0)
		;
	if (ftruncate(fd, lseek(fd, 0, SEEK_END) - room) != 0)
		harness_die("%s: %s", path, strerror(errno));
	close(fd);
}

static void fill_disk(const struct library *library)
{
	fill_disk_but(library, 0);
}

static void empty_disk(const struct library *library)
{
	char path[300];

	snprintf(path, sizeof path, "%s/filler", library->folder);
	unlink(path);
}

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			printf("# %s:%d: %s (%s)\n", __FILE__, __LINE__, #condition,               \
			       library.failure.error);                                             \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

/* What may spoil its process is done in a child: 0, or 1 after saying what was not so. */
struct body {
	int (*run)(void);
	bool mounts;
};

static void in_a_child(void **state)
{
	const struct body *body = *state;
	pid_t pid;

	if (body->mounts && geteuid() != 0)
		HARNESS_SKIP("only root mounts a small disk");
	fflush(stdout);
	pid = harness_fork();
	if (pid == 0) {
		int result = body->run();

		fflush(stdout);
		_exit(result);
	}
	assert_int_equal(harness_reap(pid), 0);
}

#define IN_A_CHILD(test, mounts)                                                                   \
	{                                                                                          \
#test, in_a_child, NULL, NULL, &((struct body){ test, mounts })                    \
	}

/* In a separate mount namespace: a disk of 2 MiB. */
static int a_full_disk_leaves_nothing_of_the_attempt(void)
{
	struct library library;

	library_on_small_disk(&library, "2m");
	library_open(&library);
	add_old(&library, "one");

	/* More than fits: nothing of it stays, and the store is as it was. */
	REQUIRE(library_put(&library, "big", "alice", MANY, many_texts()) == 0);
	REQUIRE(store_abandon(library.store, NULL, &library.failure) == 0);
	fill_disk(&library);
	REQUIRE(library_put(&library, "big", "alice", MANY, many_texts()) == FAILED);
	REQUIRE(strcmp(library.failure.error, "The document store is full") == 0);
	REQUIRE(strstr(library.failure.advice, "make room"));
	REQUIRE(library_number(library.store, "SELECT count(*) FROM documents") == 1);
	REQUIRE(library_number(library.store, "SELECT count(*) FROM chunks") == 2);
	REQUIRE(!library_fault(library.store));

	/* With free space again it works, also for another process. */
	empty_disk(&library);
	REQUIRE(put_old(&library, "two") == 0);
	fill_disk(&library);
	/* Full since: the attempt can be finished, and another removed. */
	REQUIRE(store_finish(library.store, "two", "In short.", &library.failure) == 0);
	empty_disk(&library);
	REQUIRE(library_put(&library, "big", "alice", MANY, many_texts()) == 0);
	fill_disk(&library);
	REQUIRE(store_abandon(library.store, "big", &library.failure) == 0);
	empty_disk(&library);
	library_close(&library);
	library.store = library_connect(&library, STORE_WRITE);
	REQUIRE(library_number(library.store,
			       "SELECT count(*) FROM documents WHERE finished_at IS NULL") == 0);
	REQUIRE(!library_fault(library.store));
	library_close(&library);
	return 0;
}

/* However little space is left: a written attempt can be finished or removed on a full disk. */
static int with_little_room(off_t room, bool finish)
{
	struct library library;

	library_open(&library);
	fill_disk_but(&library, room);
	if (library_put(&library, "one", "alice", FEW, many_texts()) == 0) {
		fill_disk(&library);
		if (finish)
			REQUIRE(store_finish(library.store, "one", "In short.", &library.failure) ==
				0);
		else
			REQUIRE(store_abandon(library.store, "one", &library.failure) == 0);
		empty_disk(&library);
		REQUIRE(library_number(library.store,
				       "SELECT count(*) FROM documents WHERE finished_at") ==
			finish);
	} else {
		REQUIRE(strcmp(library.failure.error, "The document store is full") == 0);
		empty_disk(&library);
	}
	REQUIRE(library_number(library.store,
			       "SELECT count(*) FROM documents WHERE finished_at IS NULL") == 0);
	REQUIRE(!library_fault(library.store));
	library_close(&library);
	return 0;
}

static int what_was_written_fits_whatever_the_room(void)
{
	struct library library;

	library_on_small_disk(&library, "2m");
	for (off_t room = 0; room <= ROOM_MAX; room += 8192)
		if (with_little_room(room, true) != 0 || with_little_room(room, false) != 0) {
			printf("# with room for %lld bytes\n", (long long)room);
			return 1;
		}
	return 0;
}

/* As the worker has one: a write beyond it fails instead of killing. */
static int a_limit_on_files_is_said(void)
{
	struct rlimit limit = { .rlim_cur = 200000, .rlim_max = 200000 };
	struct library library;

	library_open(&library);
	add_old(&library, "one");
	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || setrlimit(RLIMIT_FSIZE, &limit) != 0)
		harness_die("a limit: %s", strerror(errno));
	REQUIRE(library_put(&library, "big", "alice", MANY, many_texts()) == FAILED);
	REQUIRE(strcmp(library.failure.error, "The document store may not grow any further") == 0);
	REQUIRE(library_number(library.store, "SELECT count(*) FROM documents") == 1);
	REQUIRE(!library_fault(library.store));
	library_close(&library);
	return 0;
}

/* A disk on which not even an empty store has room. */
static int no_room_for_a_store_is_said(void)
{
	struct library library;
	struct store *store;

	library_on_small_disk(&library, "16k");
	REQUIRE(store_open(library.path, STORE_WRITE, &store, &library.failure) == FAILED);
	REQUIRE(strcmp(library.failure.error, "The document store is full") == 0);
	if (mount("small", library.folder, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=16k") != 0)
		harness_die("a read-only disk: %s", strerror(errno));
	library.failure.error[0] = '\0';
	REQUIRE(store_open(library.path, STORE_WRITE, &store, &library.failure) == FAILED);
	REQUIRE(strcmp(library.failure.error, "The document store can only be read") == 0);
	return 0;
}

static const struct CMUnitTest tests[] = {
	IN_A_CHILD(a_full_disk_leaves_nothing_of_the_attempt, true),
	IN_A_CHILD(what_was_written_fits_whatever_the_room, true),
	IN_A_CHILD(a_limit_on_files_is_said, false),
	IN_A_CHILD(no_room_for_a_store_is_said, true),
};

SUITE(tests)
