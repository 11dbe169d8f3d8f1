/* SPDX-License-Identifier: MIT */
/* The mutexes of the segment: what happens when their holders die, stop, or fork. */
#include "libclient/segment/atomic.h"
#include "libclient/segment/clock.h"
#include "libclient/segment/lock.h"
#include "tests/harness/client.h"
#include "tests/harness/own_board.h"
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The size of a robust list's head that the kernel requires. */
#define ROBUST_LIST_HEAD sizeof(struct robust_list_head)

static union layout_mutex *mutex;

static void choose(void)
{
	mutex = &own_board.bodies[3].mutex;
}

static uint32_t *futex_word(void)
{
	return (uint32_t *)(void *)mutex;
}

/* An otherwise unused word of the segment, for signalling. */
static uint32_t *flag(void)
{
	return &own_board.header->reserved8[0];
}

/* ---- Holders that live --------------------------------------------------- */

static void a_free_mutex_is_taken_and_dropped(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(lock_take(mutex, i ? harness_deadline(1000) : LOCK_TRY), 0);
		assert_int_equal(*futex_word() & FUTEX_TID_MASK, gettid());
		lock_drop(mutex);
		assert_int_equal(*futex_word(), 0);
	}
}

static void trying_does_not_wait(void **state)
{
	pid_t pid = client_holding_lock(mutex);

	(void)state;
	assert_int_equal(lock_take(mutex, LOCK_TRY), -EBUSY);
	harness_kill(pid, SIGKILL);
}

static void a_thread_that_holds_it_does_not_wait_for_itself_for_ever(void **state)
{
	(void)state;
	assert_int_equal(lock_take(mutex, LOCK_TRY), 0);
	assert_int_equal(lock_take(mutex, LOCK_TRY), -EBUSY);
	int error = lock_take(mutex, harness_deadline(80));
	assert_true(error == TRACKD_E_BUSY || error == -EDEADLK);
	lock_drop(mutex);
}

static void the_deadline_is_honoured_against_a_stopped_holder(void **state)
{
	pid_t pid = client_holding_lock(mutex);

	(void)state;
	harness_stop(pid);
	uint64_t deadline = harness_deadline(130);
	assert_int_equal(lock_take(mutex, deadline), TRACKD_E_BUSY);
	uint64_t now = clock_monotonic_ns();
	assert_true(now >= deadline && now < deadline + 5 * NS_PER_S);
	assert_int_equal(*futex_word() & FUTEX_TID_MASK, pid); /* still the holder's */
	assert_false(lock_orphaned(mutex));
	/* A past deadline does not wait. */
	assert_int_equal(lock_take(mutex, 1), TRACKD_E_BUSY);
	harness_kill(pid, SIGKILL);
	assert_int_equal(lock_take(mutex, harness_soon()), LOCK_RECOVERED);
	lock_drop(mutex);
}

static void a_waiter_gets_it_when_it_is_dropped(void **state)
{
	(void)state;
	assert_int_equal(lock_take(mutex, LOCK_TRY), 0);
	pid_t pid = harness_fork();
	if (pid == 0)
		_exit(lock_take(mutex, harness_deadline(15000)) == 0 ? 0 : 1);
	HARNESS_WAIT((load_relaxed(futex_word()) & FUTEX_WAITERS) != 0, 30000);
	lock_drop(mutex);
	assert_int_equal(harness_reap(pid), 0);
	assert_int_equal(lock_take(mutex, harness_soon()), LOCK_RECOVERED);
	lock_drop(mutex);
}

enum { COUNTERS = 4, ROUNDS = 20000 };

static void no_two_hold_it_at_once(void **state)
{
	volatile uint32_t *counted = &own_board.header->reserved8[1];
	pid_t pids[COUNTERS];

	(void)state;
	for (int i = 0; i < COUNTERS; i++) {
		pids[i] = harness_fork();
		if (pids[i] != 0)
			continue;
		for (int n = 0; n < ROUNDS; n++) {
			if (lock_take(mutex, harness_deadline(15000)) != 0)
				_exit(1);
			*counted = *counted + 1;
			lock_drop(mutex);
		}
		_exit(0);
	}
	for (int i = 0; i < COUNTERS; i++)
		assert_int_equal(harness_reap(pids[i]), 0);
	assert_int_equal(*counted, COUNTERS * ROUNDS);
}

