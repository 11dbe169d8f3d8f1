/* SPDX-License-Identifier: MIT */
/*
 * An event loop: a name in new/, the end of a child, a transition on the board, a signal, a timer.
 * After any event, look() does everything that is due, so a lost event does no harm.
 */
#include "tools/docproc/server/server.h"
#include "tools/common/log.h"
#include "tools/common/service_notify.h"
#include "tools/common/time_format.h"
#include "tools/docproc/extract/extractor.h"
#include "tools/docproc/sandbox/sandbox.h"
#include "tools/docproc/server/intake.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <systemd/sd-event.h>
#include <unistd.h>

static const uint64_t SWEEP_NS = UINT64_C(600000000000);
static const uint64_t ENDING_US = 20000, WORKING_US = 1000000, IDLE_US = 60000000;

struct server {
	const struct config *config;
	struct zygote zygote;
	struct spool spool;
	struct jobs jobs;
	struct intake intake;
	struct trackd_cursor cursor;
	struct service_notify notify;
	sd_event *loop;
	sd_event_source *timer, *board;
	int watch; /* inotify */
	uint64_t sweep_ns;
	bool draining; /* asked to end, or unable to continue */
	int code;      /* exit status */
	size_t said_waiting;
	unsigned said_running;
};

/* ---- Everything that is due ---------------------------------------------- */

/* A waiting document's task was cancelled or removed, or has expired. */
static void read_events(struct server *server)
{
	struct trackd *trackd = server->jobs.trackd;
	struct trackd_event event = TRACKD_EVENT_INIT;
	int result;

	(void)trackd_dispatch(trackd);
	while ((result = trackd_next_event(trackd, &server->cursor, &event)) != 0) {
		if (result == TRACKD_E_LAPPED) {
			intake_check_all(&server->intake);
			continue;
		}
		if (result < 0)
			break;
		if (event.type == TRACKD_EVENT_CREATED || event.type == TRACKD_EVENT_STAGE)
			continue;
		struct waiting *waiting = queue_find_ref(&server->intake.queue, event.ref);
		if (waiting)
			intake_check(&server->intake, waiting);
	}
}

static void say_status(struct server *server)
{
	size_t waiting = server->intake.queue.n;
	unsigned running = server->jobs.n_running;

	if (waiting == server->said_waiting && running == server->said_running)
		return;
	if (!service_notify_status(&server->notify, "%s%u at work, %zu waiting",
				   server->draining ? "Ending: " : "", running, waiting))
		return;
	server->said_waiting = waiting;
	server->said_running = running;
}

static void set_timer(struct server *server)
{
	uint64_t now = 0, wait = IDLE_US;

	if (server->jobs.n_ending > 0) {
		wait = ENDING_US;
	} else if (server->intake.queue.n > 0 || server->jobs.n_running > 0) {
		uint64_t left = time_between(time_steady(), server->intake.renew_ns) / 1000;

		wait = left < WORKING_US ? left : WORKING_US;
	}
	(void)sd_event_now(server->loop, CLOCK_MONOTONIC, &now);
	(void)sd_event_source_set_time(server->timer, now + wait);
	(void)sd_event_source_set_enabled(server->timer, SD_EVENT_ONESHOT);
}

static void started(void *user, struct job *job);

static int look(struct server *server)
{
	uint64_t now = time_steady();

	read_events(server);
	job_look(&server->jobs);
	if (!server->draining)
		intake_start(&server->intake, started, server);
	if (intake_renewal_due(&server->intake)) {
		/* A new board has new events. */
		trackd_cursor_now(server->jobs.trackd, &server->cursor);
		intake_renew(&server->intake);
	}
	if (now >= server->sweep_ns) {
		server->sweep_ns = now + SWEEP_NS;
		intake_sweep(&server->intake);
	}
	say_status(server);
	set_timer(server);
	if (server->draining && !server->jobs.first)
		(void)sd_event_exit(server->loop, server->code);
	return 0;
}

/* ---- Events -------------------------------------------------------------- */

static int on_child(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct server *server = user;
	struct job *job = server->jobs.first;

	(void)fd;
	(void)events;
	while (job && job->source != source)
		job = job->next;
	if (job) {
		/* Disable it before its descriptor is closed. */
		job->source = sd_event_source_disable_unref(source);
		job_end(&server->jobs, job);
	}
	return look(server);
}

static void started(void *user, struct job *job)
{
	struct server *server = user;
	sd_event_source *source = NULL;

	if (sd_event_add_io(server->loop, &source, job->child.fd, EPOLLIN, on_child, server) < 0) {
		/* Without an event source we would not notice its end. */
		(void)kill(job->child.pid, SIGKILL);
		job_end(&server->jobs, job);
	}
	job->source = source;
}

static int on_names(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct server *server = user;
	char buffer[16 << 10] __attribute__((aligned(8)));
	ssize_t n;

	(void)source;
	(void)events;
	while ((n = read(fd, buffer, sizeof buffer)) > 0) {
		for (char *at = buffer; at < buffer + n;) {
			const struct inotify_event *event = (const void *)at;

			if (event->mask & IN_Q_OVERFLOW)
				intake_scan(&server->intake);
			else if (event->len > 0 && event->mask & IN_CREATE)
				intake_made(&server->intake, event->name);
			else if (event->len > 0)
				intake_consider(&server->intake, event->name);
			at += sizeof *event + event->len;
		}
	}
	return look(server);
}

