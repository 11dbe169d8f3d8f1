/* SPDX-License-Identifier: MIT */
#include "tests/bench/ground.h"
#include "tests/bench/bench.h"
#include "tests/harness/harness.h"
#include <stdio.h>

struct trackd *ground_open(const struct ground *ground, unsigned flags)
{
	struct trackd_options options = TRACKD_OPTIONS_INIT;
	struct trackd *trackd;
	char socket[160];

	if (ground->daemon.pid > 0)
		return private_daemon_open(&ground->daemon, flags);
	/* No daemon: whoever owns the socket's folder is who the board must belong to. */
	snprintf(socket, sizeof socket, "%s/none.sock", ground->folder);
	options.flags = flags | TRACKD_OPEN_NO_DAEMON;
	options.board = ground->name;
	options.socket = socket;
	HARNESS_MUST(trackd_open(&trackd, &options));
	return trackd;
}

void ground_enter(struct ground *ret_ground, uint32_t capacity)
{
	*ret_ground = (struct ground){ .board.fd = -1 };
	harness_folder(ret_ground->folder, sizeof ret_ground->folder);
	harness_board_name(ret_ground->name);
	harness_board(&ret_ground->board, capacity);
	HARNESS_MUST(segment_link(&ret_ground->board, ret_ground->name));
	ret_ground->trackd = ground_open(ret_ground, TRACKD_OPEN_WRITE);
}

void ground_enter_daemon(struct ground *ret_ground, uint32_t capacity)
{
	char text[16];

	snprintf(text, sizeof text, "%u", capacity);
	*ret_ground = (struct ground){ .board.fd = -1 };
	private_daemon_start(&ret_ground->daemon,
			     (const char *const[]){ "--capacity", text, NULL });
	ret_ground->trackd = ground_open(ret_ground, TRACKD_OPEN_WRITE);
}

void ground_leave(struct ground *ground)
{
	trackd_close(ground->trackd);
	if (ground->daemon.pid > 0) {
		private_daemon_remove(&ground->daemon);
		return;
	}
	harness_board_free(&ground->board);
	harness_unlink(ground->name);
}

/* ---- Tasks -------------------------------------------------------------- */

void ground_id(char ret_id[32], uint32_t n)
{
	/* Spread like real ids, and one to one: an odd factor. */
	snprintf(ret_id, 32, "task-%08x", n * UINT32_C(2654435761));
}

struct trackd_ref ground_find(const struct ground *ground, uint32_t n)
{
	struct trackd_ref ref;
	char id[32];

	ground_id(id, n);
	HARNESS_MUST(trackd_lookup(ground->trackd, id, &ref));
	return ref;
}

void ground_fill(const struct ground *ground, uint32_t first, uint32_t n,
		 const struct ground_task *task)
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

		ground_id(id, first + i);
		snprintf(owner, sizeof owner, "owner-%u",
			 task->n_owners ? (uint32_t)(pick % task->n_owners) : 0);
		HARNESS_MUST(trackd_create(ground->trackd, &new, NULL));
	}
}
