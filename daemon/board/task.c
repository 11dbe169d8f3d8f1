/* SPDX-License-Identifier: MIT */
/* Reading tasks for the log, the snapshot and the handling of dead workers. */
#include "daemon/board/task.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int task_copy(const struct board *board, struct trackd_ref ref, struct trackd_task *ret_task)
{
	/* At time 0 no task has expired: the caller decides about expired tasks. */
	return view_copy(board, ref, 0, ret_task);
}

bool task_at(const struct board *board, uint32_t slot, struct trackd_ref *ret_ref)
{
	uint64_t stamp;

	if (slot >= board->capacity)
		return false;
	stamp = load_acquire(
		&board->heads[slot].stamp); /* pairs with the commit in record.c, tenant.c */
	*ret_ref = (struct trackd_ref){ slot, stamp_generation(stamp) };
	return stamp_state(stamp) == SLOT_LIVE;
}

const char *task_stage_name(const struct board *board, int kind, int stage, char *buffer)
{
	struct trackd_kind known = TRACKD_KIND_INIT;

	if (kind_get(board, kind, &known) < 0 || stage < 0 || stage >= known.n_stages)
		return "in an unknown stage";
	memcpy(buffer, known.stages[stage].name, sizeof known.stages[stage].name);
	return buffer;
}

void task_holder_label(char label[WORKER_LABEL], const union layout_mutex *held)
{
	pid_t holder = lock_holder(held);
	char comm[16] = "";
	uint32_t uid;

	process_describe(holder, &uid, comm);
	worker_label(label, comm, holder);
}

void task_fail(struct trackd_task *task, enum trackd_reason reason, uint64_t wall_ns,
	       uint32_t ttl_ms)
{
	char label[WORKER_LABEL], where[TRACKD_STAGE_NAME_MAX + 32];

	if (task->state == TRACKD_PENDING)
		snprintf(where, sizeof where, "before the first stage");
	else
		snprintf(where, sizeof where, "in %s", task->status[0] ? task->status : "a stage");
	if (reason == TRACKD_REASON_HOST_RESTART) {
		snprintf(task->error, sizeof task->error, "host restarted %s", where);
	} else if (task->worker_pid > 0) {
		worker_label(label, task->worker_comm, task->worker_pid);
		snprintf(task->error, sizeof task->error, "worker %s exited %s", label, where);
	} else {
		snprintf(task->error, sizeof task->error, "the worker exited %s", where);
	}
	memcpy(task->last_message, task->message, sizeof task->last_message);
	if (task->cancel_requested_ns != 0) {
		snprintf(task->message, sizeof task->message, "Cancelled");
		task->state = TRACKD_CANCELLED;
		task->reason = TRACKD_REASON_CANCELLED;
	} else {
		snprintf(task->message, sizeof task->message, "Processing failed");
		task->state = TRACKD_FAILED;
		task->reason = (uint8_t)reason;
	}
	task->flags &= (uint8_t) ~(TRACKD_ERROR_CUT | TRACKD_MESSAGE_CUT);
	task->updated_ns = wall_ns;
	task->finished_ns = wall_ns;
	if (task->ttl_ms != 0)
		ttl_ms = task->ttl_ms;
	task->expires_ns = ttl_ms == TRACKD_TTL_NEVER ? UINT64_MAX : wall_ns + ttl_ms * NS_PER_MS;
	if (task->stage >= 0 && task->stage < task->n_stages) {
		struct trackd_stage *stage = &task->stages[task->stage];
		stage->state = TRACKD_STAGE_ENDED;
		stage->finished_ns = wall_ns;
		stage->done = task->done;
		stage->total = task->total;
	}
}

/* ---- In the order of creation ------------------------------------------- */

struct place {
	uint64_t serial, created;
	uint32_t slot;
};

static int by_age(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->serial != y->serial)
		return x->serial < y->serial ? -1 : 1;
	return x->created < y->created ? -1 : x->created > y->created;
}

static bool is_living(const struct board *board, uint32_t slot)
{
	return stamp_state(load_relaxed(&board->heads[slot].stamp)) == SLOT_LIVE;
}

int64_t task_order(const struct board *board, uint32_t **ret_slots)
{
	/* Read the heads and not the map of used slots, which may be wrong on a damaged board. */
	uint32_t n = 0, most = 0;

	for (uint32_t slot = 0; slot < board->capacity; slot++)
		most += is_living(board, slot);
	struct place *places = calloc((size_t)most + 1, sizeof *places);
	uint32_t *slots = calloc((size_t)most + 1, sizeof *slots);
	if (!places || !slots) {
		free(places);
		free(slots);
		return -ENOMEM;
	}
	/* Tasks may be created during the loop. */
	for (uint32_t slot = 0; slot < board->capacity && n < most; slot++)
		if (is_living(board, slot))
			places[n++] =
				(struct place){ load_relaxed(&board->heads[slot].serial),
						load_relaxed(&board->details[slot].created), slot };
	qsort(places, n, sizeof *places, by_age);
	for (uint32_t i = 0; i < n; i++)
		slots[i] = places[i].slot;
	free(places);
	*ret_slots = slots;
	return n;
}
