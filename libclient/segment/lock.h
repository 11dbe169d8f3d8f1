/* SPDX-License-Identifier: MIT */
/*
 * The process-shared robust mutexes of the segment. Only lock.c uses pthread_mutex_t.
 *
 * A holder may die at any instruction. The next process to lock the mutex gets LOCK_RECOVERED, and
 * the mutex is already marked consistent. Every store leaves the segment in a state that repair can
 * complete, so the caller continues and sets repair_due. Order: id stripe, owner stripe; while
 * holding stripes, a process only tries a record's mutex.
 */
#ifndef TRACKD_SEGMENT_LOCK_H
#define TRACKD_SEGMENT_LOCK_H

#include "libclient/segment/layout.h"
#include <stdbool.h>
#include <stdint.h>

enum {
	LOCK_RECOVERED = 1, /* locked, and the previous holder died while holding it */
	LOCK_TRY = 0,       /* as a deadline: do not wait */
};

/* Initialise a mutex in memory that is zeroed or was a mutex. 0 or -errno. */
int lock_init(union layout_mutex *mutex);

/*
 * Lock, waiting until deadline (CLOCK_MONOTONIC ns, or LOCK_TRY). Returns 0, LOCK_RECOVERED, -EBUSY
 * (LOCK_TRY), TRACKD_E_BUSY (deadline passed, also when this thread holds it itself), or
 * TRACKD_E_DAMAGED. While it waits it calls lock_rescue(), in case the kernel missed the holder's
 * death.
 */
int lock_take(union layout_mutex *mutex, uint64_t deadline);
void lock_drop(union layout_mutex *mutex);

/* Whether the kernel has marked the mutex: the holder died and no process has locked it since. One
 * load. */
bool lock_orphaned(const union layout_mutex *mutex);

/* Whether the mutex is free and its last holder did not die while holding it. If so, that holder's
 * stores are visible. */
bool lock_is_free(const union layout_mutex *mutex);

/* The holder's thread id in its pid namespace; 0: the mutex is free. */
int lock_holder(const union layout_mutex *mutex);

/*
 * If the holder's thread no longer exists or is a zombie, do what the kernel should have done: mark
 * the word and wake a waiter. (The OOM reaper can free a robust list's memory before the kernel
 * walks it.) Returns whether it did. Makes system calls if the mutex is held, so call it only after
 * waiting for a while, and in sweeps.
 */
bool lock_rescue(union layout_mutex *mutex);

/* A lock private to this process. All zero means free, so it is free in a forked child. */
union local_lock {
	uint8_t bytes[48];
	uint64_t align;
};
void local_lock_take(union local_lock *lock);
bool local_lock_try(union local_lock *lock);
void local_lock_drop(union local_lock *lock);

#endif
