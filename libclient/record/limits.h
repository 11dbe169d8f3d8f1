/* SPDX-License-Identifier: MIT */
/*
 * Time limits: those that a task chose at its creation (start_within, progress_within,
 * finish_within), and the active_ttl of an active task with a worker. What passes one is ended,
 * failed with reason timed_out: by the next writer that holds the record's lock (edit.h), or by the
 * daemon. Only the daemon judges progress_within, because counting without a lock leaves no time.
 */
#ifndef TRACKD_RECORD_LIMITS_H
#define TRACKD_RECORD_LIMITS_H

#include "libclient/segment/segment.h"
#include "libclient/trackd.h"

enum limit { LIMIT_NONE, LIMIT_START, LIMIT_FINISH, LIMIT_PROGRESS, LIMIT_ACTIVE_TTL };

/* start_within, progress_within and finish_within in milliseconds; 0: none. */
struct limit_lengths {
	uint32_t start, progress, finish;
};

static inline struct limit_lengths limits_of(const struct trackd_task *task)
{
	return (struct limit_lengths){ task->start_within_ms, task->progress_within_ms,
				       task->finish_within_ms };
}

/* Store a new record's limits, while its slot is CLAIMED: COPY_LIMITS, or 0 if there is none; then
 * the details are not touched. */
uint16_t limits_store(struct layout_detail *detail, struct limit_lengths within);

/* Which of start_within, finish_within and active_ttl has passed at this time: the first of them.
 * With the record's mutex held; copy is the current one. */
enum limit limits_passed(const struct board *board, uint32_t slot, const struct layout_copy *copy,
			 uint64_t now);

enum { LIMITS_TEXT = 128 };

/* The error text of a task that passed a limit: which, its length, and the stage. */
void limits_say(const struct board *board, uint32_t slot, const struct layout_copy *copy,
		enum limit limit, char ret_text[LIMITS_TEXT]);

/* What the daemon needs to know of an open task. Times are UINT64_MAX if there is none. */
struct limits {
	uint8_t state;
	uint64_t fixed;      /* when start_within or finish_within passes */
	uint64_t active_ttl; /* when active_ttl passes, unless the task is updated or renewed */
	uint32_t progress_ms;
	uint64_t updated, work;
};

/* Read them without a lock. False: the record is final, or ref is stale. */
bool limits_read(const struct board *board, struct trackd_ref ref, struct limits *ret_limits);

#endif
