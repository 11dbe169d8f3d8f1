/* SPDX-License-Identifier: MIT */
/* Invalid files are removed and logged, and the task with their id fails, so that nothing stays in
 * new/ for ever. */
#include "tools/docproc/server/intake.h"
#include "tools/common/log.h"
#include "tools/common/time_format.h"
#include "tools/docproc/server/task_status.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t RENEW_MIN_NS = UINT64_C(50000000), RENEW_MAX_NS = UINT64_C(15000000000);
static const uint64_t RETRY_NS = UINT64_C(1000000000);

/* ---- Invalid files ------------------------------------------------------- */

/* Fails the file's own pending task, but not one of another user. */
static void refuse(struct intake *intake, const char *name, bool foreign,
		   const struct failure *failure)
{
	struct spool *spool = intake->jobs->spool;
	int error;

	log_warning("refused from the spool: %s: %s%s%s", name, failure->error,
		    failure->advice[0] ? "; " : "", failure->advice);
	if (spool_entry_id_valid(name)) {
		if (!foreign)
			task_status_refuse(intake->jobs->trackd, name, failure->error);
		spool_remove(spool->new, name);
		/* Only a part may have been moved, unless a job works on an earlier document with
		 * this id. */
		if (!job_find(intake->jobs, name))
			spool_remove(spool->work, name);
	}
	error = spool_discard(spool, spool->new, name);
	if (error < 0 && error != -ENOENT)
		log_error("%s/new/%s cannot be removed: %s", spool->path, name, strerror(-error));
}

/* ---- Tasks of waiting documents ------------------------------------------ */

/* Plan the next renewal, before the task can expire. */
static void plan_renewal(struct intake *intake, const struct waiting *waiting)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	uint64_t left, now = time_now();

	if (trackd_copy(intake->jobs->trackd, waiting->ref, &task) < 0 ||
	    task.expires_ns == UINT64_MAX)
		return;
	/* Renew four times per lifetime. */
	left = time_between(now, task.expires_ns) / 4;
	left = left < RENEW_MIN_NS ? RENEW_MIN_NS : left;
	if (intake->renew_ns > time_steady() + left)
		intake->renew_ns = time_steady() + left;
}

static void make_task(struct intake *intake, struct waiting *waiting)
{
	int error = task_status_make(intake->jobs->trackd, &waiting->entry, &waiting->ref);

	waiting->on_board = error >= 0;
	if (error >= 0)
		plan_renewal(intake, waiting);
	/* Board full or busy: the document waits and is tried again. Logged once, not for each of a
	 * thousand. */
	else if (!intake->said_no_room)
		log_warning("%s waits without a task on the board: %s", waiting->entry.id,
			    trackd_strerror(error));
	intake->said_no_room = error < 0;
}

static void forget(struct intake *intake, struct waiting *waiting)
{
	spool_remove(intake->jobs->spool->new, waiting->entry.id);
	queue_drop(&intake->queue, waiting);
}

static void refuse_foreign(struct intake *intake, struct waiting *waiting,
			   const struct failure *failure)
{
	struct spool_entry entry = waiting->entry;

	queue_drop(&intake->queue, waiting);
	refuse(intake, entry.id, true, failure);
}

/* Whether the document still waits and has a pending task on the board. */
static bool check(struct intake *intake, struct waiting *waiting)
{
	struct failure failure;

	switch (task_status_find(intake->jobs->trackd, &waiting->entry, &waiting->ref)) {
	case TASK_STATUS_PENDING:
		waiting->on_board = true;
		return true;
	case TASK_STATUS_NONE:
	case TASK_STATUS_OLDER:
		make_task(intake, waiting);
		return waiting->on_board;
	case TASK_STATUS_OVER:
		log_info("%s (%s): its task has ended; removed", waiting->entry.id,
			 waiting->entry.name);
		forget(intake, waiting);
		return false;
	case TASK_STATUS_FOREIGN:
		failure_set(&failure, "The id belongs to another user's document");
		refuse_foreign(intake, waiting, &failure);
		return false;
	case TASK_STATUS_ACTIVE: /* another process works on that id: try later */
	case TASK_STATUS_UNKNOWN:
		return false;
	}
	return false;
}

void intake_check(struct intake *intake, struct waiting *waiting)
{
	(void)check(intake, waiting);
}

void intake_check_all(struct intake *intake)
{
	/* Backwards: removing an item does not move those still to be checked. */
	for (size_t i = intake->queue.n; i > 0; i--)
		(void)check(intake, intake->queue.items[i - 1]);
}

bool intake_renewal_due(const struct intake *intake)
{
	return time_steady() >= intake->renew_ns;
}

void intake_renew(struct intake *intake)
{
	struct trackd *trackd = intake->jobs->trackd;
	uint64_t now = time_steady();
	bool missing = false;

	intake->renew_ns = now + RENEW_MAX_NS;
	for (size_t i = intake->queue.n; i > 0; i--) {
		struct waiting *waiting = intake->queue.items[i - 1];

		if (!waiting->on_board ||
		    trackd_update(trackd, waiting->ref, TRACKD_STAGE_KEEP, NULL) < 0) {
			if (!check(intake, waiting))
				missing = true;
			continue;
		}
		plan_renewal(intake, waiting);
	}
	if (missing && intake->renew_ns > now + RETRY_NS)
		intake->renew_ns = now + RETRY_NS;
}

