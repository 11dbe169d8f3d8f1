/* SPDX-License-Identifier: MIT */
/* One datagram per entry. A field is NAME=VALUE and a newline; if the value contains newlines, it
 * is the name, a newline, the value's length in 64 bits (little-endian), the value and a
 * newline. */
#include "daemon/journal/journald.h"
#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { VALUE_MAX = 1536 };

void journald_init(struct journald *journald)
{
	*journald = (struct journald){ .fd = -1 };
}

void journald_free(struct journald *journald)
{
	if (journald->fd >= 0)
		close(journald->fd);
	journald->fd = -1;
}

static void append(struct journald_entry *entry, const void *bytes, size_t n)
{
	memcpy(entry->bytes + entry->used, bytes, n);
	entry->used += n;
}

void journald_field(struct journald_entry *entry, const char *name, const char *format, ...)
{
	char value[VALUE_MAX];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(value, sizeof value, format, arguments);
	va_end(arguments);
	size_t n = strlen(value), name_length = strlen(name);
	uint64_t size = htole64(n);
	if (length < 0 || entry->used + name_length + n + sizeof size + 2 > sizeof entry->bytes)
		return;
	append(entry, name, name_length);
	if (memchr(value, '\n', n)) {
		append(entry, "\n", 1);
		append(entry, &size, sizeof size);
	} else {
		append(entry, "=", 1);
	}
	append(entry, value, n);
	append(entry, "\n", 1);
}

static int connect_now(struct journald *journald)
{
	static const struct sockaddr_un address = { .sun_family = AF_UNIX,
						    .sun_path = "/run/systemd/journal/socket" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
		int error = -errno;
		close(fd);
		return error;
	}
	journald->fd = fd;
	return 0;
}

int journald_send(struct journald *journald, const struct journald_entry *entry)
{
	int error = 0;

	/* Try twice: the journal may have a new socket since the last entry. */
	for (int i = 0; i < 2; i++) {
		if (journald->fd < 0)
			error = connect_now(journald);
		if (error < 0)
			return error;
		if (send(journald->fd, entry->bytes, entry->used, MSG_NOSIGNAL) >= 0)
			return 0;
		error = -errno;
		if (error == -EAGAIN)
			return error;
		journald_free(journald);
		if (i == 0)
			error = 0;
	}
	return error;
}
