/* SPDX-License-Identifier: MIT */
/* See layout2_task.h. A record is copied as readers do, then translated. */
#include "daemon/board/layout2_task.h"
#include "libclient/segment/internal.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How often to retry copying a record that is being written, without its lock. */
enum { TRIES = 1000 };

static_assert((int)LAYOUT2_KINDS <= (int)LAYOUT_KINDS &&
		      (int)LAYOUT2_STAGES <= (int)TRACKD_STAGES_MAX,
	      "kinds fit");

static void copy_text(char *to, size_t size, const void *from)
{
	memcpy(to, from, size);
	to[size - 1] = '\0';
}

/* ---- Kinds ---------------------------------------------------------------- */

static uint32_t kind_count(const struct layout2_board *board)
{
	uint32_t n = load_acquire(&board->kinds->n); /* pairs with the release of a declaration */

	return n < LAYOUT2_KINDS ? n : LAYOUT2_KINDS;
}

bool layout2_kind_copy(const struct layout2_board *board, unsigned number,
		       struct trackd_kind *ret_kind)
{
	struct layout2_kind kind;

	if (number >= kind_count(board))
		return false;
	words_load(&kind, &board->kinds->kind[number], sizeof kind / 8);
	memset(ret_kind, 0, sizeof *ret_kind);
	ret_kind->size = sizeof *ret_kind;
	copy_text(ret_kind->name, sizeof ret_kind->name, kind.name);
	ret_kind->n_stages =
		(int32_t)(kind.n_stages < LAYOUT2_STAGES ? kind.n_stages : LAYOUT2_STAGES);
	for (int i = 0; i < ret_kind->n_stages; i++) {
		copy_text(ret_kind->stages[i].name, sizeof ret_kind->stages[i].name,
			  kind.stages[i]);
		ret_kind->stages[i].percent = kind.percent[i];
	}
	return true;
}

/* ---- Clients -------------------------------------------------------------- */

bool layout2_client_copy(const struct layout2_board *board, uint32_t entry,
			 uint32_t *ret_generation, struct trackd_task *ret_task)
{
	struct layout2_client client;

	if (entry >= LAYOUT2_CLIENTS)
		return false;
	uint64_t claim = load_acquire(&board->clients[entry].claim);
	uint32_t ready = load_acquire(&board->clients[entry].ready);
	words_load(&client, &board->clients[entry], sizeof client / 8);
	fence_acquire();
	if ((int32_t)claim_pid(claim) <= 0 || ready == 0 || ready != claim_generation(claim) ||
	    load_relaxed(&board->clients[entry].claim) != claim)
		return false;
	*ret_generation = ready;
	ret_task->worker_pid = (int32_t)claim_pid(claim);
	ret_task->worker_uid = client.uid;
	ret_task->worker_start = client.start_time;
	copy_text(ret_task->worker_comm, sizeof ret_task->worker_comm, client.comm);
	return true;
}

/* ---- Records -------------------------------------------------------------- */

/* A consistent copy of a record in private memory. */
struct record {
	uint32_t generation, kind;
	uint64_t cancel, work;
	uint32_t ttl_ms, active_ttl_ms;
	char id[LAYOUT2_ID];
	struct layout2_copy copy;
	struct layout2_detail detail;
};

static void load_record(const struct layout2_board *board, uint32_t slot, uint64_t stamp,
			struct record *record)
{
	const struct layout2_head *head = &board->heads[slot];
	const struct layout2_body *body = &board->bodies[slot];

	record->generation = stamp_generation(stamp);
	record->kind = layout2_hint_kind(load_relaxed(&head->hint));
	record->cancel = load_relaxed(&head->cancel);
	record->ttl_ms = load_relaxed(&body->ttl_ms);
	record->active_ttl_ms = load_relaxed(&body->active_ttl_ms);
	words_load(record->id, body->id, sizeof record->id / 8);
	words_load(&record->copy, &body->copy[stamp_version(stamp) & 1], sizeof record->copy / 8);
	words_load(&record->detail, &board->details[slot], sizeof record->detail / 8);
}