/* ---- Holders that die ---------------------------------------------------- */

static void a_holders_death_is_reported_once_and_the_mutex_still_works(void **state)
{
	HARNESS_NEEDS_ROBUST_LISTS();
	pid_t pid = client_holding_lock(mutex);

	(void)state;
	assert_false(lock_orphaned(mutex));
	harness_kill(pid, SIGKILL);
	assert_true(lock_orphaned(mutex));
	assert_int_equal(lock_take(mutex, LOCK_TRY), LOCK_RECOVERED);
	assert_false(lock_orphaned(mutex));
	lock_drop(mutex);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(lock_take(mutex, LOCK_TRY), 0);
		lock_drop(mutex);
	}
}

static void a_death_wakes_waiters(void **state)
{
	pid_t pid = client_holding_lock(mutex);
	pid_t waiter = harness_fork();

	(void)state;
	if (waiter == 0) {
		int error = lock_take(mutex, harness_deadline(15000));
		lock_drop(mutex);
		_exit(error == LOCK_RECOVERED ? 0 : 1);
	}
	HARNESS_WAIT((load_relaxed(futex_word()) & FUTEX_WAITERS) != 0, 30000);
	harness_kill(pid, SIGKILL);
	assert_int_equal(harness_reap(waiter), 0);
	assert_int_equal(lock_take(mutex, LOCK_TRY), 0);
	lock_drop(mutex);
}

/* Unlock without pthread_mutex_consistent(), which lock.c prevents. */
static void a_mutex_that_is_lost_for_ever_is_damage(void **state)
{
	HARNESS_NEEDS_ROBUST_LISTS();
	const uint64_t deadlines[] = { LOCK_TRY, harness_deadline(10000) };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		mutex = &own_board.bodies[i].mutex;
		pthread_mutex_t *native = (void *)mutex;
		harness_kill(client_holding_lock(mutex), SIGKILL);
		assert_int_equal(pthread_mutex_lock(native), EOWNERDEAD);
		assert_int_equal(pthread_mutex_unlock(native), 0);
		assert_int_equal(lock_take(mutex, deadlines[i]), TRACKD_E_DAMAGED);
	}
}

static void a_mutex_of_an_unknown_type_is_damage(void **state)
{
	(void)state;
	memset(mutex->bytes + 16, 0x7f, 4);
	assert_int_equal(lock_take(mutex, LOCK_TRY), TRACKD_E_DAMAGED);
}

static void init_resets_a_former_mutex(void **state)
{
	(void)state;
	harness_kill(client_holding_lock(mutex), SIGKILL);
	assert_int_equal(lock_init(mutex), 0);
	assert_int_equal(lock_take(mutex, LOCK_TRY), 0);
	lock_drop(mutex);
}

/* ---- Holders whose death the kernel missed ------------------------------- */

static void the_dead_are_rescued_and_the_living_are_not(void **state)
{
	HARNESS_NEEDS_ROBUST_LISTS();
	pid_t pid = client_holding_lock(mutex);

	(void)state;
	assert_false(lock_rescue(mutex)); /* alive */
	harness_stop(pid);
	assert_false(lock_rescue(mutex)); /* stopped is alive */
	harness_kill(pid, SIGKILL);
	assert_false(lock_rescue(mutex)); /* the kernel has marked it */
	assert_int_equal(lock_take(mutex, LOCK_TRY), LOCK_RECOVERED);
	assert_false(lock_rescue(mutex)); /* ours */
	lock_drop(mutex);
	assert_false(lock_rescue(mutex)); /* free */
	*futex_word() = (uint32_t)client_ended() | FUTEX_WAITERS;
	assert_true(lock_rescue(mutex));
	assert_int_equal(*futex_word(), FUTEX_OWNER_DIED | FUTEX_WAITERS);
	assert_int_equal(lock_take(mutex, LOCK_TRY), LOCK_RECOVERED);
	lock_drop(mutex);
	assert_int_equal(lock_take(mutex, LOCK_TRY), 0);
	lock_drop(mutex);
}

