/* SPDX-License-Identifier: MIT */
/*
 * Every memory ordering that trackd uses, by name. The segment is shared with processes that may
 * stop or die at any instruction, so all access to it goes through these: a plain load may be
 * repeated by the compiler, and a value that was checked must be the value that is used.
 *
 * The pairs, and where they stand:
 *   store_release(stamp)  edit.h tenant.c slot.c   with  load_acquire(stamp)  view.h index.c
 *   fence_release()       edit.h, before a fill    with  fence_acquire()      view.h index.c, before
 *                                                                             the second look
 *   store_release(link)   index.c                  with  load_acquire(link)   index.c
 *   fence_full()          event.c event_ring()     with  fence_full()         daemon/doorbell.c
 *
 * fence_release before a fill keeps the fill behind the stamp of the publish before it;
 * fence_acquire before the second look at a stamp keeps what was read of the copy in front of that
 * look (H.-J. Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012).
 */
#ifndef TRACKD_ATOMIC_H
#define TRACKD_ATOMIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define load_relaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define add_relaxed(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define or_relaxed(p, v) __atomic_fetch_or((p), (v), __ATOMIC_RELAXED)
#define and_relaxed(p, v) __atomic_fetch_and((p), (v), __ATOMIC_RELAXED)
#define exchange_acq_rel(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)

/* Compare-and-swap; on failure *expected becomes what was found. */
#define cas_acq_rel(p, expected, desired)                                                          \
	__atomic_compare_exchange_n((p), (expected), (desired), false, __ATOMIC_ACQ_REL,           \
				    __ATOMIC_ACQUIRE)
#define cas_relaxed(p, expected, desired)                                                          \
	__atomic_compare_exchange_n((p), (expected), (desired), false, __ATOMIC_RELAXED,           \
				    __ATOMIC_RELAXED)

#if defined(__SANITIZE_THREAD__)
#define TRACKD_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TRACKD_TSAN 1
#endif
#endif

#ifdef TRACKD_TSAN
/* ThreadSanitizer does not model fences. The data around ours are relaxed atomics, which it does
 * not report, so the fences themselves may stay what they are; gcc only warns that it cannot see
 * them. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wtsan"
#endif
#endif

static inline void fence_acquire(void)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

static inline void fence_release(void)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void fence_full(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline void prefetch(const void *address)
{
	__builtin_prefetch(address, 0, 3);
}

/* Copies between the segment and private memory in relaxed 64-bit words, so that neither side is a
 * data race. Both addresses are aligned to 8; n is in words. The words lie over fields of other
 * types. */
typedef uint64_t __attribute__((may_alias)) word_t;

static inline void words_store(void *to, const void *from, size_t n)
{
	word_t *t = to;
	const word_t *f = from;

	for (size_t i = 0; i < n; i++)
		store_relaxed(&t[i], f[i]);
}

static inline void words_load(void *to, const void *from, size_t n)
{
	word_t *t = to;
	const word_t *f = from;

	for (size_t i = 0; i < n; i++)
		t[i] = load_relaxed(&f[i]);
}

#endif
