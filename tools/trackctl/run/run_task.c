/* SPDX-License-Identifier: MIT */
/*
 * There are three kinds of errors. A few mean that the request is impossible (BEYOND): it is
 * dropped. TRACKD_E_GONE and TRACKD_E_FINAL mean that the task has changed: it is looked up,
 * created again, or abandoned. All others mean that the board cannot be written now (it is full,
 * busy, being replaced or away): the pending changes are kept and tried again.
 */
#include "tools/trackctl/run/run_task.h"
#include "libclient/record/internal.h"
#include "tools/common/time_format.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BEHIND_STAGE = 1, BEHIND_COUNT = 2, BEHIND_MESSAGE = 4, BEHIND_END = 8 };
enum { FOLLOWS = 4 }; /* replacements of the board followed in one call */

static const uint64_t PAUSE_NS = 100000000, PAUSE_MOST_NS = 10000000000;
static const uint64_t END_NS = 5000000000; /* how long to try to write the end */
static const uint64_t SAME_NS = 10000000;

static bool is_beyond(int error)
{
	return error == TRACKD_E_STAGE || error == TRACKD_E_KIND || error == TRACKD_E_OVERFLOW ||
	       error == TRACKD_E_KEY || error == TRACKD_E_LABEL || error == -EINVAL ||
	       error == -ENAMETOOLONG;
}

/* ---- Creating ---------------------------------------------------------- */

static int find_kind(struct run_task *task)
{
	static const struct trackd_stage_def stages[] = { { "running", 0 } };

	task->kind_number = task->kind
				    ? trackd_kind_find(task->ctl->trackd, task->kind)
				    : trackd_kind_declare(task->ctl->trackd, "command", stages, 1);
	return task->kind_number < 0 ? task->kind_number : 0;
}

static int hold(struct run_task *task, const struct trackd_task *copy)
{
	task->ref = copy->ref;
	task->serial = copy->serial;
	task->created_ns = copy->created_ns;
	task->kind_number = copy->kind;
	trackd_board_id(task->ctl->trackd, task->board_id);
	task->hold = RUN_TASK_HELD;
	task->made = true;
	task->behind |=
		BEHIND_STAGE | BEHIND_MESSAGE | (task->total || task->done ? BEHIND_COUNT : 0);
	return 0;
}

static int create(struct run_task *task)
{
	struct trackd_new new = TRACKD_NEW_INIT;
	struct trackd_task copy = TRACKD_TASK_INIT;
	struct trackd_ref ref;
	int error = find_kind(task);

	if (error < 0)
		return error;
	new.id = task->id;
	new.owner = task->owner;
	new.name = task->name;
	new.message = "Starting";
	new.kind = task->kind_number;
	new.labels = task->labels;
	/* Once our task has existed, a task with its id belongs to another process: do not replace
	 * it. */
	new.flags = TRACKD_KEEPER | (task->replace && !task->made ? TRACKD_REPLACE : 0);
	new.start_within_ms = task->start_within_ms;
	new.progress_within_ms = task->progress_within_ms;
	new.finish_within_ms = task->finish_within_ms;
	/* It is watched as long as it lives, even if it never reports. */
	new.active_ttl_ms = TRACKD_TTL_NEVER;
	error = trackd_create(task->ctl->trackd, &new, &ref);
	if (error >= 0)
		error = ctl_copy(task->ctl, ref, &copy);
	return error < 0 ? error : hold(task, &copy);
}

/* Connect if necessary, and create the task. */
static int acquire(struct run_task *task)
{
	int error = 0;

	if (!task->ctl->trackd)
		error = ctl_connect(task->ctl, TRACKD_OPEN_WRITE, 0);
	return error < 0 ? error : create(task);
}

/* ---- Updating the board ------------------------------------------------ */

static int push_stage(struct run_task *task)
{
	int stage = task->stage[0] == '\0'
			    ? 0
			    : trackd_stage_find(task->ctl->trackd, task->kind_number, task->stage);

	if (stage < 0)
		return stage;
	return trackd_update(task->ctl->trackd, task->ref, stage,
			     task->behind & BEHIND_MESSAGE ? task->message : NULL);
}

static int push_end(struct run_task *task)
{
	struct trackd *trackd = task->ctl->trackd;

	if (task->end == TRACKD_COMPLETED)
		return trackd_complete_with(trackd, task->ref, NULL, task->result);
	if (task->end == TRACKD_CANCELLED)
		return trackd_cancelled(trackd, task->ref, NULL);
	return trackd_fail(trackd, task->ref, task->error);
}

