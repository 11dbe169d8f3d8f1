/* SPDX-License-Identifier: MIT */
/* Plain loads and stores, because no other process maps the board, except in chains_order(). */
#include "daemon/board/chains.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How far into a chain to search for a record's position. */
enum { DEPTH = 64 };

static struct layout_stripe *id_stripe(struct board *board, uint32_t slot)
{
	return slot_stripes_of(board, board->heads[slot].id_hash, 0).id;
}

static void link_behind(struct board *board, uint32_t slot, struct layout_head *before)
{
	struct layout_head *head = &board->heads[slot];

	head->owner_next = before->owner_next;
	head->owner_prev = (uint32_t)(before - board->heads) + 1;
	if (head->owner_next != 0)
		board->heads[head->owner_next - 1].owner_prev = slot + 1;
	before->owner_next = slot + 1;
}

static void link_owner(struct chains *chains, uint32_t slot)
{
	struct board *board = chains->board;
	struct layout_head *head = &board->heads[slot], *before = NULL;
	unsigned depth = 0;

	if (head->owner_hash == 0 || chains->unordered)
		return;
	uint32_t next = board->owner_buckets[index_bucket(board, head->owner_hash)];
	while (next != 0 && board->heads[next - 1].serial > head->serial) {
		if (depth++ == DEPTH) {
			chains->unordered = true;
			return;
		}
		before = &board->heads[next - 1];
		next = before->owner_next;
	}
	if (before)
		link_behind(board, slot, before);
	else
		index_link_owner(board, slot);
}

void chains_enter(struct chains *chains, uint32_t slot)
{
	struct board *board = chains->board;

	map_set(board, slot);
	index_link_id(board, slot);
	link_owner(chains, slot);
	id_stripe(board, slot)->count++;
}

void chains_leave(struct chains *chains, uint32_t slot)
{
	struct board *board = chains->board;

	index_unlink_id(board, slot);
	if (!chains->unordered)
		index_unlink_owner(board, slot);
	map_clear(board, slot);
	id_stripe(board, slot)->count--;
}

int chains_finish(struct chains *chains)
{
	struct board *board = chains->board;
	uint32_t *slots;

	if (!chains->unordered)
		return 0;
	int64_t n = chains_order(board, &slots);
	if (n < 0)
		return (int)n;
	memset(board->owner_buckets, 0, board->capacity * sizeof *board->owner_buckets);
	for (int64_t i = 0; i < n; i++)
		index_link_owner(board, slots[i]);
	free(slots);
	chains->unordered = false;
	return 0;
}

/* ---- By serial ------------------------------------------------------------- */

struct place {
	uint64_t serial;
	uint32_t slot;
};

static int by_serial(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->serial != y->serial)
		return x->serial < y->serial ? -1 : 1;
	return x->slot < y->slot ? -1 : 1;
}

static uint32_t list(const struct board *board, struct place *places)
{
	uint32_t n = 0;

	/* Read the heads and not the map of used slots, which may be wrong on a damaged board. */
	for (uint32_t slot = 0; slot < board->capacity; slot++)
		if (stamp_state(load_relaxed(&board->heads[slot].stamp)) == SLOT_LIVE)
			places[n++] =
				(struct place){ load_relaxed(&board->heads[slot].serial), slot };
	return n;
}

int64_t chains_order(const struct board *board, uint32_t **ret_slots)
{
	struct place *places = calloc((size_t)board->capacity + 1, sizeof *places);
	uint32_t *slots = calloc((size_t)board->capacity + 1, sizeof *slots);

	if (!places || !slots) {
		free(places);
		free(slots);
		return -ENOMEM;
	}
	uint32_t n = list(board, places);
	qsort(places, n, sizeof *places, by_serial);
	for (uint32_t i = 0; i < n; i++)
		slots[i] = places[i].slot;
	free(places);
	*ret_slots = slots;
	return n;
}
