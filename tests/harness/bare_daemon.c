/* SPDX-License-Identifier: MIT */
/* Modules of a daemon; see bare_daemon.h. */
#include "tests/harness/bare_daemon.h"
#include "libclient/record/record.h"
#include <string.h>

enum { TURN_USEC = 10000 };

struct bare_daemon bare_daemon;

static void after(void *unused)
{
	(void)unused;
	bare_daemon.n_after++;
}

int bare_daemon_make(void **state)
{
	const struct bare_daemon_needs *needs = *state;
	struct bare_daemon *d = &bare_daemon;

	memset(d, 0, sizeof *d);
	d->liveness.epoll = -1;
	harness_board(&d->board, needs->capacity);
	HARNESS_MUST(sd_event_new(&d->event));
	HARNESS_MUST(dead_workers_init(&d->dead_workers, d->event, &d->board, after, NULL));
	if (needs->prepare)
		needs->prepare();
	return 0;
}

int bare_daemon_free(void **state)
{
	const struct bare_daemon_needs *needs = *state;
	struct bare_daemon *d = &bare_daemon;

	if (needs->tidy)
		needs->tidy();
	liveness_free(&d->liveness);
	service_notify_free(&d->notify);
	sweep_free(&d->sweep);
	reaper_free(&d->reaper);
	dead_workers_free(&d->dead_workers);
	sd_event_unref(d->event);
	harness_board_free(&d->board);
	return 0;
}

void bare_daemon_reclaim(uint64_t from)
{
	struct bare_daemon *d = &bare_daemon;

	HARNESS_MUST(reaper_init(&d->reaper, d->event, &d->board, from));
	HARNESS_MUST(sweep_init(&d->sweep, d->event, &d->board, &d->reaper, &d->dead_workers));
}

void bare_daemon_watch(void)
{
	struct bare_daemon *d = &bare_daemon;

	service_notify_init(&d->notify);
	HARNESS_MUST(
		liveness_init(&d->liveness, d->event, &d->board, &d->dead_workers, &d->notify));
}

bool bare_daemon_turn(void)
{
	HARNESS_MUST(sd_event_run(bare_daemon.event, TURN_USEC));
	return true;
}

void bare_daemon_settle(void)
{
	while (sd_event_run(bare_daemon.event, TURN_USEC) > 0)
		;
}

bool bare_daemon_sweeps(void)
{
	const struct sweep *sweep = &bare_daemon.sweep;

	return sweep->depth != SWEEP_NONE || sweep->next != SWEEP_NONE;
}

struct trackd_ref bare_daemon_give(const char *id, uint64_t worker)
{
	struct board *board = &bare_daemon.board;
	struct trackd_ref ref = harness_create(board, id, NULL);

	HARNESS_MUST(record_update(board, ref, 0, NULL, worker, harness_soon()));
	return ref;
}

uint8_t bare_daemon_state_of(struct trackd_ref ref)
{
	uint64_t worker, work;
	uint8_t state = UINT8_MAX;

	(void)record_peek(&bare_daemon.board, ref, &state, &worker, &work);
	return state;
}
