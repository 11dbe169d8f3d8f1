/* SPDX-License-Identifier: MIT */
/* The client table: which process an entry identifies, and when another process may claim it. */
#include "libclient/record/worker.h"
#include "libclient/segment/atomic.h"
#include "tests/harness/client.h"
#include "tests/harness/own_board.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static uint32_t entry_of(uint64_t worker)
{
	return (uint32_t)worker - 1;
}

/* Fill every entry with this process. */
static void fill_table(pid_t pid, uint64_t start)
{
	for (uint32_t i = 0; i < LAYOUT_CLIENTS; i++) {
		own_board.clients[i] = (struct layout_client){
			.claim = claim_make(7, (uint32_t)pid), .start_time = start, .ready = 7
		};
	}
}

/* ---- Claiming ------------------------------------------------------------ */

static void a_claim_describes_its_process(void **state)
{
	struct worker_info info;
	char comm[16];

	(void)state;
	uint32_t changes = own_board.header->client_change;
	uint64_t worker = client_claim(&own_board, getpid());
	assert_true(worker_resolve(&own_board, worker, &info));
	assert_int_equal(info.entry, entry_of(worker));
	assert_int_equal(info.generation, worker >> 32);
	assert_int_equal(info.pid, getpid());
	assert_int_equal(info.uid, geteuid());
	assert_int_equal(info.start_time, client_start_time(getpid()));
	assert_int_equal(prctl(PR_GET_NAME, comm), 0);
	assert_string_equal(info.comm, comm);
	assert_int_equal(own_board.header->client_change, changes + 1);
}

static void a_process_has_one_entry_however_often_it_claims(void **state)
{
	(void)state;
	uint64_t worker = client_claim(&own_board, getpid());
	uint32_t changes = own_board.header->client_change;
	for (int i = 0; i < 3; i++)
		assert_int_equal(client_claim(&own_board, getpid()), worker);
	assert_int_equal(own_board.header->client_change, changes);
}

static void a_forked_child_claims_its_own(void **state)
{
	uint64_t ours = client_claim(&own_board, getpid());
	struct worker_info info;

	(void)state;
	pid_t pid = harness_fork();
	if (pid == 0) {
		uint64_t worker = client_claim(&own_board, getpid());
		_exit(entry_of(worker) != entry_of(ours) &&
				      worker_resolve(&own_board, worker, &info) &&
				      info.pid == getpid()
			      ? 0
			      : 1);
	}
	assert_int_equal(harness_reap(pid), 0);
	assert_true(worker_resolve(&own_board, ours, &info));
	assert_int_equal(info.pid, getpid());
}

static void a_process_that_is_no_more_cannot_claim(void **state)
{
	uint64_t worker = 4711;
	pid_t pid = client_start();

	(void)state;
	harness_kill(pid, SIGKILL);
	assert_int_equal(worker_claim(&own_board, pid, &worker), -ESRCH);
	assert_int_equal(worker, 4711);
}

enum { CLAIMANTS = 2, ROUNDS = 700 };

/* Claim in each round at the same time as the others, and report the entry. */
static _Noreturn void claim_in_step(uint32_t *round, uint64_t *got)
{
	for (uint32_t next = 1;; next++) {
		while (load_acquire(round) != next)
			;
		store_release(got, client_claim(&own_board, getpid()));
	}
}

/* All but two entries are in use, so both claimants try the first free one at once. */
static void claimants_at_once_get_entries_of_their_own(void **state)
{
	enum { FREE = 2000 };
	uint32_t *round = &own_board.header->reserved8[0];
	uint64_t *got = own_board.header->counters.reserved;
	pid_t living = client_start(), pids[CLAIMANTS];

	(void)state;
	fill_table(living, client_start_time(living));
	for (int i = 0; i < CLAIMANTS; i++) {
		own_board.clients[FREE + i].claim = claim_make(7, 0);
		pids[i] = harness_fork();
		if (pids[i] == 0)
			claim_in_step(round, &got[i]);
	}
	for (uint32_t n = 1; n <= ROUNDS; n++) {
		store_release(round, n);
		HARNESS_WAIT(load_acquire(&got[0]) != 0 && load_acquire(&got[1]) != 0, 30000);
		if (entry_of(got[0]) == entry_of(got[1]))
			fail_msg("both have entry %u in round %u", entry_of(got[0]), n);
		for (int i = 0; i < CLAIMANTS; i++) {
			worker_free(&own_board, entry_of(got[i]), (uint32_t)(got[i] >> 32));
			got[i] = 0;
		}
	}
	for (int i = 0; i < CLAIMANTS; i++)
		harness_kill(pids[i], SIGKILL);
	harness_kill(living, SIGKILL);
}

