/* SPDX-License-Identifier: MIT */
/*
 * From new/ to the queue: checks documents, removes invalid files, and keeps the tasks of waiting
 * documents alive on the board.
 */
#ifndef DOCPROC_SERVER_INTAKE_H
#define DOCPROC_SERVER_INTAKE_H

#include "tools/docproc/server/job.h"
#include "tools/docproc/server/queue.h"

struct intake {
	struct jobs *jobs; /* has the configuration, the board and the spool */
	struct queue queue;
	uint64_t renew_ns; /* when the tasks of the queue are due for renewal; time_steady() */
	bool said_no_room;
};

/* Consider a name in new/ that has just appeared or was found. */
void intake_consider(struct intake *intake, const char *name);

/* Consider a name that was created in new/ and not moved there: a file is still incomplete,
 * anything else cannot become a document. */
void intake_made(struct intake *intake, const char *name);

/* Consider all names in new/. */
void intake_scan(struct intake *intake);

/* Check the task of a waiting document again after a change. The document may have left the queue
 * afterwards. */
void intake_check(struct intake *intake, struct waiting *waiting);
void intake_check_all(struct intake *intake);

/* Renew the tasks of waiting documents. This also notices any change to them. */
bool intake_renewal_due(const struct intake *intake);
void intake_renew(struct intake *intake);

/* Start children up to the configured number; started() is called for each. */
void intake_start(struct intake *intake, void (*started)(void *user, struct job *job), void *user);

/* Remove documents that were only partly submitted. */
void intake_sweep(struct intake *intake);

#endif
