/* SPDX-License-Identifier: MIT */
/* Clients and their requests. A peer is identified by its socket's kernel data. */
#include "daemon/socket/control.h"
#include "daemon/socket/peer.h"
#include "libclient/client/protocol.h"
#include "libclient/segment/internal.h"
#include "libclient/trackd.h"
#include "tools/common/descriptor_message.h"
#include "tools/common/log.h"
#include "tools/common/loop_source.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ACCEPT_BATCH = 64,
	RECEIVE_BATCH = 16,
	/* Descriptors that are not for peers: pidfds of all producers, and the daemon's own. */
	OTHER_FDS = LAYOUT_CLIENTS + 64,
	HELLO_USEC = 5000000, /* after this time, a peer that sent no HELLO may be disconnected */
	RESUME_USEC = 100000,
};

struct control_peer {
	struct control *control;
	uint32_t at, subscriber_at; /* its positions in the lists */
	sd_event_source *source;
	struct peer who;
	uint64_t since_ns;
	uint32_t number;
	int fd;
	bool said_hello, subscribed;
};

/* ---- Connections -------------------------------------------------------- */

static void drop_at(struct control *control, uint32_t at)
{
	struct control_peer *peer = control->peers[at];

	control->peers[at] = control->peers[--control->n_peers];
	control->peers[at]->at = at;
	if (peer->subscribed) {
		uint32_t place = peer->subscriber_at;
		control->subscribers[place] = control->subscribers[--control->n_subscribers];
		control->subscribers[place]->subscriber_at = place;
		kept_descriptor_drop(control->notify, KEPT_SUBSCRIBER, peer->number, 0);
	}
	sd_event_source_disable_unref(peer->source);
	close(peer->fd);
	free(peer);
}

static void drop(struct control_peer *peer)
{
	drop_at(peer->control, peer->at);
}

static struct protocol_message answer(const struct control *control, enum protocol_type type)
{
	struct protocol_message message = {
		.magic = PROTOCOL_MAGIC,
		.version = PROTOCOL_VERSION,
		.type = (uint16_t)type,
		.layout_major = LAYOUT_MAJOR,
		.layout_minor = LAYOUT_MINOR,
		.epoch = load_relaxed(&control->board->header->daemon_epoch),
		.fingerprint = segment_fingerprint(),
	};

	memcpy(message.board_id, control->board->header->board_id, sizeof message.board_id);
	snprintf(message.board, sizeof message.board, "%s", control->name);
	return message;
}

/* Without waiting. board_fd goes along unless it is -1. */
static int send_message(int fd, const struct protocol_message *message, int board_fd)
{
	return descriptor_message_send(fd, message, sizeof *message, &board_fd, board_fd >= 0,
				       MSG_DONTWAIT);
}

static int refuse(const struct control *control, int fd, int error)
{
	struct protocol_message message = answer(control, PROTOCOL_REFUSED);

	message.error = error;
	add_relaxed(&control->board->header->counters.attach_refused, 1);
	(void)send_message(fd, &message, -1);
	return error;
}

/* ---- Messages ----------------------------------------------------------- */

static int on_hello(struct control *control, struct control_peer *peer,
		    const struct protocol_message *hello)
{
	struct protocol_message welcome = answer(control, PROTOCOL_WELCOME);
	bool wants_write = (hello->flags & PROTOCOL_WRITE) != 0;
	int board_fd = wants_write ? control->board->fd : control->reader_fd;

	if (hello->layout_major != LAYOUT_MAJOR || hello->fingerprint != segment_fingerprint())
		return refuse(control, peer->fd, TRACKD_E_LAYOUT);
	if (!peer_may(&peer->who, control->board->fd, wants_write))
		return refuse(control, peer->fd, -EACCES);
	if (wants_write && !peer_is_near(&peer->who))
		return refuse(control, peer->fd, TRACKD_E_NAMESPACE);
	peer->said_hello = true;
	if (hello->flags & PROTOCOL_NO_BOARD)
		board_fd = -1;
	return send_message(peer->fd, &welcome, board_fd);
}

