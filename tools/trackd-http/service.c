/* SPDX-License-Identifier: MIT */
/*
 * The composition root, the event loop and the signals.
 *
 * At shutdown, waiting requests are answered, streams end so that their clients reconnect, and
 * requests in progress get DRAIN_USEC. If systemd owns the socket, new connections wait in its
 * queue for the next gateway.
 */
#include "tools/trackd-http/service.h"
#include "tools/common/exit_code.h"
#include "tools/common/log.h"
#include "tools/common/service_notify.h"
#include "tools/trackd-http/auth/auth.h"
#include "tools/trackd-http/auth/stream_token.h"
#include "tools/trackd-http/board/board_connection.h"
#include "tools/trackd-http/board/daemon_probe.h"
#include "tools/trackd-http/board/documents.h"
#include "tools/trackd-http/board/follower.h"
#include "tools/trackd-http/config/listen.h"
#include "tools/trackd-http/ops/task_counts.h"
#include "tools/trackd-http/routes.h"
#include "tools/trackd-http/server/dispatch.h"
#include "tools/trackd-http/server/gateway.h"
#include "tools/trackd-http/server/limits.h"
#include "tools/trackd-http/server/request_counts.h"
#include "tools/trackd-http/server/server.h"
#include "tools/trackd-http/server/turns.h"
#include "tools/trackd-http/stream/stream.h"
#include "tools/trackd-http/tasks/conditional_get.h"
#include "tools/trackd-http/upload/upload.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { DRAIN_USEC = 5000000, DRAIN_LOOK_USEC = 20000, WHY = 512 };

struct service {
	const struct options *options;
	struct config config;
	struct gateway gateway;
	struct service_notify notify;
	int http_fd, admin_fd; /* until a server takes them over */
	bool passed;
	sd_event_source *drain;
	uint64_t drain_until;
};

/* ---- Sockets ------------------------------------------------------------- */

/* Sockets from the service manager: "http" and "admin", or a single one without a name. */
static int take_passed(struct service *service)
{
	char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names);

	for (int i = 0; i < n; i++) {
		int fd = SD_LISTEN_FDS_START + i;
		int *place =
			strcmp(names[i], "admin") == 0 ? &service->admin_fd : &service->http_fd;

		if (*place >= 0 || sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0) {
			log_warning("the passed socket \"%s\" is not used; expected are one named "
				    "http and one named admin",
				    names[i]);
			close(fd);
		} else {
			*place = fd;
			service->passed |= place == &service->http_fd;
		}
		free(names[i]);
	}
	free(names);
	return n < 0 ? n : 0;
}

static int cannot_listen(const char *key, const char *where, int error)
{
	log_error("%s: %s: %s; %s", key, where, strerror(-error),
		  error == -EADDRINUSE ? "another program listens there: stop it, or choose "
					 "another place"
				       : "choose another place");
	return EXIT_CODE_BUSY;
}

/* Only tokens keep strangers out. */
static int refuse_strangers(const struct service *service)
{
	char where[256];

	if (service->gateway.auth || listen_is_local(service->http_fd))
		return 0;
	listen_name(service->http_fd, where, sizeof where);
	log_error("listen: %s can be reached from other hosts, and no key is configured; set "
		  "key_file, or listen on 127.0.0.1",
		  where);
	return EXIT_CODE_USAGE;
}

static int open_sockets(struct service *service)
{
	const struct config *config = &service->config;

	(void)take_passed(service);
	if (service->http_fd < 0)
		service->http_fd = listen_open(config->listen);
	if (service->http_fd < 0)
		return cannot_listen("listen", config->listen, service->http_fd);
	if (service->admin_fd < 0 && config->admin[0] != '\0') {
		service->admin_fd = listen_open(config->admin);
		if (service->admin_fd < 0)
			return cannot_listen("admin", config->admin, service->admin_fd);
	}
	return refuse_strangers(service);
}

/* One descriptor per connection; the gateway itself needs few. */
static void raise_limits(const struct config *config)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < config->connections + 64)
		log_warning("connections: %u are allowed, but the limit of open files is %llu",
			    config->connections, (unsigned long long)limit.rlim_cur);
}

/* ---- Modules ------------------------------------------------------------- */

