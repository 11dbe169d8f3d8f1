/* SPDX-License-Identifier: MIT */
/*
 * A timer wheel with at most one timer per slot, private to the daemon. Setting and clearing take a
 * few stores. Time is in ticks, counted in 64 bits from the boot: of 2^25 ns (34 ms), or of 2^20 ns
 * (1 ms) in a fine wheel. Four levels of 256 buckets cover 4.5 years, in a fine wheel 52 days; a timer
 * further away than half of that is due early, and the caller sets it again. Timers are lazy: the
 * caller that takes one checks whether its time has come.
 */
#ifndef TRACKD_DAEMON_EXPIRY_WHEEL_H
#define TRACKD_DAEMON_EXPIRY_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

enum { WHEEL_LEVELS = 4, WHEEL_BUCKETS = 256 };

enum wheel_tick { WHEEL_COARSE = 25, WHEEL_FINE = 20 }; /* a tick is 2^this ns */

struct wheel_bucket {
	uint32_t first;    /* timer + 1; 0: none */
	uint64_t earliest; /* tick before which no timer in it is due */
};

struct wheel {
	uint32_t n;
	enum wheel_tick tick;
	uint64_t now; /* current time in ticks */
	uint32_t count[WHEEL_LEVELS];
	struct wheel_bucket bucket[WHEEL_LEVELS][WHEEL_BUCKETS];
	struct wheel_bucket due;
	struct wheel_timer *timers;
};

/* Create n timers, none set. 0 or -ENOMEM. Memory is touched only for timers that are used. */
int wheel_init(struct wheel *ret_wheel, uint32_t n, enum wheel_tick tick, uint64_t now_ns);
void wheel_free(struct wheel *wheel);

/* Set timer i, replacing an earlier setting. If the time has passed, it is due at once; UINT64_MAX
 * clears it. */
void wheel_set(struct wheel *wheel, uint32_t i, uint64_t when_ns);
/* Set it unless it is already set to an earlier time. */
void wheel_set_earlier(struct wheel *wheel, uint32_t i, uint64_t when_ns);

/* Advance the time, then take one timer that is due: true with *ret_i. That timer is then
 * cleared. */
bool wheel_take(struct wheel *wheel, uint64_t now_ns, uint32_t *ret_i);

/* When to call wheel_take() next; UINT64_MAX: no timer is set. Never early, at most one tick
 * late. */
uint64_t wheel_next(const struct wheel *wheel);

#endif
