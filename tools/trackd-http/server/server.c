/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/server/server.h"
#include "tools/common/loop_source.h"
#include "tools/trackd-http/server/gate.h"
#include "tools/trackd-http/server/lingering_close.h"
#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	MEMORY =
		16 << 10, /* per connection, for head and answer; less would refuse an 11 KB head */
	KICK_USEC = 1000,
	WATCH_USEC = 1000000,
	UNREAD_S = 60,           /* time limit for a client that takes nothing of an answer */
	SEND_BUFFER = 128 << 10, /* doubled by the kernel, which would otherwise grow it to 4 MiB */
};

struct connection {
	struct server *server;
	struct connection *next, **link;
	struct MHD_Connection *of;
	struct gate *gate; /* NULL if memory was out: no request is served */
	enum connection_phase phase;
	time_t since;   /* CLOCK_MONOTONIC: the phase began, or the client last took bytes */
	uint64_t taken; /* bytes acknowledged by the client in all, as the kernel reports */
	char peer[64];
};

struct server {
	struct gateway *gateway;
	struct MHD_Daemon *daemon;
	sd_event_source *io, *timer, *kick, *watch;
	struct connection *connections;
	struct lingering_closes *lingering_closes;
	unsigned n_connections, n_busy;
	bool admin, kicked;
};

static time_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_sec;
}

/* ---- Connections and their deadlines ------------------------------------ */

static void find_peer(struct connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection->of, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info ? info->client_addr : NULL;
	socklen_t size = address && address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
								   : sizeof(struct sockaddr_in);

	if (address && address->sa_family != AF_UNIX)
		(void)getnameinfo(address, size, connection->peer, sizeof connection->peer, NULL, 0,
				  NI_NUMERICHOST);
}

