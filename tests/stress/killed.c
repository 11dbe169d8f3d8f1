/* SPDX-License-Identifier: MIT */
/*
 * Producers are killed with SIGKILL at random points while others keep working: no call waits
 * longer than the time limit, no count is lost, and after repair the doctor finds no fault. There
 * is no daemon, so the producers alone are tested.
 *
 *	killed [KILLS]
 *
 * tests/run: timeout=300
 */
#include "libclient/record/repair.h"
#include "libclient/record/slot.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/lock.h"
#include "tests/harness/harness.h"
#include "tests/harness/inspection.h"
#include "tests/harness/linked_board.h"
#include "tests/harness/tap.h"
#include "tests/stress/pattern.h"
#include <signal.h>
#include <unistd.h>

enum { CAPACITY = 64, IDS = 48, PRODUCERS = 4, KILLS = 1000, TIMEOUT_MS = 20000, LIMIT_MS = 30000 };

/* Shared with the producers. */
static struct tally {
	uint64_t longest_ns;  /* of a call */
	uint64_t meant, done; /* units of the counting task, before and after each advance */
	uint64_t calls;
	int32_t unexpected; /* an error that a death does not explain */
	char call[32];
	uint32_t torn;
	char fault[256];
} * tally;

static struct linked_board linked;

/* ---- A producer --------------------------------------------------------- */

struct producer {
	struct trackd *trackd;
	struct trackd_ref counting;
	uint64_t random;
	uint64_t since;
};

static uint32_t pick(struct producer *producer, uint32_t n)
{
	return (uint32_t)(pattern_random(&producer->random) >> 16) % n;
}

static void begin(struct producer *producer)
{
	producer->since = clock_monotonic_ns();
}

/* Record a call: its duration, and whether other producers' work explains its result. */
static void end(struct producer *producer, const char *call, int error)
{
	uint64_t ns = clock_monotonic_ns() - producer->since;
	uint64_t longest = load_relaxed(&tally->longest_ns);

	while (ns > longest && !cas_relaxed(&tally->longest_ns, &longest, ns))
		;
	add_relaxed(&tally->calls, 1);
	if (error >= 0 || error == TRACKD_E_GONE || error == TRACKD_E_FINAL ||
	    error == TRACKD_E_EXISTS || error == TRACKD_E_NOT_FOUND || error == TRACKD_E_FULL)
		return;
	if (load_relaxed(&tally->unexpected) == 0)
		snprintf(tally->call, sizeof tally->call, "%s", call);
	store_relaxed(&tally->unexpected, error);
}

static void create(struct producer *producer, const char *id, struct trackd_ref *ret_ref)
{
	struct trackd_new new = TRACKD_NEW_INIT;
	char owner[16], text[PATTERN_SIZE];

	snprintf(owner, sizeof owner, "owner-%c", id[strlen(id) - 1]);
	pattern_make(text, -1, (uint32_t)pattern_random(&producer->random));
	new.id = id;
	new.owner = owner;
	new.message = text;
	new.flags = pick(producer, 2) ? TRACKD_REPLACE : 0;
	begin(producer);
	end(producer, "create", trackd_create(producer->trackd, &new, ret_ref));
}

static void change(struct producer *producer, struct trackd_ref ref)
{
	int stage = (int)pick(producer, 5);
	char text[PATTERN_SIZE];

	pattern_make(text, stage, (uint32_t)pattern_random(&producer->random));
	begin(producer);
	switch (pick(producer, 8)) {
	case 0:
		end(producer, "remove", trackd_remove(producer->trackd, ref));
		break;
	case 1:
		end(producer, "fail", trackd_fail(producer->trackd, ref, "no text"));
		break;
	case 2:
		end(producer, "cancel", trackd_cancel(producer->trackd, ref));
		break;
	case 3:
		end(producer, "set_total",
		    trackd_set_total(producer->trackd, ref, (uint64_t)PATTERN_FACTOR * 3));
		break;
	default:
		end(producer, "update", trackd_update(producer->trackd, ref, stage, text));
	}
}

static void count(struct producer *producer)
{
	add_relaxed(&tally->meant, 1);
	begin(producer);
	int error = trackd_advance(producer->trackd, producer->counting, 1);
	if (error == 0)
		add_relaxed(&tally->done, 1);
	end(producer, "advance", error);
}

static void look(struct producer *producer, struct trackd_ref ref)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	if (trackd_copy(producer->trackd, ref, &task) < 0 ||
	    trackd_state_final((enum trackd_state)task.state))
		return;
	if (pattern_whole(task.message, task.stage) && task.total % PATTERN_FACTOR == 0)
		return;
	snprintf(tally->fault, sizeof tally->fault, "%s in stage %d: \"%.60s\" of %llu", task.id,
		 task.stage, task.message, (unsigned long long)task.total);
	add_relaxed(&tally->torn, 1);
}

_Noreturn static void produce(uint64_t seed)
{
	struct producer producer = {
		.trackd = linked_board_open(&linked, TRACKD_OPEN_WRITE, TIMEOUT_MS), .random = seed
	};
	struct trackd_ref ref;
	char id[32];

	HARNESS_MUST(trackd_lookup(producer.trackd, "counting", &producer.counting));
	for (;;) {
		snprintf(id, sizeof id, "task-%02u", pick(&producer, IDS));
		if (trackd_lookup(producer.trackd, id, &ref) < 0 || pick(&producer, 10) == 0)
			create(&producer, id, &ref);
		else if (pick(&producer, 4) == 0)
			look(&producer, ref);
		else
			change(&producer, ref);
		count(&producer);
	}
}

/* ---- Killing them ------------------------------------------------------- */

