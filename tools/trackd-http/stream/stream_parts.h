/* SPDX-License-Identifier: MIT */
/* What the parts of a stream share: its life (stream.c), what it tells next (stream_tell.c), and what
 * those of all of an owner's tasks need beyond (stream_owner.c). */
#ifndef TRACKD_HTTP_STREAM_STREAM_PARTS_H
#define TRACKD_HTTP_STREAM_STREAM_PARTS_H

#include "tools/trackd-http/board/follower.h"
#include "tools/trackd-http/board/replay.h"
#include "tools/trackd-http/server/limits.h"
#include "tools/trackd-http/server/request.h"
#include "tools/trackd-http/stream/sse.h"

enum { STREAM_SHARED = 64, STREAM_STRIKES = 3 };

/* An update that was made for one stream, for others of the same task. */
struct shared_update {
	uint64_t sequence;
	char board[SSE_BOARD]; /* another one counts from the beginning again */
	char owner[TRACKD_OWNER_MAX + 1];
	char *text; /* NULL: none */
};

struct streams {
	struct gateway *gateway;
	struct stream *first;
	struct stream *turn; /* where the next tick goes on */
	unsigned n;
	struct replay *replay;
	char board[SSE_BOARD]; /* whose ring the replay knows */
	sd_event_source *tick, *hangups;
	int hangup_fd; /* epoll of all streams' sockets: whose peers have gone */
	struct shared_update shared[STREAM_SHARED]; /* at sequence % STREAM_SHARED */
};

/* The owner's side of a stream: see stream_owner.c. */
struct owned;

struct stream {
	struct watch watch;
	struct streams *streams;
	struct request *request;
	struct stream *next, **link;
	int fd;
	struct limits_charge charge;
	struct text_buffer out; /* what is being sent: one event, or a piece of a list */
	char board[SSE_BOARD];  /* whose sequence, references and hash these are */
	struct replay_of of;    /* whose transitions it tells */
	uint64_t position;      /* all of ours below this sequence have been told */
	uint64_t replay_until;  /* those below this one were published before we came */
	uint64_t settled;       /* the snapshot may show what comes below it */
	unsigned waiting;       /* of ours that came and have not been told */
	unsigned strikes;       /* ticks for which the record has been elsewhere than was told */
	struct told told;       /* of one task */
	struct owned *owned;    /* NULL: one task */
	time_t since;           /* when the socket last had room, or we began to wait for it */
	time_t said;            /* when something was last sent */
	bool suspended;
	bool reset;     /* tell all anew */
	bool moved;     /* counts or message have changed */
	bool astray;    /* the record is elsewhere than was told, and no transition says why */
	bool beat;      /* has been silent for long */
	bool expired;   /* its token */
	bool hung_up;   /* its peer */
	bool told_down; /* that trackd does not answer */
	bool over;      /* ends when all has been sent */
};

/* ---- Telling (stream_tell.c) --------------------------------------------- */

/* Find the task or the owner, watch, and put the beginning into out. last: where the client was,
 * NULL: nowhere. 0, or what board_connection_find() returned, with nothing put. */
int stream_attach(struct stream *stream, const struct sse_id *last);
/* Put what comes next into out. False: there is nothing now. */
bool stream_tell(struct stream *stream);

struct trackd *stream_board(const struct stream *stream);
/* The id that stands for `position`. */
void stream_id(const struct stream *stream, char ret_id[SSE_ID]);
/* An update without a transition: what moved is not worth an id. False if memory is out. */
bool stream_put_update(struct stream *stream, const struct trackd_task *task,
		       const struct trackd_event *event, unsigned flags);

/* ---- All of an owner's (stream_owner.c) ---------------------------------- */

int owned_new(struct owned **ret_owned);
void owned_free(struct owned *owned);
/* Begin the snapshot, a list, and go on with it: it is made as it is sent. */
void owned_list_begin(struct stream *stream, const char *id);
bool owned_listing(const struct owned *owned);
void owned_list_more(struct stream *stream);
/* Look which of the active tasks have moved. */
void owned_sample(struct stream *stream);
/* Tell of one that has. False: there is none. */
bool owned_tell(struct stream *stream);
/* A transition has been told, or that the task is gone. */
void owned_told(struct owned *owned, const struct trackd_event *event);

/* Resume, if it sleeps (stream.c). */
void stream_wake(struct stream *stream);

#endif
