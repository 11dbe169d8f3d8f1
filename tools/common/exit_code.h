/* SPDX-License-Identifier: MIT */
/* The exit statuses of the programs, in one table: scripts rely on them. The manuals list them. */
#ifndef COMMON_EXIT_CODE_H
#define COMMON_EXIT_CODE_H

#include "libclient/trackd.h"

enum exit_code {
	EXIT_CODE_DONE = 0,        /* done; the task completed */
	EXIT_CODE_TASK_FAILED = 1, /* the task failed */
	EXIT_CODE_USAGE = 2,       /* the command line or the configuration is wrong */
	EXIT_CODE_NOT_FOUND = 3,   /* no such task */
	EXIT_CODE_REFUSED = 4,     /* refused: the task exists, is final, or is still active */
	EXIT_CODE_CANCELLED = 5,   /* the task was cancelled */
	EXIT_CODE_WORKER_LOST = 6, /* the task's worker died */
	/* from here on as sysexits.h has them */
	EXIT_CODE_NO_BOARD = 69,   /* no board; trackd: it or its socket cannot be made */
	EXIT_CODE_FAULTS = 70,     /* the board is damaged; trackd: a bug of its own */
	EXIT_CODE_RESOURCES = 71,  /* the system lacks memory or descriptors */
	EXIT_CODE_STORAGE = 74,    /* what is stored cannot be read or written */
	EXIT_CODE_BUSY = 75,       /* full or busy; try again */
	EXIT_CODE_PERMISSION = 77, /* not permitted */
	/* and these as timeout(1) and the shell */
	EXIT_CODE_TIMED_OUT = 124,
	EXIT_CODE_INTERRUPTED = 130,
};

/* The status for a result of the library; EXIT_CODE_DONE for 0 and more. */
enum exit_code exit_code_of_error(int error);

/* The status for a task's end; EXIT_CODE_DONE for a task that has not ended. */
enum exit_code exit_code_of_end(enum trackd_state state, enum trackd_reason reason);

/* The status for an error of the system: missing permission, missing memory or descriptors, and
 * `otherwise` for every other error. */
enum exit_code exit_code_of_system(int error, enum exit_code otherwise);

#endif
