/* SPDX-License-Identifier: MIT */
/* See families.h. No lock is waited for: what is locked is tried again. */
#include "daemon/families/families.h"
#include <errno.h>

enum { SLICE = 1024, AGAIN_USEC = 20000 };

static bool is_live(const struct board *board, struct trackd_ref ref)
{
	return ref.slot < board->capacity &&
	       stamp_is_live(load_acquire(&board->heads[ref.slot].stamp), ref.generation);
}

static const struct layout_copy *copy_at(const struct board *board, uint32_t slot, uint64_t stamp)
{
	return &board->bodies[slot].copy[stamp_version(stamp) & 1];
}

/* ---- The queue ---------------------------------------------------------------- */

/* If it is full, a later sweep finds the parent again. */
static void enqueue(struct families *families, struct trackd_ref parent)
{
	for (uint32_t i = 0; i < families->n; i++)
		if (trackd_ref_equal(families->queue[i].parent, parent))
			return;
	if (families->n == FAMILIES_QUEUE)
		return;
	struct families_entry *entry = &families->queue[families->n++];
	*entry = (struct families_entry){ .parent = parent };
	index_owner_begin(&entry->position);
	(void)sd_event_source_set_time_relative(families->turn, 0);
	(void)sd_event_source_set_enabled(families->turn, SD_EVENT_ONESHOT);
}

/* Whether the children of a LIVE parent are to be cancelled: it was asked to, or was cancelled. */
static bool is_cancelled(const struct board *board, struct trackd_ref parent)
{
	const struct layout_head *head = &board->heads[parent.slot];
	uint64_t cancel = load_relaxed(&head->cancel), stamp = load_acquire(&head->stamp);

	return ((uint32_t)cancel != 0 && (uint32_t)(cancel >> 32) == parent.generation) ||
	       load_relaxed(&copy_at(board, parent.slot, stamp)->state) == TRACKD_CANCELLED;
}

/* ---- Looking -------------------------------------------------------------------- */

static void look_at_parent(struct families *families, struct trackd_ref parent)
{
	struct board *board = families->board;

	if (!is_live(board, parent))
		return;
	uint64_t stamp = load_acquire(&board->heads[parent.slot].stamp);
	if ((load_relaxed(&copy_at(board, parent.slot, stamp)->flags) & COPY_PARENT) == 0)
		return;
	if (rollup_end(board, parent, LOCK_TRY) < 0)
		enqueue(families, parent);
	(void)parent_renew(board, parent);
	if (is_cancelled(board, parent) && children_any_open(board, parent.slot))
		enqueue(families, parent);
}

bool families_look(struct families *families, uint32_t slot, uint32_t *ret_parent)
{
	struct board *board = families->board;
	uint64_t stamp = load_acquire(&board->heads[slot].stamp);
	bool live = stamp_state(stamp) == SLOT_LIVE;
	const struct layout_copy *copies = board->bodies[slot].copy;
	struct trackd_ref parent;
	uint16_t flags = load_relaxed(&copies[stamp_version(stamp) & 1].flags);
	bool child = false;

	/* A slot that was freed does not say which copy was in force. What its family line says of its
	 * last tenant is used only to look at a parent. */
	if (!live)
		flags |= load_relaxed(&copies[1].flags);
	if (__builtin_expect((flags & (COPY_CHILD | COPY_PARENT)) == 0, 1))
		return false;
	if ((flags & COPY_CHILD) && family_parent(board, slot, &parent)) {
		look_at_parent(families, parent);
		*ret_parent = parent.slot;
		child = true;
	}
	if (live && (flags & COPY_PARENT))
		look_at_parent(families, (struct trackd_ref){ slot, stamp_generation(stamp) });
	return child;
}

/* ---- Cancelling in slices --------------------------------------------------------- */

static void cancel_child(struct families *families, struct families_entry *entry,
			 struct trackd_ref child)
{
	struct board *board = families->board;
	uint64_t stamp = load_acquire(&board->heads[child.slot].stamp);
	uint8_t state = load_relaxed(&copy_at(board, child.slot, stamp)->state);

	if (trackd_state_final((enum trackd_state)state) ||
	    view_cancel_requested(board, child) != 0)
		return;
	int error = record_cancel(board, child, LOCK_TRY);
	entry->again = entry->again || error == -EBUSY || error == TRACKD_E_BUSY;
}

/* Go on with the first parent of the queue. Returns whether it is done. */
static bool go_on(struct families *families)
{
	struct families_entry *entry = &families->queue[0];
	struct board *board = families->board;
	struct trackd_ref child;

	if (is_live(board, entry->parent) && is_cancelled(board, entry->parent))
		for (int i = 0; i < SLICE; i++) {
			if (index_child_next(board, entry->parent, &entry->position, &child) != 1)
				break;
			cancel_child(families, entry, child);
			if (i == SLICE - 1)
				return false;
		}
	if (is_live(board, entry->parent) && rollup_end(board, entry->parent, LOCK_TRY) < 0)
		entry->again = true;
	if (!entry->again)
		return true;
	entry->again = false;
	index_owner_begin(&entry->position);
	return false;
}

static int on_turn(sd_event_source *source, uint64_t usec, void *data)
{
	struct families *families = data;
	uint64_t pause = 0;

	(void)usec;
	if (families->n == 0)
		return 0;
	struct families_entry first = families->queue[0];
	bool done = go_on(families);
	if (!done && families->queue[0].position.serial == UINT64_MAX)
		pause = AGAIN_USEC; /* a record was locked */
	if (!done)
		first = families->queue[0];
	families->n--;
	for (uint32_t i = 0; i < families->n; i++)
		families->queue[i] = families->queue[i + 1];
	if (!done)
		families->queue[families->n++] = first;
	if (families->n == 0)
		return 0;
	(void)sd_event_source_set_time_relative(source, pause);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int families_init(struct families *families, sd_event *event, struct board *board)
{
	*families = (struct families){ .board = board };
	int error = sd_event_add_time(event, &families->turn, CLOCK_MONOTONIC, UINT64_MAX, 1000,
				      on_turn, families);

	if (error >= 0)
		error = sd_event_source_set_enabled(families->turn, SD_EVENT_OFF);
	return error < 0 ? error : 0;
}

void families_free(struct families *families)
{
	sd_event_source_disable_unref(families->turn);
	families->turn = NULL;
}
