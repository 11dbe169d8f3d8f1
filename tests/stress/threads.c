/* SPDX-License-Identifier: MIT */
/*
 * Threads that share one connection, and two more processes, use one board at the same time: no
 * record is torn, no count is lost, existing tasks are found, an iteration returns each once. Also
 * run with ThreadSanitizer.
 *
 * tests/run: timeout=300
 *
 * Tasks "stable-N" exist throughout and move between stages; "count-N" only count; "turn-N" are
 * replaced continually and always exist; process T creates and removes "churn-T-N".
 */
#include "libclient/record/repair.h"
#include "libclient/segment/atomic.h"
#include "tests/harness/harness.h"
#include "tests/harness/inspection.h"
#include "tests/harness/linked_board.h"
#include "tests/harness/tap.h"
#include "tests/stress/pattern.h"
#include <pthread.h>
#include <stdarg.h>
#include <unistd.h>

enum {
	CAPACITY = 1024,
	STABLE = 64,
	COUNTS = 8,
	TURNS = 8,
	THREADS = 4,
	PROCESSES = 2,
#ifdef TRACKD_TSAN
	OPERATIONS = 20000,
#else
	OPERATIONS = 300000,
#endif
};

/* Shared by all processes. */
static struct tally {
	uint64_t counted[COUNTS]; /* units advanced by all */
	uint64_t operations;
	uint64_t looks, walks;
	uint64_t faults;
	char fault[256]; /* the first fault */
} * tally;

static struct linked_board linked;

struct actor {
	struct trackd *trackd;
	unsigned number; /* of the actor */
	uint64_t random;
	uint64_t counted[COUNTS];
	uint64_t looks, walks;
	struct trackd_ref count_refs[COUNTS];
};

static void fault(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void fault(const char *format, ...)
{
	va_list arguments;
	char text[sizeof tally->fault];

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (add_relaxed(&tally->faults, 1) == 0)
		memcpy(tally->fault, text, sizeof text);
}

static uint32_t pick(struct actor *actor, uint32_t n)
{
	return (uint32_t)(pattern_random(&actor->random) >> 16) % n;
}

/* ---- Writing ------------------------------------------------------------ */

static void move_stable(struct actor *actor)
{
	char id[32], text[PATTERN_SIZE];
	int stage = (int)pick(actor, 5);
	struct trackd_ref ref;

	snprintf(id, sizeof id, "stable-%u", pick(actor, STABLE));
	if (trackd_lookup(actor->trackd, id, &ref) < 0) {
		fault("%s is there and was not found", id);
		return;
	}
	pattern_make(text, stage, (uint32_t)pattern_random(&actor->random));
	int error = trackd_update(actor->trackd, ref, stage, text);
	if (error < 0)
		fault("update of %s: %s", id, trackd_strerror(error));
	if (pick(actor, 4) == 0)
		error = trackd_set_total(actor->trackd, ref,
					 (uint64_t)PATTERN_FACTOR * pick(actor, 1000));
	if (error < 0)
		fault("set_total of %s: %s", id, trackd_strerror(error));
}

/* Count, with updates of the message in between. */
static void count(struct actor *actor)
{
	uint32_t i = pick(actor, COUNTS), units = 1 + pick(actor, 9);
	char text[PATTERN_SIZE];

	for (int k = 0; k < 4; k++) {
		int error = trackd_advance(actor->trackd, actor->count_refs[i], units);
		if (error < 0)
			fault("advance: %s", trackd_strerror(error));
		else
			actor->counted[i] += units;
	}
	pattern_make(text, TRACKD_EMBEDDING, (uint32_t)pattern_random(&actor->random));
	int error = trackd_update(actor->trackd, actor->count_refs[i], TRACKD_EMBEDDING, text);
	if (error < 0)
		fault("message beside advance: %s", trackd_strerror(error));
}

static int create(struct actor *actor, const char *id, uint32_t flags, struct trackd_ref *ret_ref)
{
	struct trackd_new new = TRACKD_NEW_INIT;
	char text[PATTERN_SIZE];

	pattern_make(text, -1, (uint32_t)pattern_random(&actor->random));
	new.id = id;
	new.owner = "stress";
	new.message = text;
	new.flags = flags;
	return trackd_create(actor->trackd, &new, ret_ref);
}

/* Replace a task, which therefore always exists. */
static void replace(struct actor *actor)
{
	char id[32];

	snprintf(id, sizeof id, "turn-%u", pick(actor, TURNS));
	int error = create(actor, id, TRACKD_REPLACE, NULL);
	if (error < 0)
		fault("replacing %s: %s", id, trackd_strerror(error));
}

/* One task from its creation to its removal: its creator sees each step. */
static void churn(struct actor *actor)
{
	struct trackd_ref ref, found;
	struct trackd_view view = TRACKD_VIEW_INIT;
	char id[48];

	snprintf(id, sizeof id, "churn-%u-%u", actor->number, pick(actor, 1000));
	int error = create(actor, id, 0, &ref);
	if (error == 0 && trackd_lookup(actor->trackd, id, &found) < 0)
		fault("%s was created and not found", id);
	if (error == 0)
		error = trackd_update(actor->trackd, ref, TRACKD_CHUNKING, NULL);
	if (error == 0)
		error = pick(actor, 2) ? trackd_complete(actor->trackd, ref, NULL)
				       : trackd_fail(actor->trackd, ref, "no text");
	if (error == 0 && trackd_update(actor->trackd, ref, 0, NULL) != TRACKD_E_FINAL)
		fault("%s is final and was updated", id);
	if (error == 0)
		error = trackd_get(actor->trackd, ref, &view);
	if (error == 0 && view.state != TRACKD_COMPLETED && view.state != TRACKD_FAILED)
		fault("%s is final and reads state %u", id, view.state);
	if (error == 0)
		error = trackd_remove(actor->trackd, ref);
	if (error < 0)
		fault("%s: %s", id, trackd_strerror(error));
	else if (trackd_lookup(actor->trackd, id, &found) != TRACKD_E_NOT_FOUND)
		fault("%s was removed and found", id);
}

/* ---- Reading ------------------------------------------------------------ */

static void check_whole(const struct trackd_task *task)
{
	if (!pattern_whole(task->message, task->stage))
		fault("%s in stage %d has the message \"%.60s\"", task->id, task->stage,
		      task->message);
	if (task->total % PATTERN_FACTOR != 0)
		fault("%s has the total %llu", task->id, (unsigned long long)task->total);
}

static void copy_one(struct actor *actor)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	struct trackd_ref ref;
	char id[32];

	if (pick(actor, 2))
		snprintf(id, sizeof id, "stable-%u", pick(actor, STABLE));
	else
		snprintf(id, sizeof id, "turn-%u", pick(actor, TURNS));
	actor->looks++;
	if (trackd_lookup(actor->trackd, id, &ref) < 0) {
		fault("%s is always there and was not found", id);
		return;
	}
	int error = trackd_copy(actor->trackd, ref, &task);
	if (error == TRACKD_E_GONE && id[0] == 't')
		return; /* replaced meanwhile */
	if (error < 0)
		fault("copy of %s: %s", id, trackd_strerror(error));
	else if (strcmp(task.id, id) != 0)
		fault("a copy of %s is of %s", id, task.id);
	else
		check_whole(&task);
}

