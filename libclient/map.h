/* SPDX-License-Identifier: MIT */
/*
 * The map of used slots: one bit a slot, so that a search for room, an iteration and a sweep cost
 * what they find and not what the board could hold. A slot's bit is set before it leaves FREE and
 * cleared after it has come back, both under the record's mutex: a clear bit means FREE whoever
 * dies in between, a set bit means look.
 */
#ifndef TRACKD_MAP_H
#define TRACKD_MAP_H

#include "segment.h"

void map_set(struct board *board, uint32_t slot);
void map_clear(struct board *board, uint32_t slot);
bool map_is_set(const struct board *board, uint32_t slot);

/* How many bits in [from, to) are set, or with set false clear; it counts no further than `enough`
 * and may return more. */
uint32_t map_count(const struct board *board, uint32_t from, uint32_t to, bool set,
		   uint32_t enough);

/* The first slot in [from, to) whose bit is set, or with set false clear; `to` if there is none. */
uint32_t map_find(const struct board *board, uint32_t from, uint32_t to, bool set);

#endif
