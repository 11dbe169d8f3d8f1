/* SPDX-License-Identifier: MIT */
/* The life of a task: every operation in every state, and its expiry. */
#include "libclient/record/kind.h"
#include "libclient/record/mend.h"
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "libclient/segment/cause.h"
#include "tests/harness/counting.h"
#include "tests/harness/own_board.h"
#include <stdio.h>
#include <string.h>

enum { CAPACITY = 64 };

/* ---- Every operation in every state -------------------------------------- */

enum place { PENDING, EXTRACTING, EMBEDDING, COMPLETED, FAILED, CANCELLED, REMOVED, N_PLACES };

enum operation {
	TO_CHUNKING,
	KEEP,
	NO_STAGE,
	ADVANCE,
	SET_TOTAL,
	SET_PROGRESS,
	COMPLETE,
	FAIL,
	CANCEL_NOW,
	ASK,
	LOST,
	N_OPERATIONS
};

static struct trackd_ref bring_to(enum place place)
{
	static unsigned n;
	char id[32];

	snprintf(id, sizeof id, "task-%u", n++);
	struct trackd_ref ref = own_create(id, "alice");
	if (place == EXTRACTING)
		HARNESS_MUST(own_update(ref, TRACKD_EXTRACTING));
	else if (place != PENDING)
		HARNESS_MUST(own_update(ref, TRACKD_EMBEDDING));
	if (place >= COMPLETED && place <= CANCELLED)
		HARNESS_MUST(
			own_end(ref, (enum trackd_state)(TRACKD_COMPLETED + place - COMPLETED)));
	if (place == REMOVED)
		own_remove(ref);
	return ref;
}

/* Exited with status 3. */
static const uint64_t OWN_CAUSE = UINT64_C(3) << 32 | CAUSE_EXITED;

static int lose(struct trackd_ref ref)
{
	const struct record_end how = { TRACKD_FAILED, TRACKD_REASON_WORKER_LOST,
					"lost",        "died",
					OWN_WORKER,    OWN_CAUSE };

	return record_end(&own_board, ref, &how, harness_soon());
}

static int operate(enum operation operation, struct trackd_ref ref)
{
	switch (operation) {
	case TO_CHUNKING:
		return own_update(ref, TRACKD_CHUNKING);
	case KEEP:
		return own_update(ref, TRACKD_STAGE_KEEP);
	case NO_STAGE:
		return own_update(ref, 5);
	case ADVANCE:
		return record_advance(&own_board, ref, 3);
	case SET_TOTAL:
		return record_set_total(&own_board, ref, 10, harness_soon());
	case SET_PROGRESS:
		return record_set_progress(&own_board, ref, 4, 8, harness_soon());
	case COMPLETE:
		return own_end(ref, TRACKD_COMPLETED);
	case FAIL:
		return own_end(ref, TRACKD_FAILED);
	case CANCEL_NOW:
		return own_end(ref, TRACKD_CANCELLED);
	case ASK:
		return record_cancel(&own_board, ref, harness_soon());
	case LOST:
		return lose(ref);
	case N_OPERATIONS:
		break;
	}
	return -1;
}

/* The state of a task afterwards. */
struct outcome {
	int result, state, stage, progress, reason;
	uint64_t done, total;
	bool asked;
};

#define SAME(result)                                                                               \
	{                                                                                          \
		result, 0, 0, 0, 0, 0, 0, false                                                    \
	}
#define FINAL SAME(TRACKD_E_FINAL)
#define GONE SAME(TRACKD_E_GONE)
#define EXPECT(state, stage, progress, reason, done, total)                                        \
	{                                                                                          \
		0, TRACKD_##state, stage, progress, TRACKD_REASON_##reason, done, total, false     \
	}

