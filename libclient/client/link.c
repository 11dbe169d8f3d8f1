/* SPDX-License-Identifier: MIT */
/*
 * The socket to the daemon. The daemon passes the board over it and wakes event loops through it.
 * Nothing else depends on the socket: after the first HELLO no call waits for it, and later
 * messages are sent without blocking. Without a daemon the client table still identifies this
 * process.
 */
#include "libclient/client/client.h"
#include "libclient/client/protocol.h"
#include "libclient/segment/atomic.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

static struct protocol_message message_of(enum protocol_type type)
{
	return (struct protocol_message){
		.magic = PROTOCOL_MAGIC,
		.version = PROTOCOL_VERSION,
		.type = (uint16_t)type,
		.layout_major = LAYOUT_MAJOR,
		.layout_minor = LAYOUT_MINOR,
		.fingerprint = segment_fingerprint(),
	};
}

/* Reset the variable before closing: if another thread forks in between, the child leaks a
 * descriptor but never closes a reused number. */
static void close_fd(int *fd)
{
	int closing = *fd;

	*fd = -1;
	if (closing >= 0)
		close(closing);
}

/* Remove it from the epoll set explicitly: if a forked child holds a copy, closing does not remove
 * it, and a socket without a daemon would stay ready for ever. */
static void close_watched(const struct trackd *trackd, int *fd)
{
	if (trackd->epoll >= 0 && *fd >= 0)
		(void)epoll_ctl(trackd->epoll, EPOLL_CTL_DEL, *fd, NULL);
	close_fd(fd);
}

static int connect_daemon(const char *path, int flags, uint64_t timeout_ns)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval timeout = { .tv_sec = (time_t)(timeout_ns / NS_PER_S),
				   .tv_usec = (suseconds_t)(timeout_ns % NS_PER_S / 1000) };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);

	if (fd < 0)
		return -errno;
	memcpy(address.sun_path, path, strlen(path) + 1);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		int error = -errno;
		close(fd);
		return error;
	}
	return fd;
}

static bool send_message(int fd, const struct protocol_message *message)
{
	return send(fd, message, sizeof *message, MSG_NOSIGNAL | MSG_DONTWAIT) ==
	       (ssize_t)sizeof *message;
}

/* ---- Hello --------------------------------------------------------------- */

/* Return the first descriptor of a message and close any others. */
static int take_descriptor(struct msghdr *header)
{
	int taken = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (taken < 0)
				taken = fd;
			else
				close(fd);
		}
	}
	return taken;
}

static int receive_welcome(int socket, struct protocol_message *message, int *ret_fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct iovec part = { message, sizeof *message };
	struct msghdr header = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof control.bytes };
	ssize_t n;

	do
		n = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	int fd = take_descriptor(&header);
	bool sound = n == (ssize_t)sizeof *message && message->magic == PROTOCOL_MAGIC;
	if (sound && message->type == PROTOCOL_WELCOME && fd >= 0) {
		*ret_fd = fd;
		return 0;
	}
	close_fd(&fd);
	if (sound && message->type == PROTOCOL_REFUSED && message->error < 0)
		return message->error;
	return n == 0 ? -ECONNRESET : -EPROTO;
}

int link_receive_board(struct trackd *trackd, int *ret_fd, int *ret_socket)
{
	struct protocol_message message = message_of(PROTOCOL_HELLO);
	int error = 0, fd = -1;
	int socket = connect_daemon(trackd->address.socket, 0, trackd->timeout_ns);

	if (socket < 0)
		return socket;
	if (trackd->flags & TRACKD_OPEN_WRITE)
		message.flags |= PROTOCOL_WRITE;
	if (!send_message(socket, &message))
		error = -errno;
	if (error == 0)
		error = receive_welcome(socket, &message, &fd);
	if (error == 0)
		error = board_address_follow(&trackd->address, message.board, sizeof message.board);
	if (error < 0) {
		close_fd(&fd);
		close(socket);
		return error;
	}
	*ret_fd = fd;
	*ret_socket = socket;
	return 0;
}

/* ---- After HELLO: with the connection's lock held, never blocking --------- */

static void say_who(const struct trackd *trackd, const struct mapping *mapping)
{
	uint64_t worker = load_relaxed(&mapping->worker);
	struct protocol_message bind = message_of(PROTOCOL_BIND);
	struct protocol_message subscribe = message_of(PROTOCOL_SUBSCRIBE);

	if (worker != 0) {
		bind.entry = (uint32_t)worker - 1;
		bind.generation = (uint32_t)(worker >> 32);
		(void)send_message(trackd->socket, &bind);
	}
	if (trackd->subscribed)
		(void)send_message(trackd->socket, &subscribe);
}

static void watch_socket(struct trackd *trackd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data.fd = trackd->socket };
	struct itimerspec off = { 0 };

	if (trackd->epoll < 0)
		return;
	(void)epoll_ctl(trackd->epoll, EPOLL_CTL_ADD, trackd->socket, &event);
	(void)timerfd_settime(trackd->timer, 0, &off, NULL);
}

