/* SPDX-License-Identifier: MIT */
/* Hash chains: existing tasks are found whatever changes around them, and every walk ends, even if
 * links hold garbage. */
#include "libclient/index/index.h"
#include "libclient/record/slot.h"
#include "libclient/record/view.h"
#include "tests/harness/own_board.h"
#include <stdio.h>
#include <string.h>

enum { CAPACITY = 128, CHAIN = 12 };

/* The n-th id that falls into a bucket. */
static const char *id_in(uint32_t bucket, unsigned n)
{
	static char id[8][32];
	static unsigned at;
	char *to = id[at++ % 8];

	own_id_in(bucket, n, to);
	return to;
}

static bool found_at(const char *id, struct trackd_ref ref)
{
	uint32_t slot;
	uint64_t stamp;

	return index_lookup(&own_board, id, &slot, &stamp) == 0 && slot == ref.slot &&
	       stamp_is_live(stamp, ref.generation);
}

static bool is_missing(const char *id)
{
	uint32_t slot;
	uint64_t stamp;

	return index_lookup(&own_board, id, &slot, &stamp) == TRACKD_E_NOT_FOUND;
}

/* ---- By id --------------------------------------------------------------- */

static void ids_of_one_bucket_are_distinguished(void **state)
{
	struct trackd_ref refs[CHAIN] = { { 0, 0 } };

	(void)state;
	for (unsigned i = 0; i < CHAIN; i++) {
		assert_true(is_missing(id_in(5, i)));
		refs[i] = own_create(id_in(5, i), NULL);
	}
	for (unsigned i = 0; i < CHAIN; i++)
		assert_true(found_at(id_in(5, i), refs[i]));
	assert_true(is_missing(id_in(5, CHAIN)));
}

/* Remove the first, last or middle record, or neighbours: the others stay. */
static void whatever_leaves_a_chain_the_others_stay(void **state)
{
	static const unsigned order[CHAIN] = { 0, 11, 5, 6, 4, 1, 10, 3, 7, 9, 8, 2 };
	struct trackd_ref refs[CHAIN] = { { 0, 0 } };
	bool there[CHAIN];

	(void)state;
	for (unsigned i = 0; i < CHAIN; i++) {
		refs[i] = own_create(id_in(7, i), NULL);
		there[i] = true;
	}
	for (unsigned n = 0; n < CHAIN; n++) {
		own_remove(refs[order[n]]);
		there[order[n]] = false;
		for (unsigned i = 0; i < CHAIN; i++)
			assert_true(there[i] ? found_at(id_in(7, i), refs[i])
					     : is_missing(id_in(7, i)));
	}
	assert_int_equal(own_board.id_buckets[7], 0);
}

static void ids_of_every_length_are_found_and_none_is_another(void **state)
{
	struct trackd_ref refs[TRACKD_ID_MAX + 1];
	char id[80];

	(void)state;
	memset(id, 0, sizeof id);
	for (int n = 1; n <= TRACKD_ID_MAX; n++) {
		id[n - 1] = 'a';
		refs[n] = own_create(id, NULL);
	}
	for (int n = 1; n <= TRACKD_ID_MAX; n++) {
		memset(id, 'a', (size_t)n);
		id[n] = '\0';
		assert_true(found_at(id, refs[n]));
	}
	memset(id, 'a', 79);
	for (int n = 64; n < 80; n++) {
		id[n] = '\0';
		assert_true(is_missing(id));
		id[n] = 'a';
	}
	assert_true(is_missing(""));
}

/* Two ids with one hash differ in their bytes. */
static void ids_are_compared_to_the_last_byte(void **state)
{
	static const int lengths[] = { 1, 7, 8, 9, 15, 16, 17, 62, 63 };
	uint32_t slot;
	char id[80], other[84];

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		size_t n = (size_t)lengths[i];
		memset(id, 'k', n);
		id[n] = '\0';
		struct trackd_ref ref = own_create(id, NULL);
		uint64_t hash = index_id_hash(&own_board, id);
		assert_int_equal(index_find(&own_board, hash, id, UINT32_MAX, &slot), 0);
		assert_int_equal(slot, ref.slot);
		for (size_t at = 0; at < n; at++) {
			memcpy(other, id, sizeof id);
			other[at] = 'K';
			assert_int_equal(index_find(&own_board, hash, other, UINT32_MAX, &slot),
					 TRACKD_E_NOT_FOUND);
			other[at] = '\0';
			assert_int_equal(index_find(&own_board, hash, other, UINT32_MAX, &slot),
					 TRACKD_E_NOT_FOUND);
		}
		snprintf(other, sizeof other, "%sk", id);
		assert_int_equal(index_find(&own_board, hash, other, UINT32_MAX, &slot),
				 TRACKD_E_NOT_FOUND);
		/* The same id with another hash does not match. */
		assert_int_equal(index_find(&own_board, hash ^ 1, id, UINT32_MAX, &slot),
				 TRACKD_E_NOT_FOUND);
	}
}

