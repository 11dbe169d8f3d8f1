/* SPDX-License-Identifier: MIT */
/*
 * How a worker died: from what wait() says, to the word that a final copy keeps (cause_make()) and
 * to the words of an error.
 */
#ifndef TRACKD_SEGMENT_CAUSE_H
#define TRACKD_SEGMENT_CAUSE_H

#include "libclient/segment/layout_words.h"
#include "libclient/trackd.h"
#include <stdbool.h>
#include <stddef.h>

enum { CAUSE_WORDS = 64 };

/* From a status as of wait(). memory: the OOM killer ended a process of its cgroup; counts only
 * with SIGKILL. */
uint64_t cause_of_status(int status, bool memory);

/* "exited with status 3", "was killed by SIGSEGV (core dumped)", "was killed by SIGKILL (out of
 * memory)"; "exited" if no more is known. */
void cause_words(char to[CAUSE_WORDS], uint64_t cause);

/* "SIGKILL", "signal 35". */
void cause_signal_name(char to[CAUSE_WORDS], uint32_t number);

/* Whether a copy with this state and reason can have this cause. */
bool cause_fits(uint8_t state, uint8_t reason, uint64_t cause);

/* A copied task's fields, which are zero before and stay so if no kernel can have given this; and
 * back. */
void cause_to_task(uint64_t cause, struct trackd_task *task);
uint64_t cause_of_task(const struct trackd_task *task);

#endif
