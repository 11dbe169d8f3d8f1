/* SPDX-License-Identifier: MIT */
/*
 * A new tenant of a slot. The creator fills the record while its slot is CLAIMED and other
 * processes ignore it, links it into both chains, and commits it by the one store that makes it
 * LIVE. A chain may therefore contain CLAIMED records, whose creators may be dead: readers continue
 * past them, repair unlinks them.
 */
#include "libclient/family/family.h"
#include "libclient/index/index.h"
#include "libclient/record/kind.h"
#include "libclient/record/parent.h"
#include "libclient/record/record.h"
#include "libclient/record/recount.h"
#include "libclient/record/ring.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant_parts.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/label.h"
#include "libclient/segment/lock.h"
#include "libclient/segment/namespace.h"
#include "libclient/segment/text.h"
#include "libclient/signal/changes.h"
#include "libclient/signal/earliest.h"
#include "libclient/signal/event.h"
#include <errno.h>
#include <string.h>

/* ---- Filling a claimed slot ---------------------------------------------- */

/* Fill a key to the last byte of its field; tenant_fill_text() stops at the end of the text. */
static void fill_key(uint8_t *field, const char *text)
{
	static const uint64_t zeros[LAYOUT_ID / 8];
	size_t length = strlen(text);

	words_store(field, zeros, LAYOUT_ID / 8);
	text_store(field, text, length);
}

/* Returns whether the text was cut. */
bool tenant_fill_text(uint8_t *field, size_t size, const char *text)
{
	bool cut;

	text_store(field, text, text_fit(text, size - 1, &cut));
	return cut;
}

void tenant_fill_keys(struct board *board, uint32_t slot, const char *id, const char *owner)
{
	struct layout_head *head = &board->heads[slot];

	fill_key(board->bodies[slot].id, id);
	fill_key(board->details[slot].owner, owner);
	store_relaxed(&head->id_hash, index_id_hash(board, id));
	store_relaxed(&head->owner_hash, index_owner_hash(board, owner));
	store_relaxed(&head->id_next, 0);
	store_relaxed(&head->owner_next, 0);
	store_relaxed(&head->owner_prev, 0);
}

void tenant_fill_copy(struct board *board, uint32_t slot, struct layout_copy *copy, uint32_t kind,
		      const char *message)
{
	struct layout_head *head = &board->heads[slot];
	struct layout_body *body = &board->bodies[slot];
	bool cut;

	copy->message_len = (uint8_t)text_fit(message, TRACKD_MESSAGE_MAX, &cut);
	if (cut)
		copy->flags |= COPY_MESSAGE_CUT;
	(void)tenant_fill_text(body->copy[0].message, LAYOUT_MESSAGE, message);
	words_store(&body->copy[0], copy, offsetof(struct layout_copy, message) / 8);
	store_relaxed(&head->deadline, record_deadline(board, body, copy));
	store_relaxed(&head->hint, hint_of(copy->worker, copy->state, copy->flags, kind));
}

static uint16_t family_flags(const struct tenant_new *task)
{
	bool is_parent = task->rollup || task->family_flags != 0 || task->family_expected != 0;

	return (uint16_t)((task->parent ? COPY_CHILD : 0) | (is_parent ? COPY_PARENT : 0) |
			  (task->rollup ? COPY_ROLLUP : 0));
}

