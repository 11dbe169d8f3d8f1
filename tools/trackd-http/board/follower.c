/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/board/follower.h"
#include "tools/common/loop_source.h"
#include "tools/trackd-http/board/board_connection.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	BUCKETS = 4096,        /* power of two */
	TICK_USEC = 100000,    /* while a request or a stream watches */
	SEARCH_USEC = 1000000, /* while there is no board */
	ACCURACY_USEC = 1000,  /* sd-event's own would be a quarter of a second */
	TURN = 4096, /* events per turn of the loop; other requests are served in between */
};

struct follower {
	struct gateway *gateway;
	struct watch *by_task[BUCKETS], *by_owner[BUCKETS];
	unsigned n_watches;
	struct trackd_cursor cursor;
	char board[33];
	struct trackd *trackd; /* the board whose descriptor `io` watches; NULL: no board yet */
	sd_event_source *io, *tick, *again, *search;
	void (*tap)(void *user, const struct trackd_event *event);
	void *tap_user;
};

static size_t bucket_of(uint64_t key)
{
	return (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 52) & (BUCKETS - 1);
}

/* ---- Delivering ------------------------------------------------------------ */

static void deliver(struct follower *follower, const struct trackd_event *event)
{
	for (struct watch *w = follower->by_task[bucket_of(event->ref.slot)]; w; w = w->next)
		if (w->ref.slot == event->ref.slot && w->ref.generation == event->ref.generation)
			w->on_event(w, event);
	for (struct watch *w = follower->by_owner[bucket_of(event->owner_hash)]; w; w = w->next)
		if (w->owner_hash == event->owner_hash)
			w->on_event(w, event);
	if (follower->tap)
		follower->tap(follower->tap_user, event);
}

static void notify_all(struct follower *follower, bool reset)
{
	struct watch **tables[] = { follower->by_task, follower->by_owner };

	for (size_t t = 0; t < 2; t++)
		for (size_t i = 0; i < BUCKETS; i++)
			for (struct watch *w = tables[t][i]; w; w = w->next)
				reset ? w->on_reset(w) : w->on_tick(w);
}

/* ---- Reading ------------------------------------------------------------ */

static void restart(struct follower *follower, struct trackd *trackd)
{
	memcpy(follower->board, board_connection_id(follower->gateway->board),
	       sizeof follower->board);
	trackd_cursor_now(trackd, &follower->cursor);
	notify_all(follower, true);
}

static void read_events(struct follower *follower, struct trackd *trackd)
{
	struct trackd_event event = TRACKD_EVENT_INIT;

	if (strcmp(follower->board, board_connection_id(follower->gateway->board)) != 0) {
		restart(follower, trackd);
		return;
	}
	for (int i = 0; i < TURN; i++) {
		int result = trackd_next_event(trackd, &follower->cursor, &event);

		if (result == 0)
			return;
		if (result < 0)
			notify_all(follower, true);
		else
			deliver(follower, &event);
	}
	(void)sd_event_source_set_enabled(follower->again, SD_EVENT_ONESHOT);
}

static int on_board(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct follower *follower = data;

	(void)source;
	(void)fd;
	(void)revents;
	(void)trackd_dispatch(follower->trackd);
	read_events(follower, follower->trackd);
	return 0;
}

static int on_again(sd_event_source *source, void *data)
{
	struct follower *follower = data;

	(void)source;
	read_events(follower, follower->trackd);
	return 0;
}

static int on_tick(sd_event_source *source, uint64_t usec, void *data)
{
	struct follower *follower = data;

	if (follower->trackd)
		read_events(follower, follower->trackd);
	notify_all(follower, false);
	if (follower->n_watches == 0)
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	(void)sd_event_source_set_time(source, usec + TICK_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_search(sd_event_source *source, uint64_t usec, void *data)
{
	struct follower *follower = data;
	int error;
	struct trackd *trackd = board_connection_reader(follower->gateway->board, &error);
	int fd = trackd ? trackd_fd(trackd) : -1;

	if (fd < 0 || sd_event_add_io(follower->gateway->event, &follower->io, fd, EPOLLIN,
				      on_board, follower) < 0) {
		(void)sd_event_source_set_time(source, usec + SEARCH_USEC);
		return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	}
	follower->trackd = trackd;
	restart(follower, trackd);
	return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

/* ---- Starting and stopping ---------------------------------------------- */

int follower_start(struct gateway *gateway, struct follower **ret_follower)
{
	struct follower *follower = calloc(1, sizeof *follower);
	uint64_t now = 0;
	int error;

	if (!follower)
		return -ENOMEM;
	follower->gateway = gateway;
	error = sd_event_add_time_relative(gateway->event, &follower->search, CLOCK_MONOTONIC, 0,
					   ACCURACY_USEC, on_search, follower);
	if (error >= 0)
		error = loop_timer(gateway->event, &follower->tick, ACCURACY_USEC, on_tick,
				   follower);
	if (error >= 0)
		error = loop_defer(gateway->event, &follower->again, SD_EVENT_PRIORITY_NORMAL,
				   on_again, follower);
	if (error < 0) {
		follower_stop(follower);
		return error;
	}
	/* Run it now, so that no event from here on is missed. */
	(void)sd_event_now(gateway->event, CLOCK_MONOTONIC, &now);
	(void)on_search(follower->search, now, follower);
	*ret_follower = follower;
	return 0;
}

void follower_stop(struct follower *follower)
{
	if (!follower)
		return;
	sd_event_source_disable_unref(follower->io);
	sd_event_source_disable_unref(follower->tick);
	sd_event_source_disable_unref(follower->again);
	sd_event_source_disable_unref(follower->search);
	free(follower);
}

/* ---- Watching ----------------------------------------------------------- */

static void enter(struct follower *follower, struct watch *watch, struct watch **bucket)
{
	watch->next = *bucket;
	watch->link = bucket;
	if (watch->next)
		watch->next->link = &watch->next;
	*bucket = watch;
	watch->follower = follower;
	if (follower->n_watches++ == 0) {
		(void)loop_timer_set(follower->tick, TICK_USEC);
	}
}

void follower_watch_task(struct follower *follower, struct watch *watch, struct trackd_ref ref)
{
	watch->ref = ref;
	enter(follower, watch, &follower->by_task[bucket_of(ref.slot)]);
}

void follower_watch_owner(struct follower *follower, struct watch *watch, const char *owner)
{
	watch->owner_hash = follower->trackd ? trackd_owner_hash(follower->trackd, owner) : 0;
	enter(follower, watch, &follower->by_owner[bucket_of(watch->owner_hash)]);
}

void follower_unwatch(struct watch *watch)
{
	if (!watch->link)
		return;
	*watch->link = watch->next;
	if (watch->next)
		watch->next->link = watch->link;
	watch->link = NULL;
	watch->follower->n_watches--;
}

void follower_read(struct follower *follower)
{
	if (follower->trackd)
		read_events(follower, follower->trackd);
}

uint64_t follower_position(const struct follower *follower)
{
	return follower->cursor.next;
}

const char *follower_board(const struct follower *follower)
{
	return follower->board;
}

void follower_tap(struct follower *follower,
		  void (*tap)(void *user, const struct trackd_event *event), void *user)
{
	follower->tap = tap;
	follower->tap_user = user;
}
