/* SPDX-License-Identifier: MIT */
/*
 * No acknowledged change is lost while boards are replaced. Eight producers work without a pause.
 * Each records in a ledger, which survives it, the intended change before each call and the
 * acknowledged state after it. The daemon is stopped or killed, often during a replacement, and
 * restarted with another capacity or mode; producers are killed and replaced. Each row of the
 * ledger is compared with the board after every call, and at the end with what a new client sees.
 *
 *	storm [SECONDS [SEED]]          20 s; `make storm` runs it for half an hour
 *
 * tests/run: alone=stress timeout=300
 */
#include "libclient/segment/atomic.h"
#include "libclient/segment/clock.h"
#include "libclient/trackd.h"
#include "tests/harness/harness.h"
#include "tests/harness/private_daemon.h"
#include "tests/harness/tap.h"
#include "tests/stress/engine/ledger.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(TRACKD_TSAN)
enum { SECONDS = 8 };
#else
enum { SECONDS = 20 };
#endif

static struct private_daemon service;
static uint64_t seed;

static uint64_t draw(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

/* ---- Producers ------------------------------------------------------------------ */

/* Make the call that changes `acked` to `tried`. */
static int call(struct trackd *trackd, unsigned producer, struct row *row)
{
	const struct snapshot *from = &row->acked, *to = &row->tried;
	struct trackd_new task = TRACKD_NEW_INIT;
	char id[32], owner[32], message[32];

	ledger_id(id, producer, row);
	snprintf(owner, sizeof owner, "owner-%u", producer);
	snprintf(message, sizeof message, "%lu", to->message);
	if (from->phase == ABSENT) {
		task.id = id;
		task.owner = owner;
		task.message = message;
		return trackd_create(trackd, &task, &row->ref);
	}
	if (to->phase == ABSENT)
		return trackd_remove(trackd, row->ref);
	if (to->phase == FINAL)
		return trackd_complete(trackd, row->ref, message);
	if (to->phase != from->phase)
		return trackd_update(trackd, row->ref, (int)to->phase - STAGE_0, message);
	if (to->message != from->message)
		return trackd_update(trackd, row->ref, TRACKD_STAGE_KEEP, message);
	if (draw(4) == 0)
		return trackd_set_progress(trackd, row->ref, to->done, 0);
	return trackd_advance(trackd, row->ref, to->done - from->done);
}

/* What to do with a task next. */
static void plan(unsigned producer, struct row *row)
{
	struct snapshot *to = &row->tried;

	*to = row->acked;
	switch (to->phase) {
	case ABSENT:
		row->id = ++ledger->last_id[producer]; /* no id is used twice */
		*to = (struct snapshot){ PENDING, 0, draw(1000000) + 1 };
		return;
	case FINAL:
		*to = (struct snapshot){ 0 };
		return;
	default:
		break;
	}
	uint64_t what = draw(16);
	if (what == 0) {
		to->phase++; /* the end keeps what was done */
		to->message++;
		if (to->phase != FINAL)
			to->done = 0;
	} else if (what < 6 || to->phase == PENDING) {
		to->message++;
	} else {
		to->done += 1 + draw(9);
	}
}

/* Print the board's state of a wrong task. */
static void tell(struct trackd *trackd, struct trackd_ref ref)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	if (trackd_copy(trackd, ref, &task) == 0)
		tap_note("  the board has %s, %s: %s", trackd_state_name(task.state),
			 trackd_reason_name(task.reason), task.error);
}

/* A record from beyond a smaller capacity has a new reference. */
static bool look_up(struct trackd *trackd, unsigned producer, struct row *row)
{
	char id[32];

	ledger_id(id, producer, row);
	ledger->moved[producer]++;
	return trackd_lookup(trackd, id, &row->ref) == 0;
}

static void work_on(struct trackd *trackd, unsigned producer, struct row *row)
{
	plan(producer, row);
	int error = call(trackd, producer, row);

	if (error == TRACKD_E_GONE && look_up(trackd, producer, row))
		error = call(trackd, producer, row);
	ledger->calls[producer]++;
	if (error == TRACKD_E_MOVING || error == TRACKD_E_BUSY) {
		ledger->moving[producer]++; /* not applied: `acked` is unchanged, and is compared */
		row->tried = row->acked;
	} else if (error < 0) {
		ledger_complain("was refused", producer, row, error);
		tell(trackd, row->ref);
		row->tried = row->acked;
	} else {
		row->acked = row->tried;
	}
	if (draw(8) == 0)
		ledger_compare(trackd, producer, row, false);
}

