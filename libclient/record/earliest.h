/* SPDX-License-Identifier: MIT */
/* A lower bound of all deadlines on the board, kept in its header: whether anything can have expired is
 * known without a look at the heads. */
#ifndef TRACKD_RECORD_EARLIEST_H
#define TRACKD_RECORD_EARLIEST_H

#include "libclient/segment/segment.h"

/* A LIVE record of this deadline has just been made, or its deadline has become that early. The
 * caller has passed a full fence since the store, and still holds the record's mutex: should it die
 * before, mend_record() does this for it. */
void earliest_lower(struct board *board, uint64_t deadline);

/* Whether nothing can have expired by now. */
bool earliest_none_expired(const struct board *board, uint64_t now);

/* A search of all heads for the earliest deadline: begin it, which returns its number, and end it with
 * what was found. Deadlines that are lowered meanwhile count. */
uint64_t earliest_search_begin(struct board *board);
void earliest_search_end(struct board *board, uint64_t search, uint64_t found);

#endif
