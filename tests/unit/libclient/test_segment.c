/* SPDX-License-Identifier: MIT */
/* The segment as a file: made whole or not at all, named, and refused to strangers. */
#include "libclient/segment/segment.h"
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

enum { CAPACITY = 64 };

static struct board board;
static char name[64];

static int make_board(void **state)
{
	(void)state;
	harness_board(&board, CAPACITY);
	harness_board_name(name);
	return 0;
}

static int free_board(void **state)
{
	(void)state;
	harness_board_free(&board);
	harness_unlink(name);
	return 0;
}

static struct segment_params params_of(uint32_t capacity)
{
	return (struct segment_params){ capacity, 0600, (gid_t)-1, 1000, 2000, 0 };
}

/* ---- Geometry ------------------------------------------------------------ */

static size_t pages(size_t bytes)
{
	return (bytes + 4095) / 4096 * 4096;
}

/* The sum of the sections in docs/FORMAT.md. */
static size_t plain_size(size_t capacity)
{
	size_t n = capacity + 64;

	return pages(896) + pages(64 + (size_t)64 * 576) + 2 * pages((size_t)4096 * 64) +
	       3 * pages((size_t)256 * 64) + pages((n + 63) / 64 * 8) + 2 * pages(4 * n) +
	       pages(64 * n) + pages((size_t)65536 * 64) + pages(640 * n) + pages(1664 * n) +
	       pages(128 * n);
}

static void sizes_follow_from_the_capacity(void **state)
{
	static const struct {
		uint32_t capacity;
		size_t size;
	} known[] = {
		{ 16, 5033984 }, { 17, 5033984 }, { 16384, 46010368 }, { 1048576, 2630750208 }
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		assert_int_equal(segment_size(known[i].capacity), known[i].size);
		assert_int_equal(plain_size(known[i].capacity), known[i].size);
	}
	for (uint32_t n = TRACKD_CAPACITY_MIN; n < 5000; n += 7)
		assert_int_equal(segment_size(n), plain_size(n));
	assert_int_equal(segment_size(TRACKD_CAPACITY_MAX), plain_size(TRACKD_CAPACITY_MAX));
}

static void boards_of_odd_capacities_are_whole(void **state)
{
	static const uint32_t capacities[] = { 16, 17, 63, 65, 16384 };
	struct stat st;
	struct board odd, reader;

	(void)state;
	for (size_t i = 0; i < sizeof capacities / sizeof capacities[0]; i++) {
		harness_board(&odd, capacities[i]);
		assert_int_equal(fstat(odd.fd, &st), 0);
		assert_int_equal(st.st_size, segment_size(capacities[i]));
		assert_true((size_t)st.st_blocks * 512 >= (size_t)st.st_size); /* reserved */
		harness_board_reader(&reader, &odd);
		assert_int_equal(reader.tasks_max, capacities[i]);
		assert_int_equal(reader.capacity, capacities[i] + LAYOUT_SPARE);
		assert_int_equal(reader.header->capacity, capacities[i]);
		assert_int_equal(reader.header->spare, LAYOUT_SPARE);
		assert_true((char *)(reader.details + reader.capacity) <=
			    (char *)reader.base + reader.size);
		harness_board_free(&reader);
		harness_board_free(&odd);
	}
}

static void capacities_beyond_the_limits_are_refused(void **state)
{
	static const uint32_t bad[] = { 0, 1, 15, TRACKD_CAPACITY_MAX + 1, UINT32_MAX };
	struct harness_usage before = harness_usage();
	struct board untouched = { .fd = 4711 };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct segment_params params = params_of(bad[i]);
		assert_int_equal(segment_create(&untouched, &params), -EINVAL);
	}
	assert_int_equal(untouched.fd, 4711);
	assert_int_equal(harness_leaks(&before), 0);
}

/* ---- Creating ------------------------------------------------------------ */

