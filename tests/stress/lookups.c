/* SPDX-License-Identifier: MIT */
/*
 * A lookup never misses an existing task while the records around it in its chain are created,
 * removed and reused in other chains; nor does an iteration over an owner's tasks. The board has
 * the smallest capacity, so that chains are shared and a freed slot is reused at once.
 *
 * tests/run: timeout=300
 */
#include "libclient/segment/atomic.h"
#include "tests/harness/harness.h"
#include "tests/harness/inspection.h"
#include "tests/harness/linked_board.h"
#include "tests/harness/tap.h"
#include "tests/stress/pattern.h"
#include <unistd.h>

enum {
	CAPACITY = 16,
	STABLE = 4, /* exist from beginning to end */
	TURNS = 3,  /* replaced continually: they always exist, each time in another slot */
	CHURNED = 64,
	CHURNERS = 2,
	LOOKERS = 2,
	LIMIT_MS = 120000,
#ifdef TRACKD_TSAN
	LOOKS = 200000,
#else
	LOOKS = 3000000,
#endif
};

/* Shared with the processes. */
static struct tally {
	uint32_t stop;
	uint64_t missed, looks, lists;
	uint64_t churned, replaced;
	char missing[32];
} * tally;

static struct linked_board linked;

static int create(struct trackd *trackd, const char *id, const char *owner, uint32_t flags)
{
	struct trackd_new new = TRACKD_NEW_INIT;

	new.id = id;
	new.owner = owner;
	new.flags = flags;
	return trackd_create(trackd, &new, NULL);
}

/* ---- Processes that change the chains ----------------------------------- */

_Noreturn static void churn(unsigned number)
{
	struct trackd *trackd = linked_board_open(&linked, TRACKD_OPEN_WRITE, 0);
	uint64_t random = number;
	struct trackd_ref ref;
	char id[32];

	while (!load_relaxed(&tally->stop)) {
		uint32_t dice = (uint32_t)(pattern_random(&random) >> 16);

		snprintf(id, sizeof id, "churn-%u", dice % CHURNED);
		if (dice >> 8 & 1 &&
		    create(trackd, id, dice >> 9 & 1 ? "lasting" : "passing", 0) == 0)
			add_relaxed(&tally->churned, 1);
		else if (trackd_lookup(trackd, id, &ref) == 0)
			(void)trackd_remove(trackd, ref);
		snprintf(id, sizeof id, "turn-%u", dice % TURNS);
		if (create(trackd, id, "lasting", TRACKD_REPLACE) == 0)
			add_relaxed(&tally->replaced, 1);
	}
	_exit(0);
}

/* ---- Readers ------------------------------------------------------------ */

static void missed(const char *id)
{
	if (add_relaxed(&tally->missed, 1) == 0)
		snprintf(tally->missing, sizeof tally->missing, "%s", id);
}

static void look_up(struct trackd *trackd, const char *id)
{
	struct trackd_ref ref;

	add_relaxed(&tally->looks, 1);
	if (trackd_lookup(trackd, id, &ref) < 0)
		missed(id);
}

/* Check the owner's stable tasks by an iteration while others are created and removed. */
static void list(struct trackd *trackd)
{
	unsigned met[STABLE] = { 0 };
	struct trackd_iter iter;
	struct trackd_task task = TRACKD_TASK_INIT;
	struct trackd_ref ref;

	add_relaxed(&tally->lists, 1);
	(void)trackd_iter_owner(trackd, "lasting", &iter);
	while (trackd_next(trackd, &iter, &ref) > 0) {
		long number = trackd_copy(trackd, ref, &task) == 0
				      ? pattern_number(task.id, "stable-")
				      : -1;
		if (number >= 0 && number < STABLE)
			met[number]++;
	}
	for (unsigned i = 0; i < STABLE; i++)
		if (met[i] != 1)
			missed(met[i] == 0 ? "an owner's task, in a list"
					   : "a task that was met twice");
}

_Noreturn static void look(void)
{
	struct trackd *trackd = linked_board_open(&linked, TRACKD_OPEN_READ, 0);
	char id[32];

	for (unsigned i = 0; i < LOOKS && load_relaxed(&tally->missed) == 0; i++) {
		if (i % (STABLE + TURNS) < STABLE)
			snprintf(id, sizeof id, "stable-%u", i % (STABLE + TURNS));
		else
			snprintf(id, sizeof id, "turn-%u", i % (STABLE + TURNS) - STABLE);
		look_up(trackd, id);
		if (i % 16 == 0)
			list(trackd);
	}
	trackd_close(trackd);
	_exit(0);
}

/* -----------------------------------------------------------------------------------------------
 */

static void populate(void)
{
	struct trackd *trackd = linked_board_open(&linked, TRACKD_OPEN_WRITE, 0);
	char id[32];

	for (unsigned i = 0; i < STABLE; i++) {
		snprintf(id, sizeof id, "stable-%u", i);
		HARNESS_MUST(create(trackd, id, "lasting", 0));
	}
	for (unsigned i = 0; i < TURNS; i++) {
		snprintf(id, sizeof id, "turn-%u", i);
		HARNESS_MUST(create(trackd, id, "lasting", 0));
	}
	trackd_close(trackd);
}

static bool run_all(void)
{
	pid_t churners[CHURNERS], lookers[LOOKERS];
	bool good = true;

	for (unsigned i = 0; i < CHURNERS; i++)
		if ((churners[i] = harness_fork()) == 0)
			churn(i + 1);
	for (unsigned i = 0; i < LOOKERS; i++)
		if ((lookers[i] = harness_fork()) == 0)
			look();
	HARNESS_WAIT(load_relaxed(&tally->looks) >= (uint64_t)LOOKS * LOOKERS ||
			     load_relaxed(&tally->missed) != 0,
		     LIMIT_MS);
	for (unsigned i = 0; i < LOOKERS; i++)
		good = harness_reap(lookers[i]) == 0 && good;
	store_relaxed(&tally->stop, 1);
	for (unsigned i = 0; i < CHURNERS; i++)
		good = harness_reap(churners[i]) == 0 && good;
	return good;
}

int main(void)
{

	tally = harness_shared(sizeof *tally);
	linked_board_make(&linked, CAPACITY);
	populate();
	tap_ok(run_all(), "all processes exit with 0");
	tap_ok(tally->missed == 0, "no existing task is missed (missed %llu of %llu%s%s)",
	       (unsigned long long)tally->missed, (unsigned long long)tally->looks,
	       tally->missing[0] ? ": " : "", tally->missing);
	tap_ok(tally->churned > 100 && tally->replaced > 100, "the chains changed meanwhile");
	tap_note("%llu lookups, %llu lists, %llu created, %llu replaced",
		 (unsigned long long)tally->looks, (unsigned long long)tally->lists,
		 (unsigned long long)tally->churned, (unsigned long long)tally->replaced);
	(void)inspection_ok(&linked.board);
	linked_board_remove(&linked);
	return tap_done();
}
