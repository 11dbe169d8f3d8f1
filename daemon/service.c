/* SPDX-License-Identifier: MIT */
/* The composition root, the event loop and the signals. */
#include "daemon/service.h"
#include "daemon/board/adopt.h"
#include "daemon/board/board.h"
#include "daemon/board/board_lock.h"
#include "daemon/board/name_watch.h"
#include "daemon/board/replacement.h"
#include "daemon/board/state_directory.h"
#include "daemon/loop/kept_descriptor.h"
#include "daemon/modules.h"
#include "daemon/socket/listener.h"
#include "libclient/segment/internal.h"
#include "tools/common/exit_code.h"
#include "tools/common/log.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

struct service {
	const struct options *options;
	struct config config;
	sd_event *event;
	struct board_lock lock;
	struct state_directory state_directory;
	struct snapshot_place place;
	struct board board;
	struct listener listener;
	struct service_notify notify;
	struct modules modules;
	struct name_watch name_watch, lock_watch;
	char nameless[WORKER_LABEL +
		      32]; /* the logged reason why the board has no name; "": it has one */
	bool unlocked;     /* whether its lock's file has lost its name */
	bool serves;       /* the start is complete, so the end is not a failed start */
	/* descriptors passed by the service manager */
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
	enum kept_kind kind;
	uint32_t a, b;

	if (!kept_descriptor_parse(name, &kind, &a, &b)) {
		close(fd);
		return;
	}
	switch (kind) {
	case KEPT_SUBSCRIBER:
		(void)control_add(&service->modules.control, fd, (int)(a & INT32_MAX));
		break;
	case KEPT_WORKER:
		liveness_restore(&service->modules.liveness, a, b, fd);
		break;
	}
}

/* Take the descriptors that the previous daemon left with the service manager. */
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

	log_error("%s: %s; %sgive --socket PATH", socket, strerror(-error), listener_advice(error));
	return forbidden ? EXIT_CODE_PERMISSION : EXIT_CODE_NO_BOARD;
}

/* Create the socket without its name: there is no board to pass to clients yet. */
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
		return EXIT_CODE_BUSY;
	}
	return cannot_listen(config->socket, error);
}

/* Show the socket. Clients that connect before the event loop runs wait for it. */
static int listen_openly(struct service *service)
{
	const struct listener *listener = &service->listener;
	int error = listener_show(&service->listener);

	if (error < 0)
		return cannot_listen(service->config.socket, error);
	if (listener->made)
		board_lock_note(&service->lock, listener->path, listener->device, listener->inode);
	return 0;
}

/* A directory that cannot be used is a configuration error. */
static int prepare_state(struct service *service)
{
	int error = state_directory_make(&service->state_directory, &service->place);
	int status = exit_code_of_system(error, EXIT_CODE_STORAGE);

	if (error == 0)
		return 0;
	log_error("state_dir: %s: %s; %s", service->place.dir, strerror(-error), STATEDIR_ADVICE);
	return status == EXIT_CODE_RESOURCES || error == -EIO ? status : EXIT_CODE_USAGE;
}

/* ---- Signals ------------------------------------------------------------ */

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct service *service = data;

	(void)info;
	service_notify_stopping(&service->notify);
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

	option_update(config_entries, &kept, config, needs_restart);
	kept.n_kinds = config->n_kinds;
	memcpy(kept.kinds, config->kinds, sizeof kept.kinds);
	service->config = kept;
	store_relaxed(&header->ttl_ms, kept.ttl);
	store_relaxed(&header->active_ttl_ms, kept.active_ttl);
	service->modules.saver.interval_ms = kept.snapshot_interval;
	journal_verbose(&service->modules.journal, kept.verbose);
	(void)board_declare_kinds(&service->board, &kept);
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct service *service = data;
	struct fault fault;
	struct config config;

	(void)source;
	(void)info;
	service_notify_reloading(&service->notify);
	if (options_config(service->options, &config, &fault) < 0) {
		log_error("%s; nothing was changed", fault.text);
	} else {
		apply(service, &config);
		log_info("configuration reloaded");
	}
	service_notify_ready(&service->notify);
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

