/* SPDX-License-Identifier: MIT */
/*
 * The snapshot: what is written comes back; of a damaged one whatever verifies comes back, and
 * nothing else; a full disk leaves the old one as it was.
 */
#include "daemon/board/restore.h"
#include "daemon/board/snapshot.h"
#include "libclient/record/kind.h"
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "libclient/record/worker.h"
#include "tests/harness/client.h"
#include "tests/harness/counting.h"
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { CAPACITY = 64, TASKS = 40 };

static const struct snapshot_place place = { ".", "/unit" };
static const char *const file_name = "unit.snapshot";
static struct board board, fresh;

static int make_boards(void **state)
{
	char id[32];

	(void)state;
	harness_board(&board, CAPACITY);
	harness_board(&fresh, CAPACITY);
	for (int i = 0; i < TASKS; i++) {
		snprintf(id, sizeof id, "task-%d", i);
		harness_create(&board, id, i % 2 ? "alice" : "bob");
	}
	return 0;
}

static const char *aside_name(int number)
{
	static char name[64];

	snprintf(name, sizeof name,
		 number == 1 ? "unit.snapshot.corrupt" : "unit.snapshot.corrupt.%d", number);
	return name;
}

static int free_boards(void **state)
{
	(void)state;
	harness_board_free(&board);
	harness_board_free(&fresh);
	(void)unlink(file_name);
	(void)unlink("unit.snapshot.new");
	(void)unlink("unit.snapshot.corrupt");
	for (int i = 2; i <= SNAPSHOT_ASIDE_MAX; i++)
		(void)unlink(aside_name(i));
	return 0;
}

static int copy_by_id(const struct board *from, const char *id, struct trackd_task *task)
{
	struct trackd_ref ref;
	int error = view_lookup(from, id, 0, &ref);

	return error < 0 ? error : view_copy(from, ref, 0, task);
}

static void a_board_is_restored(void **state)
{
	struct restore_count count;
	static struct trackd_task before = TRACKD_TASK_INIT;
	static struct trackd_task after = TRACKD_TASK_INIT;
	struct trackd_iter iter;
	struct trackd_ref ref;
	char id[32];
	int n = TASKS;

	(void)state;
	assert_int_equal(snapshot_write(&board, &place), TASKS);
	assert_int_equal(restore_snapshot(&fresh, &place, &count), 0);
	assert_int_equal(count.tasks, TASKS);
	assert_int_equal(count.lost + count.expired + count.older + count.failed, 0);
	assert_int_equal(access("unit.snapshot.corrupt", F_OK), -1);
	for (int i = 0; i < TASKS; i++) {
		snprintf(id, sizeof id, "task-%d", i);
		harness_must(copy_by_id(&board, id, &before), id);
		harness_must(copy_by_id(&fresh, id, &after), id);
		assert_string_equal(after.owner, before.owner);
		assert_string_equal(after.message, before.message);
		/* Each board rounds its clock offset separately. */
		assert_true(llabs((int64_t)(after.created_ns - before.created_ns)) < 1000000);
	}
	/* An owner's tasks keep their order: newest first. */
	view_iter_owner(&fresh, "alice", &iter);
	while (view_next(&iter, &ref) > 0) {
		harness_must(view_copy(&fresh, ref, 0, &after), "copy");
		n -= n % 2 ? 2 : 1;
		snprintf(id, sizeof id, "task-%d", n);
		assert_string_equal(after.id, id);
	}
	assert_int_equal(n, 1);
}

/* An active task under a worker of that pid and start time. */
static void activate(const char *id, pid_t pid)
{
	struct trackd_ref ref;
	uint64_t worker;

	harness_must(worker_claim(&board, pid, &worker), "claim");
	harness_must(view_lookup(&board, id, 0, &ref), id);
	harness_must(
		record_update(&board, ref, TRACKD_EMBEDDING, "at work", worker, harness_soon()),
		"update");
	harness_must(record_set_total(&board, ref, 50, harness_soon()), "total");
	harness_must(record_advance(&board, ref, 20), "advance");
}

