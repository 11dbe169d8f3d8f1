/* SPDX-License-Identifier: MIT */
/* Counting as trackd_advance() does it, without a client, and what a work word says of it. */
#ifndef TESTS_COUNTING_H
#define TESTS_COUNTING_H

#include "libclient/record/record.h"

/* Does not wait: -EBUSY if it is locked. */
static inline int record_advance(struct board *board, struct trackd_ref ref, uint64_t units)
{
	return record_advance_fast(board, ref, units) ? 0
						      : record_advance_slowly(board, ref, units, 0);
}

/* Of this tenant and not sealed. */
static inline int work_is_open(uint64_t work, uint32_t generation)
{
	return (work >> 47) == (uint64_t)(generation & 0xffff) << 1;
}

#endif
