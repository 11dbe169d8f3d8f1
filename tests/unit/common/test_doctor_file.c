/* SPDX-License-Identifier: MIT */
/* The doctor before a file that is no board, and one that cannot be read. */
#include "tests/harness/harness.h"
#include "tests/harness/inspection.h"
#include "tests/harness/suite.h"
#include "tools/common/doctor/doctor.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { CAPACITY = 64 };

static void files_that_are_no_boards_are_named(void **state)
{
	struct doctor_report report;
	char folder[256], path[300];
	uint8_t garbage[3000];

	(void)state;
	harness_folder(folder, sizeof folder);
	snprintf(path, sizeof path, "%s/garbage", folder);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_true(doctor_check_fd(fd, &report) > 0);
	assert_true(inspection_names(&report, DOCTOR_FILE, "size"));
	doctor_report_free(&report);
	memset(garbage, 'g', sizeof garbage);
	assert_int_equal(write(fd, garbage, sizeof garbage), sizeof garbage);
	assert_true(doctor_check_fd(fd, &report) > 0);
	assert_true(inspection_names(&report, DOCTOR_HEADER, "magic"));
	doctor_report_free(&report);
	close(fd);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(doctor_check_fd(null, &report) > 0);
	assert_true(inspection_names(&report, DOCTOR_FILE, "type"));
	doctor_report_free(&report);
	close(null);
	unlink(path);
}

static void boards_cut_short_are_named(void **state)
{
	static const off_t lengths[] = { 1, 100, 832, 5000, 300000 };
	struct board other;
	struct doctor_report report;

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		harness_board(&other, CAPACITY);
		assert_int_equal(ftruncate(other.fd, lengths[i]), 0);
		assert_true(doctor_check_fd(other.fd, &report) > 0);
		assert_true(inspection_names(&report, DOCTOR_FILE, "size"));
		doctor_report_free(&report);
		harness_board_free(&other);
	}
}

static void descriptors_that_cannot_be_read_are_errors(void **state)
{
	struct doctor_report report;

	(void)state;
	assert_true(doctor_check_fd(-1, &report) < 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(files_that_are_no_boards_are_named),
	cmocka_unit_test(boards_cut_short_are_named),
	cmocka_unit_test(descriptors_that_cannot_be_read_are_errors),
};

SUITE(tests)
