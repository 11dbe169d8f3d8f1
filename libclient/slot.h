/* SPDX-License-Identifier: MIT */
/*
 * The ring of slots: a record's way from FREE through CLAIMED to LIVE, and through REMOVING to
 * FREE. Each step is one store of the stamp. Every call takes a deadline (CLOCK_MONOTONIC ns) for
 * all locks together, or LOCK_TRY: then it returns -EBUSY where it would wait, which is how the
 * daemon calls.
 */
#ifndef TRACKD_SLOT_H
#define TRACKD_SLOT_H

#include "segment.h"
#include "trackd.h"

/* A new record, checked and complete. */
struct slot_new {
	const char *id, *owner, *name, *message;
	uint64_t total;
	uint32_t kind, ttl_ms, active_ttl_ms;
	bool replace;
};

int slot_create(struct board *board, const struct slot_new *task, uint64_t deadline,
		struct trackd_ref *ret_ref);

/*
 * Put a whole record back (snapshot, rebuild): every field of task but ref, revision+1 upwards
 * kept, serial renewed. worker: worker_make() or 0. wall_offset_ns: what turns the task's wall
 * times into the board's. A record whose expiry has passed is -ESTALE; of an id that exists already
 * only the newer by updated_ns stays (-EEXIST if that is the other).
 */
int slot_import(struct board *board, const struct trackd_task *task, uint64_t worker,
		int64_t wall_offset_ns, uint64_t deadline, struct trackd_ref *ret_ref);

enum slot_remove_why {
	SLOT_REMOVE_ASKED,   /* trackd_remove() */
	SLOT_REMOVE_EXPIRED, /* only if its deadline has passed */
	SLOT_REMOVE_EVICTED, /* only if it is final */
};

/* Remove a record, if it is still of that generation and the reason holds. TRACKD_E_GONE, -EAGAIN
 * (reason no longer holds), TRACKD_E_BUSY or -EBUSY. */
int slot_remove(struct board *board, struct trackd_ref ref, enum slot_remove_why why,
		uint64_t deadline);

/* LIVE tasks on the board: the sum of the stripes. */
uint32_t slot_count(const struct board *board);

/* The first slot at or after `from` whose used bit is set, or board->capacity. A clear bit means
 * FREE. */
uint32_t slot_next_used(const struct board *board, uint32_t from);

/* Lock a record alone; when its last holder died, make it whole first (record_mend()) and raise
 * repair_due. */
int slot_lock(struct board *board, uint32_t slot, uint64_t deadline);
void slot_unlock(struct board *board, uint32_t slot);

#endif
