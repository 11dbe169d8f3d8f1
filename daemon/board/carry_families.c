/* SPDX-License-Identifier: MIT */
/* Plain stores to the new board, because no other process maps it. See carry_families.h. */
#include "daemon/board/carry_families.h"
#include "libclient/record/internal.h"
#include <errno.h>
#include <stdlib.h>

struct family_child {
	uint64_t serial;
	uint32_t slot;
};

struct families {
	struct board *new;
	const struct board *old;
	const struct carry_move *moves;
	size_t n_moves;
	struct family_child *children;
	size_t n_children;
};

static uint16_t *flags_at(const struct board *board, uint32_t slot)
{
	uint64_t stamp = board->heads[slot].stamp;

	return &board->bodies[slot].copy[stamp_version(stamp) & 1].flags;
}

static bool is_here(const struct board *board, struct trackd_ref ref)
{
	return ref.slot < board->capacity &&
	       stamp_is_live(board->heads[ref.slot].stamp, ref.generation);
}

/* Both slots of the moves increase. */
static int by_origin(const void *key, const void *move)
{
	uint32_t slot = *(const uint32_t *)key, from = ((const struct carry_move *)move)->from.slot;

	return slot < from ? -1 : slot > from;
}

static int by_target(const void *key, const void *move)
{
	uint32_t slot = *(const uint32_t *)key, to = ((const struct carry_move *)move)->to.slot;

	return slot < to ? -1 : slot > to;
}

static const struct carry_move *find(const struct families *families, uint32_t slot,
				     int (*compare)(const void *, const void *))
{
	return families->n_moves == 0 ? NULL
				      : bsearch(&slot, families->moves, families->n_moves,
						sizeof *families->moves, compare);
}

/* The slot that a record had on the old board. */
static uint32_t origin_of(const struct families *families, uint32_t slot)
{
	const struct carry_move *move = find(families, slot, by_target);

	return move ? move->from.slot : slot;
}

static struct trackd_ref moved(const struct families *families, struct trackd_ref ref)
{
	const struct carry_move *move = find(families, ref.slot, by_origin);

	return move && move->from.generation == ref.generation ? move->to : ref;
}

static void copy_child(struct families *families, uint32_t slot, uint32_t from)
{
	struct layout_family *line = &families->new->families[slot];
	const struct layout_family *old = &families->old->families[from];
	struct trackd_ref parent;

	line->depth = load_relaxed(&old->depth);
	if (!family_parent(families->old, from, &parent) || line->depth == 0 ||
	    line->depth > LAYOUT_DEPTH) { /* only on a damaged board */
		*flags_at(families->new, slot) &= (uint16_t)~COPY_CHILD;
		return;
	}
	parent = moved(families, parent);
	/* Of a parent that is gone, the slot may not exist any more: name the child's own slot, with
	 * an earlier tenant. */
	if (!is_here(families->new, parent))
		parent = (struct trackd_ref){
			slot, stamp_generation(families->new->heads[slot].stamp) - 1
		};
	line->parent = parent_make(parent.slot, parent.generation);
	line->weight = load_relaxed(&old->weight);
	families->children[families->n_children++] =
		(struct family_child){ families->new->heads[slot].serial, slot };
}

/* The counts of the children that are there follow from the chain. */
static void copy_parent(struct families *families, uint32_t slot, uint32_t from)
{
	struct layout_family *line = &families->new->families[slot];
	const struct layout_family *old = &families->old->families[from];
	struct children children;

	children_read(families->old, from, &children);
	line->expected = load_relaxed(&old->expected);
	line->flags = load_relaxed(&old->flags) & (FAMILY_ENDS | FAMILY_ANYWAY | FAMILY_CLOSED);
	line->gone_weight[0] = children.gone_weight;
	line->children[0] = (struct layout_children){ .gone_completed = children.n.gone_completed,
						      .gone_failed = children.n.gone_failed,
						      .gone_cancelled = children.n.gone_cancelled };
}

static int by_serial(const void *a, const void *b)
{
	const struct family_child *x = a, *y = b;

	return x->serial < y->serial ? -1 : x->serial > y->serial;
}

static void count(struct layout_children *n, uint8_t state)
{
	switch ((enum trackd_state)state) {
	case TRACKD_PENDING:
		n->pending++;
		break;
	case TRACKD_ACTIVE:
		n->active++;
		break;
	case TRACKD_COMPLETED:
		n->completed++;
		break;
	case TRACKD_FAILED:
		n->failed++;
		break;
	case TRACKD_CANCELLED:
		n->cancelled++;
		break;
	}
}

static void link_child(struct board *board, uint32_t slot)
{
	struct layout_family *lines = board->families;
	uint64_t stamp = board->heads[slot].stamp;
	struct trackd_ref parent;

	if (!family_parent(board, slot, &parent) || !is_here(board, parent) ||
	    (*flags_at(board, parent.slot) & COPY_PARENT) == 0)
		return;
	lines[slot].next = lines[parent.slot].first;
	if (lines[slot].next != 0)
		lines[lines[slot].next - 1].prev = slot + 1;
	lines[parent.slot].first = slot + 1;
	count(&lines[parent.slot].children[0],
	      board->bodies[slot].copy[stamp_version(stamp) & 1].state);
}

int carry_families(struct board *new, const struct board *old, const struct carry_move *moves,
		   size_t n_moves)
{
	struct families families = { new, old, moves, n_moves, NULL, 0 };

	families.children = calloc((size_t) new->capacity + 1, sizeof *families.children);
	if (!families.children)
		return -ENOMEM;
	for (uint32_t slot = 0; slot < new->capacity; slot++) {
		if (stamp_state(new->heads[slot].stamp) != SLOT_LIVE)
			continue;
		uint16_t flags = *flags_at(new, slot);
		if ((flags & (COPY_CHILD | COPY_PARENT)) == 0)
			continue;
		uint32_t from = origin_of(&families, slot);
		if (flags & COPY_PARENT)
			copy_parent(&families, slot, from);
		if (flags & COPY_CHILD)
			copy_child(&families, slot, from);
	}
	qsort(families.children, families.n_children, sizeof *families.children, by_serial);
	for (size_t i = 0; i < families.n_children; i++)
		link_child(new, families.children[i].slot);
	free(families.children);
	return 0;
}