static void a_new_board_says_where_it_was_made(void **state)
{
	const struct layout_header *header = board.header;
	uint64_t pid_ns, time_ns;
	uint8_t boot_id[16];
	struct board other;
	struct stat st;

	(void)state;
	assert_int_equal(segment_namespaces(&pid_ns, &time_ns), 0);
	assert_int_equal(segment_boot_id(boot_id), 0);
	assert_int_equal(header->pid_ns, pid_ns);
	assert_int_equal(header->time_ns, time_ns);
	assert_memory_equal(header->boot_id, boot_id, 16);
	assert_int_equal(header->owner_uid, geteuid());
	assert_int_equal(header->size, board.size);
	assert_int_equal(stat("/proc/self/ns/pid", &st), 0);
	assert_int_equal(pid_ns, st.st_ino);
	harness_board(&other, CAPACITY);
	assert_memory_not_equal(header->board_id, other.header->board_id, 16);
	assert_int_not_equal(header->hash_seed, other.header->hash_seed);
	harness_board_free(&other);
}

static void every_slot_is_free_and_the_generations_are_random(void **state)
{
	struct board other;
	int same = 0;

	(void)state;
	harness_board(&other, CAPACITY);
	for (int i = 0; i < CAPACITY; i++) {
		assert_int_equal(stamp_state(board.heads[i].stamp), SLOT_FREE);
		same += stamp_generation(board.heads[i].stamp) ==
			stamp_generation(other.heads[i].stamp);
	}
	assert_true(same < 3); /* 64 pairs of 32 random bits */
	harness_board_free(&other);
}

static void mode_and_group_are_as_asked(void **state)
{
	struct segment_params params = {
		CAPACITY, 0664, geteuid() == 0 ? 4711 : getegid(), 0, 0, 0
	};
	struct board other;
	struct stat st;
	mode_t mask = umask(0077); /* has no effect */

	(void)state;
	harness_board_params(&other, &params);
	umask(mask);
	assert_int_equal(fstat(other.fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0664);
	assert_int_equal(st.st_gid, params.gid);
	assert_int_equal(st.st_nlink, 0); /* it has no name yet */
	harness_board_free(&other);
}

/* In a private mount namespace: 0, or 77 if it cannot be created. */
static int create_on_a_full_tmpfs(void)
{
	struct segment_params params = params_of(CAPACITY);
	struct board full = { .fd = -1 };
	struct statfs fs;

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/dev/shm", "tmpfs", 0, "size=1m") < 0)
		return 77;
	struct harness_usage before = harness_usage();
	if (segment_create(&full, &params) != -ENOSPC || full.fd != -1)
		return 1;
	if (harness_leaks(&before) != 0 || statfs("/dev/shm", &fs) < 0)
		return 2;
	return fs.f_bfree == fs.f_blocks ? 0 : 3; /* nothing is left behind */
}

static void a_full_tmpfs_is_an_error_at_once(void **state)
{
	(void)state;
	pid_t pid = harness_fork();
	if (pid == 0)
		_exit(create_on_a_full_tmpfs());
	int status = harness_reap(pid);
	if (status == 77)
		HARNESS_SKIP("a tmpfs cannot be mounted here");
	assert_int_equal(status, 0);
}

/* ---- Naming -------------------------------------------------------------- */

/* Files in /dev/shm whose names begin with the board's and a colon. */
static int files_beside(void)
{
	const struct dirent *entry;
	DIR *dir = opendir("/dev/shm");
	char prefix[80];
	int n = 0;

	if (!dir)
		harness_die("/dev/shm: %s", strerror(errno));
	snprintf(prefix, sizeof prefix, "%s:", name + 1);
	while ((entry = readdir(dir)) != NULL)
		n += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
	closedir(dir);
	return n;
}

static void a_board_is_linked_once_and_replaced_when_asked(void **state)
{
	struct board other;
	struct stat st;

	(void)state;
	assert_int_equal(segment_open(name, false, geteuid()), -ENOENT);
	assert_int_equal(segment_link(&board, name), 0);
	assert_int_equal(fstat(board.fd, &st), 0);
	assert_int_equal(st.st_nlink, 1);
	harness_board(&other, CAPACITY);
	assert_int_equal(segment_link(&other, name), -EEXIST);
	assert_int_equal(segment_replace(&other, name), 0);
	assert_int_equal(fstat(board.fd, &st), 0);
	assert_int_equal(st.st_nlink, 0);
	assert_int_equal(files_beside(), 0);
	int fd = segment_open(name, false, geteuid());
	assert_true(fd >= 0);
	close(fd);
	harness_board_free(&other);
}

static void names_that_are_none_are_refused(void **state)
{
	char longest[160] = "/";
	const char *bad[] = { "",         "tt",     "/",          "/.tt", "/tt/tt",
			      "/tt:lock", "/tt tt", "/t\xc3\xa4", longest };

	(void)state;
	memset(longest + 1, 'x', sizeof longest - 2);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(segment_link(&board, bad[i]), -EINVAL);
		assert_int_equal(segment_replace(&board, bad[i]), -EINVAL);
		assert_int_equal(segment_open(bad[i], false, geteuid()), -EINVAL);
	}
}

