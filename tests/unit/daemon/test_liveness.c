/* SPDX-License-Identifier: MIT */
/* Who is watched as which worker: what a message says is believed only if it fits its sender. */
#include "daemon/workers/dead_workers.h"
#include "daemon/workers/liveness.h"
#include "libclient/record/record.h"
#include "libclient/record/worker.h"
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include "tools/common/service_notify.h"
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CAPACITY = 16, LIMIT_MS = 30000, TURN_USEC = 10000 };

/* A daemon's liveness without the rest of it, two workers, and a task of the first. */
static struct daemon {
	struct board board;
	sd_event *event;
	struct dead_workers dead_workers;
	struct service_notify notify;
	struct liveness liveness;
	pid_t worker, other;
	uint64_t worker_number, other_number;
	struct trackd_ref task, others_task;
} daemon_;

static void after(void *unused)
{
	(void)unused;
}

static pid_t start_worker(void)
{
	pid_t pid = harness_fork();

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static struct trackd_ref give_task(const char *id, uint64_t worker)
{
	struct trackd_ref ref = harness_create(&daemon_.board, id, NULL);

	HARNESS_MUST(record_update(&daemon_.board, ref, 0, NULL, worker, harness_soon()));
	return ref;
}

static int setup(void **state)
{
	struct daemon *d = &daemon_;

	(void)state;
	memset(d, 0, sizeof *d);
	harness_board(&d->board, CAPACITY);
	HARNESS_MUST(sd_event_new(&d->event));
	service_notify_init(&d->notify);
	HARNESS_MUST(dead_workers_init(&d->dead_workers, d->event, &d->board, after, NULL));
	HARNESS_MUST(
		liveness_init(&d->liveness, d->event, &d->board, &d->dead_workers, &d->notify));
	d->worker = start_worker();
	d->other = start_worker();
	HARNESS_MUST(worker_claim(&d->board, d->worker, &d->worker_number));
	HARNESS_MUST(worker_claim(&d->board, d->other, &d->other_number));
	d->task = give_task("task", d->worker_number);
	d->others_task = give_task("others-task", d->other_number);
	return 0;
}

static void end_worker(pid_t *pid)
{
	if (*pid > 0)
		(void)harness_kill(*pid, SIGKILL);
	*pid = 0;
}

static int teardown(void **state)
{
	struct daemon *d = &daemon_;

	(void)state;
	end_worker(&d->worker);
	end_worker(&d->other);
	liveness_free(&d->liveness);
	dead_workers_free(&d->dead_workers);
	service_notify_free(&d->notify);
	sd_event_unref(d->event);
	harness_board_free(&d->board);
	return 0;
}

/* ---- What happens ---------------------------------------------------------- */

static int pidfd_of(pid_t pid)
{
	return harness_must((int)syscall(SYS_pidfd_open, pid, 0), "pidfd_open");
}

/* A message that says: I am worker `number`; from a process of that pid, with that pidfd. */
static void bind_as(uint64_t number, pid_t pid, int pidfd)
{
	liveness_bind(&daemon_.liveness, (uint32_t)number - 1, (uint32_t)(number >> 32), pid,
		      pidfd);
}

static uint8_t state_of(struct trackd_ref ref)
{
	uint64_t worker, work;
	uint8_t state = UINT8_MAX;

	(void)record_peek(&daemon_.board, ref, &state, &worker, &work);
	return state;
}

static bool turn(struct trackd_ref ref)
{
	(void)sd_event_run(daemon_.event, TURN_USEC);
	return state_of(ref) == TRACKD_FAILED;
}

static bool becomes_lost(struct trackd_ref ref)
{
	return HARNESS_SEES(turn(ref), LIMIT_MS);
}

/* Everything that is due has been done when nothing happens any more. */
static void settle(void)
{
	while (sd_event_run(daemon_.event, TURN_USEC) > 0)
		;
}

/* ---- Tests ----------------------------------------------------------------- */

static void one_that_binds_itself_is_watched(void **state)
{
	(void)state;
	bind_as(daemon_.worker_number, daemon_.worker, pidfd_of(daemon_.worker));
	assert_int_equal(daemon_.liveness.n_watched, 1);
	end_worker(&daemon_.worker);
	assert_true(becomes_lost(daemon_.task));
	assert_int_equal(state_of(daemon_.others_task), TRACKD_ACTIVE);
}

static void one_that_claims_to_be_another_is_not_believed(void **state)
{
	(void)state;
	bind_as(daemon_.worker_number, daemon_.other, pidfd_of(daemon_.other));
	assert_int_equal(daemon_.liveness.n_watched, 0);
	end_worker(&daemon_.other);
	settle();
	assert_int_equal(state_of(daemon_.task), TRACKD_ACTIVE);
	liveness_walk(&daemon_.liveness, true);
	settle();
	assert_int_equal(state_of(daemon_.task), TRACKD_ACTIVE);
	end_worker(&daemon_.worker);
	assert_true(becomes_lost(daemon_.task));
}

static void nor_is_one_with_an_entry_of_another_generation(void **state)
{
	(void)state;
	bind_as(daemon_.worker_number + (UINT64_C(1) << 32), daemon_.worker,
		pidfd_of(daemon_.worker));
	bind_as(LAYOUT_CLIENTS + 1, daemon_.worker, pidfd_of(daemon_.worker));
	bind_as(UINT32_MAX, daemon_.worker, pidfd_of(daemon_.worker));
	bind_as(daemon_.worker_number, daemon_.worker, -1);
	assert_int_equal(daemon_.liveness.n_watched, 0);
}

static void who_is_watched_already_stays_watched_as_he_is(void **state)
{
	(void)state;
	liveness_walk(&daemon_.liveness, true);
	assert_int_equal(daemon_.liveness.n_watched, 2);
	bind_as(daemon_.worker_number, daemon_.worker, pidfd_of(daemon_.other));
	assert_int_equal(daemon_.liveness.n_watched, 2);
	end_worker(&daemon_.other);
	assert_true(becomes_lost(daemon_.others_task));
	settle();
	assert_int_equal(state_of(daemon_.task), TRACKD_ACTIVE);
}

static void a_kept_descriptor_watches_the_entry_it_was_kept_for(void **state)
{
	uint64_t number = daemon_.worker_number;

	(void)state;
	liveness_restore(&daemon_.liveness, (uint32_t)number - 1, (uint32_t)(number >> 32) + 1,
			 pidfd_of(daemon_.worker));
	assert_int_equal(daemon_.liveness.n_watched, 0);
	liveness_restore(&daemon_.liveness, (uint32_t)number - 1, (uint32_t)(number >> 32),
			 pidfd_of(daemon_.worker));
	assert_int_equal(daemon_.liveness.n_watched, 1);
	end_worker(&daemon_.worker);
	assert_true(becomes_lost(daemon_.task));
}

static void who_is_dead_when_first_met_has_lost_his_task(void **state)
{
	(void)state;
	end_worker(&daemon_.worker);
	liveness_walk(&daemon_.liveness, true);
	assert_true(becomes_lost(daemon_.task));
	assert_int_equal(daemon_.liveness.n_watched, 1);
	assert_int_equal(state_of(daemon_.others_task), TRACKD_ACTIVE);
}

/* A dead one's entry with another process in it, as if that one had claimed it. */
static uint64_t hand_on(const struct worker_info *dead, pid_t pid)
{
	struct layout_client *client = &daemon_.board.clients[dead->entry];
	uint32_t generation = dead->generation + 1;

	client->claim = claim_make(generation, (uint32_t)pid);
	client->ready = generation;
	return worker_make(dead->entry, generation);
}

/* The entry has gone to another process before the scan comes by: what that one does is not lost
 * with the dead one's. */
static void the_next_holder_of_a_dead_ones_entry_keeps_its_task(void **state)
{
	struct worker_info dead;

	(void)state;
	assert_true(worker_resolve(&daemon_.board, daemon_.worker_number, &dead));
	end_worker(&daemon_.worker);
	struct trackd_ref living = give_task("living", hand_on(&dead, getpid()));
	/* Behind the living one's, so that the scan has passed that. */
	struct trackd_ref last = give_task("last", daemon_.worker_number);
	dead_workers_add(&daemon_.dead_workers, &dead);
	assert_true(becomes_lost(last));
	assert_int_equal(state_of(daemon_.task), TRACKD_FAILED);
	assert_int_equal(state_of(living), TRACKD_ACTIVE);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(one_that_binds_itself_is_watched),
		TEST(one_that_claims_to_be_another_is_not_believed),
		TEST(nor_is_one_with_an_entry_of_another_generation),
		TEST(who_is_watched_already_stays_watched_as_he_is),
		TEST(a_kept_descriptor_watches_the_entry_it_was_kept_for),
		TEST(who_is_dead_when_first_met_has_lost_his_task),
		TEST(the_next_holder_of_a_dead_ones_entry_keeps_its_task),
	};

	return suite_run(tests);
}
