/* SPDX-License-Identifier: MIT */
/* A pipe is writable for poll() if it takes PIPE_BUF bytes; so pieces of that size never block. */
#include "tools/trackctl/run/output.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LOOK_MS = 100 };

static bool is_pending(const struct output *output)
{
	return output->from < output->until;
}

static void close_end(int *end)
{
	if (*end >= 0)
		close(*end);
	*end = -1;
}

void output_none(struct output *output)
{
	output->read = output->write = -1;
	output->from = output->until = output->length = 0;
	output->line[0] = output->last[0] = '\0';
}

int output_open(struct output *output)
{
	int ends[2];

	output_none(output);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	output->read = ends[0];
	output->write = ends[1];
	return fcntl(output->read, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

void output_pass(const struct output *output)
{
	if (output->write >= 0)
		(void)dup2(output->write, STDOUT_FILENO);
}

void output_started(struct output *output)
{
	close_end(&output->write);
}

/* ---- Lines ------------------------------------------------------------- */

static void end_line(struct output *output)
{
	while (output->length > 0 && output->line[output->length - 1] == '\r')
		output->length--;
	output->line[output->length] = '\0';
	if (output->line[strspn(output->line, " \t")] != '\0')
		memcpy(output->last, output->line, output->length + 1);
	output->length = 0;
}

static void note_lines(struct output *output, const char *bytes, size_t n)
{
	while (n > 0) {
		const char *end = memchr(bytes, '\n', n);
		size_t part = end ? (size_t)(end - bytes) : n;
		size_t room = sizeof output->line - 1 - output->length;
		size_t kept = part < room ? part : room;

		memcpy(output->line + output->length, bytes, kept);
		output->length += kept;
		if (!end)
			return;
		end_line(output);
		bytes += part + 1;
		n -= part + 1;
	}
}

/* ---- Passing on -------------------------------------------------------- */

/* Returns how much was read. */
static size_t fill(struct output *output, size_t most)
{
	ssize_t n = read(output->read, output->bytes,
			 most < sizeof output->bytes ? most : sizeof output->bytes);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		close_end(&output->read);
		return 0;
	}
	note_lines(output, output->bytes, (size_t)n);
	output->from = 0;
	output->until = (size_t)n;
	return (size_t)n;
}

/* If nobody can read what we write, the command must notice it as it would without us. */
static void drain(struct output *output)
{
	size_t n = output->until - output->from;
	ssize_t written =
		write(STDOUT_FILENO, output->bytes + output->from, n < PIPE_BUF ? n : PIPE_BUF);

	if (written > 0)
		output->from += (size_t)written;
	if (written >= 0 || errno == EAGAIN || errno == EINTR)
		return;
	output->from = output->until;
	close_end(&output->read);
}

void output_wait_for(const struct output *output, struct pollfd ret_fds[2])
{
	bool pending = is_pending(output);

	ret_fds[0] = (struct pollfd){ .fd = pending ? -1 : output->read, .events = POLLIN };
	ret_fds[1] = (struct pollfd){ .fd = pending ? STDOUT_FILENO : -1, .events = POLLOUT };
}

/* Whether it can be written to without waiting, or an error will be found. */
static bool is_writable(int timeout_ms)
{
	struct pollfd fd = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return poll(&fd, 1, timeout_ms) > 0;
}

void output_attend(struct output *output)
{
	if (!is_pending(output) && output->read >= 0)
		(void)fill(output, sizeof output->bytes);
	if (is_pending(output) && is_writable(0))
		drain(output);
}

/* ---- The end ----------------------------------------------------------- */

/* The signals that would end us are blocked, see child.c. */
static bool is_interrupted(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t pending;

	if (sigpending(&pending) < 0)
		return false;
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		if (sigismember(&pending, signals[i]) == 1)
			return true;
	return false;
}

void output_finish(struct output *output, bool wait)
{
	int left = 0;

	/* Not what processes that it left behind may still write. */
	if (output->read >= 0 && ioctl(output->read, FIONREAD, &left) < 0)
		left = 0;
	while ((is_pending(output) || (left > 0 && output->read >= 0)) && !is_interrupted()) {
		if (!is_pending(output)) {
			size_t n = fill(output, (size_t)left);
			if (n == 0)
				break;
			left -= (int)n;
		} else if (is_writable(wait ? LOOK_MS : 0)) {
			drain(output);
		} else if (!wait) {
			break;
		}
	}
	end_line(output);
}

void output_close(struct output *output)
{
	close_end(&output->read);
	close_end(&output->write);
}