/* ---- A name that was removed ------------------------------------------- */

/* Log each reason once, even if the replacement is tried again. */
static void say_nameless(struct service *service, const char *why, const char *advice)
{
	const char *board = service->config.board;

	if (strcmp(service->nameless, why) == 0)
		return;
	snprintf(service->nameless, sizeof service->nameless, "%s", why);
	log_error(
		"/dev/shm%s has been removed, and the board cannot be replaced: %s; %s. Until then "
		"it is served without a name, only to programs that reach the socket, and is "
		"lost if this daemon exits",
		board, why, advice);
}

static void say_refused(struct service *service, int error, const char *holder)
{
	char why[WORKER_LABEL + 32];

	if (error == -EBUSY) {
		snprintf(why, sizeof why, "%s holds a lock on it", holder);
		say_nameless(service, why, "end or resume that process");
	} else if (error == -ENOSPC) {
		say_nameless(service, "/dev/shm has no room for both", "make room in /dev/shm");
	} else {
		say_nameless(service, trackd_strerror(error), "remove the file that has its name");
	}
}

/* Check for room first: a failed reservation would fill /dev/shm for a moment at every try. */
static bool has_room(const struct board *board)
{
	struct statvfs fs;

	return statvfs("/dev/shm", &fs) < 0 || fs.f_blocks == 0 ||
	       (uint64_t)fs.f_bavail * fs.f_frsize >= board->size;
}

/* The new board has the old one's capacity and not the configured one, so that every task keeps its
 * slot. */
static int replace_board(struct service *service, struct board *ret_next)
{
	struct board *board = &service->board;
	struct config config = service->config;
	char holder[WORKER_LABEL] = "";
	int error = -ENOSPC;

	config.capacity = board->tasks_max;
	/* Replacing a large board takes longer than the watchdog's limit. */
	doorbell_idle(&service->modules.doorbell);
	if (has_room(board))
		error = replacement_install(ret_next, board, &config, SUCCESSION_CARRY, holder);
	doorbell_busy(&service->modules.doorbell);
	if (error < 0)
		say_refused(service, error, holder);
	return error;
}

/* Without the lock's file, a second daemon could start. */
static int on_lock_lost(enum name_watch_name name, void *data)
{
	struct service *service = data;
	pid_t pid = 0;
	int error = board_lock_renew(&service->lock, service->config.board, &pid);

	(void)name;
	if (error < 0 && !service->unlocked)
		log_error("%s has been removed and cannot be created again: %s",
			  service->lock_watch.path,
			  error == -EAGAIN ? "another trackd has created it; stop one of the two"
					   : trackd_strerror(error));
	service->unlocked = error < 0;
	return error;
}

static int on_name_lost(enum name_watch_name name, void *data)
{
	struct service *service = data;
	struct board next;
	int error;

	board_serve_nameless(&service->board);
	if (name == NAMEWATCH_TAKEN) {
		say_nameless(service, "its name is taken by a file that is not its own",
			     "inspect that file and remove it");
		return -EEXIST;
	}
	error = replace_board(service, &next);
	if (error < 0)
		return error;
	service->nameless[0] = '\0';
	log_warning("/dev/shm%s has been removed; a new board with all tasks has replaced it",
		    service->config.board);
	error = modules_move(&service->modules, &next);
	if (error < 0) {
		log_error("cannot continue: %s", strerror(-error));
		(void)sd_event_exit(service->event, EXIT_CODE_RESOURCES);
	}
	return 0;
}

static void watch_names(struct service *service)
{
	const char *board = service->config.board;
	char path[SEGMENT_PATH_MAX];
	int error;

	snprintf(path, sizeof path, "/dev/shm%s", board);
	error = name_watch_init(&service->name_watch, service->event, path, &service->board.fd,
				on_name_lost, service);
	segment_beside(path, board, "lock");
	if (error >= 0)
		error = name_watch_init(&service->lock_watch, service->event, path,
					&service->lock.fd, on_lock_lost, service);
	if (error < 0)
		log_warning("a removal of the board will not be noticed: %s", strerror(-error));
}

