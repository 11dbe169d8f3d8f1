/* SPDX-License-Identifier: MIT */
/* Stale clock offsets in the header: which process corrects them, and which offsets a reader uses
 * until then. */
#include "libclient/client/client.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/namespace.h"
#include "libclient/segment/offsets.h"
#include "tests/harness/harness.h"
#include "tests/harness/private_daemon.h"
#include "tests/harness/suite.h"
#include <stdlib.h>
#include <unistd.h>

enum { SOON_MS = 30000 };

static const int64_t SLEPT = INT64_C(100) * (int64_t)NS_PER_S;
/* Less than the clock test detects. */
static const int64_t DOZED = INT64_C(300) * (int64_t)NS_PER_MS;
/* The largest difference between two readings on a busy machine. */
static const int64_t NEAR = INT64_C(200) * (int64_t)NS_PER_MS;

static struct board board, reader; /* of one segment */
static int64_t suspend, wall;      /* what its header should hold */

static int make_board(void **state)
{
	(void)state;
	harness_board(&board, 64);
	harness_board_reader(&reader, &board);
	suspend = board.header->suspend_offset_ns;
	wall = board.header->wall_offset_ns;
	return 0;
}

static int free_board(void **state)
{
	(void)state;
	segment_unmap(&reader);
	harness_board_free(&board);
	return 0;
}

/* As if the host had slept. */
static void make_stale(struct layout_header *header, int64_t by)
{
	store_relaxed(&header->suspend_offset_ns, suspend - by);
	store_relaxed(&header->wall_offset_ns, wall + by);
}

static bool is_near(int64_t a, int64_t b)
{
	return llabs(a - b) < NEAR;
}

static bool tells_the_time(const struct board *by)
{
	return is_near((int64_t)board_coarse_ns(by), (int64_t)clock_boot_ns()) &&
	       is_near((int64_t)board_wall_offset(by), wall);
}

/* ---- One board ------------------------------------------------------------- */

static void a_writer_puts_the_header_right(void **state)
{
	(void)state;
	make_stale(board.header, SLEPT);
	assert_false(tells_the_time(&board));
	offsets_check(&board);
	assert_true(tells_the_time(&board) && tells_the_time(&reader));
	assert_int_equal(board.clock, BOARD_CLOCK_HEADER);
}

static void a_reader_goes_by_its_own_until_the_header_holds_others(void **state)
{
	(void)state;
	make_stale(board.header, SLEPT);
	offsets_check(&reader);
	assert_int_equal(reader.clock, BOARD_CLOCK_STALE);
	assert_int_equal(board.header->suspend_offset_ns, suspend - SLEPT);
	assert_true(tells_the_time(&reader));
	offsets_check(&board);
	assert_int_equal(reader.clock, BOARD_CLOCK_STALE);
	assert_true(tells_the_time(&reader));
	make_stale(board.header, 2 * SLEPT); /* the header has changed again: its value is used */
	assert_false(tells_the_time(&reader));
	offsets_check(&reader);
	assert_true(tells_the_time(&reader));
	make_stale(board.header, 0);
	offsets_check(&reader);
	assert_int_equal(reader.clock, BOARD_CLOCK_HEADER);
}

/* Comparing namespaces changes only whether the clock is foreign. */
static void a_look_at_the_namespaces_keeps_what_offsets_are_stale(void **state)
{
	(void)state;
	make_stale(board.header, SLEPT);
	offsets_check(&reader);
	assert_false(namespace_look(&reader));
	namespace_compare(&reader);
	assert_int_equal(reader.clock, BOARD_CLOCK_STALE);
	assert_true(tells_the_time(&reader));
}

static void another_time_namespace_measures_nothing(void **state)
{
	(void)state;
	make_stale(board.header, SLEPT);
	offsets_check(&reader);
	board.header->time_ns++;
	assert_true(namespace_look(&reader) && namespace_look(&board));
	offsets_check(&reader);
	offsets_check(&board);
	assert_int_equal(reader.clock, BOARD_CLOCK_FOREIGN);
	assert_int_equal(board.header->suspend_offset_ns, suspend - SLEPT);
	assert_int_equal(board.header->wall_offset_ns, wall + SLEPT);
	board.header->time_ns--;
	assert_false(namespace_look(&reader));
	assert_int_equal(reader.clock, BOARD_CLOCK_HEADER);
	offsets_check(&reader);
	assert_int_equal(reader.clock, BOARD_CLOCK_STALE);
}

/* A process that has changed namespaces and has not checked since. */
static void a_process_that_changed_namespaces_unnoticed_measures_nothing(void **state)
{
	(void)state;
	make_stale(board.header, SLEPT);
	board.header->time_ns++;
	offsets_check(&reader);
	offsets_check(&board);
	board.header->time_ns--;
	assert_int_equal(reader.clock, BOARD_CLOCK_HEADER);
	assert_int_equal(board.header->suspend_offset_ns, suspend - SLEPT);
	assert_int_equal(board.header->wall_offset_ns, wall + SLEPT);
}

