/* SPDX-License-Identifier: MIT */
/*
 * One daemon a board: a lock on /dev/shm/BOARD.lock, a file of mode 0600, which the kernel drops
 * when the daemon dies. On the board itself any reader could hold it.
 */
#ifndef TRACKD_BOARDLOCK_H
#define TRACKD_BOARDLOCK_H

#include <sys/types.h>

/* A descriptor that holds the lock; -EAGAIN: another daemon has it, with its pid in *ret_pid if
 * that is known; TRACKD_E_NOT_OURS: the file is a stranger's; -errno. */
int boardlock_take(const char *board, pid_t *ret_pid);

/* Remove the file and let go. */
void boardlock_remove(const char *board, int fd);

#endif