/* ---- Up and down -------------------------------------------------------- */

/* Not sd_event_loop(), so that the doorbell can distinguish a loop that sleeps from one that
 * hangs. */
static int loop(struct service *service)
{
	int result = 0;

	while (result >= 0 && sd_event_get_state(service->event) != SD_EVENT_FINISHED) {
		doorbell_busy(&service->modules.doorbell);
		result = sd_event_prepare(service->event);
		if (result == 0) {
			doorbell_idle(&service->modules.doorbell);
			result = sd_event_wait(service->event, UINT64_MAX);
			doorbell_busy(&service->modules.doorbell);
		}
		if (result > 0)
			result = sd_event_dispatch(service->event);
	}
	return result;
}

/* Start. The order allows each step to be undone: clients see the socket only when the modules run,
 * and a new board only when there is a socket. 0 or an exit status. */
static int start(struct service *service)
{
	int error, status = prepare_state(service);

	if (status == 0)
		status = prepare_to_listen(service);
	if (status == 0)
		status = adopt_board(&service->board, &service->config);
	if (status != 0)
		return status;
	error = modules_start(&service->modules, service->listener.fd, &service->place);
	if (error >= 0)
		error = catch_signals(service);
	if (error < 0) {
		log_error("cannot start: %s", strerror(-error));
		return EXIT_CODE_RESOURCES;
	}
	status = listen_openly(service);
	if (status == 0)
		status = adopt_name(&service->board, &service->config);
	service->serves = status == 0;
	if (status == 0)
		watch_names(service);
	return status;
}

static int serve(struct service *service)
{
	int error, status = 0;

	take_all_kept(service);
	liveness_walk(&service->modules.liveness, true);
	sweep_ask(&service->modules.sweep, SWEEP_STRIPES);
	service_notify_ready(&service->notify);
	error = loop(service);
	if (error < 0) {
		log_error("the event loop failed: %s", strerror(-error));
		return EXIT_CODE_FAULTS;
	}
	(void)sd_event_get_exit_code(service->event, &status);
	return status;
}

/* Threads start with all signals blocked; the event loop reads signals from a descriptor. */
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

/* Undo the completed steps of the start in reverse order. Returns the exit status: `status`, if
 * that already reports a fault. */
static int end(struct service *service, int status)
{
	if (service->serves) {
		let_signals_through();
		if (saver_finish(&service->modules.saver) < 0 && status == 0)
			status = EXIT_CODE_STORAGE;
	}
	name_watch_free(&service->name_watch);
	name_watch_free(&service->lock_watch);
	modules_stop(&service->modules);
	listener_close(&service->listener, !service->serves);
	segment_unmap(&service->board);
	if (service->serves) {
		/* The socket is removed, and another file may get its inode number. */
		board_lock_note(&service->lock, "", 0, 0);
		board_lock_drop(&service->lock);
	} else {
		state_directory_undo(&service->state_directory);
		board_lock_give_up(&service->lock, service->config.board);
	}
	return status;
}

int service_run(const struct options *options, const struct config *config)
{
	struct service service = { .options = options,
				   .config = *config,
				   .lock = { .fd = -1 },
				   .board = { .fd = -1 },
				   .listener = { .fd = -1 } };
	int status;

	prepare_process();
	service_notify_init(&service.notify);
	if (sd_event_new(&service.event) < 0) {
		log_error("no event loop: out of memory or descriptors");
		service_notify_free(&service.notify);
		return EXIT_CODE_RESOURCES;
	}
	service.place = (struct snapshot_place){ service.config.state_dir, service.config.board };
	service.state_directory.place = &service.place;
	modules_init(&service.modules, service.event, &service.board, &service.config,
		     &service.notify);
	status = adopt_lock(config, &service.lock);
	if (status == 0) {
		status = start(&service);
		if (status == 0)
			status = serve(&service);
		status = end(&service, status);
	}
	service_notify_free(&service.notify);
	sd_event_unref(service.event);
	return status;
}