static int on_board(sd_event_source *source, int fd, uint32_t events, void *user)
{
	(void)source;
	(void)fd;
	(void)events;
	return look(user);
}

static int on_time(sd_event_source *source, uint64_t usec, void *user)
{
	(void)source;
	(void)usec;
	return look(user);
}

/* A zygote forked now would inherit the board. So stop: the next server starts a clean one. Running
 * documents are completed. */
static int on_zygote(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct server *server = user;

	(void)fd;
	(void)events;
	(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	log_error("the process that starts extractors has died: no more documents are started");
	service_notify_stopping(&server->notify);
	server->draining = true;
	server->code = EXIT_CODE_BUSY;
	return look(server);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *user)
{
	struct server *server = user;

	(void)source;
	(void)info;
	if (server->draining) {
		log_warning("asked twice to end: %u document%s given up", server->jobs.n_running,
			    server->jobs.n_running == 1 ? " is" : "s are");
		job_kill_all(&server->jobs);
	} else {
		service_notify_stopping(&server->notify);
		server->draining = true;
	}
	return look(server);
}

/* ---- Start and end ------------------------------------------------------- */

static int watch(struct server *server)
{
	char path[sizeof server->spool.path + 8];

	server->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	snprintf(path, sizeof path, "%s/new", server->spool.path);
	if (server->watch < 0 ||
	    inotify_add_watch(server->watch, path,
			      IN_MOVED_TO | IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_DELETE |
				      IN_ONLYDIR) < 0)
		return -errno;
	return 0;
}

static int add_sources(struct server *server)
{
	sigset_t mask;
	int error = sd_event_default(&server->loop);

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	if (error >= 0 && sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		error = -errno;
	if (error >= 0)
		error = sd_event_add_signal(server->loop, NULL, SIGTERM, on_signal, server);
	if (error >= 0)
		error = sd_event_add_signal(server->loop, NULL, SIGINT, on_signal, server);
	if (error >= 0)
		error = sd_event_add_io(server->loop, NULL, server->zygote.fd, EPOLLIN, on_zygote,
					server);
	if (error >= 0)
		error = sd_event_add_io(server->loop, NULL, server->watch, EPOLLIN, on_names,
					server);
	if (error >= 0)
		error = sd_event_add_io(server->loop, &server->board,
					trackd_fd(server->jobs.trackd), EPOLLIN, on_board, server);
	if (error >= 0)
		error = sd_event_add_time(server->loop, &server->timer, CLOCK_MONOTONIC, 0, 0,
					  on_time, server);
	if (error >= 0)
		error = service_notify_attach(&server->notify, server->loop);
	return error;
}

static int serve(struct server *server)
{
	int code = EXIT_CODE_DONE, error = watch(server);

	if (error >= 0)
		error = add_sources(server);
	if (error < 0) {
		log_error("%s cannot be served: %s", server->spool.path, strerror(-error));
		return EXIT_CODE_BUSY;
	}
	trackd_cursor_now(server->jobs.trackd, &server->cursor);
	job_recover(&server->jobs);
	intake_scan(&server->intake);
	service_notify_ready(&server->notify);
	log_info("serving %s: %zu waiting, %u documents at once", server->spool.path,
		 server->intake.queue.n, server->config->jobs);
	code = sd_event_loop(server->loop);
	return code < 0 ? EXIT_CODE_BUSY : code;
}

static int open_all(struct server *server)
{
	struct trackd_options options =
		child_options(server->config, TRACKD_OPEN_WRITE | TRACKD_OPEN_NO_WORKER);
	struct failure failure;
	/* Start it first: it keeps whatever is in memory now. */
	int error = zygote_start(&server->zygote, extractor_run);

	if (error < 0) {
		log_error("the process that starts extractors cannot be started: %s",
			  strerror(-error));
		return EXIT_CODE_BUSY;
	}
	server->jobs.zygote = &server->zygote;
	/* A failure here recurs in each worker, which reports it. */
	(void)sandbox_prepare(config_network(server->config));
	if (spool_open(&server->spool, server->config->spool, &failure) < 0 ||
	    spool_lock(&server->spool, &failure) < 0) {
		failure_tell(&failure);
		return EXIT_CODE_BUSY;
	}
	error = trackd_open(&server->jobs.trackd, &options);
	if (error < 0)
		log_error("%s", trackd_strerror(error));
	return error < 0 ? (int)exit_code_of_error(error) : 0;
}

int server_run(const struct config *config)
{
	struct server server = {
		.config = config,
		.spool = { -1, -1, -1, -1, -1, "" },
		.jobs = { .config = config },
		.zygote = { 0, -1, -1 },
		.watch = -1,
		.said_running = UINT32_MAX,
	};
	int code;

	service_notify_init(&server.notify);
	/* A closed log pipe must not stop the server. */
	(void)signal(SIGPIPE, SIG_IGN);
	server.jobs.spool = &server.spool;
	server.intake.jobs = &server.jobs;
	server.intake.renew_ns = UINT64_MAX;
	code = open_all(&server);
	if (code == 0)
		code = serve(&server);
	job_free_all(&server.jobs);
	queue_free(&server.intake.queue);
	service_notify_free(&server.notify);
	sd_event_source_unref(server.timer);
	sd_event_source_unref(server.board);
	sd_event_unref(server.loop);
	if (server.watch >= 0)
		close(server.watch);
	trackd_close(server.jobs.trackd);
	spool_close(&server.spool);
	zygote_stop(&server.zygote);
	return code;
}
