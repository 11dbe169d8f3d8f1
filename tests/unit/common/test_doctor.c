/* SPDX-License-Identifier: MIT */
/*
 * The doctor finds no fault in a healthy board, and detects each broken invariant: one fault at a
 * time is made in a board with tasks in every state, and must be found, named, and gone once it is
 * undone.
 */
#include "libclient/index/index.h"
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/segment/layout.h"
#include "tests/harness/inspection.h"
#include "tests/harness/own_board.h"
#include "tools/common/doctor/doctor.h"
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	CAPACITY = 64,
	ACTIVE = 0,
	FAILED = 1,
	PENDING = 2,
	GONE = 3,
	NO_OWNER = 4,
	LABELLED = 5,
	LIMITED = 6
};

static struct trackd_ref tasks[7];

/* ---- A board with something of everything ------------------------------ */

static void make_tasks(void)
{
	static const struct record_end failed = {
		TRACKD_FAILED, TRACKD_REASON_ERROR, "Processing failed", "no text in it", 0, 0
	};
	static const struct tenant_new labelled = {
		.id = "labelled", .owner = "", .name = "", .message = "", .labels = "a=1\nb=2"
	};

	tasks[ACTIVE] = own_create("active", "alice");
	tasks[FAILED] = own_create("failed", "alice");
	tasks[PENDING] = own_create("pending", "alice");
	tasks[GONE] = own_create("gone", "bob");
	tasks[NO_OWNER] = own_create("nobody", NULL);
	const struct tenant_new limited = {
		.id = "limited", .owner = "", .name = "", .message = "", .within.progress = 1000
	};
	harness_must(tenant_create(&own_board, &limited, harness_soon(), &tasks[LIMITED]),
		     "create");
	harness_must(record_update(&own_board, tasks[ACTIVE], TRACKD_EXTRACTING, "page 1", 0,
				   harness_soon()),
		     "update");
	harness_must(record_update(&own_board, tasks[ACTIVE], TRACKD_EMBEDDING, "batch 1", 0,
				   harness_soon()),
		     "second update");
	harness_must(record_set_progress(&own_board, tasks[ACTIVE], 4, 10, harness_soon()),
		     "progress");
	harness_must(
		record_update(&own_board, tasks[FAILED], TRACKD_CHUNKING, NULL, 0, harness_soon()),
		"update");
	harness_must(record_end(&own_board, tasks[FAILED], &failed, harness_soon()), "fail");
	own_remove(tasks[GONE]);
	harness_must(tenant_create(&own_board, &labelled, harness_soon(), &tasks[LABELLED]),
		     "create");
}

static struct layout_head *head(int task)
{
	return &own_board.heads[tasks[task].slot];
}

static struct layout_body *body(int task)
{
	return &own_board.bodies[tasks[task].slot];
}

static struct layout_detail *detail(int task)
{
	return &own_board.details[tasks[task].slot];
}

static struct layout_copy *copy(int task)
{
	return &body(task)->copy[stamp_version(head(task)->stamp) & 1];
}

static struct layout_copy *last(int task)
{
	return &body(task)->copy[~stamp_version(head(task)->stamp) & 1];
}

static uint32_t *id_link(int task)
{
	return &own_board.id_buckets[index_bucket(&own_board, head(task)->id_hash)];
}

/* ---- Looking ----------------------------------------------------------- */

static int n_faults(struct doctor_report *report)
{
	int faults = doctor_check_fd(own_board.fd, report);

	assert_true(faults >= 0);
	return faults;
}

static void assert_clean(void)
{
	struct doctor_report report;
	int faults = n_faults(&report);

	doctor_report_print(stdout, "# ", &report);
	doctor_report_free(&report);
	assert_int_equal(faults, 0);
}

/* Put bytes of another value somewhere, look, and put the old ones back. */
static void expect_fault(void *at, const void *value, size_t size, enum doctor_part part,
			 const char *field)
{
	struct doctor_report report;
	uint8_t before[LAYOUT_ERROR];

	assert_true(size <= sizeof before);
	memcpy(before, at, size);
	memcpy(at, value, size);
	int faults = n_faults(&report);
	bool named = inspection_names(&report, part, field);
	if (faults == 0 || !named) {
		printf("# looked for %s in a %s, saw:\n", field, doctor_part_name(part));
		doctor_report_print(stdout, "# ", &report);
	}
	doctor_report_free(&report);
	memcpy(at, before, size);
	assert_true(faults > 0);
	assert_true(named);
}

