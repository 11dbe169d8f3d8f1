/* SPDX-License-Identifier: MIT */
/* What an update says: a task as one of its transitions left it, or as it is now. */
#ifndef TRACKD_HTTP_TASKS_TRANSITION_H
#define TRACKD_HTTP_TASKS_TRANSITION_H

#include "libclient/trackd.h"
#include <jansson.h>

/* What is known of a transition beside the event itself. */
enum transition_flags {
	TRANSITION_REPLAYED = 1 << 0, /* it was published before this connection was made */
	TRANSITION_REBUILT = 1 << 1,  /* the ring had lost it; from the record's stage history */
};

/* Make *task, a copy of the record that may be further on, what the event left: state, stage,
 * counts, reason and revision are the event's, the rest stays the record's. */
void transition_apply(struct trackd_task *task, const struct trackd_event *event);

/* The same where there is no record any more: what the event alone knows. */
void transition_alone(struct trackd *trackd, const struct trackd_event *event, const char *id,
		      const char *owner, struct trackd_task *ret_task);

/* The event that entering a stage was, or with stage -1 the task's end, from the record. */
void transition_rebuild(const struct trackd_task *task, int stage, struct trackd_event *ret_event);

/* The update as a JSON text: the task, and as "transition" {type, at, replayed, rebuilt}, or null
 * with event NULL. The caller frees it; NULL if memory is out. */
char *transition_text(const struct trackd_task *task, const struct trackd_event *event,
		      unsigned flags);

#endif
