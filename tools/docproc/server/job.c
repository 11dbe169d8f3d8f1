/* SPDX-License-Identifier: MIT */
/*
 * What happens to a document when its worker or the server dies at any point. The "server" serves
 * the spool; its children die with it. Recovery is done by the server, or by the next one at its
 * start.
 *
 * died while                       files          task       then
 * -------------------------------  -------------  ---------  ---------------------------------------
 * submitting, before the task      tmp            none       swept from tmp/ after an hour
 * ... after the task was created   tmp            pending    the same, and the task fails
 * ... the ticket was moved         tmp, new/json  pending    the same
 * waiting                          new            pending    processed by the next server
 * waiting; the host restarts       new            none       created again, processed
 * taking up, the ticket was moved  new, work/json pending    the ticket goes back, processed
 * taking up, both were moved       work           pending    worker lost, removed
 * any stage, the child             work           active     worker lost, removed
 * any stage, the server            work           active     worker lost, removed by the next
 * any stage, the host              work or new    final      host restart (the board says it), removed
 * finished in the store, task not  work           active     worker lost; the store has the document
 *                                                            until the id is submitted again
 * task ended, files not yet gone   work           final      removed
 * ... and the task has expired     work           none       the store has it finished with the time of
 *                                                            this ticket: removed. Otherwise worker lost
 * document removed, ticket not     work/json      any        the ticket is removed
 *
 * A document in work/ never goes back to new/, so none is processed twice.
 */
#include "tools/docproc/server/job.h"
#include "tools/common/log.h"
#include "tools/common/time_format.h"
#include "tools/docproc/server/task_status.h"
#include "tools/docproc/store/attempts.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The daemon reports a death within 50 ms, after a restart within a second. If it does not, we
 * do. */
static const uint64_t PATIENCE_NS = UINT64_C(2000000000);

struct job *job_find(const struct jobs *jobs, const char *id)
{
	struct job *job = jobs->first;

	while (job && strcmp(job->entry.id, id) != 0)
		job = job->next;
	return job;
}

static struct job *add(struct jobs *jobs, const struct spool_entry *entry, struct trackd_ref ref)
{
	struct job *job = calloc(1, sizeof *job);

	if (!job)
		return NULL;
	job->entry = *entry;
	job->ref = ref;
	job->next = jobs->first;
	jobs->first = job;
	return job;
}

static void drop(struct jobs *jobs, struct job *job)
{
	struct job **at = &jobs->first;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	free(job);
}

/* ---- Starting ------------------------------------------------------------ */

static struct document document_of(const struct spool_entry *entry, int fd)
{
	struct document document = { .created_at = entry->created_at, .fd = fd };

	memcpy(document.id, entry->id, sizeof document.id);
	memcpy(document.owner, entry->owner, sizeof document.owner);
	memcpy(document.name, entry->name, sizeof document.name);
	return document;
}

struct job *job_start(struct jobs *jobs, const struct spool_entry *entry, struct trackd_ref ref,
		      int fd, struct failure *failure)
{
	struct document document = document_of(entry, fd);
	struct job *job = add(jobs, entry, ref);
	int error = -ENOMEM;

	if (job)
		error = child_start(&job->child, &(struct child_start){
							 .config = jobs->config,
							 .zygote = jobs->zygote,
							 .parents = jobs->trackd,
							 .ref = ref,
							 .document = &document,
							 .keep = jobs->spool->lock,
						 });
	close(fd);
	if (error == 0) {
		jobs->n_running++;
		return job;
	}
	if (job)
		drop(jobs, job);
	failure_set(failure, "The worker could not be started");
	failure_advise(failure, "%s", strerror(-error));
	return NULL;
}

void job_end(struct jobs *jobs, struct job *job)
{
	struct child_death death;

	job->code = child_end(&job->child, &death, job->text, sizeof job->text);
	/* At once: the daemon may not know how, and gives us a moment to say it. */
	if (job->code == EXIT_CODE_WORKER_LOST)
		(void)trackd_worker_died(jobs->trackd, job->ref, death.pid, death.status,
					 death.memory ? TRACKD_EXIT_MEMORY : 0);
	job->ended_ns = time_steady();
	jobs->n_running--;
	jobs->n_ending++;
	if (job->code == EXIT_CODE_WORKER_LOST)
		log_error("%s (%s): %s", job->entry.id, job->entry.name, job->text);
}

/* ---- Ending -------------------------------------------------------------- */

