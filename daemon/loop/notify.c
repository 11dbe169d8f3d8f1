/* SPDX-License-Identifier: MIT */
/* sd_notify(3) and the descriptor store. */
#include "daemon/loop/notify.h"
#include "libclient/segment/internal.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *const kept_names[] = {
	[NOTIFY_SUBSCRIBER] = "subscriber", [NOTIFY_WORKER] = "worker"
};

/* sd_notify() waits when the manager's queue is full. The event loop and the doorbell must not:
 * what they say goes out at once or not at all, or, where the manager waits for it, later. */
static int connect_manager(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = path ? strlen(path) : 0;
	int fd;

	if (length < 2 || length >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
		return -1;
	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	length += offsetof(struct sockaddr_un, sun_path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, (socklen_t)length) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* With a descriptor, unless it is -1. Whether it was sent. */
static bool send_now(const struct notify *notify, const char *state, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	char text[256];
	struct iovec part = { text, (size_t)snprintf(text, sizeof text, "%s", state) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (!notify->enabled || notify->fd < 0)
		return false;
	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
		struct cmsghdr *c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	return sendmsg(notify->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

void notify_init(struct notify *notify)
{
	*notify = (struct notify){ .enabled = getenv("NOTIFY_SOCKET") != NULL,
				   .fd = connect_manager() };
}

void notify_free(struct notify *notify)
{
	if (notify->enabled && notify->fd >= 0)
		close(notify->fd);
	notify->enabled = false;
}

/* ---- What the manager waits for --------------------------------------------- */

/* In the order in which they are sent. */
enum notify_word { WORD_RELOADING = 1 << 0, WORD_READY = 1 << 1, WORD_STOPPING = 1 << 2 };

static bool say(const struct notify *notify, enum notify_word word)
{
	char state[64];

	switch (word) {
	case WORD_RELOADING:
		snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%lu",
			 clock_monotonic_ns() / 1000);
		return send_now(notify, state, -1);
	case WORD_READY:
		return send_now(notify, "READY=1", -1);
	case WORD_STOPPING:
		return send_now(notify, "STOPPING=1", -1);
	}
	return true;
}

void notify_again(struct notify *notify)
{
	uint32_t owed = load_relaxed(&notify->owed);

	/* Lowered before it is said, and raised again if it was not taken: then no word that another
	 * thread owes is lost. One may be said twice, which does no harm. */
	for (uint32_t word = WORD_RELOADING; word <= WORD_STOPPING; word <<= 1) {
		if ((owed & word) == 0)
			continue;
		and_relaxed(&notify->owed, ~word);
		if (!say(notify, (enum notify_word)word)) {
			or_relaxed(&notify->owed, word);
			return;
		}
	}
}

static void owe(struct notify *notify, enum notify_word word)
{
	if (!notify->enabled || notify->fd < 0)
		return;
	or_relaxed(&notify->owed, (uint32_t)word);
	notify_again(notify);
}

void notify_ready(struct notify *notify)
{
	owe(notify, WORD_READY);
}

void notify_reloading(struct notify *notify)
{
	owe(notify, WORD_RELOADING);
}

void notify_stopping(struct notify *notify)
{
	owe(notify, WORD_STOPPING);
}

/* ---- What it may miss ------------------------------------------------------- */

void notify_status(struct notify *notify, uint32_t active, uint32_t used, uint32_t capacity)
{
	char state[128];

	snprintf(state, sizeof state, "STATUS=%u tasks active, %u of %u slots used (%u %%)", active,
		 used, capacity, (unsigned)(UINT64_C(100) * used / capacity));
	(void)send_now(notify, state, -1);
}

void notify_watchdog(struct notify *notify)
{
	(void)send_now(notify, "WATCHDOG=1", -1);
}

static void make_name(char *name, size_t size, enum notify_kept kind, uint32_t a, uint32_t b)
{
	snprintf(name, size, "%s-%u-%u", kept_names[kind], a, b);
}

void notify_keep(struct notify *notify, enum notify_kept kind, uint32_t a, uint32_t b, int fd)
{
	char name[64], state[128];

	if (!notify->enabled)
		return;
	make_name(name, sizeof name, kind, a, b);
	/* FDPOLL=0: the manager would drop a pidfd as soon as its process dies, which is when we
	 * want it most. */
	snprintf(state, sizeof state, "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
	(void)send_now(notify, state, fd);
}

void notify_drop(struct notify *notify, enum notify_kept kind, uint32_t a, uint32_t b)
{
	char name[64], state[128];

	if (!notify->enabled)
		return;
	make_name(name, sizeof name, kind, a, b);
	snprintf(state, sizeof state, "FDSTOREREMOVE=1\nFDNAME=%s", name);
	(void)send_now(notify, state, -1);
}

static bool parse_number(const char **text, uint32_t *ret_number)
{
	char *end;
	unsigned long number;

	if (**text != '-' || (*text)[1] < '0' || (*text)[1] > '9')
		return false;
	errno = 0;
	number = strtoul(*text + 1, &end, 10);
	if (errno != 0 || number > UINT32_MAX)
		return false;
	*text = end;
	*ret_number = (uint32_t)number;
	return true;
}

bool notify_parse(const char *name, enum notify_kept *ret_kind, uint32_t *ret_a, uint32_t *ret_b)
{
	for (size_t kind = 0; kind < sizeof kept_names / sizeof kept_names[0]; kind++) {
		size_t length = strlen(kept_names[kind]);
		const char *rest = name + length;
		uint32_t a, b;

		if (strncmp(name, kept_names[kind], length) != 0 || !parse_number(&rest, &a) ||
		    !parse_number(&rest, &b) || *rest != '\0')
			continue;
		*ret_kind = (enum notify_kept)kind;
		*ret_a = a;
		*ret_b = b;
		return true;
	}
	return false;
}
