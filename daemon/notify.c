/* SPDX-License-Identifier: MIT */
/* sd_notify(3) and the descriptor store. */
#include "notify.h"
#include "clock.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

static const char *const kept_names[] = {
	[NOTIFY_SUBSCRIBER] = "subscriber", [NOTIFY_WORKER] = "worker"
};

void notify_init(struct notify *notify)
{
	*notify = (struct notify){ .enabled = getenv("NOTIFY_SOCKET") != NULL };
	/* Whether it stores any is not told before systemd 254; storing where it is off does
	 * nothing. */
	notify->stores = notify->enabled;
}

void notify_ready(struct notify *notify)
{
	if (notify->enabled)
		(void)sd_notify(0, "READY=1");
}

void notify_status(struct notify *notify, uint32_t active, uint32_t used, uint32_t capacity)
{
	if (notify->enabled)
		(void)sd_notifyf(0, "STATUS=%u tasks active, %u of %u slots used (%u %%)", active,
				 used, capacity, (unsigned)(UINT64_C(100) * used / capacity));
}

void notify_reloading(struct notify *notify)
{
	if (notify->enabled)
		(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lu", clock_monotonic_ns() / 1000);
}

void notify_stopping(struct notify *notify)
{
	if (notify->enabled)
		(void)sd_notify(0, "STOPPING=1");
}

static void make_name(char *name, size_t size, enum notify_kept kind, uint32_t a, uint32_t b)
{
	snprintf(name, size, "%s-%u-%u", kept_names[kind], a, b);
}

void notify_keep(struct notify *notify, enum notify_kept kind, uint32_t a, uint32_t b, int fd)
{
	char name[64], state[128];

	if (!notify->stores || fd < 0)
		return;
	make_name(name, sizeof name, kind, a, b);
	/* FDPOLL=0: the manager would drop a pidfd as soon as its process dies, which is when we
	 * want it most. */
	snprintf(state, sizeof state, "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
	(void)sd_pid_notify_with_fds(0, 0, state, &fd, 1);
}

void notify_drop(struct notify *notify, enum notify_kept kind, uint32_t a, uint32_t b)
{
	char name[64];

	if (!notify->stores)
		return;
	make_name(name, sizeof name, kind, a, b);
	(void)sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", name);
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