static void fill_new(struct board *board, uint32_t slot, uint32_t generation,
		     const struct tenant_new *task, uint64_t now, struct layout_copy *ret_copy)
{
	struct layout_body *body = &board->bodies[slot];
	struct layout_detail *detail = &board->details[slot];

	tenant_fill_keys(board, slot, task->id, task->owner);
	store_relaxed(&board->heads[slot].cancel, cancel_make(generation, 0));
	store_relaxed(&body->work, work_make(generation, 0));
	store_relaxed(&body->ttl_ms, task->ttl_ms);
	store_relaxed(&body->active_ttl_ms, task->active_ttl_ms);
	store_relaxed(&detail->created, now);
	bool cut = tenant_fill_text(detail->name, LAYOUT_NAME, task->name);
	store_relaxed(&detail->flags, cut ? DETAIL_NAME_CUT : 0u);
	store_relaxed(&detail->weight, task->weight);
	*ret_copy = (struct layout_copy){
		.revision = 1,
		.updated = now,
		.total = task->total,
		.base = work_start(generation),
		.worker = task->keeper,
		.state = TRACKD_PENDING,
		.stage = COPY_NO_STAGE,
		.flags = (uint16_t)(family_flags(task) | (task->labels ? COPY_LABELS : 0) |
				    limits_store(detail, task->within)),
	};
	if (task->labels)
		text_store(detail->labels, task->labels, strlen(task->labels));
	if (ret_copy->flags & COPY_PARENT)
		family_clear(board, slot, task->family_flags, task->family_expected);
	tenant_fill_copy(board, slot, ret_copy, task->kind, task->message);
}

/* ---- Entering the index -------------------------------------------------- */

/* Why insert() returned -EAGAIN. The caller clears the obstacle while it holds no stripe. */
struct obstacle {
	enum { OBSTACLE_HELD, OBSTACLE_EXPIRED, OBSTACLE_GONE } what;
	struct trackd_ref ref;
};

/* What a slot was claimed for: an additional task, or the replacement of the task with this id. */
enum place { PLACE_OWN, PLACE_OF_ANOTHER };

/* The number of the next task. Under the stripes, so that numbers grow along every chain. */
uint64_t tenant_next_serial(struct board *board)
{
	return add_relaxed(&board->header->serial, 1) + 1;
}

/* With the stripes locked: link a filled record and commit it. */
void tenant_commit(struct board *board, struct slot_stripes *stripes, uint32_t slot,
		   uint32_t generation, uint64_t serial)
{
	struct layout_head *head = &board->heads[slot];

	store_relaxed(&head->serial, serial);
	index_link_owner(board, slot);
	index_link_id(board, slot);
	/* The commit. Pairs with the acquire of the stamp by readers. */
	store_release(&head->stamp, stamp_make(generation, 0, SLOT_LIVE));
	recount_add(stripes->id, index_bucket(board, load_relaxed(&head->id_hash)));
}

/* Lock the task that has the id if it may be replaced. 0: locked; -EAGAIN: clear the obstacle
 * first; or an error. */
static int check_existing(struct board *board, uint32_t old, uint32_t slot, bool replace,
			  uint64_t now, struct obstacle *ret_obstacle)
{
	const struct layout_head *head = &board->heads[old];

	bool expired = now >= load_relaxed(&head->deadline);
	*ret_obstacle = (struct obstacle){ expired ? OBSTACLE_EXPIRED : OBSTACLE_HELD,
					   { old, stamp_generation(load_relaxed(&head->stamp)) } };
	if (expired)
		return -EAGAIN;
	if (!replace ||
	    load_relaxed(&head->owner_hash) != load_relaxed(&board->heads[slot].owner_hash)) {
		add_relaxed(&board->header->counters.refused_exists, 1);
		return TRACKD_E_EXISTS;
	}
	int error = slot_lock(board, old, LOCK_TRY);
	return error == -EBUSY ? -EAGAIN : error;
}

/* With the stripes locked: commit a task as the child of a parent, whose stripe is held too. */
static int commit_child(struct board *board, struct slot_stripes *stripes, uint32_t slot,
			uint32_t generation, struct trackd_ref parent,
			struct obstacle *ret_obstacle)
{
	uint64_t serial = tenant_next_serial(board);