/* The same in place. ThreadSanitizer cannot know that inconsistent reads are discarded. */
static void view_one(struct actor *actor)
{
#ifdef TRACKD_TSAN
	copy_one(actor);
#else
	char id[32], text[PATTERN_SIZE];
	struct trackd_view view = TRACKD_VIEW_INIT;
	struct trackd_ref ref;

	snprintf(id, sizeof id, "stable-%u", pick(actor, STABLE));
	if (trackd_lookup(actor->trackd, id, &ref) < 0)
		return;
	actor->looks++;
	do {
		if (trackd_get(actor->trackd, ref, &view) < 0) {
			fault("%s is always there and is gone", id);
			return;
		}
		snprintf(text, sizeof text, "%s", trackd_view_message(&view));
	} while (!trackd_view_valid(&view));
	if (!pattern_whole(text, view.stage))
		fault("a valid view of %s in stage %d shows \"%.60s\"", id, view.stage, text);
#endif
}

static void check_met(const unsigned *met, const char *how)
{
	for (unsigned i = 0; i < STABLE; i++)
		if (met[i] != 1)
			fault("iterating %s met stable-%u %u times", how, i, met[i]);
}

static void walk(struct actor *actor)
{
	unsigned met[STABLE] = { 0 };
	bool of_owner = pick(actor, 2) == 0;
	struct trackd_iter iter;
	struct trackd_task task = TRACKD_TASK_INIT;
	struct trackd_ref ref;

	actor->walks++;
	if (of_owner)
		(void)trackd_iter_owner(actor->trackd, "stress", &iter);
	else
		trackd_iter_all(actor->trackd, &iter);
	while (trackd_next(actor->trackd, &iter, &ref) > 0) {
		long number = trackd_copy(actor->trackd, ref, &task) == 0
				      ? pattern_number(task.id, "stable-")
				      : -1;
		if (number >= 0 && number < STABLE)
			met[number]++;
	}
	check_met(met, of_owner ? "an owner's" : "all");
}

/* ---- All at once -------------------------------------------------------- */

