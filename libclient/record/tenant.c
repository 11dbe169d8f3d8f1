/* SPDX-License-Identifier: MIT */
/*
 * A new tenant of a slot. The creator fills the record while its slot is CLAIMED and other
 * processes ignore it, links it into both chains, and commits it by the one store that makes it
 * LIVE. A chain may therefore contain CLAIMED records, whose creators may be dead: readers continue
 * past them, repair unlinks them.
 */
#include "libclient/record/tenant.h"
#include "libclient/record/changes.h"
#include "libclient/record/earliest.h"
#include "libclient/record/event.h"
#include "libclient/record/index.h"
#include "libclient/record/kind.h"
#include "libclient/record/record.h"
#include "libclient/record/recount.h"
#include "libclient/record/ring.h"
#include "libclient/record/slot.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/label.h"
#include "libclient/segment/lock.h"
#include "libclient/segment/namespace.h"
#include "libclient/segment/text.h"
#include <errno.h>
#include <string.h>

/* ---- Filling a claimed slot ---------------------------------------------- */

/* Fill a key to the last byte of its field; fill_text() stops at the end of the text. */
static void fill_key(uint8_t *field, const char *text)
{
	static const uint64_t zeros[LAYOUT_ID / 8];
	size_t length = strlen(text);

	words_store(field, zeros, LAYOUT_ID / 8);
	text_store(field, text, length);
}

/* Returns whether the text was cut. */
static bool fill_text(uint8_t *field, size_t size, const char *text)
{
	bool cut;

	text_store(field, text, text_fit(text, size - 1, &cut));
	return cut;
}

static void fill_keys(struct board *board, uint32_t slot, const char *id, const char *owner)
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

static void fill_copy(struct board *board, uint32_t slot, struct layout_copy *copy, uint32_t kind,
		      const char *message)
{
	struct layout_head *head = &board->heads[slot];
	struct layout_body *body = &board->bodies[slot];
	bool cut;

	copy->message_len = (uint8_t)text_fit(message, TRACKD_MESSAGE_MAX, &cut);
	if (cut)
		copy->flags |= COPY_MESSAGE_CUT;
	(void)fill_text(body->copy[0].message, LAYOUT_MESSAGE, message);
	words_store(&body->copy[0], copy, offsetof(struct layout_copy, message) / 8);
	store_relaxed(&head->deadline, record_deadline(board, body, copy));
	store_relaxed(&head->hint, hint_of(copy->worker, copy->state, copy->flags, kind));
}