static _Noreturn void produce(unsigned producer)
{
	struct trackd *trackd = private_daemon_open(&service, TRACKD_OPEN_WRITE);

	seed += producer * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)getpid();
	while (!load_relaxed(&ledger->stop)) {
		work_on(trackd, producer, &ledger->rows[producer][draw(ROWS)]);
		if (draw(64) == 0)
			usleep(200);
	}
	/* The main process compares its tasks before it exits. */
	add_relaxed(&ledger->idle, 1);
	while (load_relaxed(&ledger->stop) == 1)
		usleep(1000);
	trackd_close(trackd);
	_exit(0);
}

/* ---- Readers --------------------------------------------------------------------- */

/* The id of a task that exists and is not being created or removed; otherwise UINT64_MAX. */
static uint64_t id_there(const struct row *row)
{
	uint64_t id = load_acquire(&row->id);
	bool there = load_acquire(&row->acked.phase) != ABSENT &&
		     load_acquire(&row->tried.phase) != ABSENT;

	/* The producer may have started another task meanwhile. */
	return there && load_acquire(&row->id) == id ? id : UINT64_MAX;
}

/* Check that an iteration returns each task that exists throughout exactly once. */
static void iterate(struct trackd *trackd)
{
	unsigned producer = (unsigned)draw(PRODUCERS);
	char owner[32], id[32];
	unsigned met[ROWS] = { 0 }, unknown = 0;
	uint64_t before[ROWS];
	struct trackd_iter iter;
	struct trackd_task task = TRACKD_TASK_INIT;
	struct trackd_ref ref;

	for (unsigned i = 0; i < ROWS; i++)
		before[i] = id_there(&ledger->rows[producer][i]);
	snprintf(owner, sizeof owner, "owner-%u", producer);
	if (trackd_iter_owner(trackd, owner, &iter) < 0)
		return;
	int found;
	while ((found = trackd_next(trackd, &iter, &ref)) > 0) {
		if (trackd_copy(trackd, ref, &task) < 0) {
			/* Removed since, or it has a new reference on a smaller board. */
			unknown++;
			continue;
		}
		for (unsigned i = 0; i < ROWS; i++) {
			snprintf(id, sizeof id, "p%u-%lu", producer, before[i]);
			if (strcmp(id, task.id) == 0)
				met[i]++;
		}
	}
	if (found < 0)
		ledger_complain("ended an iteration", producer, &ledger->rows[producer][0], found);
	for (unsigned i = 0; i < ROWS; i++) {
		const struct row *row = &ledger->rows[producer][i];
		bool stayed = before[i] != UINT64_MAX && id_there(row) == before[i];

		if (stayed && (met[i] > 1 || (met[i] == 0 && unknown == 0)))
			ledger_complain(met[i] ? "was met twice" : "was missed", producer, row, 0);
	}
	add_relaxed(&ledger->iterations, 1);
}

static _Noreturn void read_on(void)
{
	struct trackd *trackd = private_daemon_open(&service, TRACKD_OPEN_READ);
	struct trackd_cursor cursor;
	struct trackd_event event = TRACKD_EVENT_INIT;
	uint64_t next = 0;

	seed += 77;
	trackd_cursor_now(trackd, &cursor);
	while (!load_relaxed(&ledger->stop)) {
		int found = trackd_next_event(trackd, &cursor, &event);

		if (found == 1) {
			ledger->events++;
			if (next != 0 && event.sequence != next + (cursor.lost - ledger->lost))
				add_relaxed(&ledger->wrong, 1);
			next = event.sequence + 1;
		} else if (found == TRACKD_E_LAPPED) {
			ledger->lapped++;
			next = 0;
		} else {
			iterate(trackd);
		}
		ledger->lost = cursor.lost;
	}
	trackd_close(trackd);
	_exit(0);
}

/* ---- The storm -------------------------------------------------------------------- */

static void set_option(int at, const char *value)
{
	snprintf(service.options[at], sizeof service.options[at], "%s", value);
}

/* Another capacity and mode for the daemon's next start. */
static void choose_options(void)
{
	static const char *const capacities[] = { "1024", "2000", "4096", "8192" };
	static const char *const modes[] = { "0600", "0660" };

	set_option(1, capacities[draw(4)]);
	set_option(3, modes[draw(2)]);
}

/* Start a daemon and kill it during its start, most of which is a replacement. */
static void start_and_kill(void)
{
	pid_t pid = harness_fork();

	if (pid == 0) {
		while (private_daemon_retry(&service) == EX_TEMPFAIL)
			;
		pause();
		_exit(0); /* skip the harness's cleanup, which would remove the board */
	}
	usleep((useconds_t)draw(60000));
	(void)harness_kill(pid, SIGKILL);
}

