/* SPDX-License-Identifier: MIT */
/*
 * Walking over tasks: the cost per task found, on full boards, on a nearly empty large one, and
 * among the tasks of one owner.
 */
#include "tests/bench/bench.h"
#include "tests/bench/bench_env.h"
#include <math.h>
#include <stdio.h>

enum { ROUNDS = 31, OWNERS = 1000 };

struct subject {
	struct bench_env env;
	uint64_t random;
	uint64_t found; /* in all rounds */
	uint64_t begun; /* walks */
};

static void count(struct subject *subject, struct trackd_iter *iter)
{
	struct trackd_ref ref;

	subject->begun++;
	while (trackd_next(subject->env.trackd, iter, &ref) > 0)
		subject->found++;
}

static void walk_all(void *context, unsigned n)
{
	struct subject *subject = context;
	struct trackd_iter iter;

	for (unsigned i = 0; i < n; i++) {
		trackd_iter_all(subject->env.trackd, &iter);
		count(subject, &iter);
	}
}

static void walk_owner(void *context, unsigned n)
{
	struct subject *subject = context;
	struct trackd_iter iter;
	char owner[32];

	for (unsigned i = 0; i < n; i++) {
		snprintf(owner, sizeof owner, "owner-%u",
			 (unsigned)(bench_random(&subject->random) % OWNERS));
		if (trackd_iter_owner(subject->env.trackd, owner, &iter) == 0)
			count(subject, &iter);
	}
}

/* Median ns of a task found. */
static double measure(struct subject *subject, void (*body)(void *, unsigned), unsigned n)
{
	struct bench_run run = { .body = body, .context = subject, .n = n };

	subject->found = subject->begun = 0;
	bench_measure(&run, 1, ROUNDS);
	return subject->found ? run.ns * (double)subject->begun / (double)subject->found : NAN;
}

struct figures {
	double all, owner;
};

static void on_board(uint32_t capacity, uint32_t n_tasks, unsigned walks, struct figures *ret)
{
	struct subject subject = { .random = 1 };

	bench_env_enter(&subject.env, capacity);
	bench_env_fill(&subject.env, 0, n_tasks, &(struct bench_env_task){ .n_owners = OWNERS });
	ret->all = measure(&subject, walk_all, walks);
	ret->owner = measure(&subject, walk_owner, walks * 20);
	bench_env_leave(&subject.env);
}

void bench_walk(void)
{
	struct figures small, medium, large, sparse;

	on_board(1024, 1000, 50, &small);
	on_board(1 << 14, 1 << 14, 10, &medium);
	on_board(1 << 20, 1 << 20, 1, &large);
	on_board(1 << 20, 1000, 50, &sparse);
	bench_title("Iterating, per task that is found", "ns", "ns beside");
	bench_row("all, 1 000 tasks on 1 Ki slots", small.all, NAN, NAN, 0);
	bench_row("all, 16 Ki tasks on 16 Ki slots", medium.all, NAN, NAN, 0);
	bench_row("all, 1 Mi tasks on 1 Mi slots", large.all, NAN, NAN, 0);
	bench_row("all, 1 000 tasks on 1 Mi slots / on 1 Ki", sparse.all, small.all,
		  sparse.all / small.all, 3);
	bench_row("one owner's, 16 of 16 Ki", medium.owner, NAN, NAN, 0);
	bench_row("one owner's, 1 000 of 1 Mi", large.owner, NAN, NAN, 0);
	bench_note("a scan of every slot would cost %.0f ns a task on the sparse board",
		   large.all * (1 << 20) / 1000);
}
