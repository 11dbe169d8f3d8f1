/* SPDX-License-Identifier: MIT */
#include "tools/docproc/embed/endpoint_key.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(const char *service, struct failure *failure)
{
	return failure_set(failure, "The key of the %s cannot be used", service);
}

/* The group may read: a service gets access to the key through its own group. systemd's credentials
 * have such a mode too. */
static int check_mode(int fd, const char *path, const char *service, struct failure *failure)
{
	struct stat status;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		refuse(service, failure);
		return failure_advise(failure, "%s is not a regular file", path);
	}
	if (status.st_mode & (S_IWGRP | S_IRWXO)) {
		refuse(service, failure);
		return failure_advise(
			failure,
			"other users may read or change %s (mode %04o): run chmod 600 on it", path,
			(unsigned)(status.st_mode & 07777));
	}
	return 0;
}

/* Trim white space. Whether the rest can be used in a header. */
static bool trim(char *key)
{
	size_t start = strspn(key, " \t\r\n"), length = strlen(key + start);

	while (length > 0 && strchr(" \t\r\n", key[start + length - 1]))
		length--;
	memmove(key, key + start, length);
	key[length] = '\0';
	for (size_t i = 0; i < length; i++) {
		if (key[i] < '!' || key[i] > '~')
			return false;
	}
	return length > 0;
}

static int read_from(int fd, const char *path, const char *service, char *key,
		     struct failure *failure)
{
	ssize_t n;

	if (check_mode(fd, path, service, failure) < 0)
		return FAILED;
	n = read(fd, key, KEY_MAX + 1);
	if (n < 0 || n > KEY_MAX) {
		refuse(service, failure);
		return failure_advise(failure, "%s: %s", path,
				      n < 0 ? strerror(errno) : "too long for a key");
	}
	key[n] = '\0';
	if (strlen(key) == (size_t)n && trim(key))
		return 0;
	refuse(service, failure);
	return failure_advise(failure, "%s must hold a key: one word of printable characters",
			      path);
}

int key_read(const char *path, const char *service, char ret_key[KEY_MAX + 1],
	     struct failure *failure)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), result;

	if (fd < 0) {
		refuse(service, failure);
		return failure_advise(failure, "%s: %s", path, strerror(errno));
	}
	result = read_from(fd, path, service, ret_key, failure);
	close(fd);
	if (result < 0)
		explicit_bzero(ret_key, KEY_MAX + 1);
	return result;
}