/* A negative result leaves the task unchanged. */
static const struct outcome outcomes[N_OPERATIONS][N_PLACES] = {
	[TO_CHUNKING] = { EXPECT(ACTIVE, 1, 25, NONE, 0, 0), EXPECT(ACTIVE, 1, 25, NONE, 0, 0),
			  EXPECT(ACTIVE, 1, 25, NONE, 0, 0), FINAL, FINAL, FINAL, GONE },
	[KEEP] = { EXPECT(PENDING, -1, 0, NONE, 0, 0), EXPECT(ACTIVE, 0, 10, NONE, 0, 0),
		   EXPECT(ACTIVE, 2, 40, NONE, 0, 0), FINAL, FINAL, FINAL, GONE },
	[NO_STAGE] = { SAME(TRACKD_E_STAGE), SAME(TRACKD_E_STAGE), SAME(TRACKD_E_STAGE), FINAL,
		       FINAL, FINAL, GONE },
	[ADVANCE] = { EXPECT(PENDING, -1, 0, NONE, 3, 0), EXPECT(ACTIVE, 0, 10, NONE, 3, 0),
		      EXPECT(ACTIVE, 2, 40, NONE, 3, 0), FINAL, FINAL, FINAL, GONE },
	[SET_TOTAL] = { EXPECT(PENDING, -1, 0, NONE, 0, 10), EXPECT(ACTIVE, 0, 10, NONE, 0, 10),
			EXPECT(ACTIVE, 2, 40, NONE, 0, 10), FINAL, FINAL, FINAL, GONE },
	[SET_PROGRESS] = { EXPECT(PENDING, -1, 0, NONE, 4, 8), EXPECT(ACTIVE, 0, 17, NONE, 4, 8),
			   EXPECT(ACTIVE, 2, 55, NONE, 4, 8), FINAL, FINAL, FINAL, GONE },
	[COMPLETE] = { EXPECT(COMPLETED, -1, 100, NONE, 0, 0),
		       EXPECT(COMPLETED, 0, 100, NONE, 0, 0), EXPECT(COMPLETED, 2, 100, NONE, 0, 0),
		       FINAL, FINAL, FINAL, GONE },
	[FAIL] = { EXPECT(FAILED, -1, 0, ERROR, 0, 0), EXPECT(FAILED, 0, 10, ERROR, 0, 0),
		   EXPECT(FAILED, 2, 40, ERROR, 0, 0), FINAL, FINAL, FINAL, GONE },
	[CANCEL_NOW] = { EXPECT(CANCELLED, -1, 0, CANCELLED, 0, 0),
			 EXPECT(CANCELLED, 0, 10, CANCELLED, 0, 0),
			 EXPECT(CANCELLED, 2, 40, CANCELLED, 0, 0), FINAL, FINAL, FINAL, GONE },
	[ASK] = { { TRACKD_CANCEL_ENDED, TRACKD_CANCELLED, -1, 0, TRACKD_REASON_CANCELLED, 0, 0,
		    false },
		  { TRACKD_CANCEL_ASKED, TRACKD_ACTIVE, 0, 10, 0, 0, 0, true },
		  { TRACKD_CANCEL_ASKED, TRACKD_ACTIVE, 2, 40, 0, 0, 0, true },
		  FINAL,
		  FINAL,
		  { TRACKD_CANCEL_ENDED, TRACKD_CANCELLED, 2, 40, TRACKD_REASON_CANCELLED, 0, 0,
		    false },
		  GONE },
	[LOST] = { SAME(-EAGAIN), EXPECT(FAILED, 0, 10, WORKER_LOST, 0, 0),
		   EXPECT(FAILED, 2, 40, WORKER_LOST, 0, 0), SAME(-EAGAIN), SAME(-EAGAIN),
		   SAME(-EAGAIN), GONE },
};

