/* SPDX-License-Identifier: MIT */
/*
 * What the daemon is told, from three places in rising order: defaults, the configuration file, the
 * command line. The two latter set the same keys through config_set(), so that what is allowed is
 * said once.
 */
#ifndef TRACKD_DAEMON_CONFIG_CONFIG_H
#define TRACKD_DAEMON_CONFIG_CONFIG_H

#include "libclient/trackd.h"
#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

/* X(key, what it takes, what it says in --help, whether SIGHUP applies it) */
#define CONFIG_KEYS(X)                                                                             \
	X(board, "/NAME", "the board's name (default /trackd)", false)                             \
	X(socket, "PATH", "control socket (default by the board's name)", false)                   \
	X(mode, "OCTAL", "who may read and write the board (default 0660)", false)                 \
	X(group, "NAME", "group of the board and its socket (default the daemon's)", false)        \
	X(capacity, "N", "tasks that fit: 16 to 16M (default 16384)", false)                       \
	X(state_dir, "DIR", "keep a snapshot here (default $STATE_DIRECTORY, or none)", false)     \
	X(ttl, "TIME", "keep tasks that are final or without worker (default 1h)", true)           \
	X(active_ttl, "TIME", "keep active tasks whose worker lives (default 24h)", true)          \
	X(snapshot_interval, "TIME", "write changes to the snapshot this often (default 60s)",     \
	  true)                                                                                    \
	X(verbose, "yes|no", "say every stage, not only the beginning and the end", true)

/* Bytes that are added to the socket's path while the socket is made (socket/listener.c). */
enum { CONFIG_SOCKET_SUFFIX = 4 };

struct config {
	char board[64];
	char socket[104];
	char group[64]; /* "": the daemon's */
	gid_t gid;      /* (gid_t)-1: the daemon's */
	mode_t mode;
	char state_dir[PATH_MAX]; /* "": no snapshots */
	uint32_t capacity;
	uint32_t ttl, active_ttl, snapshot_interval; /* ms */
	uint32_t verbose;
	uint32_t n_kinds;
	struct trackd_kind kinds[TRACKD_KINDS_MAX];
};

/* What is wrong, in one line: where, the key, what is allowed. */
struct config_fault {
	char text[512];
};

/* What holds where nothing is said. user: the board of this user, not of the system. */
void config_defaults(struct config *ret_config, int user);

/* Set one key. Returns 0 or -EINVAL with *fault filled: "WHERE: KEY: ...". */
int config_set(struct config *config, const char *where, const char *key, const char *value,
	       struct config_fault *fault);

/* A kind as a flag says it: "NAME=stage:10,stage:50". */
int config_set_kind(struct config *config, const char *where, const char *text,
		    struct config_fault *fault);

/* Read a file. -ENOENT if there is none, other -errno, -EINVAL; *fault filled in all cases. */
int config_read(struct config *config, const char *path, struct config_fault *fault);

/* What can be told only when all is known: the socket's place. */
int config_finish(struct config *config, struct config_fault *fault);

/* For a reload: call changed(key) for each key in which they differ that needs a restart. */
void config_compare(const struct config *before, const struct config *after,
		    void (*changed)(const char *key));

#endif
