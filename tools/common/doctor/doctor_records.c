/* SPDX-License-Identifier: MIT */
/*
 * Checks the slots: state, lock and bit in the used map; and for living tasks the body, the current
 * copy and the details. A record is read between two reads of its stamp, as every reader does; one
 * that changes each time is skipped and counted.
 */
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include "libclient/trackd.h"
#include "tools/common/doctor/doctor_parts.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64, TRIES = 8 };

struct block {
	uint32_t first, n;
	struct layout_body bodies[BLOCK];
	struct layout_detail details[BLOCK];
	struct layout_head again[BLOCK];
};

/* One living record, complete. */
struct record {
	struct check *check;
	uint32_t slot, generation, n_stages;
	const struct layout_head *head;
	const struct layout_body *body;
	const struct layout_copy *copy;
	const struct layout_detail *detail;
};

#define RECORD_FAULT(record, field, expected, ...)                                                 \
	check_fault((record)->check, DOCTOR_SLOT, (record)->slot, field, expected, __VA_ARGS__)

static bool is_final(const struct layout_copy *copy)
{
	return copy->state >= TRACKD_COMPLETED;
}

/* ---- Keys and texts ---------------------------------------------------- */

static void check_id(const struct record *record)
{
	const struct layout_body *body = record->body;
	const char *id = (const char *)body->id;

	if (!check_expect_string(record->check, DOCTOR_SLOT, record->slot, "id", id, LAYOUT_ID))
		return;
	if (!text_id_valid(id))
		RECORD_FAULT(record, "id", "1 to 63 of A-Za-z0-9._~:@+=-, not . or ..", "\"%s\"",
			     id);
	check_expect(record->check, DOCTOR_SLOT, record->slot, "id_hash", record->head->id_hash,
		     index_id_hash(&record->check->image.board, id));
}

static void check_owner(const struct record *record)
{
	const char *owner = (const char *)record->detail->owner;

	if (!check_expect_string(record->check, DOCTOR_SLOT, record->slot, "owner", owner,
				 LAYOUT_OWNER))
		return;
	if (!text_owner_valid(owner))
		RECORD_FAULT(record, "owner", "up to 63 bytes of UTF-8", "\"%s\"", owner);
	check_expect(record->check, DOCTOR_SLOT, record->slot, "owner_hash",
		     record->head->owner_hash,
		     index_owner_hash(&record->check->image.board, owner));
}

static void check_message(const struct record *record)
{
	const struct layout_copy *copy = record->copy;

	if (copy->message_len >= LAYOUT_MESSAGE) {
		RECORD_FAULT(record, "message_len", "at most 191", "%u", copy->message_len);
		return;
	}
	if (!check_expect_string(record->check, DOCTOR_SLOT, record->slot, "message", copy->message,
				 LAYOUT_MESSAGE))
		return;
	check_expect(record->check, DOCTOR_SLOT, record->slot, "message_len", copy->message_len,
		     strlen((const char *)copy->message));
	check_expect(record->check, DOCTOR_SLOT, record->slot, "last byte of message",
		     copy->message[LAYOUT_MESSAGE - 1], 0);
}

static void check_labels(const struct record *record)
{
	const char *labels = (const char *)record->detail->labels;

	if (!check_expect_string(record->check, DOCTOR_SLOT, record->slot, "labels", labels,
				 LAYOUT_LABELS))
		return;
	if (labels[0] == '\0' || !label_text_valid(labels))
		RECORD_FAULT(record, "labels", "up to 8 of key=value, one a line", "\"%s\"",
			     labels);
}

