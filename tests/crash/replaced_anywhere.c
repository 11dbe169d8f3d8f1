/* SPDX-License-Identifier: MIT */
/* tests/run: timeout=300 */
/*
 * A board is replaced while a producer is stopped before each instruction of each public writing
 * call. When the producer continues, an acknowledged change is on the current board exactly once,
 * and a refused one is not. With locks the replacement may be refused, and the old board stays in
 * service; a damaged board is replaced regardless of held locks.
 *
 *	replaced_anywhere [STRIDE]    pause at every STRIDE-th instruction (8); `make soak` at each
 */
#include "daemon/board/carry.h"
#include "libclient/record/kind.h"
#include "libclient/record/repair.h"
#include "libclient/record/view.h"
#include "libclient/segment/atomic.h"
#include "tests/crash/engine/fake_clock.h"
#include "tests/crash/engine/tracer.h"
#include "tests/harness/harness.h"
#include "tests/harness/inspection.h"
#include "tests/harness/tap.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY = 16, LARGER = 32, UNITS = 17, NOT_RUN = -ECHILD };

static const uint64_t BEGIN_NS = 1000 * NS_PER_S;

static char name[64], socket_path[160];
static struct board old, fresh;
static struct trackd *writer;
static struct trackd_ref target;
static enum layout_closed how;
static bool replaced;
static unsigned trial;
static size_t stride;
static uint64_t n_before; /* events before the call */
static int *result;       /* of the call; shared with the child */

/* ---- The calls -------------------------------------------------------------- */

static int update(void)
{
	return trackd_update(writer, target, TRACKD_STAGE_KEEP, "mine");
}

static int move(void)
{
	return trackd_update(writer, target, TRACKD_CHUNKING, "mine");
}

static int advance(void)
{
	return trackd_advance(writer, target, UNITS);
}

static int set_progress(void)
{
	return trackd_set_progress(writer, target, UNITS, 100);
}

static int complete(void)
{
	return trackd_complete(writer, target, "mine");
}

static int cancel(void)
{
	return trackd_cancel(writer, target);
}

static int remove_it(void)
{
	return trackd_remove(writer, target);
}

static int create_as(const char *id, uint32_t flags)
{
	struct trackd_new task = TRACKD_NEW_INIT;

	task.id = id;
	task.owner = "alice";
	task.message = "mine";
	task.flags = flags;
	return trackd_create(writer, &task, NULL);
}

static int create(void)
{
	return create_as("new", 0);
}

static int replace(void)
{
	return create_as("target", TRACKD_REPLACE);
}

static int declare(void)
{
	static const struct trackd_stage_def stages[] = { { "reading", 0 }, { "writing", 80 } };

	return trackd_kind_declare(writer, "two", stages, 2);
}

/* ---- Whether a change is on a board ---------------------------------------------- */

static bool find(const struct board *board, const char *id, struct trackd_task *task)
{
	struct trackd_ref ref;

	return view_lookup(board, id, fake_clock(), &ref) == 0 &&
	       view_copy(board, ref, fake_clock(), task) == 0;
}

static bool says_mine(const struct board *board)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	return find(board, "target", &task) && strcmp(task.message, "mine") == 0;
}

static bool has_moved(const struct board *board)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	return find(board, "target", &task) && task.stage == TRACKD_CHUNKING;
}

static bool has_counted(const struct board *board)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	return find(board, "target", &task) && task.done == UNITS;
}

static bool has_ended(const struct board *board)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	return find(board, "target", &task) && task.state == TRACKD_COMPLETED;
}

static bool is_asked(const struct board *board)
{
	return view_cancel_requested(board, ref_in(board, target)) == 1;
}

static bool has_gone(const struct board *board)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	return !find(board, "target", &task);
}

static bool is_new(const struct board *board)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	return find(board, "new", &task);
}

static bool is_replaced(const struct board *board)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	return find(board, "target", &task) && task.state == TRACKD_PENDING;
}

static bool is_declared(const struct board *board)
{
	return kind_find(board, "two") >= 0;
}

static const struct call {
	const char *name;
	int (*make)(void);
	bool (*made)(const struct board *board);
	enum trackd_event_type event; /* event of the call; 0: none */
} calls[] = {
	{ "update", update, says_mine, 0 },
	{ "another stage", move, has_moved, TRACKD_EVENT_STAGE },
	{ "advance", advance, has_counted, 0 },
	{ "set progress", set_progress, has_counted, 0 },
	{ "complete", complete, has_ended, TRACKD_EVENT_FINAL },
	{ "cancel", cancel, is_asked, TRACKD_EVENT_CANCEL },
	{ "remove", remove_it, has_gone, TRACKD_EVENT_REMOVED },
	{ "create", create, is_new, TRACKD_EVENT_CREATED },
	{ "replace", replace, is_replaced, TRACKD_EVENT_CREATED },
	{ "declare", declare, is_declared, 0 },
};

/* How many events of this type a reader finds since the call began. */
static unsigned count_events(const struct board *board, enum trackd_event_type type)
{
	uint64_t next = load_relaxed(&board->header->event_next);
	unsigned n = 0;

	for (uint64_t i = n_before; i < next; i++)
		n += board->events[i % LAYOUT_EVENTS].type == type;
	return n;
}

/* ---- One trial ------------------------------------------------------------------ */