/* Write one pending change. It is done once the board has it or can never accept it. */
static int push_one(struct run_task *task)
{
	struct trackd *trackd = task->ctl->trackd;
	unsigned what;
	int error;

	if (task->behind & BEHIND_STAGE) {
		what = BEHIND_STAGE | (task->behind & BEHIND_MESSAGE);
		error = push_stage(task);
	} else if (task->behind & BEHIND_COUNT) {
		what = BEHIND_COUNT;
		error = trackd_set_progress(trackd, task->ref, task->done, task->total);
	} else if (task->behind & BEHIND_MESSAGE) {
		what = BEHIND_MESSAGE;
		error = trackd_update(trackd, task->ref, TRACKD_STAGE_KEEP, task->message);
	} else {
		what = BEHIND_END;
		error = push_end(task);
	}
	if (error >= 0 || is_beyond(error))
		task->behind &= ~what;
	return error;
}

static int push(struct run_task *task)
{
	int first = 0;

	while (task->behind != 0) {
		int error = push_one(task);

		if (error < 0 && !is_beyond(error))
			return error;
		first = first < 0 ? first : error;
	}
	return first;
}

/* ---- When the task has changed ----------------------------------------- */

static int let_go(struct run_task *task, const char *why)
{
	task->hold = RUN_TASK_LET_GO;
	task->behind = 0;
	if (task->end == TRACKD_ACTIVE)
		ctl_fail(EXIT_CODE_REFUSED, "task %s: %s; its command continues without it",
			 task->id, why);
	else
		ctl_fail(EXIT_CODE_REFUSED,
			 "task %s: %s; the end of its command could not be recorded", task->id,
			 why);
	return 0;
}

/* A replacement of the board keeps a task's worker, serial and time of creation. On a new, empty
 * board the serial alone may be another task's. */
static bool is_ours(const struct run_task *task, const struct trackd_task *found)
{
	bool same = found->serial == task->serial &&
		    strcmp(found->owner, task->owner ? task->owner : "") == 0 &&
		    time_between(found->created_ns, task->created_ns) < SAME_NS &&
		    time_between(task->created_ns, found->created_ns) < SAME_NS;

	return same || found->worker_pid == getpid();
}

/* Whether the connection has moved to another board than that of the reference. */
static bool is_elsewhere(const struct run_task *task)
{
	uint8_t board_id[16];

	trackd_board_id(task->ctl->trackd, board_id);
	return memcmp(board_id, task->board_id, sizeof board_id) != 0;
}

/* Check whether a cancellation was requested. This also lets the connection move on to a new board,
 * so that an old reference is not used for a change there. False: the task must be looked up
 * again. */
static bool look(struct run_task *task)
{
	int asked = trackd_cancel_requested(task->ctl->trackd, task->ref);

	if (trackd_gone(asked) || is_elsewhere(task))
		return false;
	task->asked |= asked == 1;
	return true;
}

/* Look the task up by its id, because a reference is only valid on its own board. Changes made on
 * the old board may not have been carried over, so all are written again. */
static int find_again(struct run_task *task)
{
	struct trackd_task found = TRACKD_TASK_INIT;
	struct trackd_ref ref;

	if (!is_elsewhere(task))
		return let_go(task, "it was removed or replaced");
	int error = trackd_lookup(task->ctl->trackd, task->id, &ref);
	if (error >= 0)
		error = ctl_copy(task->ctl, ref, &found);
	if (error == TRACKD_E_NOT_FOUND) {
		error = create(task);
		if (error >= 0)
			ctl_fail(EXIT_CODE_DONE,
				 "the board was replaced and did not have task %s any more; it was "
				 "created anew",
				 task->id);
		return error == TRACKD_E_EXISTS ? let_go(task, "another task has its id") : error;
	}
	if (error < 0)
		return error;
	return is_ours(task, &found) ? hold(task, &found)
				     : let_go(task, "another task has its id on the new board");
}

/* ---- Trying ------------------------------------------------------------ */

static int try_once(struct run_task *task)
{
	int error = 0;

	if (task->hold == RUN_TASK_NONE)
		error = acquire(task);
	for (int i = 0; error >= 0 && i < FOLLOWS && task->hold == RUN_TASK_HELD; i++) {
		error = look(task) ? push(task) : TRACKD_E_GONE;
		if (!trackd_gone(error) && !is_elsewhere(task))
			break;
		error = find_again(task);
	}
	if (error == TRACKD_E_FINAL)
		return let_go(task, "another process has ended it");
	if (error == TRACKD_E_EXISTS && task->hold == RUN_TASK_NONE)
		return let_go(task, "another task has its id");
	return error;
}

static bool is_behind(const struct run_task *task)
{
	return task->hold == RUN_TASK_NONE || (task->hold == RUN_TASK_HELD && task->behind != 0);
}

/* Try now. Returns an error if the board refuses the change for good; otherwise it is tried
 * later. */