static void expect_not_ours(uid_t uid)
{
	struct harness_usage before = harness_usage();

	assert_int_equal(segment_open(name, false, uid), TRACKD_E_NOT_OURS);
	assert_int_equal(harness_leaks(&before), 0);
}

static void files_that_are_not_the_daemons_are_refused(void **state)
{
	char path[128], second[140];

	(void)state;
	snprintf(path, sizeof path, "/dev/shm%s", name);
	snprintf(second, sizeof second, "%s-2", path);
	assert_int_equal(segment_link(&board, name), 0);
	expect_not_ours(geteuid() + 1);
	assert_int_equal(link(path, second), 0); /* two links */
	expect_not_ours(geteuid());
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(second, path), 0);
	expect_not_ours(geteuid());
	assert_int_equal(unlink(second), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0); /* and does not hang */
	expect_not_ours(geteuid());
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	expect_not_ours(geteuid());
	assert_int_equal(rmdir(path), 0);
}

static void modes_are_enforced_for_others(void **state)
{
	(void)state;
	if (geteuid() != 0)
		HARNESS_SKIP("only root becomes another user");
	assert_int_equal(segment_link(&board, name), 0);
	assert_int_equal(fchmod(board.fd, 0604), 0);
	pid_t pid = harness_fork();
	if (pid == 0) {
		if (setgroups(0, NULL) < 0 || setresgid(64321, 64321, 64321) < 0 ||
		    setresuid(64321, 64321, 64321) < 0)
			_exit(2);
		_exit(segment_open(name, true, 0) == -EACCES && segment_open(name, false, 0) >= 0
			      ? 0
			      : 1);
	}
	assert_int_equal(harness_reap(pid), 0);
}

#define OWN_BOARD(test) cmocka_unit_test_setup_teardown(test, make_board, free_board)

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(sizes_follow_from_the_capacity),
	cmocka_unit_test(boards_of_odd_capacities_are_whole),
	cmocka_unit_test(capacities_beyond_the_limits_are_refused),
	OWN_BOARD(a_new_board_says_where_it_was_made),
	OWN_BOARD(every_slot_is_free_and_the_generations_are_random),
	cmocka_unit_test(mode_and_group_are_as_asked),
	cmocka_unit_test(a_full_tmpfs_is_an_error_at_once),
	OWN_BOARD(a_board_is_linked_once_and_replaced_when_asked),
	OWN_BOARD(names_that_are_none_are_refused),
	OWN_BOARD(files_that_are_not_the_daemons_are_refused),
	OWN_BOARD(modes_are_enforced_for_others),
};

SUITE(tests)