static void expect_outcome(const struct outcome *expected, const struct trackd_task *before,
			   const struct trackd_task *after)
{
	/* Cancelling a cancelled task changes nothing. */
	if (expected->result < 0 ||
	    (expected->result == TRACKD_CANCEL_ENDED && before->state == TRACKD_CANCELLED)) {
		assert_memory_equal(before, after, sizeof *before);
		return;
	}
	assert_int_equal(after->state, expected->state);
	assert_int_equal(after->stage, expected->stage);
	assert_int_equal(after->progress, expected->progress);
	assert_int_equal(after->reason, expected->reason);
	assert_int_equal(after->done, expected->done);
	assert_int_equal(after->total, expected->total);
	assert_int_equal(after->cancel_requested_ns != 0, expected->asked);
	assert_int_equal(after->finished_ns != 0, trackd_state_final(after->state));
	assert_int_equal(after->error[0] != '\0', after->state == TRACKD_FAILED);
	assert_int_equal(cause_of_task(after),
			 expected->reason == TRACKD_REASON_WORKER_LOST ? OWN_CAUSE : 0);
}

static void expect_counted(const struct layout_counters *before, enum operation operation,
			   enum place place, const struct outcome *expected)
{
	const struct layout_counters *now = &own_board.header->counters;
	bool ok = expected->result >= 0;

	assert_int_equal(now->completed - before->completed, ok && operation == COMPLETE);
	assert_int_equal(now->failed - before->failed,
			 ok && (operation == FAIL || operation == LOST));
	assert_int_equal(now->worker_lost - before->worker_lost, ok && operation == LOST);
	assert_int_equal(now->cancelled - before->cancelled,
			 operation == CANCEL_NOW
				 ? ok
				 : expected->result == TRACKD_CANCEL_ENDED && place != CANCELLED);
	assert_int_equal(now->refused_final - before->refused_final,
			 expected->result == TRACKD_E_FINAL);
}

static void every_operation_in_every_state_has_its_documented_result(void **state)
{
	struct trackd_task before = TRACKD_TASK_INIT;
	struct trackd_task after = TRACKD_TASK_INIT;

	(void)state;
	for (int operation = 0; operation < N_OPERATIONS; operation++) {
		for (int place = 0; place < N_PLACES; place++) {
			const struct outcome *expected = &outcomes[operation][place];
			struct trackd_ref ref = bring_to((enum place)place);
			struct layout_counters counters = own_board.header->counters;
			if (place != REMOVED)
				before = own_task(ref);
			int result = operate((enum operation)operation, ref);
			if (result != expected->result)
				fail_msg("operation %d in %d: %d, not %d", operation, place, result,
					 expected->result);
			expect_counted(&counters, (enum operation)operation, (enum place)place,
				       expected);
			if (place == REMOVED)
				continue;
			after = own_task(ref);
			expect_outcome(expected, &before, &after);
			own_remove(ref);
		}
	}
}

static void revisions_grow_by_one_with_every_change(void **state)
{
	struct trackd_ref ref = own_create("a", NULL);

	(void)state;
	assert_int_equal(own_task(ref).revision, 1);
	for (uint64_t i = 2; i < 10; i++) {
		assert_int_equal(own_update(ref, (int)i % 5), 0);
		assert_int_equal(own_task(ref).revision, i);
	}
	assert_int_equal(record_advance(&own_board, ref, 1), 0); /* publishes nothing */
	assert_int_equal(own_task(ref).revision, 9);
}

/* ---- Stages -------------------------------------------------------------- */

static void an_earlier_stage_again_starts_its_times_again(void **state)
{
	struct trackd_ref ref = own_create("a", NULL);

	(void)state;
	for (int stage = 0; stage < 4; stage++) {
		assert_int_equal(own_update(ref, stage), 0);
		assert_int_equal(record_advance(&own_board, ref, (uint64_t)stage + 1), 0);
	}
	struct trackd_task first = own_task(ref);
	for (int stage = 0; stage < 3; stage++) {
		assert_int_equal(first.stages[stage].state, TRACKD_STAGE_DONE);
		assert_int_equal(first.stages[stage].done, stage + 1);
		assert_true(first.stages[stage].finished_ns >= first.stages[stage].started_ns);
	}
	assert_int_equal(first.stages[3].state, TRACKD_STAGE_RUNNING);
	assert_int_equal(first.done, 4);
	assert_int_equal(own_update(ref, 1), 0);
	struct trackd_task again = own_task(ref);
	assert_memory_equal(&again.stages[0], &first.stages[0], sizeof first.stages[0]);
	assert_int_equal(again.stages[1].state, TRACKD_STAGE_RUNNING);
	assert_true(again.stages[1].started_ns >= first.stages[3].started_ns);
	for (int stage = 2; stage < 5; stage++) {
		assert_int_equal(again.stages[stage].state, TRACKD_STAGE_WAITING);
		assert_int_equal(again.stages[stage].started_ns, 0);
	}
	assert_int_equal(again.done, 0);
	assert_int_equal(again.started_ns, first.started_ns);
}

