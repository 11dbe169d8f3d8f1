/* SPDX-License-Identifier: MIT */
/* Splits a pipe's bytes into lines, and lines into numbers and words. */
#include "tools/trackctl/run/progress.h"
#include "tools/common/value.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char BLANK[] = " \t";

/* Terminate the first word with a NUL. Returns what follows, or NULL if nothing does. */
static char *cut_word(char *line)
{
	char *end = line + strcspn(line, BLANK);

	if (*end == '\0')
		return NULL;
	*end++ = '\0';
	end += strspn(end, BLANK);
	return *end == '\0' ? NULL : end;
}

static bool parse_count(char *word, struct progress *ret_progress)
{
	char *slash = strchr(word, '/');

	if (!slash)
		return false;
	*slash = '\0';
	ret_progress->type = PROGRESS_COUNT;
	return value_number(word, 0, UINT64_MAX, &ret_progress->done) == 0 &&
	       value_number(slash + 1, 0, UINT64_MAX, &ret_progress->total) == 0;
}

bool progress_parse(char *line, struct progress *ret_progress)
{
	struct progress progress = { 0 };

	line += strspn(line, BLANK);
	line[strcspn(line, "\r")] = '\0';
	char *rest = cut_word(line);
	if (strcmp(line, "stage") == 0) {
		if (!rest)
			return false;
		progress.type = PROGRESS_STAGE;
		progress.stage = rest;
		progress.message = cut_word(rest);
	} else {
		if (!parse_count(line, &progress))
			return false;
		progress.message = rest;
	}
	*ret_progress = progress;
	return true;
}

/* Pass on complete lines, and keep the rest. */
static void split(struct progress_buffer *buffer, void (*take)(void *user, char *line), void *user)
{
	char *at = buffer->bytes, *end;
	size_t left = buffer->length;

	while ((end = memchr(at, '\n', left)) != NULL) {
		*end = '\0';
		if (!buffer->skip)
			take(user, at);
		buffer->skip = false;
		left -= (size_t)(end + 1 - at);
		at = end + 1;
	}
	memmove(buffer->bytes, at, left);
	buffer->length = left;
	if (left == sizeof buffer->bytes - 1) {
		buffer->skip = true;
		buffer->length = 0;
	}
}

void progress_read(struct progress_buffer *buffer, int fd, void (*take)(void *user, char *line),
		   void *user)
{
	for (;;) {
		ssize_t n = read(fd, buffer->bytes + buffer->length,
				 sizeof buffer->bytes - 1 - buffer->length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		buffer->length += (size_t)n;
		split(buffer, take, user);
	}
}

void progress_finish(struct progress_buffer *buffer, void (*take)(void *user, char *line),
		     void *user)
{
	buffer->bytes[buffer->length] = '\0';
	if (buffer->length > 0 && !buffer->skip)
		take(user, buffer->bytes);
	buffer->length = 0;
}
