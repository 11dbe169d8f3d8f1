/* SPDX-License-Identifier: MIT */
/*
 * The control socket: clients send HELLO and get the board's descriptor, bind their client entry,
 * and subscribe to wake-ups. No client can delay another: every receive and send is non-blocking,
 * an invalid message closes its connection, and nothing is queued for a client that does not read.
 */
#ifndef TRACKD_DAEMON_SOCKET_CONTROL_H
#define TRACKD_DAEMON_SOCKET_CONTROL_H

#include "daemon/loop/kept_descriptor.h"
#include "daemon/workers/liveness.h"
#include "libclient/segment/internal.h"
#include <sys/types.h>
#include <systemd/sd-event.h>

/* The limit of connections; lower if the limit of open files is low. Further ones are refused. */
enum { CONTROL_PEERS_MAX = 4096 };

struct control_peer;

struct control {
	sd_event *event;
	struct board *board;
	struct liveness *liveness;
	struct service_notify *notify;
	const char *name; /* of the board */
	int reader_fd;    /* the board, opened read-only */
	int spare_fd;     /* closed for a moment to refuse a connection if no descriptor is left */
	uint32_t n_peers, max_peers;
	uint32_t n_subscribers;
	uint32_t next_number; /* of the next subscriber's socket in the descriptor store */
	sd_event_source *listen, *resume;
	/* both unordered */
	struct control_peer *peers[CONTROL_PEERS_MAX], *subscribers[CONTROL_PEERS_MAX];
};

/* Serve the listening socket, which the caller owns. 0 or -errno. */
int control_init(struct control *control, sd_event *event, int listen_fd, struct board *board,
		 const char *name, struct liveness *liveness, struct service_notify *notify);
/* The board has been replaced: hand out the one that *board is now. 0 or -errno. */
int control_move(struct control *control);
void control_free(struct control *control);

/* Send WAKE to all subscribers; at most one is unread at a time. */
void control_ring(struct control *control);

/* Add a connection: a new one (number -1), or a subscriber's that the service manager kept under
 * that number. Takes ownership of fd; NULL if the connection is dropped at once. */
struct control_peer *control_add(struct control *control, int fd, int number);

#endif
