/* SPDX-License-Identifier: MIT */
/*
 * Why no acknowledged change is lost. `closed` is set before carry_end() takes any lock, and
 * writers test it under the lock that commits. So once carry_end() has held a lock, every commit
 * under it either came before and is copied, or was refused. Creates, removals and kinds commit
 * under an id stripe or the lock of the kinds: once carry_end() has held each of these, the set of
 * LIVE records is frozen. All other changes commit under the lock of an open record. A process that
 * ends a task holds the lock a little longer, for the deadline and the event, so a final record is
 * settled once its lock was seen free. Counters need no lock: once the seal is set, the swap of an
 * advance fails, and setting the seal returns all earlier increments.
 */
#include "daemon/board/carry.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include <errno.h>
#include <stdlib.h>

static const uint64_t LOCK_WAIT_NS = 100 * NS_PER_MS;

/* How often to retry copying a record that is being written, without its lock. */
enum { TRIES = 1000 };

/* ---- Records --------------------------------------------------------------- */

static bool is_open(const struct board *board, uint32_t slot, uint64_t stamp)
{
	uint8_t state = load_relaxed(&board->bodies[slot].copy[stamp_version(stamp) & 1].state);

	return !trackd_state_final((enum trackd_state)state);
}

/* Copy everything except the stamp, the mutex, the counter and the links. */
static void copy_parts(const struct carry *carry, uint32_t from, uint32_t to)
{
	const struct layout_head *head = &carry->old->heads[from];
	const struct layout_body *body = &carry->old->bodies[from];
	struct layout_head *new_head = &carry->new->heads[to];
	struct layout_body *new_body = &carry->new->bodies[to];

	new_head->deadline = load_relaxed(&head->deadline);
	new_head->id_hash = load_relaxed(&head->id_hash);
	new_head->owner_hash = load_relaxed(&head->owner_hash);
	new_head->cancel = load_relaxed(&head->cancel);
	new_head->serial = load_relaxed(&head->serial);
	new_head->hint = load_relaxed(&head->hint);
	words_load(new_body->id, body->id, sizeof body->id / 8);
	new_body->ttl_ms = load_relaxed(&body->ttl_ms);
	new_body->active_ttl_ms = load_relaxed(&body->active_ttl_ms);
	words_load(new_body->copy, body->copy, sizeof body->copy / 8);
	words_load(&carry->new->details[to], &carry->old->details[from],
		   sizeof carry->old->details[from] / 8);
}

/* Whether the copied data can be a task: a damaged board may hold any bytes. */
static bool is_sound(const struct carry *carry, uint32_t slot, uint64_t stamp)
{
	const struct board *board = carry->new;
	const struct layout_head *head = &board->heads[slot];
	const struct layout_copy *copy = &board->bodies[slot].copy[stamp_version(stamp) & 1];
	const char *id = (const char *)board->bodies[slot].id;
	const char *owner = (const char *)board->details[slot].owner;

	if (strnlen(id, LAYOUT_ID) == LAYOUT_ID || strnlen(owner, LAYOUT_OWNER) == LAYOUT_OWNER ||
	    !text_id_valid(id) || !text_owner_valid(owner))
		return false;
	return head->id_hash == index_id_hash(board, id) &&
	       head->owner_hash == index_owner_hash(board, owner) &&
	       hint_kind(head->hint) < kind_count(carry->old) && copy->state >= TRACKD_PENDING &&
	       copy->state <= TRACKD_CANCELLED &&
	       (copy->stage < LAYOUT_STAGES || copy->stage == COPY_NO_STAGE) &&
	       copy->message_len < LAYOUT_MESSAGE;
}

/* Set the counter of a copied record. */
static void copy_work(const struct carry *carry, uint32_t to, uint64_t stamp, uint64_t work)
{
	struct layout_body *body = &carry->new->bodies[to];
	uint32_t generation = stamp_generation(stamp);
	bool sealed = !is_open(carry->new, to, stamp) ||
		      work_needs_mutex(body->copy[stamp_version(stamp) & 1].base, generation);

	body->work = (work_make(generation, 0) & ~WORK_COUNT_MASK) | (work & WORK_COUNT_MASK) |
		     (sealed ? WORK_SEAL : 0);
}

/* A count and a stage's base are relative to the tenant's start, which depends on the
 * generation. */
