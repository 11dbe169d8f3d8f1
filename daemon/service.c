/* SPDX-License-Identifier: MIT */
/* The composition root, the event loop and the signals. */
#include "service.h"
#include "adopt.h"
#include "atomic.h"
#include "board.h"
#include "boardlock.h"
#include "clockwatch.h"
#include "control.h"
#include "doorbell.h"
#include "event.h"
#include "exitstatus.h"
#include "journal.h"
#include "listener.h"
#include "liveness.h"
#include "log.h"
#include "losses.h"
#include "notify.h"
#include "reaper.h"
#include "rounds.h"
#include "saver.h"
#include "statedir.h"
#include "sweep.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

struct service {
	const struct options *options;
	struct config config;
	sd_event *event;
	struct boardlock lock;
	struct statedir statedir;
	struct snapshot_place place;
	struct board board;
	struct listener listener;
	struct notify notify;
	struct losses losses;
	struct liveness liveness;
	struct reaper reaper;
	struct sweep sweep;
	struct control control;
	struct saver saver;
	struct clockwatch clockwatch;
	struct journal journal;
	struct doorbell doorbell;
	struct rounds rounds;
	bool serves; /* the board has its name: from here on it is stopped, not given up */
	/* descriptors that the service manager passed us */
	int n_passed;
	char **passed_names;
};

/* ---- Descriptors that were passed --------------------------------------- */

static void take_listener(struct service *service)
{
	service->n_passed = sd_listen_fds_with_names(1, &service->passed_names);
	for (int i = 0; i < service->n_passed; i++) {
		int fd = SD_LISTEN_FDS_START + i;
		if (service->listener.fd < 0)
			(void)listener_take(&service->listener, fd);
	}
}

static void take_kept(struct service *service, const char *name, int fd)
{
	enum notify_kept kind;
	uint32_t a, b;

	if (!notify_parse(name, &kind, &a, &b)) {
		close(fd);
		return;
	}
	switch (kind) {
	case NOTIFY_SUBSCRIBER:
		(void)control_add(&service->control, fd, (int)(a & INT32_MAX));
		break;
	case NOTIFY_WORKER:
		liveness_restore(&service->liveness, a, b, fd);
		break;
	}
}

/* What the daemon before us left with the service manager. */
static void take_all_kept(struct service *service)
{
	for (int i = 0; i < service->n_passed; i++) {
		int fd = SD_LISTEN_FDS_START + i;
		if (fd != service->listener.fd)
			take_kept(service, service->passed_names[i], fd);
		free(service->passed_names[i]);
	}
	free(service->passed_names);
	service->passed_names = NULL;
	service->n_passed = 0;
}

static int cannot_listen(const char *socket, int error)
{
	bool forbidden = error == -EACCES || error == -EPERM;

	log_error("%s: %s; %sgive --socket PATH", socket, strerror(-error),
		  error == -ENOENT   ? "make its directory, or "
		  : error == -EEXIST ? "remove what is there, or "
		  : forbidden        ? "run as a user who may write into its directory, or "
				     : "");
	return forbidden ? EX_NOPERM : EX_UNAVAILABLE;
}

/* A socket that nobody sees yet: there is no board to hand out. */
static int prepare_to_listen(struct service *service)
{
	const struct config *config = &service->config;
	int error;

	take_listener(service);
	if (service->listener.fd >= 0)
		return 0;
	error = listener_make(&service->listener, config->socket, config->mode, config->gid);
	if (error == 0)
		return 0;
	service->listener.fd = -1;
	if (error == -EADDRINUSE) {
		log_error("another program listens on %s; stop it, or give --socket PATH",
			  config->socket);
		return EX_TEMPFAIL;
	}
	return cannot_listen(config->socket, error);
}

/* Clients that connect before the loop runs wait for it. */
static int listen_openly(struct service *service)
{
	const struct listener *listener = &service->listener;
	int error = listener_show(&service->listener);

	if (error < 0)
		return cannot_listen(service->config.socket, error);
	if (listener->made)
		boardlock_note(&service->lock, listener->path, listener->device, listener->inode);
	return 0;
}

