/* SPDX-License-Identifier: MIT */
/* Restoring tasks. Wall times are converted to the board's clock with the offset at the time of
 * writing if that was in this boot, so that a change of the wall clock since then moves no
 * deadline. */
#include "daemon/board/restore.h"
#include "daemon/board/task.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include "tools/common/log.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t CREATE_WAIT_NS = 2 * NS_PER_S;

/* References to the board that the tasks come from fit none of this one. */
static void number_after(struct board *board, uint32_t number)
{
	if (number == 0)
		return; /* not known: the board's own is random */
	board->header->number = number % REF_NUMBERS + 1;
	board->number = board->header->number << 24;
}

void restore_begin(struct restore *restore, struct board *board,
		   const struct restore_source *source, struct restore_count *ret_count)
{
	const struct layout_header *header = board->header;

	memset(ret_count, 0, sizeof *ret_count);
	*restore = (struct restore){ .board = board, .count = ret_count };
	restore->same_boot = memcmp(source->boot_id, header->boot_id, sizeof header->boot_id) == 0;
	restore->same_pids = restore->same_boot && source->pid_ns == header->pid_ns;
	restore->offset_ns =
		restore->same_boot ? source->wall_offset_ns : load_relaxed(&header->wall_offset_ns);
	for (int i = 0; i < LAYOUT_KINDS; i++)
		restore->kinds[i] = -1;
	restore->kinds[TRACKD_KIND_DOCUMENT] = TRACKD_KIND_DOCUMENT;
	number_after(board, source->number);
}

/* ---- Kinds -------------------------------------------------------------- */

void restore_kind(struct restore *restore, unsigned number, const struct trackd_kind *kind)
{
	struct trackd_stage_def stages[TRACKD_STAGES_MAX];
	int found;

	if (number >= LAYOUT_KINDS)
		return;
	for (int i = 0; i < kind->n_stages; i++)
		stages[i] =
			(struct trackd_stage_def){ kind->stages[i].name, kind->stages[i].percent };
	found = kind_declare(restore->board, kind->name, stages, kind->n_stages,
			     clock_monotonic_ns() + CREATE_WAIT_NS);
	if (found >= 0)
		restore->kinds[number] = found;
	else
		log_warning("kind %s could not be restored: %s", kind->name,
			    trackd_strerror(found));
}

/* ---- Tasks -------------------------------------------------------------- */

/* The current time on the clock of the tasks' times. */
static uint64_t wall_now(const struct restore *restore)
{
	return (uint64_t)((int64_t)clock_boot_ns() + restore->offset_ns);
}

static bool has_expired(const struct restore *restore, const struct trackd_task *task)
{
	const struct layout_header *header = restore->board->header;
	uint64_t ttl = task->ttl_ms ? task->ttl_ms : header->ttl_ms, active_ttl = 0;

	if (task->state == TRACKD_ACTIVE && task->worker_pid != 0)
		active_ttl = task->active_ttl_ms ? task->active_ttl_ms : header->active_ttl_ms;
	return ttl != TRACKD_TTL_NEVER && active_ttl != TRACKD_TTL_NEVER &&
	       task->updated_ns + (active_ttl + ttl) * NS_PER_MS <= wall_now(restore);
}

/* Whether the task's worker still runs; then *ret_worker is its entry on the new board. */
static bool worker_lives(const struct restore *restore, const struct trackd_task *task,
			 uint64_t *ret_worker)
{
	if (!restore->same_pids || task->worker_pid <= 0)
		return false;
	/* A start time that cannot be read does not prove a death. */
	if (process_dead(task->worker_pid, task->worker_start))
		return false;
	return worker_claim(restore->board, task->worker_pid, ret_worker) == 0;
}

/* Fill in the stage's name, for the error text; a snapshot does not contain it. */
static void fill_status(const struct restore *restore, struct trackd_task *task)
{
	struct trackd_kind kind = TRACKD_KIND_INIT;

	if (kind_get(restore->board, task->kind, &kind) < 0 || task->stage < 0 ||
	    task->stage >= kind.n_stages)
		return;
	snprintf(task->status, sizeof task->status, "%s", kind.stages[task->stage].name);
	task->n_stages = (uint8_t)kind.n_stages;
}

