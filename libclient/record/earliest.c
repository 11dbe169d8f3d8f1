/* SPDX-License-Identifier: MIT */
/*
 * header->earliest: a bound (48 bits, in units of 2^16 ns), the number of the search that found it
 * (15), and whether that search goes on (1). When none does, no LIVE record expires before the
 * bound. A search sets the bound to never and the bit, scans all heads, and lowers the bound to
 * what it found; meanwhile each process that makes a deadline lowers it as well. So what a search has passed
 * is in the bound, and a search that dies leaves the bit: the next one finishes it.
 */
#include "libclient/record/earliest.h"
#include "libclient/segment/atomic.h"

static const uint64_t BOUND = ~UINT64_C(0xffff), SEARCH = 0xffff, GOES_ON = 1;

void earliest_lower(struct board *board, uint64_t deadline)
{
	uint64_t *earliest = &board->header->earliest;
	uint64_t bound = deadline & BOUND;

	uint64_t seen = load_relaxed(earliest);
	while (bound < (seen & BOUND) && !cas_relaxed(earliest, &seen, bound | (seen & SEARCH)))
		;
}

bool earliest_none_expired(const struct board *board, uint64_t now)
{
	uint64_t seen = load_relaxed(&board->header->earliest);

	return (seen & GOES_ON) == 0 && now < (seen & BOUND);
}

/* The number of the search, with its bit. */
uint64_t earliest_search_begin(struct board *board)
{
	uint64_t *earliest = &board->header->earliest;
	uint64_t seen = load_relaxed(earliest), next = seen;

	while ((seen & GOES_ON) == 0) {
		next = BOUND | ((seen + 2) & SEARCH) | GOES_ON;
		if (cas_relaxed(earliest, &seen, next))
			break;
	}
	/* The bit before the heads; pairs with the caller's of earliest_lower(). */
	fence_full();
	return ((seen & GOES_ON) != 0 ? seen : next) & SEARCH;
}

void earliest_search_end(struct board *board, uint64_t search, uint64_t found)
{
	uint64_t *earliest = &board->header->earliest;
	uint64_t seen = load_relaxed(earliest), next;

	do {
		if ((seen & SEARCH) != search)
			return; /* another has ended it */
		next = ((seen & BOUND) < found ? seen : found) & BOUND;
		next |= search & ~GOES_ON;
	} while (!cas_relaxed(earliest, &seen, next));
}