static void the_stage_a_task_ends_in_differs_from_those_it_left(void **state)
{
	(void)state;
	for (int ends = TRACKD_COMPLETED; ends <= TRACKD_CANCELLED; ends++) {
		struct trackd_ref ref = own_create("a", NULL);
		assert_int_equal(own_update(ref, 0), 0);
		assert_int_equal(own_update(ref, 2), 0);
		assert_int_equal(record_set_progress(&own_board, ref, 5, 9, harness_soon()), 0);
		assert_int_equal(own_end(ref, (enum trackd_state)ends), 0);
		struct trackd_task task = own_task(ref);
		assert_int_equal(task.stages[0].state, TRACKD_STAGE_DONE);
		assert_int_equal(task.stages[1].state, TRACKD_STAGE_WAITING); /* left out */
		assert_int_equal(task.stages[2].state,
				 ends == TRACKD_COMPLETED ? TRACKD_STAGE_DONE : TRACKD_STAGE_ENDED);
		assert_int_equal(task.done, 5);
		assert_int_equal(task.stages[2].done, 5);
		assert_int_equal(task.stages[2].total, 9);
		assert_int_equal(task.stages[2].finished_ns, task.finished_ns);
		own_remove(ref);
	}
}

static void naming_a_stage_makes_the_caller_the_worker(void **state)
{
	struct trackd_ref ref = own_create("a", NULL);
	uint64_t worker, work;
	uint8_t status;

	(void)state;
	assert_int_equal(record_update(&own_board, ref, TRACKD_STAGE_KEEP, "m", 11, harness_soon()),
			 0);
	assert_true(record_peek(&own_board, ref, &status, &worker, &work));
	assert_int_equal(worker, 0);
	assert_int_equal(record_update(&own_board, ref, 0, "m", 11, harness_soon()), 0);
	assert_true(record_peek(&own_board, ref, &status, &worker, &work));
	assert_int_equal(worker, 11);
	assert_int_equal(record_update(&own_board, ref, 0, "m", 0, harness_soon()), 0); /* stays */
	assert_true(record_peek(&own_board, ref, &status, &worker, &work));
	assert_int_equal(worker, 11);
	assert_int_equal(record_update(&own_board, ref, 0, "m", 12, harness_soon()), 0);
	assert_true(record_peek(&own_board, ref, &status, &worker, &work));
	assert_int_equal(worker, 12);
	struct record_end lost = { TRACKD_FAILED, TRACKD_REASON_WORKER_LOST, "", "", 11, 0 };
	assert_int_equal(record_end(&own_board, ref, &lost, harness_soon()),
			 -EAGAIN); /* not its worker */
}

