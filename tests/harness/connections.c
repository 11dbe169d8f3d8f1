/* SPDX-License-Identifier: MIT */
/* A shared daemon and each test's connections; see connections.h. */
#include "tests/harness/connections.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct private_daemon shared_daemon;
struct linked_board linked;
struct trackd *writer, *reader;
static int gate[2];

int connections_start(void **state)
{
	(void)state;
	private_daemon_start(&shared_daemon, (const char *const[]){ "--capacity", "64", NULL });
	return 0;
}

int connections_stop(void **state)
{
	(void)state;
	private_daemon_remove(&shared_daemon);
	return 0;
}

int connections_open(void **state)
{
	(void)state;
	if (shared_daemon.pid == 0)
		private_daemon_restart(&shared_daemon);
	writer = private_daemon_open(&shared_daemon, TRACKD_OPEN_WRITE);
	reader = private_daemon_open(&shared_daemon, TRACKD_OPEN_READ);
	HARNESS_MUST(pipe(gate) < 0 ? -errno : 0);
	return 0;
}

/* By a connection of its own: the test may have spoilt the others. */
static void remove_tasks(void)
{
	struct trackd *tidy = private_daemon_open(&shared_daemon, TRACKD_OPEN_WRITE);
	struct trackd_iter iter;
	struct trackd_ref ref;

	trackd_iter_all(tidy, &iter);
	while (trackd_next(tidy, &iter, &ref) == 1)
		HARNESS_MUST(trackd_remove(tidy, ref));
	trackd_close(tidy);
}

int connections_close(void **state)
{
	(void)state;
	remove_tasks();
	close(gate[0]);
	close(gate[1]);
	trackd_close(reader);
	trackd_close(writer);
	return 0;
}

int connections_open_alone(void **state)
{
	const struct connections_needs *needs = *state;

	linked_board_make(&linked, needs->capacity);
	writer = linked_board_open(&linked, TRACKD_OPEN_WRITE, needs->timeout_ms);
	reader = linked_board_open(&linked, TRACKD_OPEN_READ, needs->timeout_ms);
	return 0;
}

int connections_close_alone(void **state)
{
	(void)state;
	trackd_close(reader);
	trackd_close(writer);
	linked_board_remove(&linked);
	return 0;
}

struct trackd_ref connections_create(const char *id)
{
	struct trackd_new task = TRACKD_NEW_INIT;
	struct trackd_ref ref;

	task.id = id;
	HARNESS_MUST(trackd_create(writer, &task, &ref));
	return ref;
}

struct trackd_task connections_task(struct trackd_ref ref)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	HARNESS_MUST(trackd_copy(reader, ref, &task));
	return task;
}

struct trackd_view connections_view(struct trackd_ref ref)
{
	struct trackd_view view = TRACKD_VIEW_INIT;

	HARNESS_MUST(trackd_get(reader, ref, &view));
	return view;
}

void connections_replace_board(void)
{
	char *capacity = shared_daemon.options[1];

	snprintf(capacity, sizeof shared_daemon.options[1], "%s",
		 strcmp(capacity, "64") == 0 ? "128" : "64");
	private_daemon_kill(&shared_daemon);
	private_daemon_restart(&shared_daemon);
}

bool connections_moved(struct trackd *trackd, const uint8_t board[16])
{
	struct trackd_ref ref;
	uint8_t now[16];

	(void)trackd_lookup(trackd, "none", &ref);
	trackd_board_id(trackd, now);
	return memcmp(now, board, sizeof now) != 0;
}

void connections_open_gate(void)
{
	HARNESS_MUST(write(gate[1], "x", 1) == 1 ? 0 : -errno);
}

void connections_pass_gate(void)
{
	char byte;

	if (read(gate[0], &byte, 1) != 1)
		_exit(100);
}
