/* SPDX-License-Identifier: MIT */
/* libclient/client/follow.c and produce.c rely on the order of the steps. */
#include "daemon/board/replacement.h"
#include "daemon/board/board.h"
#include "daemon/board/carry.h"
#include "daemon/board/restore.h"
#include "daemon/board/task.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include "tools/common/log.h"
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static const uint64_t UNSEAL_WAIT_NS = 10 * NS_PER_MS;

static enum layout_closed closed_for(enum replacement_how how)
{
	return how == SUCCESSION_CARRY ? LAYOUT_CLOSED : LAYOUT_CLOSED_BLIND;
}

/* ---- Logging ------------------------------------------------------------- */

static void say_carried(const struct config *config, const struct carry *carry, uint64_t pause_ns)
{
	log_info("board %s: %lu task%s carried over to a new one; writers waited for %lu.%lu ms",
		 config->board, carry->tasks, log_plural(carry->tasks),
		 (unsigned long)(pause_ns / NS_PER_MS),
		 (unsigned long)(pause_ns % NS_PER_MS / 100000));
	if (carry->moved > 0)
		log_info("board %s: new references for %lu task%s", config->board, carry->moved,
			 log_plural(carry->moved));
	if (carry->lost > 0)
		log_warning("board %s: %lu record%s could not be carried over", config->board,
			    carry->lost, log_plural(carry->lost));
}

/* ---- Filling the new board ----------------------------------------------- */

static int fill_by_carrying(struct board *new, struct board *old, const struct config *config,
			    enum layout_closed how, struct carry *carry,
			    char ret_holder[WORKER_LABEL])
{
	int error = carry_begin(carry, new, old);

	if (error < 0)
		return error;
	segment_close(old, how);
	error = carry_end(carry, how);
	if (error == -EBUSY)
		task_holder_label(ret_holder, carry->held);
	else if (error == 0)
		(void)board_declare_kinds(new, config);
	return error;
}

static int fill_by_importing(struct board *new, struct board *old, const struct config *config,
			     struct restore_count *count)
{
	(void)board_declare_kinds(new, config);
	segment_close(old, LAYOUT_CLOSED_BLIND);
	carry_seal(old);
	return restore_board(new, old, count);
}

/* ---- The steps ----------------------------------------------------------- */

void replacement_reopen(struct board *board)
{
	segment_close(board, LAYOUT_OPEN);
	carry_unseal(board, UNSEAL_WAIT_NS);
	event_wake_all(board);
}

/* Retire the board and wake the clients that wait for its successor. */
static void give_up(struct board *board, enum layout_retired how)
{
	segment_retire(board, how);
	event_wake_all(board);
}

int replacement_install(struct board *ret_new, struct board *old, const struct config *config,
			enum replacement_how how, char ret_holder[WORKER_LABEL])
{
	struct restore_count count = { 0 };
	struct carry carry = { 0 };
	struct board new;
	int error = board_make(&new, config);

	if (error < 0)
		return error;
	error = how == SUCCESSION_IMPORT
			? fill_by_importing(&new, old, config, &count)
			: fill_by_carrying(&new, old, config, closed_for(how), &carry, ret_holder);
	if (error == 0) {
		board_take_over(&new, config);
		error = segment_replace(&new, config->board);
	}
	if (error < 0) {
		replacement_reopen(old);
		segment_unmap(&new);
		return error;
	}
	give_up(old, LAYOUT_REPLACED);
	if (how == SUCCESSION_IMPORT)
		restore_say(config->board, "the old board", &count);
	else
		say_carried(config, &carry, clock_monotonic_ns() - carry.closed_ns);
	*ret_new = new;
	return 0;
}

void replacement_leave(struct board *old)
{
	segment_hollow(old);
	segment_unmap(old);
}

int replacement_replace(struct board *board, const struct config *config, enum replacement_how how,
			char ret_holder[WORKER_LABEL])
{
	struct board new;
	int error = replacement_install(&new, board, config, how, ret_holder);

	if (error < 0)
		return error;
	replacement_leave(board);
	*board = new;
	return 0;
}

int replacement_remove(struct board *board, const char *name)
{
	char path[128];

	segment_close(board, LAYOUT_CLOSED_BLIND);
	carry_seal(board);
	snprintf(path, sizeof path, "/dev/shm%s", name);
	if (unlink(path) < 0 && errno != ENOENT) {
		int error = -errno;
		replacement_reopen(board);
		return error;
	}
	give_up(board, LAYOUT_REMOVED);
	segment_hollow(board);
	return 0;
}
