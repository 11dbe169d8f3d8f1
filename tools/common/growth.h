/* SPDX-License-Identifier: MIT */
#ifndef COMMON_GROWTH_H
#define COMMON_GROWTH_H

#include <stdlib.h>

/*
 * Room for one more item in an array of n that grows: twice as much, `first` at the beginning. Returns
 * the array, moved or not, or NULL when memory is out, and then `items` is still there.
 *
 *	struct block *blocks = growth_reserve(all->blocks, all->n, &all->room, sizeof *blocks, 64);
 *
 *	if (!blocks)
 *		return -ENOMEM;
 *	all->blocks = blocks;
 */
static inline void *growth_reserve(void *items, size_t n, size_t *room, size_t size, size_t first)
{
	size_t more = *room ? 2 * *room : first;

	if (n < *room)
		return items;
	items = reallocarray(items, more, size);
	if (items)
		*room = more;
	return items;
}

#endif
