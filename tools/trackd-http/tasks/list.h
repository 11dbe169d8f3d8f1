/* SPDX-License-Identifier: MIT */
/* /v1/tasks: the caller's tasks in pages; /v1/task-counts: their number in each state. */
#ifndef TRACKD_HTTP_TASKS_LIST_H
#define TRACKD_HTTP_TASKS_LIST_H

#include "tools/trackd-http/server/request.h"

enum MHD_Result list_begin(struct request *request);
enum MHD_Result list_begin_counts(struct request *request);

#endif
