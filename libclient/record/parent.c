/* SPDX-License-Identifier: MIT */
/* Parents and children: see parent.h. The counts and chains are in family.c. */
#include "libclient/record/parent.h"
#include "libclient/family/children.h"
#include "libclient/family/family.h"
#include "libclient/index/index.h"
#include "libclient/record/edit.h"
#include "libclient/segment/atomic.h"
#include <errno.h>

/* ---- Which parent ---------------------------------------------------------------- */

int parent_find(const struct board *board, const char *parent, const char *child,
		struct trackd_ref *ret_parent)
{
	uint32_t slot;
	uint64_t stamp;

	if (strcmp(parent, child) == 0 || index_lookup(board, parent, &slot, &stamp) < 0)
		return TRACKD_E_PARENT;
	*ret_parent = (struct trackd_ref){ slot, stamp_generation(stamp) };
	return 0;
}

static bool same_owner(const struct board *board, uint32_t a, uint32_t b)
{
	uint64_t one[LAYOUT_OWNER / 8], other[LAYOUT_OWNER / 8];

	if (load_relaxed(&board->heads[a].owner_hash) != load_relaxed(&board->heads[b].owner_hash))
		return false;
	words_load(one, board->details[a].owner, LAYOUT_OWNER / 8);
	words_load(other, board->details[b].owner, LAYOUT_OWNER / 8);
	return memcmp(one, other, sizeof one) == 0;
}

/* Generations above a locked record. */
static uint32_t depth_of(const struct edit *edit)
{
	return edit->next.flags & COPY_CHILD
		       ? load_relaxed(&edit->board->families[edit->slot].depth)
		       : 0;
}

static int check_parent(const struct edit *edit, uint32_t child)
{
	const struct board *board = edit->board;
	uint64_t cancel = load_relaxed(&edit->head->cancel);
	bool asked = (uint32_t)cancel != 0 && (uint32_t)(cancel >> 32) == edit->generation;

	if (is_final(edit->next.state) || asked || !same_owner(board, edit->slot, child) ||
	    load_relaxed(&edit->head->serial) >= load_relaxed(&board->heads[child].serial) ||
	    depth_of(edit) >= LAYOUT_DEPTH)
		return TRACKD_E_PARENT;
	if ((edit->next.flags & COPY_PARENT) &&
	    (load_relaxed(&board->families[edit->slot].flags) & FAMILY_CLOSED))
		return TRACKD_E_CLOSED;
	return 0;
}

/* ---- Linking ---------------------------------------------------------------------- */

/* Publish that a locked record may have children. It stays locked, and its deadline stays. */
static void become_parent(struct edit *edit)
{
	if (edit->next.flags & COPY_PARENT)
		return;
	family_clear(edit->board, edit->slot, 0, 0);
	edit->next.flags |= COPY_PARENT;
	edit->next.revision++;
	edit_fill(edit);
	/* The commit. Pairs with the acquire of the stamp by readers. */
	store_release(&edit->head->stamp,
		      stamp_make(edit->generation, stamp_version(edit->stamp) + 1, SLOT_LIVE));
}

int parent_admit(struct board *board, struct trackd_ref parent, uint32_t child)
{
	struct edit edit;
	int error = edit_begin(&edit, board, parent, LOCK_TRY);

	if (error < 0)
		return error == TRACKD_E_GONE ? TRACKD_E_PARENT : error;
	error = check_parent(&edit, child);
	if (error < 0) {
		abandon(board, parent.slot);
		return error;
	}
	family_enter(board, child, parent, depth_of(&edit) + 1);
	/* Before the child's commit: a parent with an open child does not expire. */
	store_relaxed(&edit.head->deadline, UINT64_MAX);
	become_parent(&edit);
	return 0;
}

int parent_adopt(struct board *board, struct trackd_ref parent, uint32_t child, bool open)
{
	struct edit edit;
	int error = edit_begin(&edit, board, parent, LOCK_TRY);

	if (error < 0)
		return error;
	if ((edit.next.flags & COPY_PARENT) == 0 || !same_owner(board, parent.slot, child) ||
	    load_relaxed(&edit.head->serial) >= load_relaxed(&board->heads[child].serial) ||
	    depth_of(&edit) >= LAYOUT_DEPTH) {
		abandon(board, parent.slot);
		return TRACKD_E_PARENT;
	}
	family_enter(board, child, parent, depth_of(&edit) + 1);
	if (open)
		store_relaxed(&edit.head->deadline, UINT64_MAX);
	return 0;
}

