/* SPDX-License-Identifier: MIT */
/*
 * Repair after a death: unlink and free records that a dead process left neither FREE nor LIVE,
 * remove older duplicates of an id, recount the stripes. Repair is idempotent and holds no lock
 * between slots; the repairing process may itself die at any point. The daemon calls it with
 * LOCK_TRY and retries busy records later.
 */
#ifndef TRACKD_RECORD_REPAIR_H
#define TRACKD_RECORD_REPAIR_H

#include "libclient/segment/segment.h"

/* Check one slot and repair it if necessary. 1: repaired; 0: nothing to do; -EBUSY or
 * TRACKD_E_BUSY: try again later. */
int repair_slot(struct board *board, uint32_t slot, uint64_t deadline);

/* Recover a record's mutex, and the record, if the last holder died. 1: recovered; 0: nothing to
 * do; -EBUSY. */
int repair_lock(struct board *board, uint32_t slot);

/* The number of slices in which an id stripe is recounted. */
uint32_t repair_slices(const struct board *board);

/* Count the next slice of an id stripe and remove older duplicates in it; after the last slice
 * correct the stripe's count. With `first`, start with the first slice, and recover the id and
 * owner stripe's mutexes if their holders died. The stripe is locked for 64 buckets at a time. 0:
 * nothing was wrong; 1: repaired; -EBUSY or TRACKD_E_BUSY. */
int repair_slice(struct board *board, uint32_t stripe, bool first, uint64_t deadline);

/* Repair all slices of one stripe in order. */
int repair_stripe(struct board *board, uint32_t stripe, uint64_t deadline);

/* Recover the mutex of the kinds if its holder died. Returns as repair_stripe(). */
int repair_kinds(struct board *board, uint64_t deadline);

/* Repair all slots and stripes, waiting for each lock until deadline. Continues after an error.
 * Returns the number of repairs, or the first error. */
int repair_all(struct board *board, uint64_t deadline);

#endif
