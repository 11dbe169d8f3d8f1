/* SPDX-License-Identifier: MIT */
/*
 * The orderings that atomic.h lists, on a model of a weakly ordered processor. Each protocol is a
 * few loads and stores of two threads; the model runs them in every order that arm64 allows, and no
 * run may fail. Then each marked ordering is removed in turn, and some run must fail, so each of
 * them is needed.
 *
 * The model: one memory for all threads, as on arm64. In each thread an access may overtake an
 * earlier one unless both use the same place, the earlier one is an acquire, the later one is a
 * release, or a fence is between them. A compare-and-swap under a mutex is a load and a store, as
 * with arm64's exclusive accesses. Loads are made whatever earlier loads saw, as in speculation;
 * results that would not have been used are ignored. Store forwarding is not modelled, because no
 * thread loads a value that it has stored.
 */
#include "tests/harness/suite.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum what { NONE, LOAD, STORE, FENCE };
enum order { RELAXED, ACQUIRE, RELEASE, FULL };
enum { THREADS = 2, OPS = 10, PLACES = 8, SEEN_MAX = 1 << 18 };

/* A load stores its result in seen[value]. */
struct op {
	uint8_t what, order, place, value;
	bool marked; /* needed, as its removal shows */
};

/* Initialisers of a struct op. */
#define LD(place, into) LOAD, RELAXED, place, into, false
#define LD_ACQ(place, into) LOAD, ACQUIRE, place, into, true
#define ST(place, value) STORE, RELAXED, place, value, false
#define ST_REL(place, value) STORE, RELEASE, place, value, true
#define FENCE_ACQ FENCE, ACQUIRE, 0, 0, true
#define FENCE_REL FENCE, RELEASE, 0, 0, true
#define FENCE_FULL FENCE, FULL, 0, 0, true

struct run {
	uint8_t memory[PLACES], seen[PLACES]; /* seen: results of the loads */
	uint16_t done[THREADS];
};

struct protocol {
	const char *name;
	struct op ops[THREADS][OPS];
	bool (*bad)(const uint8_t *seen);
	uint8_t begin[PLACES];
};

/* ---- The model ----------------------------------------------------------- */

static bool stays_behind(const struct op *ops, unsigned earlier, unsigned later)
{
	const struct op *a = &ops[earlier], *b = &ops[later];

	if (a->place == b->place || a->order == ACQUIRE || b->order == RELEASE)
		return true;
	for (unsigned i = earlier + 1; i < later; i++) {
		if (ops[i].what != FENCE)
			continue;
		if (ops[i].order == FULL || (ops[i].order == ACQUIRE && a->what == LOAD) ||
		    (ops[i].order == RELEASE && b->what == STORE))
			return true;
	}
	return false;
}

static bool may_go(const struct op *ops, unsigned op, uint16_t done)
{
	if (ops[op].what == NONE || ops[op].what == FENCE || (done >> op & 1) != 0)
		return false;
	for (unsigned i = 0; i < op; i++)
		if (ops[i].what != FENCE && (done >> i & 1) == 0 && stays_behind(ops, i, op))
			return false;
	return true;
}

static uint64_t key_of(const struct run *run)
{
	uint64_t key = (uint64_t)run->done[0] << OPS | run->done[1];

	for (unsigned i = 0; i < PLACES; i++)
		key = (key * 31 + run->memory[i]) * 31 + run->seen[i];
	return key;
}

/* The states that have been explored, as 64-bit hashes: each protocol has some thousand. */
static struct {
	uint64_t keys[SEEN_MAX];
	size_t n;
} visited;

static bool visit(const struct run *run)
{
	uint64_t key = key_of(run) * UINT64_C(0x9e3779b97f4a7c15) | 1;
	size_t at = (size_t)(key >> 40) % SEEN_MAX;

	for (; visited.keys[at] != 0; at = (at + 1) % SEEN_MAX)
		if (visited.keys[at] == key)
			return false;
	assert_true(++visited.n < SEEN_MAX / 2);
	visited.keys[at] = key;
	return true;
}

