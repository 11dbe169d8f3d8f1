/* SPDX-License-Identifier: MIT */
/*
 * The control socket: clients say hello and get the board's descriptor, bind their client entry,
 * and subscribe to be rung. Nothing that a client does or leaves undone delays another: every
 * receive and send is without waiting, what is not understood is dropped with its connection, and
 * what does not read is not written to.
 */
#ifndef TRACKD_DAEMON_SOCKET_CONTROL_H
#define TRACKD_DAEMON_SOCKET_CONTROL_H

#include "daemon/loop/kept_descriptor.h"
#include "daemon/workers/liveness.h"
#include "libclient/segment/internal.h"
#include <sys/types.h>
#include <systemd/sd-event.h>

/* Connections at once; fewer where the limit of open files is low. Further ones are refused. */
enum { CONTROL_PEERS_MAX = 4096 };

struct control_peer;

struct control {
	sd_event *event;
	struct board *board;
	struct liveness *liveness;
	struct service_notify *notify;
	const char *name; /* of the board */
	int reader_fd;    /* the board, opened read-only */
	int spare_fd;     /* given up for a moment to refuse when no descriptor is left */
	uint32_t n_peers, max_peers;
	uint32_t n_subscribers;
	uint32_t next_number; /* under which a subscriber's socket is kept */
	sd_event_source *listen, *resume;
	/* both in no order */
	struct control_peer *peers[CONTROL_PEERS_MAX], *subscribers[CONTROL_PEERS_MAX];
};

/* Serve the listening socket, which stays the caller's. 0 or -errno. */
int control_init(struct control *control, sd_event *event, int listen_fd, struct board *board,
		 const char *name, struct liveness *liveness, struct service_notify *notify);
/* The board has been replaced: hand out the one that *board is now. 0 or -errno. */
int control_move(struct control *control);
void control_free(struct control *control);

/* Ring all subscribers; at most one ring is unread at a time. */
void control_ring(struct control *control);

/* A connection: a fresh one (number -1), or the subscriber's of that number, which the service
 * manager kept for us. Takes fd over; NULL if it is dropped at once. */
struct control_peer *control_add(struct control *control, int fd, int number);

/* A packet has come. Returns 0, or a negative error: the connection is to be closed. */
int control_message(struct control *control, struct control_peer *peer, const void *bytes,
		    size_t size);

#endif