static pid_t start_producer(uint64_t seed)
{
	pid_t pid = harness_fork();

	if (pid == 0)
		produce(seed);
	return pid;
}

/* The daemon's work after a producer's death. */
static int mend(struct board *board)
{
	if (!load_relaxed(&board->header->repair_due))
		return 0;
	store_relaxed(&board->header->repair_due, 0);
	int repaired = repair_all(board, LOCK_TRY);
	return repaired > 0 ? repaired : 0;
}

/* Let the producers work for a moment, kill one, and start another. */
static int kill_some(struct board *board, unsigned n_kills)
{
	pid_t pids[PRODUCERS];
	uint64_t random = 7;
	int repaired = 0;

	for (unsigned i = 0; i < PRODUCERS; i++)
		pids[i] = start_producer(i + 1);
	for (unsigned i = 0; i < n_kills; i++) {
		unsigned victim = (unsigned)(pattern_random(&random) >> 16) % PRODUCERS;
		uint64_t calls = load_relaxed(&tally->calls) + 200;

		/* All make progress; no death blocks the others. */
		HARNESS_WAIT(load_relaxed(&tally->calls) >= calls, LIMIT_MS);
		usleep((useconds_t)(pattern_random(&random) % 700));
		harness_kill(pids[victim], SIGKILL);
		pids[victim] = start_producer(1000 + i);
		repaired += mend(board);
	}
	for (unsigned i = 0; i < PRODUCERS; i++)
		harness_kill(pids[i], SIGKILL);
	return repaired;
}

/* ---- Verdicts ----------------------------------------------------------- */

static void check_count(struct trackd *trackd)
{
	struct trackd_view view = TRACKD_VIEW_INIT;
	struct trackd_ref ref;

	if (trackd_lookup(trackd, "counting", &ref) == 0)
		(void)trackd_get(trackd, ref, &view);
	/* A producer may die between its advance and recording it. */
	tap_ok(view.done >= tally->done && view.done <= tally->meant,
	       "no advance is lost or doubled (%llu <= %llu <= %llu)",
	       (unsigned long long)tally->done, (unsigned long long)view.done,
	       (unsigned long long)tally->meant);
}

/* Every id can be used again. */
static void check_usable(struct trackd *trackd)
{
	struct trackd_new new = TRACKD_NEW_INIT;
	struct trackd_ref ref;
	unsigned wrong = 0;
	char id[32];

	new.id = id;
	for (unsigned i = 0; i < IDS; i++) {
		snprintf(id, sizeof id, "task-%02u", i);
		if (trackd_lookup(trackd, id, &ref) == 0)
			wrong += trackd_remove(trackd, ref) < 0;
		wrong += trackd_create(trackd, &new, &ref) < 0 ||
			 trackd_update(trackd, ref, 0, "again") < 0 ||
			 trackd_remove(trackd, ref) < 0;
	}
	tap_ok(wrong == 0, "each id can be removed, created, updated and removed again (%u cannot)",
	       wrong);
}

/* Recover mutexes of dead processes that the kernel has not marked, because no daemon does it. */
static void rescue(struct board *board)
{
	for (uint32_t i = 0; i < LAYOUT_STRIPES; i++) {
		(void)lock_rescue(&board->id_stripes[i].mutex);
		(void)lock_rescue(&board->owner_stripes[i].mutex);
	}
	for (uint32_t slot = 0; slot < CAPACITY; slot++)
		(void)lock_rescue(&board->bodies[slot].mutex);
}

static void judge(struct board *board, struct trackd *trackd)
{
	double longest = (double)tally->longest_ns / 1e6;

	tap_ok(longest < LIMIT_MS, "no call takes longer than its time limit (longest %.1f ms)",
	       longest);
	tap_ok(tally->unexpected == 0, "no call fails because of another's death (%s: %s)",
	       tally->call, trackd_strerror(tally->unexpected));
	tap_ok(tally->torn == 0, "no copy is torn%s%s", tally->fault[0] ? ": " : "", tally->fault);
	check_count(trackd);
	if (!harness_robust_lists())
		rescue(board);
	int repaired = repair_all(board, harness_deadline(TIMEOUT_MS));
	tap_ok(repaired >= 0, "repair ends (%d repaired)", repaired);
	(void)inspection_ok(board);
	repaired = repair_all(board, harness_deadline(TIMEOUT_MS));
	tap_ok(repaired == 0, "a second repair has nothing to do (saw %d)", repaired);
	check_usable(trackd);
	tap_ok(slot_count(board) == 1, "and the count is right (%u tasks)", slot_count(board));
}

int main(int argc, char **argv)
{
	unsigned n_kills = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : KILLS;
	struct trackd_ref ref;

	if (!harness_robust_lists())
		return tap_skip_all("there are no robust lists here");
	tally = harness_shared(sizeof *tally);
	linked_board_make(&linked, CAPACITY);
	struct trackd *trackd = linked_board_open(&linked, TRACKD_OPEN_WRITE, TIMEOUT_MS);
	HARNESS_MUST(trackd_create(
		trackd, &(struct trackd_new){ .size = sizeof(struct trackd_new), .id = "counting" },
		&ref));
	HARNESS_MUST(trackd_update(trackd, ref, TRACKD_EMBEDDING, "0:00000000:"));
	int repaired = kill_some(&linked.board, n_kills);
	tap_note("%u kills, %llu calls, %d repairs on the way", n_kills + PRODUCERS,
		 (unsigned long long)tally->calls, repaired);
	judge(&linked.board, trackd);
	trackd_close(trackd);
	linked_board_remove(&linked);
	return tap_done();
}
