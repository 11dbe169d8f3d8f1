/* SPDX-License-Identifier: MIT */
/* A submitter may write anything into the spool, so everything is checked. */
#include "tools/documents/spool_entry_read.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SPOOL_ENTRY_BYTES_MAX = 64 << 10 };

bool spool_entry_is_file(const char *name)
{
	size_t length = strlen(name), suffix = strlen(SPOOL_ENTRY_SUFFIX);

	return length > suffix && strcmp(name + length - suffix, SPOOL_ENTRY_SUFFIX) == 0;
}

static json_t *load(int folder, const char *id, int64_t *ret_time, struct failure *failure)
{
	char name[TRACKD_ID_MAX + sizeof SPOOL_ENTRY_SUFFIX];
	json_error_t why;
	struct stat st;
	json_t *root = NULL;

	spool_entry_file(id, name);
	/* Do not block on a FIFO, and do not follow a symbolic link. */
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		failure_set(failure, "The document came without its description");
		failure_advise(failure, "%s: %s", name, strerror(errno));
		return NULL;
	}
	failure_set(failure, "The document's description cannot be read");
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		failure_advise(failure, "%s is not a regular file", name);
	else if (st.st_size > SPOOL_ENTRY_BYTES_MAX)
		failure_advise(failure, "%s is larger than %d bytes", name, SPOOL_ENTRY_BYTES_MAX);
	else if ((root = json_loadfd(fd, JSON_REJECT_DUPLICATES, &why)) == NULL)
		failure_advise(failure, "%s, line %d: %s", name, why.line, why.text);
	*ret_time = st.st_mtime;
	close(fd);
	return root;
}

/* A member that is absent or null is empty. */
static int take_text(const json_t *root, const char *key, char *to, size_t size,
		     struct failure *failure)
{
	const json_t *value = json_object_get(root, key);

	to[0] = '\0';
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_string(value))
		return failure_set(failure, "The document's %s is not a string", key);
	if (json_string_length(value) >= size)
		return failure_set(failure, "The document's %s is longer than %zu bytes", key,
				   size - 1);
	memcpy(to, json_string_value(value), json_string_length(value) + 1);
	return 0;
}

/* Truncate a longer name at a character, as the board does. */
static int take_name(const json_t *root, struct spool_entry *entry, struct failure *failure)
{
	const json_t *value = json_object_get(root, "name");

	if (!value || json_is_null(value)) {
		memcpy(entry->name, entry->id, sizeof entry->id);
		return 0;
	}
	if (!json_is_string(value))
		return failure_set(failure, "The document's name is not a string");
	const char *name = json_string_value(value);
	size_t length = strlen(name);
	if (length == 0 || strchr(name, '/'))
		return failure_set(failure,
				   "The document's name must not be empty or contain a slash");
	if (length > TRACKD_NAME_MAX) {
		length = TRACKD_NAME_MAX;
		while (length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80)
			length--;
	}
	memcpy(entry->name, name, length);
	entry->name[length] = '\0';
	return 0;
}

/* Seconds since the epoch, or an RFC 3339 time in UTC. */
static int64_t time_of(const json_t *value, int64_t otherwise)
{
	struct tm tm = { 0 };

	if (json_is_number(value))
		return (int64_t)json_number_value(value);
	if (json_is_string(value) && strptime(json_string_value(value), "%Y-%m-%dT%H:%M:%S", &tm))
		return timegm(&tm);
	return otherwise;
}

static int take_all(const json_t *root, const char *id, struct spool_entry *entry,
		    struct failure *failure)
{
	const json_t *size = json_object_get(root, "size");

	if (!json_is_object(root))
		return failure_set(failure, "The document's description cannot be read");
	if (take_text(root, "id", entry->id, sizeof entry->id, failure) < 0)
		return FAILED;
	if (strcmp(entry->id, id) != 0)
		return failure_set(failure,
				   "The document's description belongs to another document");
	if (take_text(root, "owner", entry->owner, sizeof entry->owner, failure) < 0)
		return FAILED;
	entry->size = json_is_integer(size) ? json_integer_value(size) : -1;
	return take_name(root, entry, failure);
}

int spool_entry_read(int folder, const char *id, struct spool_entry *ret_entry,
		     struct failure *failure)
{
	struct spool_entry entry = { 0 };
	int64_t written = 0;
	json_t *root = load(folder, id, &written, failure);

	if (!root)
		return FAILED;
	int result = take_all(root, id, &entry, failure);
	entry.created_at = time_of(json_object_get(root, "created_at"), written);
	json_decref(root);
	if (result == 0)
		*ret_entry = entry;
	return result;
}