/* ---- Taking over --------------------------------------------------------- */

static void a_full_table_of_living_processes_refuses(void **state)
{
	pid_t pid = client_start();
	uint64_t worker = 4711;

	(void)state;
	fill_table(pid, client_start_time(pid));
	assert_int_equal(worker_claim(&own_board, getpid(), &worker), TRACKD_E_TABLE_FULL);
	assert_int_equal(worker, 4711);
	harness_stop(pid); /* stopped is alive */
	assert_int_equal(worker_claim(&own_board, getpid(), &worker), TRACKD_E_TABLE_FULL);
	harness_kill(pid, SIGKILL);
	assert_int_equal(worker_claim(&own_board, getpid(), &worker), 0);
}

static void the_entry_of_a_dead_process_is_taken_with_the_next_generation(void **state)
{
	enum { DEAD = 1234 };
	pid_t living = client_start(), dying = client_start();
	struct worker_info info;

	(void)state;
	fill_table(living, client_start_time(living));
	own_board.clients[DEAD].claim = claim_make(41, (uint32_t)dying);
	own_board.clients[DEAD].start_time = client_start_time(dying);
	own_board.clients[DEAD].ready = 41;
	uint64_t old = worker_make(DEAD, 41);
	assert_true(worker_resolve(&own_board, old, &info));
	harness_kill(dying, SIGKILL);
	assert_int_equal(client_claim(&own_board, getpid()), worker_make(DEAD, 42));
	assert_false(worker_resolve(&own_board, old, &info));
	assert_true(worker_resolve(&own_board, worker_make(DEAD, 42), &info));
	assert_int_equal(info.pid, getpid());
	harness_kill(living, SIGKILL);
}

static void a_free_entry_goes_before_a_dead_ones(void **state)
{
	enum { FREE = 99 };
	pid_t dead = client_start();

	(void)state;
	harness_kill(dead, SIGKILL);
	fill_table(dead, 1);
	own_board.clients[FREE].claim = claim_make(7, 0);
	assert_int_equal(client_claim(&own_board, getpid()), worker_make(FREE, 8));
}

static void the_generation_never_becomes_zero(void **state)
{
	enum { LAST = 5 };
	pid_t pid = client_start();

	(void)state;
	fill_table(pid, client_start_time(pid));
	own_board.clients[LAST].claim = claim_make(UINT32_MAX, 0);
	assert_int_equal(client_claim(&own_board, getpid()), worker_make(LAST, 1));
	harness_kill(pid, SIGKILL);
}

/* The start time distinguishes a process from an earlier one with the same pid. */
static void another_process_of_our_pid_is_not_us(void **state)
{
	struct worker_info info;
	uint64_t earlier = client_claim(&own_board, getpid());

	(void)state;
	own_board.clients[entry_of(earlier)].start_time -= 2;
	uint64_t worker = client_claim(&own_board, getpid());
	assert_int_not_equal(entry_of(worker), entry_of(earlier));
	assert_true(worker_resolve(&own_board, worker, &info));
	assert_int_equal(info.start_time, client_start_time(getpid()));
}

static void an_entry_that_never_became_ready_is_no_worker(void **state)
{
	enum { HALF = 77 };
	struct worker_info info;
	pid_t living = client_start(), half = client_start();
	uint64_t worker;

	(void)state;
	fill_table(living, client_start_time(living));
	own_board.clients[HALF] =
		(struct layout_client){ .claim = claim_make(9, (uint32_t)half), .ready = 8 };
	assert_false(worker_read(&own_board, HALF, &info));
	assert_false(worker_resolve(&own_board, worker_make(HALF, 9), &info));
	/* Its claimant may still be filling it. */
	assert_int_equal(worker_claim(&own_board, getpid(), &worker), TRACKD_E_TABLE_FULL);
	harness_kill(half, SIGKILL);
	assert_int_equal(client_claim(&own_board, getpid()), worker_make(HALF, 10));
	harness_kill(living, SIGKILL);
}

static void only_its_own_generation_is_freed(void **state)
{
	uint64_t worker = client_claim(&own_board, getpid());
	uint32_t entry = entry_of(worker), generation = (uint32_t)(worker >> 32);
	struct worker_info info;

	(void)state;
	worker_free(&own_board, entry, generation + 1);
	worker_free(&own_board, entry, generation - 1);
	worker_free(&own_board, entry + 1, generation);
	worker_free(&own_board, UINT32_MAX, generation);
	assert_true(worker_read(&own_board, entry, &info));
	worker_free(&own_board, entry, generation);
	assert_false(worker_read(&own_board, entry, &info));
	assert_false(worker_resolve(&own_board, worker, &info));
	assert_int_equal(own_board.clients[entry].claim, claim_make(generation, 0));
	assert_int_equal(client_claim(&own_board, getpid()), worker_make(entry, generation + 1));
}

