/* SPDX-License-Identifier: MIT */
/* Shared by the parts of a stream: its lifecycle (stream.c), the choice of the next event
 * (stream_deliver.c), and streams of all of an owner's tasks (stream_owner.c). */
#ifndef TRACKD_HTTP_STREAM_STREAM_PARTS_H
#define TRACKD_HTTP_STREAM_STREAM_PARTS_H

#include "tools/trackd-http/board/follower.h"
#include "tools/trackd-http/board/replay.h"
#include "tools/trackd-http/server/limits.h"
#include "tools/trackd-http/server/request.h"
#include "tools/trackd-http/stream/sse.h"

enum { STREAM_SHARED = 64, STREAM_STRIKES = 3 };

/* The text of an update, made for one stream and reused by others of the same owner. */
struct shared_update {
	uint64_t sequence;
	char board[SSE_BOARD]; /* another board has its own sequence */
	char owner[TRACKD_OWNER_MAX + 1];
	char *text; /* NULL: none */
};

struct streams {
	struct gateway *gateway;
	struct stream *first;
	struct stream *turn; /* the next tick starts here */
	unsigned n;
	struct replay *replay;
	char board[SSE_BOARD]; /* the board whose ring `replay` has indexed */
	sd_event_source *tick, *hangups;
	int hangup_fd; /* epoll of all streams' sockets: reports those that the peer has closed */
	struct shared_update shared[STREAM_SHARED]; /* at sequence % STREAM_SHARED */
};

/* State of a stream of all of an owner's tasks: see stream_owner.c. */
struct owned;

struct stream {
	struct watch watch;
	struct streams *streams;
	struct request *request;
	struct stream *next, **link;
	int fd;
	struct limits_charge charge;
	struct text_buffer out; /* being sent: one event, or a piece of a list */
	char board[SSE_BOARD];  /* the board of this sequence, these references and this hash */
	struct replay_of of;    /* whose transitions it delivers */
	uint64_t position;      /* our transitions below this sequence have been delivered */
	uint64_t replay_until; /* those below this one were published before the client connected */
	uint64_t snapshot_end; /* the snapshot may already include transitions below it */
	unsigned undelivered;  /* our transitions that were published and not delivered */
	unsigned strikes;      /* ticks for which the record has differed from `delivered` */
	struct delivered delivered; /* for one task */
	struct owned *owned;        /* NULL: one task */
	time_t since;               /* when the socket last had room, or we began to wait for it */
	time_t last_sent;           /* when something was last sent; 0: nothing yet */
	bool suspended;
	bool reset;         /* send everything again */
	bool moved;         /* counts or message have changed */
	bool diverged;      /* the record differs from `delivered`, and no transition explains it */
	bool keepalive_due; /* nothing has been sent for keepalive_s */
	bool expired;       /* the token has expired */
	bool hung_up;       /* the peer has closed */
	bool reported_down; /* the client knows that trackd does not answer */
	bool ending;        /* end once everything has been sent */
};

/* ---- Delivering (stream_deliver.c) ----------------------------------------- */

/* Find the task or the owner, subscribe, and write the first events to `out`. last: where the
 * client left off; NULL: it is new. 0, or the error of board_connection_find(), with nothing
 * written. */
int stream_attach(struct stream *stream, const struct sse_id *last);
/* Write the next event to `out`. False: there is none now. */
bool stream_deliver(struct stream *stream);

struct trackd *stream_board(const struct stream *stream);
/* Write an update. event NULL: only counts or the message changed; such updates have no id. False
 * if memory is out. */
bool stream_put_update(struct stream *stream, const struct trackd_task *task,
		       const struct trackd_event *event, unsigned flags);

/* ---- All of an owner's tasks (stream_owner.c) ------------------------------ */

int owned_new(struct owned **ret_owned);
void owned_free(struct owned *owned);
/* Begin the snapshot, and write its next task. The list is made while it is sent. */
void owned_list_begin(struct stream *stream, const char *id);
bool owned_listing(const struct owned *owned);
void owned_list_more(struct stream *stream);
/* Find which of the active tasks have new counts or messages. */
void owned_sample(struct stream *stream);
/* Write an update for one of them. False: there is none. */
bool owned_deliver(struct stream *stream);
/* Note that a transition, or the removal of the task, has been delivered. */
void owned_delivered(struct owned *owned, const struct trackd_event *event);

#endif
