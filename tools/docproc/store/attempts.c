/* SPDX-License-Identifier: MIT */
/*
 * The server opens and closes the store for each of its calls: an SQLite connection must not live
 * through a fork(). Only the share that a worker takes stays open.
 */
#include "tools/docproc/store/attempts.h"
#include "tools/common/log.h"
#include "tools/docproc/config/ownership.h"
#include "tools/docproc/store/store.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void folder_of(const char *path, char folder[PATH_MAX])
{
	char *slash;

	snprintf(folder, PATH_MAX, "%s", path);
	slash = strrchr(folder, '/');
	if (!slash)
		memcpy(folder, ".", sizeof ".");
	else
		slash[slash == folder ? 1 : 0] = '\0';
}

/* A descriptor of the store's folder with a lock on it, or -1. */
static int lock_folder(const struct config *config, int operation)
{
	char folder[PATH_MAX];

	folder_of(config->store, folder);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, operation) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int make_folder(const struct config *config)
{
	char folder[PATH_MAX];

	folder_of(config->store, folder);
	for (char *at = folder + 1; *at != '\0'; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		(void)mkdir(folder, 0700);
		*at = '/';
	}
	return mkdir(folder, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int attempts_folder(const struct config *config, struct failure *failure)
{
	int error;

	if (ownership_check(config->store, failure) < 0)
		return FAILED;
	error = make_folder(config);
	if (error < 0)
		return failure_set(failure, "the folder of %s cannot be created: %s", config->store,
				   strerror(-error));
	return ownership_check_store(config->store, failure);
}

void attempts_share(const struct config *config, struct attempts_share *ret_share)
{
	struct failure failure;

	*ret_share = (struct attempts_share){ .folder = lock_folder(config, LOCK_SH) };
	if (store_open(config->store, STORE_WRITE, &ret_share->store, &failure) < 0)
		ret_share->store = NULL;
}

void attempts_release(struct attempts_share *share)
{
	store_close(share->store);
	if (share->folder >= 0)
		close(share->folder);
}

static void abandon(const struct config *config, const char *id)
{
	struct failure failure;
	struct store *store;

	/* A store that does not exist yet has no attempts. */
	if (access(config->store, F_OK) < 0)
		return;
	int result = store_open(config->store, STORE_WRITE, &store, &failure);
	if (result == 0) {
		result = store_abandon(store, id, &failure);
		store_close(store);
	}
	if (result < 0)
		log_warning("%s: a dead worker's attempt could not be removed from the store: %s",
			    id ? id : "all", failure.error);
}

void attempts_remove(const struct config *config, const char *id)
{
	abandon(config, id);
}

void attempts_sweep(const struct config *config)
{
	int fd = lock_folder(config, LOCK_EX | LOCK_NB);

	if (fd < 0)
		return;
	abandon(config, NULL);
	close(fd);
}

bool attempts_finished(const struct config *config, const char *id, int64_t created_at)
{
	struct store_document document;
	struct failure failure;
	struct store *store;
	bool finished = false;

	if (access(config->store, F_OK) < 0 ||
	    store_open(config->store, STORE_READ, &store, &failure) < 0)
		return false;
	if (store_get(store, id, NULL, &document, &failure) == 1) {
		finished = document.created_at == created_at;
		free(document.summary);
	}
	store_close(store);
	return finished;
}
