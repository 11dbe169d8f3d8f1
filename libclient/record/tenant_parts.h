/* SPDX-License-Identifier: MIT */
/* What creating and importing a record share. */
#ifndef TRACKD_RECORD_TENANT_PARTS_H
#define TRACKD_RECORD_TENANT_PARTS_H

#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"

/* Fill a text field. Returns whether the text was cut. */
bool tenant_fill_text(uint8_t *field, size_t size, const char *text);

void tenant_fill_keys(struct board *board, uint32_t slot, const char *id, const char *owner);

/* Fill the copy in force of a claimed slot, and what the head repeats of it. */
void tenant_fill_copy(struct board *board, uint32_t slot, struct layout_copy *copy, uint32_t kind,
		      const char *message);

/* The number of the next task. Under the stripes, so that numbers grow along every chain. */
uint64_t tenant_next_serial(struct board *board);

/* With the stripes locked: link a filled record and commit it. */
void tenant_commit(struct board *board, struct slot_stripes *stripes, uint32_t slot,
		   uint32_t generation, uint64_t serial);

#endif
