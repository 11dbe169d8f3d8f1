/* SPDX-License-Identifier: MIT */
/* Reads the counts of a parent's children; see children.h. */
#include "libclient/family/children.h"
#include "libclient/segment/atomic.h"

enum { TRIES = 1000 };

static_assert(sizeof(struct layout_children) % 8 == 0, "loaded in words");

void children_read(const struct board *board, uint32_t slot, struct children *ret_children)
{
	const struct layout_family *family = &board->families[slot];

	for (int i = 0; i < TRIES; i++) {
		uint32_t version = load_acquire(&family->version); /* pairs with publish() */

		words_load(&ret_children->n, &family->children[version & 1],
			   sizeof ret_children->n / 8);
		ret_children->gone_weight = load_relaxed(&family->gone_weight[version & 1]);
		fence_acquire(); /* pairs with fence_release() in publish() */
		if (load_relaxed(&family->version) == version)
			return;
	}
}

/* Whether a dead process left a link to this parent unfinished: the child is not counted yet. */
static bool is_being_linked(const struct board *board, uint32_t slot)
{
	const struct layout_family_stripe *stripe = &board->family_stripes[slot % LAYOUT_STRIPES];
	uint64_t intent = load_acquire(&stripe->intent);
	uint32_t child = (uint32_t)load_relaxed(&stripe->child);

	return __builtin_expect(intent_operation(intent) == INTENT_LINK, 0) &&
	       child < board->capacity &&
	       (uint32_t)load_relaxed(&board->families[child].parent) == slot + 1;
}

bool children_any_open(const struct board *board, uint32_t slot)
{
	struct children children;

	children_read(board, slot, &children);
	return children_open(&children) > 0 || is_being_linked(board, slot);
}

bool children_complete(const struct board *board, uint32_t slot, const struct children *children)
{
	const struct layout_family *family = &board->families[slot];
	uint32_t expected = load_relaxed(&family->expected);

	return (load_relaxed(&family->flags) & FAMILY_CLOSED) != 0 ||
	       (expected != 0 && children_all(children) >= expected);
}
