/* SPDX-License-Identifier: MIT */
/* Kinds: valid declarations, lookup by name, and the percentage of a task. */
#include "libclient/record/kind.h"
#include "tests/harness/client.h"
#include "tests/harness/own_board.h"
#include "tests/harness/stepped.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static int declare(const char *name, const struct trackd_stage_def *stages, int n)
{
	return kind_declare(&own_board, name, stages, n, harness_soon());
}

/* ---- Declaring ----------------------------------------------------------- */

static const struct trackd_stage_def two[] = { { "first", 0 }, { "second", 50 } };

static void kind_0_is_document_on_every_board(void **state)
{
	static const struct trackd_stage_def stages[] = {
		{ "extracting", 10 }, { "chunking", 25 },    { "embedding", 40 },
		{ "indexing", 70 },   { "summarizing", 85 },
	};
	struct trackd_kind kind = TRACKD_KIND_INIT;

	(void)state;
	assert_int_equal(kind_get(&own_board, TRACKD_KIND_DOCUMENT, &kind), 0);
	assert_string_equal(kind.name, "document");
	assert_int_equal(kind.n_stages, 5);
	for (int i = 0; i < 5; i++) {
		assert_string_equal(kind.stages[i].name, stages[i].name);
		assert_int_equal(kind.stages[i].percent, stages[i].percent);
		assert_int_equal(kind_stage_find(&own_board, 0, stages[i].name), i);
		assert_string_equal(kind_stage_name(&own_board, 0, (uint8_t)i), stages[i].name);
	}
	assert_int_equal(declare("document", stages, 5), 0); /* identical: found */
	assert_int_equal(own_board.kinds->n, 1);
}

static void an_identical_kind_is_found_and_not_added(void **state)
{
	(void)state;
	assert_int_equal(declare("build", two, 2), 1);
	assert_int_equal(declare("build", two, 2), 1);
	assert_int_equal(own_board.kinds->n, 2);
	assert_int_equal(declare("other", two, 2), 2); /* another name */
	assert_int_equal(declare("build", two, 1), 3); /* another number of stages */
}

static void the_newest_of_a_name_wins(void **state)
{
	static const struct trackd_stage_def again[] = { { "first", 0 }, { "second", 51 } };
	struct trackd_kind kind = TRACKD_KIND_INIT;

	(void)state;
	assert_int_equal(declare("build", two, 2), 1);
	assert_int_equal(declare("build", again, 2), 2);
	assert_int_equal(kind_find(&own_board, "build"), 2);
	assert_int_equal(kind_get(&own_board, 1, &kind), 0); /* tasks of the older one keep it */
	assert_int_equal(kind.stages[1].percent, 50);
	/* The older definition is not the newest, so it is added again. */
	assert_int_equal(declare("build", two, 2), 3);
	assert_int_equal(kind_find(&own_board, "build"), 3);
}

static void definitions_beyond_the_limits_are_refused(void **state)
{
	struct trackd_stage_def stages[TRACKD_STAGES_MAX + 1];
	char names[TRACKD_STAGES_MAX + 1][8];
	char name[64];

	(void)state;
	for (int i = 0; i <= TRACKD_STAGES_MAX; i++) {
		snprintf(names[i], sizeof names[i], "s%d", i);
		stages[i] = (struct trackd_stage_def){ names[i], 0 };
	}
	assert_int_equal(declare("k", stages, 0), -EINVAL);
	assert_int_equal(declare("k", stages, -1), -EINVAL);
	assert_int_equal(declare("k", stages, TRACKD_STAGES_MAX + 1), -EINVAL);
	assert_int_equal(declare(NULL, stages, 1), -EINVAL);
	assert_int_equal(declare("", stages, 1), -EINVAL);
	assert_int_equal(declare("Upper", stages, 1), -EINVAL);
	memset(name, 'n', sizeof name);
	name[TRACKD_STAGE_NAME_MAX + 1] = '\0';
	assert_int_equal(declare(name, stages, 1), -EINVAL);
	stages[1].name = name;
	assert_int_equal(declare("k", stages, 2), -EINVAL);
	stages[1].name = NULL;
	assert_int_equal(declare("k", stages, 2), -EINVAL);
	stages[1].name = names[0]; /* twice */
	assert_int_equal(declare("k", stages, 2), -EINVAL);
	stages[1] = (struct trackd_stage_def){ names[1], 100 };
	assert_int_equal(declare("k", stages, 2), -EINVAL);
	stages[0].percent = 50;
	stages[1].percent = 49; /* backwards */
	assert_int_equal(declare("k", stages, 2), -EINVAL);
	assert_int_equal(own_board.kinds->n, 1);
	name[TRACKD_STAGE_NAME_MAX] = '\0';
	for (int i = 0; i < TRACKD_STAGES_MAX; i++)
		stages[i] = (struct trackd_stage_def){ i ? names[i] : name, 99 };
	assert_int_equal(declare(name, stages, TRACKD_STAGES_MAX), 1);
	assert_int_equal(kind_find(&own_board, name), 1);
	assert_int_equal(kind_stage_find(&own_board, 1, names[TRACKD_STAGES_MAX - 1]), 15);
}