static void *sleep_on(void *tid)
{
	store_release((uint32_t *)tid, (uint32_t)gettid());
	for (;;)
		pause();
	return NULL;
}

/* A thread holds a mutex: one that is not the first of its process is alive too. */
static void a_living_thread_is_not_rescued_from(void **state)
{
	uint32_t *tid = flag();
	pid_t pid = harness_fork();

	(void)state;
	if (pid == 0) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, sleep_on, tid) != 0)
			_exit(1);
		sleep_on(&own_board.header->reserved8[2]);
	}
	HARNESS_WAIT(load_acquire(tid) != 0, 30000);
	assert_int_not_equal(*tid, pid);
	*futex_word() = *tid;
	assert_false(lock_rescue(mutex));
	harness_kill(pid, SIGKILL);
	assert_true(lock_rescue(mutex));
}

/* A child that holds the mutex and whose robust list the kernel no longer knows. Its first thread
 * then calls then(). */
static pid_t forgotten_holder(void (*then)(void))
{
	pid_t pid = harness_fork();

	if (pid == 0) {
		if (lock_take(mutex, LOCK_TRY) < 0 ||
		    syscall(SYS_set_robust_list, NULL, ROBUST_LIST_HEAD) < 0)
			_exit(1);
		then();
	}
	return pid;
}

static void end_process(void)
{
	_exit(0);
}

static void end_first_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, sleep_on, flag()) != 0)
		_exit(1);
	while (load_acquire(flag()) == 0)
		sched_yield();
	/* Not pthread_exit(), which takes internal locks. */
	(void)syscall(SYS_exit, 0);
}

/* The child has ended, and its parent may never wait for it. */
static void a_zombie_is_rescued_from(void **state)
{
	siginfo_t info;
	pid_t pid = forgotten_holder(end_process);

	(void)state;
	HARNESS_NEEDS_ROBUST_LISTS();
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(*futex_word() & FUTEX_TID_MASK, pid);
	assert_int_equal(kill(pid, 0), 0); /* it still exists */
	assert_int_equal(lock_take(mutex, LOCK_TRY), -EBUSY);
	assert_int_equal(lock_take(mutex, harness_deadline(10000)), LOCK_RECOVERED);
	lock_drop(mutex);
	assert_int_equal(harness_reap(pid), 0);
}

static void so_is_a_first_thread_that_ended_before_its_process(void **state)
{
	pid_t pid = forgotten_holder(end_first_thread);

	(void)state;
	HARNESS_NEEDS_ROBUST_LISTS();
	HARNESS_WAIT(lock_rescue(mutex), 10000);
	assert_int_equal(lock_take(mutex, LOCK_TRY), LOCK_RECOVERED);
	lock_drop(mutex);
	/* Make the other thread the holder. */
	*futex_word() = load_acquire(flag());
	assert_false(lock_rescue(mutex));
	harness_kill(pid, SIGKILL);
	assert_true(lock_rescue(mutex));
}

/* A process unmaps the board while it holds a mutex, so the kernel cannot walk its list. */
static void an_abandoned_mutex_can_be_locked(void **state)
{
	pid_t pid = harness_fork();

	(void)state;
	if (pid == 0) {
		int error = lock_take(mutex, LOCK_TRY);
		segment_unmap(&own_board);
		_exit(error);
	}
	assert_int_equal(harness_reap(pid), 0);
	assert_int_equal(*futex_word() & FUTEX_TID_MASK, pid);
	assert_false(lock_orphaned(mutex));
	assert_int_equal(lock_take(mutex, LOCK_TRY), -EBUSY);
	assert_int_equal(lock_take(mutex, harness_deadline(10000)), LOCK_RECOVERED);
	lock_drop(mutex);
	assert_int_equal(lock_take(mutex, LOCK_TRY), 0);
	lock_drop(mutex);
}

