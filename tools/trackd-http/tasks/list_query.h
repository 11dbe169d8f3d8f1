/* SPDX-License-Identifier: MIT */
/* What a caller wants of /v1/tasks: filters, and where the page begins. */
#ifndef TRACKD_HTTP_TASKS_LIST_QUERY_H
#define TRACKD_HTTP_TASKS_LIST_QUERY_H

#include "tools/trackd-http/server/request.h"

enum { LIST_TOKEN = 48 };

/* Where a page ends: behind this task, whether or not it is on the page. */
struct list_place {
	struct trackd_ref ref;
	uint64_t serial;
};

struct list_query {
	unsigned states;                       /* 1 << enum trackd_state */
	int kind;                              /* -1: any */
	const char *labels[TRACKD_LABELS_MAX]; /* all of them; they live as long as the request */
	unsigned n_labels;
	bool bad_label;
	size_t size;
	bool resumed;
	struct list_place from;
};

/* NULL, or the error in the query. */
const char *list_query_parse(const struct request *request, struct trackd *trackd,
			     struct list_query *ret_query);

/* Whether a task passes the filters. In place, so that what does not is not copied: then labels cost
 * a unit of work more. */
bool list_query_wants(const struct list_query *query, const struct trackd_task *task);
bool list_query_wants_view(const struct list_query *query, const struct trackd_view *view,
			   int *units);

void list_place_token(const struct list_place *place, char ret_token[LIST_TOKEN]);

#endif
