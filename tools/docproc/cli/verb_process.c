/* SPDX-License-Identifier: MIT */
/* docproc FILE: process one document as one task, and wait for it. The id is written to standard
 * output as soon as the task exists, progress to stderr. */
#include "tools/common/log.h"
#include "tools/docproc/cli/progress.h"
#include "tools/docproc/cli/source.h"
#include "tools/docproc/cli/verbs.h"
#include "tools/docproc/extract/extractor.h"
#include "tools/docproc/server/job.h"
#include "tools/docproc/server/task_status.h"
#include "tools/docproc/store/attempts.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { REDRAW_MS = 100 };

static struct source source;

/* ---- Waiting ------------------------------------------------------------- */

struct process {
	struct jobs jobs;
	struct spool spool; /* none */
	struct progress progress;
	int signals;
	int asked; /* how often the user has interrupted */
};

static int catch_signals(void)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		return -errno;
	int fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static void read_signals(struct process *process, struct trackd_ref ref)
{
	struct signalfd_siginfo info;

	while (read(process->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		if (process->asked++ == 0) {
			(void)trackd_cancel(process->jobs.trackd, ref);
			log_info("asked to cancel; interrupt again to kill the worker");
		} else {
			job_kill_all(&process->jobs);
		}
	}
}

static enum exit_code wait_for(struct process *process, struct job *job)
{
	struct trackd_ref ref = job->ref;
	enum exit_code code = EXIT_CODE_DONE;
	struct pollfd fds[] = { { .fd = process->signals, .events = POLLIN },
				{ .fd = trackd_fd(process->jobs.trackd), .events = POLLIN },
				{ .fd = job->child.fd, .events = POLLIN } };

	while (process->jobs.first) {
		(void)poll(fds, fds[2].fd < 0 ? 2 : 3, REDRAW_MS);
		read_signals(process, ref);
		progress_show(&process->progress);
		if (fds[2].fd >= 0 && fds[2].revents != 0) {
			fds[2].fd = -1;
			job_end(&process->jobs, job);
			code = job->code;
		}
		/* Frees the job once its task is over. */
		job_look(&process->jobs);
	}
	progress_end(&process->progress);
	return process->asked > 1 && code == EXIT_CODE_WORKER_LOST ? EXIT_CODE_INTERRUPTED : code;
}

/* ---- Starting ------------------------------------------------------------ */

static int start(struct process *process)
{
	struct trackd_ref ref;
	struct failure failure;
	const struct spool_entry *entry = &source.entry;
	int error = task_status_begin(process->jobs.trackd, entry, &ref);

	if (error == TRACKD_E_EXISTS)
		log_error("task %s exists; see trackctl show %s", entry->id, entry->id);
	else if (error < 0)
		log_error("%s", trackd_strerror(error));
	if (error < 0)
		return (int)exit_code_of_error(error);
	printf("%s\n", entry->id);
	(void)fflush(stdout);
	progress_begin(&process->progress, process->jobs.trackd, ref);
	struct job *job = job_start(&process->jobs, entry, ref, source.fd, &failure);
	if (job)
		return (int)wait_for(process, job);
	log_error("%s; %s", failure.error, failure.advice);
	(void)trackd_fail(process->jobs.trackd, ref, failure.error);
	return EXIT_CODE_BUSY;
}

static int process(const struct config *config, const struct zygote *zygote)
{
	struct trackd_options options =
		child_options(config, TRACKD_OPEN_WRITE | TRACKD_OPEN_NO_WORKER);
	struct process process = {
		.jobs = { .config = config, .zygote = zygote },
		.spool = { -1, -1, -1, -1, -1, "" },
	};
	int error = trackd_open(&process.jobs.trackd, &options);

	if (error < 0) {
		log_error("%s", trackd_strerror(error));
		close(source.fd);
		return (int)exit_code_of_error(error);
	}
	process.jobs.spool = &process.spool;
	process.signals = catch_signals();
	int code = start(&process);
	close(process.signals);
	trackd_close(process.jobs.trackd);
	return code;
}

static int run(const struct config *config, int n_arguments, char **arguments)
{
	struct failure failure;

	(void)n_arguments;
	int code = source_open(&source, arguments[0]);
	if (code != 0)
		return code;
	if (attempts_folder(config, &failure) < 0) {
		failure_tell(&failure);
		close(source.fd);
		return EXIT_CODE_PERMISSION;
	}
	/* Start it before the board is mapped: see zygote.h. */
	struct zygote zygote;
	int error = zygote_start(&zygote, extractor_run);
	if (error < 0) {
		log_error("the process that starts extractors cannot be started: %s",
			  strerror(-error));
		close(source.fd);
		return EXIT_CODE_BUSY;
	}
	code = process(config, &zygote);
	zygote_stop(&zygote);
	return code;
}

const struct verb verb_process = {
	VERB("", NULL, run),
	VERB_ARGUMENTS("FILE [--id ID] [--owner USER] [--name NAME]; see docproc --help", 1, 1,
		       "@file"),
	VERB_OPTIONS(source_entries, source),
};
