/* SPDX-License-Identifier: MIT */
#include "tools/common/oom_kills.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char ROOT[] = "/sys/fs/cgroup";
enum { TEXT = 4096 };

static bool read_text(const char *path, char text[TEXT])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, TEXT - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return false;
	text[n] = '\0';
	return true;
}

/* Whether a line's controllers ("4:cpu,memory:/path") hold this one. */
static bool has_controller(const char *line, const char *end, const char *name)
{
	size_t length = strlen(name);
	const char *at = memchr(line, ':', (size_t)(end - line));

	while (at && at < end && (*at == ':' || *at == ',')) {
		const char *word = at + 1;
		size_t n = strcspn(word, ",:\n");

		if (n == length && strncmp(word, name, n) == 0)
			return true;
		at = word + n;
		if (*at != ',')
			break;
	}
	return false;
}

/* The path of a line, if it lies below this process's root: "/../x" does not. */
static const char *path_of(const char *line, const char *end, size_t *ret_length)
{
	const char *at = memchr(line, ':', (size_t)(end - line));

	at = at ? memchr(at + 1, ':', (size_t)(end - at - 1)) : NULL;
	if (!at || at[1] != '/' || strncmp(at + 1, "/..", 3) == 0)
		return NULL;
	*ret_length = (size_t)(end - at - 1);
	return at + 1;
}

bool oom_kills_folder(const char *cgroups, char *ret_folder, size_t size, bool *ret_v2)
{
	const char *found = NULL, *end;
	size_t length = 0, n;

	/* Where v1 has the controller, v2 does not count. */
	for (const char *line = cgroups; *line; line = *end ? end + 1 : end) {
		end = line + strcspn(line, "\n");
		bool v1 = has_controller(line, end, "memory");
		bool v2 = strncmp(line, "0::", 3) == 0;
		const char *path = v1 || v2 ? path_of(line, end, &n) : NULL;

		if (v1 || (v2 && !found)) {
			found = path;
			length = path ? n : 0;
			*ret_v2 = !v1;
		}
		if (v1)
			break;
	}
	if (!found)
		return false;
	int used = snprintf(ret_folder, size, "%s%s%.*s", ROOT, *ret_v2 ? "" : "/memory",
			    (int)length, found);
	return used > 0 && (size_t)used < size;
}

bool oom_kills_find(pid_t pid, char ret_path[OOM_KILLS_PATH])
{
	char path[64], text[TEXT], folder[OOM_KILLS_PATH - 32];
	bool v2;

	snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
	if (!read_text(path, text) || !oom_kills_folder(text, folder, sizeof folder, &v2))
		return false;
	snprintf(ret_path, OOM_KILLS_PATH, "%s/%s", folder,
		 v2 ? "memory.events.local" : "memory.oom_control");
	if (access(ret_path, R_OK) == 0)
		return true;
	snprintf(ret_path, OOM_KILLS_PATH, "%s/memory.events", folder);
	return v2 && access(ret_path, R_OK) == 0;
}

bool oom_kills_count(const char *text, uint64_t *ret_count)
{
	static const char name[] = "oom_kill ";

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, strlen(name)) != 0)
			continue;
		char *end;
		errno = 0;
		*ret_count = strtoull(line + strlen(name), &end, 10);
		return errno == 0 && end > line + strlen(name);
	}
	return false;
}

bool oom_kills_read(const char *path, uint64_t *ret_count)
{
	char text[TEXT];

	return read_text(path, text) && oom_kills_count(text, ret_count);
}

struct oom_mark oom_kills_mark(void)
{
	struct oom_mark mark = { .known = false };
	char path[OOM_KILLS_PATH];

	mark.known = oom_kills_find(getpid(), path) && oom_kills_read(path, &mark.count);
	return mark;
}

bool oom_kills_since(const struct oom_mark *mark)
{
	struct oom_mark now = oom_kills_mark();

	return mark->known && now.known && now.count > mark->count;
}
