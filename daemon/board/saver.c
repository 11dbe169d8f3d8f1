/* SPDX-License-Identifier: MIT */
/* An open task may change without an event (counters, messages, progress). So changes are detected
 * by a fingerprint of stamps and counters, and the timer runs while there is an open task. A final
 * task only changes by its removal, which has an event. */
#include "daemon/board/saver.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include "libclient/trackd.h"
#include "tools/common/log.h"
#include "tools/common/loop_source.h"
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { AHEAD = 8 }; /* slots by which a counter's cache line is prefetched */

static bool is_on(const struct saver *saver)
{
	return saver->place.dir[0] != '\0';
}

/* The fingerprint of the kinds and all LIVE records; *ret_open: the number of open ones. */
static uint64_t fingerprint(const struct board *board, uint32_t *ret_open)
{
	uint64_t print = load_relaxed(&board->kinds->n);
	uint32_t open = 0;

	for (uint32_t slot = slot_next_used(board, 0); slot < board->capacity;
	     slot = slot_next_used(board, slot + 1)) {
		const struct layout_head *head = &board->heads[slot];
		if (board->capacity - slot > AHEAD)
			prefetch(&board->bodies[slot + AHEAD].work);
		uint64_t parts[2] = { load_relaxed(&head->stamp), 0 };
		if (stamp_state(parts[0]) != SLOT_LIVE)
			continue;
		if (!trackd_state_final(hint_state(load_relaxed(&head->hint)))) {
			parts[1] = load_relaxed(&board->bodies[slot].work);
			open++;
		}
		print = XXH3_64bits_withSeed(parts, sizeof parts, print + slot);
	}
	*ret_open = open;
	return print;
}

static void arm(struct saver *saver)
{
	int enabled = SD_EVENT_OFF;

	if (saver->interval_ms == TRACKD_TTL_NEVER || saver->job.running ||
	    sd_event_source_get_enabled(saver->timer, &enabled) < 0 || enabled != SD_EVENT_OFF)
		return;
	(void)loop_timer_set(saver->timer, saver->interval_ms * UINT64_C(1000));
}

void saver_touch(struct saver *saver)
{
	if (!is_on(saver))
		return;
	saver->changed = true;
	arm(saver);
}

static void took(struct saver *saver, int64_t result)
{
	if (result < 0) {
		saver->changed = true;
		if (!saver->failing)
			log_warning("no snapshot could be written to %s (%s); the previous "
				    "one is kept; trackd will try again",
				    saver->place.dir, strerror((int)-result));
		saver->failing = true;
		return;
	}
	if (saver->failing)
		log_info("snapshots can be written again");
	saver->failing = false;
	saver->written = saver->writing;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct saver *saver = data;
	uint32_t open;
	uint64_t print = fingerprint(saver->board, &open);
	int error = 0;

	(void)source;
	(void)usec;
	saver->changed = open > 0;
	if (print != saver->written) {
		saver->writing = print;
		error = snapshot_begin(&saver->job, saver->board, &saver->place);
		if (error < 0)
			took(saver, error);
	}
	if (saver->changed)
		arm(saver);
	return 0;
}

void saver_settle(struct saver *saver)
{
	int64_t result = is_on(saver) ? snapshot_end(&saver->job) : -ENOENT;

	if (result != -ENOENT)
		took(saver, result);
}

static int on_done(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct saver *saver = data;

	(void)source;
	(void)fd;
	(void)revents;
	saver_settle(saver);
	if (saver->changed)
		arm(saver);
	return 0;
}

/* There is no retry after a stop: until the host restarts, the board holds the tasks that the
 * snapshot lacks. */
static int say_unsaved(const struct saver *saver, int64_t error)
{
	log_error("no snapshot could be written to %s (%s): the tasks since the last snapshot are "
		  "in /dev/shm only, and a reboot loses them; make %s writable, with room for it, "
		  "and start trackd before a reboot",
		  saver->place.dir, strerror((int)-error), saver->place.dir);
	return (int)error;
}

int saver_finish(struct saver *saver)
{
	uint32_t open;
	uint64_t print;
	int64_t result;

	if (!is_on(saver))
		return 0;
	saver_settle(saver);
	print = fingerprint(saver->board, &open);
	if (print == saver->written)
		return 0;
	saver->writing = print;
	result = snapshot_write(saver->board, &saver->place);
	if (result < 0)
		return say_unsaved(saver, result);
	took(saver, result);
	log_info("%lld task%s saved to %s", (long long)result, log_plural((uint64_t)result),
		 saver->place.dir);
	return 0;
}

int saver_init(struct saver *saver, sd_event *event, struct board *board,
	       const struct snapshot_place *place, uint32_t interval_ms)
{
	int error;

	*saver = (struct saver){ .board = board,
				 .place = *place,
				 .interval_ms = interval_ms,
				 .job = { .event_fd = -1 } };
	if (!is_on(saver))
		return 0;
	saver->job.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (saver->job.event_fd < 0)
		return -errno;
	error = sd_event_add_io(event, &saver->done, saver->job.event_fd, EPOLLIN, on_done, saver);
	if (error >= 0)
		error = loop_timer(event, &saver->timer, 0, on_timer, saver);
	/* An adopted board may have changed since the last snapshot. */
	if (error >= 0)
		saver_touch(saver);
	else
		saver_free(saver);
	return error < 0 ? error : 0;
}

void saver_free(struct saver *saver)
{
	(void)snapshot_end(&saver->job);
	sd_event_source_disable_unref(saver->timer);
	sd_event_source_disable_unref(saver->done);
	if (saver->job.event_fd >= 0)
		close(saver->job.event_fd);
	*saver = (struct saver){ .place = { .dir = "" }, .job = { .event_fd = -1 } };
}