static void hashes_differ_from_board_to_board(void **state)
{
	struct board other;
	int same = 0;
	char id[16];

	(void)state;
	harness_board(&other, CAPACITY);
	for (int i = 0; i < 64; i++) {
		snprintf(id, sizeof id, "%d", i);
		same += index_id_hash(&own_board, id) == index_id_hash(&other, id);
	}
	assert_int_equal(same, 0);
	assert_int_equal(index_owner_hash(&own_board, ""), 0);
	assert_int_not_equal(index_owner_hash(&own_board, "a"), index_id_hash(&own_board, "a"));
	harness_board_free(&other);
}

static void every_bucket_is_reached_and_none_beyond(void **state)
{
	bool met[CAPACITY + LAYOUT_SPARE] = { false };

	(void)state;
	assert_int_equal(index_bucket(&own_board, 0), 0);
	assert_int_equal(index_bucket(&own_board, UINT64_MAX), own_board.capacity - 1);
	for (uint64_t i = 0; i < 4096; i++)
		met[index_bucket(&own_board, i << 52)] = true;
	for (uint32_t i = 0; i < own_board.capacity; i++)
		assert_true(met[i]);
}

/* ---- By owner ------------------------------------------------------------ */

/* Check that the owner's tasks, newest first, are exactly these. */
static void expect_owners(const char *owner, const struct trackd_ref *refs, int n)
{
	struct trackd_iter iter;
	struct trackd_ref ref;

	view_iter_owner(&own_board, owner, &iter);
	while (view_next(&iter, &ref) == 1) {
		while (n > 0 && refs[n - 1].slot == UINT32_MAX) /* removed */
			n--;
		if (n == 0 || ref_bits(ref) != ref_bits(refs[n - 1]))
			fail_msg("%s has slot %u where %d are left", owner, ref.slot, n);
		n--;
	}
	while (n > 0 && refs[n - 1].slot == UINT32_MAX)
		n--;
	assert_int_equal(n, 0);
}

/* The number of records in an owner's chain, all LIVE; fails on a cycle. */
static int chain_length(const char *owner)
{
	int n = 0;

	for (uint32_t next = own_board.owner_buckets[index_bucket(
		     &own_board, index_owner_hash(&own_board, owner))];
	     next != 0; next = own_board.heads[next - 1].owner_next) {
		assert_true(next <= CAPACITY && n <= CAPACITY);
		assert_int_equal(stamp_state(own_board.heads[next - 1].stamp), SLOT_LIVE);
		n++;
	}
	return n;
}

static void make_owned(const char *owner, struct trackd_ref *refs, int n)
{
	static unsigned made;
	char id[32];

	for (int i = 0; i < n; i++) {
		snprintf(id, sizeof id, "own-%u", made++);
		refs[i] = own_create(id, owner);
	}
}

static void an_owners_tasks_come_newest_first(void **state)
{
	struct trackd_ref alice[8] = { { 0, 0 } }, bob[8] = { { 0, 0 } };

	(void)state;
	for (int i = 0; i < 8; i++) {
		make_owned("alice", &alice[i], 1);
		make_owned("bob", &bob[i], 1);
	}
	expect_owners("alice", alice, 8);
	expect_owners("bob", bob, 8);
	expect_owners("carol", NULL, 0);
	expect_owners("alic", NULL, 0);
	own_remove(alice[2]);
	alice[2].slot = UINT32_MAX;
	expect_owners("alice", alice, 8);
}

static void tasks_without_an_owner_are_in_no_chain(void **state)
{
	struct trackd_ref refs[4] = { { 0, 0 } };

	(void)state;
	make_owned(NULL, refs, 4);
	for (uint32_t i = 0; i < CAPACITY; i++)
		assert_int_equal(own_board.owner_buckets[i], 0);
	assert_int_equal(own_board.heads[refs[0].slot].owner_hash, 0);
	expect_owners("", NULL, 0);
	for (int i = 0; i < 4; i++)
		own_remove(refs[i]);
}

enum { OWNED = 7 };

/* An owner in another bucket. */
static const char *other_owner(const char *owner)
{
	static char other[16];
	uint32_t bucket = index_bucket(&own_board, index_owner_hash(&own_board, owner));

	for (unsigned i = 0;; i++) {
		snprintf(other, sizeof other, "other-%u", i);
		if (index_bucket(&own_board, index_owner_hash(&own_board, other)) != bucket)
			return other;
	}
}