static void messages_and_errors_are_cut_and_marked(void **state)
{
	char text[600];
	struct trackd_ref ref = own_create("a", NULL);
	struct record_end failed = { TRACKD_FAILED, TRACKD_REASON_ERROR, "", text, 0, 0 };

	(void)state;
	memset(text, 'x', sizeof text);
	text[TRACKD_MESSAGE_MAX] = '\0';
	assert_int_equal(record_update(&own_board, ref, 0, text, 0, harness_soon()), 0);
	struct trackd_task task = own_task(ref);
	assert_string_equal(task.message, text);
	assert_int_equal(task.flags, 0);
	text[TRACKD_MESSAGE_MAX] = 'x';
	text[TRACKD_MESSAGE_MAX + 1] = '\0';
	assert_int_equal(record_update(&own_board, ref, 0, text, 0, harness_soon()), 0);
	task = own_task(ref);
	assert_int_equal(strlen(task.message), TRACKD_MESSAGE_MAX);
	assert_int_equal(task.flags, TRACKD_MESSAGE_CUT);
	assert_int_equal(own_update(ref, 1), 0); /* the message and its mark as truncated stay */
	assert_int_equal(own_task(ref).flags, TRACKD_MESSAGE_CUT);
	text[TRACKD_MESSAGE_MAX + 1] = 'x';
	text[TRACKD_ERROR_MAX + 1] = '\0';
	assert_int_equal(record_end(&own_board, ref, &failed, harness_soon()), 0);
	task = own_task(ref);
	assert_int_equal(strlen(task.error), TRACKD_ERROR_MAX);
	assert_int_equal(task.flags, TRACKD_ERROR_CUT);
	assert_string_equal(task.message, "");
}

/* ---- Expiry -------------------------------------------------------------- */

static uint64_t life_ms(struct trackd_ref ref)
{
	struct trackd_task task = own_task(ref);

	if (task.expires_ns == UINT64_MAX)
		return UINT64_MAX;
	return (task.expires_ns - task.updated_ns) / NS_PER_MS;
}

