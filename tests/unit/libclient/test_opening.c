/* SPDX-License-Identifier: MIT */
/* Opening a board by name, and closing it: the documented behaviour, and every error at least
 * once. */
#include "libclient/record/record.h"
#include "libclient/segment/process.h"
#include "tests/harness/client.h"
#include "tests/harness/connections.h"
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CAPACITY = 16, TIMEOUT_MS = 80 };

static int open_as(unsigned flags, struct trackd **ret_trackd)
{
	return linked_board_try(&linked, flags, TIMEOUT_MS, ret_trackd);
}

static void opening_fails_as_documented(void **state)
{
	struct harness_usage before = harness_usage();
	struct trackd_options options = TRACKD_OPTIONS_INIT;
	struct trackd *none = (void *)&linked.board;

	(void)state;
	options.board = linked.name;
	options.socket = linked.socket;
	options.size--;
	assert_int_equal(trackd_open(&none, &options), -EINVAL);
	options.size++;
	options.flags = 1u << 20;
	assert_int_equal(trackd_open(&none, &options), -EINVAL);
	options.flags = TRACKD_OPEN_WRITE;
	options.worker_pid = -1;
	assert_int_equal(trackd_open(&none, &options), -EINVAL);
	options.worker_pid = client_ended();
	assert_int_equal(trackd_open(&none, &options), -ESRCH);
	options.worker_pid = 0;
	options.board = "/no/slash";
	assert_int_equal(trackd_open(&none, &options), -EINVAL);
	options.board = "/tt-nothing-of-that-name";
	assert_int_equal(trackd_open(&none, &options), TRACKD_E_NO_BOARD);
	options.board = linked.name;
	options.socket = "/nowhere/at/all";
	assert_int_equal(trackd_open(&none, &options), TRACKD_E_NO_BOARD);
	assert_ptr_equal(none, &linked.board);
	assert_int_equal(harness_leaks(&before), 0);
	trackd_close(NULL);
}

static void a_damaged_or_foreign_board_is_refused(void **state)
{
	struct trackd *none;
	char path[128], second[160];

	(void)state;
	linked.board.header->major++;
	assert_int_equal(open_as(0, &none), TRACKD_E_LAYOUT);
	linked.board.header->major--;
	linked.board.header->magic++;
	assert_int_equal(open_as(0, &none), TRACKD_E_DAMAGED);
	linked.board.header->magic--;
	linked.board.header->pid_ns++;
	assert_int_equal(open_as(TRACKD_OPEN_WRITE, &none), TRACKD_E_NAMESPACE);
	assert_int_equal(linked.board.header->counters.attach_refused, 1);
	assert_int_equal(open_as(0, &none), 0); /* readers may */
	trackd_close(none);
	linked.board.header->pid_ns--;
	linked.board.header->time_ns++;
	assert_int_equal(open_as(TRACKD_OPEN_WRITE, &none), TRACKD_E_NAMESPACE);
	linked.board.header->time_ns--;
	snprintf(path, sizeof path, "/dev/shm%s", linked.name);
	snprintf(second, sizeof second, "%s-2", path);
	assert_int_equal(link(path, second), 0);
	assert_int_equal(open_as(0, &none), TRACKD_E_NOT_OURS);
	assert_int_equal(unlink(second), 0);
	assert_int_equal(open_as(0, &none), 0);
	trackd_close(none);
}

static void a_full_table_of_clients_refuses_producers_only(void **state)
{
	uint64_t start;
	struct trackd *none;

	(void)state;
	assert_int_equal(process_start_time(getppid(), &start), 0);
	for (uint32_t i = 0; i < LAYOUT_CLIENTS; i++)
		linked.board.clients[i] = (struct layout_client){
			.claim = claim_make(1, (uint32_t)getppid()), .start_time = start, .ready = 1
		};
	assert_int_equal(open_as(TRACKD_OPEN_WRITE, &none), TRACKD_E_TABLE_FULL);
	assert_int_equal(open_as(TRACKD_OPEN_WRITE | TRACKD_OPEN_NO_WORKER, &none), 0);
	trackd_close(none);
	assert_int_equal(open_as(TRACKD_OPEN_READ, &none), 0);
	trackd_close(none);
}

static void missing_permission_is_an_error(void **state)
{
	struct trackd *none;

	(void)state;
	if (geteuid() != 0)
		HARNESS_SKIP("only root becomes another user");
	assert_int_equal(chmod(linked.folder, 0755), 0);
	pid_t pid = harness_fork();
	if (pid == 0) {
		if (setresgid(64321, 64321, 64321) < 0 || setresuid(64321, 64321, 64321) < 0)
			_exit(2);
		_exit(open_as(0, &none) == -EACCES ? 0 : 1);
	}
	assert_int_equal(harness_reap(pid), 0);
}

static void without_descriptors_there_is_an_error(void **state)
{
	struct rlimit before, none = { 0, 0 };
	struct trackd *trackd;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	int error = open_as(0, &trackd);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(error, -EMFILE);
}

static void closing_leaves_nothing(void **state)
{
	struct harness_usage before = harness_usage();
	struct trackd *trackd;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(open_as(TRACKD_OPEN_WRITE, &trackd), 0);
		assert_true(trackd_fd(trackd) >= 0);
		trackd_close(trackd);
	}
	assert_int_equal(harness_leaks(&before), 0);
}

#define OWN_BOARD(test) CONNECTED_ALONE(test, CAPACITY, TIMEOUT_MS)

static const struct CMUnitTest tests[] = {
	OWN_BOARD(opening_fails_as_documented),
	OWN_BOARD(a_damaged_or_foreign_board_is_refused),
	CONNECTED_ALONE(a_full_table_of_clients_refuses_producers_only, CAPACITY, TIMEOUT_MS),
	OWN_BOARD(missing_permission_is_an_error),
	OWN_BOARD(without_descriptors_there_is_an_error),
	OWN_BOARD(closing_leaves_nothing),
};

SUITE(tests)
