/* SPDX-License-Identifier: MIT */
/*
 * The map of used slots, one bit per slot. With it, the cost of a search for a free slot, an
 * iteration or a sweep depends on the tasks on the board, not on its capacity. A slot's bit is set
 * before it leaves FREE and cleared after it returns to FREE, both under the record's mutex. So a
 * clear bit always means FREE, even if a process dies in between; if the bit is set, check the
 * stamp.
 */
#ifndef TRACKD_SEGMENT_MAP_H
#define TRACKD_SEGMENT_MAP_H

#include "libclient/segment/atomic.h"
#include "libclient/segment/segment.h"

void map_set(struct board *board, uint32_t slot);
void map_clear(struct board *board, uint32_t slot);
bool map_is_set(const struct board *board, uint32_t slot);

/* The number of bits in [from, to) that are set (or clear, if `set` is false). Stops once it has
 * counted `enough`, and may return more. */
uint32_t map_count(const struct board *board, uint32_t from, uint32_t to, bool set,
		   uint32_t enough);

/* The first slot in [from, to) whose bit is set (or clear, if `set` is false); `to` if there is
 * none. */
uint32_t map_find_further(const struct board *board, uint32_t from, uint32_t to, bool set);

/* The same, with a fast path for the word of `from`, which mostly has one. */
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
