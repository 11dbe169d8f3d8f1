/* SPDX-License-Identifier: MIT */
/*
 * The settings of the daemon, from three sources in increasing priority: defaults, the
 * configuration file, the command line. The last two use one table of settings, so each limit is
 * defined once.
 */
#ifndef TRACKD_DAEMON_CONFIG_CONFIG_H
#define TRACKD_DAEMON_CONFIG_CONFIG_H

#include "libclient/trackd.h"
#include "tools/common/option.h"
#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes of the suffix in a new socket's temporary name (socket/listener.c). */
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
	bool board_named; /* the board's name was given */
	uint32_t n_kinds;
	struct trackd_kind kinds[TRACKD_KINDS_MAX];
};

/* The table of settings of struct config. */
extern const struct option_entry config_entries[];

/* Set the defaults. user: for this user's board, not the system's. */
void config_defaults(struct config *ret_config, int user);

/* Add a kind from a flag, "NAME=stage:10,stage:50". -EINVAL: if the text is a kind, *fault is
 * filled; otherwise it is empty. */
int config_add_kind(struct config *config, const char *text, struct fault *fault);

/* Read a file. -ENOENT, another -errno, or -EINVAL, always with *fault filled. */
int config_read(struct config *config, const char *path, struct fault *fault);

/* Derive the socket's path from the other settings. */
int config_finish(struct config *config, struct fault *fault);

#endif
