/* SPDX-License-Identifier: MIT */
/*
 * Answers about one task: conditional, and with a long poll if the caller asks for one. The route
 * supplies the representation.
 */
#ifndef TRACKD_HTTP_TASKS_CONDITIONAL_GET_H
#define TRACKD_HTTP_TASKS_CONDITIONAL_GET_H

#include "tools/trackd-http/server/request.h"

struct conditional_get {
	/* The representation of a task. NULL if memory is out. */
	struct MHD_Response *(*make)(struct request *request, const struct trackd_task *task);
	/* The owner has no such task; error: from board_connection_find(). */
	enum MHD_Result (*absent)(struct request *request, int error);
};

/* Answer a GET about the task in the path. show must never be freed. */
enum MHD_Result conditional_get(struct request *request, const struct conditional_get *show);

/* Answer with a task regardless of the condition, as after a change. */
enum MHD_Result conditional_get_now(struct request *request, const struct conditional_get *show,
				    unsigned status, const struct trackd_task *task);

struct waits;
int waits_new(struct gateway *gateway, struct waits **ret_waits);
/* Answer all waiting requests now. */
void waits_end(struct waits *waits);
void waits_free(struct waits *waits);

#endif
