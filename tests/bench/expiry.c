/* SPDX-License-Identifier: MIT */
/*
 * 100 000 tasks expire among a million that stay: the cost for the daemon, and the memory that it
 * touches. The kernel's referenced bits show this: they are cleared before and counted after.
 */
#include "libclient/segment/atomic.h"
#include "tests/bench/bench.h"
#include "tests/bench/bench_env.h"
#include "tests/harness/harness.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	CAPACITY = 1 << 20,
	EXPIRING = 100000,
	LIVING = 900000,
	TTL_MS = 6000, /* longer than filling them in takes */
	LIMIT_MS = 60000,
};

static double cpu_seconds(pid_t pid)
{
	struct timespec ts = { 0 };
	clockid_t id;

	if (clock_getcpuclockid(pid, &id) != 0 || clock_gettime(id, &ts) != 0)
		return NAN;
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int clear_referenced(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/clear_refs", (int)pid);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int error = write(fd, "1", 1) == 1 ? 0 : -errno;
	close(fd);
	return error;
}

/* MiB of the board that the process has referenced since; NAN if the kernel does not report it. */
static double referenced_mib(pid_t pid)
{
	char path[64], line[512];
	bool ours = false;
	unsigned long sum = 0;

	snprintf(path, sizeof path, "/proc/%d/smaps", (int)pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return NAN;
	while (fgets(line, sizeof line, file)) {
		char *rest;
		unsigned long from = strtoul(line, &rest, 16);

		if (*rest == '-') /* a mapping begins; the board's is by far the largest */
			ours = strtoul(rest + 1, NULL, 16) - from >= segment_size(CAPACITY);
		else if (ours && strncmp(line, "Referenced:", 11) == 0)
			sum += strtoul(line + 11, NULL, 10);
	}
	fclose(file);
	return (double)sum / 1024;
}

/* Seen where it is counted: trackd_stats() would scan the heads at each look. */
static void await_expired(const struct bench_env *env)
{
	struct board board;
	int fd = harness_must(segment_open(env->daemon.board, false, geteuid()), "the board");

	HARNESS_MUST(segment_map(&board, fd, false));
	HARNESS_WAIT(load_relaxed(&board.header->counters.expired) >= EXPIRING, LIMIT_MS);
	segment_unmap(&board);
}

static void report(double seconds, double mib)
{
	const double heads = (double)CAPACITY * sizeof(struct layout_head) / 1048576;
	const double bodies = (double)CAPACITY *
			      (sizeof(struct layout_body) + sizeof(struct layout_detail)) / 1048576;
	const double share = (double)EXPIRING / CAPACITY;
	/* Heads may be scanned; of bodies and details only those that expired. */
	const double allowed = heads + bodies * share + 64;

	bench_title("100 000 tasks expire among 900 000 that do not", "", "");
	bench_row("the daemon's processor time, ms", seconds * 1e3, NAN, NAN, 0);
	bench_row("the same per expired task, us", seconds * 1e6 / EXPIRING, NAN, NAN, 0);
	if (isnan(mib))
		bench_note("this kernel does not tell which pages were touched");
	else
		bench_row_limit("memory it touched, MiB", mib, allowed);
	bench_note("all heads are %.0f MiB, all bodies and details %.0f MiB", heads, bodies);
}

void bench_expiry(void)
{
	struct bench_env env;
	uint64_t began = bench_wall_ns();

	bench_env_enter_daemon(&env, CAPACITY);
	bench_env_fill(&env, 0, LIVING, &(struct bench_env_task){ .n_owners = 1000 });
	bench_env_fill(&env, LIVING, EXPIRING,
		       &(struct bench_env_task){ .n_owners = 1000, .ttl_ms = TTL_MS });
	/* Let the daemon take in what was created, in the first half of their life. */
	const struct timespec rest = { TTL_MS / 2000, 0 };
	nanosleep(&rest, NULL);
	double before = cpu_seconds(env.daemon.pid);
	bool known = clear_referenced(env.daemon.pid) == 0;
	await_expired(&env);
	double after = cpu_seconds(env.daemon.pid);
	double mib = known ? referenced_mib(env.daemon.pid) : NAN;
	bench_env_leave(&env);
	report(after - before, mib);
	bench_note("with filling in a million tasks %.1f s",
		   (double)(bench_wall_ns() - began) / 1e9);
}
