/* SPDX-License-Identifier: MIT */
/*
 * The boards that measurements run on: made in this process under a name of their own, or by a real
 * daemon; filled with tasks; opened through the public interface. Removed when the benchmark is done.
 * What cannot be had ends the section with a message, as in all harness code.
 */
#ifndef BENCH_GROUND_H
#define BENCH_GROUND_H

#include "libclient/segment/segment.h"
#include "libclient/trackd.h"
#include "tests/harness/private_daemon.h"

struct bench_env {
	struct private_daemon daemon; /* pid 0: none */
	char folder[128];
	char name[64];
	struct board board; /* without a daemon: our own mapping; it made the segment */
	struct trackd *trackd;
};

struct bench_env_task {
	uint32_t ttl_ms; /* 0: the board's */
	uint32_t n_owners;
};

void bench_env_enter(struct bench_env *ret_env, uint32_t capacity);
void bench_env_enter_daemon(struct bench_env *ret_env, uint32_t capacity);
void bench_env_leave(struct bench_env *env);

/* Another connection, for a process of its own. */
struct trackd *bench_env_open(const struct bench_env *env, unsigned flags);

/* The id of task number n. */
void bench_env_id(char ret_id[32], uint32_t n);
struct trackd_ref bench_env_find(const struct bench_env *env, uint32_t n);
/* See every task that is on the board. */
void bench_env_each(const struct bench_env *env,
		    void (*see)(struct trackd *trackd, struct trackd_ref ref, void *user),
		    void *user);
/* Create tasks number first to first + n - 1; owners "owner-0" to "owner-<n_owners - 1>" in a mixed
 * order. */
void bench_env_fill(const struct bench_env *env, uint32_t first, uint32_t n,
		    const struct bench_env_task *task);

#endif