static void check_detail(const struct record *record)
{
	const struct layout_detail *detail = record->detail;
	struct check *check = record->check;

	check_expect_string(check, DOCTOR_SLOT, record->slot, "name", detail->name, LAYOUT_NAME);
	if (record->copy->flags & COPY_ERROR)
		check_expect_string(check, DOCTOR_SLOT, record->slot,
				    record->copy->state == TRACKD_COMPLETED ? "result" : "error",
				    detail->error, LAYOUT_ERROR);
	if (record->copy->flags & COPY_LABELS)
		check_labels(record);
	if ((detail->flags & ~(uint32_t)DETAIL_NAME_CUT) != 0)
		RECORD_FAULT(record, "detail flags", "only known ones", "0x%x", detail->flags);
	if ((record->copy->flags & COPY_LIMITS) != 0 &&
	    (detail->start_within | detail->progress_within | detail->finish_within) == 0)
		RECORD_FAULT(record, "limits", "one, as the flags say", "none");
	check_expect_zero(check, DOCTOR_SLOT, record->slot, "reserved", detail->reserved,
			  sizeof detail->reserved);
}

/* ---- The current copy ------------------------------------------------- */

static void check_state(const struct record *record)
{
	const struct layout_copy *copy = record->copy;

	if (copy->revision == 0)
		RECORD_FAULT(record, "revision", "1 or more", "0");
	if (copy->state < TRACKD_PENDING || copy->state > TRACKD_CANCELLED) {
		RECORD_FAULT(record, "state", "1 to 5", "%u", copy->state);
		return;
	}
	if (!record_reason_fits(copy->state, copy->reason))
		RECORD_FAULT(record, "reason", "one that fits the state", "%s in state %s",
			     trackd_reason_name(copy->reason), trackd_state_name(copy->state));
	if ((copy->flags & ~(COPY_STARTED | COPY_ERROR | COPY_ERROR_CUT | COPY_MESSAGE_CUT |
			     COPY_LABELS | COPY_LIMITS | COPY_CHILD | COPY_PARENT | COPY_ROLLUP)) !=
	    0)
		RECORD_FAULT(record, "flags", "only known ones", "0x%x", copy->flags);
	if ((copy->flags & COPY_ERROR) != 0 && !is_final(copy))
		RECORD_FAULT(record, "flags", "an error or a result only of a task that ended",
			     "one in state %s", trackd_state_name(copy->state));
	if ((copy->flags & COPY_ERROR_CUT) != 0 && (copy->flags & COPY_ERROR) == 0)
		RECORD_FAULT(record, "flags", "an error that was cut", "none, marked as cut");
}

/* The copy that a final record had before its end is still read: it has the last message. */
static void check_last(const struct record *record)
{
	const struct layout_copy *last =
		&record->body->copy[~stamp_version(record->head->stamp) & 1];

	if (!is_final(record->copy))
		return;
	if (is_final(last))
		RECORD_FAULT(record, "state before the end", "pending or active", "%u",
			     last->state);
	if (last->message_len >= LAYOUT_MESSAGE ||
	    strnlen((const char *)last->message, LAYOUT_MESSAGE) != last->message_len)
		RECORD_FAULT(record, "last message", "as long as it says", "%u", last->message_len);
}

static void check_cause(const struct record *record)
{
	const struct layout_copy *copy = record->copy;

	if (!cause_fits(copy->state, copy->reason, copy->cause))
		RECORD_FAULT(record, "cause", "one of a worker that was lost", "0x%016" PRIx64,
			     copy->cause);
}

static void check_stage(const struct record *record)
{
	const struct layout_copy *copy = record->copy;
	bool none = copy->stage == COPY_NO_STAGE;
	uint32_t limit = copy->stage + (is_final(copy) ? 1u : 0u); /* later rows are not used */

	if (!none && copy->stage >= record->n_stages) {
		RECORD_FAULT(record, "stage", "one of its kind", "%u of %u", copy->stage,
			     record->n_stages);
		return;
	}
	if (copy->state == TRACKD_PENDING && !none)
		RECORD_FAULT(record, "stage", "none while pending", "%u", copy->stage);
	if (copy->state == TRACKD_ACTIVE && none)
		RECORD_FAULT(record, "stage", "one while active", "none");
	if (((copy->flags & COPY_STARTED) == 0) != none)
		RECORD_FAULT(record, "flags", "started if and only if it has a stage",
			     "started %s, stage %u", none ? "with no stage" : "not set",
			     copy->stage);
	if (none ? copy->stages_left != 0 : copy->stages_left >> limit != 0)
		RECORD_FAULT(record, "stages_left", "only stages that were entered",
			     "0x%x at stage %u", copy->stages_left, copy->stage);
}

