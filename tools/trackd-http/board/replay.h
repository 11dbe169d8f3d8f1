/* SPDX-License-Identifier: MIT */
/*
 * Reading back from the board's ring. A stream keeps no queue: it knows up to which sequence it has
 * delivered everything, and asks for its next transition when the socket has room. What the ring
 * has lost is recovered from the record's stage history.
 */
#ifndef TRACKD_HTTP_BOARD_REPLAY_H
#define TRACKD_HTTP_BOARD_REPLAY_H

#include "libclient/trackd.h"
#include <stdbool.h>

struct replay;

int replay_new(struct replay **ret_replay);
void replay_free(struct replay *replay);
/* Call it when another board has replaced the old one. */
void replay_forget(struct replay *replay);

/* Selects the transitions: one task's, or all of an owner's. */
struct replay_of {
	bool owner;
	struct trackd_ref ref;
	uint64_t owner_hash;
};

/*
 * The first transition at or after *sequence and before `until`. 1: *ret_event is filled and
 * *sequence is behind it. 0: there is none, and *sequence is `until`. TRACKD_E_LAPPED: the ring has
 * lost *sequence. Entries whose producer died while writing are skipped.
 */
int replay_next(struct replay *replay, struct trackd *trackd, const struct replay_of *of,
		uint64_t *sequence, uint64_t until, struct trackd_event *ret_event);

/* `sequence`, or the oldest sequence in the ring if that one has been lost. */
uint64_t replay_readable(struct trackd *trackd, uint64_t sequence);

/* The time of the transition before a sequence. 0: the ring does not hold it. */
uint64_t replay_time_before(struct trackd *trackd, uint64_t sequence);

/* ---- Stage history ------------------------------------------------------- */

/* What a stream of one task has delivered. */
struct delivered {
	uint32_t stages; /* those entered, as a bit mask */
	int8_t stage;    /* the last one entered; -1: none */
	uint8_t state;
	uint64_t revision, done;
};

/* The client has received the whole task. */
void delivered_task(struct delivered *delivered, const struct trackd_task *task);
/* An earlier stream has delivered everything up to a moment. */
void delivered_until(struct delivered *delivered, const struct trackd_task *task, uint64_t time_ns);
void delivered_event(struct delivered *delivered, const struct trackd_event *event);

/* The earliest stage that, by the record, was entered after the last delivered one and before the
 * event (NULL: at any time), and has not been delivered. -1: there is none. */
int delivered_missing(const struct delivered *delivered, const struct trackd_task *task,
		      const struct trackd_event *event);

#endif
