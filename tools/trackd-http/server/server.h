/* SPDX-License-Identifier: MIT */
/*
 * A listener: libmicrohttpd over epoll in our event loop. Deadlines for heads, bodies and idle
 * connections are our own, since libmicrohttpd's time-out restarts on every byte.
 */
#ifndef TRACKD_HTTP_SERVER_SERVER_H
#define TRACKD_HTTP_SERVER_SERVER_H

#include "tools/trackd-http/server/gateway.h"
#include "tools/trackd-http/server/head.h"
#include <microhttpd.h>

struct server;

/* Callbacks for libmicrohttpd, with the server as cls. */
struct server_calls {
	MHD_AccessHandlerCallback on_call;
	MHD_RequestCompletedCallback on_end;
};

/* fd: a listening socket, taken over. admin: the operators'. 0 or -errno. */
int server_start(struct gateway *gateway, const struct server_calls *calls, int fd, bool admin,
		 struct server **ret_server);
/* Accept no new connections. */
void server_quiesce(struct server *server);
void server_stop(struct server *server);

struct gateway *server_gateway(const struct server *server);
bool server_is_admin(const struct server *server);

/* After resuming a request: run libmicrohttpd within a millisecond, once for all resumed ones. */
void server_kick(struct server *server);

/* The peer's address as text; "local" on a Unix socket. */
const char *server_peer(struct MHD_Connection *connection);

/* A connection's phase, as request.c reports it. If the client reads nothing of an answer for a
 * minute, the connection is closed. Until then only one answer is kept: the next request does not
 * begin. */
enum connection_phase {
	CONNECTION_HEAD,
	CONNECTION_BODY,
	CONNECTION_BUSY,
	CONNECTION_SENDING,
	CONNECTION_IDLE
};
void server_phase(struct MHD_Connection *connection, enum connection_phase phase);

/* Begin a request. False: its head has not been checked (gate.h), so it must not be served. */
bool server_next(struct MHD_Connection *connection);
/* The fault in its head, or so far in its body. NULL: none. */
const struct head_fault *server_fault(struct MHD_Connection *connection);

/* The connection is about to end after an answer, with a part of the body unread. */
void server_lingering_close(struct MHD_Connection *connection);

/* The number of requests that are being answered. */
unsigned server_busy(const struct server *server);

#endif