static int bring(struct run_task *task)
{
	int error = is_behind(task) ? try_once(task) : 0;

	if (task->hold == RUN_TASK_NONE && is_beyond(error))
		return let_go(task, trackd_strerror(error));
	if (error >= 0 || is_beyond(error)) {
		task->pause_ns = 0;
		task->reported = false;
		return error;
	}
	task->pause_ns = task->pause_ns == 0 ? PAUSE_NS : 2 * task->pause_ns;
	if (task->pause_ns > PAUSE_MOST_NS)
		task->pause_ns = PAUSE_MOST_NS;
	task->again_ns = time_steady() + task->pause_ns;
	bool passing = error == TRACKD_E_BUSY || error == TRACKD_E_MOVING;
	if (!passing && task->made && !task->reported) {
		task->reported = true;
		ctl_error(error, "task %s cannot be updated now; trying again later", task->id);
	}
	return 0;
}

void run_task_sync(struct run_task *task)
{
	if (task->hold == RUN_TASK_HELD && !look(task))
		task->behind |= BEHIND_STAGE; /* any update checks the stage first */
	if (is_behind(task) && time_steady() >= task->again_ns)
		(void)bring(task);
}

static int bring_if_due(struct run_task *task)
{
	/* After a failure, run_task_sync() makes the next attempt. */
	return time_steady() >= task->again_ns ? bring(task) : 0;
}

static void note_message(struct run_task *task, const char *message)
{
	if (!message)
		return;
	snprintf(task->message, sizeof task->message, "%s", message);
	task->behind |= BEHIND_MESSAGE;
}

int run_task_count(struct run_task *task, uint64_t done, uint64_t total, const char *message)
{
	if (done > TRACKD_WORK_MAX || total > TRACKD_WORK_MAX)
		return TRACKD_E_OVERFLOW;
	task->done = done;
	task->total = total;
	task->behind |= BEHIND_COUNT;
	note_message(task, message);
	return bring_if_due(task);
}

int run_task_enter(struct run_task *task, const char *stage, const char *message)
{
	if (task->hold == RUN_TASK_HELD) {
		int known = trackd_stage_find(task->ctl->trackd, task->kind_number, stage);
		if (known < 0)
			return known;
	}
	if (strlen(stage) > TRACKD_STAGE_NAME_MAX)
		return TRACKD_E_STAGE;
	if (strcmp(stage, task->stage) != 0)
		task->done = task->total = 0;
	snprintf(task->stage, sizeof task->stage, "%s", stage);
	task->behind |= BEHIND_STAGE;
	note_message(task, message);
	return bring_if_due(task);
}

void run_task_end(struct run_task *task, enum trackd_state state, const char *error)
{
	const struct timespec nap = { 0, 20000000 };
	uint64_t begin = time_steady();

	if (task->hold == RUN_TASK_LET_GO || !task->made)
		return;
	task->end = state;
	task->error = error;
	task->behind |= BEHIND_END;
	while (is_behind(task) && time_steady() - begin < END_NS) {
		if (time_steady() >= task->again_ns) {
			(void)bring(task);
			task->pause_ns = 0; /* try at once, without the pause */
		} else {
			(void)nanosleep(&nap, NULL);
		}
	}
	if (is_behind(task))
		ctl_fail(EXIT_CODE_BUSY, "the end of the command of task %s could not be recorded",
			 task->id);
}

/* ---- Start ------------------------------------------------------------- */

static int refuse(const struct run_task *task, int error)
{
	if (error == TRACKD_E_EXISTS)
		return ctl_exists(task->ctl, task->id, task->owner);
	if (error == TRACKD_E_KIND)
		return ctl_fail(EXIT_CODE_USAGE,
				"no kind \"%s\" on this board; trackctl kinds lists them",
				task->kind);
	if (!task->ctl->trackd && error != TRACKD_E_KEY && error != TRACKD_E_LABEL)
		return ctl_cannot_connect(task->ctl, error, TRACKD_OPEN_WRITE, 0);
	return ctl_error(error, "%s", task->id);
}

/* As the board would check them, even without one. */
static int check_words(const struct run_task *task)
{
	char text[LAYOUT_LABELS];

	if (!text_id_valid(task->id) || (task->owner && !text_owner_valid(task->owner)))
		return TRACKD_E_KEY;
	return task->labels ? label_join(task->labels, text) : 0;
}

int run_task_begin(struct run_task *task, struct ctl *ctl, bool required)
{
	task->ctl = ctl;
	task->end = TRACKD_ACTIVE;
	snprintf(task->message, sizeof task->message, "Running");
	int error = check_words(task);
	if (error == 0)
		error = acquire(task);
	if (error >= 0) {
		(void)push(task); /* a failed change is tried again later */
		return 0;
	}
	int code = refuse(task, error);
	if (required || is_beyond(error) || error == TRACKD_E_EXISTS)
		return code;
	ctl_fail(EXIT_CODE_DONE,
		 "%s runs without a task until one can be created (see --require-board)",
		 task->name);
	task->pause_ns = PAUSE_NS;
	task->again_ns = time_steady() + task->pause_ns;
	return 0;
}