void restore_task(struct restore *restore, struct trackd_task *task, uint64_t worker)
{
	struct restore_count *count = restore->count;
	struct trackd_ref ref;
	bool failed = false;
	int error;

	if (task->kind < 0 || task->kind >= LAYOUT_KINDS || restore->kinds[task->kind] < 0) {
		count->lost++;
		return;
	}
	task->kind = restore->kinds[task->kind];
	if (has_expired(restore, task)) {
		count->expired++;
		return;
	}
	if (worker == 0 && !trackd_state_final(task->state) &&
	    !worker_lives(restore, task, &worker) &&
	    (task->worker_pid != 0 || (task->state == TRACKD_ACTIVE && !restore->same_boot))) {
		failed = true;
		fill_status(restore, task);
		task_fail(task,
			  restore->same_boot ? TRACKD_REASON_WORKER_LOST
					     : TRACKD_REASON_HOST_RESTART,
			  wall_now(restore), restore->board->header->ttl_ms);
	}
	error = tenant_import(restore->board, task, worker, restore->offset_ns,
			      clock_monotonic_ns() + CREATE_WAIT_NS, &ref);
	count->tasks += error == 0;
	count->failed += error == 0 && failed;
	count->expired += error == -ESTALE;
	count->older += error == -EEXIST;
	count->lost += error < 0 && error != -ESTALE && error != -EEXIST;
}

/* ---- From a snapshot ---------------------------------------------------- */

static int read_items(struct restore *restore, struct snapshot_reader *reader)
{
	struct snapshot_item *item = calloc(1, sizeof *item);
	int result;

	if (!item)
		return -ENOMEM;
	while ((result = snapshot_next(reader, item)) > 0)
		if (item->type == SNAPSHOT_KIND)
			restore_kind(restore, item->number, &item->kind);
		else if (item->type == SNAPSHOT_TASK)
			restore_task(restore, &item->task, 0);
	free(item);
	return result;
}

/* Describe what is wrong with a snapshot that was read to its end; "" if nothing is. */
static void judge(const struct snapshot_reader *reader, const struct restore_count *count,
		  char text[128])
{
	uint64_t seen = count->tasks + count->expired + count->older + count->lost;

	text[0] = '\0';
	if (!reader->complete)
		snprintf(text, 128, "ends too early: %lu task%s could be read", seen,
			 log_plural(seen));
	else if (reader->bad > 0 || seen != reader->expected)
		snprintf(text, 128, "is damaged in %lu place%s: %lu of %lu task%s could be read",
			 reader->bad, log_plural(reader->bad), seen, reader->expected,
			 log_plural(reader->expected));
	else if (count->lost > 0)
		snprintf(text, 128, "holds %lu task%s that %s not fit on the board", count->lost,
			 log_plural(count->lost), count->lost == 1 ? "does" : "do");
}

/* Keep a snapshot that could not be used completely, before the next one replaces it. */
static int keep(const struct snapshot_place *place, const char *what)
{
	char name[128];
	int error = snapshot_set_aside(place, name);

	if (error == 0)
		log_error("the snapshot in %s %s; it is kept as %s", place->dir, what, name);
	else if (error == -EEXIST)
		log_error("the snapshot in %s %s, and %d such snapshots are kept there "
			  "already; trackd does not start: inspect %s and the others, and remove "
			  "them",
			  place->dir, what, SNAPSHOT_ASIDE_MAX, name);
	else
		log_error("the snapshot in %s %s, and cannot be kept (%s); trackd does not "
			  "start: move it elsewhere",
			  place->dir, what, strerror(-error));
	return error;
}

