/* SPDX-License-Identifier: MIT */
/*
 * What a producer's calls take while the daemon has much to do: a worker with a whole board of tasks
 * dies, all of them expire, every stripe is counted anew, the next daemon adopts the board and writes a
 * snapshot of it. BENCH_STALLS is the number of tasks. The producer changes a task of its own, and makes and removes another, all the time; latencies are wall
 * time, so on a machine that does other work they show that work.
 */
#include "libclient/record/repair.h"
#include "libclient/segment/atomic.h"
#include "libclient/signal/event.h"
#include "libclient/signal/repair_due.h"
#include "tests/bench/bench.h"
#include "tests/bench/bench_env.h"
#include "tests/harness/harness.h"
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TASKS = 1 << 20, SAMPLES = 1 << 22, LOOK_EVERY = 64, TTL_MS = 1000 };
static const uint64_t LEAST_NS = 1000000000, MOST_NS = 120000000000;
static const double LIMIT_US = 1000;

struct producer {
	struct bench_env env;
	struct board board;
	uint32_t n_tasks;
	double *us;
	size_t n;
	struct trackd_ref own;
	uint32_t adopted;     /* by the next daemon (atomic) */
	int64_t snapshot_was; /* time of the snapshot before */
	sem_t over;
};

static void note(struct producer *producer, uint64_t since)
{
	if (producer->n < SAMPLES)
		producer->us[producer->n++] = (double)(bench_wall_ns() - since) / 1e3;
}

static void one_call_each(struct producer *producer)
{
	struct trackd_new new = TRACKD_NEW_INIT;
	struct trackd *trackd = producer->env.trackd;
	struct trackd_ref ref;
	uint64_t since = bench_wall_ns();

	HARNESS_MUST(trackd_set_progress(trackd, producer->own, producer->n, 0));
	note(producer, since);
	new.id = "passing";
	new.owner = "owner-1";
	since = bench_wall_ns();
	HARNESS_MUST(trackd_create(trackd, &new, &ref));
	note(producer, since);
	since = bench_wall_ns();
	HARNESS_MUST(trackd_remove(trackd, ref));
	note(producer, since);
}

/* Call until done() and a second has passed. ms until it was done. */
static double produce(struct producer *producer, bool (*done)(const struct producer *))
{
	uint64_t began = bench_wall_ns(), ended = 0;

	producer->n = 0;
	for (unsigned i = 0; ended == 0 || bench_wall_ns() - began < LEAST_NS; i++) {
		one_call_each(producer);
		if (ended == 0 && i % LOOK_EVERY == 0 && done(producer))
			ended = bench_wall_ns();
		if (bench_wall_ns() - began > MOST_NS)
			harness_die("the daemon is not done after %.0f s", (double)MOST_NS / 1e9);
	}
	return (double)(ended - began) / 1e6;
}

static void row(struct producer *producer, const char *what)
{
	char text[96];
	size_t n = producer->n;

	snprintf(text, sizeof text, "%s, p99.99", what);
	bench_row_limit(text, bench_quantile(producer->us, n, 0.9999), LIMIT_US);
	snprintf(text, sizeof text, "%s, longest of %zu", what, n);
	bench_row(text, bench_quantile(producer->us, n, 1), NAN, NAN, 0);
}

/* ---- What the daemon has to do ----------------------------------------------- */

static uint64_t n_lost(const struct producer *producer)
{
	return load_relaxed(&producer->board.header->counters.worker_lost);
}

static bool all_lost(const struct producer *producer)
{
	return n_lost(producer) >= producer->n_tasks;
}

static bool all_expired(const struct producer *producer)
{
	return load_relaxed(&producer->board.header->counters.expired) >= producer->n_tasks;
}

static bool at_once(const struct producer *producer)
{
	(void)producer;
	return true;
}

/* The sweep has taken the call, and corrected what was wrong in the stripe that it comes to last. */
static bool counted_anew(const struct producer *producer)
{
	return load_relaxed(&producer->board.id_stripes[LAYOUT_STRIPES - 1].count) < (1u << 24);
}

static bool adopted(const struct producer *producer)
{
	return load_acquire(&producer->adopted) != 0;
}

static bool written(const struct producer *producer)
{
	return load_relaxed(&producer->board.header->snapshot_wall_ns) != producer->snapshot_was;
}

/* Take n tasks into a stage, say so, and wait to be killed. */
static pid_t start_worker(const struct producer *producer, uint32_t first, uint32_t n)
{
	int ready[2];
	char byte;

	harness_must(pipe(ready) < 0 ? -errno : 0, "pipe");
	pid_t pid = harness_fork();
	if (pid == 0) {
		struct bench_env own = producer->env;
		bench_pin(1);
		own.trackd = bench_env_open(&own, TRACKD_OPEN_WRITE);
		for (uint32_t i = first; i < first + n; i++)
			HARNESS_MUST(trackd_update(own.trackd, bench_env_find(&own, i),
						   TRACKD_EMBEDDING, NULL));
		_exit(write(ready[1], "", 1) == 1 && pause() ? 1 : 0);
	}
	close(ready[1]);
	harness_must(read(ready[0], &byte, 1) == 1 ? 0 : -EIO, "a worker's start");
	close(ready[0]);
	return pid;
}

