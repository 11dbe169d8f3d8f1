/* SPDX-License-Identifier: MIT */
/* A task as callers see it: without pids, with links. */
#ifndef TRACKD_HTTP_TASKS_PUBLIC_TASK_H
#define TRACKD_HTTP_TASKS_PUBLIC_TASK_H

#include "libclient/trackd.h"
#include <jansson.h>

/* The task's error. The daemon's own words about a lost worker tell of its pid, "worker indexer[6679]
 * exited": that stays on this host. */
void public_task_error(const struct trackd_task *task, char ret_error[TRACKD_ERROR_MAX + 1]);

/* The whole task, with links. NULL if memory is out. */
json_t *public_task_json(const struct trackd_task *task);

#endif