#define EXPECT(lvalue, value, part, field)                                                         \
	do {                                                                                       \
		__typeof__(lvalue) value_ = (__typeof__(lvalue))(value);                           \
		expect_fault(&(lvalue), &value_, sizeof value_, part, field);                      \
	} while (0)

/* ---- Tests ------------------------------------------------------------- */

static void healthy_boards_are_whole(void **state)
{
	struct doctor_report report;

	(void)state;
	assert_int_equal(n_faults(&report), 0);
	assert_int_equal(report.live, 6);
	assert_int_equal(report.capacity, CAPACITY);
	assert_int_equal(report.passes, 1);
	assert_int_equal(report.events_unfinished, 0);
	assert_true(report.events > 0);
	doctor_report_free(&report);
}

static void a_broken_header_is_named(void **state)
{
	struct layout_header *header = own_board.header;

	(void)state;
	EXPECT(header->magic, 1, DOCTOR_HEADER, "magic");
	EXPECT(header->retired, 3, DOCTOR_HEADER, "retired");
	EXPECT(header->closed, 3, DOCTOR_HEADER, "closed");
	EXPECT(header->major, 9, DOCTOR_HEADER, "major");
	EXPECT(header->minor, 9, DOCTOR_HEADER, "minor");
	EXPECT(header->header_size, 9, DOCTOR_HEADER, "header_size");
	EXPECT(header->fingerprint, 9, DOCTOR_HEADER, "fingerprint");
	EXPECT(header->size, 9, DOCTOR_HEADER, "size");
	EXPECT(header->capacity, 1, DOCTOR_HEADER, "capacity");
	EXPECT(header->capacity, CAPACITY * 1000, DOCTOR_FILE, "size");
	EXPECT(header->spare, LAYOUT_SPARE - 1, DOCTOR_HEADER, "spare");
	EXPECT(header->owner_uid, header->owner_uid + 1, DOCTOR_HEADER, "owner_uid");
	EXPECT(header->heads, 64, DOCTOR_HEADER, "offset of heads");
	EXPECT(header->details, 64, DOCTOR_HEADER, "offset of details");
	EXPECT(header->suspend_offset_ns, INT64_MIN, DOCTOR_HEADER, "suspend_offset_ns");
	EXPECT(header->created_wall_ns, 0, DOCTOR_HEADER, "created_wall_ns");
	EXPECT(header->snapshot_wall_ns, -1, DOCTOR_HEADER, "snapshot_wall_ns");
	EXPECT(header->reserved4, 1, DOCTOR_HEADER, "reserved4");
	EXPECT(header->number, 0, DOCTOR_HEADER, "number");
	EXPECT(header->number, 256, DOCTOR_HEADER, "number");
	EXPECT(header->flags, LAYOUT_MIRROR, DOCTOR_HEADER, "flags");
	EXPECT(header->n_kinds, LAYOUT_KINDS + 1, DOCTOR_HEADER, "n_kinds");
	EXPECT(header->n_hosts, 1, DOCTOR_HEADER, "n_hosts");
	EXPECT(header->reserved8[3], 1, DOCTOR_HEADER, "reserved8");
	EXPECT(header->counters.reserved[0], 1, DOCTOR_HEADER, "counters.reserved");
	EXPECT(header->hash_seed, header->hash_seed + 1, DOCTOR_SLOT, "id_hash");
	EXPECT(header->event_next, header->event_next + LAYOUT_EVENTS, DOCTOR_HEADER, "event_next");
	assert_clean();
}