static int ring(const struct control *control, const struct control_peer *peer)
{
	struct protocol_message wake = answer(control, PROTOCOL_WAKE);
	int error = send_message(peer->fd, &wake, -1);

	/* Its queue is full, so it contains an unread WAKE. */
	return error == -EAGAIN ? 0 : error;
}

static void subscribe(struct control *control, struct control_peer *peer)
{
	peer->subscribed = true;
	peer->subscriber_at = control->n_subscribers;
	control->subscribers[control->n_subscribers++] = peer;
}

static int on_subscribe(struct control *control, struct control_peer *peer)
{
	if (!peer->subscribed) {
		subscribe(control, peer);
		peer->number = control->next_number++;
		kept_descriptor_add(control->notify, KEPT_SUBSCRIBER, peer->number, 0, peer->fd);
	}
	/* Wake it at once, in case it missed transitions before it subscribed. From now on an
	 * unread packet means an unread WAKE. */
	return ring(control, peer);
}

static void on_bind(struct control *control, const struct control_peer *peer,
		    const struct protocol_message *bind)
{
	liveness_bind(control->liveness, bind->entry, bind->generation, peer->who.pid,
		      peer_pidfd(peer->fd));
}

/* Handle a packet. Returns 0, or a negative error: close the connection. */
static int on_message(struct control *control, struct control_peer *peer, const void *bytes,
		      size_t size)
{
	struct protocol_message message;

	/* The first words are the same in every version, so a client of another version gets
	 * REFUSED. */
	if (size < 8)
		return -EPROTO;
	memset(&message, 0, sizeof message);
	memcpy(&message, bytes, size < sizeof message ? size : sizeof message);
	if (message.magic != PROTOCOL_MAGIC)
		return -EPROTO;
	if (message.version != PROTOCOL_VERSION)
		return refuse(control, peer->fd, TRACKD_E_LAYOUT);
	if (size != sizeof message)
		return -EPROTO;
	if (message.type == PROTOCOL_HELLO)
		return on_hello(control, peer, &message);
	if (!peer->said_hello)
		return -EPROTO;
	switch (message.type) {
	case PROTOCOL_BIND:
		on_bind(control, peer, &message);
		return 0;
	case PROTOCOL_SUBSCRIBE:
		return on_subscribe(control, peer);
	case PROTOCOL_GOODBYE:
		return -ECONNRESET;
	}
	return -EPROTO;
}

static int on_peer(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct control_peer *peer = data;
	uint8_t bytes[2 * sizeof(struct protocol_message)];

	(void)source;
	(void)revents;
	for (int i = 0; i < RECEIVE_BATCH; i++) {
		/* There is no control buffer, so the kernel closes descriptors sent by the peer. */
		ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n <= 0 || on_message(peer->control, peer, bytes, (size_t)n) < 0) {
			drop(peer);
			return 0;
		}
	}
	return 0;
}

/* ---- New connections ---------------------------------------------------- */

struct control_peer *control_add(struct control *control, int fd, int number)
{
	struct control_peer *peer = calloc(1, sizeof *peer);

	if (control->n_peers == control->max_peers || !peer || peer_identify(&peer->who, fd) < 0 ||
	    sd_event_add_io(control->event, &peer->source, fd, EPOLLIN, on_peer, peer) < 0) {
		free(peer);
		close(fd);
		return NULL;
	}
	peer->control = control;
	peer->fd = fd;
	peer->since_ns = clock_monotonic_ns();
	peer->at = control->n_peers;
	control->peers[control->n_peers++] = peer;
	if (number >= 0) {
		peer->said_hello = true;
		peer->number = (uint32_t)number;
		if (peer->number >= control->next_number)
			control->next_number = peer->number + 1;
		subscribe(control, peer);
	}
	return peer;
}

/* Disconnect the peer that has been connected longest without a HELLO. Returns whether there was
 * one. */
static bool make_room(struct control *control)
{
	uint32_t oldest = control->n_peers;
	uint64_t since = clock_monotonic_ns() - HELLO_USEC * UINT64_C(1000);

	for (uint32_t i = 0; i < control->n_peers; i++) {
		if (control->peers[i]->said_hello || control->peers[i]->since_ns > since)
			continue;
		since = control->peers[i]->since_ns;
		oldest = i;
	}
	if (oldest == control->n_peers)
		return false;
	drop_at(control, oldest);
	return true;
}

