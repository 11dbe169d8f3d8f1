/* SPDX-License-Identifier: MIT */
/* Creating the state directory, and undoing that. Paths are absolute; config.c checks this. */
#include "daemon/board/state_directory.h"
#include "tools/common/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Cut the last component off. False if none is left. */
static bool cut(char *path)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	while (length > 1 && path[length - 1] != '/')
		length--;
	while (length > 1 && path[length - 1] == '/')
		length--;
	path[length] = '\0';
	return length > 1;
}

/* The end of the next component after at. */
static char *next_end(char *at)
{
	at += strspn(at, "/");
	return at + strcspn(at, "/");
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int make_path(struct state_directory *state_directory, const char *dir)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s", dir);
	for (char *end = next_end(path); end[-1] != '/'; end = next_end(end)) {
		char behind = *end;
		*end = '\0';
		int error = mkdir(path, 0700) < 0 ? -errno : 0;
		if (error == 0 && state_directory->made[0] == '\0')
			memcpy(state_directory->made, path, (size_t)(end - path) + 1);
		if (error < 0 && !is_directory(path))
			return error == -EEXIST ? -ENOTDIR : error;
		*end = behind;
		if (behind == '\0')
			break;
	}
	return 0;
}

void state_directory_undo(const struct state_directory *state_directory)
{
	char path[PATH_MAX];

	if (state_directory->made[0] == '\0')
		return;
	snprintf(path, sizeof path, "%s", state_directory->place->dir);
	while (strlen(path) >= strlen(state_directory->made) &&
	       (rmdir(path) == 0 || errno == ENOENT) && cut(path))
		;
}

int state_directory_make(struct state_directory *ret_state_directory,
			 const struct snapshot_place *place)
{
	int error;

	*ret_state_directory = (struct state_directory){ .place = place };
	if (place->dir[0] == '\0')
		return 0;
	error = make_path(ret_state_directory, place->dir);
	if (error == 0)
		error = snapshot_try(place);
	if (error == -ENOSPC || error == -EDQUOT) {
		log_error("state_dir: %s: %s; no snapshot can be written until there is room, and "
			  "changes until then are lost if the host restarts",
			  place->dir, strerror(-error));
		error = 0;
	}
	if (error < 0)
		state_directory_undo(ret_state_directory);
	return error;
}

/* If the directory is missing, its nearest existing parent must be writable. */
int state_directory_check(const char *dir)
{
	char path[PATH_MAX];
	struct stat st;

	if (dir[0] == '\0')
		return 0;
	snprintf(path, sizeof path, "%s", dir);
	while (stat(path, &st) < 0) {
		if (errno != ENOENT)
			return -errno;
		/* A dangling link: no directory can be created in its place. */
		if (lstat(path, &st) == 0)
			return -ENOENT;
		(void)cut(path);
	}
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) < 0 ? -errno : 0;
}