static void broken_tables_are_named(void **state)
{
	struct layout_kinds *kinds = own_board.kinds;
	struct layout_client *client = &own_board.clients[5];
	uint8_t endless[LAYOUT_STAGE_NAME];

	(void)state;
	memset(endless, 'a', sizeof endless);
	EXPECT(kinds->n, 0, DOCTOR_KINDS, "n");
	EXPECT(kinds->n, 65, DOCTOR_KINDS, "n");
	EXPECT(kinds->kind[0].n_stages, 17, DOCTOR_KIND, "n_stages");
	EXPECT(kinds->kind[0].percent[1], 5, DOCTOR_KIND, "percent");
	EXPECT(kinds->kind[0].percent[4], 100, DOCTOR_KIND, "percent");
	EXPECT(kinds->kind[0].name[0], 'x', DOCTOR_KIND, "name");
	EXPECT(kinds->kind[0].stages[0][0], '\033', DOCTOR_KIND, "stage");
	EXPECT(kinds->kind[0].reserved[0], 1, DOCTOR_KIND, "reserved");
	expect_fault(kinds->kind[0].stages[2], endless, sizeof endless, DOCTOR_KIND, "stage");
	expect_fault(kinds->kind[0].stages[2], kinds->kind[0].stages[1], LAYOUT_STAGE_NAME,
		     DOCTOR_KIND, "stage");
	EXPECT(client->reserved[0], 1, DOCTOR_CLIENT, "reserved");
	client->claim = claim_make(7, 1234);
	client->ready = 7;
	assert_clean();
	expect_fault(client->comm, endless, sizeof client->comm, DOCTOR_CLIENT, "comm");
	EXPECT(client->claim, claim_make(7, 1u << 31), DOCTOR_CLIENT, "claim");
	EXPECT(own_board.owner_stripes[9].recount, 1, DOCTOR_OWNER_STRIPE, "recount");
	assert_clean();
}

static void broken_chains_are_named(void **state)
{
	uint32_t stripe = index_stripe(index_bucket(&own_board, head(ACTIVE)->id_hash));
	uint32_t free_link = tasks[GONE].slot + 1;

	(void)state;
	EXPECT(*id_link(ACTIVE), 0, DOCTOR_SLOT, "id_next");
	EXPECT(*id_link(ACTIVE), CAPACITY + LAYOUT_SPARE + 1, DOCTOR_ID_BUCKET, "link");
	EXPECT(*id_link(ACTIVE), free_link, DOCTOR_SLOT, "id_next");
	EXPECT(head(ACTIVE)->id_next, tasks[ACTIVE].slot + 1, DOCTOR_SLOT, "id_next");
	EXPECT(head(ACTIVE)->id_next, CAPACITY + LAYOUT_SPARE + 1, DOCTOR_SLOT, "id_next");
	EXPECT(head(ACTIVE)->id_hash, ~head(ACTIVE)->id_hash, DOCTOR_SLOT, "id_hash");
	EXPECT(head(FAILED)->owner_next, tasks[FAILED].slot + 1, DOCTOR_SLOT, "owner_next");
	EXPECT(head(PENDING)->owner_next, 0, DOCTOR_SLOT, "owner_next");
	EXPECT(head(PENDING)->owner_prev, CAPACITY + LAYOUT_SPARE + 1, DOCTOR_SLOT, "owner_prev");
	EXPECT(head(ACTIVE)->owner_hash, 0, DOCTOR_SLOT, "owner_hash");
	EXPECT(head(NO_OWNER)->owner_hash, 1, DOCTOR_SLOT, "owner_hash");
	EXPECT(head(ACTIVE)->serial, head(PENDING)->serial, DOCTOR_SLOT, "serial");
	EXPECT(head(PENDING)->serial, UINT64_MAX - 1, DOCTOR_SLOT, "serial");
	EXPECT(own_board.id_stripes[stripe].count, 7, DOCTOR_ID_STRIPE, "count");
	assert_clean();
}

static void twins_are_named(void **state)
{
	struct layout_head before = *head(FAILED);
	uint8_t id[LAYOUT_ID];

	(void)state;
	memcpy(id, body(FAILED)->id, sizeof id);
	index_unlink_id(&own_board, tasks[FAILED].slot);
	head(FAILED)->id_hash = head(ACTIVE)->id_hash;
	memcpy(body(FAILED)->id, body(ACTIVE)->id, sizeof id);
	index_link_id(&own_board, tasks[FAILED].slot);
	struct doctor_report report;
	n_faults(&report);
	assert_true(inspection_names(&report, DOCTOR_SLOT, "id"));
	doctor_report_free(&report);
	index_unlink_id(&own_board, tasks[FAILED].slot);
	head(FAILED)->id_hash = before.id_hash;
	memcpy(body(FAILED)->id, id, sizeof id);
	index_link_id(&own_board, tasks[FAILED].slot);
	assert_clean();
}

