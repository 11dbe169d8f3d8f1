/* SPDX-License-Identifier: MIT */
/*
 * After a death: what is neither FREE nor LIVE and whose owner is gone is unlinked and freed; older
 * twins of an id are removed; a stripe's count is counted again. Idempotent, holds nothing between
 * slots, and a repairer may die anywhere itself. The daemon sweeps with LOCK_TRY and comes back for
 * what was busy.
 */
#ifndef TRACKD_RECORD_REPAIR_H
#define TRACKD_RECORD_REPAIR_H

#include "libclient/segment/segment.h"

/* Look at one slot and repair it if need be. 1 repaired, 0 nothing to do, -EBUSY or TRACKD_E_BUSY
 * come back later. */
int repair_slot(struct board *board, uint32_t slot, uint64_t deadline);

/* Make a record whole whose mutex its last holder died with, if it has none now. 1 it was so, 0
 * not, -EBUSY. */
int repair_lock(struct board *board, uint32_t slot);

/* An id stripe is counted anew in this many slices. */
uint32_t repair_slices(const struct board *board);

/* Count the next slice of an id stripe, or with first the first one, and remove older twins in it;
 * after the last one correct the stripe's count. With first, take the locks of the id and of the
 * owner stripe over whose holders died. The stripe is held for 64 buckets and no longer. 0, 1
 * (something was wrong), -EBUSY or TRACKD_E_BUSY. */
int repair_slice(struct board *board, uint32_t stripe, bool first, uint64_t deadline);

/* All slices of one stripe, one after another. */
int repair_stripe(struct board *board, uint32_t stripe, uint64_t deadline);

/* Take the lock of the kinds over if its holder died. As repair_stripe(). */
int repair_kinds(struct board *board, uint64_t deadline);

/* All slots and all stripes, waiting up to deadline for each lock. Number of repairs, or the first
 * error. */
int repair_all(struct board *board, uint64_t deadline);

#endif
