/* SPDX-License-Identifier: MIT */
/*
 * Reading back in the board's ring. A stream keeps no queue: it knows up to which sequence it has
 * told all, and asks for its next transition when there is room for it. What the ring has lost is
 * looked for in the record's stage history.
 */
#ifndef TRACKD_HTTP_BOARD_REPLAY_H
#define TRACKD_HTTP_BOARD_REPLAY_H

#include "libclient/trackd.h"
#include <stdbool.h>

struct replay;

int replay_new(struct replay **ret_replay);
void replay_free(struct replay *replay);
/* Another board took the old one's place. */
void replay_forget(struct replay *replay);

/* Whose transitions: one task's, or an owner's. */
struct replay_of {
	bool owner;
	struct trackd_ref ref;
	uint64_t owner_hash;
};

/*
 * The first transition at *sequence or behind it, before `until`. 1: *ret_event, and *sequence is
 * behind it. 0: there is none, and *sequence is `until`. TRACKD_E_LAPPED: the ring begins behind
 * *sequence. What its producer died writing is passed over.
 */
int replay_next(struct replay *replay, struct trackd *trackd, const struct replay_of *of,
		uint64_t *sequence, uint64_t until, struct trackd_event *ret_event);

/* The sequence itself, or the oldest that the ring has if it has lost that. */
uint64_t replay_readable(struct trackd *trackd, uint64_t sequence);

/* When the transition before a sequence was. 0: the ring has no such. */
uint64_t replay_time_before(struct trackd *trackd, uint64_t sequence);

/* ---- Stage history ------------------------------------------------------- */

/* What a stream of one task has told. */
struct told {
	uint32_t stages; /* those entered, as bits */
	int8_t stage;    /* the last one; -1: none */
	uint8_t state;
	uint64_t revision, done;
};

/* The client has been shown the whole task. */
void told_task(struct told *told, const struct trackd_task *task);
/* It had been told everything up to a moment, by an earlier stream. */
void told_until(struct told *told, const struct trackd_task *task, uint64_t time_ns);
void told_event(struct told *told, const struct trackd_event *event);

/* The earliest stage that the record says was entered after the last one that was told, has not been
 * told, and comes before the event (NULL: any). -1: there is none. */
int told_missing(const struct told *told, const struct trackd_task *task,
		 const struct trackd_event *event);

#endif
