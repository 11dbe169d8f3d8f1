/* SPDX-License-Identifier: MIT */
/* Creating records: new ones, and complete ones from a snapshot or an older board. Deadlines as in
 * slot.h. */
#ifndef TRACKD_RECORD_TENANT_H
#define TRACKD_RECORD_TENANT_H

#include "libclient/record/limits.h"
#include "libclient/segment/segment.h"
#include "libclient/trackd.h"

/* A new record. Its strings have been checked and are not NULL. */
struct tenant_new {
	const char *id, *owner, *name, *message;
	const char *labels; /* from label_join(); NULL: none */
	uint64_t total;
	uint32_t ttl_ms, active_ttl_ms;
	uint32_t kind; /* below kind_count() */
	bool replace;
	struct limit_lengths within;
	uint64_t keeper;          /* worker_make(); 0: none */
	bool rollup;              /* shows its children's ends as its progress */
	const char *parent;       /* id; NULL: none */
	uint32_t weight;          /* in the parent's progress; 0: 1 */
	uint32_t family_flags;    /* enum family_flags, of its own children */
	uint32_t family_expected; /* how many children come; 0: not known */
};

int tenant_create(struct board *board, const struct tenant_new *task, uint64_t deadline,
		  struct trackd_ref *ret_ref);

/*
 * Import a complete record: every field of task except ref and serial. Its deadline is recomputed.
 * worker: worker_make() or 0. wall_offset_ns: wall time minus the board's clock. Returns 0, -ESTALE
 * (it has expired), -EEXIST (the board has a record with that id that was not updated earlier; an
 * earlier one is replaced), -EINVAL (not a record), or what tenant_create() returns. Writes no
 * event.
 */
int tenant_import(struct board *board, const struct trackd_task *task, uint64_t worker,
		  int64_t wall_offset_ns, uint64_t deadline, struct trackd_ref *ret_ref);

#endif