static void broken_records_are_named(void **state)
{
	uint8_t endless[LAYOUT_ERROR];

	(void)state;
	memset(endless, 'a', sizeof endless);
	EXPECT(body(ACTIVE)->id[0], '/', DOCTOR_SLOT, "id");
	expect_fault(body(ACTIVE)->id, endless, LAYOUT_ID, DOCTOR_SLOT, "id");
	expect_fault(detail(ACTIVE)->owner, endless, LAYOUT_OWNER, DOCTOR_SLOT, "owner");
	EXPECT(detail(ACTIVE)->owner[0], 0xff, DOCTOR_SLOT, "owner");
	expect_fault(detail(ACTIVE)->name, endless, LAYOUT_NAME, DOCTOR_SLOT, "name");
	expect_fault(detail(FAILED)->error, endless, LAYOUT_ERROR, DOCTOR_SLOT, "error");
	EXPECT(head(ACTIVE)->hint, head(ACTIVE)->hint | 1u << 24, DOCTOR_SLOT, "kind");
	EXPECT(head(ACTIVE)->hint, head(ACTIVE)->hint | 0xffu << 24, DOCTOR_SLOT, "kind");
	EXPECT(body(ACTIVE)->work, body(ACTIVE)->work ^ (UINT64_C(1) << 60), DOCTOR_SLOT, "work");
	EXPECT(body(ACTIVE)->work, body(ACTIVE)->work | WORK_SEAL, DOCTOR_SLOT, "work");
	EXPECT(body(FAILED)->work, body(FAILED)->work & ~WORK_SEAL, DOCTOR_SLOT, "work");
	EXPECT(detail(LABELLED)->labels[0], ' ', DOCTOR_SLOT, "labels");
	EXPECT(detail(LABELLED)->labels[0], 0, DOCTOR_SLOT, "labels");
	expect_fault(detail(LABELLED)->labels, endless, LAYOUT_LABELS, DOCTOR_SLOT, "labels");
	EXPECT(detail(ACTIVE)->flags, 8, DOCTOR_SLOT, "detail flags");
	EXPECT(detail(ACTIVE)->reserved[1], 8, DOCTOR_SLOT, "reserved");
	EXPECT(detail(ACTIVE)->started, 1, DOCTOR_SLOT, "started");
	EXPECT(detail(ACTIVE)->row[0].end, 1, DOCTOR_SLOT, "stage row");
	EXPECT(detail(ACTIVE)->row[0].done, UINT64_MAX, DOCTOR_SLOT, "done of a stage row");
	assert_clean();
}

static void broken_copies_are_named(void **state)
{
	uint8_t endless[LAYOUT_MESSAGE];

	(void)state;
	memset(endless, 'a', sizeof endless);
	EXPECT(copy(ACTIVE)->revision, 0, DOCTOR_SLOT, "revision");
	EXPECT(copy(ACTIVE)->state, 0, DOCTOR_SLOT, "state");
	EXPECT(copy(ACTIVE)->state, 6, DOCTOR_SLOT, "state");
	EXPECT(copy(ACTIVE)->reason, TRACKD_REASON_ERROR, DOCTOR_SLOT, "reason");
	EXPECT(copy(FAILED)->reason, TRACKD_REASON_NONE, DOCTOR_SLOT, "reason");
	EXPECT(copy(ACTIVE)->cause, cause_make(CAUSE_EXITED, 0, 3), DOCTOR_SLOT, "cause");
	EXPECT(copy(FAILED)->cause, cause_make(CAUSE_SIGNALLED, 0, 9), DOCTOR_SLOT, "cause");
	EXPECT(copy(ACTIVE)->stage, 5, DOCTOR_SLOT, "stage");
	EXPECT(copy(ACTIVE)->stage, COPY_NO_STAGE, DOCTOR_SLOT, "stage");
	EXPECT(copy(PENDING)->stage, 0, DOCTOR_SLOT, "stage");
	EXPECT(copy(ACTIVE)->stages_left, 1 << 4, DOCTOR_SLOT, "stages_left");
	EXPECT(copy(ACTIVE)->flags, 0, DOCTOR_SLOT, "flags");
	EXPECT(copy(ACTIVE)->flags, COPY_STARTED | COPY_ERROR, DOCTOR_SLOT, "flags");
	EXPECT(copy(ACTIVE)->flags, COPY_STARTED | 0x8000, DOCTOR_SLOT, "flags");
	EXPECT(copy(ACTIVE)->flags, COPY_STARTED | COPY_LIMITS, DOCTOR_SLOT, "limits");
	EXPECT(copy(LIMITED)->flags, 0, DOCTOR_SLOT, "hint");
	EXPECT(detail(LIMITED)->progress_within, 0, DOCTOR_SLOT, "limits");
	EXPECT(last(FAILED)->state, TRACKD_FAILED, DOCTOR_SLOT, "state before the end");
	EXPECT(last(FAILED)->message_len, LAYOUT_MESSAGE, DOCTOR_SLOT, "last message");
	EXPECT(copy(ACTIVE)->total, UINT64_MAX, DOCTOR_SLOT, "total");
	EXPECT(copy(ACTIVE)->base, UINT64_MAX, DOCTOR_SLOT, "base");
	EXPECT(copy(FAILED)->done, UINT64_MAX, DOCTOR_SLOT, "done");
	EXPECT(copy(ACTIVE)->worker, LAYOUT_CLIENTS + 1, DOCTOR_SLOT, "worker");
	EXPECT(copy(ACTIVE)->worker, UINT64_C(1) << 32, DOCTOR_SLOT, "worker");
	EXPECT(copy(ACTIVE)->updated, 1, DOCTOR_SLOT, "updated");
	EXPECT(copy(ACTIVE)->stage_start, 1, DOCTOR_SLOT, "stage_start");
	EXPECT(copy(ACTIVE)->message_len, 3, DOCTOR_SLOT, "message_len");
	EXPECT(copy(ACTIVE)->message_len, LAYOUT_MESSAGE, DOCTOR_SLOT, "message_len");
	expect_fault(copy(ACTIVE)->message, endless, sizeof endless, DOCTOR_SLOT, "message");
	EXPECT(copy(ACTIVE)->message[LAYOUT_MESSAGE - 1], 1, DOCTOR_SLOT, "last byte of message");
	assert_clean();
}

