/* SPDX-License-Identifier: MIT */
/*
 * The command may change its user (sudo, setpriv). So every user can pass through the folder, but
 * only its owner can list it, and the FIFO's name cannot be guessed: who knows the path can write.
 * Neither name contains a process id, so no later process can reuse it. If no folder can be
 * created, the path is that of the inherited descriptor.
 */
#include "tools/trackctl/run/channel.h"
#include "tools/common/time_format.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static void remove_path(struct channel *channel)
{
	char *slash = strrchr(channel->file, '/');

	if (!slash)
		return;
	(void)unlink(channel->file);
	*slash = '\0';
	(void)rmdir(channel->file);
	channel->file[0] = '\0';
}

/* Choose the folder, and a name in it with 128 random bits. */
static int choose_path(char path[CHANNEL_PATH])
{
	const char *temporary = secure_getenv("TMPDIR");
	uint64_t random[2];

	if (!temporary || temporary[0] != '/')
		temporary = "/tmp";
	int n = snprintf(path, CHANNEL_PATH - 40, "%s/trackctl-XXXXXX", temporary);
	if (n < 0 || n >= CHANNEL_PATH - 40)
		return -ENAMETOOLONG;
	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random || !mkdtemp(path))
		return -errno;
	snprintf(path + n, (size_t)(CHANNEL_PATH - n), "/%016" PRIx64 "%016" PRIx64, random[0],
		 random[1]);
	return 0;
}

/* Mode 0711 for the folder and 0622 for the FIFO, whatever the umask is. */
static int make_fifo(const char *path)
{
	char folder[CHANNEL_PATH];

	snprintf(folder, sizeof folder, "%s", path);
	*strrchr(folder, '/') = '\0';
	if (mkfifo(path, 0600) < 0 || chmod(path, 0622) < 0 || chmod(folder, 0711) < 0)
		return -errno;
	return 0;
}

static int open_ends(struct channel *channel)
{
	channel->read = open(channel->file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (channel->read >= 0)
		channel->write = open(channel->file, O_WRONLY | O_CLOEXEC);
	return channel->write < 0 ? -errno : 0;
}

static int open_fifo(struct channel *channel)
{
	int error = choose_path(channel->file);

	if (error < 0) {
		channel->file[0] = '\0';
		return error;
	}
	error = make_fifo(channel->file);
	if (error == 0)
		error = open_ends(channel);
	if (error < 0)
		channel_close(channel);
	else
		memcpy(channel->path, channel->file, sizeof channel->path);
	return error;
}

/* When it is opened again through /dev/fd, only the modes of the inode matter. */
static int open_pipe(struct channel *channel)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	channel->read = ends[0];
	channel->write = ends[1];
	(void)fchmod(channel->write, 0622);
	if (fcntl(channel->read, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	snprintf(channel->path, sizeof channel->path, "/dev/fd/%d", channel->write);
	return 0;
}

int channel_open(struct channel *channel)
{
	char number[16];

	*channel = (struct channel){ .read = -1, .write = -1 };
	int error = open_fifo(channel);
	if (error < 0)
		error = open_pipe(channel);
	if (error < 0)
		return error;
	snprintf(number, sizeof number, "%d", channel->write);
	if (setenv("TRACKD_PROGRESS", channel->path, 1) < 0 ||
	    setenv("TRACKD_PROGRESS_FD", number, 1) < 0)
		return -errno;
	return 0;
}

void channel_pass(const struct channel *channel)
{
	(void)fcntl(channel->write, F_SETFD, 0);
}

/* Remove the path first: a FIFO without a reader would block a late writer in open(). */
void channel_close(struct channel *channel)
{
	remove_path(channel);
	if (channel->read >= 0)
		close(channel->read);
	if (channel->write >= 0)
		close(channel->write);
	channel->read = channel->write = -1;
}
