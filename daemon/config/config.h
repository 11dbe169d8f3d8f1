/* SPDX-License-Identifier: MIT */
/*
 * The settings of the daemon, from three places in rising order: defaults, the configuration file, the
 * command line. The latter two set the same entries of one table, so that each limit is stated once.
 */
#ifndef TRACKD_DAEMON_CONFIG_CONFIG_H
#define TRACKD_DAEMON_CONFIG_CONFIG_H

#include "libclient/trackd.h"
#include "tools/common/option.h"
#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes that are added to the socket's path while the socket is made (socket/listener.c). */
enum { CONFIG_SOCKET_SUFFIX = 4 };

struct config {
	char board[64];
	char socket[104];
	gid_t gid; /* of the board and its socket; (gid_t)-1: the daemon's */
	mode_t mode;
	char state_dir[PATH_MAX]; /* "": no snapshots */
	uint32_t capacity;
	uint32_t ttl, active_ttl, snapshot_interval; /* ms */
	bool verbose;
	bool board_named; /* and not the default one */
	uint32_t n_kinds;
	struct trackd_kind kinds[TRACKD_KINDS_MAX];
};

/* The settings, of a struct config. */
extern const struct option_entry config_entries[];

/* The defaults. user: for the board of this user, not of the system. */
void config_defaults(struct config *ret_config, int user);

/* Add a kind as a flag says it, "NAME=stage:10,stage:50". -EINVAL with *fault filled, if it is a kind;
 * empty, if it is none. */
int config_add_kind(struct config *config, const char *text, struct fault *fault);

/* Read a file. -ENOENT if there is none, other -errno, -EINVAL; *fault filled in all cases. */
int config_read(struct config *config, const char *path, struct fault *fault);

/* What follows from the other settings: the socket's path. */
int config_finish(struct config *config, struct fault *fault);

#endif
