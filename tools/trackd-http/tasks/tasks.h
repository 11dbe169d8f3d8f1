/* SPDX-License-Identifier: MIT */
/* /v1/tasks/{id}: one of the caller's tasks, and the changes to it. */
#ifndef TRACKD_HTTP_TASKS_TASKS_H
#define TRACKD_HTTP_TASKS_TASKS_H

#include "tools/trackd-http/server/request.h"

enum MHD_Result tasks_begin_one(struct request *request);
enum MHD_Result tasks_begin_cancel(struct request *request);
enum MHD_Result tasks_begin_delete(struct request *request);

/* The owner has no such task, or the board cannot be read; error: from board_connection_find(). */
enum MHD_Result tasks_absent(struct request *request, int error);

#endif
