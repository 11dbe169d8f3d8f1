/* SPDX-License-Identifier: MIT */
/* The content of an update: a task as one of its transitions left it, or as it is now. */
#ifndef TRACKD_HTTP_TASKS_TRANSITION_H
#define TRACKD_HTTP_TASKS_TRANSITION_H

#include "libclient/trackd.h"
#include <jansson.h>

/* What is known of a transition in addition to the event itself. */
enum transition_flags {
	TRANSITION_REPLAYED = 1 << 0, /* published before this connection was made */
	TRANSITION_REBUILT = 1 << 1, /* lost from the ring; taken from the record's stage history */
};

/* Turn *task, a copy of the record that may be more recent, into what the event left: state, stage,
 * counts, reason and revision come from the event, the rest stays as in the record. */
void transition_apply(struct trackd_task *task, const struct trackd_event *event);

/* The same without a record: only what the event contains. */
void transition_alone(struct trackd *trackd, const struct trackd_event *event, const char *id,
		      const char *owner, struct trackd_task *ret_task);

/* Rebuild from the record the event of entering a stage, or with stage -1 that of the task's
 * end. */
void transition_rebuild(const struct trackd_task *task, int stage, struct trackd_event *ret_event);

/* The update as JSON text: the task, with "transition" {type, at, replayed, rebuilt}, or null for
 * event NULL. The caller frees it; NULL if memory is out. */
char *transition_text(const struct trackd_task *task, const struct trackd_event *event,
		      unsigned flags);

#endif