static void prepare(void)
{
	struct trackd_options options = TRACKD_OPTIONS_INIT;

	fake_clock_set(BEGIN_NS);
	harness_board(&old, CAPACITY);
	/* The same chains in every run, so that each run takes the same path. */
	old.hash_seed = old.header->hash_seed = 42;
	HARNESS_MUST(segment_link(&old, name));
	options.flags = TRACKD_OPEN_WRITE | TRACKD_OPEN_NO_WORKER | TRACKD_OPEN_NO_DAEMON;
	options.board = name;
	options.socket = socket_path;
	HARNESS_MUST(trackd_open(&writer, &options));
	harness_create(&old, "before", "alice");
	target = ref_out(&old, harness_create(&old, "target", "alice"));
	harness_create(&old, "after", "alice");
	HARNESS_MUST(trackd_update(writer, target, TRACKD_EXTRACTING, "first"));
	fake_clock_set(BEGIN_NS + NS_PER_S);
	replaced = false;
	n_before = load_relaxed(&old.header->event_next);
	*result = NOT_RUN;
}

static void finish(void)
{
	trackd_close(writer);
	harness_unlink(name);
	segment_unmap(&old);
	if (replaced)
		segment_unmap(&fresh);
}

static void make_call(void *call)
{
	*result = ((const struct call *)call)->make();
}

/* The steps of the daemon (daemon/board/replacement.c). */
static void replace_board(void *unused)
{
	struct carry carry;

	(void)unused;
	harness_board(&fresh, LARGER);
	HARNESS_MUST(carry_begin(&carry, &fresh, &old));
	carry.wait_ns = 0;
	segment_close(&old, how);
	if (carry_end(&carry, how) < 0) {
		segment_close(&old, LAYOUT_OPEN);
		carry_unseal(&old, 0);
		segment_unmap(&fresh);
		return;
	}
	HARNESS_MUST(segment_replace(&fresh, name));
	/* The daemon may be stopped at any point from here on, too. */
	if (trial % 3 > 0)
		segment_retire(&old, LAYOUT_REPLACED);
	if (trial % 3 > 1)
		segment_hollow(&old);
	replaced = true;
}

/* Describe the fault; NULL: none. */
static const char *judge(const struct call *call)
{
	static char text[400];
	struct board *board = replaced ? &fresh : &old;

	if (*result < 0) {
		snprintf(text, sizeof text, "it returned %d (%s)", *result,
			 trackd_strerror(*result));
		return text;
	}
	if (!call->made(board)) {
		snprintf(text, sizeof text, "what was acknowledged is not on the %s board",
			 replaced ? "new" : "old");
		return text;
	}
	/* Without locks a writer may append its event after the ring was copied. */
	unsigned n = call->event ? count_events(board, call->event) : 1;
	if (how == LAYOUT_CLOSED && n != 1) {
		snprintf(text, sizeof text, "its event is there %u times", n);
		return text;
	}
	for (uint32_t slot = 0; slot < board->capacity; slot++) {
		uint64_t stamp = board->heads[slot].stamp;
		if (stamp_state(stamp) == SLOT_LIVE &&
		    (board->bodies[slot].work & WORK_SEAL) != 0 &&
		    hint_state(board->heads[slot].hint) < TRACKD_COMPLETED)
			return "an open record is sealed";
	}
	/* An interrupted replacement of a task leaves two records with one id; repair removes the
	 * older. */
	if (how == LAYOUT_CLOSED_BLIND)
		HARNESS_MUST(repair_all(board, fake_clock()));
	return inspection_faults(board, text, sizeof text) > 0 ? text : NULL;
}

static void run(const struct call *call, size_t first)
{
	unsigned bad = 0, missed = 0, moved = 0, n = 0;
	struct tracer_path path;

	prepare();
	tracer_step(make_call, (void *)call, NULL, NULL, &path);
	finish();
	for (size_t i = first; i < path.n; i += stride, n++) {
		const char *fault = NULL;

		prepare();
		trial++;
		if (tracer_pause_at(make_call, (void *)call, &path.points[i], replace_board, NULL))
			fault = judge(call);
		else
			missed++;
		moved += replaced;
		if (fault && bad++ == 0)
			tap_note("%s, instruction %zu of %zu, %s: %s", call->name, i, path.n,
				 replaced ? "replaced" : "refused", fault);
		finish();
	}
	tap_ok(bad == 0 && missed == 0 && moved > 0 && (how == LAYOUT_CLOSED || moved == n),
	       "%s, %s: %u pauses in %zu instructions, replaced in %u, %u bad (%u missed)",
	       call->name, how == LAYOUT_CLOSED ? "under locks" : "damaged", n, path.n, moved, bad,
	       missed);
	fflush(stdout);
	tracer_path_free(&path);
}

int main(int argc, char **argv)
{
	char folder[128];

	if (tracer_impossible())
		return tap_skip_all(tracer_impossible());
	stride = argc > 1 ? strtoul(argv[1], NULL, 10) : 8;

	result = harness_shared(sizeof *result);
	harness_folder(folder, sizeof folder);
	snprintf(socket_path, sizeof socket_path, "%s/s", folder);
	harness_board_name(name);
	for (int blind = 0; blind < 2; blind++) {
		how = blind ? LAYOUT_CLOSED_BLIND : LAYOUT_CLOSED;
		for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
			run(&calls[i], i % stride);
	}
	return tap_done();
}
