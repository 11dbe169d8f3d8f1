/* SPDX-License-Identifier: MIT */
/* The state of a spool's document on the board. */
#ifndef DOCPROC_SERVER_TASK_STATUS_H
#define DOCPROC_SERVER_TASK_STATUS_H

#include "tools/documents/spool_entry_read.h"

enum task_status {
	TASK_STATUS_NONE,    /* no task: lost in a reboot, or expired while no server ran */
	TASK_STATUS_OLDER,   /* a task with this id that ended before the document was submitted */
	TASK_STATUS_PENDING, /* waiting */
	TASK_STATUS_ACTIVE,  /* its worker runs, or its death has not been reported yet */
	TASK_STATUS_OVER,    /* final: nothing is left to do */
	TASK_STATUS_FOREIGN, /* the task with this id belongs to another owner */
	TASK_STATUS_UNKNOWN, /* the board is busy or unavailable */
};

/* Look a task up by id. *ret_ref is set except for NONE and UNKNOWN. */
enum task_status task_status_find(struct trackd *trackd, const struct spool_entry *entry,
				  struct trackd_ref *ret_ref);

/* Look a task up by reference: NONE if the record has been reused. */
enum task_status task_status_of(struct trackd *trackd, struct trackd_ref ref);

/* Create the pending task, in place of an older one. 0 or the library's error. */
int task_status_make(struct trackd *trackd, const struct spool_entry *entry,
		     struct trackd_ref *ret_ref);

/* The same for a document that is being submitted: a task with its id that has not ended is an
 * error (TRACKD_E_EXISTS). */
int task_status_begin(struct trackd *trackd, const struct spool_entry *entry,
		      struct trackd_ref *ret_ref);

/* Fail the task of a refused document, if it has not ended. */
void task_status_refuse(struct trackd *trackd, const char *id, const char *error);

#endif
