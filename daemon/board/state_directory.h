/* SPDX-License-Identifier: MIT */
/*
 * The directory that snapshots are kept in. It is made, and tried, at start: a daemon that could
 * not write its snapshot must not be found out when it is stopped.
 */
#ifndef TRACKD_DAEMON_BOARD_STATE_DIRECTORY_H
#define TRACKD_DAEMON_BOARD_STATE_DIRECTORY_H

#include "daemon/board/snapshot.h"
#include <limits.h>

#define STATEDIR_ADVICE                                                                            \
	"make it so that trackd's user can write it, name another, or leave it empty for no "      \
	"snapshots"

struct state_directory {
	char made[PATH_MAX]; /* the first directory that was made; "": none was */
	const struct snapshot_place *place;
};

/*
 * Make the directory, with its parents, mode 0700, and write a file in it. The board's lock must be
 * held. 0; -errno, and nothing is left: the directory cannot be made or written. A full disk is said
 * in the log and is no error, because it may pass. place is kept.
 */
int state_directory_make(struct state_directory *ret_state_directory,
			 const struct snapshot_place *place);

/* Remove the directories that were made, after a start that failed. */
void state_directory_undo(const struct state_directory *state_directory);

/* Whether state_directory_make() would succeed, as far as that can be told without writing: 0 or -errno. */
int state_directory_check(const char *dir);

#endif
