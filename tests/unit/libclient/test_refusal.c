/* SPDX-License-Identifier: MIT */
/* A full board: the cost of a refusal, and how long it is remembered. */
#include "libclient/index/index.h"
#include "libclient/record/record.h"
#include "libclient/record/repair.h"
#include "libclient/record/ring.h"
#include "libclient/record/tenant.h"
#include "libclient/segment/map.h"
#include "tests/harness/client.h"
#include "tests/harness/full_board.h"
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>

/* An id in an empty bucket. */
static void lonely_id(char id[24])
{
	for (int i = 0;; i++) {
		snprintf(id, 24, "lonely-%d", i);
		if (own_board.id_buckets[index_bucket(&own_board, index_id_hash(&own_board, id))] ==
		    0)
			return;
	}
}

static void protect(void *from, const void *to, int protection)
{
	size_t bytes = (size_t)((const char *)to - (const char *)from);

	assert_int_equal(mprotect(from, bytes, protection), 0);
}

/* Once it is known that no task can be evicted, a refusal reads neither records nor the map: they
 * are protected here. */
static void a_refusal_visits_nothing(void **state)
{
	struct trackd_ref more;
	char id[24];

	(void)state;
	full_fill();
	lonely_id(id);
	assert_int_equal(full_create(id, &more), TRACKD_E_FULL);
	protect(own_board.heads, own_board.events, PROT_NONE);
	protect(own_board.bodies, (char *)own_board.base + own_board.size, PROT_NONE);
	protect(own_board.used_map, own_board.id_buckets, PROT_NONE);
	for (int i = 0; i < 100; i++)
		assert_int_equal(full_create(id, &more), TRACKD_E_FULL);
	protect(own_board.heads, own_board.events, PROT_READ | PROT_WRITE);
	protect(own_board.bodies, (char *)own_board.base + own_board.size, PROT_READ | PROT_WRITE);
	protect(own_board.used_map, own_board.id_buckets, PROT_READ | PROT_WRITE);
	assert_int_equal(own_board.header->counters.refused_full, 101);
}

/* Every change that makes room is noticed at once. */
static void a_refusal_holds_no_longer_than_its_reason(void **state)
{
	struct trackd_ref more;
	uint32_t slot, generation;

	(void)state;
	HARNESS_NEEDS_ROBUST_LISTS();
	full_fill();
	assert_int_equal(full_create("more", &more), TRACKD_E_FULL);
	own_complete(full_refs[3]);
	assert_int_equal(full_create("more-1", &more), 0);
	assert_int_equal(full_create("more", &more), TRACKD_E_FULL);
	const struct record_end fail = {
		.state = TRACKD_FAILED, .reason = TRACKD_REASON_ERROR, .message = "m", .error = "e"
	};
	HARNESS_MUST(record_end(&own_board, full_refs[5], &fail, harness_soon()));
	assert_int_equal(full_create("more-2", &more), 0);
	assert_int_equal(full_create("more", &more), TRACKD_E_FULL);
	assert_int_equal(record_cancel(&own_board, full_refs[6], harness_soon()),
			 TRACKD_CANCEL_ENDED);
	assert_int_equal(full_create("more-3", &more), 0);
	assert_int_equal(full_create("more", &more), TRACKD_E_FULL);
	own_remove(full_refs[7]);
	assert_int_equal(full_create("more-4", &more), 0);
	assert_int_equal(full_create("more", &more), TRACKD_E_FULL);
	/* A claim that is undone. */
	own_remove(full_refs[8]);
	HARNESS_MUST(ring_claim(&own_board, harness_soon(), &slot, &generation));
	assert_int_equal(full_create("more", &more), TRACKD_E_FULL);
	ring_unclaim(&own_board, slot, generation);
	assert_int_equal(full_create("more-5", &more), 0);
	assert_int_equal(full_create("more", &more), TRACKD_E_FULL);
	/* A slot that a dead process left, after its repair. */
	own_remove(full_refs[10]);
	pid_t pid = client_holding(full_claim, NULL);
	assert_int_equal(stamp_state(own_board.heads[full_refs[10].slot].stamp), SLOT_CLAIMED);
	assert_int_equal(full_create("more", &more), TRACKD_E_FULL);
	harness_kill(pid, SIGKILL);
	assert_int_equal(repair_slot(&own_board, full_refs[10].slot, harness_soon()), 1);
	assert_int_equal(full_create("more-6", &more), 0);
	assert_int_equal(full_create("more", &more), TRACKD_E_FULL);
	map_set(&own_board, full_refs[11].slot);
	own_remove(full_refs[11]);
	map_set(&own_board, full_refs[11].slot); /* its remover died before it cleared the bit */
	assert_int_equal(full_create("more-7", &more), 0);
	assert_int_equal(own_count_live(), FULL_CAPACITY);
}

/* If a process ends a task and dies before it counts that, the end is not counted. */
static void a_refusal_is_believed_for_a_second(void **state)
{
	struct trackd_ref more;

	(void)state;
	full_fill();
	assert_int_equal(full_create("more", &more), TRACKD_E_FULL);
	own_complete(full_refs[3]);
	own_board.header->counters.completed--;
	assert_int_equal(full_create("more", &more), TRACKD_E_FULL);
	own_board.header->full_ns -= NS_PER_S;
	assert_int_equal(full_create("more", &more), 0);
	assert_false(own_is_live(full_refs[3]));
}

static const struct CMUnitTest tests[] = {
	FULL_BOARD(a_refusal_visits_nothing),
	FULL_BOARD(a_refusal_holds_no_longer_than_its_reason),
	FULL_BOARD(a_refusal_is_believed_for_a_second),
};

SUITE(tests)
