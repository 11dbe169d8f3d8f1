/* SPDX-License-Identifier: MIT */
/* Phrases about a task for several views: a table's cell, a line, a screen. */
#ifndef TRACKCTL_VIEW_WORDS_H
#define TRACKCTL_VIEW_WORDS_H

#include "tools/trackctl/session/ctl.h"

enum { WORDS = 96, WORDS_LABELS = TRACKD_LABELS_BYTES + 1 + TRACKD_LABELS_MAX };

/* "embedding", "completed", "failed - worker lost" (with the terminal's dot). */
void words_status(const struct terminal *terminal, char to[WORDS], const struct trackd_task *task);
/* "480/1000", "480", or "" if nothing was counted. */
void words_work(char to[WORDS], uint64_t done, uint64_t total);
/* "14.5/s", or "". */
void words_rate(char to[WORDS], const struct trackd_task *task, uint64_t now_ns);
/* "uvicorn[4182]", or "" if none is known. */
void words_worker(char to[WORDS], const struct trackd_task *task);
/* How it died: "exited with status 3", "killed by SIGKILL (out of memory)", or "". */
void words_exit(char to[WORDS], const struct trackd_task *task);
/* "batch=7, customer=acme", or "". */
void words_labels(char to[WORDS_LABELS], const struct trackd_task *task);
/* Whether it failed or was cancelled: then what it was doing last is shown. */
bool words_broken(const struct trackd_task *task);
/* "worker lost", "host restart"; "" for none, and if the state implies the reason. */
const char *words_reason(enum trackd_reason reason);

#endif
