/* SPDX-License-Identifier: MIT */
/*
 * header->earliest: a bound (48 bits, in units of 2^16 ns), the number of the search that found it
 * (15), and a bit that is set while the search runs (1). While the bit is clear, no LIVE record
 * expires before the bound. A search sets the bound to never, sets the bit, scans all heads, and
 * lowers the bound to the earliest deadline it found. Every process that sets a deadline lowers the
 * bound too, so the bound includes deadlines that the scan has already passed. If the searching
 * process dies, the bit stays set and the next search completes it.
 */
#include "libclient/signal/earliest.h"
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

/* Returns the search number including the bit. */
uint64_t earliest_search_begin(struct board *board)
{
	uint64_t *earliest = &board->header->earliest;
	uint64_t seen = load_relaxed(earliest), next = seen;

	while ((seen & GOES_ON) == 0) {
		next = BOUND | ((seen + 2) & SEARCH) | GOES_ON;
		if (cas_relaxed(earliest, &seen, next))
			break;
	}
	/* Orders setting the bit before reading the heads; pairs with the full fence that callers
	 * of earliest_lower() pass. */
	fence_full();
	return ((seen & GOES_ON) != 0 ? seen : next) & SEARCH;
}

void earliest_search_end(struct board *board, uint64_t search, uint64_t found)
{
	uint64_t *earliest = &board->header->earliest;
	uint64_t seen = load_relaxed(earliest), next;

	do {
		if ((seen & SEARCH) != search)
			return; /* another process has ended it */
		next = ((seen & BOUND) < found ? seen : found) & BOUND;
		next |= search & ~GOES_ON;
	} while (!cas_relaxed(earliest, &seen, next));
}