	store_relaxed(&board->heads[slot].serial, serial);
	int error = parent_admit(board, parent, slot);
	if (error < 0) {
		*ret_obstacle = (struct obstacle){ OBSTACLE_HELD, parent };
		return error == -EBUSY ? -EAGAIN : error;
	}
	family_intend(board, (struct trackd_ref){ slot, generation }, INTENT_LINK, 0,
		      TRACKD_PENDING);
	tenant_commit(board, stripes, slot, generation, serial);
	family_finish(board, family_stripe(parent.slot));
	slot_unlock(board, parent.slot);
	return 0;
}

/* Take the family stripes that a create needs: the parent's, and those of the task it replaces. */
static int take_families(struct board *board, const struct tenant_new *task, uint32_t old,
			 struct trackd_ref parent, uint64_t deadline, struct family_hold *ret_hold)
{
	*ret_hold = (struct family_hold){ 0 };
	if (old != UINT32_MAX)
		family_add_removal(board, old, ret_hold);
	if (task->parent)
		family_add(ret_hold, parent.slot);
	return family_take(board, ret_hold, deadline);
}

/* With the stripes locked, and the old record if there is one: commit the new one, and remove the old
 * one. */
static int commit_over(struct board *board, struct slot_stripes *stripes, struct trackd_ref ref,
		       uint32_t old, const struct tenant_new *task, struct trackd_ref parent,
		       uint64_t now, const struct layout_copy *copy, uint64_t deadline,
		       struct obstacle *ret_obstacle)
{
	struct family_hold families;
	int error = take_families(board, task, old, parent, deadline, &families);

	if (error < 0)
		return error;
	if (task->parent)
		error = commit_child(board, stripes, ref.slot, ref.generation, parent,
				     ret_obstacle);
	else
		tenant_commit(board, stripes, ref.slot, ref.generation, tenant_next_serial(board));
	if (error == 0) {
		event_append(board, TRACKD_EVENT_CREATED, ref.slot, ref.generation, now, copy, 0);
		/* The new record is linked in front of the old one, so a lookup always finds one of
		 * the two. */
		if (old != UINT32_MAX)
			slot_remove_live(board, stripes, old, SLOT_REMOVE_ASKED, now);
	}
	family_drop(board, &families);
	return error;
}

static int insert(struct board *board, struct trackd_ref ref, enum place place,
		  const struct tenant_new *task, struct trackd_ref parent, uint64_t now,
		  const struct layout_copy *copy, uint64_t deadline, struct obstacle *ret_obstacle)
{
	uint32_t slot = ref.slot;
	struct layout_head *head = &board->heads[slot];
	struct slot_stripes stripes = slot_stripes_of(board, load_relaxed(&head->id_hash),
						      load_relaxed(&head->owner_hash));
	uint32_t old = UINT32_MAX;
	int error = slot_stripes_take(board, &stripes, deadline);

	if (error < 0)
		return error;
	error = index_find(board, load_relaxed(&head->id_hash), task->id, UINT32_MAX, &old);
	if (error == 0) {
		error = check_existing(board, old, slot, task->replace, now, ret_obstacle);
	} else if (error == TRACKD_E_NOT_FOUND) {
		/* The task to replace is gone, so this slot may exceed the capacity. */
		*ret_obstacle = (struct obstacle){ .what = OBSTACLE_GONE };
		error = place == PLACE_OF_ANOTHER ? -EAGAIN : 0;
	}
	if (error < 0)
		goto drop;
	error = commit_over(board, &stripes, ref, old, task, parent, now, copy, deadline,
			    ret_obstacle);
	if (old != UINT32_MAX)
		slot_unlock(board, old);
drop:
	slot_stripes_drop(&stripes);
	return error;
}

static int clear_obstacle(struct board *board, const struct obstacle *obstacle, uint64_t deadline)
{
	int error;

	if (obstacle->what == OBSTACLE_GONE)
		return 0;
	if (obstacle->what == OBSTACLE_HELD)
		return slot_wait(board, obstacle->ref.slot, deadline);
	error = slot_remove(board, obstacle->ref, SLOT_REMOVE_EXPIRED, deadline);
	return error == TRACKD_E_GONE || error == -EAGAIN ? 0 : error;
}

