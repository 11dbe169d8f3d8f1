/* SPDX-License-Identifier: MIT */
/*
 * A worker is killed: the time until readers see that its task has failed. With a real daemon; each
 * worker is a separate process, killed in the middle of a stage.
 */
#include "tests/bench/bench.h"
#include "tests/bench/bench_env.h"
#include "tests/harness/harness.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { DEATHS = 200, LIMIT_NS = 2000000000 };

/* Take a task into a stage, say so, and work on it until killed. */
__attribute__((noreturn)) static void worker(const struct bench_env *env, unsigned n, int ready)
{
	struct trackd_new new = TRACKD_NEW_INIT;
	struct trackd_ref ref;
	char id[32];

	bench_pin(1);
	bench_env_id(id, n);
	new.id = id;
	struct trackd *trackd = bench_env_open(env, TRACKD_OPEN_WRITE);
	if (trackd_create(trackd, &new, &ref) < 0 ||
	    trackd_update(trackd, ref, TRACKD_EMBEDDING, "batch 1") < 0 ||
	    write(ready, &ref, sizeof ref) != sizeof ref)
		_exit(1);
	for (;;) {
		trackd_advance(trackd, ref, 1);
		usleep(100);
	}
}

static void await_failed(const struct bench_env *env, struct trackd_ref ref, uint64_t since)
{
	struct trackd_view view = TRACKD_VIEW_INIT;

	do {
		HARNESS_MUST(trackd_get(env->trackd, ref, &view));
		if (view.state == TRACKD_FAILED && view.reason == TRACKD_REASON_WORKER_LOST)
			return;
		sched_yield();
	} while (bench_wall_ns() - since < LIMIT_NS);
	harness_die("the task of a dead worker is still %s after 2 s",
		    trackd_state_name(view.state));
}

/* ns from the kill to the failed task. */
static double one_death(const struct bench_env *env, unsigned n)
{
	struct trackd_ref ref;
	int ready[2];

	harness_must(pipe(ready) < 0 ? -errno : 0, "pipe");
	pid_t pid = harness_fork();
	if (pid == 0)
		worker(env, n, ready[1]);
	close(ready[1]);
	harness_must(read(ready[0], &ref, sizeof ref) == sizeof ref ? 0 : -EIO, "a worker's start");
	close(ready[0]);
	usleep(2000); /* it is in its stage, and the daemon has nothing left to do */
	uint64_t killed = bench_wall_ns();
	kill(pid, SIGKILL);
	await_failed(env, ref, killed);
	double ns = (double)(bench_wall_ns() - killed);
	harness_reap(pid);
	return ns;
}

static void with_tasks(const char *name, uint32_t capacity, uint32_t n_tasks)
{
	struct bench_env env;
	double ns[DEATHS];
	char what[64];

	bench_env_enter_daemon(&env, capacity);
	bench_env_fill(&env, 0, n_tasks, &(struct bench_env_task){ .n_owners = 64 });
	for (unsigned i = 0; i < DEATHS; i++)
		ns[i] = one_death(&env, n_tasks + i);
	bench_env_leave(&env);
	double p50 = bench_quantile(ns, DEATHS, 0.5) / 1e3;
	snprintf(what, sizeof what, "%s tasks, p50 of %d", name, DEATHS);
	bench_row_limit(what, p50, n_tasks < 10000 ? 1000 : 50000); /* the aim; the promise */
	snprintf(what, sizeof what, "%s tasks, p99 of %d", name, DEATHS);
	bench_row_limit(what, bench_quantile(ns, DEATHS, 0.99) / 1e3, 50000);
}

void bench_death(void)
{
	bench_title("From SIGKILL of a worker to its task failed", "us", "");
	with_tasks("16 Ki slots, 1 Ki", 1 << 14, 1 << 10);
	with_tasks("256 Ki slots, 200 Ki", 1 << 18, 200 << 10);
}
