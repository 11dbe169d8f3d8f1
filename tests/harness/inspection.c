/* SPDX-License-Identifier: MIT */
/* The doctor's check of a test's board; see inspection.h. */
#include "tests/harness/inspection.h"
#include "tests/harness/harness.h"
#include "tests/harness/tap.h"
#include <stdio.h>
#include <string.h>

static size_t on_the_way(const struct doctor_report *report)
{
	return report->claimed + report->removing + report->held;
}

size_t inspection_faults(const struct board *board, char *ret_text, size_t size)
{
	struct doctor_report report;

	HARNESS_MUST(doctor_check_fd(board->fd, &report));
	size_t n = report.n_found + on_the_way(&report);
	if (ret_text && size > 0 && report.n_faults > 0) {
		const struct doctor_fault *fault = &report.faults[0];
		snprintf(ret_text, size, "doctor: %s %lld: %s: seen %s, expected %s",
			 doctor_part_name(fault->part), (long long)fault->index, fault->field,
			 fault->seen, fault->expected);
	} else if (ret_text && size > 0) {
		snprintf(ret_text, size, "doctor: %u claimed, %u being removed, %u locks held",
			 report.claimed, report.removing, report.held);
	}
	doctor_report_free(&report);
	return n;
}

size_t inspection_print(const struct board *board, const char *when)
{
	struct doctor_report report;

	HARNESS_MUST(doctor_check_fd(board->fd, &report));
	for (size_t i = 0; i < report.n_faults; i++) {
		printf("# %s: ", when);
		doctor_fault_print(stdout, "", &report.faults[i]);
	}
	size_t n = report.n_found + on_the_way(&report);
	if (on_the_way(&report) > 0)
		tap_note("%s: %u claimed, %u being removed, %u locks held", when, report.claimed,
			 report.removing, report.held);
	doctor_report_free(&report);
	fflush(stdout);
	return n;
}

bool inspection_names(const struct doctor_report *report, enum doctor_part part, const char *field)
{
	for (size_t i = 0; i < report->n_faults; i++)
		if (report->faults[i].part == part && strcmp(report->faults[i].field, field) == 0)
			return true;
	return false;
}

bool inspection_ok(const struct board *board)
{
	char text[256] = "";
	size_t n_faults = inspection_faults(board, text, sizeof text);

	return tap_ok(n_faults == 0, "the doctor finds no fault%s%s", n_faults ? ": " : "",
		      n_faults ? text : "");
}
