/* SPDX-License-Identifier: MIT */
/*
 * Two producers, processes on two processors, each with tasks of its own: how much slower one gets
 * when the other works too. Processor time, so that only what they share on the board counts.
 * Beside it the same two processes with memory of their own, which tells what the machine itself
 * takes.
 */
#include "libclient/segment/atomic.h"
#include "tests/bench/bench.h"
#include "tests/bench/bench_env.h"
#include "tests/harness/harness.h"
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { TASKS = 4096, ROUNDS = 61, PER_ROUND = 4000 };

/* Shared by the two processes besides the board. */
struct stage {
	uint32_t go; /* the helper works while it is odd */
	uint32_t working;
	uint32_t work;
};

struct producer {
	struct trackd *trackd;
	uint32_t first; /* of its tasks */
	uint64_t random;
	uint64_t own[4096];
};

/* ---- What they do ------------------------------------------------------- */

static uint32_t pick(struct producer *producer)
{
	return producer->first + (uint32_t)bench_random(&producer->random) % TASKS;
}

static void update_number(struct producer *producer, uint32_t number, int stage)
{
	struct trackd_ref ref;
	char id[32];

	bench_env_id(id, number);
	if (trackd_lookup(producer->trackd, id, &ref) == 0)
		trackd_update(producer->trackd, ref, stage, "page 17 of 87");
}

static void by_ref(struct producer *producer, unsigned n)
{
	struct trackd_ref ref;
	char id[32];

	bench_env_id(id, producer->first);
	if (trackd_lookup(producer->trackd, id, &ref) < 0)
		return;
	for (unsigned i = 0; i < n; i++)
		trackd_update(producer->trackd, ref, TRACKD_STAGE_KEEP, "page 17 of 87");
}

static void by_id(struct producer *producer, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		update_number(producer, pick(producer), TRACKD_STAGE_KEEP);
}

static void transition(struct producer *producer, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		update_number(producer, pick(producer), (int)(i % 5));
}

static void create_remove(struct producer *producer, unsigned n)
{
	struct trackd_new new = TRACKD_NEW_INIT;
	struct trackd_ref ref;
	char id[32];

	new.id = id;
	for (unsigned i = 0; i < n; i++) {
		snprintf(id, sizeof id, "new-%u-%llx", producer->first,
			 (unsigned long long)bench_random(&producer->random));
		if (trackd_create(producer->trackd, &new, &ref) == 0)
			trackd_remove(producer->trackd, ref);
	}
}

static void own_memory(struct producer *producer, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (uint64_t j = 0; j < 32; j++)
			add_relaxed(&producer->own[(pick(producer) + j * 8) % 4096], 1);
}

/* Updates share nothing and have an aim; transitions and creates share the rings' cursors. */
static const struct work {
	const char *name;
	void (*body)(struct producer *producer, unsigned n);
	double aim;
} works[] = {
	{ "update by reference", by_ref, 1.1 },
	{ "update by id", by_id, 1.1 },
	{ "change of stage, by id", transition, 0 },
	{ "create + remove", create_remove, 0 },
	{ "no board: atomic adds to own memory", own_memory, 0 },
};

enum { N_WORKS = sizeof works / sizeof works[0] };

/* ---- Alone and together ------------------------------------------------- */

__attribute__((noreturn)) static void helper(const struct bench_env *env, struct stage *stage)
{
	static struct producer producer = { .first = TASKS, .random = 2 };

	bench_pin(1);
	producer.trackd = bench_env_open(env, TRACKD_OPEN_WRITE);
	for (;;) {
		if ((load_acquire(&stage->go) & 1) == 0) {
			store_release(&stage->working, 0);
			usleep(100);
			continue;
		}
		works[load_relaxed(&stage->work) % N_WORKS].body(&producer, 100);
		store_release(&stage->working, 1);
	}
}

static void set_helper(struct stage *stage, bool working)
{
	store_release(&stage->go, working ? 1 : 0);
	while (load_acquire(&stage->working) != (working ? 1 : 0))
		usleep(50);
}

static double timed(struct producer *producer, const struct work *work)
{
	uint64_t before = bench_cpu_ns();

	work->body(producer, PER_ROUND);
	return (double)(bench_cpu_ns() - before) / PER_ROUND;
}

static void measure(struct producer *producer, struct stage *stage, uint32_t number)
{
	const struct work *work = &works[number];
	double alone[ROUNDS], both[ROUNDS], ratio[ROUNDS];

	store_release(&stage->work, number);
	for (int i = 0; i < ROUNDS; i++) {
		set_helper(stage, false);
		alone[i] = timed(producer, work);
		set_helper(stage, true);
		both[i] = timed(producer, work);
		ratio[i] = both[i] / alone[i];
	}
	set_helper(stage, false);
	bench_row(work->name, bench_quantile(both, ROUNDS, 0.5), bench_quantile(alone, ROUNDS, 0.5),
		  bench_quantile(ratio, ROUNDS, 0.5), work->aim);
}

void bench_parallel(void)
{
	static struct producer producer = { .random = 1 };
	struct bench_env env;
	struct stage *stage =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	harness_must(stage == MAP_FAILED ? -ENOMEM : 0, "mmap");
	bench_env_enter(&env, 16384);
	bench_env_fill(&env, 0, 2 * TASKS, &(struct bench_env_task){ .n_owners = 64 });
	pid_t pid = harness_fork();
	if (pid == 0)
		helper(&env, stage);
	producer.trackd = env.trackd;
	bench_title("Two producers on two processors", "ns with", "ns alone");
	for (uint32_t i = 0; i < N_WORKS; i++)
		measure(&producer, stage, i);
	harness_kill(pid, SIGKILL);
	bench_env_leave(&env);
}
