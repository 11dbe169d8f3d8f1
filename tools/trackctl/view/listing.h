/* SPDX-License-Identifier: MIT */
/*
 * The tasks of a board that pass a filter, newest first. Only references are kept, so that listing
 * a million tasks takes a few bytes per task; each task is copied when it is shown.
 */
#ifndef TRACKCTL_VIEW_LISTING_H
#define TRACKCTL_VIEW_LISTING_H

#include "tools/trackctl/session/ctl.h"
#include "tools/trackctl/session/labels.h"

struct listing_filter {
	const char *owner, *kind; /* NULL: any */
	const char *state;        /* states or stages, separated by commas; NULL: any */
	struct labels labels;     /* all of them */
};

struct listing_entry {
	struct trackd_ref ref;
	uint64_t created_ns;
	uint8_t state;
};

struct listing {
	struct listing_entry *entries;
	size_t n, room;
};

/* Check the user's filter: every word must be a state or a stage, and the kind must exist on the
 * board. 0 or an exit status. */
int listing_check(struct ctl *ctl, const struct listing_filter *filter);

/* Read into a listing that is zeroed or was read before. 0 or an exit status. */
int listing_read(struct ctl *ctl, const struct listing_filter *filter, struct listing *listing);
void listing_free(struct listing *listing);

bool listing_passes(const struct listing_filter *filter, const struct trackd_task *task);

#endif