static void living_workers_keep_their_tasks_and_dead_ones_fail_them(void **state)
{
	struct restore_count count;
	static struct trackd_task task = TRACKD_TASK_INIT;
	pid_t child = client_start();

	(void)state;
	activate("task-1", getpid());
	activate("task-2", child);
	harness_kill(child, SIGKILL);
	assert_int_equal(snapshot_write(&board, &place), TASKS);
	assert_int_equal(restore_snapshot(&fresh, &place, &count), 0);
	assert_int_equal(count.failed, 1);
	harness_must(copy_by_id(&fresh, "task-1", &task), "copy");
	assert_int_equal(task.state, TRACKD_ACTIVE);
	assert_int_equal(task.worker_pid, getpid());
	assert_int_equal(task.done, 20);
	harness_must(copy_by_id(&fresh, "task-2", &task), "copy");
	assert_int_equal(task.state, TRACKD_FAILED);
	assert_int_equal(task.reason, TRACKD_REASON_WORKER_LOST);
	assert_int_equal(task.stage, TRACKD_EMBEDDING);
	assert_int_equal(task.done, 20);
	assert_int_equal(task.total, 50);
	assert_non_null(strstr(task.error, "exited in embedding"));
	assert_string_equal(task.last_message, "at work");
	assert_int_equal(task.last_progress, 52);
}

static void after_a_reboot_what_was_active_has_failed(void **state)
{
	struct restore_count count;
	static struct trackd_task task = TRACKD_TASK_INIT;

	(void)state;
	activate("task-1", getpid());
	board.header->boot_id[3] ^= 1;
	assert_int_equal(snapshot_write(&board, &place), TASKS);
	assert_int_equal(restore_snapshot(&fresh, &place, &count), 0);
	assert_int_equal(count.tasks, TASKS);
	assert_int_equal(count.failed, 1);
	harness_must(copy_by_id(&fresh, "task-1", &task), "copy");
	assert_int_equal(task.state, TRACKD_FAILED);
	assert_int_equal(task.reason, TRACKD_REASON_HOST_RESTART);
	assert_string_equal(task.error, "host restarted in embedding");
	harness_must(copy_by_id(&fresh, "task-3", &task), "copy");
	assert_int_equal(task.state, TRACKD_PENDING);
}

static void kinds_are_restored_under_other_numbers(void **state)
{
	static const struct trackd_stage_def one[] = { { "coding", 10 } }, two[] = { { "x", 1 } };
	struct restore_count count;
	struct trackd_kind kind = TRACKD_KIND_INIT;

	(void)state;
	harness_must(kind_declare(&board, "movie", one, 1, harness_soon()), "movie");
	harness_must(kind_declare(&fresh, "other", two, 1, harness_soon()), "other");
	assert_int_equal(snapshot_write(&board, &place), TASKS);
	assert_int_equal(restore_snapshot(&fresh, &place, &count), 0);
	assert_int_equal(kind_get(&fresh, 2, &kind), 0);
	assert_string_equal(kind.name, "movie");
	assert_string_equal(kind.stages[0].name, "coding");
}

/* Change bytes of the file. */
static void spoil(off_t at, size_t n)
{
	uint8_t byte;
	int fd = open(file_name, O_RDWR);

	assert_true(fd >= 0);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(pread(fd, &byte, 1, at + (off_t)i), 1);
		byte ^= 0x55;
		assert_int_equal(pwrite(fd, &byte, 1, at + (off_t)i), 1);
	}
	close(fd);
}

static off_t size_of_file(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 ? st.st_size : -1;
}

static void valid_parts_of_a_damaged_snapshot_are_restored(void **state)
{
	struct restore_count count;

	(void)state;
	assert_int_equal(snapshot_write(&board, &place), TASKS);
	/* In the middle of the tasks: this damages one or two of them. */
	spoil(size_of_file(file_name) / 2, 40);
	assert_int_equal(restore_snapshot(&fresh, &place, &count), 0);
	assert_in_range(count.tasks, TASKS - 2, TASKS - 1);
	assert_int_equal(count.lost, 0);
	/* The snapshot keeps its name in case this start fails; the next snapshot replaces it, and
	 * then only the second name is left. */
	assert_true(size_of_file("unit.snapshot.corrupt") == size_of_file(file_name));
	assert_int_equal(restore_snapshot(&fresh, &place, &count), 0);
	assert_int_equal(size_of_file(aside_name(2)), -1);
	assert_int_equal(snapshot_write(&fresh, &place), slot_count(&fresh));
	assert_true(size_of_file("unit.snapshot.corrupt") > size_of_file(file_name));
}

