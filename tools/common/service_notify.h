/* SPDX-License-Identifier: MIT */
/*
 * What a service tells its manager (sd_notify(3)): that it is ready, reads its configuration again,
 * stops; what it does; and which descriptors the manager keeps for it over a restart.
 *
 * Nothing here waits. sd_notify(3) does when the manager's queue is full. What the manager waits for
 * itself (ready, reloading, stopping) is said again until it is taken; the rest goes out at once or
 * not at all. Without a service manager all of it does nothing.
 */
#ifndef COMMON_SERVICE_NOTIFY_H
#define COMMON_SERVICE_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct service_notify {
	int fd;                   /* to the manager, connected; -1: there is none */
	uint32_t owed;            /* enum word: what it has not taken yet (atomic) */
	sd_event_source *timer;   /* service_notify_attach() */
	uint64_t watchdog_period; /* of that timer, microseconds; 0: there is no watchdog */
};

void service_notify_init(struct service_notify *notify);
void service_notify_free(struct service_notify *notify);

/* What the manager waits for. */
void service_notify_ready(struct service_notify *notify);
void service_notify_reloading(struct service_notify *notify);
void service_notify_stopping(struct service_notify *notify);

/* One line for people. Whether it was taken. */
bool service_notify_status(const struct service_notify *notify, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Have a descriptor kept under a name, or no longer. Where the manager does not keep up, one is not
 * kept, or is kept too long.
 */
void service_notify_keep(const struct service_notify *notify, const char *name, int fd);
void service_notify_drop(const struct service_notify *notify, const char *name);

/* ---- Keeping it going, by one of two ways ---------------------------------------------------- */

/* By a timer of the event loop, which must be that of the thread that makes the calls above: it feeds
 * the manager's watchdog, if there is one, and says again what is owed. 0 or -errno. */
int service_notify_attach(struct service_notify *notify, sd_event *event);

/* By the caller, from any thread: say again what is owed, once a second; and say that we are alive. */
void service_notify_again(struct service_notify *notify);
void service_notify_watchdog(const struct service_notify *notify);

#endif
