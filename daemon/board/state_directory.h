/* SPDX-License-Identifier: MIT */
/*
 * The directory for snapshots. It is created and tested at start, so that a directory that cannot
 * be written is detected then and not when the daemon stops.
 */
#ifndef TRACKD_DAEMON_BOARD_STATE_DIRECTORY_H
#define TRACKD_DAEMON_BOARD_STATE_DIRECTORY_H

#include "daemon/board/snapshot.h"
#include <limits.h>

#define STATEDIR_ADVICE                                                                            \
	"make it writable for trackd's user, name another, or leave it empty for no "              \
	"snapshots"

struct state_directory {
	char made[PATH_MAX]; /* the first directory that was created; "": none */
	const struct snapshot_place *place;
};

/*
 * Create the directory and its parents with mode 0700, and test it by writing a file. The board's
 * lock must be held. 0; -errno if the directory cannot be created or written; then nothing is left
 * behind. A full disk is logged but is not an error, because it may be temporary. The pointer place
 * is kept.
 */
int state_directory_make(struct state_directory *ret_state_directory,
			 const struct snapshot_place *place);

/* Remove the directories that were created, after a failed start. */
void state_directory_undo(const struct state_directory *state_directory);

/* Whether state_directory_make() would succeed, as far as can be tested without writing: 0 or
 * -errno. */
int state_directory_check(const char *dir);

#endif
