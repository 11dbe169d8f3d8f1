/* SPDX-License-Identifier: MIT */
#include "tools/common/service_notify.h"
#include "libclient/segment/internal.h"
#include "tools/common/descriptor_message.h"
#include "tools/common/loop_source.h"
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { STATE = 256, AGAIN_USEC = 1000000 };

/* ---- The manager's socket ---------------------------------------------------- */

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

void service_notify_init(struct service_notify *notify)
{
	*notify = (struct service_notify){ .fd = connect_manager() };
}

void service_notify_free(struct service_notify *notify)
{
	notify->timer = sd_event_source_disable_unref(notify->timer);
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

/* With a descriptor, unless it is -1. Whether it was taken. */
static bool send_now(const struct service_notify *notify, const char *state, int fd)
{
	return notify->fd >= 0 && descriptor_message_send(notify->fd, state, strlen(state), &fd,
							  fd >= 0, MSG_DONTWAIT) == 0;
}

/* ---- What the manager waits for ---------------------------------------------- */

/* In the order in which they are sent. */
enum word { WORD_RELOADING = 1 << 0, WORD_READY = 1 << 1, WORD_STOPPING = 1 << 2 };

static bool say(const struct service_notify *notify, enum word word)
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

void service_notify_again(struct service_notify *notify)
{
	uint32_t owed = load_relaxed(&notify->owed);

	/* Lowered before it is said, and raised again if it was not taken: then no word that another
	 * thread owes is lost. One may be said twice, which does no harm. */
	for (uint32_t word = WORD_RELOADING; word <= WORD_STOPPING; word <<= 1) {
		if ((owed & word) == 0)
			continue;
		and_relaxed(&notify->owed, ~word);
		if (!say(notify, (enum word)word)) {
			or_relaxed(&notify->owed, word);
			return;
		}
	}
}

/* While anything is owed, a second is the longest that the timer waits. */
static void set_timer(const struct service_notify *notify)
{
	uint64_t period = notify->watchdog_period;

	if (load_relaxed(&notify->owed) != 0 && (period == 0 || period > AGAIN_USEC))
		period = AGAIN_USEC;
	if (period == 0)
		return;
	(void)loop_timer_set(notify->timer, period);
}

static void owe(struct service_notify *notify, enum word word)
{
	if (notify->fd < 0)
		return;
	or_relaxed(&notify->owed, (uint32_t)word);
	service_notify_again(notify);
	if (notify->timer && load_relaxed(&notify->owed) != 0)
		set_timer(notify);
}

void service_notify_ready(struct service_notify *notify)
{
	owe(notify, WORD_READY);
}

void service_notify_reloading(struct service_notify *notify)
{
	owe(notify, WORD_RELOADING);
}

void service_notify_stopping(struct service_notify *notify)
{
	owe(notify, WORD_STOPPING);
}

/* ---- What it may miss -------------------------------------------------------- */

bool service_notify_status(const struct service_notify *notify, const char *format, ...)
{
	char state[STATE] = "STATUS=";
	size_t length = strlen(state);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(state + length, sizeof state - length, format, arguments);
	va_end(arguments);
	return send_now(notify, state, -1);
}

void service_notify_watchdog(const struct service_notify *notify)
{
	(void)send_now(notify, "WATCHDOG=1", -1);
}

void service_notify_keep(const struct service_notify *notify, const char *name, int fd)
{
	char state[STATE];

	/* FDPOLL=0: the manager would drop a pidfd as soon as its process dies, which is when we
	 * want it most. */
	snprintf(state, sizeof state, "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
	(void)send_now(notify, state, fd);
}

void service_notify_drop(const struct service_notify *notify, const char *name)
{
	char state[STATE];

	snprintf(state, sizeof state, "FDSTOREREMOVE=1\nFDNAME=%s", name);
	(void)send_now(notify, state, -1);
}

/* ---- The timer --------------------------------------------------------------- */

static int on_time(sd_event_source *source, uint64_t usec, void *data)
{
	struct service_notify *notify = data;

	(void)source;
	(void)usec;
	if (notify->watchdog_period > 0)
		service_notify_watchdog(notify);
	service_notify_again(notify);
	set_timer(notify);
	return 0;
}

int service_notify_attach(struct service_notify *notify, sd_event *event)
{
	uint64_t limit = 0;
	int error;

	if (notify->fd < 0)
		return 0;
	if (sd_watchdog_enabled(0, &limit) > 0)
		notify->watchdog_period = limit / 3;
	error = loop_timer(event, &notify->timer, notify->watchdog_period / 8, on_time, notify);
	if (error >= 0)
		set_timer(notify);
	return error;
}
