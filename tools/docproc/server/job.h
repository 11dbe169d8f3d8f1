/* SPDX-License-Identifier: MIT */
/*
 * Documents in work/: those with a running child, and those whose child has ended but whose task is
 * not final yet. A job is over when its task is final; then its remains are removed from the store
 * and the spool, the files last, because a file in work/ means that there is something left to do.
 */
#ifndef DOCPROC_SERVER_JOB_H
#define DOCPROC_SERVER_JOB_H

#include "tools/docproc/worker/child.h"
#include "tools/documents/spool.h"

struct job {
	struct job *next;
	struct spool_entry entry;
	struct trackd_ref ref;
	struct child child;  /* pid 0: it has ended, or belonged to an earlier server */
	enum exit_code code; /* how it ended */
	char text[128];
	uint64_t ended_ns; /* time_steady() */
	bool reported;     /* we have begun to end the task ourselves */
	void *source;      /* the server's event source */
};

struct jobs {
	const struct config *config;
	const struct zygote *zygote;
	struct trackd *trackd;
	struct spool *spool;
	struct job *first;
	unsigned n_running, n_ending;
};

struct job *job_find(const struct jobs *jobs, const char *id);

/* Fork a child for a document that was taken up; takes over the descriptor and closes it. NULL with
 * a failure: nothing was started. */
struct job *job_start(struct jobs *jobs, const struct spool_entry *entry, struct trackd_ref ref,
		      int fd, struct failure *failure);

/* Call it when the job's child has ended. */
void job_end(struct jobs *jobs, struct job *job);

/* Check whether ended jobs are over. */
void job_look(struct jobs *jobs);

/* End the tasks and remove the files that an earlier server has left in work/. */
void job_recover(struct jobs *jobs);

void job_kill_all(struct jobs *jobs);
void job_free_all(struct jobs *jobs);

#endif
