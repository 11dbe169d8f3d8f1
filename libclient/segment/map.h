/* SPDX-License-Identifier: MIT */
/*
 * The map of used slots: one bit a slot, so that a search for room, an iteration and a sweep cost
 * what they find and not what the board could hold. A slot's bit is set before it leaves FREE and
 * cleared after it has come back, both under the record's mutex: a clear bit means FREE whoever
 * dies in between, a set bit means look.
 */
#ifndef TRACKD_SEGMENT_MAP_H
#define TRACKD_SEGMENT_MAP_H

#include "libclient/segment/atomic.h"
#include "libclient/segment/segment.h"

void map_set(struct board *board, uint32_t slot);
void map_clear(struct board *board, uint32_t slot);
bool map_is_set(const struct board *board, uint32_t slot);

/* How many bits in [from, to) are set, or with set false clear; it counts no further than `enough`
 * and may return more. */
uint32_t map_count(const struct board *board, uint32_t from, uint32_t to, bool set,
		   uint32_t enough);

/* The first slot in [from, to) whose bit is set, or with set false clear; `to` if there is none. */
uint32_t map_find_further(const struct board *board, uint32_t from, uint32_t to, bool set);

/* The word of `from` at once, where it mostly is. */
static inline uint32_t map_find(const struct board *board, uint32_t from, uint32_t to, bool set)
{
	if (__builtin_expect(from >= to, 0))
		return to;
	uint64_t word = load_relaxed(&board->used_map[from / 64]);

	word = (set ? word : ~word) >> (from % 64);
	if (__builtin_expect(word == 0, 0))
		return map_find_further(board, (from / 64 + 1) * 64, to, set);
	uint32_t slot = from + (uint32_t)__builtin_ctzll(word);
	return slot < to ? slot : to;
}

#endif