static void replace_board(void)
{
	if (draw(2) == 0)
		private_daemon_kill(&service);
	else if (private_daemon_stop(&service) != 0)
		add_relaxed(&ledger->wrong, 1);
	while (draw(2) == 0) {
		choose_options();
		start_and_kill();
	}
	choose_options();
	/* A daemon that was just killed may still hold the board's lock. */
	int status;
	do
		status = private_daemon_retry(&service);
	while (status == EX_TEMPFAIL);
	if (status != 0)
		harness_die("trackd ended with %d", status);
}

static pid_t start_producer(unsigned producer)
{
	pid_t pid = harness_fork();

	if (pid == 0)
		produce(producer);
	return pid;
}

/* Kill a producer, check that its tasks are as it left them, and start another one. */
static pid_t replace_producer(pid_t pid, unsigned producer)
{
	struct trackd *trackd;

	(void)harness_kill(pid, SIGKILL);
	trackd = private_daemon_open(&service, TRACKD_OPEN_WRITE);
	for (unsigned i = 0; i < ROWS; i++) {
		struct row *row = &ledger->rows[producer][i];
		struct trackd_ref ref;
		char id[32];

		ledger_id(id, producer, row);
		bool there = trackd_lookup(trackd, id, &ref) == 0;
		bool worked_on = row->acked.phase >= STAGE_0 && row->acked.phase < FINAL;
		if (worked_on && row->tried.phase != FINAL) {
			(void)trackd_wait(trackd, ref, TRACKD_WAIT_FINAL, NULL, 20000);
			ledger_compare_failed(trackd, producer, row);
		} else if (ledger_same(&row->acked, &row->tried)) {
			ledger_compare(trackd, producer, row, false);
		}
		/* Set before the removal, so that no reader expects the task. */
		row->tried = (struct snapshot){ 0 };
		fence_full();
		if (there)
			(void)trackd_remove(trackd, ref);
		*row = (struct row){ 0 };
	}
	trackd_close(trackd);
	return start_producer(producer);
}

static uint64_t sum(const uint64_t *of)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < PRODUCERS; i++)
		total += of[i];
	return total;
}

int main(int argc, char **argv)
{
	unsigned seconds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 20, replaced = 0,
		 killed = 0;
	pid_t producers[PRODUCERS], reader;
	uint64_t end;

	if (!harness_robust_lists())
		return tap_skip_all("there are no robust lists here");
	seed = argc > 2 ? strtoull(argv[2], NULL, 10) : clock_boot_ns() | 1;
	tap_note("seed %lu", seed);
	ledger = harness_shared(sizeof *ledger);
	private_daemon_start(&service,
			     (const char *const[]){ "--capacity", "4096", "--mode", "0600", NULL });
	/* From here on the daemon logs every task. */
	snprintf(service.log, sizeof service.log, "%s",
		 getenv("STORM_LOG") ? getenv("STORM_LOG") : "/dev/null");
	for (unsigned i = 0; i < PRODUCERS; i++)
		producers[i] = start_producer(i);
	reader = harness_fork();
	if (reader == 0)
		read_on();
	end = clock_monotonic_ns() + seconds * NS_PER_S;
	while (clock_monotonic_ns() < end && ledger->wrong == 0) {
		usleep((useconds_t)(300000 + draw(1500000)));
		if (draw(3) != 0) {
			replace_board();
			replaced++;
		} else {
			unsigned producer = (unsigned)draw(PRODUCERS);
			producers[producer] = replace_producer(producers[producer], producer);
			killed++;
		}
	}
	store_relaxed(&ledger->stop, 1u);
	HARNESS_WAIT(load_relaxed(&ledger->idle) == PRODUCERS, 60000);
	struct trackd *fresh = private_daemon_open(&service, TRACKD_OPEN_READ);
	for (unsigned i = 0; i < PRODUCERS; i++)
		for (unsigned j = 0; j < ROWS; j++)
			ledger_compare(fresh, i, &ledger->rows[i][j], false);
	trackd_close(fresh);
	store_relaxed(&ledger->stop, 2u);
	for (unsigned i = 0; i < PRODUCERS; i++)
		(void)tap_ok(harness_reap(producers[i]) == 0, "producer %u exited with 0", i);
	(void)tap_ok(harness_reap(reader) == 0, "the reader exited with 0");
	tap_note("%u replacements, %u producers killed, %lu calls", replaced, killed,
		 sum(ledger->calls));
	tap_note("%lu calls told to try again, %lu references looked up again, %lu events, lapped "
		 "%lu, lost %lu, %lu iterations",
		 sum(ledger->moving), sum(ledger->moved), ledger->events, ledger->lapped,
		 ledger->lost, ledger->iterations);
	(void)tap_ok(ledger->wrong == 0, "no acknowledged change is lost");
	private_daemon_remove(&service);
	return tap_done();
}