/* Before a task is evicted from a full board: check whether the id exists and may be replaced.
 * insert() checks again, with the stripes locked. */
static int look_ahead(struct board *board, const struct tenant_new *task, uint64_t now,
		      enum place *ret_place)
{
	uint32_t slot;
	uint64_t stamp;

	if (index_lookup(board, task->id, &slot, &stamp) < 0 ||
	    now >= load_relaxed(&board->heads[slot].deadline))
		return 0;
	if (!task->replace ||
	    load_relaxed(&board->heads[slot].owner_hash) != index_owner_hash(board, task->owner)) {
		/* Ignore the result if the slot has got another tenant since the lookup. */
		fence_acquire();
		if (!stamp_same_tenant(load_relaxed(&board->heads[slot].stamp), stamp))
			return 0;
		add_relaxed(&board->header->counters.refused_exists, 1);
		return TRACKD_E_EXISTS;
	}
	*ret_place = PLACE_OF_ANOTHER;
	return 0;
}

/* Claim a slot. Look for a task to replace only if no regular slot is free; a replacement then
 * takes a spare one. */
static int claim(struct board *board, const struct tenant_new *task, uint64_t now,
		 uint64_t deadline, enum place *ret_place, uint32_t *ret_slot,
		 uint32_t *ret_generation)
{
	*ret_place = PLACE_OWN;
	if (task->replace && ring_claim_free(board, ret_slot, ret_generation))
		return 0;
	int error = look_ahead(board, task, now, ret_place);
	if (error < 0)
		return error;
	return *ret_place == PLACE_OF_ANOTHER
		       ? ring_claim_replacing(board, deadline, ret_slot, ret_generation)
		       : ring_claim(board, deadline, ret_slot, ret_generation);
}

static int create_once(struct board *board, const struct tenant_new *task, uint64_t deadline,
		       struct trackd_ref *ret_ref, struct obstacle *ret_obstacle)
{
	uint32_t slot, generation;
	struct layout_copy copy;
	struct trackd_ref parent = { 0 };
	uint64_t now;
	enum place place = PLACE_OWN;
	int error = namespace_now(board, &now);

	if (error == 0 && __builtin_expect(task->parent != NULL, 0))
		error = parent_find(board, task->parent, task->id, &parent);
	if (error < 0)
		return error;
	error = claim(board, task, now, deadline, &place, &slot, &generation);
	if (error < 0)
		return error;
	fill_new(board, slot, generation, task, now, &copy);
	error = insert(board, (struct trackd_ref){ slot, generation }, place, task, parent, now,
		       &copy, deadline, ret_obstacle);
	if (error < 0) {
		ring_unclaim(board, slot, generation);
		return error;
	}
	/* One fence for both the deadline (earliest_lower()) and the event
	 * (event_ring_fenced()). */
	fence_full();
	earliest_lower(board, load_relaxed(&board->heads[slot].deadline));
	slot_unlock(board, slot);
	*ret_ref = (struct trackd_ref){ slot, generation };
	clock_boot_last = now; /* produce.c identifies the task by its creation time */
	return 0;
}

int tenant_create(struct board *board, const struct tenant_new *task, uint64_t deadline,
		  struct trackd_ref *ret_ref)
{
	struct obstacle obstacle = { 0 };

	for (;;) {
		int error = create_once(board, task, deadline, ret_ref, &obstacle);

		if (error == -EAGAIN)
			error = clear_obstacle(board, &obstacle, deadline);
		else if (error == 0) {
			add_relaxed(&board->header->counters.created, 1);
			event_ring_fenced(board);
			return 0;
		}
		if (error == TRACKD_E_FULL)
			add_relaxed(&board->header->counters.refused_full, 1);
		if (error < 0)
			return error;
	}
}
