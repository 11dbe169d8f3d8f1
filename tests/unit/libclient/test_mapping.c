/* SPDX-License-Identifier: MIT */
/* Mapping a segment: refused if its content is wrong; and closing, retiring and vacating it. */
#include "libclient/record/slot.h"
#include "libclient/segment/segment.h"
#include "tests/harness/own_board.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CAPACITY = 64 };

/* The result of segment_map() for the file. It does not close a descriptor that it refuses. */
static int map_again(void)
{
	struct board again = { .fd = 4711 };
	int fd = fcntl(own_board.fd, F_DUPFD_CLOEXEC, 0);
	int error = segment_map(&again, fd, true);

	assert_true(fd >= 0);
	if (error == 0) {
		segment_unmap(&again);
		assert_int_equal(fcntl(fd, F_GETFD), -1);
		return 0;
	}
	assert_int_equal(again.fd, 4711);
	assert_int_equal(close(fd), 0);
	return error;
}

#define REFUSED(field, bad, error)                                                                 \
	do {                                                                                       \
		__typeof__(field) good_ = (field);                                                 \
		(field) = (bad);                                                                   \
		if (map_again() != (error))                                                        \
			fail_msg("%s = %s: not %s", #field, #bad, #error);                         \
		(field) = good_;                                                                   \
		assert_int_equal(map_again(), 0);                                                  \
	} while (0)

static void a_wrong_header_is_refused_with_its_own_error(void **state)
{
	struct layout_header *header = own_board.header;

	(void)state;
	REFUSED(header->magic, LAYOUT_MAGIC ^ 1, TRACKD_E_DAMAGED);
	REFUSED(header->major, LAYOUT_MAJOR + 1, TRACKD_E_LAYOUT);
	REFUSED(header->major, 0, TRACKD_E_LAYOUT);
	REFUSED(header->fingerprint, header->fingerprint + 1, TRACKD_E_LAYOUT);
	REFUSED(header->capacity, 15, TRACKD_E_DAMAGED);
	REFUSED(header->capacity, TRACKD_CAPACITY_MAX + 1, TRACKD_E_DAMAGED);
	REFUSED(header->capacity, CAPACITY + 1, TRACKD_E_DAMAGED);
	REFUSED(header->capacity, 16384, TRACKD_E_DAMAGED);
	REFUSED(header->size, header->size - 4096, TRACKD_E_DAMAGED);
	REFUSED(header->size, UINT64_MAX, TRACKD_E_DAMAGED);
	/* Another minor layout can be read. */
	header->minor++;
	assert_int_equal(map_again(), 0);
}

static void every_offset_must_agree(void **state)
{
	uint64_t *offset = &own_board.header->kinds;

	(void)state;
	assert_ptr_equal(offset + 10, &own_board.header->details);
	for (int i = 0; i <= 10; i++) {
		REFUSED(offset[i], offset[i] + 4096, TRACKD_E_DAMAGED);
		REFUSED(offset[i], UINT64_MAX, TRACKD_E_DAMAGED);
	}
}

static void files_of_another_length_are_refused(void **state)
{
	off_t size = (off_t)own_board.size;
	const off_t lengths[] = { size - 1, size + 1, size - 4096, 4096, 832, 831, 1, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		assert_int_equal(ftruncate(own_board.fd, lengths[i]), 0);
		assert_int_equal(map_again(), TRACKD_E_DAMAGED);
		if (lengths[i] > size) {
			assert_int_equal(ftruncate(own_board.fd, size), 0);
			assert_int_equal(map_again(), 0);
		}
	}
}

static void descriptors_that_are_no_files_are_errors(void **state)
{
	struct board none;
	int pipes[2];

	(void)state;
	assert_int_equal(segment_map(&none, -1, false), -EBADF);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(segment_map(&none, pipes[0], false), TRACKD_E_DAMAGED);
	close(pipes[0]);
	close(pipes[1]);
}

static void behind_the_end_lies_a_page_of_zeros(void **state)
{
	static const char zeros[LAYOUT_PAGE];
	struct board reader;

	(void)state;
	memset((char *)own_board.base + own_board.size - LAYOUT_PAGE, 'x', LAYOUT_PAGE);
	harness_board_reader(&reader, &own_board);
	assert_memory_equal((char *)reader.base + reader.size, zeros, sizeof zeros);
	assert_memory_equal((char *)own_board.base + own_board.size, zeros, sizeof zeros);
	harness_board_free(&reader);
}

static void readers_cannot_write(void **state)
{
	struct board reader;

	(void)state;
	harness_board_reader(&reader, &own_board);
	assert_false(reader.writable);
	pid_t pid = harness_fork();
	if (pid == 0) {
		(void)signal(SIGSEGV, SIG_DFL);
		reader.header->tick = 1;
		_exit(0);
	}
	assert_int_equal(harness_reap(pid), -SIGSEGV);
	assert_int_equal(mprotect(reader.base, LAYOUT_PAGE, PROT_READ | PROT_WRITE), -1);
	harness_board_free(&reader);
}

static void unmapping_leaves_nothing(void **state)
{
	struct harness_usage before = harness_usage();
	struct board other;

	(void)state;
	harness_board(&other, CAPACITY);
	segment_unmap(&other);
	segment_unmap(&other); /* and may be done twice */
	assert_int_equal(harness_leaks(&before), 0);
}

static void giving_a_board_up_tells_readers_and_writers(void **state)
{
	static const enum layout_closed closings[] = { LAYOUT_CLOSED, LAYOUT_OPEN,
						       LAYOUT_CLOSED_BLIND };
	uint32_t epoch = own_board.header->daemon_epoch;

	(void)state;
	for (size_t i = 0; i < sizeof closings / sizeof closings[0]; i++) {
		segment_close(&own_board, closings[i]);
		assert_int_equal(board_closed(&own_board), closings[i]);
		assert_int_not_equal(own_board.header->daemon_epoch, epoch);
		epoch = own_board.header->daemon_epoch;
	}
	segment_retire(&own_board, LAYOUT_REMOVED);
	assert_true(board_retired(&own_board));
	assert_int_equal(own_board.header->retired, LAYOUT_REMOVED);
	assert_int_not_equal(own_board.header->daemon_epoch, epoch);
}

static bool all_zero(const void *from, const void *to)
{
	for (const uint8_t *byte = from; byte < (const uint8_t *)to; byte++)
		if (*byte != 0)
			return false;
	return true;
}

static void a_hollow_board_keeps_nothing_but_its_mutexes(void **state)
{
	const uint8_t *end = (const uint8_t *)own_board.base + own_board.size;
	struct board reader;
	struct stat st;

	(void)state;
	harness_board_reader(&reader, &own_board);
	struct trackd_ref ref = harness_create(&own_board, "a", "alice");
	assert_int_equal(fstat(own_board.fd, &st), 0);
	blkcnt_t before = st.st_blocks;
	segment_hollow(&own_board);
	assert_int_equal(fstat(own_board.fd, &st), 0);
	assert_true(st.st_blocks < before / 2);
	assert_true(all_zero(own_board.used_map, own_board.bodies));
	assert_true(all_zero(own_board.details, end));
	assert_int_equal(slot_lock(&own_board, ref.slot, LOCK_TRY), 0);
	slot_unlock(&own_board, ref.slot);
	assert_int_equal(reader.heads[ref.slot].stamp, 0);
	segment_unmap(&reader);
}

static void a_vacated_mapping_reads_zeros(void **state)
{
	struct harness_usage before = harness_usage();
	struct board reader;

	(void)state;
	harness_create(&own_board, "a", NULL);
	harness_board_reader(&reader, &own_board);
	segment_vacate(&reader);
	assert_int_equal(harness_usage().maps, before.maps);
	assert_int_equal(harness_usage().fds, before.fds);
	assert_true(all_zero(reader.base, (const uint8_t *)reader.base + reader.size));
	segment_unmap(&reader);
}

static void the_boards_clock_is_the_boot_clock_to_a_tick(void **state)
{
	(void)state;
	uint64_t before = clock_boot_ns();
	uint64_t coarse = board_coarse_ns(&own_board);
	assert_true(coarse <= clock_boot_ns() + NS_PER_MS && coarse + 20 * NS_PER_MS > before);
	/* In another time namespace the time is computed from wall time. */
	own_board.clock = BOARD_CLOCK_FOREIGN;
	own_board.header->wall_offset_ns = clock_wall_offset_ns() - (int64_t)(5 * NS_PER_S);
	uint64_t wall = board_coarse_ns(&own_board);
	assert_true(wall > before + 4 * NS_PER_S && wall < before + 60 * NS_PER_S);
}

static const struct CMUnitTest tests[] = {
	OWN_BOARD(a_wrong_header_is_refused_with_its_own_error, CAPACITY),
	OWN_BOARD(every_offset_must_agree, CAPACITY),
	OWN_BOARD(files_of_another_length_are_refused, CAPACITY),
	OWN_BOARD(descriptors_that_are_no_files_are_errors, CAPACITY),
	OWN_BOARD(behind_the_end_lies_a_page_of_zeros, CAPACITY),
	OWN_BOARD(readers_cannot_write, CAPACITY),
	cmocka_unit_test(unmapping_leaves_nothing),
	OWN_BOARD(giving_a_board_up_tells_readers_and_writers, CAPACITY),
	OWN_BOARD(a_hollow_board_keeps_nothing_but_its_mutexes, CAPACITY),
	OWN_BOARD(a_vacated_mapping_reads_zeros, CAPACITY),
	OWN_BOARD(the_boards_clock_is_the_boot_clock_to_a_tick, CAPACITY),
};

SUITE(tests)