static void check_count(const struct record *record, const char *field, uint64_t seen)
{
	if (seen > TRACKD_WORK_MAX)
		RECORD_FAULT(record, field, "less than 2^46", "%ju", (uintmax_t)seen);
}

static void check_work(const struct record *record)
{
	const struct layout_copy *copy = record->copy;
	uint64_t work = record->body->work;

	check_count(record, "total", copy->total);
	if (copy->base > WORK_COUNT_MASK)
		RECORD_FAULT(record, "base", "less than 2^47", "%ju", (uintmax_t)copy->base);
	check_count(record, "done",
		    is_final(copy) ? copy->done : (work - copy->base) & WORK_COUNT_MASK);
	if (work_is_of(work, record->generation))
		check_count(record, "work", work_lifetime(work, record->generation));
	if (!work_is_of(work, record->generation))
		RECORD_FAULT(record, "work", "the tag of its generation", "0x%04x of 0x%08x",
			     (unsigned)(work >> 48), record->generation);
	if (((work & WORK_SEAL) != 0) !=
	    (is_final(copy) || work_needs_mutex(copy->base, record->generation)))
		RECORD_FAULT(record, "work", "sealed if and only if final or near the limit",
			     "%s in state %s", work & WORK_SEAL ? "sealed" : "open",
			     trackd_state_name(copy->state));
}

static void check_worker(const struct record *record)
{
	uint64_t worker = record->copy->worker;
	uint32_t entry = (uint32_t)worker;

	if (entry > LAYOUT_CLIENTS || (entry == 0 && worker != 0))
		RECORD_FAULT(record, "worker", "0, or a client entry plus one", "0x%016" PRIx64,
			     worker);
}

/* Compares two times that may lie before this boot (a restored task), and have then wrapped
 * around. */
static bool is_before(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}

static void check_times(const struct record *record)
{
	const struct layout_copy *copy = record->copy;
	const struct layout_detail *detail = record->detail;

	if (is_before(copy->updated, detail->created))
		RECORD_FAULT(record, "updated", "not before created", "%ju, created %ju",
			     (uintmax_t)copy->updated, (uintmax_t)detail->created);
	if ((copy->flags & COPY_STARTED) == 0)
		return;
	if (is_before(detail->started, detail->created))
		RECORD_FAULT(record, "started", "not before created", "%ju, created %ju",
			     (uintmax_t)detail->started, (uintmax_t)detail->created);
	if (is_before(copy->stage_start, detail->started))
		RECORD_FAULT(record, "stage_start", "not before started", "%ju, started %ju",
			     (uintmax_t)copy->stage_start, (uintmax_t)detail->started);
}

static void check_rows(const struct record *record)
{
	for (uint32_t i = 0; i < record->n_stages; i++) {
		const struct layout_stage_row *row = &record->detail->row[i];

		if ((record->copy->stages_left >> i & 1) == 0)
			continue;
		if (is_before(row->end, row->start))
			RECORD_FAULT(record, "stage row", "an end not before its start",
				     "stage %u from %ju to %ju", i, (uintmax_t)row->start,
				     (uintmax_t)row->end);
		check_count(record, "done of a stage row", row->done);
		check_count(record, "total of a stage row", row->total);
	}
}

/* ---- Copies in the head ----------------------------------------------- */

/* A task without its own ttl keeps the deadline from the board's ttl until its next update, and the
 * setting may have changed since. It was in whole milliseconds, which other values are unlikely to
 * be. */