static void say_unreadable(const struct snapshot_place *place, int error)
{
	log_error("the snapshot %s%s.snapshot cannot be read (%s); trackd does not start, because "
		  "it would be overwritten: %s, or move it elsewhere to begin without it",
		  place->dir, place->board, strerror(-error),
		  error == -EACCES || error == -EPERM ? "give it to trackd's user (chown)"
						      : "try again");
}

static int read_all(struct board *board, const struct snapshot_place *place,
		    struct snapshot_reader *reader, struct restore_count *ret_count)
{
	const struct restore_source source = { .boot_id = reader->header.boot_id,
					       .pid_ns = reader->header.pid_ns,
					       .wall_offset_ns = reader->header.wall_offset_ns,
					       .number = reader->header.board_number };
	struct restore restore;
	char what[128];
	int error;

	restore_begin(&restore, board, &source, ret_count);
	error = read_items(&restore, reader);
	if (error < 0) {
		say_unreadable(place, error);
		return error;
	}
	judge(reader, ret_count, what);
	return what[0] == '\0' ? 0 : keep(place, what);
}

int restore_snapshot(struct board *board, const struct snapshot_place *place,
		     struct restore_count *ret_count)
{
	struct snapshot_reader *reader;
	int error;

	memset(ret_count, 0, sizeof *ret_count);
	if (place->dir[0] == '\0')
		return -ENOENT;
	reader = malloc(sizeof *reader);
	error = reader ? snapshot_open(reader, place) : -ENOMEM;
	if (error == 0) {
		error = read_all(board, place, reader, ret_count);
		snapshot_close(reader);
	} else if (error == -EBADMSG || error == -EPROTO) {
		error = keep(place, error == -EPROTO
					    ? "is of another version, and nothing was restored"
					    : "is damaged, and nothing was restored");
	} else if (error != -ENOENT) {
		say_unreadable(place, error);
	}
	free(reader);
	return error;
}

/* ---- From a board ------------------------------------------------------- */

/* Copy without taking the record's lock, which may be of another pid namespace. The counter has
 * been sealed. */
static void copy_record(struct restore *restore, const struct board *old, uint32_t slot,
			struct trackd_task *task)
{
	struct trackd_ref ref;

	if (!task_at(old, slot, &ref))
		return;
	if (task_copy(old, ref, task) == 0)
		restore_task(restore, task, 0);
	else
		restore->count->lost++;
}

int restore_board(struct board *board, struct board *old, struct restore_count *ret_count)
{
	const struct layout_header *header = old->header;
	const struct restore_source source = {
		.boot_id = header->boot_id,
		.pid_ns = load_relaxed(&header->pid_ns),
		.wall_offset_ns = load_relaxed(&header->wall_offset_ns),
		.number = header->number,
	};
	struct trackd_task *task = malloc(sizeof *task);
	struct trackd_kind kind = TRACKD_KIND_INIT;
	struct restore restore;
	uint32_t *slots = NULL;
	int64_t n = task ? task_order(old, &slots) : -ENOMEM;

	restore_begin(&restore, board, &source, ret_count);
	for (unsigned i = 0; n >= 0 && i < LAYOUT_KINDS && kind_get(old, (int)i, &kind) == 0; i++)
		restore_kind(&restore, i, &kind);
	for (int64_t i = 0; i < n; i++)
		copy_record(&restore, old, slots[i], task);
	free(slots);
	free(task);
	return n < 0 ? (int)n : 0;
}

/* ---- Logging ------------------------------------------------------------- */

void restore_say(const char *board, const char *from, const struct restore_count *count)
{
	char failed[80] = "", expired[48] = "";

	if (count->failed > 0)
		snprintf(failed, sizeof failed, ", of them %lu failed because %s active",
			 count->failed, count->failed == 1 ? "it was" : "they were");
	if (count->expired > 0)
		snprintf(expired, sizeof expired, "; %lu had expired", count->expired);
	log_info("board %s: %lu task%s from %s%s%s", board, count->tasks, log_plural(count->tasks),
		 from, failed, expired);
	if (count->lost > 0)
		log_warning("board %s: %lu record%s could not be restored", board, count->lost,
			    log_plural(count->lost));
}
