/* SPDX-License-Identifier: MIT */
/* Points in time and durations as text, and estimates of a task's remaining time. */
#ifndef COMMON_TIME_FORMAT_H
#define COMMON_TIME_FORMAT_H

#include "libclient/trackd.h"
#include <stddef.h>

enum { MOMENT_TEXT = 40 };

/* RFC 3339, UTC, milliseconds: "2026-11-24T14:02:11.250Z". wall_ns: since the Unix epoch. */
void time_format_rfc3339(char ret_text[MOMENT_TEXT], uint64_t wall_ns);

/* For users, in local time: "14:02:11" on the day of now_ns, "2026-11-23 14:02:11" otherwise. */
void time_format_local(char ret_text[MOMENT_TEXT], uint64_t wall_ns, uint64_t now_ns);

/* "0.4 s", "33.0 s", "3 min 05 s", "2 h 07 min", "3 d 4 h". */
void time_format_duration(char ret_text[MOMENT_TEXT], uint64_t ns);

/* The same with whole seconds from 10 s on: "0.4 s", "38 s", "3 min 05 s". */
void time_format_rough(char ret_text[MOMENT_TEXT], uint64_t ns);

/* The same in at most five columns, for tables: "0.4s", "33s", "3m05s", "2h07m", "3d4h". */
void time_format_short(char ret_text[MOMENT_TEXT], uint64_t ns);

uint64_t time_now(void);    /* since the Unix epoch */
uint64_t time_steady(void); /* for measuring: setting the clock does not affect it */

/* From a to b, or 0 if b is earlier, because clocks can be set. */
uint64_t time_between(uint64_t a, uint64_t b);

/* Units per second in the present stage, or 0 if unknown. */
double time_rate(const struct trackd_task *task, uint64_t now_ns);

/* Estimated nanoseconds until an active task is done, if its percentage keeps rising at the same
 * rate. 0: unknown, because the stage has no total or has only begun. */
uint64_t time_left(const struct trackd_task *task, uint64_t now_ns);

#endif
