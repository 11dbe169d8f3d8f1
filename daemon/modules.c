/* SPDX-License-Identifier: MIT */
/* When the board is replaced, only the three threads and the readers' descriptor must change: all
 * other modules use one pointer to a struct board, which only the event loop's thread changes. */
#include "daemon/modules.h"
#include "daemon/board/replacement.h"
#include "libclient/record/internal.h"
#include <systemd/sd-daemon.h>

static void after_death(void *data)
{
	struct modules *modules = data;

	housekeeping_after_death(&modules->housekeeping);
}

static uint64_t watchdog_ns(void)
{
	uint64_t usec = 0;

	return sd_watchdog_enabled(0, &usec) > 0 ? usec * 1000 : 0;
}

/* Start the threads and housekeeping. from: the first event for the journal. */
static int start_threads(struct modules *modules, uint64_t from)
{
	const struct config *config = modules->config;
	const struct housekeeping_parts parts = { .board = modules->board,
						  .doorbell = &modules->doorbell,
						  .journal = &modules->journal,
						  .liveness = &modules->liveness,
						  .reaper = &modules->reaper,
						  .sweep = &modules->sweep,
						  .control = &modules->control,
						  .saver = &modules->saver,
						  .notify = modules->notify };
	int error = journal_start(&modules->journal, modules->board, config->board, from,
				  config->verbose);

	if (error >= 0)
		error = doorbell_start(&modules->doorbell, modules->board, modules->notify,
				       watchdog_ns());
	if (error >= 0)
		error = housekeeping_init(&modules->housekeeping, modules->event, &parts);
	return error;
}

static void stop_threads(struct modules *modules)
{
	housekeeping_free(&modules->housekeeping);
	doorbell_stop(&modules->doorbell);
	journal_stop(&modules->journal);
}

void modules_init(struct modules *modules, sd_event *event, struct board *board,
		  const struct config *config, struct service_notify *notify)
{
	*modules = (struct modules){ .event = event,
				     .board = board,
				     .config = config,
				     .notify = notify,
				     .liveness = { .epoll = -1 },
				     .control = { .reader_fd = -1, .spare_fd = -1 },
				     .saver = { .place = { .dir = "" }, .job = { .event_fd = -1 } },
				     .clock_watch = { .fd = -1 } };
}

int modules_start(struct modules *modules, int listen_fd, const struct snapshot_place *place)
{
	const struct config *config = modules->config;
	struct board *board = modules->board;
	sd_event *event = modules->event;
	/* Skip events before this one: the first sweep finds the tasks that they concern. */
	uint64_t head = event_head(board);
	int error = dead_workers_init(&modules->dead_workers, event, board, after_death, modules);

	if (error >= 0)
		error = liveness_init(&modules->liveness, event, board, &modules->dead_workers,
				      modules->notify);
	if (error >= 0)
		error = families_init(&modules->families, event, board);
	if (error >= 0)
		error = reaper_init(&modules->reaper, event, board, head);
	modules->reaper.families = &modules->families;
	if (error >= 0)
		error = sweep_init(&modules->sweep, event, board, &modules->reaper,
				   &modules->dead_workers);
	if (error >= 0)
		error = control_init(&modules->control, event, listen_fd, board, config->board,
				     &modules->liveness, modules->notify);
	if (error >= 0)
		error = saver_init(&modules->saver, event, board, place, config->snapshot_interval);
	if (error >= 0)
		error = clock_watch_init(&modules->clock_watch, event, board);
	if (error >= 0)
		error = start_threads(modules, head);
	return error;
}

void modules_stop(struct modules *modules)
{
	stop_threads(modules);
	clock_watch_free(&modules->clock_watch);
	saver_free(&modules->saver);
	control_free(&modules->control);
	sweep_free(&modules->sweep);
	reaper_free(&modules->reaper);
	families_free(&modules->families);
	liveness_free(&modules->liveness);
	dead_workers_free(&modules->dead_workers);
}

int modules_move(struct modules *modules, const struct board *next)
{
	/* The old board is closed and gets no more events; the new one continues its sequence. */
	uint64_t head = event_head(modules->board);
	int error;

	stop_threads(modules);
	saver_settle(&modules->saver);
	replacement_leave(modules->board);
	*modules->board = *next;
	error = control_move(&modules->control);
	if (error >= 0)
		error = start_threads(modules, head);
	if (error < 0)
		return error;
	control_ring(&modules->control);
	liveness_walk(&modules->liveness, true);
	sweep_ask(&modules->sweep, SWEEP_STRIPES);
	return 0;
}