/* Sleep only in the C library, so that only a wake-up can end it in time. */
static _Noreturn void wait_in_c_library(uint32_t *asleep)
{
	struct timespec until;
	pthread_mutex_t *native = (void *)mutex;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += 15;
	add_relaxed(asleep, 1);
	int error = pthread_mutex_clocklock(native, CLOCK_MONOTONIC, &until);
	if (error == EOWNERDEAD)
		(void)pthread_mutex_consistent(native);
	if (error == 0 || error == EOWNERDEAD)
		(void)pthread_mutex_unlock(native);
	_exit(error);
}

static void both_waiters_wake_after_a_rescue(void **state)
{
	uint32_t *asleep = flag();
	pid_t pids[2];
	int errors[2];

	(void)state;
	*futex_word() = (uint32_t)client_ended();
	for (int i = 0; i < 2; i++) {
		pids[i] = harness_fork();
		if (pids[i] == 0)
			wait_in_c_library(asleep);
	}
	HARNESS_WAIT(load_relaxed(asleep) == 2 && client_sleeps(pids[0]) && client_sleeps(pids[1]),
		     30000);
	assert_true(lock_rescue(mutex));
	for (int i = 0; i < 2; i++)
		errors[i] = harness_reap(pids[i]);
	assert_int_equal(errors[0] + errors[1], EOWNERDEAD);
	assert_true(errors[0] == 0 || errors[1] == 0);
}

/* ---- Forks --------------------------------------------------------------- */

static void a_forked_childs_unlock_does_nothing(void **state)
{
	(void)state;
	assert_int_equal(lock_take(mutex, LOCK_TRY), 0);
	pid_t pid = harness_fork();
	if (pid == 0) {
		lock_drop(mutex);
		_exit(lock_take(mutex, LOCK_TRY) == -EBUSY ? 0 : 1);
	}
	assert_int_equal(harness_reap(pid), 0);
	assert_int_equal(*futex_word() & FUTEX_TID_MASK, gettid());
	lock_drop(mutex);
	assert_int_equal(*futex_word(), 0);
}

#define OWN_MUTEX(test) OWN_BOARD_PREPARED(test, 64, choose)

static const struct CMUnitTest tests[] = {
	OWN_MUTEX(a_free_mutex_is_taken_and_dropped),
	OWN_MUTEX(trying_does_not_wait),
	OWN_BOARD_PREPARED(a_thread_that_holds_it_does_not_wait_for_itself_for_ever, 64, choose),
	OWN_MUTEX(the_deadline_is_honoured_against_a_stopped_holder),
	OWN_MUTEX(a_waiter_gets_it_when_it_is_dropped),
	OWN_MUTEX(no_two_hold_it_at_once),
	OWN_MUTEX(a_holders_death_is_reported_once_and_the_mutex_still_works),
	OWN_MUTEX(a_death_wakes_waiters),
	OWN_MUTEX(a_mutex_that_is_lost_for_ever_is_damage),
	OWN_MUTEX(a_mutex_of_an_unknown_type_is_damage),
	OWN_MUTEX(init_resets_a_former_mutex),
	OWN_MUTEX(the_dead_are_rescued_and_the_living_are_not),
	OWN_MUTEX(a_living_thread_is_not_rescued_from),
	OWN_MUTEX(a_zombie_is_rescued_from),
	OWN_MUTEX(so_is_a_first_thread_that_ended_before_its_process),
	OWN_MUTEX(an_abandoned_mutex_can_be_locked),
	OWN_MUTEX(both_waiters_wake_after_a_rescue),
	OWN_MUTEX(a_forked_childs_unlock_does_nothing),
};

SUITE(tests)