/* Remove the i-th of seven records, whose owner_prev names slot `hint` or the j-th; the other six
 * stay. */
static void expect_unlinked(int i, int j, uint32_t hint)
{
	struct trackd_ref refs[OWNED] = { { 0, 0 } };

	make_owned("alice", refs, OWNED);
	own_board.heads[refs[i].slot].owner_prev = j < 0 ? hint : refs[j].slot + 1;
	own_remove(refs[i]);
	refs[i].slot = UINT32_MAX;
	assert_int_equal(chain_length("alice"), OWNED - 1);
	expect_owners("alice", refs, OWNED);
	for (j = 0; j < OWNED; j++)
		if (j != i)
			own_remove(refs[j]);
	assert_int_equal(chain_length("alice"), 0);
}

static void an_owners_chain_is_whole_whatever_the_hints_say(void **state)
{
	static const uint32_t bad[] = { 0, CAPACITY, CAPACITY + 1, UINT32_MAX };
	struct trackd_ref other = { 0, 0 };

	(void)state;
	make_owned(other_owner("alice"), &other, 1);
	for (int i = 0; i < OWNED; i++) {
		for (size_t j = 0; j < sizeof bad / sizeof bad[0]; j++)
			expect_unlinked(i, -1, bad[j]);
		for (int j = 0; j < OWNED; j++)
			expect_unlinked(i, j, 0);
		expect_unlinked(i, -1, other.slot + 1);
	}
	expect_owners(other_owner("alice"), &other, 1);
}

static void a_good_hint_is_right(void **state)
{
	struct trackd_ref refs[OWNED] = { { 0, 0 } };

	(void)state;
	make_owned("alice", refs, OWNED);
	assert_int_equal(own_board.heads[refs[OWNED - 1].slot].owner_prev, 0);
	for (int i = 0; i < OWNED - 1; i++)
		assert_int_equal(own_board.heads[refs[i].slot].owner_prev, refs[i + 1].slot + 1);
	own_remove(refs[3]);
	assert_int_equal(own_board.heads[refs[2].slot].owner_prev, refs[4].slot + 1);
}

/* A removed record still links to this one, but is not its predecessor. */
static void a_stale_hint_is_not_believed(void **state)
{
	struct trackd_ref refs[3] = { { 0, 0 } };

	(void)state;
	make_owned("alice", refs, 3);
	own_remove(refs[2]);
	struct layout_head *removed = &own_board.heads[refs[2].slot];
	assert_int_equal(stamp_state(removed->stamp), SLOT_FREE);
	assert_int_equal(removed->owner_next, refs[1].slot + 1);
	own_board.heads[refs[1].slot].owner_prev = refs[2].slot + 1;
	own_remove(refs[1]);
	assert_int_equal(chain_length("alice"), 1);
	expect_owners("alice", refs, 1);
	assert_int_equal(removed->owner_next, refs[1].slot + 1);
}

/* Nor is a record of another chain, although its link names this one. */
static void a_hint_into_another_chain_is_not_believed(void **state)
{
	struct trackd_ref ref = { 0, 0 }, other = { 0, 0 };

	(void)state;
	make_owned("alice", &ref, 1);
	make_owned(other_owner("alice"), &other, 1);
	own_board.heads[other.slot].owner_next = ref.slot + 1;
	own_board.heads[ref.slot].owner_prev = other.slot + 1;
	own_remove(ref);
	assert_int_equal(chain_length("alice"), 0);
}

/* ---- Garbage links ------------------------------------------------------- */

/* Three tasks of alice in one bucket, each newer one in an earlier slot. */
static void make_backwards(struct trackd_ref *refs)
{
	for (unsigned i = 0; i < 3; i++) {
		own_board.header->cursor = CAPACITY - 10 - i;
		refs[i] = own_create(id_in(3, i), "alice");
	}
	assert_true(refs[0].slot > refs[1].slot && refs[1].slot > refs[2].slot);
}

static void a_walk_of_a_cycle_ends(void **state)
{
	struct trackd_ref refs[3] = { { 0, 0 } };
	uint32_t slot;

	(void)state;
	make_backwards(refs);
	own_board.heads[refs[0].slot].id_next = refs[2].slot + 1;
	own_board.heads[refs[0].slot].owner_next = refs[2].slot + 1;
	for (unsigned i = 0; i < 3; i++)
		assert_true(found_at(id_in(3, i), refs[i]));
	assert_true(is_missing(id_in(3, 4)));
	assert_int_equal(index_find(&own_board, index_id_hash(&own_board, id_in(3, 4)), id_in(3, 4),
				    UINT32_MAX, &slot),
			 TRACKD_E_DAMAGED);
	expect_owners("alice", refs, 3);
	own_board.heads[refs[2].slot].id_next = refs[2].slot + 1; /* to itself */
	assert_true(found_at(id_in(3, 0), refs[0]));
	assert_true(is_missing(id_in(3, 4)));
	own_remove(refs[0]); /* ends too */
}

