/* SPDX-License-Identifier: MIT */
/*
 * Waking: how long after a change of stage the one who waits for it runs, with one waiter and with
 * a thousand; and what waiters cost the producer, which must be nothing. With a real daemon.
 */
#include "libclient/segment/atomic.h"
#include "tests/bench/bench.h"
#include "tests/bench/bench_env.h"
#include "tests/harness/harness.h"
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	MANY = 1000,
	STACK = 64 << 10,
	ROUNDS_ONE = 1000,
	ROUNDS_MANY = 40,
	BLOCKS = 5,
	BLOCK_ROUNDS = 21
};

/* Shared with the process of the waiters. */
struct stage {
	uint64_t published_ns; /* when the present change was begun */
	uint32_t waiting;      /* waiters that are about to sleep */
	uint32_t woken;        /* waiters that this change has woken */
	double ns[MANY];
};

struct waiters {
	const struct bench_env *env;
	struct trackd *trackd;
	struct stage *stage;
	struct trackd_ref ref;
};

static struct waiters waiters;

static void *waiter(void *context)
{
	double *ns = context;
	struct trackd_view view = TRACKD_VIEW_INIT;

	while (trackd_get(waiters.trackd, waiters.ref, &view) == 0) {
		add_relaxed(&waiters.stage->waiting, 1);
		while (trackd_wait(waiters.trackd, waiters.ref, TRACKD_WAIT_TRANSITION, &view,
				   1000) < 0)
			;
		*ns = (double)(bench_wall_ns() - load_relaxed(&waiters.stage->published_ns));
		__atomic_fetch_add(&waiters.stage->woken, 1,
				   __ATOMIC_RELEASE); /* pairs with change() */
	}
	return NULL;
}

/* A process of n threads that wait for a task. */
static pid_t start_waiters(const struct bench_env *env, struct stage *stage, struct trackd_ref ref,
			   unsigned n)
{
	pthread_attr_t attributes;
	pthread_t thread;

	store_relaxed(&stage->waiting, 0);
	pid_t pid = harness_fork();
	if (pid != 0)
		return pid;
	bench_pin(1);
	waiters = (struct waiters){ env, bench_env_open(env, TRACKD_OPEN_READ), stage, ref };
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	for (unsigned i = 0; i < n; i++)
		if (pthread_create(&thread, &attributes, waiter, &stage->ns[i]) != 0)
			_exit(1);
	for (;;)
		pause();
}

/* Until all are in their calls and asleep there. */
static void await_waiting(const struct stage *stage, unsigned n)
{
	HARNESS_WAIT(load_relaxed(&stage->waiting) >= n, 20000);
	usleep(3000);
}

/* Publish one change and wait until it has woken them all. */
static void change(const struct bench_env *env, struct stage *stage, struct trackd_ref ref,
		   int stage_now, unsigned n)
{
	await_waiting(stage, n);
	store_relaxed(&stage->waiting, 0);
	store_relaxed(&stage->woken, 0);
	store_release(&stage->published_ns, bench_wall_ns());
	HARNESS_MUST(trackd_update(env->trackd, ref, stage_now, NULL));
	HARNESS_WAIT(load_acquire(&stage->woken) >= n, 20000);
}

static void latency(const struct bench_env *env, struct stage *stage, struct trackd_ref ref,
		    unsigned n, unsigned rounds)
{
	double *all = calloc((size_t)n * rounds, sizeof *all), *last = calloc(rounds, sizeof *last);
	pid_t pid = start_waiters(env, stage, ref, n);
	size_t n_all = 0;

	if (!all || !last)
		harness_die("no memory");
	for (unsigned round = 0; round < rounds; round++) {
		change(env, stage, ref, (int)(round % 5), n);
		for (unsigned i = 0; i < n; i++) {
			double ns = stage->ns[i];
			all[n_all++] = ns;
			last[round] = ns > last[round] ? ns : last[round];
		}
	}
	harness_kill(pid, SIGKILL);
	bench_row(n == 1 ? "one waiter, p50" : "1000 waiters on one task, any, p50",
		  bench_quantile(all, n_all, 0.5) / 1e3, NAN, NAN, 0);
	bench_row(n == 1 ? "one waiter, p99" : "1000 waiters on one task, any, p99",
		  bench_quantile(all, n_all, 0.99) / 1e3, NAN, NAN, 0);
	if (n > 1)
		bench_row("1000 waiters on one task, the last, p50",
			  bench_quantile(last, rounds, 0.5) / 1e3, NAN, NAN, 0);
	free(all);
	free(last);
}

