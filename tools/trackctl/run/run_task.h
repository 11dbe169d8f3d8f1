/* SPDX-License-Identifier: MIT */
/*
 * The task of trackctl run, as it should be and as it is on the board. The command's progress is
 * noted here first; run_task_sync() brings the board's task to it, as often as it takes. So a board
 * that is busy, is being replaced, or comes back without the task costs the command nothing, and the
 * task's reference is used in one file only.
 */
#ifndef TRACKCTL_RUN_RUN_TASK_H
#define TRACKCTL_RUN_RUN_TASK_H

#include "libclient/trackd.h"
#include "tools/trackctl/session/ctl.h"
#include <stdbool.h>
#include <stdint.h>

struct run_task {
	struct ctl *ctl;
	/* What it is created with. */
	const char *id, *owner, *name, *kind; /* kind NULL: "command" */
	bool replace;
	/* How it should be. */
	char stage[TRACKD_STAGE_NAME_MAX + 1]; /* "": the kind's first */
	char message[TRACKD_MESSAGE_MAX + 2];  /* one more, so that the library marks it as cut */
	uint64_t done, total;
	enum trackd_state end; /* TRACKD_ACTIVE until the command has ended */
	const char *error;     /* of TRACKD_FAILED */
	unsigned behind;       /* what the board does not have yet: see run_task.c */
	/* How it is on the board. */
	enum { RUN_TASK_NONE, RUN_TASK_HELD, RUN_TASK_LET_GO } hold;
	bool made; /* it has been on a board */
	struct trackd_ref ref;
	int32_t kind_number;
	uint8_t board_id[16];
	uint64_t serial, created_ns;
	bool asked; /* its cancellation was requested */
	/* When it did not go. */
	uint64_t again_ns, pause_ns; /* the next try, and how long after this one */
	bool told;                   /* that the board is not to be had */
};

/*
 * Connect and create the task, active in its first stage. id, owner, name, kind and replace are the
 * caller's. 0, or an exit status after a message: of what is wrong with the command line or the id
 * always; of what is wrong with the board only if `required`, otherwise the task is created as soon
 * as that is possible.
 */
int run_task_begin(struct run_task *task, struct ctl *ctl, bool required);

/* Note the counts of the present stage; message NULL: as it is. 0, or why the board refuses it. */
int run_task_count(struct run_task *task, uint64_t done, uint64_t total, const char *message);
/* Note another stage. */
int run_task_enter(struct run_task *task, const char *stage, const char *message);

/* To be called often: tries again what did not go, and looks whether somebody has asked for the task
 * to be cancelled. */
void run_task_sync(struct run_task *task);

/* The command has ended so. Tells the board; tries for some seconds while it is busy or being
 * replaced. error: for TRACKD_FAILED. */
void run_task_end(struct run_task *task, enum trackd_state state, const char *error);

#endif
