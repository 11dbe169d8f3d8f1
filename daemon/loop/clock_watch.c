/* SPDX-License-Identifier: MIT */
/* A timer that never expires; the kernel cancels it when the clock is set (timerfd_create(2),
 * TFD_TIMER_CANCEL_ON_SET). */
#include "daemon/loop/clock_watch.h"
#include "libclient/segment/internal.h"
#include <errno.h>
#include <limits.h>
#include <sys/timerfd.h>
#include <unistd.h>

static int arm(int fd)
{
	/* The year 2200, which the kernel accepts. */
	static const struct itimerspec never = { .it_value.tv_sec = INT64_C(7258118400) };

	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0
		       ? -errno
		       : 0;
}

static int on_set(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct clock_watch *watch = data;
	uint64_t count;

	(void)source;
	(void)revents;
	(void)!read(fd, &count, sizeof count);
	offsets_refresh(watch->board);
	return arm(fd);
}

int clock_watch_init(struct clock_watch *watch, sd_event *event, struct board *board)
{
	int error;

	*watch = (struct clock_watch){ .board = board };
	watch->fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (watch->fd < 0)
		return -errno;
	error = arm(watch->fd);
	if (error >= 0)
		error = sd_event_add_io(event, &watch->source, watch->fd, EPOLLIN, on_set, watch);
	if (error < 0)
		clock_watch_free(watch);
	return error < 0 ? error : 0;
}

void clock_watch_free(struct clock_watch *watch)
{
	sd_event_source_disable_unref(watch->source);
	watch->source = NULL;
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
}
