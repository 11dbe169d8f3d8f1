/* SPDX-License-Identifier: MIT */
/* The doctor's check of a test's board. */
#ifndef TESTS_INSPECTION_H
#define TESTS_INSPECTION_H

#include "libclient/segment/segment.h"
#include "tools/common/doctor/doctor.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Let the doctor (tools/common/doctor/doctor.h) check a board that no process uses; needs its
 * descriptor. Records that are claimed or being removed count as faults too. Returns the number of
 * faults; the first one is described in ret_text, which may be NULL.
 */
size_t inspection_faults(const struct board *board, char *ret_text, size_t size);

/* The same, but print every fault as a "# " line that begins with `when`. */
size_t inspection_print(const struct board *board, const char *when);

/* Whether one of the faults in a report is of this part and field. */
bool inspection_names(const struct doctor_report *report, enum doctor_part part, const char *field);

/* A point of TAP (tap.h): the doctor finds no fault. */
bool inspection_ok(const struct board *board);

#endif
