/* SPDX-License-Identifier: MIT */
/*
 * Checks whether a board is intact: every invariant of the segment, on a copy that is read with
 * pread(2), so that neither hostile bytes nor a truncated file can harm the checking process. It
 * writes nothing, takes no lock and needs no daemon.
 *
 * A board in use changes all the time. Each finding is checked again, and only one that persists
 * unchanged is a fault. Remains of a process's death that the library tolerates are counted
 * separately.
 */
#ifndef COMMON_DOCTOR_DOCTOR_H
#define COMMON_DOCTOR_DOCTOR_H

#include "tools/common/doctor/doctor_report.h"
#include <stdio.h>

/*
 * Examine a board. fd: its file, readable; stays open. Returns the number of faults (0: none), -EIO
 * (the file was truncated meanwhile), -ENOMEM, -errno. On success the caller frees the report with
 * doctor_report_free().
 */
int doctor_check_fd(int fd, struct doctor_report *ret_report);
void doctor_report_free(struct doctor_report *report);

const char *doctor_part_name(enum doctor_part part);

/* Print one line for a fault: "slot 5: hint: seen 3, expected 2". For tests and trackctl. */
void doctor_fault_print(FILE *to, const char *prefix, const struct doctor_fault *fault);
void doctor_report_print(FILE *to, const char *prefix, const struct doctor_report *report);

#endif