static int socket_of(struct MHD_Connection *of)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(of, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

static void enter(struct server *server, struct MHD_Connection *of, void **context)
{
	struct connection *connection = calloc(1, sizeof *connection);

	*context = connection;
	if (!connection)
		return;
	*connection = (struct connection){ .server = server,
					   .next = server->connections,
					   .link = &server->connections,
					   .of = of,
					   .gate = gate_open(socket_of(of)),
					   .since = now_s(),
					   .peer = "local" };
	find_peer(connection);
	if (server->connections)
		server->connections->link = &connection->next;
	server->connections = connection;
	if (server->n_connections++ == 0)
		(void)sd_event_source_set_enabled(server->watch, SD_EVENT_ON);
}

static bool waits_for_client(enum connection_phase phase)
{
	return phase == CONNECTION_HEAD || phase == CONNECTION_BODY || phase == CONNECTION_IDLE;
}

static bool is_busy(enum connection_phase phase)
{
	return phase == CONNECTION_BODY || phase == CONNECTION_BUSY || phase == CONNECTION_SENDING;
}

static void leave(struct server *server, void **context)
{
	struct connection *connection = *context;

	if (!connection)
		return;
	*connection->link = connection->next;
	if (connection->next)
		connection->next->link = connection->link;
	if (is_busy(connection->phase))
		server->n_busy--;
	gate_close(connection->gate);
	free(connection);
	*context = NULL;
	/* At the connection limit, libmicrohttpd stops listening until its next run, and after
	 * these connections have closed nothing else would trigger one. */
	server_kick(server);
	if (--server->n_connections == 0)
		(void)sd_event_source_set_enabled(server->watch, SD_EVENT_OFF);
}

static void on_connection(void *cls, struct MHD_Connection *of, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		enter(cls, of, context);
	else
		leave(cls, context);
}

static void end(struct MHD_Connection *of)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(of, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (info)
		(void)shutdown(info->connect_fd, SHUT_RDWR);
}

/* Whether the client has closed its side, and everything before that has been served or is part of
 * a request. If the end arrived together with the last bytes, epoll reported one edge for both, and
 * libmicrohttpd does not notice the end. */
static bool has_ended(const struct connection *connection)
{
	char byte;

	return !gate_has_more(connection->gate) &&
	       recv(socket_of(connection->of), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static struct connection *connection_of(struct MHD_Connection *of)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(of, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

const char *server_peer(struct MHD_Connection *of)
{
	const struct connection *connection = connection_of(of);

	/* Without memory for the addresses, all peers count as one. */
	return connection ? connection->peer : "unknown";
}

void server_phase(struct MHD_Connection *of, enum connection_phase phase)
{
	struct connection *connection = connection_of(of);

	if (!connection)
		return;
	if (is_busy(connection->phase))
		connection->server->n_busy--;
	if (is_busy(phase))
		connection->server->n_busy++;
	connection->phase = phase;
	connection->since = now_s();
	if (phase == CONNECTION_IDLE && has_ended(connection))
		end(of);
}

bool server_next(struct MHD_Connection *of)
{
	struct connection *connection = connection_of(of);

	return connection && gate_next(connection->gate);
}

const struct head_fault *server_fault(struct MHD_Connection *of)
{
	const struct connection *connection = connection_of(of);

	return connection ? gate_fault(connection->gate) : NULL;
}

void server_lingering_close(struct MHD_Connection *of)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(of, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct connection *connection = connection_of(of);

	if (info && connection)
		lingering_closes_add(connection->server->lingering_closes, info->connect_fd);
}

static uint32_t limit_of(const struct server *server, enum connection_phase phase)
{
	const struct config *config = server->gateway->config;

	switch (phase) {
	case CONNECTION_HEAD:
		return config->head_s;
	case CONNECTION_BODY:
		return config->body_s;
	case CONNECTION_BUSY:
		return UINT32_MAX;
	case CONNECTION_SENDING:
		return UNREAD_S;
	case CONNECTION_IDLE: /* also the head that ends it */
		return config->idle_s + config->head_s;
	}
	return 0;
}

/* Whether the client has everything that was sent, or has taken some of it since the last call. */
static bool takes(struct connection *connection)
{
	int fd = socket_of(connection->of), queued = 0;
	struct tcp_info info = { .tcpi_state = 0 };
	socklen_t size = sizeof info;
	uint64_t before = connection->taken;

	if (ioctl(fd, SIOCOUTQ, &queued) < 0 || queued == 0)
		return true;
	/* For a Unix socket, the kernel reports only how much is left. */
	connection->taken = (uint64_t)queued;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0)
		connection->taken = info.tcpi_bytes_acked;
	return connection->taken != before;
}

static int on_watch(sd_event_source *source, uint64_t usec, void *data)
{
	struct server *server = data;
	time_t now = now_s();

	for (struct connection *c = server->connections; c; c = c->next) {
		if (c->phase == CONNECTION_SENDING && takes(c))
			c->since = now;
		if (now - c->since > (time_t)limit_of(server, c->phase) ||
		    (waits_for_client(c->phase) && has_ended(c)))
			end(c->of);
	}
	(void)sd_event_source_set_time(source, usec + WATCH_USEC);
	return 0;
}

/* ---- Running ------------------------------------------------------------ */

static void run(struct server *server)
{
	unsigned long long ms;

	(void)MHD_run(server->daemon);
	if (MHD_get_timeout(server->daemon, &ms) == MHD_YES) {
		(void)loop_timer_set(server->timer, ms * 1000);
	}
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	(void)source;
	(void)fd;
	(void)revents;
	run(data);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	run(data);
	return 0;
}

static int on_kick(sd_event_source *source, uint64_t usec, void *data)
{
	struct server *server = data;

	(void)source;
	(void)usec;
	server->kicked = false;
	run(server);
	return 0;
}

void server_kick(struct server *server)
{
	if (server->kicked)
		return;
	server->kicked = true;
	(void)loop_timer_set(server->kick, KICK_USEC);
}

/* ---- Starting and stopping ---------------------------------------------- */

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Keep %00: decoded, it would end the text, and "t%00" would be taken for "t". */
static size_t unescape(void *cls, struct MHD_Connection *connection, char *text)
{
	char *to = text;

	(void)cls;
	(void)connection;
	for (const char *from = text; *from; from++) {
		int high = from[0] == '%' ? digit(from[1]) : -1;
		int low = high >= 0 ? digit(from[2]) : -1;

		if (low >= 0 && high + low > 0) {
			*to++ = (char)(high << 4 | low);
			from += 2;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return (size_t)(to - text);
}

static struct MHD_Daemon *start_daemon(struct server *server, const struct server_calls *calls,
				       int fd)
{
	const struct config *config = server->gateway->config;

	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, calls->on_call, server,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, calls->on_end, server,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_UNESCAPE_CALLBACK,
		unescape, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
		MHD_OPTION_CONNECTION_LIMIT, config->connections,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, server->admin ? 0 : config->address_connections,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

static int add_sources(struct server *server)
{
	sd_event *event = server->gateway->event;
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	int error = info ? 0 : -EIO;

	if (error >= 0)
		error = sd_event_add_io(event, &server->io, info->epoll_fd, EPOLLIN, on_io, server);
	if (error >= 0)
		error = loop_timer(event, &server->timer, 1, on_timer, server);
	if (error >= 0)
		error = loop_timer(event, &server->kick, 1, on_kick, server);
	if (error >= 0)
		error = sd_event_add_time_relative(event, &server->watch, CLOCK_MONOTONIC,
						   WATCH_USEC, 0, on_watch, server);
	if (error < 0)
		return error;
	(void)sd_event_source_set_enabled(server->watch, SD_EVENT_OFF);
	return 0;
}

int server_start(struct gateway *gateway, const struct server_calls *calls, int fd, bool admin,
		 struct server **ret_server)
{
	static const int send_buffer = SEND_BUFFER;
	struct server *server = calloc(1, sizeof *server);
	int error = -ENOMEM;

	if (!server)
		goto fail;
	server->gateway = gateway;
	server->admin = admin;
	error = lingering_closes_new(gateway->event, &server->lingering_closes);
	if (error < 0)
		goto fail;
	/* Connections inherit the size from their listener. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
	server->daemon = start_daemon(server, calls, fd);
	error = server->daemon ? add_sources(server) : -EIO;
	if (error < 0)
		goto fail;
	*ret_server = server;
	return 0;
fail:
	if (!server || !server->daemon)
		close(fd);
	server_stop(server);
	return error;
}

void server_quiesce(struct server *server)
{
	MHD_socket fd = server ? MHD_quiesce_daemon(server->daemon) : -1;

	if (fd >= 0)
		close(fd);
}

void server_stop(struct server *server)
{
	if (!server)
		return;
	if (server->daemon) {
		/* Resumed requests must continue before the server stops. */
		(void)MHD_run(server->daemon);
		MHD_stop_daemon(server->daemon);
	}
	lingering_closes_free(server->lingering_closes);
	sd_event_source_disable_unref(server->io);
	sd_event_source_disable_unref(server->timer);
	sd_event_source_disable_unref(server->kick);
	sd_event_source_disable_unref(server->watch);
	free(server);
}

struct gateway *server_gateway(const struct server *server)
{
	return server->gateway;
}

bool server_is_admin(const struct server *server)
{
	return server->admin;
}

unsigned server_busy(const struct server *server)
{
	return server ? server->n_busy : 0;
}
