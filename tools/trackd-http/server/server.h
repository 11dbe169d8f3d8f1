/* SPDX-License-Identifier: MIT */
/*
 * A listener: libmicrohttpd over epoll within our event loop, with deadlines of our own for heads,
 * bodies and idle connections, since its time-out restarts on every byte.
 */
#ifndef TRACKD_HTTP_SERVER_SERVER_H
#define TRACKD_HTTP_SERVER_SERVER_H

#include "tools/trackd-http/server/gateway.h"
#include "tools/trackd-http/server/head.h"
#include <microhttpd.h>

struct server;

/* What libmicrohttpd calls for each request, with the server as cls. */
struct server_calls {
	MHD_AccessHandlerCallback on_call;
	MHD_RequestCompletedCallback on_end;
};

/* fd: a listening socket, taken over. admin: the operators'. 0 or -errno. */
int server_start(struct gateway *gateway, const struct server_calls *calls, int fd, bool admin,
		 struct server **ret_server);
/* No new connections. */
void server_quiesce(struct server *server);
void server_stop(struct server *server);

struct gateway *server_gateway(const struct server *server);
bool server_is_admin(const struct server *server);
unsigned server_connections(const struct server *server);

/* Something was resumed: run within a millisecond, once for all. */
void server_kick(struct server *server);

/* The peer's address, as text; "local" by a Unix socket. */
const char *server_peer(struct MHD_Connection *connection);

/* What request.c knows of a connection's progress. An answer that the client does not read for a minute is cut
 * off, whatever it is; until then it is held once, and the next request is not begun. */
enum connection_phase {
	CONNECTION_HEAD,
	CONNECTION_BODY,
	CONNECTION_BUSY,
	CONNECTION_SENDING,
	CONNECTION_IDLE
};
void server_phase(struct MHD_Connection *connection, enum connection_phase phase);

/* A request begins. False: its head has not been checked (gate.h), so it may not be served. */
bool server_next(struct MHD_Connection *connection);
/* What is wrong with its head, or by now with its body. NULL: nothing. */
const struct head_fault *server_fault(struct MHD_Connection *connection);

/* The connection has been answered and is about to end, with a part of the body unread. */
void server_lingering_close(struct MHD_Connection *connection);

/* Requests that are being answered. */
unsigned server_busy(const struct server *server);

#endif
