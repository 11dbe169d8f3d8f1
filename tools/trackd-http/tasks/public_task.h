/* SPDX-License-Identifier: MIT */
/* A task as callers see it: without pids, with links. */
#ifndef TRACKD_HTTP_TASKS_PUBLIC_TASK_H
#define TRACKD_HTTP_TASKS_PUBLIC_TASK_H

#include "libclient/trackd.h"
#include <jansson.h>

/* The task's error. For a lost worker the daemon writes "worker indexer[6679] exited"; the pid is
 * removed, since it is internal to this host. */
void public_task_error(const struct trackd_task *task, char ret_error[TRACKD_ERROR_MAX + 1]);

/* The whole task, with links. NULL if memory is out. */
json_t *public_task_json(const struct trackd_task *task);

#endif
