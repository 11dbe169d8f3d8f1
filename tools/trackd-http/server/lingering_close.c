/* SPDX-License-Identifier: MIT */
/* A duplicate keeps the socket open when its owner closes it, having sent the end of the answer. */
#include "tools/trackd-http/server/lingering_close.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LINGERS_MAX = 128,
	LINGER_USEC = 3000000,
	READ_AT_ONCE = 64 << 10,
	READS_A_TURN = 8, /* others are served meanwhile */
	LINGER_BYTES = 8 << 20,
};

struct lingerer {
	struct lingers *lingers;
	struct lingerer *next, **link;
	sd_event_source *io, *timer;
	int fd;
	size_t n_bytes;
};

struct lingers {
	sd_event *event;
	struct lingerer *first;
	unsigned n;
};

static void let_go(struct lingerer *linger)
{
	sd_event_source_disable_unref(linger->io);
	sd_event_source_disable_unref(linger->timer);
	close(linger->fd);
	free(linger);
}

static void end(struct lingerer *linger)
{
	*linger->link = linger->next;
	if (linger->next)
		linger->next->link = linger->link;
	linger->lingers->n--;
	let_go(linger);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	static char dropped[READ_AT_ONCE];
	struct lingerer *linger = data;
	ssize_t n = 1;

	(void)source;
	(void)revents;
	for (int i = 0; i < READS_A_TURN && n > 0; i++) {
		n = recv(fd, dropped, sizeof dropped, MSG_DONTWAIT);
		linger->n_bytes += n > 0 ? (size_t)n : 0;
	}
	/* Who has sent so much more was not going to listen. */
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) ||
	    linger->n_bytes > LINGER_BYTES)
		end(linger);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	end(data);
	return 0;
}

void lingers_add(struct lingers *lingers, int fd)
{
	struct lingerer *linger = lingers->n < LINGERS_MAX ? calloc(1, sizeof *linger) : NULL;

	if (!linger)
		return;
	*linger = (struct lingerer){ .lingers = lingers,
				     .next = lingers->first,
				     .link = &lingers->first,
				     .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0) };
	if (linger->fd < 0) {
		free(linger);
		return;
	}
	if (linger->next)
		linger->next->link = &linger->next;
	lingers->first = linger;
	lingers->n++;
	if (sd_event_add_io(lingers->event, &linger->io, linger->fd, EPOLLIN, on_io, linger) < 0 ||
	    sd_event_add_time_relative(lingers->event, &linger->timer, CLOCK_MONOTONIC, LINGER_USEC,
				       0, on_timer, linger) < 0)
		end(linger);
}

int lingers_new(sd_event *event, struct lingers **ret_lingers)
{
	struct lingers *lingers = calloc(1, sizeof *lingers);

	if (!lingers)
		return -ENOMEM;
	lingers->event = event;
	*ret_lingers = lingers;
	return 0;
}

void lingers_free(struct lingers *lingers)
{
	struct lingerer *linger = lingers ? lingers->first : NULL, *next;

	for (; linger; linger = next) {
		next = linger->next;
		let_go(linger);
	}
	free(lingers);
}