static uint64_t move_work(const struct carry *carry, uint32_t to, uint32_t before, uint32_t after,
			  uint64_t work)
{
	struct layout_copy *copies = carry->new->bodies[to].copy;
	uint64_t by = work_start(after) - work_start(before);

	for (int i = 0; i < 2; i++)
		if (!trackd_state_final((enum trackd_state)copies[i].state))
			copies[i].base = (copies[i].base + by) & WORK_COUNT_MASK;
	return work + by;
}

static void enter(struct carry *carry, uint32_t slot, uint64_t stamp, bool moved)
{
	chains_enter(&carry->chains, slot);
	carry->new->heads[slot].stamp = stamp;
	carry->tasks++;
	carry->moved += moved;
}

static void leave(struct carry *carry, uint32_t slot)
{
	uint64_t *stamp = &carry->new->heads[slot].stamp;

	chains_leave(&carry->chains, slot);
	*stamp = stamp_make(stamp_generation(*stamp), 0, SLOT_FREE);
	carry->tasks--;
}

static bool is_here(const struct carry *carry, uint32_t slot)
{
	return stamp_state(carry->new->heads[slot].stamp) == SLOT_LIVE;
}

/* Make the data that was copied into a slot a task, or discard it if it is not sound. */
static void admit(struct carry *carry, uint32_t to, uint64_t stamp, uint64_t work, bool moved)
{
	if (!is_sound(carry, to, stamp)) {
		if (is_here(carry, to))
			leave(carry, to);
		carry->lost++;
		return;
	}
	copy_work(carry, to, stamp, work);
	if (is_here(carry, to))
		carry->new->heads[to].stamp = stamp;
	else
		enter(carry, to, stamp, moved);
}

/* Copy a record as readers do. Returns its stamp, or 0 if it is not LIVE or changed during every
 * try. */
static uint64_t copy_unlocked(const struct carry *carry, uint32_t from, uint32_t to)
{
	const uint64_t *stamp = &carry->old->heads[from].stamp;

	for (int i = 0; i < TRIES; i++) {
		uint64_t seen = load_acquire(stamp); /* pairs with the commit */

		if (stamp_state(seen) != SLOT_LIVE)
			return 0;
		copy_parts(carry, from, to);
		fence_acquire(); /* pairs with fence_release() before a fill */
		if (load_relaxed(stamp) == seen)
			return seen;
	}
	return 0;
}

int carry_begin(struct carry *carry, struct board *new, struct board *old)
{
	uint32_t *slots;
	int64_t n = chains_order(old, &slots);

	if (n < 0)
		return (int)n;
	*carry = (struct carry){
		.old = old, .new = new, .wait_ns = LOCK_WAIT_NS, .chains = { .board = new }
	};
	/* Keep the seed, so that owners' hashes do not change for readers that follow events. */
	new->hash_seed = new->header->hash_seed = old->hash_seed;
	/* And the same number: references stay valid. */
	new->header->number = old->header->number;
	new->number = old->number;
	for (int64_t i = 0; i < n; i++) {
		uint32_t slot = slots[i];
		uint64_t stamp = slot < new->capacity ? copy_unlocked(carry, slot, slot) : 0;

		/* If a final record is locked, leave it to carry_end(), which takes the lock. */
		if (stamp != 0 &&
		    (is_open(old, slot, stamp) || lock_is_free(&old->bodies[slot].mutex)))
			admit(carry, slot, stamp, load_relaxed(&old->bodies[slot].work), false);
	}
	free(slots);
	carry->lost = 0; /* counted by carry_end() */
	return 0;
}

/* ---- On the closed board ----------------------------------------------------- */

static int take(struct carry *carry, union layout_mutex *mutex)
{
	int error = lock_take(mutex, clock_monotonic_ns() + carry->wait_ns);

	if (error == TRACKD_E_BUSY) {
		carry->held = mutex;
		return -EBUSY;
	}
	return error; /* TRACKD_E_DAMAGED: no process can lock it, so no process commits under it */
}

static int drain(struct carry *carry, union layout_mutex *mutex)
{
	int error = take(carry, mutex);

	if (error >= 0)
		lock_drop(mutex);
	return error == -EBUSY ? error : 0;
}

/* After the records: every change of a family is made while a record or an id stripe is held. Taking a
 * stripe finishes what a dead holder began. */
