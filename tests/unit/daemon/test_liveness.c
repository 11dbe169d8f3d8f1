/* SPDX-License-Identifier: MIT */
/* Which process is watched as which worker: a BIND message is accepted only if it matches its
 * sender. */
#include "libclient/record/worker.h"
#include "tests/harness/bare_daemon.h"
#include "tests/harness/client.h"
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CAPACITY = 16, LIMIT_MS = 30000 };

/* Two workers, each with a task. */
static pid_t worker, other;
static uint64_t worker_number, other_number;
static struct trackd_ref task, others_task;

static void start_workers(void)
{
	struct board *board = &bare_daemon.board;

	bare_daemon_watch();
	worker = client_start();
	other = client_start();
	worker_number = client_claim(board, worker);
	other_number = client_claim(board, other);
	task = bare_daemon_give("task", worker_number);
	others_task = bare_daemon_give("others-task", other_number);
}

static void end_worker(pid_t *pid)
{
	if (*pid > 0)
		(void)harness_kill(*pid, SIGKILL);
	*pid = 0;
}

static void end_workers(void)
{
	end_worker(&worker);
	end_worker(&other);
}

/* ---- What happens ---------------------------------------------------------- */

static int pidfd_of(pid_t pid)
{
	return harness_must((int)syscall(SYS_pidfd_open, pid, 0), "pidfd_open");
}

/* A BIND message for worker `number`, from the process with that pid and pidfd. */
static void bind_as(uint64_t number, pid_t pid, int pidfd)
{
	liveness_bind(&bare_daemon.liveness, (uint32_t)number - 1, (uint32_t)(number >> 32), pid,
		      pidfd);
}

static bool turn(struct trackd_ref ref)
{
	(void)bare_daemon_turn();
	return bare_daemon_state_of(ref) == TRACKD_FAILED;
}

static bool becomes_lost(struct trackd_ref ref)
{
	return HARNESS_SEES(turn(ref), LIMIT_MS);
}

/* ---- Tests ----------------------------------------------------------------- */

static void one_that_binds_itself_is_watched(void **state)
{
	(void)state;
	bind_as(worker_number, worker, pidfd_of(worker));
	assert_int_equal(bare_daemon.liveness.n_watched, 1);
	end_worker(&worker);
	assert_true(becomes_lost(task));
	assert_int_equal(bare_daemon_state_of(others_task), TRACKD_ACTIVE);
}

static void one_that_claims_to_be_another_is_not_believed(void **state)
{
	(void)state;
	bind_as(worker_number, other, pidfd_of(other));
	assert_int_equal(bare_daemon.liveness.n_watched, 0);
	end_worker(&other);
	bare_daemon_settle();
	assert_int_equal(bare_daemon_state_of(task), TRACKD_ACTIVE);
	liveness_walk(&bare_daemon.liveness, true);
	bare_daemon_settle();
	assert_int_equal(bare_daemon_state_of(task), TRACKD_ACTIVE);
	end_worker(&worker);
	assert_true(becomes_lost(task));
}

static void a_bind_with_a_wrong_entry_is_ignored(void **state)
{
	(void)state;
	bind_as(worker_number + (UINT64_C(1) << 32), worker, pidfd_of(worker));
	bind_as(LAYOUT_CLIENTS + 1, worker, pidfd_of(worker));
	bind_as(UINT32_MAX, worker, pidfd_of(worker));
	bind_as(worker_number, worker, -1);
	assert_int_equal(bare_daemon.liveness.n_watched, 0);
}

static void a_watched_worker_stays_watched(void **state)
{
	(void)state;
	liveness_walk(&bare_daemon.liveness, true);
	assert_int_equal(bare_daemon.liveness.n_watched, 2);
	bind_as(worker_number, worker, pidfd_of(other));
	assert_int_equal(bare_daemon.liveness.n_watched, 2);
	end_worker(&other);
	assert_true(becomes_lost(others_task));
	bare_daemon_settle();
	assert_int_equal(bare_daemon_state_of(task), TRACKD_ACTIVE);
}

static void a_kept_descriptor_watches_the_entry_it_was_kept_for(void **state)
{
	uint64_t number = worker_number;

	(void)state;
	liveness_restore(&bare_daemon.liveness, (uint32_t)number - 1, (uint32_t)(number >> 32) + 1,
			 pidfd_of(worker));
	assert_int_equal(bare_daemon.liveness.n_watched, 0);
	liveness_restore(&bare_daemon.liveness, (uint32_t)number - 1, (uint32_t)(number >> 32),
			 pidfd_of(worker));
	assert_int_equal(bare_daemon.liveness.n_watched, 1);
	end_worker(&worker);
	assert_true(becomes_lost(task));
}

static void a_worker_that_is_dead_when_first_seen_loses_its_task(void **state)
{
	(void)state;
	end_worker(&worker);
	liveness_walk(&bare_daemon.liveness, true);
	assert_true(becomes_lost(task));
	assert_int_equal(bare_daemon.liveness.n_watched, 1);
	assert_int_equal(bare_daemon_state_of(others_task), TRACKD_ACTIVE);
}

/* Give a dead worker's entry to another process, as if that process had claimed it. */
static uint64_t hand_on(const struct worker_info *dead, pid_t pid)
{
	struct layout_client *client = &bare_daemon.board.clients[dead->entry];
	uint32_t generation = dead->generation + 1;

	client->claim = claim_make(generation, (uint32_t)pid);
	client->ready = generation;
	return worker_make(dead->entry, generation);
}

/* Another process claims the dead worker's entry before the scan: its tasks do not fail with the
 * dead worker's. */
static void the_next_holder_of_a_dead_ones_entry_keeps_its_task(void **state)
{
	struct worker_info dead;

	(void)state;
	assert_true(worker_resolve(&bare_daemon.board, worker_number, &dead));
	end_worker(&worker);
	struct trackd_ref living = bare_daemon_give("living", hand_on(&dead, getpid()));
	/* After the live worker's task, so that the scan has passed that. */
	struct trackd_ref last = bare_daemon_give("last", worker_number);
	dead_workers_add(&bare_daemon.dead_workers, &dead, 0);
	assert_true(becomes_lost(last));
	assert_int_equal(bare_daemon_state_of(task), TRACKD_FAILED);
	assert_int_equal(bare_daemon_state_of(living), TRACKD_ACTIVE);
}

#define WATCHED(test) BARE_DAEMON(test, CAPACITY, start_workers, end_workers)

static const struct CMUnitTest tests[] = {
	WATCHED(one_that_binds_itself_is_watched),
	WATCHED(one_that_claims_to_be_another_is_not_believed),
	WATCHED(a_bind_with_a_wrong_entry_is_ignored),
	WATCHED(a_watched_worker_stays_watched),
	WATCHED(a_kept_descriptor_watches_the_entry_it_was_kept_for),
	WATCHED(a_worker_that_is_dead_when_first_seen_loses_its_task),
	WATCHED(the_next_holder_of_a_dead_ones_entry_keeps_its_task),
};

SUITE(tests)
