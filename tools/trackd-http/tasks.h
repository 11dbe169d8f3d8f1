/* SPDX-License-Identifier: MIT */
/* /v1/tasks: the caller's tasks, one or many, and what may be done to them. */
#ifndef TRACKD_HTTP_TASKS_H
#define TRACKD_HTTP_TASKS_H

#include "request.h"
#include <jansson.h>

enum MHD_Result tasks_begin_one(struct request *request);
enum MHD_Result tasks_begin_list(struct request *request);
enum MHD_Result tasks_begin_cancel(struct request *request);
enum MHD_Result tasks_begin_delete(struct request *request);

/* The daemon's own words about a lost worker tell of its pid, "worker indexer[6679] exited": that
 * stays on this host. */
void tasks_hide_pid(struct trackd_task *task);

/* The task as callers see it: without pids, with links. */
json_t *tasks_json(const struct trackd_task *task);

#endif