static void act(struct actor *actor)
{
	uint32_t dice = pick(actor, 100);

	if (dice < 30)
		move_stable(actor);
	else if (dice < 50)
		count(actor);
	else if (dice < 60)
		replace(actor);
	else if (dice < 70)
		churn(actor);
	else if (dice < 85)
		copy_one(actor);
	else if (dice < 99)
		view_one(actor);
	else
		walk(actor);
}

static void *work(void *context)
{
	struct actor *actor = context;
	char id[32];

	for (unsigned i = 0; i < COUNTS; i++) {
		snprintf(id, sizeof id, "count-%u", i);
		if (trackd_lookup(actor->trackd, id, &actor->count_refs[i]) < 0)
			fault("%s was not found", id);
	}
	for (unsigned i = 0; i < OPERATIONS && load_relaxed(&tally->faults) == 0; i++)
		act(actor);
	for (unsigned i = 0; i < COUNTS; i++)
		add_relaxed(&tally->counted[i], actor->counted[i]);
	add_relaxed(&tally->looks, actor->looks);
	add_relaxed(&tally->walks, actor->walks);
	return NULL;
}

/* A process that does the same as the threads, with its own connection. */
static pid_t start_process(unsigned number)
{
	static struct actor actor;
	pid_t pid = harness_fork();

	if (pid != 0)
		return pid;
	actor = (struct actor){ .trackd = linked_board_open(&linked, TRACKD_OPEN_WRITE, 0),
				.number = number,
				.random = number };
	work(&actor);
	trackd_close(actor.trackd);
	_exit(0);
}

static void populate(struct trackd *trackd)
{
	struct actor maker = { .trackd = trackd, .random = 99 };
	char id[32], text[PATTERN_SIZE];
	struct trackd_ref ref;

	for (unsigned i = 0; i < STABLE + COUNTS + TURNS; i++) {
		if (i < STABLE)
			snprintf(id, sizeof id, "stable-%u", i);
		else if (i < STABLE + COUNTS)
			snprintf(id, sizeof id, "count-%u", i - STABLE);
		else
			snprintf(id, sizeof id, "turn-%u", i - STABLE - COUNTS);
		HARNESS_MUST(create(&maker, id, 0, &ref));
		if (i >= STABLE + COUNTS)
			continue;
		pattern_make(text, TRACKD_EMBEDDING, i);
		HARNESS_MUST(trackd_update(trackd, ref, TRACKD_EMBEDDING, text));
	}
}

static void run_all(struct trackd *trackd)
{
	static struct actor actors[THREADS];
	pthread_t threads[THREADS];
	pid_t pids[PROCESSES];

	for (unsigned i = 0; i < PROCESSES; i++)
		pids[i] = start_process(100 + i);
	for (unsigned i = 0; i < THREADS; i++) {
		actors[i] = (struct actor){ .trackd = trackd, .number = i + 1, .random = i + 1 };
		harness_must(-pthread_create(&threads[i], NULL, work, &actors[i]), "a thread");
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < PROCESSES; i++)
		tap_ok(harness_reap(pids[i]) == 0, "process %u beside the threads ends well", i);
}

/* ---- Verdicts ----------------------------------------------------------- */

static void check_counts(struct trackd *trackd)
{
	struct trackd_view view = TRACKD_VIEW_INIT;
	struct trackd_ref ref;
	unsigned wrong = 0;
	char id[32];

	for (unsigned i = 0; i < COUNTS; i++) {
		snprintf(id, sizeof id, "count-%u", i);
		if (trackd_lookup(trackd, id, &ref) == 0 && trackd_get(trackd, ref, &view) == 0 &&
		    view.done == tally->counted[i])
			continue;
		wrong++;
		tap_note("%s: done %llu, counted %llu", id, (unsigned long long)view.done,
			 (unsigned long long)tally->counted[i]);
	}
	tap_ok(wrong == 0, "no advance is lost");
}

int main(void)
{

	tally = harness_shared(sizeof *tally);
	linked_board_make(&linked, CAPACITY);
	struct trackd *trackd = linked_board_open(&linked, TRACKD_OPEN_WRITE, 0);
	populate(trackd);
	run_all(trackd);
	tap_ok(tally->faults == 0,
	       "no record is torn, existing tasks are found and returned once%s%s",
	       tally->fault[0] ? ": " : "", tally->fault);
	tap_note("%llu looks, %llu walks", (unsigned long long)tally->looks,
		 (unsigned long long)tally->walks);
	check_counts(trackd);
	(void)inspection_ok(&linked.board);
	int repaired = repair_all(&linked.board, harness_deadline(2000));
	tap_ok(repaired == 0, "there is nothing to repair (saw %d)", repaired);
	trackd_close(trackd);
	linked_board_remove(&linked);
	return tap_done();
}