/* Of an open task's copy that is not in force nothing counts: it belongs to the next writer. */
static void the_other_copy_may_hold_anything(void **state)
{
	(void)state;
	memset(last(ACTIVE), 0xee, sizeof *last(ACTIVE));
	assert_clean();
}

static void broken_heads_are_named(void **state)
{
	uint64_t stamp = head(ACTIVE)->stamp;
	uint32_t generation = stamp_generation(stamp);

	(void)state;
	EXPECT(head(ACTIVE)->deadline, 5, DOCTOR_SLOT, "deadline");
	EXPECT(head(ACTIVE)->deadline, UINT64_MAX, DOCTOR_SLOT, "deadline");
	EXPECT(head(ACTIVE)->hint, head(FAILED)->hint, DOCTOR_SLOT, "hint");
	EXPECT(head(ACTIVE)->cancel, cancel_make(generation + 1, 5), DOCTOR_SLOT,
	       "generation of the cancel word");
	EXPECT(head(ACTIVE)->stamp, stamp_make(generation, 0, SLOT_CLAIMED), DOCTOR_SLOT, "state");
	EXPECT(head(ACTIVE)->stamp, stamp_make(generation + 1, 0, SLOT_REMOVING), DOCTOR_SLOT,
	       "state");
	EXPECT(head(ACTIVE)->stamp, stamp_make(generation + 1, 0, SLOT_FREE), DOCTOR_SLOT,
	       "id_next");
	EXPECT(own_board.used_map[0], 0, DOCTOR_SLOT, "bit in the used map");
	EXPECT(own_board.used_map[0], own_board.used_map[0] | UINT64_C(1) << 63, DOCTOR_SLOT,
	       "bit in the used map");
	assert_clean();
}

static void another_ttl_since_is_no_fault(void **state)
{
	struct doctor_report report;

	(void)state;
	own_board.header->ttl_ms = 1234;
	assert_int_equal(n_faults(&report), 0);
	assert_int_equal(report.earlier_ttl, 6);
	doctor_report_free(&report);
	/* But nothing that is not a whole number of milliseconds. */
	EXPECT(head(ACTIVE)->deadline, head(ACTIVE)->deadline + 1, DOCTOR_SLOT, "deadline");
}

static void bits_beyond_the_slots_are_named(void **state)
{
	struct segment_params params = { 70, 0600, (gid_t)-1, 1000, 1000, 0 };
	struct board small;
	struct doctor_report report;

	(void)state;
	harness_board_params(&small, &params);
	small.used_map[2] |= UINT64_C(1) << 10;
	assert_int_equal(doctor_check_fd(small.fd, &report), 1);
	assert_true(inspection_names(&report, DOCTOR_MAP, "bits beyond the slots"));
	doctor_report_free(&report);
	harness_board_free(&small);
}