static bool is_by_earlier_ttl(const struct record *record)
{
	const struct layout_copy *copy = record->copy;
	bool worked_on = copy->state == TRACKD_ACTIVE && copy->worker != 0;
	bool own = record->body->ttl_ms != 0 && (!worked_on || record->body->active_ttl_ms != 0);
	uint64_t span = record->head->deadline - copy->updated;

	return !own && span % NS_PER_MS == 0 && span / NS_PER_MS > 0 &&
	       span / NS_PER_MS < 2 * (uint64_t)TRACKD_TTL_NEVER;
}

static void check_deadline(const struct record *record)
{
	struct check *check = record->check;
	struct layout_copy copy = *record->copy;

	/* With open children a parent does not expire, which check_families() looks at; nor until
	 * somebody has noticed that the last one ended. */
	copy.flags &= (uint16_t)~COPY_PARENT;
	uint64_t rule = record_deadline(&check->image.board, record->body, &copy);
	if ((record->copy->flags & COPY_PARENT) && record->head->deadline == UINT64_MAX)
		return;
	if (record->head->deadline != rule && is_by_earlier_ttl(record))
		check->report.earlier_ttl++;
	else
		check_expect(check, DOCTOR_SLOT, record->slot, "deadline", record->head->deadline,
			     rule);
}

static void check_head(const struct record *record)
{
	const struct layout_head *head = record->head;
	const struct layout_copy *copy = record->copy;
	struct check *check = record->check;

	check_deadline(record);
	check_expect(check, DOCTOR_SLOT, record->slot, "hint", head->hint,
		     hint_make(copy->worker, copy->state, hint_kind(head->hint)) |
			     (copy->flags & COPY_LIMITS ? HINT_LIMITED : 0u));
	check_expect(check, DOCTOR_SLOT, record->slot, "generation of the cancel word",
		     head->cancel >> 32, record->generation);
}

static void check_record(struct record *record)
{
	const struct layout_kinds *kinds = record->check->image.board.kinds;
	uint32_t kind = hint_kind(record->head->hint);

	record->n_stages = 0;
	if (kind >= kinds->n || kind >= LAYOUT_KINDS)
		RECORD_FAULT(record, "kind", "a kind of the board", "%u of %u", kind, kinds->n);
	else if (kinds->kind[kind].n_stages <= LAYOUT_STAGES)
		record->n_stages = kinds->kind[kind].n_stages;
	check_id(record);
	check_owner(record);
	check_message(record);
	check_detail(record);
	check_state(record);
	check_last(record);
	check_cause(record);
	if (record->n_stages > 0)
		check_stage(record);
	check_work(record);
	check_worker(record);
	check_times(record);
	check_rows(record);
	check_head(record);
}

/* ---- Slots ------------------------------------------------------------- */

static bool used_bit(const struct check *check, uint32_t slot)
{
	return check->image.board.used_map[slot / 64] >> (slot % 64) & 1;
}

/* held: a living process has locked the slot, so it may be in any state. */
static void check_slot(struct check *check, uint32_t slot, bool held)
{
	static const char *const names[] = { "FREE", "CLAIMED", "LIVE", "REMOVING" };
	enum slot_state state = stamp_state(check->image.board.heads[slot].stamp);

	if (state == SLOT_CLAIMED || state == SLOT_REMOVING) {
		if (!held)
			check_fault(check, DOCTOR_SLOT, slot, "state", "FREE or LIVE",
				    "%s, and no process holds it", names[state]);
		return;
	}
	if (used_bit(check, slot) == (state == SLOT_LIVE) || held)
		return;
	check_fault(check, DOCTOR_SLOT, slot, "bit in the used map",
		    state == SLOT_LIVE ? "set" : "clear", "%s in a slot that is %s",
		    state == SLOT_LIVE ? "clear" : "set", names[state]);
}

/* The remover died just before it released its lock. The slot is free, and the next process that
 * claims it takes the lock over: there is nothing to repair. */