static void fill_new(struct board *board, uint32_t slot, uint32_t generation,
		     const struct tenant_new *task, uint64_t now, struct layout_copy *ret_copy)
{
	struct layout_body *body = &board->bodies[slot];
	struct layout_detail *detail = &board->details[slot];

	fill_keys(board, slot, task->id, task->owner);
	store_relaxed(&board->heads[slot].cancel, cancel_make(generation, 0));
	store_relaxed(&body->work, work_make(generation, 0));
	store_relaxed(&body->ttl_ms, task->ttl_ms);
	store_relaxed(&body->active_ttl_ms, task->active_ttl_ms);
	store_relaxed(&detail->created, now);
	bool cut = fill_text(detail->name, LAYOUT_NAME, task->name);
	store_relaxed(&detail->flags, cut ? DETAIL_NAME_CUT : 0u);
	*ret_copy = (struct layout_copy){
		.revision = 1,
		.updated = now,
		.total = task->total,
		.base = work_start(generation),
		.worker = task->keeper,
		.state = TRACKD_PENDING,
		.stage = COPY_NO_STAGE,
		.flags = (task->labels ? COPY_LABELS : 0) | limits_store(detail, task->within),
	};
	if (task->labels)
		text_store(detail->labels, task->labels, strlen(task->labels));
	fill_copy(board, slot, ret_copy, task->kind, task->message);
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
static uint64_t next_serial(struct board *board)
{
	return add_relaxed(&board->header->serial, 1) + 1;
}

/* The number that an imported task had, if no newer task is on the board yet; else the next one. */
static uint64_t import_serial(struct board *board, uint64_t serial)
{
	uint64_t newest = load_relaxed(&board->header->serial);

	while (newest < serial)
		if (cas_relaxed(&board->header->serial, &newest, serial))
			return serial;
	return next_serial(board);
}

/* With the stripes locked: link a filled record and commit it. */
static void commit(struct board *board, struct slot_stripes *stripes, uint32_t slot,
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

static int insert(struct board *board, uint32_t slot, uint32_t generation, enum place place,
		  const struct tenant_new *task, uint64_t now, const struct layout_copy *copy,
		  uint64_t deadline, struct obstacle *ret_obstacle)
{
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
	commit(board, &stripes, slot, generation, next_serial(board));
	event_append(board, TRACKD_EVENT_CREATED, slot, generation, now, copy, 0);
	if (old != UINT32_MAX) {
		/* The new record is linked in front of the old one, so a lookup always finds one of
		 * the two. */
		slot_remove_live(board, &stripes, old, SLOT_REMOVE_ASKED, now);
		slot_unlock(board, old);
	}
	error = 0;
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
	uint64_t now;
	enum place place = PLACE_OWN;
	int error = namespace_now(board, &now);

	if (error < 0)
		return error;
	error = claim(board, task, now, deadline, &place, &slot, &generation);
	if (error < 0)
		return error;
	fill_new(board, slot, generation, task, now, &copy);
	error = insert(board, slot, generation, place, task, now, &copy, deadline, ret_obstacle);
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

/* ---- Putting a record back ----------------------------------------------- */

static uint64_t to_boot(uint64_t wall_ns, int64_t wall_offset_ns)
{
	return wall_ns == 0 ? 0 : wall_ns - (uint64_t)wall_offset_ns;
}

static bool is_terminated(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

/* Check a task from a file like one from a caller. */
static bool importable(const struct board *board, const struct trackd_task *task)
{
	uint32_t n_kinds = kind_count(board);

	if (!is_terminated(task->id, sizeof task->id) ||
	    !is_terminated(task->owner, sizeof task->owner) ||
	    !is_terminated(task->name, sizeof task->name) ||
	    !is_terminated(task->message, sizeof task->message) ||
	    !is_terminated(task->error, sizeof task->error) ||
	    !is_terminated(task->last_message, sizeof task->last_message) ||
	    !is_terminated(task->result, sizeof task->result))
		return false;
	if (!text_id_valid(task->id) || !text_owner_valid(task->owner) ||
	    !label_text_valid(task->labels))
		return false;
	if (!record_reason_fits(task->state, task->reason) ||
	    !cause_fits(task->state, task->reason, cause_of_task(task)))
		return false;
	if (task->kind < 0 || (uint32_t)task->kind >= n_kinds || task->n_stages > LAYOUT_STAGES ||
	    task->stage < -1 || task->stage >= task->n_stages ||
	    (task->state == TRACKD_ACTIVE) > (task->stage >= 0))
		return false;
	return task->done <= TRACKD_WORK_MAX && task->total <= TRACKD_WORK_MAX;
}

static uint16_t import_rows(struct layout_detail *detail, const struct trackd_task *task,
			    int64_t wall_offset_ns)
{
	unsigned left = 0;

	for (unsigned i = 0; i < task->n_stages; i++) {
		const struct trackd_stage *stage = &task->stages[i];
		struct layout_stage_row row = { to_boot(stage->started_ns, wall_offset_ns),
						to_boot(stage->finished_ns, wall_offset_ns),
						stage->done, stage->total };

		if (stage->state != TRACKD_STAGE_DONE && stage->state != TRACKD_STAGE_ENDED)
			continue;
		words_store(&detail->row[i], &row, sizeof row / 8);
		left |= 1u << i;
	}
	return (uint16_t)left;
}

static uint16_t import_flags(const struct trackd_task *task)
{
	bool error = record_has_error(task);

	return (uint16_t)((task->started_ns ? COPY_STARTED : 0) | (error ? COPY_ERROR : 0) |
			  (task->labels[0] != '\0' ? COPY_LABELS : 0) |
			  (error && task->flags & TRACKD_ERROR_CUT ? COPY_ERROR_CUT : 0) |
			  (task->flags & TRACKD_MESSAGE_CUT ? COPY_MESSAGE_CUT : 0));
}

static uint32_t import_cancel(const struct trackd_task *task)
{
	if (task->cancel_requested_ns == 0)
		return 0;
	return cancel_asked(task->cancel_requested_ns - task->created_ns);
}

/* The copy that is not current keeps the message from before the end. */
static void fill_last(struct layout_copy *copy, const char *message)
{
	struct layout_copy last = { .revision = 1,
				    .state = TRACKD_PENDING,
				    .stage = COPY_NO_STAGE };
	bool cut;

	last.message_len = (uint8_t)text_fit(message, TRACKD_MESSAGE_MAX, &cut);
	(void)fill_text(copy->message, LAYOUT_MESSAGE, message);
	words_store(copy, &last, offsetof(struct layout_copy, message) / 8);
}

static void fill_import(struct board *board, uint32_t slot, uint32_t generation,
			const struct trackd_task *task, uint64_t worker, int64_t wall_offset_ns)
{
	struct layout_body *body = &board->bodies[slot];
	struct layout_detail *detail = &board->details[slot];
	bool final = trackd_state_final((enum trackd_state)task->state);

	fill_keys(board, slot, task->id, task->owner);
	store_relaxed(&board->heads[slot].cancel, cancel_make(generation, import_cancel(task)));
	store_relaxed(&body->work, work_make(generation, task->done) | (final ? WORK_SEAL : 0));
	store_relaxed(&body->ttl_ms, task->ttl_ms);
	store_relaxed(&body->active_ttl_ms, task->active_ttl_ms);
	store_relaxed(&detail->created, to_boot(task->created_ns, wall_offset_ns));
	store_relaxed(&detail->started, to_boot(task->started_ns, wall_offset_ns));
	store_relaxed(&detail->flags, task->flags & TRACKD_NAME_CUT ? DETAIL_NAME_CUT : 0u);
	(void)fill_text(detail->name, LAYOUT_NAME, task->name);
	(void)fill_text(detail->error, LAYOUT_ERROR,
			task->state == TRACKD_COMPLETED ? task->result : task->error);
	(void)fill_text(detail->labels, LAYOUT_LABELS, task->labels);
	struct layout_copy copy = {
		.revision = task->revision,
		.updated = to_boot(task->updated_ns, wall_offset_ns),
		.total = task->total,
		.base = final ? task->done : work_start(generation),
		.worker = worker,
		.cause = cause_of_task(task),
		.state = task->state,
		.stage = task->stage < 0 ? COPY_NO_STAGE : (uint8_t)task->stage,
		.reason = task->reason,
		.flags = import_flags(task) | limits_store(detail, limits_of(task)),
		.stages_left = import_rows(detail, task, wall_offset_ns),
	};
	if (task->stage >= 0)
		copy.stage_start = to_boot(task->stages[task->stage].started_ns, wall_offset_ns);
	fill_copy(board, slot, &copy, (uint32_t)task->kind, task->message);
	if (final)
		fill_last(&body->copy[1], task->last_message);
}

/* Of two records with one id, keep the newer. 0: the board has no older one any more. */
static int import_over(struct board *board, const struct trackd_task *task, uint64_t updated,
		       uint64_t deadline)
{
	uint32_t slot;
	uint64_t stamp;

	if (index_lookup(board, task->id, &slot, &stamp) < 0)
		return 0;
	const struct layout_copy *copy = &board->bodies[slot].copy[stamp_version(stamp) & 1];
	if ((int64_t)load_relaxed(&copy->updated) >= (int64_t)updated)
		return -EEXIST;
	int error = slot_remove(board, (struct trackd_ref){ slot, stamp_generation(stamp) },
				SLOT_REMOVE_ASKED, deadline);
	return error == TRACKD_E_GONE ? 0 : error;
}

static int import_insert(struct board *board, uint32_t slot, uint32_t generation,
			 const struct trackd_task *task, uint64_t now, uint64_t deadline)
{
	struct layout_head *head = &board->heads[slot];
	struct slot_stripes stripes = slot_stripes_of(board, load_relaxed(&head->id_hash),
						      load_relaxed(&head->owner_hash));
	uint32_t other;

	if (now >= load_relaxed(&head->deadline))
		return -ESTALE;
	int error = slot_stripes_take(board, &stripes, deadline);
	if (error < 0)
		return error;
	error = index_find(board, load_relaxed(&head->id_hash), task->id, UINT32_MAX, &other);
	if (error == TRACKD_E_NOT_FOUND) {
		commit(board, &stripes, slot, generation, import_serial(board, task->serial));
		error = 0;
	} else if (error == 0) {
		error = -EEXIST; /* just created, so newer than any snapshot */
	}
	slot_stripes_drop(&stripes);
	return error;
}

int tenant_import(struct board *board, const struct trackd_task *task, uint64_t worker,
		  int64_t wall_offset_ns, uint64_t deadline, struct trackd_ref *ret_ref)
{
	uint32_t slot = UINT32_MAX, generation = 0;

	if (!importable(board, task))
		return -EINVAL;
	int error = import_over(board, task, to_boot(task->updated_ns, wall_offset_ns), deadline);
	if (error == 0)
		error = ring_claim(board, deadline, &slot, &generation);
	if (error < 0)
		return error;
	fill_import(board, slot, generation, task, worker, wall_offset_ns);
	error = import_insert(board, slot, generation, task, clock_boot_ns(), deadline);
	if (error < 0) {
		ring_unclaim(board, slot, generation);
		return error;
	}
	fence_full();
	earliest_lower(board, load_relaxed(&board->heads[slot].deadline));
	changes_add(board); /* the task may be final and thus evictable */
	slot_unlock(board, slot);
	*ret_ref = (struct trackd_ref){ slot, generation };
	return 0;
}