static void broken_mutexes_are_named(void **state)
{
	uint32_t *word = (uint32_t *)(void *)&body(ACTIVE)->mutex;

	(void)state;
	EXPECT(word[0], FUTEX_OWNER_DIED, DOCTOR_SLOT, "mutex");
	EXPECT(word[0], FUTEX_TID_MASK - 1, DOCTOR_SLOT, "mutex"); /* no thread has that id */
	EXPECT(word[2], 0x7fffffff, DOCTOR_SLOT, "mutex");
	EXPECT(word[4], 0, DOCTOR_SLOT, "mutex");
	/* The next process that claims a free slot takes the lock over. */
	struct doctor_report report;
	word = (uint32_t *)(void *)&own_board.bodies[CAPACITY - 1].mutex;
	word[0] = FUTEX_OWNER_DIED;
	assert_int_equal(n_faults(&report), 0);
	assert_int_equal(report.orphans_free, 1);
	doctor_report_free(&report);
	word[0] = 0;
	word = (uint32_t *)(void *)&own_board.id_stripes[3].mutex;
	EXPECT(word[0], FUTEX_OWNER_DIED | FUTEX_WAITERS, DOCTOR_ID_STRIPE, "mutex");
	word = (uint32_t *)(void *)&own_board.owner_stripes[3].mutex;
	EXPECT(word[0], FUTEX_OWNER_DIED | FUTEX_WAITERS, DOCTOR_OWNER_STRIPE, "mutex");
	word = (uint32_t *)(void *)&own_board.kinds->mutex;
	EXPECT(word[0], FUTEX_OWNER_DIED, DOCTOR_KINDS, "mutex");
	assert_clean();
}

/* A slot that a living process is making or removing is in order, whatever its state. */
static void what_the_living_are_at_is_no_fault(void **state)
{
	uint64_t *free_stamp = &own_board.heads[CAPACITY - 1].stamp;
	uint64_t before = *free_stamp;

	(void)state;
	assert_int_equal(slot_lock(&own_board, CAPACITY - 1, harness_soon()), 0);
	*free_stamp = stamp_make(stamp_generation(before), 0, SLOT_CLAIMED);
	assert_clean();
	slot_unlock(&own_board, CAPACITY - 1);
	EXPECT(*free_stamp, *free_stamp, DOCTOR_SLOT, "state");
	*free_stamp = before;
	assert_clean();
}

static void events_must_make_sense(void **state)
{
	struct doctor_report report;
	struct layout_event before = own_board.events[1];

	(void)state;
	own_board.events[1].check++; /* its producer died */
	assert_int_equal(n_faults(&report), 0);
	assert_int_equal(report.events_unfinished, 1);
	doctor_report_free(&report);
	own_board.events[1] = before;
	assert_clean();
}

/* Whatever bytes there are, the doctor comes to an end. */
static void random_bytes_do_no_harm(void **state)
{
	struct doctor_report report;
	unsigned seed = (unsigned)getpid();
	uint8_t *bytes = own_board.base;

	(void)state;
	printf("# seed %u\n", seed);
	for (int round = 0; round < 40; round++) {
		for (int i = 0; i < 200; i++) {
			size_t at = LAYOUT_PAGE + ((size_t)rand_r(&seed) * 4099) %
							  (own_board.size - LAYOUT_PAGE - 8);
			bytes[at] = (uint8_t)rand_r(&seed);
		}
		assert_true(doctor_check_fd(own_board.fd, &report) >= 0);
		doctor_report_free(&report);
	}
}

#define WITH_TASKS(test) OWN_BOARD_PREPARED(test, CAPACITY, make_tasks)

static const struct CMUnitTest tests[] = {
	WITH_TASKS(healthy_boards_are_whole),
	WITH_TASKS(a_broken_header_is_named),
	WITH_TASKS(broken_tables_are_named),
	WITH_TASKS(broken_chains_are_named),
	WITH_TASKS(twins_are_named),
	WITH_TASKS(broken_records_are_named),
	WITH_TASKS(broken_copies_are_named),
	WITH_TASKS(the_other_copy_may_hold_anything),
	WITH_TASKS(broken_heads_are_named),
	WITH_TASKS(another_ttl_since_is_no_fault),
	cmocka_unit_test(bits_beyond_the_slots_are_named),
	WITH_TASKS(broken_mutexes_are_named),
	WITH_TASKS(what_the_living_are_at_is_no_fault),
	WITH_TASKS(events_must_make_sense),
	WITH_TASKS(random_bytes_do_no_harm),
};

SUITE(tests)
