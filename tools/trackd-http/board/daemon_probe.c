/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/board/daemon_probe.h"
#include "libclient/client/protocol.h"
#include "libclient/segment/internal.h"
#include "tools/common/log.h"
#include "tools/common/loop_source.h"
#include "tools/trackd-http/board/board_connection.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	ASK_USEC = 1000000,    /* while trackd answers */
	SEARCH_USEC = 250000,  /* otherwise */
	AWAY_MS = 1000,        /* a restart takes less */
	SILENT_MS = 3000,      /* a busy host may take this long */
	ACCURACY_USEC = 10000, /* sd-event's default would be a quarter of a second */
};

struct daemon {
	struct gateway *gateway;
	void (*changed)(struct gateway *gateway);
	char socket[sizeof(struct sockaddr_un) - offsetof(struct sockaddr_un, sun_path)];
	int fd;
	sd_event_source *io, *timer;
	bool up, asked;
	int error;           /* of the last attempt to connect; 0: connected */
	uint64_t trouble_ns; /* since when there has been no answer; 0: it answers */
};

/* ---- Up and down --------------------------------------------------------- */

static void set_up(struct daemon *daemon, bool up)
{
	char why[128];
	int error;

	if (daemon->up == up)
		return;
	daemon_why(daemon, why, sizeof why);
	daemon->up = up;
	if (up)
		log_info("trackd answers again");
	else if (board_connection_reader(daemon->gateway->board, &error))
		log_warning("%s; statuses are still read, but lost workers and expiry go "
			    "undetected: systemctl status trackd",
			    why);
	else
		log_warning("%s; requests are answered 503: %s", why, trackd_strerror(error));
	daemon->changed(daemon->gateway);
}

static void begin_trouble(struct daemon *daemon)
{
	if (daemon->trouble_ns == 0)
		daemon->trouble_ns = clock_monotonic_ns();
}

static void disconnect(struct daemon *daemon, int error)
{
	daemon->io = sd_event_source_disable_unref(daemon->io);
	if (daemon->fd >= 0)
		close(daemon->fd);
	daemon->fd = -1;
	daemon->error = error;
	daemon->asked = false;
	begin_trouble(daemon);
}

/* ---- Asking -------------------------------------------------------------- */

static int on_answer(sd_event_source *source, int fd, uint32_t revents, void *data);

static int reach(struct daemon *daemon)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	daemon->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (daemon->fd < 0)
		return -errno;
	memcpy(address.sun_path, daemon->socket, sizeof daemon->socket);
	if (connect(daemon->fd, (struct sockaddr *)&address, sizeof address) < 0)
		return -errno;
	return sd_event_add_io(daemon->gateway->event, &daemon->io, daemon->fd, EPOLLIN, on_answer,
			       daemon);
}

static void ask(struct daemon *daemon)
{
	struct protocol_message hello = {
		.magic = PROTOCOL_MAGIC,
		.version = PROTOCOL_VERSION,
		.type = PROTOCOL_HELLO,
		.flags = PROTOCOL_NO_BOARD,
		.layout_major = LAYOUT_MAJOR,
		.layout_minor = LAYOUT_MINOR,
		.fingerprint = segment_fingerprint(),
	};
	int error = daemon->fd >= 0 ? 0 : reach(daemon);

	if (error >= 0 && send(daemon->fd, &hello, sizeof hello, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		error = -errno;
	if (error < 0) {
		disconnect(daemon, error);
		return;
	}
	daemon->error = 0;
	daemon->asked = true;
	begin_trouble(daemon);
}

/* Any answer shows that it is running. */
static int on_answer(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct daemon *daemon = data;
	struct protocol_message message;
	ssize_t n;

	(void)source;
	(void)revents;
	n = recv(fd, &message, sizeof message, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		disconnect(daemon, n < 0 ? -errno : -ECONNRESET);
		/* Wait before reconnecting: trackd may end every connection, as one with another
		 * layout does. */
		return loop_timer_set(daemon->timer, SEARCH_USEC);
	}
	daemon->asked = false;
	daemon->trouble_ns = 0;
	set_up(daemon, true);
	return 0;
}

static bool has_been_long(const struct daemon *daemon)
{
	uint64_t ms = (clock_monotonic_ns() - daemon->trouble_ns) / NS_PER_MS;

	return daemon->trouble_ns != 0 && ms >= (daemon->fd >= 0 ? SILENT_MS : AWAY_MS);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct daemon *daemon = data;

	(void)usec;
	if (!daemon->asked)
		ask(daemon);
	if (has_been_long(daemon))
		set_up(daemon, false);
	return loop_timer_set(source, daemon->fd >= 0 && daemon->up ? ASK_USEC : SEARCH_USEC);
}

/* ---- Interface ----------------------------------------------------------- */

int daemon_start(struct gateway *gateway, void (*changed)(struct gateway *gateway),
		 struct daemon **ret_daemon)
{
	const struct config *config = gateway->config;
	struct daemon *daemon = calloc(1, sizeof *daemon);
	struct board_address address;

	if (!daemon)
		return -ENOMEM;
	*daemon = (struct daemon){ .gateway = gateway, .changed = changed, .fd = -1, .up = true };
	int error = board_address_find(&address, config->board[0] ? config->board : NULL,
				       config->socket[0] ? config->socket : NULL);
	if (error == 0) {
		memcpy(daemon->socket, address.socket, strlen(address.socket) + 1);
		error = sd_event_add_time_relative(gateway->event, &daemon->timer, CLOCK_MONOTONIC,
						   0, ACCURACY_USEC, on_timer, daemon);
	}
	if (error < 0) {
		free(daemon);
		return error;
	}
	*ret_daemon = daemon;
	return 0;
}

void daemon_stop(struct daemon *daemon)
{
	if (!daemon)
		return;
	sd_event_source_disable_unref(daemon->io);
	sd_event_source_disable_unref(daemon->timer);
	if (daemon->fd >= 0)
		close(daemon->fd);
	free(daemon);
}

bool daemon_is_up(const struct daemon *daemon)
{
	return daemon->up;
}

void daemon_why(const struct daemon *daemon, char *ret_why, size_t size)
{
	if (daemon->error < 0)
		snprintf(ret_why, size, "trackd cannot be reached: %s", strerror(-daemon->error));
	else
		snprintf(ret_why, size, "trackd does not answer");
}