/* A configuration that names a directory which cannot be used is wrong. */
static int prepare_state(struct service *service)
{
	int error = statedir_make(&service->statedir, &service->place);
	int status = exitstatus_of(error, EX_IOERR);

	if (error == 0)
		return 0;
	log_error("state_dir: %s: %s; %s", service->place.dir, strerror(-error), STATEDIR_ADVICE);
	return status == EX_OSERR || error == -EIO ? status : EXIT_CONFIGURATION;
}

/* ---- Signals ------------------------------------------------------------ */

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct service *service = data;

	(void)info;
	notify_stopping(&service->notify);
	/* A second one ends us at once, whatever the snapshot is waiting for. */
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static void needs_restart(const char *key)
{
	log_warning(
		"%s has changed in the configuration and needs a restart: systemctl restart trackd",
		key);
}

static void apply(struct service *service, const struct config *config)
{
	struct layout_header *header = service->board.header;
	struct config kept = service->config;

	config_compare(&kept, config, needs_restart);
	kept.ttl = config->ttl;
	kept.active_ttl = config->active_ttl;
	kept.snapshot_interval = config->snapshot_interval;
	kept.verbose = config->verbose;
	kept.n_kinds = config->n_kinds;
	memcpy(kept.kinds, config->kinds, sizeof kept.kinds);
	service->config = kept;
	store_relaxed(&header->ttl_ms, kept.ttl);
	store_relaxed(&header->active_ttl_ms, kept.active_ttl);
	service->saver.interval_ms = kept.snapshot_interval;
	journal_verbose(&service->journal, kept.verbose != 0);
	(void)board_declare_kinds(&service->board, &kept);
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct service *service = data;
	struct config_fault fault;
	struct config config;

	(void)source;
	(void)info;
	notify_reloading(&service->notify);
	if (options_config(service->options, &config, &fault) < 0) {
		log_error("%s; nothing was changed", fault.text);
	} else {
		apply(service, &config);
		log_info("configuration reloaded");
	}
	notify_ready(&service->notify);
	return 0;
}

static int catch_signals(struct service *service)
{
	static const struct {
		int signal;
		sd_event_signal_handler_t handler;
	} caught[] = { { SIGTERM, on_stop }, { SIGINT, on_stop }, { SIGHUP, on_reload } };
	int error = 0;

	for (size_t i = 0; error >= 0 && i < sizeof caught / sizeof caught[0]; i++)
		error = sd_event_add_signal(service->event, NULL, caught[i].signal,
					    caught[i].handler, service);
	return error;
}

/* ---- Up and down -------------------------------------------------------- */

static void after_death(void *data)
{
	struct service *service = data;

	rounds_after_death(&service->rounds);
}

static uint64_t watchdog_ns(void)
{
	uint64_t usec = 0;

	return sd_watchdog_enabled(0, &usec) > 0 ? usec * 1000 : 0;
}

/* Start every module on the board. 0 or -errno; what has been started is stopped by stop_modules().
 */
static int start_modules(struct service *service)
{
	const struct config *config = &service->config;
	const struct rounds_parts parts = { .board = &service->board,
					    .doorbell = &service->doorbell,
					    .journal = &service->journal,
					    .liveness = &service->liveness,
					    .reaper = &service->reaper,
					    .sweep = &service->sweep,
					    .control = &service->control,
					    .saver = &service->saver,
					    .notify = &service->notify };
	struct board *board = &service->board;
	sd_event *event = service->event;
	/* Events before this are history; what they left on the board the first sweep finds. */
	uint64_t head = event_head(board);
	int error = losses_init(&service->losses, event, board, after_death, service);

	if (error >= 0)
		error = liveness_init(&service->liveness, event, board, &service->losses,
				      &service->notify);
	if (error >= 0)
		error = reaper_init(&service->reaper, event, board, head);
	if (error >= 0)
		error = sweep_init(&service->sweep, event, board, &service->reaper,
				   &service->losses);
	if (error >= 0)
		error = control_init(&service->control, event, service->listener.fd, board,
				     config->board, &service->liveness, &service->notify);
	if (error >= 0)
		error = saver_init(&service->saver, event, board, &service->place,
				   config->snapshot_interval);
	if (error >= 0)
		error = clockwatch_init(&service->clockwatch, event, board);
	if (error >= 0)
		error = journal_start(&service->journal, board, config->board, head,
				      config->verbose != 0);
	if (error >= 0)
		error = doorbell_start(&service->doorbell, board, &service->notify, watchdog_ns());
	if (error >= 0)
		error = rounds_init(&service->rounds, event, &parts);
	return error;
}