static void a_full_table_refuses_and_still_finds(void **state)
{
	char name[16];

	(void)state;
	for (int i = 1; i < TRACKD_KINDS_MAX; i++) {
		snprintf(name, sizeof name, "kind-%d", i);
		assert_int_equal(declare(name, two, 2), i);
	}
	assert_int_equal(declare("one-more", two, 2), TRACKD_E_TABLE_FULL);
	assert_int_equal(declare("kind-7", two, 2), 7);
	assert_int_equal(declare("kind-7", two, 1), TRACKD_E_TABLE_FULL);
	assert_int_equal(own_board.kinds->n, TRACKD_KINDS_MAX);
}

static void a_missing_task_is_not_found(void **state)
{
	struct trackd_kind kind = { .n_stages = 4711 };

	(void)state;
	assert_int_equal(kind_find(&own_board, "nothing"), TRACKD_E_KIND);
	assert_int_equal(kind_get(&own_board, 1, &kind), TRACKD_E_KIND);
	assert_int_equal(kind_get(&own_board, -1, &kind), TRACKD_E_KIND);
	assert_int_equal(kind.n_stages, 4711);
	assert_int_equal(kind_stage_find(&own_board, 0, "nothing"), TRACKD_E_STAGE);
	assert_int_equal(kind_stage_find(&own_board, 1, "first"), TRACKD_E_KIND);
	assert_string_equal(kind_stage_name(&own_board, 0, 5), "");
	assert_string_equal(kind_stage_name(&own_board, 1, 0), "");
	assert_string_equal(kind_stage_name(&own_board, UINT32_MAX, COPY_NO_STAGE), "");
}

static void declaring_waits_for_no_stopped_process_for_ever(void **state)
{
	pid_t pid = client_holding_lock(&own_board.kinds->mutex);

	(void)state;
	harness_stop(pid);
	assert_int_equal(kind_declare(&own_board, "build", two, 2, harness_deadline(60)),
			 TRACKD_E_BUSY);
	harness_kill(pid, SIGKILL);
	assert_int_equal(declare("build", two, 2), 1);
	assert_int_equal(own_board.header->counters.locks_recovered, 1);
}

/* A reader's results before every instruction of a declaration. */
static struct lookups {
	unsigned nothing, whole, half;
} lookups;

static void declare_build(void *nothing)
{
	(void)nothing;
	(void)declare("build", two, 2);
}

static void look_for_build(void *nothing)
{
	struct trackd_kind kind = TRACKD_KIND_INIT;
	bool found = kind_get(&own_board, 1, &kind) == 0;
	bool whole = found && strcmp(kind.name, "build") == 0 && kind.n_stages == 2 &&
		     strcmp(kind.stages[0].name, "first") == 0 &&
		     strcmp(kind.stages[1].name, "second") == 0 && kind.stages[1].percent == 50;

	(void)nothing;
	lookups.nothing += !found;
	lookups.whole += whole;
	lookups.half += found && !whole;
}

static void a_kind_is_whole_as_soon_as_it_is_there(void **state)
{
	(void)state;
	if (!stepped_possible())
		skip();
	memset(&lookups, 0, sizeof lookups);
	assert_true(stepped_watch(declare_build, look_for_build, NULL) > 100);
	assert_int_equal(lookups.half, 0);
	assert_true(lookups.nothing > 100 && lookups.whole > 10); /* readers read throughout */
	assert_int_equal(kind_find(&own_board, "build"), 1);
}

static void garbage_in_the_table_is_read_as_nothing(void **state)
{
	struct trackd_kind kind = TRACKD_KIND_INIT;

	(void)state;
	own_board.kinds->n = UINT32_MAX;
	assert_int_equal(kind_get(&own_board, TRACKD_KINDS_MAX, &kind), TRACKD_E_KIND);
	own_board.kinds->kind[0].n_stages = UINT32_MAX;
	memset(own_board.kinds->kind[0].name, 'n', LAYOUT_STAGE_NAME);
	memset(own_board.kinds->kind[0].stages, 's', sizeof own_board.kinds->kind[0].stages);
	memset(own_board.kinds->kind[0].percent, 0xff, LAYOUT_STAGES);
	assert_int_equal(kind_get(&own_board, 0, &kind), 0);
	assert_int_equal(strlen(kind.name), LAYOUT_STAGE_NAME - 1);
	assert_int_equal(kind.n_stages, TRACKD_STAGES_MAX);
	assert_string_equal(kind_stage_name(&own_board, 0, 3), "");
	int progress = kind_progress(&own_board, 0, TRACKD_ACTIVE, 3, UINT64_MAX - 1, UINT64_MAX);
	assert_true(progress >= 0 && progress <= 99);
}

/* ---- Progress ------------------------------------------------------------ */

static int progress(uint8_t state, uint8_t stage, uint64_t done, uint64_t total)
{
	return kind_progress(&own_board, TRACKD_KIND_DOCUMENT, state, stage, done, total);
}

