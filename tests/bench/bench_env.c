/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench_env.h"
#include "tests/bench/bench.h"
#include "tests/harness/harness.h"
#include <stdio.h>

struct trackd *bench_env_open(const struct bench_env *env, unsigned flags)
{
	struct trackd_options options = TRACKD_OPTIONS_INIT;
	struct trackd *trackd;
	char socket[160];

	if (env->daemon.pid > 0)
		return private_daemon_open(&env->daemon, flags);
	/* No daemon: the board must belong to the owner of the socket's folder. */
	snprintf(socket, sizeof socket, "%s/none.sock", env->folder);
	options.flags = flags | TRACKD_OPEN_NO_DAEMON;
	options.board = env->name;
	options.socket = socket;
	HARNESS_MUST(trackd_open(&trackd, &options));
	return trackd;
}

void bench_env_enter(struct bench_env *ret_env, uint32_t capacity)
{
	*ret_env = (struct bench_env){ .board.fd = -1 };
	harness_folder(ret_env->folder, sizeof ret_env->folder);
	harness_board_name(ret_env->name);
	harness_board(&ret_env->board, capacity);
	HARNESS_MUST(segment_link(&ret_env->board, ret_env->name));
	ret_env->trackd = bench_env_open(ret_env, TRACKD_OPEN_WRITE);
}

void bench_env_enter_daemon(struct bench_env *ret_env, uint32_t capacity)
{
	char text[16];

	snprintf(text, sizeof text, "%u", capacity);
	*ret_env = (struct bench_env){ .board.fd = -1 };
	private_daemon_start(&ret_env->daemon, (const char *const[]){ "--capacity", text, NULL });
	ret_env->trackd = bench_env_open(ret_env, TRACKD_OPEN_WRITE);
}

void bench_env_leave(struct bench_env *env)
{
	trackd_close(env->trackd);
	if (env->daemon.pid > 0) {
		private_daemon_remove(&env->daemon);
		return;
	}
	harness_board_free(&env->board);
	harness_unlink(env->name);
}

/* ---- Tasks -------------------------------------------------------------- */

void bench_env_id(char ret_id[32], uint32_t n)
{
	/* Spread like real ids, and one to one: an odd factor. */
	snprintf(ret_id, 32, "task-%08x", n * UINT32_C(2654435761));
}

struct trackd_ref bench_env_find(const struct bench_env *env, uint32_t n)
{
	struct trackd_ref ref;
	char id[32];

	bench_env_id(id, n);
	HARNESS_MUST(trackd_lookup(env->trackd, id, &ref));
	return ref;
}

void bench_env_each(const struct bench_env *env,
		    void (*see)(struct trackd *trackd, struct trackd_ref ref, void *user),
		    void *user)
{
	struct trackd_iter iter;
	struct trackd_ref ref;

	trackd_iter_all(env->trackd, &iter);
	while (trackd_next(env->trackd, &iter, &ref) > 0)
		see(env->trackd, ref, user);
}

void bench_env_fill(const struct bench_env *env, uint32_t first, uint32_t n,
		    const struct bench_env_task *task)
{
	char id[32], owner[32];
	struct trackd_new new = TRACKD_NEW_INIT;
	uint64_t random = first + 1;

	new.id = id;
	new.owner = owner;
	new.name = "report.pdf";
	new.ttl_ms = task->ttl_ms;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t pick = bench_random(&random);

		bench_env_id(id, first + i);
		snprintf(owner, sizeof owner, "owner-%u",
			 task->n_owners ? (uint32_t)(pick % task->n_owners) : 0);
		HARNESS_MUST(trackd_create(env->trackd, &new, NULL));
	}
}