static bool is_left_free(const struct check *check, uint32_t slot, const union layout_mutex *mutex)
{
	return stamp_state(check->image.board.heads[slot].stamp) == SLOT_FREE &&
	       !used_bit(check, slot) && lock_orphaned(mutex);
}

static void count_slot(struct check *check, uint32_t slot)
{
	switch (stamp_state(check->image.board.heads[slot].stamp)) {
	case SLOT_FREE:
		break;
	case SLOT_CLAIMED:
		check->report.claimed++;
		break;
	case SLOT_LIVE:
		check->report.live++;
		break;
	case SLOT_REMOVING:
		check->report.removing++;
		break;
	}
}

static int fetch(const struct check *check, uint32_t first, uint32_t n, struct block *block)
{
	const struct image *image = &check->image;
	int error = image_fetch(image, IMAGE_heads, first, n, &image->board.heads[first]);

	fence_acquire();
	if (error == 0)
		error = image_fetch(image, IMAGE_bodies, first, n,
				    &block->bodies[first - block->first]);
	if (error == 0)
		error = image_fetch(image, IMAGE_details, first, n,
				    &block->details[first - block->first]);
	fence_acquire(); /* as in view.c: read the record, then the stamp again */
	if (error == 0)
		error = image_fetch(image, IMAGE_heads, first, n,
				    &block->again[first - block->first]);
	return error;
}

/* 1: heads, body and details of a slot are consistent; 0: it changes too quickly. */
static int settle(const struct check *check, struct block *block, uint32_t slot)
{
	for (int i = 0; i < TRIES; i++) {
		if (check->image.board.heads[slot].stamp == block->again[slot - block->first].stamp)
			return 1;
		int error = fetch(check, slot, 1, block);
		if (error < 0)
			return error;
	}
	return 0;
}

static int check_one(struct check *check, struct block *block, uint32_t slot)
{
	uint32_t at = slot - block->first;
	int settled = settle(check, block, slot);

	if (settled < 0)
		return settled;
	const struct layout_head *head = &check->image.board.heads[slot];
	struct record record = {
		.check = check,
		.slot = slot,
		.generation = stamp_generation(head->stamp),
		.head = head,
		.body = &block->bodies[at],
		.copy = &block->bodies[at].copy[stamp_version(head->stamp) & 1],
		.detail = &block->details[at],
	};
	count_slot(check, slot);
	if (is_left_free(check, slot, &record.body->mutex))
		check->report.orphans_free++;
	else
		check_slot(check, slot, check_lock(check, DOCTOR_SLOT, slot, &record.body->mutex));
	if (settled == 0)
		check->report.unsettled++;
	else if (stamp_state(head->stamp) == SLOT_LIVE) {
		check->notes[slot] = (struct note){ record.copy->flags & (COPY_CHILD | COPY_PARENT),
						    record.copy->state };
		check_record(&record);
	}
	return 0;
}

static void check_map_end(struct check *check)
{
	const struct board *board = &check->image.board;
	uint32_t last = (board->capacity - 1) / 64;
	uint32_t n = board->capacity % 64;

	if (n != 0 && board->used_map[last] >> n != 0)
		check_fault(check, DOCTOR_MAP, last, "bits beyond the slots", "clear",
			    "0x%016" PRIx64, board->used_map[last]);
}

int check_records(struct check *check)
{
	uint32_t capacity = check->image.board.capacity;
	struct block *block = malloc(sizeof *block);
	check->notes = calloc(capacity, sizeof *check->notes);
	int error = block && check->notes ? 0 : -ENOMEM;

	for (uint32_t first = 0; error == 0 && first < capacity; first += BLOCK) {
		block->first = first;
		block->n = capacity - first < BLOCK ? capacity - first : BLOCK;
		error = fetch(check, first, block->n, block);
		for (uint32_t i = 0; error == 0 && i < block->n; i++)
			error = check_one(check, block, first + i);
	}
	free(block);
	check_map_end(check);
	return error;
}
