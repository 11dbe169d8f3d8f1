/* SPDX-License-Identifier: MIT */
/*
 * Watches whether a name still leads to an open file. The kernel reports when the file is unlinked,
 * renamed or replaced (inotify(7)). If it cannot, or while the name leads elsewhere, a timer
 * repeats the check.
 */
#ifndef TRACKD_DAEMON_BOARD_NAME_WATCH_H
#define TRACKD_DAEMON_BOARD_NAME_WATCH_H

#include "libclient/segment/internal.h"
#include <systemd/sd-event.h>

enum name_watch_name {
	NAMEWATCH_OURS,  /* it leads to the open file */
	NAMEWATCH_FREE,  /* to nothing, or to a file of this user, which may be replaced */
	NAMEWATCH_TAKEN, /* to another user's file, or to something that is not a regular file */
};

/* Called when the name does not lead to the open file. Returns 0 if it does again, possibly to
 * another file in *fd; a negative number: call again later. */
typedef int name_watch_lost(enum name_watch_name name, void *data);

struct name_watch {
	sd_event *event;
	char path[SEGMENT_PATH_MAX];
	const int *fd;
	name_watch_lost *lost;
	void *data;
	sd_event_source *change; /* NULL: the kernel does not report changes */
	sd_event_source *timer;
	uint64_t pause_usec; /* before the next call of lost(); 0: no call is due */
};

/* Start to watch. The first turn of the loop detects earlier changes. 0 or -errno. */
int name_watch_init(struct name_watch *watch, sd_event *event, const char *path, const int *fd,
		    name_watch_lost *lost, void *data);
void name_watch_free(struct name_watch *watch);

#endif
