/* SPDX-License-Identifier: MIT */
/*
 * Whether a name still leads to the file that we have open. The kernel tells when the file is unlinked,
 * renamed or replaced (inotify(7)); where it cannot, or as long as the name leads elsewhere, it is
 * looked at again after a while.
 */
#ifndef TRACKD_DAEMON_BOARD_NAME_WATCH_H
#define TRACKD_DAEMON_BOARD_NAME_WATCH_H

#include "libclient/segment/internal.h"
#include <systemd/sd-event.h>

enum name_watch_name {
	NAMEWATCH_OURS,  /* it leads to our file */
	NAMEWATCH_FREE,  /* to nothing, or to a file of our own user that may give way */
	NAMEWATCH_TAKEN, /* to another user's file, or to something that is no file */
};

/* The name does not lead to our file. Return 0 when it does again, perhaps to another one in *fd; else
 * a negative number: it is called again later. */
typedef int name_watch_lost(enum name_watch_name name, void *data);

struct name_watch {
	sd_event *event;
	char path[SEGMENT_PATH_MAX];
	const int *fd;
	name_watch_lost *lost;
	void *data;
	sd_event_source *change; /* NULL: the kernel does not tell */
	sd_event_source *timer;
	uint64_t pause_usec; /* before the next call of lost(); 0: the name is ours */
};

/* Watch from now on; what has happened already is seen in the first turn of the loop. 0 or -errno. */
int name_watch_init(struct name_watch *watch, sd_event *event, const char *path, const int *fd,
		    name_watch_lost *lost, void *data);
void name_watch_free(struct name_watch *watch);

/* Where the name leads now. */
enum name_watch_name name_watch_look(const struct name_watch *watch);

#endif
