/* SPDX-License-Identifier: MIT */
/*
 * Answers that show one task: conditional, with a long poll where the caller asks for one. The
 * representation is the route's.
 */
#ifndef TRACKD_HTTP_TASKS_CONDITIONAL_GET_H
#define TRACKD_HTTP_TASKS_CONDITIONAL_GET_H

#include "tools/trackd-http/server/request.h"

struct conditional_get {
	/* The representation of a task. NULL if memory is out. */
	struct MHD_Response *(*make)(struct request *request, const struct trackd_task *task);
	/* There is no such task of this owner; error: what board_connection_find() returned. */
	enum MHD_Result (*absent)(struct request *request, int error);
};

/* Answer a GET about the task that the path names. show lives for ever. */
enum MHD_Result conditional_get(struct request *request, const struct conditional_get *show);

/* Answer with a task whatever the condition, as after a change. */
enum MHD_Result conditional_get_now(struct request *request, const struct conditional_get *show,
				    unsigned status, const struct trackd_task *task);

struct waits;
int waits_new(struct gateway *gateway, struct waits **ret_waits);
/* Let everybody who waits answer now. */
void waits_end(struct waits *waits);
void waits_free(struct waits *waits);

#endif
