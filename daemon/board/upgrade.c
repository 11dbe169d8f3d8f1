/* SPDX-License-Identifier: MIT */
/*
 * The same steps as in replacement.c. As no record of layout 2 can be copied as it is, all are copied on
 * the closed board. A lock that is not had within 100 ms does not prevent it: this daemon cannot serve
 * the old board. It then closes the board blind, as a damaged one, and copies the rest without locks: a
 * writer that commits later finds this after its commit, and its call fails.
 */
#include "daemon/board/upgrade.h"
#include "daemon/board/board.h"
#include "daemon/board/layout2_task.h"
#include "daemon/board/restore.h"
#include "daemon/board/task.h"
#include "libclient/record/internal.h"
#include "tools/common/log.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* So many programs that must be restarted are named. */
enum { NAMED_MAX = 8 };

struct upgrade {
	struct layout2_board *old;
	struct board *new;
	const struct config *config;
	bool foreign; /* the old board's pids are not valid here */
	enum layout_closed how;
	struct restore_count count;
	uint64_t closed_ns; /* CLOCK_MONOTONIC when writers began to wait */
};

/* ---- Logging ------------------------------------------------------------- */

static void say_held(const struct upgrade *upgrade, const union layout_mutex *held)
{
	char holder[WORKER_LABEL];

	task_holder_label(holder, held);
	log_warning("board %s: %s has held a lock on it for 100 ms; its tasks are read without "
		    "locks, and the call that %s is in fails",
		    upgrade->config->board, holder, holder);
}

/* Name the programs that use the old board and must be restarted. */
static void say_restart(const struct upgrade *upgrade)
{
	char names[NAMED_MAX * WORKER_LABEL] = "", more[32] = "", label[WORKER_LABEL];
	struct trackd_task client;
	uint32_t n = 0, generation;
	int length = 0;

	if (upgrade->foreign)
		return;
	for (uint32_t i = 0; i < LAYOUT2_CLIENTS; i++) {
		if (!layout2_client_copy(upgrade->old, i, &generation, &client) ||
		    process_dead(client.worker_pid, client.worker_start))
			continue;
		worker_label(label, client.worker_comm, client.worker_pid);
		if (n++ < NAMED_MAX)
			length += snprintf(names + length, sizeof names - (size_t)length, "%s%s",
					   length > 0 ? ", " : "", label);
	}
	if (n > NAMED_MAX)
		snprintf(more, sizeof more, " and %u more", n - NAMED_MAX);
	if (n > 0)
		log_warning("board %s: restart with the new library: %s%s", upgrade->config->board,
			    names, more);
}

static void say_done(const struct upgrade *upgrade)
{
	uint64_t pause_ns = clock_monotonic_ns() - upgrade->closed_ns;

	restore_say(upgrade->config->board, "the old board", &upgrade->count);
	log_info("board %s: moved from layout %d to %d in %lu.%lu ms", upgrade->config->board,
		 LAYOUT2_MAJOR, LAYOUT_MAJOR, (unsigned long)(pause_ns / NS_PER_MS),
		 (unsigned long)(pause_ns % NS_PER_MS / 100000));
	say_restart(upgrade);
}

/* ---- Filling the new board ------------------------------------------------ */

/* From now on the locks of the old board are not waited for. */
static void go_blind(struct upgrade *upgrade)
{
	upgrade->how = LAYOUT_CLOSED_BLIND;
	layout2_board_close(upgrade->old, LAYOUT_CLOSED_BLIND);
	layout2_board_seal_all(upgrade->old);
}

static void close_old(struct upgrade *upgrade, bool blind)
{
	const union layout_mutex *held = NULL;

	upgrade->closed_ns = clock_monotonic_ns();
	if (blind) {
		go_blind(upgrade);
		return;
	}
	layout2_board_close(upgrade->old, LAYOUT_CLOSED);
	if (layout2_board_drain(upgrade->old, &held) == -EBUSY) {
		say_held(upgrade, held);
		go_blind(upgrade);
	}
}

static void bring_task(struct upgrade *upgrade, struct restore *restore, uint32_t slot,
		       struct trackd_task *task)
{
	const union layout_mutex *held = NULL;
	uint64_t worker = 0;
	int error = layout2_task_copy(upgrade->old, slot, upgrade->how, task, &worker, &held);

	if (error == -EBUSY) {
		say_held(upgrade, held);
		go_blind(upgrade);
		error = layout2_task_copy(upgrade->old, slot, upgrade->how, task, &worker, &held);
	}
	if (error == 0)
		restore_task(restore, task, restore->same_pids ? worker : 0);
	else
		upgrade->count.lost += error != TRACKD_E_GONE;
}

/* Every process keeps its entry, so tasks keep their workers, and the daemon finds the dead ones. After
 * the tasks: a worker is in the table before a task names it. Free entries keep their generation, so
 * that nobody becomes the worker of an earlier one's tasks. */
