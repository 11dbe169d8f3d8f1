/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/server/turns.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The waiting work of one owner, in order. Lanes form a ring; the first one has the next turn. */
struct lane {
	struct lane *next, *previous;
	struct turn *first, **last;
	char owner[TRACKD_OWNER_MAX + 1];
};

struct turns {
	struct gateway *gateway;
	sd_event_source *source;
	struct lane *lanes;
	uint64_t iteration; /* of the event loop: `left` is for this one */
	int left;           /* units left in it */
};

/* ---- Lanes --------------------------------------------------------------- */

static struct lane *lane_find(struct turns *turns, const char *owner)
{
	struct lane *lane = turns->lanes;

	if (!lane)
		return NULL;
	do
		if (strcmp(lane->owner, owner) == 0)
			return lane;
	while ((lane = lane->next) != turns->lanes);
	return NULL;
}

/* Add a lane; its turn comes last. */
static struct lane *lane_new(struct turns *turns, const char *owner)
{
	struct lane *lane = calloc(1, sizeof *lane);

	if (!lane)
		return NULL;
	memcpy(lane->owner, owner, strlen(owner) + 1);
	lane->last = &lane->first;
	if (!turns->lanes) {
		turns->lanes = lane->next = lane->previous = lane;
		return lane;
	}
	lane->next = turns->lanes;
	lane->previous = turns->lanes->previous;
	lane->next->previous = lane->previous->next = lane;
	return lane;
}

static void lane_free(struct turns *turns, struct lane *lane)
{
	lane->next->previous = lane->previous;
	lane->previous->next = lane->next;
	if (turns->lanes == lane)
		turns->lanes = lane->next == lane ? NULL : lane->next;
	free(lane);
}

static int enter(struct turns *turns, struct turn *turn, const char *owner)
{
	struct lane *lane = lane_find(turns, owner);

	if (!lane)
		lane = lane_new(turns, owner);
	if (!lane)
		return -ENOMEM;
	turn->lane = lane;
	turn->next = NULL;
	turn->link = lane->last;
	*lane->last = turn;
	lane->last = &turn->next;
	return 0;
}

void turns_leave(struct turn *turn)
{
	struct lane *lane = turn->lane;

	if (!lane)
		return;
	turn->lane = NULL;
	*turn->link = turn->next;
	if (turn->next)
		turn->next->link = turn->link;
	else
		lane->last = turn->link;
	if (!lane->first)
		lane_free(turn->turns, lane);
}

/* ---- Working ------------------------------------------------------------- */

/* The units left in this turn of the event loop. */
static int units_left(struct turns *turns)
{
	uint64_t iteration = 0;

	(void)sd_event_get_iteration(turns->gateway->event, &iteration);
	if (iteration != turns->iteration)
		turns->left = TURNS_SLICE;
	turns->iteration = iteration;
	return turns->left;
}

static void finish(struct turn *turn)
{
	turns_leave(turn);
	turn->done(turn);
}

/* Use an expired timer, not a deferred event: sd-event treats a deferred one as the oldest pending,
 * so network events would never get their turn. */
static int arm(struct turns *turns)
{
	int error = sd_event_source_set_time(turns->source, 0);

	return error < 0 ? error : sd_event_source_set_enabled(turns->source, SD_EVENT_ONESHOT);
}

static int on_turn(sd_event_source *source, uint64_t usec, void *data)
{
	struct turns *turns = data;

	(void)source;
	(void)usec;
	(void)units_left(turns);
	while (turns->lanes && turns->left > 0) {
		struct lane *lane = turns->lanes;
		struct turn *turn = lane->first;

		turns->lanes = lane->next;
		if (turn->work(turn, &turns->left))
			finish(turn);
	}
	return turns->lanes ? arm(turns) : 0;
}

int turns_enter(struct turns *turns, struct turn *turn, const char *owner)
{
	turn->turns = turns;
	turn->lane = NULL;
	if (units_left(turns) > 0 && !turns->lanes && turn->work(turn, &turns->left))
		return 1;
	int error = enter(turns, turn, owner);
	if (error < 0)
		return error;
	return arm(turns);
}

/* ---- Beginning and end --------------------------------------------------- */

int turns_new(struct gateway *gateway, struct turns **ret_turns)
{
	struct turns *turns = calloc(1, sizeof *turns);
	int error = turns ? 0 : -ENOMEM;

	if (error == 0) {
		turns->gateway = gateway;
		turns->iteration = UINT64_MAX;
		error = sd_event_add_time(gateway->event, &turns->source, CLOCK_MONOTONIC, 0, 1,
					  on_turn, turns);
	}
	if (error >= 0)
		error = sd_event_source_set_enabled(turns->source, SD_EVENT_OFF);
	if (error < 0) {
		turns_free(turns);
		return error;
	}
	*ret_turns = turns;
	return 0;
}

void turns_end(struct turns *turns)
{
	while (turns && turns->lanes)
		finish(turns->lanes->first);
}

void turns_free(struct turns *turns)
{
	if (!turns)
		return;
	sd_event_source_disable_unref(turns->source);
	free(turns);
}
