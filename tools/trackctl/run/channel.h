/* SPDX-License-Identifier: MIT */
/*
 * The way on which the command of trackctl run tells its progress: a FIFO that has both a path, for
 * shells and for programs that close what they inherit, and a descriptor that the command inherits,
 * for commands that cannot reach the path.
 */
#ifndef TRACKCTL_RUN_CHANNEL_H
#define TRACKCTL_RUN_CHANNEL_H

enum { CHANNEL_PATH = 256 };

struct channel {
	int read;                /* does not block */
	int write;               /* for the command; close-on-exec until channel_pass() */
	char path[CHANNEL_PATH]; /* what TRACKD_PROGRESS says */
	char file[CHANNEL_PATH]; /* the same, if it is to be removed; else "" */
};

/* Make it, and say in the environment where it is. 0 or -errno. */
int channel_open(struct channel *channel);

/* In the child that becomes the command: let it have the descriptor. */
void channel_pass(const struct channel *channel);

/* Remove the path and close the descriptors. */
void channel_close(struct channel *channel);

#endif
