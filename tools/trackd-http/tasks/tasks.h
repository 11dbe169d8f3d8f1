/* SPDX-License-Identifier: MIT */
/* /v1/tasks/{id}: one of the caller's tasks, and what may be done to it. */
#ifndef TRACKD_HTTP_TASKS_TASKS_H
#define TRACKD_HTTP_TASKS_TASKS_H

#include "tools/trackd-http/server/request.h"
#include <jansson.h>

enum MHD_Result tasks_begin_one(struct request *request);
enum MHD_Result tasks_begin_cancel(struct request *request);
enum MHD_Result tasks_begin_delete(struct request *request);

/* The task's error. The daemon's own words about a lost worker tell of its pid, "worker indexer[6679]
 * exited": that stays on this host. */
void tasks_error(const struct trackd_task *task, char ret_error[TRACKD_ERROR_MAX + 1]);

/* There is no such task, or the board cannot be read; error: what board_connection_find() returned. */
enum MHD_Result tasks_absent(struct request *request, int error);

/* The task as callers see it: without pids, with links. */
json_t *tasks_json(const struct trackd_task *task);

#endif