/* Report an end that neither the child nor a daemon has reported. */
static void report_end(struct jobs *jobs, const struct job *job)
{
	switch (job->code) {
	case EXIT_CODE_DONE:
		(void)trackd_complete(jobs->trackd, job->ref, "Document processed successfully");
		break;
	case EXIT_CODE_CANCELLED:
		(void)trackd_cancelled(jobs->trackd, job->ref, NULL);
		break;
	case EXIT_CODE_TASK_FAILED:
		(void)trackd_fail(jobs->trackd, job->ref, NULL);
		break;
	default:
		(void)trackd_fail(jobs->trackd, job->ref,
				  "The worker was lost (worker_lost): the process that worked on "
				  "the document died");
		break;
	}
}

static bool is_over(struct jobs *jobs, struct job *job)
{
	enum task_status status = task_status_of(jobs->trackd, job->ref);

	/* No such task: removed, expired, or replaced by another document with this id. */
	if (status == TASK_STATUS_OVER || status == TASK_STATUS_NONE)
		return true;
	/* The child died before it became the task's worker, so the daemon cannot report it
	 * lost. */
	if (status == TASK_STATUS_PENDING && !job->reported && job->code == EXIT_CODE_WORKER_LOST) {
		job->reported = true;
		child_lose(jobs->config, job->ref);
	} else if (time_between(job->ended_ns, time_steady()) > PATIENCE_NS) {
		report_end(jobs, job);
	}
	return false;
}

static void clear_away(struct jobs *jobs, struct job *job)
{
	if (job->code != EXIT_CODE_DONE)
		attempts_remove(jobs->config, job->entry.id);
	spool_remove(jobs->spool->work, job->entry.id);
	drop(jobs, job);
	jobs->n_ending--;
}

void job_look(struct jobs *jobs)
{
	struct job *next;

	for (struct job *job = jobs->first; job; job = next) {
		next = job->next;
		if (job->child.pid == 0 && is_over(jobs, job))
			clear_away(jobs, job);
	}
}

/* ---- After a server that died -------------------------------------------- */

static void forget(struct jobs *jobs, const char *id)
{
	attempts_remove(jobs->config, id);
	spool_remove(jobs->spool->work, id);
}

static void lose(struct jobs *jobs, const struct spool_entry *entry, struct trackd_ref ref)
{
	struct job *job = add(jobs, entry, ref);

	/* Left for the next start. */
	if (!job)
		return;
	log_warning("%s (%s): its worker is gone", entry->id, entry->name);
	job->code = EXIT_CODE_WORKER_LOST;
	job->ended_ns = time_steady();
	jobs->n_ending++;
}

static void recover_document(struct jobs *jobs, const struct spool_entry *entry)
{
	struct trackd_ref ref;

	switch (task_status_find(jobs->trackd, entry, &ref)) {
	case TASK_STATUS_NONE:
	case TASK_STATUS_OLDER:
		if (attempts_finished(jobs->config, entry->id, entry->created_at))
			spool_remove(jobs->spool->work, entry->id);
		else if (task_status_make(jobs->trackd, entry, &ref) >= 0)
			lose(jobs, entry, ref);
		break;
	case TASK_STATUS_PENDING:
	case TASK_STATUS_ACTIVE:
	case TASK_STATUS_OVER:
		lose(jobs, entry, ref);
		break;
	case TASK_STATUS_FOREIGN:
		forget(jobs, entry->id);
		break;
	case TASK_STATUS_UNKNOWN: /* the next start tries again */
		break;
	}
}

static void recover(void *user, const char *name)
{
	struct jobs *jobs = user;
	struct spool_entry entry;
	struct failure failure;
	struct stat st;

	if (spool_entry_is_file(name))
		return;
	if (!spool_entry_id_valid(name)) {
		(void)spool_discard(jobs->spool, jobs->spool->work, name);
	} else if (fstatat(jobs->spool->new, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		/* Submitted again before this one was removed: the task belongs to the new
		 * document. */
		forget(jobs, name);
	} else if (spool_entry_read(jobs->spool->work, name, &entry, &failure) < 0) {
		log_warning("%s: %s; removed", name, failure.error);
		task_status_refuse(jobs->trackd, name, failure.error);
		forget(jobs, name);
		(void)spool_discard(jobs->spool, jobs->spool->work, name);
	} else {
		recover_document(jobs, &entry);
	}
}

void job_recover(struct jobs *jobs)
{
	attempts_sweep(jobs->config);
	spool_mend(jobs->spool);
	spool_walk(jobs->spool->work, recover, jobs);
}

void job_kill_all(struct jobs *jobs)
{
	for (struct job *job = jobs->first; job; job = job->next)
		if (job->child.pid > 0)
			(void)kill(job->child.pid, SIGKILL);
}

void job_free_all(struct jobs *jobs)
{
	while (jobs->first)
		drop(jobs, jobs->first);
}