static int open_auth(struct service *service)
{
	const struct auth_config *config = &service->config.auth;
	char why[WHY];

	if (config->key_file[0] == '\0') {
		log_warning("no key to verify tokens is configured, so no user can sign in; set "
			    "key_file in http.conf (for a first try: head -c 32 /dev/urandom | "
			    "base64 >KEY; chmod 600 KEY)");
		return 0;
	}
	if (auth_open(config, &service->gateway.auth, why, sizeof why) < 0) {
		log_error("key_file: %s", why);
		return EXIT_CODE_USAGE;
	}
	return 0;
}

/* Create the folder and its parents, for users without systemd. */
static void make_folder(const char *path)
{
	char part[4096];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
		(void)mkdir(part, 0755);
	}
	(void)mkdir(path, 0700);
}

/* Streams report the change to their clients. */
static void on_daemon_changed(struct gateway *gateway)
{
	if (gateway->streams)
		streams_wake(gateway->streams);
}

static int open_stream_tokens(struct service *service)
{
	const char *folder = service->config.state_dir;
	char path[sizeof service->config.state_dir + 16];

	make_folder(folder);
	snprintf(path, sizeof path, "%s/ticket.key", folder);
	int error = stream_tokens_open(path, &service->gateway.stream_tokens);
	if (error == 0)
		return 0;
	log_error("state_dir: %s: %s; %s", path, strerror(-error),
		  error == -EINVAL  ? "it is not a ticket key: remove it"
		  : error == -EPERM ? "others may read it: run chmod 600 on it"
				    : "create the folder, writable for the gateway's user");
	return EXIT_CODE_PERMISSION;
}

/* 0, -errno, or an exit status whose cause has been logged. */
static int start_modules(struct service *service)
{
	struct gateway *gateway = &service->gateway;
	const struct config *config = &service->config;
	int error = open_auth(service);

	if (error == 0)
		error = open_stream_tokens(service);
	if (error == 0)
		error = open_sockets(service);
	if (error == 0)
		error = board_connection_open(config, &gateway->board);
	if (error == 0)
		error = documents_open(config, &gateway->documents);
	if (error == 0)
		error = limits_new(config, &gateway->limits);
	if (error == 0)
		error = waits_new(gateway, &gateway->waits);
	if (error == 0)
		error = turns_new(gateway, &gateway->turns);
	if (error == 0)
		error = uploads_start(gateway, &gateway->uploads);
	if (error == 0)
		error = follower_start(gateway, &gateway->follower);
	if (error == 0)
		error = request_counts_new(gateway->routes, &gateway->request_counts);
	if (error == 0)
		error = task_counts_new(gateway->board, gateway->follower, &gateway->task_counts);
	if (error == 0)
		error = streams_new(gateway, &gateway->streams);
	if (error == 0)
		error = daemon_start(gateway, on_daemon_changed, &gateway->daemon);
	return error;
}

static int start_server(struct service *service, int *fd, bool admin, struct server **ret_server)
{
	static const struct server_calls calls = { dispatch_call, dispatch_end };
	char where[256];
	int taken = *fd, error;

	if (taken < 0)
		return 0;
	*fd = -1;
	listen_name(taken, where, sizeof where);
	error = server_start(&service->gateway, &calls, taken, admin, ret_server);
	if (error == 0)
		log_info("%s on %s%s", admin ? "operators" : "listening", where,
			 !admin && service->passed ? " (passed by the service manager)" : "");
	return error;
}

static void stop_modules(struct service *service)
{
	struct gateway *gateway = &service->gateway;

	uploads_finish(gateway->uploads);
	turns_end(gateway->turns);
	/* Open requests release their watches, streams and tasks. */
	server_stop(gateway->server);
	server_stop(gateway->admin);
	daemon_stop(gateway->daemon);
	streams_free(gateway->streams);
	task_counts_free(gateway->task_counts);
	request_counts_free(gateway->request_counts);
	follower_stop(gateway->follower);
	waits_free(gateway->waits);
	turns_free(gateway->turns);
	uploads_stop(gateway->uploads);
	limits_free(gateway->limits);
	documents_close(gateway->documents);
	board_connection_close(gateway->board);
	stream_tokens_close(gateway->stream_tokens);
	auth_close(gateway->auth);
	if (service->http_fd >= 0)
		close(service->http_fd);
	if (service->admin_fd >= 0)
		close(service->admin_fd);
}

/* ---- The end ------------------------------------------------------------- */