static int drain_families(struct carry *carry)
{
	for (uint32_t i = 0; i < LAYOUT_STRIPES; i++) {
		const struct family_hold hold = { 1, { (uint16_t)i } };
		int error = family_take(carry->old, &hold, clock_monotonic_ns() + carry->wait_ns);

		if (error == TRACKD_E_BUSY) {
			carry->held = &carry->old->family_stripes[i].mutex;
			return -EBUSY;
		}
		if (error >= 0)
			family_drop(carry->old, &hold);
	}
	return 0;
}

static int drain_all(struct carry *carry)
{
	int error = drain(carry, &carry->old->kinds->mutex);

	for (uint32_t i = 0; error == 0 && i < LAYOUT_STRIPES; i++)
		error = drain(carry, &carry->old->id_stripes[i].mutex);
	return error;
}

/* Seal an open record's counter and return its previous value. */
static uint64_t seal(struct board *board, uint32_t slot, uint64_t stamp)
{
	uint64_t *work = &board->bodies[slot].work;

	return is_open(board, slot, stamp) ? or_relaxed(work, WORK_SEAL) : load_relaxed(work);
}

/* Copy a record's final version into the slot `to`. Its lock is held, or the board is damaged. */
static void copy_again(struct carry *carry, uint32_t from, uint32_t to)
{
	uint64_t stamp = load_acquire(&carry->old->heads[from].stamp);
	uint64_t work = seal(carry->old, from, stamp);
	bool same = to == from && is_here(carry, to) && carry->new->heads[to].stamp == stamp;

	if (!same) {
		stamp = copy_unlocked(carry, from, to);
		carry->again++;
	}
	if (stamp == 0) { /* on a damaged board: removed meanwhile, or changed during every try */
		if (to == from && is_here(carry, to))
			leave(carry, to);
		carry->lost +=
			stamp_state(load_acquire(&carry->old->heads[from].stamp)) == SLOT_LIVE;
		return;
	}
	if (to != from) {
		uint32_t generation = stamp_generation(carry->new->heads[to].stamp) + 1;
		uint32_t asked = (uint32_t)carry->new->heads[to].cancel;

		carry->new->heads[to].cancel = cancel_make(generation, asked);
		work = move_work(carry, to, stamp_generation(stamp), generation, work);
		stamp = stamp_make(generation, stamp_version(stamp), SLOT_LIVE);
	}
	admit(carry, to, stamp, work, to != from);
	if (to != from && is_here(carry, to))
		carry->moves[carry->moved - 1] = (struct carry_move){
			{ from, stamp_generation(load_relaxed(&carry->old->heads[from].stamp)) },
			{ to, stamp_generation(stamp) }
		};
}

/* A final record does not change any more, except that the process that ended it may have shortened
 * its deadline after it was copied. */
static bool is_settled(struct carry *carry, uint32_t from, uint32_t to, uint64_t stamp)
{
	if (to != from || !is_here(carry, to) || carry->new->heads[to].stamp != stamp ||
	    is_open(carry->old, from, stamp))
		return false;
	carry->new->heads[to].deadline = load_relaxed(&carry->old->heads[from].deadline);
	return true;
}

static int settle(struct carry *carry, uint32_t from, uint32_t to, enum layout_closed how)
{
	uint64_t stamp = load_acquire(&carry->old->heads[from].stamp);
	int error = 0;

	if (is_settled(carry, from, to, stamp))
		return 0;
	if (how == LAYOUT_CLOSED) {
		error = take(carry, &carry->old->bodies[from].mutex);
		if (error == -EBUSY)
			return error;
		if (error == LOCK_RECOVERED)
			mend_record(carry->old, from);
	}
	copy_again(carry, from, to);
	if (how == LAYOUT_CLOSED && error >= 0)
		slot_unlock(carry->old, from);
	return 0;
}

/* Settle a slot that both boards have. */
static int settle_slot(struct carry *carry, uint32_t slot, enum layout_closed how)
{
	uint64_t stamp = load_acquire(&carry->old->heads[slot].stamp);
	uint32_t generation = stamp_generation(stamp);
	bool live = stamp_state(stamp) == SLOT_LIVE;

	if (is_here(carry, slot) &&
	    !(live && stamp_same_tenant(carry->new->heads[slot].stamp, stamp)))
		leave(carry, slot);
	if (live)
		return settle(carry, slot, slot, how);
	/* CLAIMED or REMOVING: that tenant does not exist on the new board. */
	if (stamp_state(stamp) != SLOT_FREE)
		generation++;
	carry->new->heads[slot].stamp = stamp_make(generation, 0, SLOT_FREE);
	return 0;
}

