/* SPDX-License-Identifier: MIT */
/*
 * Each line is written with one write(), so that lines of several threads or processes do not mix.
 * A pipe or terminal is opened again for this process alone, so that setting it non-blocking does
 * not affect other processes that share it as their stderr.
 */
#include "tools/common/log.h"
#include "libclient/segment/internal.h"
#include "tools/common/printable.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* At most PIPE_BUF: a pipe then takes a line completely or not at all. */
enum { LINE_MAX_BYTES = 4096, TEXT_MAX = 1340 };
static_assert(PRINTABLE_ROOM(TEXT_MAX) + 64 <= LINE_MAX_BYTES, "a line holds its text");

static struct {
	const char *program;
	enum log_patience patience;
	int fd;
	bool to_terminal;
	bool to_journal;
	bool socket; /* fd is a socket */
	bool waits;  /* fd may block, so poll it before each line */
	/* atomics */
	uint64_t lost;   /* lines, not reported yet */
	uint32_t broken; /* a terminal took only the beginning of a line */
} out = { .program = "trackd", .fd = STDERR_FILENO };

/* If stderr were closed, the next file to be opened would get its number: the board. */
static void fill_holes(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static void open_again(void)
{
	int fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	out.waits = fd < 0;
	if (fd >= 0)
		out.fd = fd;
}

void log_init(const char *program, enum log_patience patience)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	out.program = program;
	out.patience = patience;
	fill_holes();
	out.to_terminal = isatty(STDERR_FILENO) == 1;
	if (fstat(STDERR_FILENO, &st) < 0)
		return;
	out.socket = S_ISSOCK(st.st_mode);
	if (patience == LOG_NEVER_WAITS && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		open_again();
	/* systemd.exec(5): device and inode of the stream that systemd connected to us. */
	snprintf(own, sizeof own, "%lu:%lu", (unsigned long)st.st_dev, (unsigned long)st.st_ino);
	out.to_journal = stream && strcmp(stream, own) == 0;
}

bool log_to_journal(void)
{
	return out.to_journal;
}

int log_fd(void)
{
	return out.fd;
}

void log_lost(void)
{
	add_relaxed(&out.lost, 1);
}

/* ---- One line --------------------------------------------------------------- */

static bool has_room(void)
{
	struct pollfd poll_fd = { .fd = out.fd, .events = POLLOUT };

	return poll(&poll_fd, 1, 0) == 1;
}

/* Bytes taken, or -errno. */
static ssize_t put_bytes(const char *bytes, size_t n)
{
	ssize_t taken;

	if (out.patience == LOG_WAITS) {
		taken = write(out.fd, bytes, n);
		return taken < 0 ? -errno : taken;
	}
	if (out.waits && !has_room())
		return -EAGAIN;
	taken = out.socket ? send(out.fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL)
			   : write(out.fd, bytes, n);
	return taken < 0 ? -errno : taken;
}

/* 0, -EAGAIN: no room; or another -errno. */
static int put(const char *line, size_t n)
{
	ssize_t taken;

	if (load_relaxed(&out.broken) != 0) {
		taken = put_bytes("\n", 1);
		if (taken < 0)
			return (int)taken;
		store_relaxed(&out.broken, 0);
	}
	taken = put_bytes(line, n);
	if (taken >= 0 && (size_t)taken < n)
		store_relaxed(&out.broken, 1);
	return taken < 0 ? (int)taken : 0;
}

/* A tool's terminal may show a progress line, which is erased first and drawn again later. */
static int make_prefix(char line[LINE_MAX_BYTES], int priority)
{
	const char *clear = out.to_terminal && out.patience == LOG_WAITS ? "\r\033[K" : "";

	return out.to_journal ? snprintf(line, LINE_MAX_BYTES, "<%d>", priority)
			      : snprintf(line, LINE_MAX_BYTES, "%s%.40s: ", clear, out.program);
}

static size_t make_line(char line[LINE_MAX_BYTES], int priority, const char *text)
{
	size_t length = (size_t)make_prefix(line, priority);

	length += printable_line(line + length, LINE_MAX_BYTES - length - 1, text);
	line[length++] = '\n';
	return length;
}

static int put_text(int priority, const char *text)
{
	char line[LINE_MAX_BYTES];

	return put(line, make_line(line, priority, text));
}

/* Report lost lines before the next line. Of several threads, only one reports them. */
static int say_lost(void)
{
	uint64_t n = exchange_acq_rel(&out.lost, 0);
	char text[128];
	int error;

	if (n == 0)
		return 0;
	snprintf(text, sizeof text, "%lu line%s could not be written here in time", n,
		 log_plural(n));
	error = put_text(LOG_WARNING, text);
	if (error < 0)
		add_relaxed(&out.lost, n);
	return error;
}

static int say(int priority, const char *text)
{
	int error = say_lost();

	return error < 0 ? error : put_text(priority, text);
}

void log_line(int priority, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (length >= 0 && say(priority, text) < 0)
		log_lost();
}

bool log_try(int priority, const char *text)
{
	int error = say(priority, text);

	/* Waiting does not help if the descriptor is broken. */
	if (error < 0 && error != -EAGAIN)
		log_lost();
	return error != -EAGAIN;
}