/* ---- Arrivals ------------------------------------------------------------ */

static void add(struct intake *intake, const struct spool_entry *entry, const struct stat *st)
{
	struct waiting *waiting = queue_find(&intake->queue, entry->id);
	int64_t written = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;

	/* Submitted again before it was taken up: the files have been replaced. */
	if (waiting)
		queue_drop(&intake->queue, waiting);
	waiting = queue_add(&intake->queue, entry, written);
	if (!waiting) {
		log_error("%s: out of memory; left until the next start", entry->id);
		return;
	}
	if (check(intake, waiting) &&
	    trackd_update(intake->jobs->trackd, waiting->ref, TRACKD_STAGE_KEEP, NULL) >= 0)
		plan_renewal(intake, waiting);
	else if (intake->renew_ns > time_steady() + RETRY_NS)
		intake->renew_ns = time_steady() + RETRY_NS;
}

static void consider_document(struct intake *intake, const char *name, const struct stat *st)
{
	struct spool_entry entry;
	struct failure failure;

	if (!S_ISREG(st->st_mode)) {
		failure_set(&failure, "The document is not a regular file");
	} else if (!spool_entry_id_valid(name)) {
		failure_set(&failure, "The name is not a task's id");
		failure_advise(&failure, "1 to %d bytes of A-Za-z0-9._~:@+=-, neither . nor ..",
			       TRACKD_ID_MAX);
	} else if (spool_entry_read(intake->jobs->spool->new, name, &entry, &failure) == 0) {
		if (entry.size < 0 || entry.size == st->st_size) {
			add(intake, &entry, st);
			return;
		}
		failure_set(&failure, "The document is incomplete");
		failure_advise(&failure, "%lld bytes instead of %lld", (long long)st->st_size,
			       (long long)entry.size);
	}
	refuse(intake, name, false, &failure);
}

void intake_consider(struct intake *intake, const char *name)
{
	struct failure failure;
	struct stat st;

	if (fstatat(intake->jobs->spool->new, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		struct waiting *waiting = queue_find(&intake->queue, name);

		/* Withdrawn by its submitter, who also updates the board. */
		if (waiting)
			queue_drop(&intake->queue, waiting);
	} else if (!spool_entry_is_file(name)) {
		consider_document(intake, name, &st);
	} else if (!S_ISREG(st.st_mode)) {
		failure_set(&failure, "It is not a regular file");
		refuse(intake, name, false, &failure);
	}
	/* A ticket comes before its document. */
}

void intake_made(struct intake *intake, const char *name)
{
	struct stat st;

	if (fstatat(intake->jobs->spool->new, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !(S_ISREG(st.st_mode) && st.st_nlink == 1))
		intake_consider(intake, name);
}

static void consider(void *user, const char *name)
{
	intake_consider(user, name);
}

void intake_scan(struct intake *intake)
{
	spool_walk(intake->jobs->spool->new, consider, intake);
}

static void dropped(void *user, const char *id)
{
	struct intake *intake = user;

	/* A job may still work on an earlier document with this id. */
	if (queue_find(&intake->queue, id) || job_find(intake->jobs, id))
		return;
	log_warning("%s was not completely submitted; removed", id);
	task_status_refuse(intake->jobs->trackd, id, "The document was not completely submitted");
}

void intake_sweep(struct intake *intake)
{
	spool_sweep(intake->jobs->spool, SPOOL_STALE_S, dropped, intake);
}

/* ---- Starting ------------------------------------------------------------ */

/* Removes the document from the queue in any case. */
static struct job *take_up(struct intake *intake, struct waiting *waiting)
{
	struct jobs *jobs = intake->jobs;
	struct spool_entry entry = waiting->entry;
	struct trackd_ref ref = waiting->ref;
	struct failure failure;
	struct job *job = NULL;

	queue_drop(&intake->queue, waiting);
	int fd = spool_take(jobs->spool, &entry, &failure);
	if (fd == -ENOENT)
		return NULL;
	if (fd >= 0)
		job = job_start(jobs, &entry, ref, fd, &failure);
	if (!job)
		refuse(intake, entry.id, false, &failure);
	return job;
}

void intake_start(struct intake *intake, void (*started)(void *user, struct job *job), void *user)
{
	struct jobs *jobs = intake->jobs;
	size_t i = 0;

	while (i < intake->queue.n && jobs->n_running < jobs->config->jobs) {
		struct waiting *waiting = intake->queue.items[i];
		size_t n = intake->queue.n;

		/* One document per id at a time, because the files in work/ are named by id.
		 * Documents without a task are tried again at the next renewal. */
		if (!waiting->on_board || job_find(jobs, waiting->entry.id) ||
		    !check(intake, waiting)) {
			if (intake->queue.n == n)
				i++;
			continue;
		}
		struct job *job = take_up(intake, waiting);
		if (job)
			started(user, job);
	}
}
