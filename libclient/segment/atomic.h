/* SPDX-License-Identifier: MIT */
/*
 * Every memory ordering that trackd uses, by name. The segment is shared with processes that may
 * stop or die at any instruction, so all access to it goes through these. The compiler may repeat a
 * plain load, but a value that was checked must be the value that is used.
 *
 * The pairs. The left side publishes; a process that loads the value on the right sees all earlier
 * stores.
 *
 *   stamp, version + 1      store_release  edit.h     load_acquire   view.h view.c record.c event.c
 *   stamp, LIVE             store_release  tenant.c   load_acquire   the same, index.c daemon/
 *   stamp, CLAIMED          fence_release  ring.c     fence_acquire  before the second load: view.h
 *   copy not current        fence_release  edit.h       view.c record.c event.c index.c
 *   stamp, REMOVING, FREE   store_release  slot.c     load_acquire   index.c event.c ring.c
 *   link                    store_release  index.c    load_acquire   index.c daemon/
 *   link, loaded again                                fence_acquire  index.c walk_enter, walk_leave
 *   used bit set            cas_acq_rel    ring.c     load_acquire   of the stamp, LIVE
 *   used bit clear          and_release    map.c      the record's mutex
 *   deadline, shortened     store_release  edit.h     load_acquire   of the stamp before it
 *   event entry             store_release  event.c    load_acquire   event.c read_entry
 *   event_next              add_release    event.c    load_acquire   event.c event_head
 *   tick                    add_release    event.c    load_acquire   event.c event_tick
 *   event, then armed       fence_full     event.c    fence_full     doorbell.c
 *   repair_due              store_release  repair_due.c  exchange_acq_rel  repair_due_clear
 *   client claim            fence_release  worker.c   fence_acquire  worker.c worker_read
 *   client ready            store_release  worker.c   load_acquire   worker.c worker_read
 *   client_change           add_release    worker.c   load_acquire   liveness.c
 *   number of kinds         store_release  kind.c     load_acquire   kind.c kind_count
 *   daemon_epoch            add_release    segment.c  fence_acquire  attach.c attach_again
 *   commit, then closed     fence_full     produce.c  fence_full     segment.c segment_close
 *   mapping, fork mark      store_release  attach.c   load_acquire   client.h attach.c
 *
 * A fence_release() separates the store that claims something (a stamp, a client entry) from the
 * stores that fill it, because neither a release nor a compare-and-swap orders later stores after
 * itself. A fence_acquire() separates the loads of filled data from the second load that detects a
 * new claim, because an acquire load does not order earlier loads before itself (H.-J. Boehm, "Can
 * seqlocks get along with programming language memory models?", MSPC 2012). Data guarded by a mutex
 * needs neither. tests/unit/libclient/test_orders.c runs these protocols in every order that a
 * processor such as arm64 allows, and shows that each ordering is needed.
 */
#ifndef TRACKD_SEGMENT_ATOMIC_H
#define TRACKD_SEGMENT_ATOMIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define load_relaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define add_relaxed(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define add_release(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELEASE)
#define or_relaxed(p, v) __atomic_fetch_or((p), (v), __ATOMIC_RELAXED)
#define and_relaxed(p, v) __atomic_fetch_and((p), (v), __ATOMIC_RELAXED)
#define and_release(p, v) __atomic_fetch_and((p), (v), __ATOMIC_RELEASE)
#define exchange_acq_rel(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)

/* Compare-and-swap; on failure *expected is set to the value found. */
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
/* ThreadSanitizer does not model fences, and gcc warns about that. The data that the fences order
 * is accessed by relaxed atomics, which ThreadSanitizer does not report, so the warning can be
 * ignored. */
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
 * data race. Both addresses are aligned to 8; n is in words. The words overlay fields of other
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