/* Whether a locked task may get a parent: it has none, and no children. */
static bool is_alone(const struct edit *edit)
{
	struct children children;

	if (edit->next.flags & COPY_CHILD)
		return false;
	if ((edit->next.flags & COPY_PARENT) == 0)
		return true;
	children_read(edit->board, edit->slot, &children);
	return children_all(&children) == 0;
}

/* With the child locked and the parent's stripe held. */
static int set(struct edit *edit, struct trackd_ref parent)
{
	struct board *board = edit->board;
	int error = parent_admit(board, parent, edit->slot);

	if (error < 0)
		return error;
	family_intend(board, (struct trackd_ref){ edit->slot, edit->generation }, INTENT_LINK, 0,
		      (uint8_t)edit->next.state);
	edit->next.flags |= COPY_CHILD;
	edit->next.updated = edit->now;
	edit_commit(edit);
	family_finish(board, family_stripe(parent.slot));
	slot_unlock(board, parent.slot);
	return 0;
}

/* -EAGAIN: *ret_parent is locked. */
static int set_once(struct board *board, struct trackd_ref child, const char *parent,
		    uint64_t deadline, struct trackd_ref *ret_parent)
{
	struct family_hold hold = { 0 };
	struct edit edit;
	char id[LAYOUT_ID];
	int error = edit_begin_open(&edit, board, child, deadline);

	if (error < 0)
		return error;
	index_read_id(board, child.slot, id);
	error = is_alone(&edit) ? parent_find(board, parent, id, ret_parent) : TRACKD_E_PARENT;
	if (error == 0) {
		family_add(&hold, ret_parent->slot);
		error = family_take(board, &hold, deadline);
	}
	if (error == 0) {
		error = set(&edit, *ret_parent);
		family_drop(board, &hold);
		if (error == -EBUSY && deadline != LOCK_TRY)
			error = -EAGAIN;
	}
	abandon(board, child.slot);
	return error;
}

int parent_set(struct board *board, struct trackd_ref child, const char *parent, uint64_t deadline)
{
	struct trackd_ref found = TRACKD_REF_NONE;
	int error;

	do {
		error = set_once(board, child, parent, deadline, &found);
		if (error == -EAGAIN && slot_wait(board, found.slot, deadline) < 0)
			error = TRACKD_E_BUSY;
	} while (error == -EAGAIN);
	return error;
}

/* ---- The parent's own record -------------------------------------------------------- */

int parent_close(struct board *board, struct trackd_ref ref, uint64_t deadline)
{
	struct edit edit;
	int error = edit_begin_open(&edit, board, ref, deadline);

	if (error < 0)
		return error;
	become_parent(&edit);
	uint32_t *flags = &board->families[ref.slot].flags;
	store_relaxed(flags, load_relaxed(flags) | FAMILY_CLOSED);
	abandon(board, ref.slot);
	return 0;
}

int parent_renew(struct board *board, struct trackd_ref parent)
{
	struct edit edit;

	if (parent.slot >= board->capacity)
		return 0;
	const struct layout_head *head = &board->heads[parent.slot];
	if (!stamp_is_live(load_acquire(&head->stamp), parent.generation) ||
	    load_relaxed(&head->deadline) != UINT64_MAX || children_any_open(board, parent.slot) ||
	    edit_begin(&edit, board, parent, LOCK_TRY) < 0)
		return 0;
	if ((edit.next.flags & COPY_PARENT) == 0 || children_any_open(board, parent.slot) ||
	    deadline_of(board, edit.body, edit.next.flags, edit.next.state, edit.next.worker,
			edit.now) == UINT64_MAX) {
		abandon(board, parent.slot);
		return 0;
	}
	if (is_final(edit.next.state)) {
		/* A final copy does not change: only the deadline does. */
		uint64_t deadline = deadline_of(board, edit.body, edit.next.flags, edit.next.state,
						edit.next.worker, edit.next.updated);
		store_release(&edit.head->deadline, deadline);
		edit_expires(board, deadline);
		abandon(board, parent.slot);
	} else {
		edit_end(&edit);
	}
	return 1;
}