static void a_link_out_of_range_hides_nothing(void **state)
{
	static const uint32_t bad[] = { CAPACITY + LAYOUT_SPARE + 1, UINT32_MAX };
	struct trackd_ref refs[3] = { { 0, 0 } };
	uint32_t slot;

	(void)state;
	make_backwards(refs);
	for (size_t i = 0; i < 2; i++) {
		own_board.heads[refs[2].slot].id_next = bad[i];
		own_board.heads[refs[2].slot].owner_next = bad[i];
		assert_true(found_at(id_in(3, 2), refs[2]));
		assert_true(found_at(id_in(3, 0), refs[0]));
		assert_true(is_missing(id_in(3, 4)));
		assert_int_equal(index_find(&own_board, index_id_hash(&own_board, id_in(3, 0)),
					    id_in(3, 0), UINT32_MAX, &slot),
				 TRACKD_E_DAMAGED);
		expect_owners("alice", refs, 3);
	}
}

/* A record whose creator died between linking and committing. */
static void half_made_records_are_passed_through(void **state)
{
	struct trackd_ref refs[3] = { { 0, 0 } };

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		refs[i] = own_create(id_in(3, i), "alice");
	uint64_t *stamp = &own_board.heads[refs[1].slot].stamp;
	uint64_t good = *stamp;
	for (unsigned i = 0; i < 2; i++) {
		*stamp = stamp_make(refs[1].generation, 0, i ? SLOT_CLAIMED : SLOT_REMOVING);
		assert_true(found_at(id_in(3, 0), refs[0]));
		assert_true(is_missing(id_in(3, 1)));
		struct trackd_ref left[3] = { refs[0], { UINT32_MAX, 0 }, refs[2] };
		expect_owners("alice", left, 3);
	}
	*stamp = good;
	assert_true(found_at(id_in(3, 1), refs[1]));
}

static void an_id_without_an_end_is_terminated(void **state)
{
	struct trackd_ref ref = own_create("x", NULL);
	char id[LAYOUT_ID], endless[LAYOUT_ID + 1] = "";
	uint32_t slot;

	(void)state;
	memset(own_board.bodies[ref.slot].id, 'i', LAYOUT_ID);
	index_read_id(&own_board, ref.slot, id);
	assert_int_equal(strlen(id), LAYOUT_ID - 1);
	/* Nor does it equal an id that is too long for any record. */
	memset(endless, 'i', LAYOUT_ID);
	assert_int_equal(index_find(&own_board, own_board.heads[ref.slot].id_hash, endless,
				    UINT32_MAX, &slot),
			 TRACKD_E_NOT_FOUND);
}

static const struct CMUnitTest tests[] = {
	OWN_BOARD(ids_of_one_bucket_are_distinguished, CAPACITY),
	OWN_BOARD(whatever_leaves_a_chain_the_others_stay, CAPACITY),
	OWN_BOARD(ids_of_every_length_are_found_and_none_is_another, CAPACITY),
	OWN_BOARD(ids_are_compared_to_the_last_byte, CAPACITY),
	OWN_BOARD(hashes_differ_from_board_to_board, CAPACITY),
	OWN_BOARD(every_bucket_is_reached_and_none_beyond, CAPACITY),
	OWN_BOARD(an_owners_tasks_come_newest_first, CAPACITY),
	OWN_BOARD(tasks_without_an_owner_are_in_no_chain, CAPACITY),
	OWN_BOARD(an_owners_chain_is_whole_whatever_the_hints_say, CAPACITY),
	OWN_BOARD(a_good_hint_is_right, CAPACITY),
	OWN_BOARD(a_stale_hint_is_not_believed, CAPACITY),
	OWN_BOARD(a_hint_into_another_chain_is_not_believed, CAPACITY),
	OWN_BOARD(a_walk_of_a_cycle_ends, CAPACITY),
	OWN_BOARD(a_link_out_of_range_hides_nothing, CAPACITY),
	OWN_BOARD(half_made_records_are_passed_through, CAPACITY),
	OWN_BOARD(an_id_without_an_end_is_terminated, CAPACITY),
};

SUITE(tests)
