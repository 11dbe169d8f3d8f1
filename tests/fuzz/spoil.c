/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/spoil.h"
#include "tests/harness/harness.h"
#include <stdlib.h>
#include <string.h>

/* ---- Chance ------------------------------------------------------------- */

void spoil_seed(struct spoil *spoil, uint64_t seed, uint64_t round)
{
	spoil->random = (seed ^ round * UINT64_C(0x9e3779b97f4a7c15)) + 1;
	for (int i = 0; i < 4; i++)
		(void)spoil_random(spoil);
}

uint64_t spoil_random(struct spoil *spoil)
{
	uint64_t x = spoil->random += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

uint32_t spoil_pick(struct spoil *spoil, uint32_t n)
{
	return (uint32_t)((spoil_random(spoil) >> 32) * n >> 32);
}

/* ---- Where -------------------------------------------------------------- */

static size_t offset_of(const struct spoil *spoil, const void *field)
{
	return (size_t)((const uint8_t *)field - (const uint8_t *)spoil->board->base);
}

static bool overlaps(size_t at, size_t size, size_t from, size_t length)
{
	return at < from + length && from < at + size;
}

/* Whether the bytes touch a mutex of an array of things of this size, in each at the same place. */
static bool in_array(size_t at, size_t size, size_t first, size_t stride, size_t n)
{
	if (!overlaps(at, size, first, stride * n))
		return false;
	size_t i = at > first ? (at - first) / stride : 0;
	for (; i < n && first + i * stride < at + size; i++)
		if (overlaps(at, size, first + i * stride, sizeof(union layout_mutex)))
			return true;
	return false;
}

static bool touches_mutex(const struct spoil *spoil, size_t at, size_t size)
{
	const struct board *board = spoil->board;
	const size_t stripe = sizeof(struct layout_stripe), body = sizeof(struct layout_body);

	return overlaps(at, size, offset_of(spoil, &board->kinds->mutex),
			sizeof(union layout_mutex)) ||
	       in_array(at, size, offset_of(spoil, board->id_stripes), stripe, LAYOUT_STRIPES) ||
	       in_array(at, size, offset_of(spoil, board->owner_stripes), stripe, LAYOUT_STRIPES) ||
	       in_array(at, size, offset_of(spoil, board->family_stripes), stripe,
			LAYOUT_STRIPES) ||
	       in_array(at, size, offset_of(spoil, &board->bodies[0].mutex), body, board->capacity);
}

/* Sections by what hangs on them, not by size: the events would get nearly all. */
static size_t somewhere(struct spoil *spoil)
{
	const struct board *board = spoil->board;
	const struct {
		const void *start;
		size_t size;
	} sections[] = {
		{ board->header, sizeof *board->header },
		{ board->kinds,
		  sizeof *board->kinds + LAYOUT_KINDS * sizeof board->kinds->kind[0] },
		{ board->clients, 16 * sizeof *board->clients },
		{ board->id_stripes, LAYOUT_STRIPES * sizeof *board->id_stripes },
		{ board->owner_stripes, LAYOUT_STRIPES * sizeof *board->owner_stripes },
		{ board->family_stripes, LAYOUT_STRIPES * sizeof *board->family_stripes },
		{ board->used_map, board->capacity / 8 },
		{ board->id_buckets, board->capacity * sizeof *board->id_buckets },
		{ board->owner_buckets, board->capacity * sizeof *board->owner_buckets },
		{ board->heads, board->capacity * sizeof *board->heads },
		{ board->heads, board->capacity * sizeof *board->heads },
		{ board->events, 64 * sizeof *board->events },
		{ board->bodies, board->capacity * sizeof *board->bodies },
		{ board->details, board->capacity * sizeof *board->details },
		{ board->families, board->capacity * sizeof *board->families },
		{ board->base, board->size },
	};
	uint32_t i = spoil_pick(spoil, sizeof sections / sizeof sections[0]);

	return offset_of(spoil, sections[i].start) + spoil_pick(spoil, (uint32_t)sections[i].size);
}

static void put(struct spoil *spoil, size_t at, const void *bytes, size_t size)
{
	if (at >= spoil->board->size || spoil->n_writes == SPOIL_WRITES_MAX)
		return;
	if (size > spoil->board->size - at)
		size = spoil->board->size - at;
	if (spoil->spare_mutexes && touches_mutex(spoil, at, size))
		return;
	spoil->writes[spoil->n_writes].at = at;
	spoil->writes[spoil->n_writes++].size = size;
	memcpy((uint8_t *)spoil->board->base + at, bytes, size);
}

/* ---- What --------------------------------------------------------------- */

static void random_bytes(struct spoil *spoil)
{
	uint64_t noise[SPOIL_SIZE_MAX / 8];
	size_t size = 1 + spoil_pick(spoil, spoil_pick(spoil, 4) == 0 ? SPOIL_SIZE_MAX : 16);

	for (size_t i = 0; i * 8 < size; i++)
		noise[i] = spoil_random(spoil);
	put(spoil, somewhere(spoil), noise, size);
}

/* No end to any string. */
static void fill(struct spoil *spoil)
{
	static const uint8_t values[] = { 'x', 0xff, 0, 0x80, 0xf4 };
	uint8_t bytes[SPOIL_SIZE_MAX];

	memset(bytes, values[spoil_pick(spoil, sizeof values)], sizeof bytes);
	put(spoil, somewhere(spoil), bytes, 1 + spoil_pick(spoil, sizeof bytes));
}

static void extreme_word(struct spoil *spoil)
{
	static const uint64_t values[] = {
		0,         1,          UINT64_MAX,        INT64_MAX,        UINT32_MAX,
		INT32_MAX, UINT16_MAX, UINT64_C(1) << 47, UINT64_C(1) << 63
	};
	uint64_t value = values[spoil_pick(spoil, sizeof values / sizeof values[0])];
	size_t at = somewhere(spoil);

	if (spoil_pick(spoil, 2))
		put(spoil, at / 8 * 8, &value, 8);
	else
		put(spoil, at / 4 * 4, &value, 4);
}

static void flip_bit(struct spoil *spoil)
{
	size_t at = somewhere(spoil);
	uint8_t byte;

	if (at >= spoil->board->size)
		return;
	byte = (uint8_t)(((const uint8_t *)spoil->board->base)[at] ^ 1u << spoil_pick(spoil, 8));
	put(spoil, at, &byte, 1);
}

/* Bytes from another place: whole records where they do not belong. */
static void transplant(struct spoil *spoil)
{
	static const size_t sizes[] = { 4, 8, 16, 64, 256, 512 };
	uint8_t bytes[SPOIL_SIZE_MAX];
	size_t size = sizes[spoil_pick(spoil, sizeof sizes / sizeof sizes[0])];
	size_t from = somewhere(spoil) / size * size, to = somewhere(spoil) / size * size;

	if (from + size > spoil->board->size)
		return;
	memcpy(bytes, (const uint8_t *)spoil->board->base + from, size);
	put(spoil, to, bytes, size);
}

/* A link that leads somewhere: in circles, into another chain, out of the board. */
static void link(struct spoil *spoil)
{
	struct board *board = spoil->board;
	struct layout_head *head = &board->heads[spoil_pick(spoil, board->capacity)];
	uint32_t *const links[] = { &head->id_next, &head->owner_next, &head->owner_prev,
				    &board->id_buckets[spoil_pick(spoil, board->capacity)],
				    &board->owner_buckets[spoil_pick(spoil, board->capacity)] };
	const uint32_t own = (uint32_t)(head - board->heads) + 1;
	const uint32_t targets[] = { spoil_pick(spoil, board->capacity) + 1,
				     own,
				     spoil_pick(spoil, board->capacity) + 1,
				     0,
				     board->capacity + 1,
				     UINT32_MAX };

	put(spoil, offset_of(spoil, links[spoil_pick(spoil, sizeof links / sizeof links[0])]),
	    &targets[spoil_pick(spoil, sizeof targets / sizeof targets[0])], 4);
}

/* A stamp of any state, of this generation or the next. */
static void stamp(struct spoil *spoil)
{
	struct layout_head *head = &spoil->board->heads[spoil_pick(spoil, spoil->board->capacity)];
	uint64_t value = stamp_make(stamp_generation(head->stamp) + spoil_pick(spoil, 2),
				    stamp_version(head->stamp) + spoil_pick(spoil, 3),
				    (enum slot_state)spoil_pick(spoil, 4));

	put(spoil, offset_of(spoil, &head->stamp), &value, 8);
}

/* Small fields that are used as indices and lengths. */
static void index_field(struct spoil *spoil)
{
	struct board *board = spoil->board;
	uint32_t slot = spoil_pick(spoil, board->capacity);
	struct layout_body *body = &board->bodies[slot];
	struct layout_copy *copy = &body->copy[spoil_pick(spoil, 2)];
	struct layout_kind *kind = &board->kinds->kind[spoil_pick(spoil, 3)];
	const struct {
		void *at;
		size_t size;
	} fields[] = {
		{ &copy->stage, 1 },
		{ &copy->state, 1 },
		{ &copy->flags, 1 },
		{ &copy->reason, 1 },
		{ &copy->stages_left, 2 },
		{ &copy->message_len, 2 },
		{ (uint8_t *)&board->heads[slot].hint + 3, 1 }, /* the kind */
		{ &kind->n_stages, 4 },
		{ &board->kinds->n, 4 },
		{ &copy->worker, 8 },
		{ &body->work, 8 },
		{ &board->header->cursor, 8 },
		{ &board->header->event_next, 8 },
		{ &board->header->retired, 4 },
		{ &board->header->wall_offset_ns, 8 },
		{ &board->header->suspend_offset_ns, 8 },
		{ &board->heads[slot].hint, 4 },
		{ &board->heads[slot].deadline, 8 },
	};
	static const uint64_t small[] = {
		0, 1, 2, 5, 15, 16, 17, 63, 64, 65, 191, 192, 255, 65535
	};
	uint32_t i = spoil_pick(spoil, sizeof fields / sizeof fields[0]);
	uint64_t value = spoil_pick(spoil, 4) == 0
				 ? spoil_random(spoil)
				 : small[spoil_pick(spoil, sizeof small / sizeof small[0])];

	put(spoil, offset_of(spoil, fields[i].at), &value, fields[i].size);
}

void spoil_once(struct spoil *spoil)
{
	static void (*const ways[])(struct spoil *) = { random_bytes, random_bytes, fill,
							extreme_word, flip_bit,     transplant,
							link,         stamp,        index_field };

	ways[spoil_pick(spoil, sizeof ways / sizeof ways[0])](spoil);
}

/* ---- Putting back ------------------------------------------------------- */

void spoil_begin(struct spoil *ret_spoil, struct board *board)
{
	*ret_spoil = (struct spoil){ .board = board, .random = 1 };
	ret_spoil->pristine = malloc(board->size);
	if (!ret_spoil->pristine)
		harness_die("no memory for a copy of the segment");
	memcpy(ret_spoil->pristine, board->base, board->size);
}

void spoil_end(struct spoil *spoil)
{
	free(spoil->pristine);
}

void spoil_restore(struct spoil *spoil)
{
	for (size_t i = 0; i < spoil->n_writes; i++)
		memcpy((uint8_t *)spoil->board->base + spoil->writes[i].at,
		       spoil->pristine + spoil->writes[i].at, spoil->writes[i].size);
	spoil->n_writes = 0;
}

void spoil_restore_all(struct spoil *spoil)
{
	memcpy(spoil->board->base, spoil->pristine, spoil->board->size);
	spoil->n_writes = 0;
}
