/* SPDX-License-Identifier: MIT */
/* The map of used slots, 64 to a word. */
#include "libclient/segment/map.h"
#include "libclient/segment/atomic.h"

void map_set(struct board *board, uint32_t slot)
{
	or_relaxed(&board->used_map[slot / 64], UINT64_C(1) << (slot % 64));
}

void map_clear(struct board *board, uint32_t slot)
{
	/* After the store of FREE: a clear bit means FREE. */
	and_release(&board->used_map[slot / 64], ~(UINT64_C(1) << (slot % 64)));
}

/* from: a multiple of 64 */
uint32_t map_find_further(const struct board *board, uint32_t from, uint32_t to, bool set)
{
	for (; from < to; from += 64) {
		uint64_t word = load_relaxed(&board->used_map[from / 64]);

		word = set ? word : ~word;
		if (word != 0) {
			uint32_t slot = from + (uint32_t)__builtin_ctzll(word);
			return slot < to ? slot : to;
		}
	}
	return to;
}

uint32_t map_count(const struct board *board, uint32_t from, uint32_t to, bool set, uint32_t enough)
{
	uint32_t n = 0;

	while (from < to && n < enough) {
		uint64_t word = load_relaxed(&board->used_map[from / 64]);
		uint32_t width = 64 - from % 64;

		word = (set ? word : ~word) >> (from % 64);
		if (width > to - from) {
			width = to - from;
			word &= (UINT64_C(1) << width) - 1;
		} else if (from % 64 != 0) {
			word &= (UINT64_C(1) << width) - 1;
		}
		n += word == 0 ? 0 : (uint32_t)__builtin_popcountll(word);
		from += width;
	}
	return n;
}

bool map_is_set(const struct board *board, uint32_t slot)
{
	return (load_relaxed(&board->used_map[slot / 64]) >> (slot % 64) & 1) != 0;
}
