/* SPDX-License-Identifier: MIT */
/* A duplicate of the descriptor keeps the socket open after its owner has sent the answer and
 * closed it. */
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
	READS_A_TURN = 8, /* others are served in between */
	LINGER_BYTES = 8 << 20,
};

struct lingerer {
	struct lingering_closes *lingering_closes;
	struct lingerer *next, **link;
	sd_event_source *io, *timer;
	int fd;
	size_t n_bytes;
};

struct lingering_closes {
	sd_event *event;
	struct lingerer *first;
	unsigned n;
};

static void let_go(struct lingerer *lingering_close)
{
	sd_event_source_disable_unref(lingering_close->io);
	sd_event_source_disable_unref(lingering_close->timer);
	close(lingering_close->fd);
	free(lingering_close);
}

static void end(struct lingerer *lingering_close)
{
	*lingering_close->link = lingering_close->next;
	if (lingering_close->next)
		lingering_close->next->link = lingering_close->link;
	lingering_close->lingering_closes->n--;
	let_go(lingering_close);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	static char dropped[READ_AT_ONCE];
	struct lingerer *lingering_close = data;
	ssize_t n = 1;

	(void)source;
	(void)revents;
	for (int i = 0; i < READS_A_TURN && n > 0; i++) {
		n = recv(fd, dropped, sizeof dropped, MSG_DONTWAIT);
		lingering_close->n_bytes += n > 0 ? (size_t)n : 0;
	}
	/* A client that has sent this much does not read the answer. */
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) ||
	    lingering_close->n_bytes > LINGER_BYTES)
		end(lingering_close);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	end(data);
	return 0;
}

void lingering_closes_add(struct lingering_closes *lingering_closes, int fd)
{
	struct lingerer *lingering_close =
		lingering_closes->n < LINGERS_MAX ? calloc(1, sizeof *lingering_close) : NULL;

	if (!lingering_close)
		return;
	*lingering_close = (struct lingerer){ .lingering_closes = lingering_closes,
					      .next = lingering_closes->first,
					      .link = &lingering_closes->first,
					      .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0) };
	if (lingering_close->fd < 0) {
		free(lingering_close);
		return;
	}
	if (lingering_close->next)
		lingering_close->next->link = &lingering_close->next;
	lingering_closes->first = lingering_close;
	lingering_closes->n++;
	if (sd_event_add_io(lingering_closes->event, &lingering_close->io, lingering_close->fd,
			    EPOLLIN, on_io, lingering_close) < 0 ||
	    sd_event_add_time_relative(lingering_closes->event, &lingering_close->timer,
				       CLOCK_MONOTONIC, LINGER_USEC, 0, on_timer,
				       lingering_close) < 0)
		end(lingering_close);
}

int lingering_closes_new(sd_event *event, struct lingering_closes **ret_lingering_closes)
{
	struct lingering_closes *lingering_closes = calloc(1, sizeof *lingering_closes);

	if (!lingering_closes)
		return -ENOMEM;
	lingering_closes->event = event;
	*ret_lingering_closes = lingering_closes;
	return 0;
}

void lingering_closes_free(struct lingering_closes *lingering_closes)
{
	struct lingerer *lingering_close = lingering_closes ? lingering_closes->first : NULL, *next;

	for (; lingering_close; lingering_close = next) {
		next = lingering_close->next;
		let_go(lingering_close);
	}
	free(lingering_closes);
}
