/* SPDX-License-Identifier: MIT */
/*
 * One producer under load, for the tests of the promises: updates, counts, creates, replaces and
 * removes as fast as it can until its standard input ends, and keeps a ledger of what it did. At
 * the end, and all the time, the board must say what the ledger says: no other process writes these
 * tasks.
 *
 *   load PREFIX      prints one line: ops=N errors=N first=TEXT max_us=N wrong=N shared=N
 *
 * All loads count on the task "shared" as well; the sum of what they print must be what it shows.
 */
#include "libclient/trackd.h"
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TASKS = 16, STAGES = 5, BATCH = 256 };

struct entry {
	struct trackd_ref ref;
	uint64_t done, said; /* in this stage; number of the last message */
	int stage;
};

static struct trackd *board;
static struct trackd_ref shared;
static struct entry ledger[TASKS];
static const char *prefix;
static uint64_t n_ops, n_errors, n_wrong, n_shared, longest_us, began;
static char first[64] = "none";

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Account for one call: what it returned, and how long it took since `began`. */
static int note(const char *what, int result)
{
	uint64_t took = now_us() - began;

	n_ops++;
	if (took > longest_us)
		longest_us = took;
	if (result < 0 && n_errors++ == 0)
		snprintf(first, sizeof first, "%.*s:%d", (int)strcspn(what, "("), what, result);
	return result;
}
#define CALL(call) (began = now_us(), note(#call, (call)))

static uint32_t random_below(uint32_t n)
{
	static uint64_t state;

	if (state == 0)
		state = (uint64_t)getpid() * UINT64_C(0x9e3779b97f4a7c15);
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % n;
}

static int make(const char *id, uint32_t flags, struct trackd_ref *ret_ref)
{
	struct trackd_new task = TRACKD_NEW_INIT;

	task.id = id;
	task.owner = prefix;
	task.flags = flags;
	return CALL(trackd_create(board, &task, ret_ref));
}

static void begin(void)
{
	char id[64];

	for (int i = 0; i < TASKS; i++) {
		snprintf(id, sizeof id, "%.40s-%d", prefix, i);
		if (make(id, 0, &ledger[i].ref) == 0)
			CALL(trackd_update(board, ledger[i].ref, 0, "0"));
	}
}

static void say(struct entry *entry)
{
	char message[32];

	snprintf(message, sizeof message, "%" PRIu64, entry->said + 1);
	if (CALL(trackd_update(board, entry->ref, TRACKD_STAGE_KEEP, message)) == 0)
		entry->said++;
}

static void move(struct entry *entry)
{
	int stage = (entry->stage + 1) % STAGES; /* back to the first: a retry */

	if (CALL(trackd_update(board, entry->ref, stage, NULL)) == 0) {
		entry->stage = stage;
		entry->done = 0;
	}
}

static void count(struct entry *entry)
{
	uint64_t units = random_below(5) + 1;

	if (CALL(trackd_advance(board, entry->ref, units)) == 0)
		entry->done += units;
	if (CALL(trackd_advance(board, shared, 1)) == 0)
		n_shared++;
}

/* A task's whole life, or half of one that the next will replace. */
static void live(bool whole)
{
	struct trackd_ref ref;
	char id[64];

	snprintf(id, sizeof id, "%.40s-%s", prefix, whole ? "short" : "replaced");
	if (make(id, TRACKD_REPLACE, &ref) < 0)
		return;
	CALL(trackd_update(board, ref, 0, "alive"));
	if (!whole)
		return;
	CALL(trackd_complete(board, ref, NULL));
	CALL(trackd_remove(board, ref));
}

static void compare(const struct entry *entry)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	char message[32];

	if (CALL(trackd_copy(board, entry->ref, &task)) < 0)
		return;
	snprintf(message, sizeof message, "%" PRIu64, entry->said);
	if (task.state == TRACKD_ACTIVE && task.stage == entry->stage && task.done == entry->done &&
	    strcmp(task.message, message) == 0)
		return;
	if (n_wrong++ == 0)
		fprintf(stderr,
			"# %s: %s, done %" PRIu64
			", message %s, %s; expected stage %d, done %" PRIu64 ", message %s\n",
			task.id, task.status, task.done, task.message, task.error, entry->stage,
			entry->done, message);
}

static void step(void)
{
	struct entry *entry = &ledger[random_below(TASKS)];
	uint32_t dice = random_below(100);

	if (dice < 60)
		count(entry);
	else if (dice < 80)
		say(entry);
	else if (dice < 85)
		move(entry);
	else if (dice < 95)
		live(dice < 90);
	else
		compare(entry);
}

static bool stop_requested(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&in, 1, 0) != 0;
}

int main(int argc, char **argv)
{
	struct trackd_options options = TRACKD_OPTIONS_INIT;

	options.flags = TRACKD_OPEN_WRITE;
	prefix = argc > 1 ? argv[1] : "load";
	int error = trackd_open(&board, &options);
	if (error == 0)
		error = trackd_lookup(board, "shared", &shared);
	if (error < 0) {
		fprintf(stderr, "load: %s\n", trackd_strerror(error));
		return 1;
	}
	begin();
	puts("ready");
	fflush(stdout);
	while (!stop_requested())
		for (int i = 0; i < BATCH; i++)
			step();
	for (int i = 0; i < TASKS; i++)
		compare(&ledger[i]);
	printf("ops=%" PRIu64 " errors=%" PRIu64 " first=%s max_us=%" PRIu64 " wrong=%" PRIu64
	       " shared=%" PRIu64 "\n",
	       n_ops, n_errors, first, longest_us, n_wrong, n_shared);
	fflush(stdout);
	/* The worker of these tasks stays until the process that started it has checked them. */
	while (getchar() != EOF)
		;
	trackd_close(board);
	return 0;
}
