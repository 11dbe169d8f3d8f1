/* SPDX-License-Identifier: MIT */
/*
 * How long writers wait while their board is replaced. It is unlinked, and its daemon puts another
 * in its place while a producer changes some of the tasks all the time: its longest call is the pause,
 * from the moment at which the old board is closed until the producer has followed to the new one. The
 * daemon's figure ends when the new board has its name. BENCH_REPLACE is the number of tasks of the
 * large board.
 */
#include "tests/bench/bench.h"
#include "tests/bench/bench_env.h"
#include "tests/harness/harness.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SMALL = 1 << 14, LARGE = 1000000, CHANGED = 10000, TIMES = 5 };
static const uint64_t MOST_NS = 120000000000;
static const double SMALL_LIMIT_MS = 50, LARGE_LIMIT_MS = 500;

/* How long writers waited at the n-th replacement, as the daemon reports it, in ms; NAN: not
 * yet. */
static double read_log(const struct private_daemon *daemon, int n)
{
	static const char words[] = "writers waited for ";
	char line[512];
	double ms = NAN;
	FILE *log = fopen(daemon->log, "re");

	while (log && fgets(line, sizeof line, log)) {
		const char *at = strstr(line, words);
		if (at && n-- == 0)
			ms = strtod(at + sizeof words - 1, NULL);
	}
	if (log)
		fclose(log);
	return ms;
}

static double said_by(const struct private_daemon *daemon, int n)
{
	uint64_t began = bench_wall_ns();
	double ms;

	while (isnan(ms = read_log(daemon, n)) && bench_wall_ns() - began < MOST_NS)
		usleep(1000);
	return ms;
}

/* Remove the board's name, and change the tasks in turn until the producer is on another board. Its longest call, in ms. */
static double longest_call(const struct bench_env *env, const struct trackd_ref *refs)
{
	uint64_t longest = 0;
	uint8_t old[16], board[16];
	char path[96];

	/* The daemon answers when it has nothing else to do. */
	trackd_close(bench_env_open(env, 0));
	uint64_t began = bench_wall_ns(), before = began;
	trackd_board_id(env->trackd, old);
	snprintf(path, sizeof path, "/dev/shm%s", env->daemon.board);
	harness_must(unlink(path) < 0 ? -errno : 0, path);
	for (unsigned i = 0;; i++) {
		HARNESS_MUST(
			trackd_update(env->trackd, refs[i % CHANGED], TRACKD_STAGE_KEEP, "again"));
		uint64_t now = bench_wall_ns();
		longest = now - before > longest ? now - before : longest;
		before = now;
		trackd_board_id(env->trackd, board);
		if (memcmp(old, board, sizeof old) != 0)
			return (double)longest / 1e6;
		if (now - began > MOST_NS)
			harness_die("the board is not replaced after %.0f s",
				    (double)MOST_NS / 1e9);
	}
}

static void with_tasks(uint32_t n, double limit_ms)
{
	double seen[TIMES], said[TIMES];
	struct trackd_ref *refs = calloc(CHANGED, sizeof *refs);
	struct bench_env env;
	char text[96];

	if (!refs)
		harness_die("out of memory");
	bench_unpin(); /* the daemon has a processor of its own, if there are two */
	bench_env_enter_daemon(&env, n);
	bench_pin(0);
	bench_env_fill(&env, 0, n, &(struct bench_env_task){ .n_owners = 1000 });
	for (uint32_t i = 0; i < CHANGED; i++)
		refs[i] = bench_env_find(&env, (uint32_t)((uint64_t)i * n / CHANGED));
	for (int i = 0; i < TIMES; i++) {
		seen[i] = longest_call(&env, refs);
		said[i] = said_by(&env.daemon, i);
	}
	bench_env_leave(&env);
	free(refs);
	snprintf(text, sizeof text, "%u tasks, median of %d", n, TIMES);
	bench_row_limit(text, bench_quantile(seen, TIMES, 0.5), limit_ms);
	snprintf(text, sizeof text, "%u tasks, longest", n);
	bench_row(text, bench_quantile(seen, TIMES, 1), NAN, NAN, 0);
	snprintf(text, sizeof text, "%u tasks, as the daemon says, median", n);
	bench_row(text, bench_quantile(said, TIMES, 0.5), NAN, NAN, 0);
}

void bench_replace(void)
{
	const char *text = getenv("BENCH_REPLACE");
	uint32_t n = text ? (uint32_t)strtoul(text, NULL, 10) : LARGE;

	bench_title("The longest call of a producer whose board is replaced", "ms", "");
	bench_note("%d tasks change all the time, none has ended", CHANGED);
	with_tasks(SMALL, SMALL_LIMIT_MS);
	with_tasks(n > CHANGED ? n : CHANGED, LARGE_LIMIT_MS);
}
