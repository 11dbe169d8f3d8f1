/* SPDX-License-Identifier: MIT */
/*
 * What we say to the service manager, and the descriptors that it keeps for us over a restart: the
 * sockets of subscribed clients and the pidfds of workers. Without a service manager all of it does
 * nothing. Nothing here waits for a manager that does not read.
 */
#ifndef TRACKD_DAEMON_LOOP_NOTIFY_H
#define TRACKD_DAEMON_LOOP_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

struct notify {
	bool enabled;  /* there is a service manager */
	int fd;        /* to it, connected */
	uint32_t owed; /* enum notify_word: what it has not taken yet (atomic) */
};

void notify_init(struct notify *notify);
void notify_free(struct notify *notify);

void notify_ready(struct notify *notify);
void notify_status(struct notify *notify, uint32_t active, uint32_t used, uint32_t capacity);
void notify_reloading(struct notify *notify);
void notify_stopping(struct notify *notify);

/* Say again what a manager that did not keep up has not taken: reloading, ready, stopping. Once a
 * second, any thread; never waits. */
void notify_again(struct notify *notify);

/* We are alive. Any thread; never waits. */
void notify_watchdog(struct notify *notify);

/* Have a descriptor kept, or no longer: where the manager does not keep up, one is not
 * kept, and a restart costs its client a reconnect; or is kept too long, and dropped at the
 * restart. */
enum notify_kept { NOTIFY_SUBSCRIBER, NOTIFY_WORKER };

void notify_keep(struct notify *notify, enum notify_kept kind, uint32_t a, uint32_t b, int fd);
void notify_drop(struct notify *notify, enum notify_kept kind, uint32_t a, uint32_t b);

/* What a name that we gave means; false: not one of ours. */
bool notify_parse(const char *name, enum notify_kept *ret_kind, uint32_t *ret_a, uint32_t *ret_b);

#endif
