/* SPDX-License-Identifier: MIT */
/* Watches the file and not its directory, in which every program of the host creates files. */
#include "daemon/board/name_watch.h"
#include "tools/common/loop_source.h"
#include <errno.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* A failed call of lost() is repeated after a second; each further pause is twice as long. */
enum { PAUSE_USEC = 1000000, PAUSE_MOST_USEC = 4000000 };

/* Where the name leads now. */
static enum name_watch_name where_it_leads(const struct name_watch *watch)
{
	struct stat named, opened;

	if (lstat(watch->path, &named) < 0)
		/* If the name cannot be examined, it may still be this file's. */
		return errno == ENOENT ? NAMEWATCH_FREE : NAMEWATCH_OURS;
	if (fstat(*watch->fd, &opened) < 0 ||
	    (named.st_dev == opened.st_dev && named.st_ino == opened.st_ino))
		return NAMEWATCH_OURS;
	return S_ISREG(named.st_mode) && named.st_uid == geteuid() ? NAMEWATCH_FREE
								   : NAMEWATCH_TAKEN;
}

static void look_again(struct name_watch *watch, uint64_t usec)
{
	(void)loop_timer_set(watch->timer, usec);
}

static void look(struct name_watch *watch);

static int on_change(sd_event_source *source, const struct inotify_event *event, void *data)
{
	(void)source;
	(void)event;
	look(data);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	look(data);
	return 0;
}

/* This may fail: other programs of this user may have used up its inotify watches. */
static void watch_file(struct name_watch *watch)
{
	watch->change = sd_event_source_disable_unref(watch->change);
	(void)sd_event_add_inotify_fd(watch->event, &watch->change, *watch->fd,
				      IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF, on_change, watch);
}

static void wait_longer(struct name_watch *watch)
{
	watch->pause_usec = watch->pause_usec == 0 ? PAUSE_USEC : 2 * watch->pause_usec;
	if (watch->pause_usec > PAUSE_MOST_USEC)
		watch->pause_usec = PAUSE_MOST_USEC;
	look_again(watch, watch->pause_usec);
}

static void look(struct name_watch *watch)
{
	enum name_watch_name name = where_it_leads(watch);

	if (name != NAMEWATCH_OURS) {
		if (watch->lost(name, watch->data) < 0) {
			wait_longer(watch);
			return;
		}
		watch_file(watch);
		/* The name may have been removed before the new file was watched. */
		look_again(watch, 0);
	} else if (!watch->change) {
		look_again(watch, PAUSE_USEC);
	}
	watch->pause_usec = 0;
}

int name_watch_init(struct name_watch *watch, sd_event *event, const char *path, const int *fd,
		    name_watch_lost *lost, void *data)
{
	*watch = (struct name_watch){ .event = event, .fd = fd, .lost = lost, .data = data };
	snprintf(watch->path, sizeof watch->path, "%s", path);
	watch_file(watch);
	return sd_event_add_time_relative(event, &watch->timer, CLOCK_MONOTONIC, 0, 0, on_timer,
					  watch);
}

void name_watch_free(struct name_watch *watch)
{
	watch->change = sd_event_source_disable_unref(watch->change);
	watch->timer = sd_event_source_disable_unref(watch->timer);
}
