/* SPDX-License-Identifier: MIT */
/* How a document of the spool stands on the board. */
#ifndef DOCPROC_SERVER_TASK_STATUS_H
#define DOCPROC_SERVER_TASK_STATUS_H

#include "tools/documents/spool_entry_read.h"

enum task_status {
	TASK_STATUS_NONE,    /* no task: gone with a reboot, or expired while no server ran */
	TASK_STATUS_OLDER,   /* a task of the same id that was over before this document came */
	TASK_STATUS_PENDING, /* it waits */
	TASK_STATUS_ACTIVE, /* a process works on it, or has died and the daemon has not said so yet */
	TASK_STATUS_OVER,    /* final: nothing is to be done any more */
	TASK_STATUS_FOREIGN, /* the task of that id is another owner's */
	TASK_STATUS_UNKNOWN, /* the board does not say: busy, or away */
};

/* By id. *ret_ref is set but for NONE and UNKNOWN. */
enum task_status task_status_find(struct trackd *trackd, const struct spool_entry *entry,
				  struct trackd_ref *ret_ref);

/* By reference: NONE if the record has gone to another. */
enum task_status task_status_of(struct trackd *trackd, struct trackd_ref ref);

/* Create the task, pending, in the place of an older one. 0 or the library's error. */
int task_status_make(struct trackd *trackd, const struct spool_entry *entry,
		     struct trackd_ref *ret_ref);

/* The same for a document that is only now handed in: a task of its id that is not over is in the
 * way (TRACKD_E_EXISTS). */
int task_status_begin(struct trackd *trackd, const struct spool_entry *entry,
		      struct trackd_ref *ret_ref);

/* Fail the task of an id if there is one that is not over; of a document that is refused. */
void task_status_refuse(struct trackd *trackd, const char *id, const char *error);

#endif