static void bring_clients(const struct upgrade *upgrade)
{
	static_assert((int)LAYOUT2_CLIENTS == (int)LAYOUT_CLIENTS, "the same entries");

	for (uint32_t i = 0; i < LAYOUT_CLIENTS; i++) {
		struct layout_client *to = &upgrade->new->clients[i];
		struct trackd_task client = { 0 };
		uint32_t generation =
			claim_generation(load_acquire(&upgrade->old->clients[i].claim));

		if (layout2_client_copy(upgrade->old, i, &generation, &client)) {
			to->start_time = client.worker_start;
			to->uid = client.worker_uid;
			to->ready = generation;
			memcpy(to->comm, client.worker_comm, sizeof to->comm);
		}
		to->claim = claim_make(generation, (uint32_t)client.worker_pid);
	}
}

static int bring_tasks(struct upgrade *upgrade)
{
	const struct layout2_header *header = upgrade->old->header;
	const struct restore_source source = { .boot_id = header->boot_id,
					       .pid_ns = load_relaxed(&header->pid_ns),
					       .wall_offset_ns =
						       load_relaxed(&header->wall_offset_ns) };
	struct trackd_task *task = malloc(sizeof *task);
	struct trackd_kind kind;
	struct restore restore;
	uint32_t *slots = NULL;
	int64_t n = task ? layout2_task_order(upgrade->old, &slots) : -ENOMEM;

	/* A full board would evict tasks. */
	if (n > (int64_t)upgrade->new->tasks_max)
		n = TRACKD_E_FULL;
	restore_begin(&restore, upgrade->new, &source, &upgrade->count);
	for (unsigned i = 0; n >= 0 && layout2_kind_copy(upgrade->old, i, &kind); i++)
		if (text_word_valid(kind.name))
			restore_kind(&restore, i, &kind);
	for (int64_t i = 0; i < n; i++)
		bring_task(upgrade, &restore, slots[i], task);
	if (n >= 0 && restore.same_pids)
		bring_clients(upgrade);
	free(slots);
	free(task);
	return n < 0 ? (int)n : 0;
}

/* The statistics go on. Both layouts have them in the same order. */
static void bring_counters(const struct upgrade *upgrade)
{
	static_assert(offsetof(struct layout_counters, attach_refused) ==
			      (LAYOUT2_COUNTERS - 1) * sizeof(uint64_t),
		      "the same counters");
	words_load(&upgrade->new->header->counters, upgrade->old->header->counters,
		   LAYOUT2_COUNTERS);
}

/* ---- The steps ----------------------------------------------------------- */

/* A board as configured; one of the old board's size if that one has more tasks. It may have more than
 * its capacity, if a process died while it replaced one. */
static int make(struct upgrade *upgrade, uint32_t n_tasks)
{
	const struct config *config = upgrade->config;
	uint32_t capacity = upgrade->old->tasks_max;

	if (n_tasks <= config->capacity)
		return board_make(upgrade->new, config);
	if (n_tasks > capacity)
		capacity = n_tasks;
	log_warning("board %s keeps its capacity of %u: it holds %u tasks, more than the "
		    "configured %u",
		    config->board, capacity, n_tasks, config->capacity);
	return board_make_sized(upgrade->new, config, capacity);
}

static int fill(struct upgrade *upgrade)
{
	int error = bring_tasks(upgrade);

	/* More were created before the board was closed. */
	if (error == TRACKD_E_FULL) {
		segment_unmap(upgrade->new);
		error = make(upgrade, layout2_task_count(upgrade->old));
		if (error == 0)
			error = bring_tasks(upgrade);
	}
	return error;
}

static int install(struct upgrade *upgrade)
{
	(void)board_declare_kinds(upgrade->new, upgrade->config);
	bring_counters(upgrade);
	board_take_over(upgrade->new, upgrade->config);
	return segment_replace(upgrade->new, upgrade->config->board);
}

int upgrade_board(struct board *ret_board, struct layout2_board *old, const struct config *config,
		  bool foreign)
{
	struct board new = { .fd = -1 };
	struct upgrade upgrade = {
		.old = old, .new = &new, .config = config, .foreign = foreign, .how = LAYOUT_CLOSED
	};
	int error = make(&upgrade, layout2_task_count(old));

	if (error < 0)
		return error;
	close_old(&upgrade, foreign || load_relaxed(&old->header->retired) != LAYOUT_SERVED);
	error = fill(&upgrade);
	if (error == 0)
		error = install(&upgrade);
	if (error < 0) {
		layout2_board_reopen(old);
		segment_unmap(&new);
		return error;
	}
	layout2_board_retire(old, LAYOUT_REPLACED);
	say_done(&upgrade);
	layout2_board_unmap(old);
	*ret_board = new;
	return 0;
}

int upgrade_remove(struct layout2_board *old, const char *name)
{
	char path[128];

	layout2_board_close(old, LAYOUT_CLOSED_BLIND);
	layout2_board_seal_all(old);
	snprintf(path, sizeof path, "/dev/shm%s", name);
	if (unlink(path) < 0 && errno != ENOENT) {
		int error = -errno;
		layout2_board_reopen(old);
		return error;
	}
	layout2_board_retire(old, LAYOUT_REMOVED);
	return 0;
}