static void put_text(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		harness_die("%s: %s", name, strerror(errno));
	close(fd);
}

static void one_that_was_kept_is_never_overwritten(void **state)
{
	struct restore_count count;

	(void)state;
	for (int i = 1; i <= SNAPSHOT_ASIDE_MAX; i++) {
		assert_int_equal(unlink(file_name) == 0 || errno == ENOENT, 1);
		put_text(file_name, "damaged");
		assert_int_equal(size_of_file(aside_name(i)), -1);
		assert_int_equal(restore_snapshot(&fresh, &place, &count), 0);
		assert_int_equal(size_of_file(aside_name(i)), 7);
		put_text(aside_name(i), "kept");
	}
	assert_int_equal(unlink(file_name), 0);
	put_text(file_name, "damaged");
	assert_int_equal(restore_snapshot(&fresh, &place, &count), -EEXIST);
	for (int i = 1; i <= SNAPSHOT_ASIDE_MAX; i++)
		assert_int_equal(size_of_file(aside_name(i)), 4);
	assert_int_equal(size_of_file(file_name), 7);
}

/* A folder cannot have a second name: like a file on a file system without links, it is renamed. */
static void a_snapshot_is_renamed_where_links_are_not_supported(void **state)
{
	struct restore_count count;

	(void)state;
	assert_int_equal(mkdir(aside_name(1), 0700), 0);
	assert_int_equal(mkdir(file_name, 0500), 0);
	assert_int_equal(restore_snapshot(&fresh, &place, &count), 0);
	assert_int_equal(rmdir(aside_name(1)), 0);
	assert_int_equal(rmdir(aside_name(2)), 0);
}

static int with_few_descriptors(void)
{
	struct restore_count count;
	struct rlimit before, none;
	int error;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	error = restore_snapshot(&fresh, &place, &count);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	return error;
}

static void one_that_cannot_be_read_is_an_error_and_left_alone(void **state)
{
	static const char *const good = "unit.snapshot.good";
	struct restore_count count;

	(void)state;
	assert_int_equal(snapshot_write(&board, &place), TASKS);
	assert_int_equal(with_few_descriptors(), -EMFILE);
	assert_int_equal(rename(file_name, good), 0);
	assert_int_equal(symlink(good, file_name), 0);
	assert_int_equal(restore_snapshot(&fresh, &place, &count), -ELOOP);
	assert_int_equal(unlink(file_name), 0);
	assert_int_equal(rename(good, file_name), 0);
	if (geteuid() == 0) { /* another user's file, as in a directory that is too open */
		assert_int_equal(chown(file_name, 64323, 64323), 0);
		assert_int_equal(restore_snapshot(&fresh, &place, &count), -EPERM);
		assert_int_equal(chown(file_name, 0, 0), 0);
	}
	assert_int_equal(slot_count(&fresh), 0);
	assert_int_equal(size_of_file("unit.snapshot.corrupt"), -1);
	assert_int_equal(restore_snapshot(&fresh, &place, &count), 0);
	assert_int_equal(count.tasks, TASKS);
}

static void one_that_does_not_fit_is_kept(void **state)
{
	struct restore_count count;
	struct board small;

	(void)state;
	assert_int_equal(snapshot_write(&board, &place), TASKS);
	harness_board(&small, 16);
	assert_int_equal(restore_snapshot(&small, &place, &count), 0);
	assert_int_equal(count.lost, TASKS - count.tasks);
	assert_true(count.lost > 0);
	assert_true(size_of_file("unit.snapshot.corrupt") == size_of_file(file_name));
	harness_board_free(&small);
}

static void a_strangers_file_beside_is_not_written_to(void **state)
{
	(void)state;
	assert_int_equal(mkdir("unit.snapshot.new", 0700), 0); /* unlink() does not remove it */
	assert_int_equal(snapshot_try(&place), 0);
	assert_int_equal(snapshot_write(&board, &place), TASKS);
	assert_int_equal(rmdir("unit.snapshot.new"), 0);
	put_text("unit.snapshot.new", "of a daemon that was killed");
	assert_int_equal(snapshot_write(&board, &place), TASKS);
	assert_int_equal(size_of_file("unit.snapshot.new"), -1);
}

