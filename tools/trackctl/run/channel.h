/* SPDX-License-Identifier: MIT */
/*
 * The channel through which the command of trackctl run reports its progress: a FIFO with a path,
 * for shells and for programs that close inherited descriptors, and with an inherited descriptor,
 * for commands that cannot reach the path.
 */
#ifndef TRACKCTL_RUN_CHANNEL_H
#define TRACKCTL_RUN_CHANNEL_H

enum { CHANNEL_PATH = 256 };

struct channel {
	int read;                /* non-blocking */
	int write;               /* for the command; close-on-exec until channel_pass() */
	char path[CHANNEL_PATH]; /* value of TRACKD_PROGRESS */
	char file[CHANNEL_PATH]; /* the same if it must be removed, otherwise "" */
};

/* Create the channel and publish it in the environment. 0 or -errno. */
int channel_open(struct channel *channel);

/* In the child that becomes the command: let it inherit the descriptor. */
void channel_pass(const struct channel *channel);

/* Remove the path and close the descriptors. */
void channel_close(struct channel *channel);

#endif
