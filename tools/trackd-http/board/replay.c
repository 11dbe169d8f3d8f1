/* SPDX-License-Identifier: MIT */
/*
 * An index over the ring finds one task's transitions among all: for each entry of the ring it
 * stores whose it is. It takes 1 MiB, is filled as far back as any stream has asked, and is read at
 * memory speed. So a reconnect after ten thousand transitions costs microseconds, and a thousand
 * reconnects at once do not stall the loop.
 */
#include "tools/trackd-http/board/replay.h"
#include <errno.h>
#include <stdlib.h>

struct whose {
	struct trackd_ref ref;
	uint64_t owner_hash;
};

struct replay {
	uint64_t from, to; /* the sequences that the index holds; equal: none */
	struct whose whose[TRACKD_EVENTS];
};

/* Skew of the clock readings of producers that publish at the same time. */
static const uint64_t SKEW_NS = 1000000;

int replay_new(struct replay **ret_replay)
{
	*ret_replay = calloc(1, sizeof **ret_replay);
	return *ret_replay ? 0 : -ENOMEM;
}

void replay_free(struct replay *replay)
{
	free(replay);
}

void replay_forget(struct replay *replay)
{
	replay->from = replay->to = 0;
}

/* ---- The ring ------------------------------------------------------------ */

/* Read one entry. 1: read; 0: lost; TRACKD_E_LAPPED. */
static int read_at(struct trackd *trackd, uint64_t sequence, struct trackd_event *ret_event)
{
	struct trackd_cursor cursor;
	int result;

	trackd_cursor_at(trackd, sequence, &cursor);
	ret_event->size = sizeof *ret_event;
	result = trackd_next_event(trackd, &cursor, ret_event);
	if (result == 1 && ret_event->sequence != sequence)
		return 0; /* its producer died while writing it */
	return result;
}

/* Index [from, to); entries that cannot be read match no task. */
static void fill(struct replay *replay, struct trackd *trackd, uint64_t from, uint64_t to)
{
	struct trackd_event event = TRACKD_EVENT_INIT;

	for (uint64_t sequence = from; sequence < to; sequence++) {
		struct whose *whose = &replay->whose[sequence % TRACKD_EVENTS];

		*whose = (struct whose){ .ref = { UINT32_MAX, 0 } };
		if (read_at(trackd, sequence, &event) == 1)
			*whose = (struct whose){ event.ref, event.owner_hash };
	}
}

static void know(struct replay *replay, struct trackd *trackd, uint64_t from, uint64_t to)
{
	if (replay->from == replay->to || from > replay->to)
		replay->from = replay->to = from;
	if (to > replay->to) {
		fill(replay, trackd, replay->to, to);
		replay->to = to;
	}
	/* Newer entries have overwritten those one lap older. */
	if (replay->to - replay->from > TRACKD_EVENTS)
		replay->from = replay->to - TRACKD_EVENTS;
	if (from < replay->from) {
		fill(replay, trackd, from, replay->from);
		replay->from = from;
	}
}

static bool is_of(const struct whose *whose, const struct replay_of *of)
{
	if (of->owner)
		return whose->owner_hash == of->owner_hash;
	return whose->ref.slot == of->ref.slot && whose->ref.generation == of->ref.generation;
}

int replay_next(struct replay *replay, struct trackd *trackd, const struct replay_of *of,
		uint64_t *sequence, uint64_t until, struct trackd_event *ret_event)
{
	int result;

	if (*sequence >= until)
		return 0;
	if (until - *sequence > TRACKD_EVENTS)
		return TRACKD_E_LAPPED;
	know(replay, trackd, *sequence, until);
	for (uint64_t at = *sequence; at < until; at++) {
		if (!is_of(&replay->whose[at % TRACKD_EVENTS], of))
			continue;
		result = read_at(trackd, at, ret_event);
		if (result < 0)
			return result;
		*sequence = at + 1;
		if (result == 1)
			return 1;
	}
	*sequence = until;
	return 0;
}

uint64_t replay_readable(struct trackd *trackd, uint64_t sequence)
{
	struct trackd_cursor cursor;
	struct trackd_event event = TRACKD_EVENT_INIT;

	trackd_cursor_at(trackd, sequence, &cursor);
	return trackd_next_event(trackd, &cursor, &event) == TRACKD_E_LAPPED ? cursor.next
									     : sequence;
}

uint64_t replay_time_before(struct trackd *trackd, uint64_t sequence)
{
	struct trackd_event event = TRACKD_EVENT_INIT;

	/* The last few entries may have been lost. */
	for (uint64_t back = 1; back <= 16 && back <= sequence; back++)
		if (read_at(trackd, sequence - back, &event) == 1)
			return event.time_ns;
	return 0;
}

/* ---- Stage history ------------------------------------------------------- */

static uint32_t entered(const struct trackd_task *task, uint64_t until_ns, int8_t *ret_last)
{
	uint32_t stages = 0;
	uint64_t last = 0;

	*ret_last = -1;
	for (int i = 0; i < task->n_stages && i < TRACKD_STAGES_MAX; i++) {
		uint64_t started = task->stages[i].started_ns;

		if (started == 0 || started > until_ns)
			continue;
		stages |= 1u << i;
		if (started >= last) {
			last = started;
			*ret_last = (int8_t)i;
		}
	}
	return stages;
}

void delivered_task(struct delivered *delivered, const struct trackd_task *task)
{
	*delivered = (struct delivered){ .state = task->state,
					 .revision = task->revision,
					 .done = task->done };
	delivered->stages = entered(task, UINT64_MAX, &delivered->stage);
}

void delivered_until(struct delivered *delivered, const struct trackd_task *task, uint64_t time_ns)
{
	uint64_t until = time_ns + SKEW_NS;

	delivered->stages = entered(task, until, &delivered->stage);
	if (trackd_state_final((enum trackd_state)task->state) && task->finished_ns > until)
		delivered->state = TRACKD_ACTIVE;
}

void delivered_event(struct delivered *delivered, const struct trackd_event *event)
{
	delivered->state = event->state;
	delivered->revision = event->revision;
	delivered->done = event->done;
	if (event->type == TRACKD_EVENT_CREATED) {
		delivered->stages = 0;
		delivered->stage = -1;
	}
	if (event->type != TRACKD_EVENT_STAGE || event->stage < 0)
		return;
	/* Returning to a stage resets the later ones. */
	delivered->stages &= (1u << event->stage) - 1;
	delivered->stages |= 1u << event->stage;
	delivered->stage = event->stage;
}

static uint64_t started(const struct trackd_task *task, int stage)
{
	return stage >= 0 && stage < task->n_stages && stage < TRACKD_STAGES_MAX
		       ? task->stages[stage].started_ns
		       : 0;
}

int delivered_missing(const struct delivered *delivered, const struct trackd_task *task,
		      const struct trackd_event *event)
{
	uint64_t after = started(task, delivered->stage), before = UINT64_MAX;
	int found = -1;

	if (event && event->type == TRACKD_EVENT_STAGE) {
		before = started(task, event->stage);
		/* The record may show a later visit to that stage; then nothing is known of this
		 * one. */
		if (before != event->time_ns)
			return -1;
	} else if (event && event->type != TRACKD_EVENT_FINAL)
		return -1;
	for (int i = 0; i < task->n_stages && i < TRACKD_STAGES_MAX; i++) {
		uint64_t at = task->stages[i].started_ns;

		if (at > after && at < before && !(delivered->stages & 1u << i)) {
			before = at;
			found = i;
		}
	}
	return found;
}