static int read_record(struct layout2_board *board, uint32_t slot, struct record *record)
{
	const uint64_t *stamp = &board->heads[slot].stamp;

	for (int i = 0; i < TRIES; i++) {
		uint64_t seen = load_acquire(stamp); /* pairs with the commit */

		if (stamp_state(seen) != SLOT_LIVE)
			return TRACKD_E_GONE;
		record->work = layout2_board_seal(board, slot);
		load_record(board, slot, seen, record);
		fence_acquire(); /* pairs with the release fence before a fill */
		if (load_relaxed(stamp) == seen)
			return 0;
	}
	return -EAGAIN;
}

/* Whether it can be a task: a damaged board may hold any bytes. tenant_import() checks the rest. */
static bool is_sound(const struct record *record)
{
	const struct layout2_copy *copy = &record->copy;
	bool started = (copy->flags & LAYOUT2_STARTED) != 0;

	return started == (copy->stage != LAYOUT2_NO_STAGE) &&
	       (copy->stage < LAYOUT2_STAGES || copy->stage == LAYOUT2_NO_STAGE) &&
	       copy->message_len < LAYOUT2_MESSAGE;
}

static bool is_final(const struct record *record)
{
	return trackd_state_final((enum trackd_state)record->copy.state);
}

static uint64_t done_of(const struct record *record)
{
	return is_final(record) ? record->copy.done
				: (record->work - record->copy.base) & WORK_COUNT_MASK;
}

static void translate_texts(const struct record *record, struct trackd_task *task)
{
	copy_text(task->id, sizeof task->id, record->id);
	copy_text(task->owner, sizeof task->owner, record->detail.owner);
	copy_text(task->name, sizeof task->name, record->detail.name);
	memcpy(task->message, record->copy.message, sizeof task->message);
	task->message[record->copy.message_len < LAYOUT2_MESSAGE ? record->copy.message_len
								 : LAYOUT2_MESSAGE - 1] = '\0';
	if (record->copy.flags & LAYOUT2_HAS_ERROR)
		copy_text(task->error, sizeof task->error, record->detail.error);
	task->flags = (uint8_t)((record->copy.flags & (TRACKD_MESSAGE_CUT | TRACKD_ERROR_CUT)) |
				(record->detail.flags & TRACKD_NAME_CUT));
}

static void translate_times(const struct record *record, uint64_t offset, struct trackd_task *task)
{
	uint32_t asked = (uint32_t)record->cancel;

	task->created_ns = record->detail.created + offset;
	task->updated_ns = record->copy.updated + offset;
	if (record->copy.flags & LAYOUT2_STARTED)
		task->started_ns = record->detail.started + offset;
	if (is_final(record))
		task->finished_ns = task->updated_ns;
	if (asked != 0 && (uint32_t)(record->cancel >> 32) == record->generation) {
		task->cancel_requested_ns = task->created_ns + cancel_after_ns(asked);
		task->flags |= TRACKD_CANCEL_REQUESTED;
	}
}

static void translate_stage(const struct record *record, unsigned number, uint64_t offset,
			    struct trackd_stage *stage)
{
	const struct layout2_copy *copy = &record->copy;
	const struct layout2_row *row = &record->detail.row[number];

	if (copy->stages_left & 1u << number) {
		stage->started_ns = row->start + offset;
		stage->finished_ns = row->end + offset;
		stage->done = row->done;
		stage->total = row->total;
		stage->state =
			is_final(record) && number == copy->stage && copy->state != TRACKD_COMPLETED
				? TRACKD_STAGE_ENDED
				: TRACKD_STAGE_DONE;
	} else if (copy->state == TRACKD_ACTIVE && number == copy->stage) {
		stage->started_ns = copy->stage_start + offset;
		stage->done = done_of(record);
		stage->total = copy->total;
		stage->state = TRACKD_STAGE_RUNNING;
	}
}

static void translate_worker(const struct layout2_board *board, const struct record *record,
			     struct trackd_task *task)
{
	struct trackd_task worker = { 0 };
	uint32_t generation, link = (uint32_t)record->copy.worker;

