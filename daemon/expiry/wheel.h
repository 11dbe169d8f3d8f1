/* SPDX-License-Identifier: MIT */
/*
 * A timer wheel with at most one timer a slot, private to the daemon. Setting and clearing are a
 * few stores; time passes in ticks of 2^25 ns (34 ms), counted in 64 bits from the boot. Four levels
 * of 256 buckets reach 4.5 years; a timer that is set more than half of that away comes up then and is
 * set again. Lazy: the caller that takes a timer checks whether its time
 * has really come.
 */
#ifndef TRACKD_DAEMON_EXPIRY_WHEEL_H
#define TRACKD_DAEMON_EXPIRY_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

enum { WHEEL_LEVELS = 4, WHEEL_BUCKETS = 256 };

struct wheel_bucket {
	uint32_t first;    /* timer + 1; 0: none */
	uint64_t earliest; /* tick: no timer in it is due before */
};

struct wheel {
	uint32_t n;
	uint64_t now; /* tick up to which time has passed */
	uint32_t count[WHEEL_LEVELS];
	struct wheel_bucket bucket[WHEEL_LEVELS][WHEEL_BUCKETS];
	struct wheel_bucket due;
	struct wheel_timer *timers;
};

/* n timers, none set. 0 or -ENOMEM. Memory is touched only for timers that are used. */
int wheel_init(struct wheel *ret_wheel, uint32_t n, uint64_t now_ns);
void wheel_free(struct wheel *wheel);

/* Set timer i, or set it anew. A time that has passed is due at once; UINT64_MAX clears it. */
void wheel_set(struct wheel *wheel, uint32_t i, uint64_t when_ns);
/* Set it unless it is set to an earlier time already. */
void wheel_set_earlier(struct wheel *wheel, uint32_t i, uint64_t when_ns);

/* Let time pass, then take one timer that is due: true with *ret_i, which is then cleared. */
bool wheel_take(struct wheel *wheel, uint64_t now_ns, uint32_t *ret_i);

/* When wheel_take() should next be asked; UINT64_MAX: no timer is set. Never early, at most a tick
 * late. */
uint64_t wheel_next(const struct wheel *wheel);

#endif
