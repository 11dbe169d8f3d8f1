/* SPDX-License-Identifier: MIT */
/* Intended and acknowledged states; see ledger.h. */
#include "tests/stress/engine/ledger.h"
#include "libclient/segment/atomic.h"
#include "tests/harness/tap.h"
#include <stdio.h>
#include <stdlib.h>

struct ledger *ledger;

void ledger_complain(const char *what, unsigned producer, const struct row *row, int error)
{
	add_relaxed(&ledger->wrong, 1);
	tap_note(
		"producer %u task %lu: %s (%s); acknowledged phase %lu done %lu message %lu, tried "
		"%lu %lu %lu",
		producer, row->id, what, error < 0 ? trackd_strerror(error) : "", row->acked.phase,
		row->acked.done, row->acked.message, row->tried.phase, row->tried.done,
		row->tried.message);
	fflush(stdout);
}

void ledger_id(char ret_id[32], unsigned producer, const struct row *row)
{
	snprintf(ret_id, 32, "p%u-%lu", producer, row->id);
}

/* Convert a task to the ledger's form. */
static void snapshot_of(const struct trackd_task *task, struct snapshot *snapshot)
{
	snapshot->done = task->done;
	snapshot->message = strtoull(task->message, NULL, 10);
	if (task->state == TRACKD_PENDING)
		snapshot->phase = PENDING;
	else if (task->state == TRACKD_ACTIVE)
		snapshot->phase = STAGE_0 + (uint64_t)task->stage;
	else
		snapshot->phase = FINAL;
}

bool ledger_same(const struct snapshot *a, const struct snapshot *b)
{
	return a->phase == b->phase && a->done == b->done && a->message == b->message;
}

static int read_task(struct trackd *trackd, const char *id, struct trackd_task *ret_task)
{
	struct trackd_ref ref;
	int error, tries = 0;

	/* Retry if the reference has changed: the board has a smaller capacity now. */
	do {
		error = trackd_lookup(trackd, id, &ref);
		if (error == 0)
			error = trackd_copy(trackd, ref, ret_task);
	} while (error == TRACKD_E_GONE && tries++ < 10);
	return error;
}

void ledger_compare(struct trackd *trackd, unsigned producer, const struct row *row, bool in_doubt)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	struct snapshot snapshot = { 0 };
	char id[32];

	ledger_id(id, producer, row);
	int error = read_task(trackd, id, &task);
	if (error == 0)
		snapshot_of(&task, &snapshot);
	else if (error != TRACKD_E_NOT_FOUND)
		ledger_complain("cannot be read", producer, row, error);
	if (ledger_same(&snapshot, &row->acked) ||
	    (in_doubt && ledger_same(&snapshot, &row->tried)))
		return;
	ledger_complain("differs", producer, row, 0);
	tap_note("  the board has phase %lu done %lu message %lu", snapshot.phase, snapshot.done,
		 snapshot.message);
}

void ledger_compare_failed(struct trackd *trackd, unsigned producer, const struct row *row)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	char id[32];

	ledger_id(id, producer, row);
	int error = read_task(trackd, id, &task);
	if (error < 0) {
		ledger_complain("has gone with its worker", producer, row, 0);
		return;
	}
	uint64_t stage = STAGE_0 + (uint64_t)task.stage;
	bool as_acked = stage == row->acked.phase && task.done == row->acked.done;
	bool as_tried = stage == row->tried.phase && task.done == row->tried.done;
	if (task.state != TRACKD_FAILED || task.reason != TRACKD_REASON_WORKER_LOST ||
	    !(as_acked || as_tried)) {
		ledger_complain("failed otherwise than it was", producer, row, 0);
		tap_note("  the board has state %u reason %u stage %d done %lu", task.state,
			 task.reason, task.stage, task.done);
	}
}
