/* SPDX-License-Identifier: MIT */
/* The board's table of kinds. It is append-only: a declared kind never changes. */
#ifndef TRACKD_RECORD_KIND_H
#define TRACKD_RECORD_KIND_H

#include "libclient/segment/atomic.h"
#include "libclient/segment/segment.h"
#include "libclient/trackd.h"

/* The public calls of the same names, on a given board. Deadline as in slot.h. */
int kind_declare(struct board *board, const char *name, const struct trackd_stage_def *stages,
		 int n_stages, uint64_t deadline);
/* The number of kinds, at most LAYOUT_KINDS. */
uint32_t kind_count(const struct board *board);
int kind_find(const struct board *board, const char *name);
int kind_get(const struct board *board, int kind, struct trackd_kind *ret_kind);
int kind_stage_find(const struct board *board, int kind, const char *name);

/* The number of stages, limited to LAYOUT_STAGES even if the segment holds garbage. */
static inline uint32_t kind_stage_count(const struct layout_kind *kind)
{
	uint32_t n = load_relaxed(&kind->n_stages);

	return n < LAYOUT_STAGES ? n : LAYOUT_STAGES;
}

/* The number of stages of a kind; 0: there is no such kind. A kind that is not declared yet has
 * none. */
static inline uint32_t kind_stages(const struct board *board, uint32_t kind)
{
	if (kind >= board->kinds_max)
		return 0;
	return kind_stage_count(&board->kinds->kind[kind]);
}

/* Percentage of a task in this state: the stage's percentage, moved by done/total towards the next
 * stage's and at most one below that. */
int kind_progress(const struct board *board, uint32_t kind, uint8_t state, uint8_t stage,
		  uint64_t done, uint64_t total);

/* The name of a stage in place, or "" if there is no such stage or the name is not terminated. */
const char *kind_stage_name(const struct board *board, uint32_t kind, uint8_t stage);

#endif