/* No descriptor is left: close the spare one, to accept a connection and refuse it. */
static void refuse_one(struct control *control, int listen_fd)
{
	int fd;

	if (control->spare_fd >= 0)
		close(control->spare_fd);
	fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		(void)refuse(control, fd, -EMFILE);
		close(fd);
	}
	control->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	/* The whole system has no descriptor left: try again later instead of spinning. */
	if (fd < 0 && loop_timer_set(control->resume, RESUME_USEC) == 0)
		(void)sd_event_source_set_enabled(control->listen, SD_EVENT_OFF);
}

static int on_resume(sd_event_source *source, uint64_t usec, void *data)
{
	struct control *control = data;

	(void)source;
	(void)usec;
	(void)sd_event_source_set_enabled(control->listen, SD_EVENT_ON);
	return 0;
}

static int on_listen(sd_event_source *source, int listen_fd, uint32_t revents, void *data)
{
	struct control *control = data;

	(void)source;
	(void)revents;
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
			refuse_one(control, listen_fd);
			return 0;
		}
		if (fd < 0 && errno == EAGAIN)
			return 0;
		if (fd < 0)
			continue; /* the client has disconnected, or a network error */
		if (control->n_peers >= control->max_peers && !make_room(control)) {
			(void)refuse(control, fd, -EMFILE);
			close(fd);
			continue;
		}
		(void)control_add(control, fd, -1);
	}
	return 0;
}

/* ---- Waking ------------------------------------------------------------- */

void control_ring(struct control *control)
{
	/* From the end, because the last one replaces one that is dropped. */
	for (uint32_t i = control->n_subscribers; i-- > 0;) {
		struct control_peer *peer = control->subscribers[i];
		int unread = 0;
		if (ioctl(peer->fd, SIOCOUTQ, &unread) == 0 && unread > 0)
			continue;
		if (ring(control, peer) < 0)
			drop(peer);
	}
}

/* ---- Start and end ------------------------------------------------------ */

static uint32_t peers_allowed(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return CONTROL_PEERS_MAX;
	if (limit.rlim_cur >= CONTROL_PEERS_MAX + OTHER_FDS)
		return CONTROL_PEERS_MAX;
	/* Half for the sockets, half for the pidfds of their processes. */
	return limit.rlim_cur > 128 ? (uint32_t)(limit.rlim_cur - 64) / 2 : 32;
}

/* Open the same file read-only for readers, so that the kernel prevents writes. */
static int open_for_readers(int board_fd)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/proc/self/fd/%d", board_fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int control_init(struct control *control, sd_event *event, int listen_fd, struct board *board,
		 const char *name, struct liveness *liveness, struct service_notify *notify)
{
	int error;

	*control = (struct control){ .event = event,
				     .board = board,
				     .name = name,
				     .liveness = liveness,
				     .notify = notify,
				     .max_peers = peers_allowed(),
				     .spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC) };
	control->reader_fd = open_for_readers(board->fd);
	error = control->reader_fd < 0 ? control->reader_fd : 0;
	if (error >= 0)
		error = sd_event_add_io(event, &control->listen, listen_fd, EPOLLIN, on_listen,
					control);
	if (error >= 0)
		error = loop_timer(event, &control->resume, 0, on_resume, control);
	if (error < 0)
		control_free(control);
	return error < 0 ? error : 0;
}

int control_move(struct control *control)
{
	int fd = open_for_readers(control->board->fd);

	if (fd < 0)
		return fd;
	close(control->reader_fd);
	control->reader_fd = fd;
	return 0;
}

void control_free(struct control *control)
{
	/* The service manager keeps copies of the subscribers' sockets. */
	for (uint32_t i = 0; i < control->n_peers; i++) {
		struct control_peer *peer = control->peers[i];
		sd_event_source_disable_unref(peer->source);
		close(peer->fd);
		free(peer);
	}
	sd_event_source_disable_unref(control->listen);
	sd_event_source_disable_unref(control->resume);
	if (control->reader_fd >= 0)
		close(control->reader_fd);
	if (control->spare_fd >= 0)
		close(control->spare_fd);
	*control = (struct control){ .reader_fd = -1, .spare_fd = -1 };
}