static void invalid_entries_resolve_to_no_worker(void **state)
{
	struct worker_info info;
	uint64_t worker = client_claim(&own_board, getpid());

	(void)state;
	assert_false(worker_resolve(&own_board, 0, &info));
	assert_false(worker_resolve(&own_board, worker + (UINT64_C(1) << 32), &info));
	assert_false(worker_resolve(&own_board, worker_make(LAYOUT_CLIENTS, 1), &info));
	assert_false(worker_resolve(&own_board, UINT64_MAX, &info));
	assert_false(worker_read(&own_board, LAYOUT_CLIENTS, &info));
	assert_false(worker_read(&own_board, entry_of(worker) + 1, &info));
	/* A command without a terminating NUL. */
	memset(own_board.clients[entry_of(worker)].comm, 'c', 16);
	assert_true(worker_resolve(&own_board, worker, &info));
	assert_int_equal(strlen(info.comm), 15);
}

/* ---- Processes ----------------------------------------------------------- */

static void start_times_do_not_depend_on_the_commands_name(void **state)
{
	uint64_t before = client_start_time(getpid());
	char comm[16];

	(void)state;
	prctl(PR_GET_NAME, comm);
	prctl(PR_SET_NAME, "a) Z 1 (2 3");
	assert_int_equal(client_start_time(getpid()), before);
	prctl(PR_SET_NAME, ") ) Z");
	assert_int_equal(client_start_time(getpid()), before);
	prctl(PR_SET_NAME, comm);
	assert_true(before > 0);
}

static void a_zombie_is_dead(void **state)
{
	pid_t pid = client_start();
	uint64_t start = client_start_time(pid), untouched = 4711;
	siginfo_t info;

	(void)state;
	assert_false(process_dead(pid, start));
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_true(process_dead(pid, start));
	assert_int_equal(process_start_time(pid, &untouched), -ESRCH);
	harness_reap(pid);
	assert_true(process_dead(pid, start));
	assert_int_equal(process_start_time(pid, &untouched), -ESRCH);
	assert_int_equal(untouched, 4711);
}

static void *stay_thread(void *nothing)
{
	(void)nothing;
	client_stay();
}

/* Only the leader is a zombie: the first thread has ended and another still runs. */
static void a_process_whose_first_thread_has_ended_is_alive(void **state)
{
	char path[64], stat[512];

	(void)state;
	pid_t pid = client_without_first_thread(stay_thread);
	uint64_t start = client_start_time(pid);
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	for (bool zombie = false; !zombie;) {
		FILE *file = fopen(path, "re");
		assert_non_null(file);
		assert_non_null(fgets(stat, sizeof stat, file));
		fclose(file);
		zombie = strstr(stat, ") Z ") != NULL;
		assert_false(process_dead(pid, start));
	}
	assert_int_equal(client_start_time(pid), start);
	harness_kill(pid, SIGKILL);
	assert_true(process_dead(pid, start));
}

static const struct CMUnitTest tests[] = {
	OWN_BOARD(a_claim_describes_its_process, 16),
	OWN_BOARD(a_process_has_one_entry_however_often_it_claims, 16),
	OWN_BOARD(a_forked_child_claims_its_own, 16),
	OWN_BOARD(a_process_that_is_no_more_cannot_claim, 16),
	OWN_BOARD(claimants_at_once_get_entries_of_their_own, 16),
	OWN_BOARD(a_full_table_of_living_processes_refuses, 16),
	OWN_BOARD(the_entry_of_a_dead_process_is_taken_with_the_next_generation, 16),
	OWN_BOARD(a_free_entry_goes_before_a_dead_ones, 16),
	OWN_BOARD(the_generation_never_becomes_zero, 16),
	OWN_BOARD(another_process_of_our_pid_is_not_us, 16),
	OWN_BOARD(an_entry_that_never_became_ready_is_no_worker, 16),
	OWN_BOARD(only_its_own_generation_is_freed, 16),
	OWN_BOARD(invalid_entries_resolve_to_no_worker, 16),
	cmocka_unit_test(start_times_do_not_depend_on_the_commands_name),
	cmocka_unit_test(a_zombie_is_dead),
	cmocka_unit_test(a_process_whose_first_thread_has_ended_is_alive),
};

SUITE(tests)
