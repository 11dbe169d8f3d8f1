/* SPDX-License-Identifier: MIT */
/*
 * The boards that measurements run on: made in this process under a name of their own, or by a real
 * daemon; filled with tasks; opened through the public interface. Gone when the ground is left.
 * What cannot be had ends the section with a message, as in all harness code.
 */
#ifndef BENCH_GROUND_H
#define BENCH_GROUND_H

#include "libclient/segment/segment.h"
#include "libclient/trackd.h"
#include "tests/harness/private_daemon.h"

struct ground {
	struct private_daemon daemon; /* pid 0: none */
	char folder[128];
	char name[64];
	struct board board; /* without a daemon: our own mapping; it made the segment */
	struct trackd *trackd;
};

struct ground_task {
	uint32_t ttl_ms; /* 0: the board's */
	uint32_t n_owners;
};

void ground_enter(struct ground *ret_ground, uint32_t capacity);
void ground_enter_daemon(struct ground *ret_ground, uint32_t capacity);
void ground_leave(struct ground *ground);

/* Another connection, for a process of its own. */
struct trackd *ground_open(const struct ground *ground, unsigned flags);

/* The id of task number n. */
void ground_id(char ret_id[32], uint32_t n);
struct trackd_ref ground_find(const struct ground *ground, uint32_t n);
/* Create tasks number first to first + n - 1; owners "owner-0" to "owner-<n_owners - 1>" in a mixed
 * order. */
void ground_fill(const struct ground *ground, uint32_t first, uint32_t n,
		 const struct ground_task *task);

#endif