/* ---- What waiters cost the producer ------------------------------------- */

struct producer {
	struct trackd *trackd;
	struct trackd_ref ref;
};

static void update(void *context, unsigned n)
{
	const struct producer *producer = context;

	for (unsigned i = 0; i < n; i++)
		trackd_update(producer->trackd, producer->ref, TRACKD_STAGE_KEEP, "page 17 of 87");
}

static void transition(void *context, unsigned n)
{
	const struct producer *producer = context;

	for (unsigned i = 0; i < n; i++)
		trackd_update(producer->trackd, producer->ref, (int)(i % 5), "page 17 of 87");
}

enum { UPDATE, TRANSITION, N_RUNS };

/* The median of a block of rounds for each of the two. */
static void block(struct producer *producer, double *ret_ns)
{
	static struct bench_run runs[N_RUNS] = {
		[UPDATE] = { .body = update, .n = 5000 },
		[TRANSITION] = { .body = transition, .n = 5000 },
	};

	for (size_t i = 0; i < N_RUNS; i++)
		runs[i].context = producer;
	bench_measure(runs, N_RUNS, BLOCK_ROUNDS);
	for (size_t i = 0; i < N_RUNS; i++)
		ret_ns[i] = runs[i].ns;
}

static void cost(const struct bench_env *env, struct stage *stage, struct trackd_ref mine,
		 struct trackd_ref watched)
{
	struct producer producer = { env->trackd, mine };
	double with[N_RUNS][BLOCKS], without[N_RUNS][BLOCKS], ratio[N_RUNS][BLOCKS], ns[N_RUNS];

	for (int i = 0; i < BLOCKS; i++) {
		block(&producer, ns);
		for (int run = 0; run < N_RUNS; run++)
			without[run][i] = ns[run];
		pid_t pid = start_waiters(env, stage, watched, MANY);
		await_waiting(stage, MANY);
		block(&producer, ns);
		harness_kill(pid, SIGKILL);
		for (int run = 0; run < N_RUNS; run++) {
			with[run][i] = ns[run];
			ratio[run][i] = ns[run] / without[run][i];
		}
	}
	bench_title("What 1000 waiters cost the producer", "ns with", "ns without");
	bench_row("update", bench_quantile(with[UPDATE], BLOCKS, 0.5),
		  bench_quantile(without[UPDATE], BLOCKS, 0.5),
		  bench_quantile(ratio[UPDATE], BLOCKS, 0.5), 1.1);
	bench_row("change of stage", bench_quantile(with[TRANSITION], BLOCKS, 0.5),
		  bench_quantile(without[TRANSITION], BLOCKS, 0.5),
		  bench_quantile(ratio[TRANSITION], BLOCKS, 0.5), 1.2);
}

void bench_wake(void)
{
	struct bench_env env;
	struct trackd_ref refs[2];
	struct stage *stage = mmap(NULL, sizeof *stage, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	harness_must(stage == MAP_FAILED ? -ENOMEM : 0, "mmap");
	bench_env_enter_daemon(&env, 16384);
	bench_env_fill(&env, 0, 2, &(struct bench_env_task){ 0 });
	for (uint32_t i = 0; i < 2; i++) {
		refs[i] = bench_env_find(&env, i);
		HARNESS_MUST(trackd_update(env.trackd, refs[i], TRACKD_SUMMARIZING, "begin"));
	}
	bench_title("From a change of stage to the waiter running", "us", "");
	latency(&env, stage, refs[0], 1, ROUNDS_ONE);
	latency(&env, stage, refs[0], MANY, ROUNDS_MANY);
	cost(&env, stage, refs[1], refs[0]);
	bench_env_leave(&env);
}
