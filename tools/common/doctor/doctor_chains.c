/* SPDX-License-Identifier: MIT */
/*
 * Checks the two indexes. Every chain is walked once, and every slot on it is marked: a slot that
 * is reached twice means a cycle or merged chains. Then every living record must have been reached
 * once, from the bucket of its hash. A record that is being removed may still be in a chain; a FREE
 * one may not. owner_prev is a hint that is checked before use, so it only has to be a valid slot.
 */
#include "libclient/record/internal.h"
#include "libclient/trackd.h"
#include "tools/common/doctor/doctor_parts.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How far down a chain to look for an older record with the same id. */
enum { TWIN_STEPS = 64 };

struct chain {
	enum doctor_part bucket_part;
	const char *field; /* in the head */
	size_t next, hash; /* their offsets in the head */
	const uint32_t *buckets;
};

struct walk {
	struct check *check;
	const struct chain *chain;
	uint32_t bucket;
	uint32_t *met;  /* per slot: bucket + 1 from which it was reached */
	uint64_t below; /* owner chains: the serial of the previous record */
};

static const struct layout_head *head_at(const struct check *check, uint32_t slot)
{
	return &check->image.board.heads[slot];
}

static uint32_t next_of(const struct chain *chain, const struct layout_head *head)
{
	uint32_t next;

	memcpy(&next, (const char *)head + chain->next, sizeof next);
	return next;
}

static uint64_t hash_of(const struct chain *chain, const struct layout_head *head)
{
	uint64_t hash;

	memcpy(&hash, (const char *)head + chain->hash, sizeof hash);
	return hash;
}

static bool is_live(const struct layout_head *head)
{
	return stamp_state(head->stamp) == SLOT_LIVE;
}

/* ---- One chain --------------------------------------------------------- */

static void check_serial(struct walk *walk, uint32_t slot)
{
	struct check *check = walk->check;
	uint64_t serial = head_at(check, slot)->serial;
	uint64_t last = check->image.header.serial;

	if (serial >= walk->below)
		check_fault(check, DOCTOR_SLOT, slot, "serial",
			    "less than the one before it in its owner's chain", "%ju",
			    (uintmax_t)serial);
	if (serial > last)
		check_fault(check, DOCTOR_SLOT, slot, "serial", "at most that of the newest task",
			    "%ju, newest %ju", (uintmax_t)serial, (uintmax_t)last);
	walk->below = serial;
}

static void check_member(struct walk *walk, uint32_t slot)
{
	struct check *check = walk->check;
	const struct layout_head *head = head_at(check, slot);
	uint64_t hash = hash_of(walk->chain, head);
	const struct board *board = &check->image.board;
	char expected[64];

	if (stamp_state(head->stamp) == SLOT_FREE) {
		check_fault(check, DOCTOR_SLOT, slot, walk->chain->field, "in no chain",
			    "free and in the chain of bucket %u", walk->bucket);
		return;
	}
	if (index_bucket(board, hash) != walk->bucket) {
		snprintf(expected, sizeof expected, "in that of bucket %u",
			 index_bucket(board, hash));
		check_fault(check, DOCTOR_SLOT, slot, walk->chain->field, expected,
			    "in the chain of bucket %u", walk->bucket);
	}
	if (walk->chain->bucket_part == DOCTOR_OWNER_BUCKET && is_live(head))
		check_serial(walk, slot);
}

/* Follow a link. False at the end of the chain, or if the link is invalid. from: the slot that
 * holds the link, or -1. */
static bool follow(struct walk *walk, uint32_t link, int64_t from)
{
	struct check *check = walk->check;
	enum doctor_part part = from < 0 ? walk->chain->bucket_part : DOCTOR_SLOT;
	int64_t index = from < 0 ? (int64_t)walk->bucket : from;
	const char *field = from < 0 ? "link" : walk->chain->field;

	if (link == 0)
		return false;
	if (link > check->image.board.capacity) {
		check_fault(check, part, index, field, "0 or a slot plus one", "%u", link);
		return false;
	}
	uint32_t met = walk->met[link - 1];
	if (met == walk->bucket + 1)
		check_fault(check, part, index, field, "no cycle", "back to slot %u", link - 1);
	else if (met != 0)
		check_fault(check, part, index, field, "a slot of this chain alone",
			    "slot %u, which is in the chain of bucket %u too", link - 1, met - 1);
	if (met != 0)
		return false;
	walk->met[link - 1] = walk->bucket + 1;
	return true;
}

static void walk_chain(struct walk *walk)
{
	uint32_t link = walk->chain->buckets[walk->bucket];
	int64_t from = -1;

	walk->below = UINT64_MAX;
	while (follow(walk, link, from)) {
		check_member(walk, link - 1);
		from = link - 1;
		link = next_of(walk->chain, head_at(walk->check, link - 1));
	}
}