static void one_dies(struct producer *producer)
{
	pid_t pid = start_worker(producer, 0, producer->n_tasks);
	uint64_t before = n_lost(producer);

	kill(pid, SIGKILL);
	double ms = produce(producer, all_lost);
	harness_reap(pid);
	row(producer, "a worker with all tasks dies");
	bench_note("its %u tasks were failed within %.0f ms, %.0f ms for each 100 000",
		   producer->n_tasks, ms, ms * 1e5 / (double)(n_lost(producer) - before));
}

static void all_expire(struct producer *producer)
{
	double ms;

	bench_env_fill(&producer->env, producer->n_tasks, producer->n_tasks,
		       &(struct bench_env_task){ .n_owners = 1000, .ttl_ms = TTL_MS });
	ms = produce(producer, all_expired);
	row(producer, "as many tasks expire");
	bench_note("they were reclaimed within %.0f ms", ms);
}

static void counts_anew(struct producer *producer)
{
	/* As after a death in a stripe. */
	add_relaxed(&producer->board.id_stripes[LAYOUT_STRIPES - 1].count, 1u << 24);
	repair_due_set(&producer->board);
	double ms = produce(producer, counted_anew);
	row(producer, "all stripes are counted anew");
	bench_note("the sweep took %.0f ms", ms);
}

static void *start_next(void *data)
{
	struct producer *producer = data;

	bench_unpin();
	private_daemon_restart(&producer->env.daemon);
	store_release(&producer->adopted, 1);
	(void)sem_wait(&producer->over); /* the daemon dies with the thread that started it */
	return NULL;
}

static void with_option(struct private_daemon *daemon, const char *name, const char *value)
{
	int n = daemon->n_options;

	snprintf(daemon->options[n], sizeof daemon->options[n], "%s", name);
	snprintf(daemon->options[n + 1], sizeof daemon->options[n + 1], "%s", value);
	daemon->n_options += 2;
}

static void is_adopted_and_saved(struct producer *producer)
{
	struct private_daemon *daemon = &producer->env.daemon;
	pthread_t thread;
	char state[160];
	double ms;

	bench_env_fill(&producer->env, 2 * producer->n_tasks, producer->n_tasks,
		       &(struct bench_env_task){ .n_owners = 1000 });
	snprintf(state, sizeof state, "%s/state", daemon->folder);
	private_daemon_kill(daemon);
	with_option(daemon, "--state-dir", state);
	with_option(daemon, "--snapshot-interval", "2s");
	producer->snapshot_was = load_relaxed(&producer->board.header->snapshot_wall_ns);
	harness_must(sem_init(&producer->over, 0, 0), "a semaphore");
	harness_must(-pthread_create(&thread, NULL, start_next, producer), "a thread");
	ms = produce(producer, adopted);
	row(producer, "the next daemon adopts the board");
	bench_note("it served after %.0f ms", ms);
	ms = produce(producer, written);
	row(producer, "a snapshot is written");
	bench_note("it was there after %.0f ms", ms);
	private_daemon_kill(daemon);
	sem_post(&producer->over);
	pthread_join(thread, NULL);
}

static void enter(struct producer *producer)
{
	const char *text = getenv("BENCH_STALLS");
	uint32_t n = text ? (uint32_t)strtoul(text, NULL, 10) : TASKS;

	producer->n_tasks = n >= 1024 ? n : 1024;
	producer->us = calloc(SAMPLES, sizeof *producer->us);
	if (!producer->us)
		harness_die("out of memory");
	bench_unpin(); /* the daemon has a processor of its own, if there are two */
	bench_env_enter_daemon(&producer->env, 2 * producer->n_tasks + 1024);
	bench_pin(0);
	int fd = harness_must(segment_open(producer->env.daemon.board, true, geteuid()),
			      "the board");
	HARNESS_MUST(segment_map(&producer->board, fd, true));
	bench_env_fill(&producer->env, 0, producer->n_tasks,
		       &(struct bench_env_task){ .n_owners = 1000 });
	producer->own = harness_create(&producer->board, "own", NULL);
}

void bench_stalls(void)
{
	struct producer producer = { .n = 0 };

	enter(&producer);
	bench_title("A producer's calls while the daemon is busy", "us", "");
	bench_note("%u tasks", producer.n_tasks);
	produce(&producer, at_once);
	row(&producer, "nothing else happens");
	counts_anew(&producer);
	one_dies(&producer);
	all_expire(&producer);
	is_adopted_and_saved(&producer);
	segment_unmap(&producer.board);
	bench_env_leave(&producer.env);
	free(producer.us);
}