static void watch_timer(struct trackd *trackd)
{
	struct itimerspec second = { .it_interval.tv_sec = 1, .it_value.tv_sec = 1 };

	if (trackd->timer >= 0)
		(void)timerfd_settime(trackd->timer, 0, &second, NULL);
}

static void keep(struct trackd *trackd, int socket, const struct mapping *mapping)
{
	close_watched(trackd, &trackd->socket);
	trackd->socket = socket;
	say_who(trackd, mapping);
	watch_socket(trackd);
}

void link_keep(struct trackd *trackd, int socket, const struct mapping *mapping)
{
	local_lock_take(&trackd->lock);
	keep(trackd, socket, mapping);
	local_lock_drop(&trackd->lock);
}

static bool introduce(struct trackd *trackd, const struct mapping *mapping)
{
	struct protocol_message hello = message_of(PROTOCOL_HELLO);
	int socket = connect_daemon(trackd->address.socket, SOCK_NONBLOCK, trackd->timeout_ns);

	if (socket < 0)
		return false;
	hello.flags = PROTOCOL_NO_BOARD | (trackd->flags & TRACKD_OPEN_WRITE ? PROTOCOL_WRITE : 0u);
	memcpy(hello.board_id, mapping->board.header->board_id, sizeof hello.board_id);
	if (!send_message(socket, &hello)) {
		close(socket);
		return false;
	}
	keep(trackd, socket, mapping);
	return true;
}

void link_introduce(struct trackd *trackd, const struct mapping *mapping)
{
	if (trackd->flags & TRACKD_OPEN_NO_DAEMON)
		return;
	local_lock_take(&trackd->lock);
	(void)introduce(trackd, mapping);
	local_lock_drop(&trackd->lock);
}

/* ---- Event loops --------------------------------------------------------- */

static int make_epoll(struct trackd *trackd)
{
	struct epoll_event event = { .events = EPOLLIN };

	trackd->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (trackd->epoll < 0)
		return -errno;
	trackd->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	event.data.fd = trackd->timer;
	if (trackd->timer < 0 ||
	    epoll_ctl(trackd->epoll, EPOLL_CTL_ADD, trackd->timer, &event) < 0) {
		int error = -errno;
		close_fd(&trackd->timer);
		close_fd(&trackd->epoll);
		return error;
	}
	return 0;
}

int link_descriptor(struct trackd *trackd)
{
	int error = 0;

	fork_settle(trackd);
	const struct mapping *mapping = load_acquire(&trackd->mapping);
	local_lock_take(&trackd->lock);
	if (trackd->epoll < 0) {
		error = make_epoll(trackd);
		trackd->subscribed = error == 0;
		if (error == 0 && trackd->socket >= 0) {
			say_who(trackd, mapping);
			watch_socket(trackd);
		} else if (error == 0 && ((trackd->flags & TRACKD_OPEN_NO_DAEMON) ||
					  !introduce(trackd, mapping))) {
			watch_timer(trackd);
		}
	}
	int fd = trackd->epoll;
	local_lock_drop(&trackd->lock);
	return error < 0 ? error : fd;
}

/* Read all messages. 1: transitions may have happened. */
static int drain_socket(struct trackd *trackd)
{
	struct protocol_message message;
	int woken = 0;

	for (;;) {
		ssize_t n = recv(trackd->socket, &message, sizeof message, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return woken;
		if (n <= 0) {
			/* The daemon has exited; transitions may have happened without a
			 * wake-up. */
			close_watched(trackd, &trackd->socket);
			watch_timer(trackd);
			return 1;
		}
		woken = woken || message.type == PROTOCOL_WAKE;
	}
}

/* Without a daemon there are no wake-ups: once a second, try to connect and let the caller check
 * its tasks. */
static int drain_timer(struct trackd *trackd)
{
	uint64_t ticks;

	if (read(trackd->timer, &ticks, sizeof ticks) != (ssize_t)sizeof ticks)
		return 0;
	if (trackd->socket < 0 && !(trackd->flags & TRACKD_OPEN_NO_DAEMON))
		(void)introduce(trackd, load_acquire(&trackd->mapping));
	return 1;
}

int link_dispatch(struct trackd *trackd)
{
	int woken = 0;

	fork_settle(trackd);
	local_lock_take(&trackd->lock);
	if (trackd->epoll < 0) {
		local_lock_drop(&trackd->lock);
		return -EBADF;
	}
	if (trackd->socket >= 0)
		woken = drain_socket(trackd);
	if (trackd->timer >= 0)
		woken |= drain_timer(trackd);
	local_lock_drop(&trackd->lock);
	return woken;
}

void link_close(struct trackd *trackd)
{
	close_watched(trackd, &trackd->socket);
	close_watched(trackd, &trackd->timer);
	close_fd(&trackd->epoll);
}

void link_forget(struct trackd *trackd)
{
	close_fd(&trackd->socket);
	close_fd(&trackd->timer);
	close_fd(&trackd->epoll);
	trackd->subscribed = false;
}
