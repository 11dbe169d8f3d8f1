/* SPDX-License-Identifier: MIT */
/*
 * The process-shared robust mutexes of the segment, and nothing else names a pthread_mutex.
 *
 * A holder may die at any instruction: the next locker gets LOCK_RECOVERED, with the mutex
 * already marked consistent. Every protocol of ours is one store away from whole at any moment, so
 * the caller goes on and raises repair_due. Order: id stripe, owner stripe; under stripes a
 * record's mutex is only tried.
 */
#ifndef TRACKD_SEGMENT_LOCK_H
#define TRACKD_SEGMENT_LOCK_H

#include "libclient/segment/layout.h"
#include <stdbool.h>
#include <stdint.h>

enum {
	LOCK_RECOVERED = 1, /* taken, and its last holder died holding it */
	LOCK_TRY = 0,       /* as a deadline: do not wait */
};

/* Make a mutex of zeroed or formerly mutex memory. 0 or -errno. */
int lock_init(union layout_mutex *mutex);

/*
 * Lock, waiting until deadline (CLOCK_MONOTONIC ns, or LOCK_TRY).
 * Returns 0, LOCK_RECOVERED, -EBUSY (LOCK_TRY), TRACKD_E_BUSY (deadline passed, also when this
 * thread holds it itself), or TRACKD_E_DAMAGED. While it waits it looks after a holder that the
 * kernel forgot (lock_rescue()).
 */
int lock_take(union layout_mutex *mutex, uint64_t deadline);
void lock_drop(union layout_mutex *mutex);

/* Whether the kernel has marked it: the holder died and it has not been locked since. One load. */
bool lock_orphaned(const union layout_mutex *mutex);

/* Whether it is free, and its last holder did not die with it. What that holder did is visible then. */
bool lock_is_free(const union layout_mutex *mutex);

/* The thread that holds it, by its id in the holder's pid namespace; 0: it is free. */
int lock_holder(const union layout_mutex *mutex);

/*
 * If the holder's thread no longer exists, or is a zombie whose parent has not waited for it, do what
 * the kernel should have done (the OOM reaper can take a robust list's memory before it is walked):
 * mark the word and wake a waiter. Returns whether it did. Some system calls if it is held, so only
 * for who has waited a while, and for sweeps.
 */
bool lock_rescue(union layout_mutex *mutex);

/* A lock of this process alone (link.c). All zero is a free one, as a forked child finds it. */
union local_lock {
	uint8_t bytes[48];
	uint64_t align;
};
void local_lock_take(union local_lock *lock);
bool local_lock_try(union local_lock *lock);
void local_lock_drop(union local_lock *lock);

#endif