static void deadlines_follow_the_one_rule(void **state)
{
	static const struct {
		uint32_t ttl, active;
		uint64_t expected_ttl, expected_active;
	} rows[] = {
		{ 0, 0, TRACKD_TTL_DEFAULT_MS,
		  TRACKD_ACTIVE_TTL_DEFAULT_MS + TRACKD_TTL_DEFAULT_MS },
		{ 5000, 0, 5000, TRACKD_ACTIVE_TTL_DEFAULT_MS + 5000 },
		{ 0, 7000, TRACKD_TTL_DEFAULT_MS, 7000 + TRACKD_TTL_DEFAULT_MS },
		{ TRACKD_TTL_NEVER, 7000, UINT64_MAX, UINT64_MAX },
		{ 5000, TRACKD_TTL_NEVER, 5000, UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct trackd_ref ref = own_create_for("a", rows[i].ttl, rows[i].active);
		assert_int_equal(life_ms(ref), rows[i].expected_ttl);
		assert_int_equal(record_update(&own_board, ref, 0, NULL, 0, harness_soon()), 0);
		assert_int_equal(life_ms(ref), rows[i].expected_ttl); /* it has no worker */
		assert_int_equal(own_update(ref, 1), 0);
		assert_int_equal(life_ms(ref), rows[i].expected_active);
		assert_int_equal(own_end(ref, TRACKD_COMPLETED), 0);
		assert_int_equal(life_ms(ref), rows[i].expected_ttl);
		own_remove(ref);
	}
}

static void an_expired_task_is_gone_for_writers(void **state)
{
	struct trackd_ref ref = own_create_for("a", 0, 0);

	(void)state;
	own_board.heads[ref.slot].deadline = clock_boot_ns();
	for (int operation = 0; operation < N_OPERATIONS; operation++)
		if (operation != ADVANCE) /* reads no clock */
			assert_int_equal(operate((enum operation)operation, ref), TRACKD_E_GONE);
	own_board.heads[ref.slot].deadline = UINT64_MAX;
	assert_int_equal(own_update(ref, 0), 0);
}

/* The kind is stored only in the hint word, next to fields that every change of the record
 * stores. */
static void a_record_keeps_its_kind(void **state)
{
	static const struct trackd_stage_def stages[] = {
		{ "a", 0 }, { "b", 20 }, { "c", 40 }, { "d", 60 }, { "e", 80 }
	};
	const int last = LAYOUT_KINDS - 1; /* all bits of a kind are set */
	char name[LAYOUT_STAGE_NAME];

	(void)state;
	for (int kind = 1; kind <= last; kind++) {
		snprintf(name, sizeof name, "kind-%d", kind);
		assert_int_equal(kind_declare(&own_board, name, stages, 5, harness_soon()), kind);
	}
	for (int operation = 0; operation < N_OPERATIONS; operation++) {
		struct tenant_new task = {
			.id = "a", .owner = "", .name = "", .message = "", .kind = (uint8_t)last
		};
		struct trackd_ref ref;
		HARNESS_MUST(tenant_create(&own_board, &task, harness_soon(), &ref));
		assert_int_equal(own_task(ref).kind, last);
		assert_int_equal(own_update(ref, 0), 0);
		assert_int_equal(own_task(ref).kind, last);
		(void)operate((enum operation)operation, ref);
		assert_int_equal(own_task(ref).kind, last);
		mend_record(&own_board, ref.slot);
		assert_int_equal(own_task(ref).kind, last);
		own_remove(ref);
	}
}

static void mending_puts_deadline_hint_and_seal_right(void **state)
{
	struct trackd_ref ref = own_create_for("a", 5000, 7000);
	struct layout_head *head = &own_board.heads[ref.slot];

	(void)state;
	assert_int_equal(own_update(ref, 0), 0);
	struct layout_head good = *head;
	head->deadline = UINT64_MAX;
	head->hint = hint_make(0, 0, hint_kind(good.hint));
	own_board.bodies[ref.slot].work |= WORK_SEAL;
	for (int i = 0; i < 2; i++) {
		mend_record(&own_board, ref.slot);
		assert_memory_equal(head, &good, sizeof good);
		assert_true(work_is_open(own_board.bodies[ref.slot].work, ref.generation));
	}
	assert_int_equal(own_end(ref, TRACKD_COMPLETED), 0);
	own_board.bodies[ref.slot].work &= ~WORK_SEAL;
	mend_record(&own_board, ref.slot);
	assert_int_equal(record_advance(&own_board, ref, 1), TRACKD_E_FINAL);
}

/* The time of a request is kept in 32 bits; tasks may be older than 2^32 ms. */
static void a_request_to_cancel_is_dated_right_however_old_the_task(void **state)
{
	static const uint64_t day = 86400 * NS_PER_S;
	const uint64_t ages[] = { 1,        day,      24 * day,  25 * day,
				  49 * day, 50 * day, 400 * day, 10000 * day };

	(void)state;
	for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++) {
		char id[32];
		snprintf(id, sizeof id, "task-%zu", i);
		struct trackd_ref ref = own_create(id, NULL);
		assert_int_equal(own_update(ref, 0), 0);
		own_board.details[ref.slot].created = clock_boot_ns() - ages[i];
		uint64_t before = clock_boot_ns();
		assert_int_equal(record_cancel(&own_board, ref, harness_soon()), 0);
		struct trackd_task task = own_task(ref);
		uint64_t asked = task.cancel_requested_ns - task.created_ns;
		uint64_t late = clock_boot_ns() - before + NS_PER_MS;
		assert_true(asked + (ages[i] > 24 * day ? NS_PER_S : NS_PER_MS) >= ages[i]);
		assert_true(asked <= ages[i] + late);
	}
}

static const struct CMUnitTest tests[] = {
	OWN_BOARD(every_operation_in_every_state_has_its_documented_result, CAPACITY),
	OWN_BOARD(revisions_grow_by_one_with_every_change, CAPACITY),
	OWN_BOARD(an_earlier_stage_again_starts_its_times_again, CAPACITY),
	OWN_BOARD(the_stage_a_task_ends_in_differs_from_those_it_left, CAPACITY),
	OWN_BOARD(naming_a_stage_makes_the_caller_the_worker, CAPACITY),
	OWN_BOARD(messages_and_errors_are_cut_and_marked, CAPACITY),
	OWN_BOARD(deadlines_follow_the_one_rule, CAPACITY),
	OWN_BOARD(an_expired_task_is_gone_for_writers, CAPACITY),
	OWN_BOARD(a_record_keeps_its_kind, CAPACITY),
	OWN_BOARD(a_request_to_cancel_is_dated_right_however_old_the_task, CAPACITY),
	OWN_BOARD(mending_puts_deadline_hint_and_seal_right, CAPACITY),
};

SUITE(tests)