static void stages_begin_at_their_percentages(void **state)
{
	static const int begins[] = { 10, 25, 40, 70, 85 };

	(void)state;
	assert_int_equal(progress(TRACKD_PENDING, COPY_NO_STAGE, 0, 0), 0);
	assert_int_equal(progress(TRACKD_PENDING, COPY_NO_STAGE, 5, 9), 0);
	for (uint8_t stage = 0; stage < 5; stage++) {
		assert_int_equal(progress(TRACKD_ACTIVE, stage, 0, 0), begins[stage]);
		assert_int_equal(progress(TRACKD_ACTIVE, stage, 99, 0), begins[stage]);
		assert_int_equal(progress(TRACKD_ACTIVE, stage, 0, 99), begins[stage]);
		assert_int_equal(progress(TRACKD_COMPLETED, stage, 1, 9), 100);
		assert_int_equal(progress(TRACKD_FAILED, stage, 0, 0), begins[stage]);
		assert_int_equal(progress(TRACKD_CANCELLED, stage, 0, 99), begins[stage]);
	}
	assert_int_equal(progress(TRACKD_COMPLETED, COPY_NO_STAGE, 0, 0), 100);
	assert_int_equal(progress(TRACKD_ACTIVE, 5, 1, 2), 0);
	assert_int_equal(progress(0, 2, 1, 2), 0);
	assert_int_equal(progress(TRACKD_CANCELLED + 1, 2, 1, 2), 0);
}

/* A failed or cancelled task keeps its percentage. */
static void a_task_that_ended_early_keeps_its_percentage(void **state)
{
	(void)state;
	for (uint8_t stage = 0; stage < 5; stage++)
		for (uint64_t done = 0; done <= 9; done++) {
			int was = progress(TRACKD_ACTIVE, stage, done, 9);

			assert_int_equal(progress(TRACKD_FAILED, stage, done, 9), was);
			assert_int_equal(progress(TRACKD_CANCELLED, stage, done, 9), was);
		}
	assert_int_equal(progress(TRACKD_FAILED, 2, 480, 1000), 54);
	assert_int_equal(progress(TRACKD_FAILED, COPY_NO_STAGE, 0, 0), 0);
	assert_int_equal(progress(TRACKD_CANCELLED, COPY_NO_STAGE, 0, 0), 0);
}

/* Rounded down, and always below the next stage's percentage. */
static void within_a_stage_it_moves_towards_the_next(void **state)
{
	static const int begins[] = { 10, 25, 40, 70, 85, 100 };
	static const uint64_t totals[] = { 1, 2, 3, 7, 100, 1000, TRACKD_WORK_MAX };

	(void)state;
	for (uint8_t stage = 0; stage < 5; stage++) {
		int here = begins[stage], width = begins[stage + 1] - here;
		for (size_t i = 0; i < sizeof totals / sizeof totals[0]; i++) {
			uint64_t step = totals[i] / 50 + 1;
			for (uint64_t done = 0; done < totals[i]; done += step) {
				__extension__ unsigned __int128 exact = done;
				assert_int_equal(progress(TRACKD_ACTIVE, stage, done, totals[i]),
						 here + (int)(exact * (unsigned)width / totals[i]));
			}
			for (uint64_t over = 0; over < 3; over++)
				assert_int_equal(
					progress(TRACKD_ACTIVE, stage, totals[i] + over, totals[i]),
					here + width - 1);
		}
	}
	assert_int_equal(progress(TRACKD_ACTIVE, 2, 480, 1000), 54);
	assert_int_equal(progress(TRACKD_ACTIVE, 4, 999999, 1000000), 99);
}

static void stages_of_no_width_stand_still(void **state)
{
	static const struct trackd_stage_def flat[] = { { "a", 99 }, { "b", 99 } };

	(void)state;
	int kind = declare("flat", flat, 2);
	for (uint8_t stage = 0; stage < 2; stage++)
		for (uint64_t done = 0; done <= 10; done++)
			assert_int_equal(kind_progress(&own_board, (uint32_t)kind, TRACKD_ACTIVE,
						       stage, done, 10),
					 99);
}

static const struct CMUnitTest tests[] = {
	OWN_BOARD(kind_0_is_document_on_every_board, 16),
	OWN_BOARD(an_identical_kind_is_found_and_not_added, 16),
	OWN_BOARD(the_newest_of_a_name_wins, 16),
	OWN_BOARD(definitions_beyond_the_limits_are_refused, 16),
	OWN_BOARD(a_full_table_refuses_and_still_finds, 16),
	OWN_BOARD(a_missing_task_is_not_found, 16),
	OWN_BOARD(declaring_waits_for_no_stopped_process_for_ever, 16),
	OWN_BOARD(a_kind_is_whole_as_soon_as_it_is_there, 16),
	OWN_BOARD(garbage_in_the_table_is_read_as_nothing, 16),
	OWN_BOARD(stages_begin_at_their_percentages, 16),
	OWN_BOARD(a_task_that_ended_early_keeps_its_percentage, 16),
	OWN_BOARD(within_a_stage_it_moves_towards_the_next, 16),
	OWN_BOARD(stages_of_no_width_stand_still, 16),
};

SUITE(tests)
