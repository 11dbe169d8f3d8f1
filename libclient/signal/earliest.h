/* SPDX-License-Identifier: MIT */
/* A lower bound of all deadlines, in the board's header. It shows without a scan of the heads
 * whether any task can have expired. */
#ifndef TRACKD_SIGNAL_EARLIEST_H
#define TRACKD_SIGNAL_EARLIEST_H

#include "libclient/segment/segment.h"

/* Lower the bound after a deadline was stored. The caller has passed a full fence since the store
 * and still holds the record's mutex; if it dies before this call, mend_record() lowers the
 * bound. */
void earliest_lower(struct board *board, uint64_t deadline);

/* True if no task can have expired by now. */
bool earliest_none_expired(const struct board *board, uint64_t now);

/* Begin a search of all heads for the earliest deadline; returns the search number. End it with the
 * earliest deadline found. earliest_lower() calls in between are included. */
uint64_t earliest_search_begin(struct board *board);
void earliest_search_end(struct board *board, uint64_t search, uint64_t found);

#endif
