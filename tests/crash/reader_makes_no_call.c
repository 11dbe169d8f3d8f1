/* SPDX-License-Identifier: MIT */
/*
 * Promise 1: readers make no system call and write nothing. A child reads everything through the
 * public calls, on a read-only mapping, in seccomp's strict mode, in which the kernel kills a
 * process that makes a system call: first without writers, then while its parent writes
 * continually. The clock stands still, so no call makes the check of the board that is due every
 * second.
 */
#include "libclient/record/record.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/clock.h"
#include "tests/crash/engine/fake_clock.h"
#include "tests/harness/harness.h"
#include "tests/harness/tap.h"
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CAPACITY = 64, TASKS = 40, ROUNDS = 2000, LIMIT_MS = 20000 };

static const uint64_t NOW = 1000 * NS_PER_S;

static struct trackd *trackd;
static char ids[TASKS][16];

/* Shared with the child. */
static struct tally {
	uint32_t ready;
	uint64_t rounds, read, wrong;
} * tally;

static void read_one(struct trackd_ref ref)
{
	static struct trackd_task task = TRACKD_TASK_INIT;
	struct trackd_view view = TRACKD_VIEW_INIT;
	int error = trackd_get(trackd, ref, &view);

	tally->wrong += error < 0 || strnlen(trackd_view_message(&view), 1000) == 0 ||
			trackd_view_progress(&view) < 0 || trackd_view_status(&view)[0] == '\0';
	(void)trackd_view_valid(&view);
	tally->wrong += trackd_copy(trackd, ref, &task) < 0 || task.id[0] != 't';
	tally->wrong += trackd_cancel_requested(trackd, ref) != 0;
	tally->read++;
}

static void read_all(void)
{
	static struct trackd_event event = TRACKD_EVENT_INIT;
	struct trackd_cursor cursor;
	struct trackd_iter iter;
	struct trackd_ref ref;
	struct trackd_stats stats = { .size = sizeof stats };

	for (unsigned i = 0; i < TASKS; i++) {
		tally->wrong += trackd_lookup(trackd, ids[i], &ref) < 0;
		read_one(ref);
	}
	trackd_iter_all(trackd, &iter);
	while (trackd_next(trackd, &iter, &ref) > 0)
		read_one(ref);
	tally->wrong += trackd_iter_owner(trackd, "alice", &iter) < 0;
	while (trackd_next(trackd, &iter, &ref) > 0)
		read_one(ref);
	trackd_cursor_at(trackd, 0, &cursor);
	while (trackd_next_event(trackd, &cursor, &event) > 0)
		tally->read++;
	tally->wrong += trackd_stats(trackd, &stats) < 0 || stats.used != TASKS;
	tally->wrong += trackd_kind_find(trackd, "document") != TRACKD_KIND_DOCUMENT;
}

_Noreturn static void read_alone(void)
{
	read_all(); /* the first call checks the board's file */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) < 0)
		_exit(1);
	store_release(&tally->ready, 1);
	for (unsigned i = 0; i < ROUNDS; i++) {
		read_all();
		add_relaxed(&tally->rounds, 1);
	}
	(void)syscall(SYS_exit, 0); /* strict mode allows this one */
	__builtin_unreachable();
}

/* Fork the reader, write (or not) until it has ended. Its wait status. */
static int watch_reader(struct board *board, const struct trackd_ref *refs)
{
	memset(tally, 0, sizeof *tally);
	pid_t pid = harness_fork();
	int status = -1;

	if (pid == 0)
		read_alone();
	while (waitpid(pid, &status, WNOHANG) == 0)
		for (unsigned i = 0; refs && i < TASKS; i++)
			HARNESS_MUST(record_update(board, refs[i], (int)(i % 5), "moves on", 0,
						   harness_deadline(LIMIT_MS)));
	return status;
}

static void verdict(const char *when, int status)
{
	char how[64] = "";

	if (WIFSIGNALED(status))
		snprintf(how, sizeof how, ": killed by signal %d%s", WTERMSIG(status),
			 WTERMSIG(status) == SIGKILL ? ", so it made a system call" : "");
	tap_ok(status == 0 && tally->rounds == ROUNDS && tally->wrong == 0,
	       "%s readers make no system call (%llu reads, %llu wrong)%s", when,
	       (unsigned long long)tally->read, (unsigned long long)tally->wrong, how);
}

static void open_reader(struct board *board, const char *name)
{
	struct trackd_options options = TRACKD_OPTIONS_INIT;
	char folder[128], socket[160];

	harness_folder(folder, sizeof folder);
	snprintf(socket, sizeof socket, "%s/none.sock", folder);
	HARNESS_MUST(segment_link(board, name));
	options.flags = TRACKD_OPEN_READ | TRACKD_OPEN_NO_DAEMON;
	options.board = name;
	options.socket = socket;
	HARNESS_MUST(trackd_open(&trackd, &options));
}

int main(void)
{
	struct trackd_ref refs[TASKS];
	struct board board;
	char name[64];

	if (prctl(PR_GET_SECCOMP) < 0)
		return tap_skip_all("there is no seccomp here");
	tally = harness_shared(sizeof *tally);
	fake_clock_set(NOW);
	harness_board(&board, CAPACITY);
	harness_board_name(name);
	open_reader(&board, name);
	for (unsigned i = 0; i < TASKS; i++) {
		snprintf(ids[i], sizeof ids[i], "task-%u", i);
		refs[i] = harness_create(&board, ids[i], i % 2 ? "alice" : "");
	}
	verdict("alone,", watch_reader(&board, NULL));
	verdict("beside a writer,", watch_reader(&board, refs));
	trackd_close(trackd);
	harness_board_free(&board);
	harness_unlink(name);
	return tap_done();
}