static int on_drain(sd_event_source *source, uint64_t usec, void *data)
{
	struct service *service = data;
	unsigned busy = server_busy(service->gateway.server);

	if (busy == 0 || usec >= service->drain_until) {
		if (busy > 0)
			log_warning("%u request%s cut off", busy, busy == 1 ? " is" : "s are");
		return sd_event_exit(sd_event_source_get_event(source), 0);
	}
	(void)sd_event_source_set_time(source, usec + DRAIN_LOOK_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct service *service = data;
	struct gateway *gateway = &service->gateway;
	uint64_t now;

	(void)source;
	(void)info;
	(void)service_notify_status(&service->notify, "Ending open requests");
	service_notify_stopping(&service->notify);
	/* A second SIGTERM kills the process. */
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	gateway->draining = true;
	server_quiesce(gateway->server);
	waits_end(gateway->waits);
	streams_wake(gateway->streams);
	(void)sd_event_now(gateway->event, CLOCK_MONOTONIC, &now);
	service->drain_until = now + DRAIN_USEC;
	return sd_event_add_time(gateway->event, &service->drain, CLOCK_MONOTONIC,
				 now + DRAIN_LOOK_USEC, 1000, on_drain, service);
}

/* ---- Reading the configuration again ------------------------------------- */

static void needs_restart(const char *key)
{
	log_warning("%s has changed in the configuration and needs a restart: systemctl restart "
		    "trackd-http",
		    key);
}

/* The content of the key file may have changed under the same name. */
static bool reload_auth(struct service *service, const struct auth_config *config)
{
	char why[WHY];
	struct auth *auth;

	if (config->key_file[0] == '\0') {
		if (service->gateway.auth)
			log_error("key_file: no longer set; the old key stays. Restart to run "
				  "without a key");
		return !service->gateway.auth;
	}
	if (auth_open(config, &auth, why, sizeof why) < 0) {
		log_error("key_file: %s; nothing was changed", why);
		return false;
	}
	auth_close(service->gateway.auth);
	service->gateway.auth = auth;
	return true;
}

static void reload(struct service *service)
{
	static struct config wanted;
	static struct fault fault;

	if (options_config(service->options, &wanted, &fault) < 0) {
		log_error("%s; nothing was changed", fault.text);
		return;
	}
	if (!reload_auth(service, &wanted.auth))
		return;
	option_update(config_entries, &service->config, &wanted, needs_restart);
	log_info("configuration and key reloaded");
}

static void say_ready(struct service *service)
{
	(void)service_notify_status(&service->notify, "Serving");
	service_notify_ready(&service->notify);
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct service *service = data;

	(void)source;
	(void)info;
	service_notify_reloading(&service->notify);
	reload(service);
	say_ready(service);
	return 0;
}

/* ---- Up and down --------------------------------------------------------- */

static int catch_signals(struct service *service)
{
	static const struct {
		int signal;
		sd_event_signal_handler_t handler;
	} caught[] = { { SIGTERM, on_stop }, { SIGINT, on_stop }, { SIGHUP, on_reload } };
	int error = 0;
	sigset_t mask;

	/* Clients may disconnect at any time. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&mask);
	for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++)
		sigaddset(&mask, caught[i].signal);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		return -errno;
	for (size_t i = 0; error >= 0 && i < sizeof caught / sizeof caught[0]; i++)
		error = sd_event_add_signal(service->gateway.event, NULL, caught[i].signal,
					    caught[i].handler, service);
	return error < 0 ? error : 0;
}

static int serve(struct service *service)
{
	struct gateway *gateway = &service->gateway;
	int error = sd_event_default(&gateway->event);

	if (error >= 0)
		error = service_notify_attach(&service->notify, gateway->event);
	if (error >= 0)
		error = catch_signals(service);
	if (error == 0)
		error = start_modules(service);
	if (error == 0)
		error = start_server(service, &service->admin_fd, true, &gateway->admin);
	if (error == 0)
		error = start_server(service, &service->http_fd, false, &gateway->server);
	if (error != 0)
		return error;
	say_ready(service);
	return sd_event_loop(gateway->event);
}

int service_run(const struct options *options, const struct config *config)
{
	static struct service service = { .http_fd = -1, .admin_fd = -1 };
	int result;

	service.options = options;
	service.config = *config;
	service.gateway.config = &service.config;
	service.gateway.routes = &routes;
	raise_limits(config);
	service_notify_init(&service.notify);
	result = serve(&service);
	if (result < 0)
		log_error("cannot serve: %s", strerror(-result));
	stop_modules(&service);
	service_notify_free(&service.notify);
	sd_event_source_disable_unref(service.drain);
	sd_event_unref(service.gateway.event);
	return result < 0 ? EXIT_CODE_BUSY : result;
}