static void stop_modules(struct service *service)
{
	rounds_free(&service->rounds);
	doorbell_stop(&service->doorbell);
	journal_stop(&service->journal);
	clockwatch_free(&service->clockwatch);
	saver_free(&service->saver);
	control_free(&service->control);
	sweep_free(&service->sweep);
	reaper_free(&service->reaper);
	liveness_free(&service->liveness);
	losses_free(&service->losses);
}

/* By hand instead of sd_event_loop(), so that the watchdog can tell a loop that sleeps from one
 * that hangs. */
static int loop(struct service *service)
{
	int result = 0;

	while (result >= 0 && sd_event_get_state(service->event) != SD_EVENT_FINISHED) {
		doorbell_busy(&service->doorbell);
		result = sd_event_prepare(service->event);
		if (result == 0) {
			doorbell_idle(&service->doorbell);
			result = sd_event_wait(service->event, UINT64_MAX);
			doorbell_busy(&service->doorbell);
		}
		if (result > 0)
			result = sd_event_dispatch(service->event);
	}
	return result;
}

/* Everything that may fail, in an order in which each step can be taken back: nobody sees the socket
 * before the modules run, nor a new board before there is a socket. 0 or an exit status. */
static int start(struct service *service)
{
	int error, status = prepare_state(service);

	if (status == 0)
		status = prepare_to_listen(service);
	if (status == 0)
		status = adopt_board(&service->board, &service->config);
	if (status != 0)
		return status;
	error = start_modules(service);
	if (error >= 0)
		error = catch_signals(service);
	if (error < 0) {
		log_error("cannot start: %s", strerror(-error));
		return EX_OSERR;
	}
	status = listen_openly(service);
	if (status == 0)
		status = adopt_name(&service->board, &service->config);
	service->serves = status == 0;
	return status;
}

static int serve(struct service *service)
{
	int error;

	take_all_kept(service);
	liveness_walk(&service->liveness, true);
	sweep_ask(&service->sweep, SWEEP_STRIPES);
	notify_ready(&service->notify);
	error = loop(service);
	if (error < 0) {
		log_error("the event loop failed: %s", strerror(-error));
		return EX_SOFTWARE;
	}
	return 0;
}

/* Threads are started with all signals blocked; the loop takes them from a descriptor. */
static void prepare_process(void)
{
	struct rlimit limit;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void let_signals_through(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* In the reverse order of the start, as far as that came. */
static void end(struct service *service)
{
	if (service->serves) {
		let_signals_through();
		saver_finish(&service->saver);
	}
	stop_modules(service);
	listener_close(&service->listener, !service->serves);
	segment_unmap(&service->board);
	if (service->serves) {
		/* The socket is gone, and its number may become another's. */
		boardlock_note(&service->lock, "", 0, 0);
		boardlock_drop(&service->lock);
	} else {
		statedir_undo(&service->statedir);
		boardlock_give_up(&service->lock, service->config.board);
	}
}

int service_run(const struct options *options, const struct config *config)
{
	struct service service = { .options = options,
				   .config = *config,
				   .lock = { .fd = -1 },
				   .board = { .fd = -1 },
				   .listener = { .fd = -1 },
				   .liveness = { .epoll = -1 },
				   .control = { .reader_fd = -1, .spare_fd = -1 },
				   .saver = { .place = { .dir = "" }, .job = { .event_fd = -1 } },
				   .clockwatch = { .fd = -1 } };
	int status;

	prepare_process();
	notify_init(&service.notify);
	if (sd_event_new(&service.event) < 0) {
		log_error("no event loop: out of memory or descriptors");
		notify_free(&service.notify);
		return EX_OSERR;
	}
	service.place = (struct snapshot_place){ service.config.state_dir, service.config.board };
	service.statedir.place = &service.place;
	status = adopt_lock(config, &service.lock);
	if (status == 0) {
		status = start(&service);
		if (status == 0)
			status = serve(&service);
		end(&service);
	}
	notify_free(&service.notify);
	sd_event_unref(service.event);
	return status;
}