/* Whether some continuation fails. The depth is the number of accesses, at most about twenty. */
// NOLINTNEXTLINE(misc-no-recursion)
static bool goes_wrong(const struct protocol *protocol, const struct run *run)
{
	bool over = true;

	if (!visit(run))
		return false;
	for (unsigned thread = 0; thread < THREADS; thread++) {
		const struct op *ops = protocol->ops[thread];

		for (unsigned i = 0; i < OPS; i++) {
			struct run next = *run;

			if (!may_go(ops, i, run->done[thread]))
				continue;
			over = false;
			next.done[thread] |= (uint16_t)(1u << i);
			if (ops[i].what == LOAD)
				next.seen[ops[i].value] = run->memory[ops[i].place];
			else
				next.memory[ops[i].place] = ops[i].value;
			if (goes_wrong(protocol, &next))
				return true;
		}
	}
	return over && protocol->bad(run->seen);
}

static bool can_go_wrong(const struct protocol *protocol)
{
	struct run run = { 0 };

	memcpy(run.memory, protocol->begin, sizeof run.memory);
	memset(&visited, 0, sizeof visited);
	return goes_wrong(protocol, &run);
}

/* ---- Protocols ----------------------------------------------------------- */

/* Version 1 is published into copy B, version 2 into copy A; each copy is two words. */
enum { STAMP, A1, A2, B1, B2 };

static bool torn_copy(const uint8_t *seen)
{
	const uint8_t *copy = seen[0] == 1 ? &seen[3] : &seen[1];

	return seen[0] == seen[5] && (copy[0] != seen[0] || copy[1] != seen[0]);
}

/* A slot gets a new tenant: LIVE 1, CLAIMED 2, LIVE 3; its id becomes 3, and a link leads to it. */
enum { ID = 1, LINK = 2 };

static bool mixed_tenants(const uint8_t *seen)
{
	return (seen[0] == seen[2] && seen[0] != 2 && seen[1] != seen[0]) ||
	       (seen[3] == 1 && seen[4] == 1);
}

/* A slot leaves one chain and is linked into another, while the holder of the first chain's stripe
 * checks whether it precedes a record: hash 1 and link 1 belong to the first chain, 2 to the
 * other. */
enum { HASH = 1, NEXT = 2 };

static bool believes_a_stranger(const uint8_t *seen)
{
	return seen[0] == 3 && seen[1] == 1 && seen[2] == 1;
}

/* Y leaves X's chain and is filled for another one: its link becomes 2. */
enum { X_LINK, Y_STAMP, Y_LINK };

static bool led_astray(const uint8_t *seen)
{
	bool stays = seen[0] == 1 && seen[2] == 1 && seen[1] == seen[4] && seen[1] != 3;

	return stays && seen[3] == 2;
}

/* Each loads after its own store; neither sees the other's. */
static bool both_deaf(const uint8_t *seen)
{
	return seen[0] == 0 && seen[1] == 0;
}

/* A thread that sees the flag must see the data. */
static bool flag_without_fact(const uint8_t *seen)
{
	return seen[0] == 1 && seen[1] == 0;
}

/* An entry of generation 1 is claimed again: its data becomes 2, then ready. */
enum { CLAIM, READY, WHO };

static bool another_process(const uint8_t *seen)
{
	return seen[0] == seen[1] && seen[0] == seen[3] && seen[2] != seen[0];
}

/* A deadline of 1 is extended to 2 before version 1 and shortened to 0 after version 2. */
enum { DEADLINE = 1 };

static bool early(const uint8_t *seen)
{
	return (seen[0] == 1 && seen[1] == 1) || (seen[2] != 2 && seen[1] == 0);
}

