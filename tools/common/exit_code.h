/* SPDX-License-Identifier: MIT */
/* What the exit status of a tool means, in one table: scripts rely on it. */
#ifndef COMMON_EXIT_CODE_H
#define COMMON_EXIT_CODE_H

#include "libclient/trackd.h"

/* X(name, status, meaning) */
#define EXIT_CODES(X)                                                                              \
	X(DONE, 0, "done; the task completed")                                                     \
	X(TASK_FAILED, 1, "the task failed")                                                       \
	X(USAGE, 2, "the command line is wrong")                                                   \
	X(NOT_FOUND, 3, "no such task")                                                            \
	X(REFUSED, 4, "refused: the task exists, is final, or is still active")                    \
	X(CANCELLED, 5, "the task was cancelled")                                                  \
	X(WORKER_LOST, 6, "the task's worker died")                                                \
	X(NO_BOARD, 69, "no board")                                                                \
	X(FAULTS, 70, "the board is damaged")                                                      \
	X(BUSY, 75, "full or busy; try again")                                                     \
	X(PERMISSION, 77, "not permitted")                                                         \
	X(TIMED_OUT, 124, "timed out")                                                             \
	X(INTERRUPTED, 130, "interrupted")

enum exit_code {
#define EXIT_CODE_ENUM(name, status, meaning) EXIT_CODE_##name = (status),
	EXIT_CODES(EXIT_CODE_ENUM)
#undef EXIT_CODE_ENUM
};

/* The status for what a call of the library returned; 0 and more is EXIT_CODE_DONE. */
enum exit_code exit_code_of_error(int error);

/* The status that tells how a task ended; EXIT_CODE_DONE for one that has not. */
enum exit_code exit_code_of_end(enum trackd_state state, enum trackd_reason reason);

#endif
