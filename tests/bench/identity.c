/* SPDX-License-Identifier: MIT */
/*
 * By id, picked at random, on boards of three sizes. A large board is bound by memory, so beside it
 * stands L: one load from a random place of the same mapping, whose address depends on the load
 * before it.
 */
#include "tests/bench/bench.h"
#include "tests/bench/bench_env.h"
#include <stdio.h>

enum { PICKS = 1 << 18, ID = 16, ROUNDS = 61 };

struct subject {
	struct bench_env env;
	char (*picks)[ID]; /* ids in the order in which they are asked for: read ahead by the
			      processor */
	uint32_t at;
	uint32_t n_made; /* tasks that create() has made so far */
	uint64_t random;
	uint64_t zero; /* 0, which the compiler does not know */
};

static const char *pick(struct subject *subject)
{
	return subject->picks[subject->at++ % PICKS];
}

static void view(void *context, unsigned n)
{
	struct subject *subject = context;
	struct trackd *trackd = subject->env.trackd;
	struct trackd_view seen = TRACKD_VIEW_INIT;
	struct trackd_ref ref;
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++) {
		if (trackd_lookup(trackd, pick(subject), &ref) < 0 ||
		    trackd_get(trackd, ref, &seen) < 0)
			continue;
		sum += seen.done + seen.total + seen.state + trackd_view_valid(&seen);
	}
	bench_keep(sum);
}

static void update(void *context, unsigned n)
{
	struct subject *subject = context;
	struct trackd *trackd = subject->env.trackd;
	struct trackd_ref ref;

	for (unsigned i = 0; i < n; i++)
		if (trackd_lookup(trackd, pick(subject), &ref) == 0)
			trackd_update(trackd, ref, TRACKD_STAGE_KEEP, "page 17 of 87");
}

static void create_remove(void *context, unsigned n)
{
	struct subject *subject = context;
	struct trackd *trackd = subject->env.trackd;
	struct trackd_new new = TRACKD_NEW_INIT;
	struct trackd_ref ref;
	char id[32];

	new.id = id;
	new.owner = "owner-0";
	new.name = "report.pdf";
	for (unsigned i = 0; i < n; i++) {
		bench_env_id(id, UINT32_C(0x80000000) + subject->n_made++);
		if (trackd_create(trackd, &new, &ref) == 0)
			trackd_remove(trackd, ref);
	}
}

static void random_load(void *context, unsigned n)
{
	struct subject *subject = context;
	const uint8_t *base = subject->env.board.base;
	uint64_t lines = subject->env.board.size / 64;
	uint64_t x = subject->random;

	for (unsigned i = 0; i < n; i++) {
		uint64_t line = (x >> 32) * lines >> 32; /* lines < 2^32 */
		uint64_t seen = *(const volatile uint64_t *)(const void *)(base + line * 64);
		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407) +
		    (seen & subject->zero);
	}
	subject->random = x;
}

/* -----------------------------------------------------------------------------------------------
 */

enum { VIEW, UPDATE, CREATE, LOAD, N_RUNS };

static struct bench_run runs[N_RUNS] = {
	[VIEW] = { .body = view },
	[UPDATE] = { .body = update },
	[CREATE] = { .body = create_remove },
	[LOAD] = { .body = random_load },
};

static void measure(uint32_t capacity)
{
	static char picks[PICKS][ID];
	struct subject subject = { .picks = picks, .random = 1 };
	uint32_t n_tasks = capacity - capacity / 16; /* some room to create in */
	char id[32];

	bench_env_enter(&subject.env, capacity);
	bench_env_fill(&subject.env, 0, n_tasks, &(struct bench_env_task){ .n_owners = 1024 });
	for (uint32_t i = 0; i < PICKS; i++) {
		bench_env_id(id, (uint32_t)(bench_random(&subject.random) % n_tasks));
		snprintf(picks[i], ID, "%.15s", id);
	}
	/* On a small board each task is used often in a round, as in a real program: what the other
	 * runs have evicted from the cache is soon back. */
	bool small = capacity <= 1 << 14;
	for (size_t i = 0; i < N_RUNS; i++) {
		runs[i].context = &subject;
		runs[i].n = small ? 20000 : 2000;
	}
	runs[CREATE].n /= 10;
	bench_measure(runs, N_RUNS, ROUNDS);
	bench_env_leave(&subject.env);
}

void bench_by_id(uint32_t capacity, double *ret_view_ns, double *ret_update_ns)
{
	measure(capacity);
	*ret_view_ns = runs[VIEW].ns;
	*ret_update_ns = runs[UPDATE].ns;
}

/* The physical limit binds the large board only. */
static void with_capacity(const char *name, uint32_t capacity, bool large)
{
	char title[64];

	measure(capacity);
	snprintf(title, sizeof title, "By id, %s records, ids at random", name);
	bench_title(title, "ns", "L, ns");
	bench_row("view: look up, look, validate", runs[VIEW].ns, runs[LOAD].ns,
		  bench_ratio(&runs[VIEW], &runs[LOAD], ROUNDS), large ? 1 : 0);
	bench_row("update: look up, publish a message", runs[UPDATE].ns, runs[LOAD].ns,
		  bench_ratio(&runs[UPDATE], &runs[LOAD], ROUNDS), large ? 2 : 0);
	bench_row("create + remove", runs[CREATE].ns, runs[LOAD].ns,
		  bench_ratio(&runs[CREATE], &runs[LOAD], ROUNDS), 0);
}

void bench_identity(void)
{
	with_capacity("1 Ki", 1 << 10, false);
	with_capacity("16 Ki", 1 << 14, false);
	with_capacity("1 Mi", 1 << 20, true);
}