static const struct protocol protocols[] = {
	{ "publishing and reading a copy",
	  { { { ST(B1, 1) },
	      { ST(B2, 1) },
	      { ST_REL(STAMP, 1) },
	      { FENCE_REL },
	      { ST(A1, 2) },
	      { ST(A2, 2) },
	      { ST_REL(STAMP, 2) } },
	    { { LD_ACQ(STAMP, 0) },
	      { LD(A1, 1) },
	      { LD(A2, 2) },
	      { LD(B1, 3) },
	      { LD(B2, 4) },
	      { FENCE_ACQ },
	      { LD(STAMP, 5) } } },
	  torn_copy,
	  { 0 } },
	{ "a slot's next tenant, in place",
	  { { { ST(STAMP, 2) }, { FENCE_REL }, { ST(ID, 3) }, { ST_REL(STAMP, 3) } },
	    { { LD_ACQ(STAMP, 0) }, { LD(ID, 1) }, { FENCE_ACQ }, { LD(STAMP, 2) } } },
	  mixed_tenants,
	  { [STAMP] = 1, [ID] = 1 } },
	{ "a slot's next tenant, by a link",
	  { { { ST(STAMP, 2) }, { ST_REL(LINK, 1) }, { ST(STAMP, 3) } },
	    { { LD_ACQ(LINK, 3) }, { LD(STAMP, 4) } } },
	  mixed_tenants,
	  { [STAMP] = 1, [ID] = 1 } },
	{ "the record before one, by its hint",
	  { { { ST(STAMP, 2) }, { ST(HASH, 2) }, { ST(NEXT, 2) }, { ST_REL(STAMP, 3) } },
	    { { LD_ACQ(STAMP, 0) }, { LD(HASH, 1) }, { LD(NEXT, 2) } } },
	  believes_a_stranger,
	  { [STAMP] = 1, [HASH] = 1, [NEXT] = 1 } },
	{ "a walk past a record that leaves",
	  { { { ST(Y_STAMP, 2) },
	      { ST(X_LINK, 0) },
	      { ST_REL(Y_STAMP, 3) },
	      { ST(Y_STAMP, 4) },
	      { FENCE_REL },
	      { ST(Y_LINK, 2) } },
	    /* index.c has one more fence before Y's link is read: no run here needs it, but the
	     * proof of the walk assumes it. */
	    { { LD(X_LINK, 0) },
	      { LD_ACQ(Y_STAMP, 1) },
	      { LD(X_LINK, 2) },
	      { LD(Y_LINK, 3) },
	      { FENCE_ACQ },
	      { LD(Y_STAMP, 4) } } },
	  led_astray,
	  { [X_LINK] = 1, [Y_STAMP] = 1, [Y_LINK] = 1 } },
	{ "an event and a daemon about to sleep",
	  { { { ST(0, 1) }, { FENCE_FULL }, { LD(1, 0) } },
	    { { ST(1, 1) }, { FENCE_FULL }, { LD(0, 1) } } },
	  both_deaf,
	  { 0 } },
	{ "a commit, then the ring; a client, then client_change; retired, then the epoch",
	  { { { ST(1, 1) }, { ST_REL(0, 1) } }, { { LD_ACQ(0, 0) }, { LD(1, 1) } } },
	  flag_without_fact,
	  { 0 } },
	{ "an entry of the client table that changes hands",
	  { { { ST(CLAIM, 2) }, { FENCE_REL }, { ST(WHO, 2) }, { ST_REL(READY, 2) } },
	    { { LD(CLAIM, 0) },
	      { LD_ACQ(READY, 1) },
	      { LD(WHO, 2) },
	      { FENCE_ACQ },
	      { LD(CLAIM, 3) } } },
	  another_process,
	  { [CLAIM] = 1, [READY] = 1, [WHO] = 1 } },
	{ "a deadline, lengthened before and shortened after",
	  { { { ST(DEADLINE, 2) },
	      { ST_REL(STAMP, 1) },
	      { ST(STAMP, 2) },
	      { ST_REL(DEADLINE, 0) } },
	    { { LD_ACQ(STAMP, 0) }, { LD_ACQ(DEADLINE, 1) }, { LD(STAMP, 2) } } },
	  early,
	  { [DEADLINE] = 1 } },
};

enum { N_PROTOCOLS = sizeof protocols / sizeof protocols[0] };

static void no_order_of_accesses_ends_badly(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_PROTOCOLS; i++)
		if (can_go_wrong(&protocols[i]))
			fail_msg("%s: ends badly", protocols[i].name);
}

static void each_marked_ordering_is_needed(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_PROTOCOLS; i++)
		for (unsigned at = 0; at < THREADS * OPS; at++) {
			struct protocol weaker = protocols[i];
			struct op *op = &weaker.ops[at / OPS][at % OPS];

			if (!op->marked)
				continue;
			op->order = RELAXED;
			if (!can_go_wrong(&weaker))
				fail_msg("%s: ends well without the ordering of access %u of "
					 "thread %u",
					 protocols[i].name, at % OPS, at / OPS);
		}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(no_order_of_accesses_ends_badly),
	cmocka_unit_test(each_marked_ordering_is_needed),
};

SUITE(tests)