/* A thread detects a jump of the clock by its last reading. */
static void measuring_is_no_reading_of_the_clock(void **state)
{
	(void)state;
	clock_boot_last = 1;
	make_stale(board.header, SLEPT);
	offsets_check(&reader);
	offsets_check(&board);
	make_stale(board.header, SLEPT);
	offsets_refresh(&board);
	assert_int_equal(clock_boot_last, 1);
}

/* ---- A connection ----------------------------------------------------------- */

static struct private_daemon daemon_;
static struct trackd *to_write, *to_read;
static struct trackd_ref task_;

static int connect_both(void **state)
{
	struct trackd_new task = TRACKD_NEW_INIT;

	(void)state;
	private_daemon_start(&daemon_, (const char *const[]){ "--capacity", "64", NULL });
	to_write = private_daemon_open(&daemon_, TRACKD_OPEN_WRITE);
	to_read = private_daemon_open(&daemon_, TRACKD_OPEN_READ);
	task.id = "a";
	task.ttl_ms = 3600000;
	HARNESS_MUST(trackd_create(to_write, &task, &task_));
	private_daemon_kill(&daemon_);
	suspend = to_write->mapping->board.header->suspend_offset_ns;
	wall = to_write->mapping->board.header->wall_offset_ns;
	return 0;
}

static int disconnect(void **state)
{
	(void)state;
	trackd_close(to_read);
	trackd_close(to_write);
	private_daemon_remove(&daemon_);
	return 0;
}

static bool is_found(struct trackd *trackd)
{
	struct trackd_view view = TRACKD_VIEW_INIT;

	return trackd_get(trackd, task_, &view) == 0;
}

/* The child's first call checks, however recently its parent did. */
static void a_forked_child_looks_at_once(void **state)
{
	struct trackd *const connections[] = { to_read, to_write };

	(void)state;
	HARNESS_NEEDS_WIPED_PAGES();
	for (int i = 0; i < 2; i++) {
		assert_true(is_found(connections[i]));
		pid_t pid = harness_fork();
		if (pid == 0) {
			const struct board *own = &connections[i]->mapping->board;
			make_stale(to_write->mapping->board.header, DOZED);
			bool before = tells_the_time(own);
			_exit(!before && is_found(connections[i]) && tells_the_time(own) ? 0 : 1);
		}
		assert_int_equal(harness_reap(pid), 0);
	}
}

/* The parent's offsets are valid for its child until the child has checked. */
static void a_forked_child_goes_by_what_its_parent_measured(void **state)
{
	(void)state;
	make_stale(to_write->mapping->board.header, SLEPT);
	HARNESS_WAIT(is_found(to_read) && to_read->mapping->board.clock == BOARD_CLOCK_STALE,
		     SOON_MS);
	pid_t pid = harness_fork();
	if (pid == 0) {
		fork_settle(to_read);
		_exit(tells_the_time(&to_read->mapping->board) && is_found(to_read) ? 0 : 1);
	}
	assert_int_equal(harness_reap(pid), 0);
}

/* Set the state as namespace_leapt() does, which has no connection. By wall time, which the test
 * sets, the task has expired. The check once a second ends this. */
static bool goes_by_the_wall(struct board *own)
{
	bool before = is_found(to_read);

	store_relaxed(&own->clock, (uint32_t)BOARD_CLOCK_FOREIGN);
	return before && !is_found(to_read);
}

static void every_call_goes_by_the_clock_of_its_board(void **state)
{
	int64_t *offset = &to_write->mapping->board.header->wall_offset_ns;

	(void)state;
	store_relaxed(offset, wall - 100 * SLEPT);
	HARNESS_WAIT(goes_by_the_wall(&to_read->mapping->board), SOON_MS);
}

#define OWN_BOARD(test) cmocka_unit_test_setup_teardown(test, make_board, free_board)
#define CONNECTED(test) cmocka_unit_test_setup_teardown(test, connect_both, disconnect)

static const struct CMUnitTest tests[] = {
	OWN_BOARD(a_writer_puts_the_header_right),
	OWN_BOARD(a_reader_goes_by_its_own_until_the_header_holds_others),
	OWN_BOARD(a_look_at_the_namespaces_keeps_what_offsets_are_stale),
	OWN_BOARD(another_time_namespace_measures_nothing),
	OWN_BOARD(a_process_that_changed_namespaces_unnoticed_measures_nothing),
	OWN_BOARD(measuring_is_no_reading_of_the_clock),
	CONNECTED(a_forked_child_looks_at_once),
	CONNECTED(a_forked_child_goes_by_what_its_parent_measured),
	CONNECTED(every_call_goes_by_the_clock_of_its_board),
};

SUITE(tests)
