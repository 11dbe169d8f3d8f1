/* SPDX-License-Identifier: MIT */
/*
 * Robust process-shared mutexes. This relies on glibc's layout: the first word is the futex, with
 * the owner's TID and the kernel's FUTEX_OWNER_DIED and FUTEX_WAITERS bits. The fingerprint rejects
 * other C libraries.
 */
#include "libclient/segment/lock.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/clock.h"
#include "libclient/segment/process.h"
#include "libclient/trackd.h"
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static_assert(sizeof(pthread_mutex_t) <= sizeof(union layout_mutex), "mutex size");
static_assert(_Alignof(pthread_mutex_t) <= _Alignof(union layout_mutex), "mutex alignment");
static_assert(offsetof(pthread_mutex_t, __data.__lock) == 0, "the futex word comes first");
static_assert(sizeof(pthread_mutex_t) <= sizeof(union local_lock), "local lock size");

/* How long a waiter sleeps before it checks whether the holder still exists. */
static const uint64_t LOOK_NS = 50 * NS_PER_MS;

static pthread_mutex_t *native(union layout_mutex *mutex)
{
	return (pthread_mutex_t *)(void *)mutex;
}

int lock_init(union layout_mutex *mutex)
{
	pthread_mutexattr_t attributes;
	int error = pthread_mutexattr_init(&attributes);

	if (error != 0)
		return -error;
	(void)pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	(void)pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	error = pthread_mutex_init(native(mutex), &attributes);
	(void)pthread_mutexattr_destroy(&attributes);
	return -error;
}

/* Translate an error of the C library. After a death, mark the mutex consistent at once: unlocking
 * an inconsistent mutex makes it unusable for ever (ENOTRECOVERABLE). */
static int taken(union layout_mutex *mutex, int error)
{
	switch (error) {
	case 0:
		return 0;
	case EOWNERDEAD:
		(void)pthread_mutex_consistent(native(mutex));
		return LOCK_RECOVERED;
	case ENOTRECOVERABLE:
	case EINVAL:
		return TRACKD_E_DAMAGED;
	default:
		return -error;
	}
}

static int wait_until(pthread_mutex_t *mutex, uint64_t until)
{
#ifdef TRACKD_TSAN
	/* ThreadSanitizer does not intercept clocklock and would report accesses under the mutex as
	 * races. */
	uint64_t now = clock_monotonic_ns();
	until = (uint64_t)clock_wall_ns() + (until > now ? until - now : 0);
#endif
	struct timespec ts = { .tv_sec = (time_t)(until / NS_PER_S),
			       .tv_nsec = (long)(until % NS_PER_S) };
#ifdef TRACKD_TSAN
	return pthread_mutex_timedlock(mutex, &ts);
#else
	return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &ts);
#endif
}

static int lock_wait(union layout_mutex *mutex, uint64_t deadline)
{
	for (;;) {
		uint64_t now = clock_monotonic_ns();
		uint64_t slice = now + LOOK_NS < deadline ? now + LOOK_NS : deadline;
		int error = taken(mutex, wait_until(native(mutex), slice));

		if (error != -ETIMEDOUT)
			return error;
		if (lock_rescue(mutex))
			continue;
		if (slice >= deadline)
			return TRACKD_E_BUSY;
	}
}

static __attribute__((noinline)) int lock_otherwise(union layout_mutex *mutex, int error,
						    uint64_t deadline)
{
	error = taken(mutex, error);
	if (error != -EBUSY || deadline == LOCK_TRY)
		return error;
	return lock_wait(mutex, deadline);
}

int lock_take(union layout_mutex *mutex, uint64_t deadline)
{
	int error = pthread_mutex_trylock(native(mutex));

	return __builtin_expect(error == 0, 1) ? 0 : lock_otherwise(mutex, error, deadline);
}

void lock_drop(union layout_mutex *mutex)
{
	(void)pthread_mutex_unlock(native(mutex));
}

static uint32_t *futex_word(union layout_mutex *mutex)
{
	return (uint32_t *)(void *)mutex;
}

bool lock_orphaned(const union layout_mutex *mutex)
{
	return (load_relaxed((const uint32_t *)(const void *)mutex) & FUTEX_OWNER_DIED) != 0;
}

bool lock_is_free(const union layout_mutex *mutex)
{
	/* Pairs with the release in the C library's unlock. */
	return load_acquire((const uint32_t *)(const void *)mutex) == 0;
}

int lock_holder(const union layout_mutex *mutex)
{
	return (int)(load_relaxed((const uint32_t *)(const void *)mutex) & FUTEX_TID_MASK);
}

bool lock_rescue(union layout_mutex *mutex)
{
	uint32_t *word = futex_word(mutex);
	uint32_t seen = load_relaxed(word);
	uint32_t holder = seen & FUTEX_TID_MASK;

	if (holder == 0 || (seen & FUTEX_OWNER_DIED) != 0 || !thread_dead((pid_t)holder))
		return false;
	if (!cas_acq_rel(word, &seen, FUTEX_OWNER_DIED | FUTEX_WAITERS))
		return false;
	(void)syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
	return true;
}

static pthread_mutex_t *local(union local_lock *lock)
{
	return (pthread_mutex_t *)(void *)lock;
}

void local_lock_take(union local_lock *lock)
{
	(void)pthread_mutex_lock(local(lock));
}

bool local_lock_try(union local_lock *lock)
{
	return pthread_mutex_trylock(local(lock)) == 0;
}

void local_lock_drop(union local_lock *lock)
{
	(void)pthread_mutex_unlock(local(lock));
}