/* Copy records from beyond a smaller capacity into free slots. */
static int settle_above(struct carry *carry, enum layout_closed how)
{
	struct board *old = carry->old, *new = carry->new;
	uint32_t to = 0;

	if (old->capacity > new->capacity) {
		carry->moves = calloc(old->capacity - new->capacity, sizeof *carry->moves);
		if (!carry->moves)
			return -ENOMEM;
	}
	for (uint32_t slot = new->capacity; slot < old->capacity; slot++) {
		if (stamp_state(load_acquire(&old->heads[slot].stamp)) != SLOT_LIVE)
			continue;
		to = map_find(new, to, new->capacity, false);
		int error = to < new->capacity ? settle(carry, slot, to, how) : TRACKD_E_FULL;
		if (error < 0)
			return error;
	}
	return 0;
}

static void carry_kinds(struct carry *carry)
{
	const struct layout_kinds *from = carry->old->kinds;
	uint32_t n = kind_count(carry->old);

	words_load(carry->new->kinds->kind, from->kind, n * sizeof from->kind[0] / 8);
	carry->new->kinds->n = n;
}

/* Copied after the records, so that every worker that a record names is in the table. */
static void carry_tables(struct carry *carry)
{
	struct layout_header *header = carry->new->header;
	const struct layout_header *from = carry->old->header;

	words_load(carry->new->clients, carry->old->clients,
		   LAYOUT_CLIENTS * sizeof(struct layout_client) / 8);
	words_load(carry->new->events, carry->old->events,
		   LAYOUT_EVENTS * sizeof(struct layout_event) / 8);
	words_load(&header->counters, &from->counters, sizeof header->counters / 8);
	header->event_next = load_relaxed(&from->event_next);
	header->cursor = load_relaxed(&from->cursor);
	header->snapshot_wall_ns = load_relaxed(&from->snapshot_wall_ns);
	header->daemon_epoch = load_relaxed(&from->daemon_epoch);
	header->serial = load_relaxed(&from->serial);
}

int carry_end(struct carry *carry, enum layout_closed how)
{
	uint32_t both = carry->old->capacity < carry->new->capacity ? carry->old->capacity
								    : carry->new->capacity;

	carry->closed_ns = clock_monotonic_ns();
	int error = how == LAYOUT_CLOSED ? drain_all(carry) : 0;

	for (uint32_t slot = 0; error == 0 && slot < both; slot++)
		error = settle_slot(carry, slot, how);
	if (error == 0)
		error = settle_above(carry, how);
	/* Spare slots do not extend the capacity. */
	if (error == 0 && carry->new->tasks_max < carry->old->tasks_max &&
	    slot_count(carry->new) > carry->new->tasks_max)
		error = TRACKD_E_FULL;
	if (error == 0)
		error = chains_finish(&carry->chains);
	if (error == 0 && how == LAYOUT_CLOSED)
		error = drain_families(carry);
	if (error == 0)
		error = carry_families(carry->new, carry->old, carry->moves, carry->moved);
	free(carry->moves);
	carry->moves = NULL;
	if (error < 0)
		return error;
	carry_kinds(carry);
	carry_tables(carry);
	return 0;
}

/* ---- Seals -------------------------------------------------------------------- */

void carry_seal(struct board *board)
{
	for (uint32_t slot = 0; slot < board->capacity; slot++) {
		uint64_t stamp = load_acquire(&board->heads[slot].stamp);

		if (stamp_state(stamp) == SLOT_LIVE)
			(void)seal(board, slot, stamp);
	}
}

void carry_unseal(struct board *board, uint64_t wait_ns)
{
	for (uint32_t slot = 0; slot < board->capacity; slot++) {
		uint64_t stamp = load_acquire(&board->heads[slot].stamp);

		if (stamp_state(stamp) != SLOT_LIVE || !is_open(board, slot, stamp) ||
		    (load_relaxed(&board->bodies[slot].work) & WORK_SEAL) == 0 ||
		    slot_lock(board, slot, clock_monotonic_ns() + wait_ns) < 0)
			continue;
		mend_record(board, slot);
		slot_unlock(board, slot);
	}
}