	if (link == 0 || !layout2_client_copy(board, link - 1, &generation, &worker) ||
	    generation != (uint32_t)(record->copy.worker >> 32))
		return;
	task->worker_pid = worker.worker_pid;
	task->worker_uid = worker.worker_uid;
	task->worker_start = worker.worker_start;
	memcpy(task->worker_comm, worker.worker_comm, sizeof task->worker_comm);
}

static void translate(const struct layout2_board *board, const struct record *record,
		      struct trackd_task *task)
{
	const struct layout2_copy *copy = &record->copy;
	uint64_t offset = (uint64_t)load_relaxed(&board->header->wall_offset_ns);
	struct trackd_kind kind;

	memset(task, 0, sizeof *task);
	task->size = sizeof *task;
	task->revision = copy->revision;
	task->kind = (int32_t)record->kind;
	task->state = copy->state;
	task->reason = copy->reason;
	task->stage = copy->stage < LAYOUT2_STAGES ? (int8_t)copy->stage : (int8_t)-1;
	task->done = done_of(record);
	task->total = copy->total;
	task->ttl_ms = record->ttl_ms;
	task->active_ttl_ms = record->active_ttl_ms;
	translate_texts(record, task);
	translate_times(record, offset, task);
	translate_worker(board, record, task);
	if (!layout2_kind_copy(board, record->kind, &kind))
		return;
	task->n_stages = (uint8_t)kind.n_stages;
	for (unsigned i = 0; i < task->n_stages; i++)
		translate_stage(record, i, offset, &task->stages[i]);
}

int layout2_task_copy(struct layout2_board *board, uint32_t slot, enum layout_closed how,
		      struct trackd_task *ret_task, uint64_t *ret_worker,
		      const union layout_mutex **ret_held)
{
	struct record record;
	int locked = 0;

	if (how == LAYOUT_CLOSED)
		locked = layout2_board_lock(board, slot, ret_held);
	if (locked < 0)
		return locked;
	int error = read_record(board, slot, &record);
	if (locked > 0)
		layout2_board_unlock(board, slot);
	if (error == 0 && !is_sound(&record))
		error = TRACKD_E_DAMAGED;
	if (error < 0)
		return error;
	translate(board, &record, ret_task);
	*ret_worker = (uint32_t)record.copy.worker <= LAYOUT2_CLIENTS ? record.copy.worker : 0;
	return 0;
}

/* ---- In the order of creation --------------------------------------------- */

struct place {
	uint64_t created, serial;
	uint32_t slot;
};

static int by_age(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->created != y->created)
		return x->created < y->created ? -1 : 1;
	return x->serial < y->serial ? -1 : x->serial > y->serial;
}

static bool is_live(const struct layout2_board *board, uint32_t slot)
{
	return stamp_state(load_acquire(&board->heads[slot].stamp)) == SLOT_LIVE;
}

uint32_t layout2_task_count(const struct layout2_board *board)
{
	uint32_t n = 0;

	for (uint32_t slot = 0; slot < board->capacity; slot++)
		n += is_live(board, slot);
	return n;
}

int64_t layout2_task_order(const struct layout2_board *board, uint32_t **ret_slots)
{
	uint32_t n = 0, most = layout2_task_count(board);
	struct place *places = calloc((size_t)most + 1, sizeof *places);
	uint32_t *slots = calloc((size_t)most + 1, sizeof *slots);

	if (!places || !slots) {
		free(places);
		free(slots);
		return -ENOMEM;
	}
	for (uint32_t slot = 0; slot < board->capacity && n < most; slot++)
		if (is_live(board, slot))
			places[n++] =
				(struct place){ load_relaxed(&board->details[slot].created),
						load_relaxed(&board->heads[slot].serial), slot };
	qsort(places, n, sizeof *places, by_age);
	for (uint32_t i = 0; i < n; i++)
		slots[i] = places[i].slot;
	free(places);
	*ret_slots = slots;
	return n;
}