static void the_beginning_of_a_truncated_snapshot_is_restored(void **state)
{
	struct restore_count count;

	(void)state;
	assert_int_equal(snapshot_write(&board, &place), TASKS);
	assert_int_equal(truncate(file_name, size_of_file(file_name) / 2), 0);
	assert_int_equal(restore_snapshot(&fresh, &place, &count), 0);
	assert_in_range(count.tasks, TASKS / 3, TASKS * 2 / 3);
	assert_true(size_of_file("unit.snapshot.corrupt") > 0);
}

static void one_of_version_1_is_restored(void **state)
{
	struct restore_count count;
	struct snapshot_header header;
	int fd;

	(void)state;
	assert_int_equal(snapshot_write(&board, &place), TASKS);
	fd = open(file_name, O_RDWR | O_CLOEXEC);
	assert_int_equal(pread(fd, &header, sizeof header, 0), sizeof header);
	header.version = 1;
	header.check = XXH3_64bits(&header, offsetof(struct snapshot_header, check));
	assert_int_equal(pwrite(fd, &header, sizeof header, 0), sizeof header);
	close(fd);
	assert_int_equal(restore_snapshot(&fresh, &place, &count), 0);
	assert_int_equal(count.tasks, TASKS);
	assert_int_equal(access("unit.snapshot.corrupt", F_OK), -1);
}

static void another_version_and_other_files_are_kept_aside(void **state)
{
	struct restore_count count;

	(void)state;
	assert_int_equal(restore_snapshot(&fresh, &place, &count), -ENOENT);
	assert_int_equal(snapshot_write(&board, &place), TASKS);
	spoil(offsetof(struct snapshot_header, version), 1);
	assert_int_equal(restore_snapshot(&fresh, &place, &count), 0);
	assert_int_equal(count.tasks, 0);
	assert_true(size_of_file("unit.snapshot.corrupt") > 0);
	assert_int_equal(snapshot_write(&board, &place), TASKS);
	spoil(0, 8);
	assert_int_equal(restore_snapshot(&fresh, &place, &count), 0);
	assert_int_equal(count.tasks, 0);
	assert_true(size_of_file(aside_name(2)) > 0);
	assert_int_equal(slot_count(&fresh), 0);
}

static void a_disk_that_is_full_keeps_the_old_one(void **state)
{
	struct rlimit before, small;
	off_t size;

	(void)state;
	assert_int_equal(snapshot_write(&board, &place), TASKS);
	size = size_of_file(file_name);
	harness_create(&board, "one-more", NULL);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = (rlim_t)size / 2;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(snapshot_write(&board, &place), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(size_of_file(file_name), size);
	assert_int_equal(size_of_file("unit.snapshot.new"), -1);
	assert_int_equal(snapshot_write(&board, &place), TASKS + 1);
}

#define WITH_BOARDS(test) cmocka_unit_test_setup_teardown(test, make_boards, free_boards)

static const struct CMUnitTest tests[] = {
	WITH_BOARDS(a_board_is_restored),
	WITH_BOARDS(living_workers_keep_their_tasks_and_dead_ones_fail_them),
	WITH_BOARDS(after_a_reboot_what_was_active_has_failed),
	WITH_BOARDS(kinds_are_restored_under_other_numbers),
	WITH_BOARDS(valid_parts_of_a_damaged_snapshot_are_restored),
	WITH_BOARDS(one_that_was_kept_is_never_overwritten),
	WITH_BOARDS(a_snapshot_is_renamed_where_links_are_not_supported),
	WITH_BOARDS(one_that_cannot_be_read_is_an_error_and_left_alone),
	WITH_BOARDS(one_that_does_not_fit_is_kept),
	WITH_BOARDS(a_strangers_file_beside_is_not_written_to),
	WITH_BOARDS(the_beginning_of_a_truncated_snapshot_is_restored),
	WITH_BOARDS(one_of_version_1_is_restored),
	WITH_BOARDS(another_version_and_other_files_are_kept_aside),
	WITH_BOARDS(a_disk_that_is_full_keeps_the_old_one),
};

int main(void)
{
	harness_enter_folder();
	signal(SIGXFSZ, SIG_IGN);
	return suite_run(tests);
}
