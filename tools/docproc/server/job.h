/* SPDX-License-Identifier: MIT */
/*
 * Documents in work/: those that a child works on, and those whose worker has ended and of which the
 * board does not say so yet. A job is over when its task is final; then what is left of it is
 * removed from the store and the spool, the files last, so that whoever finds a file in work/ knows
 * that something is left to be done.
 */
#ifndef DOCPROC_SERVER_JOB_H
#define DOCPROC_SERVER_JOB_H

#include "tools/docproc/worker/child.h"
#include "tools/documents/spool.h"

struct job {
	struct job *next;
	struct spool_entry entry;
	struct trackd_ref ref;
	struct child child;  /* pid 0: it has ended, or was another server's */
	enum exit_code code; /* how it ended */
	char text[128];
	uint64_t ended_ns; /* time_steady() */
	bool told;         /* we have begun to end the task ourselves */
	void *source;      /* of the event loop, for the server */
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

/* Fork a child for a document that has been taken up; the descriptor is ours and is closed. NULL
 * with a failure: then nothing has been started. */
struct job *job_start(struct jobs *jobs, const struct spool_entry *entry, struct trackd_ref ref,
		      int fd, struct failure *failure);

/* Note that its child has ended. */
void job_end(struct jobs *jobs, struct job *job);

/* Look after the jobs that have ended: whether they are over. */
void job_look(struct jobs *jobs);

/* What a server that died has left in work/: its tasks are ended, its files removed. */
void job_recover(struct jobs *jobs);

void job_kill_all(struct jobs *jobs);
void job_free_all(struct jobs *jobs);

#endif
