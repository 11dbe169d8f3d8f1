/* SPDX-License-Identifier: MIT */
/*
 * The task of trackctl run: its wanted state and its state on the board. The command's progress is
 * noted here first; run_task_sync() brings the board's task up to date, with as many attempts as
 * needed. So a board that is busy, is being replaced, or comes back without the task does not delay
 * the command, and only run_task.c uses the task's reference.
 */
#ifndef TRACKCTL_RUN_RUN_TASK_H
#define TRACKCTL_RUN_RUN_TASK_H

#include "libclient/trackd.h"
#include "tools/trackctl/session/ctl.h"
#include <stdbool.h>
#include <stdint.h>

struct run_task {
	struct ctl *ctl;
	/* Given at its creation. */
	const char *id, *owner, *name, *kind; /* kind NULL: "command" */
	const char *const *labels;            /* as in struct trackd_new */
	bool replace;
	uint32_t start_within_ms, progress_within_ms, finish_within_ms; /* 0: none */
	/* The wanted state. */
	char stage[TRACKD_STAGE_NAME_MAX + 1]; /* "": the kind's first */
	char message[TRACKD_MESSAGE_MAX +
		     2]; /* one byte more, so that the library marks it as truncated */
	uint64_t done, total;
	enum trackd_state end; /* TRACKD_ACTIVE until the command has ended */
	const char *error;     /* for TRACKD_FAILED */
	const char *result;    /* for TRACKD_COMPLETED; NULL or "": none */
	unsigned behind;       /* changes that the board does not have yet: see run_task.c */
	/* The state on the board. */
	enum { RUN_TASK_NONE, RUN_TASK_HELD, RUN_TASK_LET_GO } hold;
	bool made; /* it has existed on a board */
	struct trackd_ref ref;
	int32_t kind_number;
	uint8_t board_id[16];
	uint64_t serial, created_ns;
	bool asked; /* its cancellation was requested */
	/* After a failure. */
	uint64_t again_ns, pause_ns; /* time of the next attempt, and the pause after that one */
	bool reported;               /* the failure has been logged */
};

/*
 * Connect and create the task, active in its first stage. The caller sets id, owner, name, kind,
 * labels and replace. 0, or an exit status after a message: always for an error in the command line or the id;
 * for trouble with the board only if `required`, otherwise the task is created as soon as possible.
 */
int run_task_begin(struct run_task *task, struct ctl *ctl, bool required);

/* Note the counts of the present stage; message NULL: unchanged. 0, or the error if the board
 * refuses it for good. */
int run_task_count(struct run_task *task, uint64_t done, uint64_t total, const char *message);
/* Note the new stage. */
int run_task_enter(struct run_task *task, const char *stage, const char *message);

/* Call it often: it retries what failed, and checks whether a cancellation was requested. */
void run_task_sync(struct run_task *task);

/* Note the end of the command and write it to the board; keeps trying for some seconds while the
 * board is busy or being replaced. error: for TRACKD_FAILED. */
void run_task_end(struct run_task *task, enum trackd_state state, const char *error);

#endif