/* ---- All chains of an index -------------------------------------------- */

static void check_met(struct walk *walk)
{
	struct check *check = walk->check;
	bool by_owner = walk->chain->bucket_part == DOCTOR_OWNER_BUCKET;

	for (uint32_t slot = 0; slot < check->image.board.capacity; slot++) {
		const struct layout_head *head = head_at(check, slot);

		if (!is_live(head))
			continue;
		bool wanted = !by_owner || head->owner_hash != 0;
		if (wanted && walk->met[slot] == 0)
			check_fault(check, DOCTOR_SLOT, slot, walk->chain->field,
				    "reachable from its bucket", "a living task in no chain");
		if (!wanted && walk->met[slot] != 0)
			check_fault(check, DOCTOR_SLOT, slot, walk->chain->field, "in no chain",
				    "a task with no owner in the chain of bucket %u",
				    walk->met[slot] - 1);
	}
}

static int check_index(struct check *check, const struct chain *chain)
{
	uint32_t capacity = check->image.board.capacity;
	struct walk walk = { .check = check, .chain = chain };

	walk.met = calloc(capacity, sizeof *walk.met);
	if (!walk.met)
		return -ENOMEM;
	for (walk.bucket = 0; walk.bucket < capacity; walk.bucket++)
		walk_chain(&walk);
	check_met(&walk);
	free(walk.met);
	return 0;
}

/* ---- Consistency of the heads ------------------------------------------- */

static void check_counts(struct check *check)
{
	const struct board *board = &check->image.board;
	uint32_t live[LAYOUT_STRIPES] = { 0 };

	for (uint32_t slot = 0; slot < board->capacity; slot++)
		if (is_live(&board->heads[slot]))
			live[index_stripe(index_bucket(board, board->heads[slot].id_hash))]++;
	for (uint32_t i = 0; i < LAYOUT_STRIPES; i++)
		check_expect(check, DOCTOR_ID_STRIPE, i, "count", board->id_stripes[i].count,
			     live[i]);
}

static void check_hints(struct check *check)
{
	const struct board *board = &check->image.board;

	for (uint32_t slot = 0; slot < board->capacity; slot++)
		if (board->heads[slot].owner_prev > board->capacity)
			check_fault(check, DOCTOR_SLOT, slot, "owner_prev", "0 or a slot plus one",
				    "%u", board->heads[slot].owner_prev);
}

static int same_id(const struct check *check, uint32_t a, uint32_t b)
{
	struct layout_body one, other;
	int error = image_fetch(&check->image, IMAGE_bodies, a, 1, &one);

	if (error == 0)
		error = image_fetch(&check->image, IMAGE_bodies, b, 1, &other);
	return error < 0 ? error : memcmp(one.id, other.id, sizeof one.id) == 0;
}

/* Two live records with one id: the creator of the newer one died before it removed the older. */
static int check_twins_of(struct check *check, uint32_t slot)
{
	const struct layout_head *head = head_at(check, slot);
	uint32_t link = head->id_next;

	for (int i = 0; i < TWIN_STEPS && link != 0 && link <= check->image.board.capacity; i++) {
		const struct layout_head *other = head_at(check, link - 1);

		if (link - 1 != slot && is_live(other) && other->id_hash == head->id_hash) {
			int same = same_id(check, slot, link - 1);
			if (same < 0)
				return same;
			if (same > 0)
				check_fault(check, DOCTOR_SLOT, link - 1, "id",
					    "one living task per id", "the same id as slot %u",
					    slot);
		}
		link = other->id_next;
	}
	return 0;
}

static int check_twins(struct check *check)
{
	int error = 0;

	for (uint32_t slot = 0; error == 0 && slot < check->image.board.capacity; slot++)
		if (is_live(head_at(check, slot)))
			error = check_twins_of(check, slot);
	return error;
}

int check_chains(struct check *check)
{
	const struct board *board = &check->image.board;
	const struct chain chains[] = {
		{ DOCTOR_ID_BUCKET, "id_next", offsetof(struct layout_head, id_next),
		  offsetof(struct layout_head, id_hash), board->id_buckets },
		{ DOCTOR_OWNER_BUCKET, "owner_next", offsetof(struct layout_head, owner_next),
		  offsetof(struct layout_head, owner_hash), board->owner_buckets },
	};
	int error = check_index(check, &chains[0]);

	if (error == 0)
		error = check_index(check, &chains[1]);
	if (error == 0)
		error = check_twins(check);
	check_counts(check);
	check_hints(check);
	return error;
}
