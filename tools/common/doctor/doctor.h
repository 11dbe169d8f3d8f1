/* SPDX-License-Identifier: MIT */
/*
 * Whether a board is whole: every invariant of the segment, checked on a copy that is read with
 * pread(2), so that neither hostile bytes nor a file cut short can harm who looks. It writes
 * nothing, takes no lock and needs no daemon.
 *
 * A board in use is never still. What is wrong is looked at again, and only what stays wrong in the
 * same way is a fault. What a death may leave behind and everybody copes with is counted apart.
 */
#ifndef COMMON_DOCTOR_DOCTOR_H
#define COMMON_DOCTOR_DOCTOR_H

#include "tools/common/doctor/doctor_report.h"
#include <stdio.h>

/*
 * Look a board over. fd: its file, readable; stays open.
 * Returns the number of faults (0: clean), -EIO (the file shrinks under us), -ENOMEM, -errno. On
 * success the caller frees the report with doctor_report_free().
 */
int doctor_check_fd(int fd, struct doctor_report *ret_report);
void doctor_report_free(struct doctor_report *report);

const char *doctor_part_name(enum doctor_part part);

/* One line a fault: "slot 5: hint: seen 3, expected 2". For messages of tests and of trackctl. */
void doctor_fault_print(FILE *to, const char *prefix, const struct doctor_fault *fault);
void doctor_report_print(FILE *to, const char *prefix, const struct doctor_report *report);

#endif
