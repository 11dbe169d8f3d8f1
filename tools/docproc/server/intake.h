/* SPDX-License-Identifier: MIT */
/*
 * From new/ to the queue: what is a document, what is garbage, and keeping the tasks of those that
 * wait alive on the board.
 */
#ifndef DOCPROC_SERVER_INTAKE_H
#define DOCPROC_SERVER_INTAKE_H

#include "tools/docproc/server/job.h"
#include "tools/docproc/server/queue.h"

struct intake {
	struct jobs *jobs; /* with the configuration, the board and the spool */
	struct queue queue;
	uint64_t renew_ns; /* when the tasks of the queue are to be renewed; time_steady() */
	bool said_no_room;
};

/* Look at a name in new/, which has just appeared there or was found. */
void intake_consider(struct intake *intake, const char *name);

/* Look at a name that was made in new/ rather than moved there: a file is not whole yet, anything
 * else will not become a document. */
void intake_made(struct intake *intake, const char *name);

/* Look at all names in new/. */
void intake_scan(struct intake *intake);

/* Something has happened to the task of a waiting document: look at it again. It may be gone from
 * the queue afterwards. */
void intake_check(struct intake *intake, struct waiting *waiting);
void intake_check_all(struct intake *intake);

/* Renew what waits. Whatever has happened to any of the tasks is noticed. */
bool intake_renewal_due(const struct intake *intake);
void intake_renew(struct intake *intake);

/* Start children while fewer than the configuration says run. started() is told of each. */
void intake_start(struct intake *intake, void (*started)(void *user, struct job *job), void *user);

/* Remove what was left half handed in. */
void intake_sweep(struct intake *intake);

#endif
