/* SPDX-License-Identifier: MIT */
/*
 * One daemon per board: a lock on /dev/shm/BOARD:lock, a file of mode 0600. The kernel releases it
 * when the daemon dies. The board itself is not locked, because any reader could hold that lock.
 * The file also names the socket that the daemon created, so that `trackd --remove` removes only
 * that one.
 */
#ifndef TRACKD_DAEMON_BOARD_BOARD_LOCK_H
#define TRACKD_DAEMON_BOARD_BOARD_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

struct board_lock {
	int fd;    /* holds the lock; -1: none */
	bool made; /* the file did not exist before */
};

/* Take the lock, and remove the files that a daemon killed during a replacement left. 0; -EAGAIN:
 * another daemon holds it (its pid in *ret_pid if known); TRACKD_E_NOT_OURS: the file belongs to
 * another user; -errno. */
int board_lock_take(struct board_lock *ret_lock, const char *board, pid_t *ret_pid);

/* Take the lock again after its file was removed, so that no second daemon can start. Returns as
 * board_lock_take(). After a failure the old lock is still held. */
int board_lock_renew(struct board_lock *lock, const char *board, pid_t *ret_pid);

/* Record the socket that the daemon created and its inode; "": the daemon has removed it. */
void board_lock_note(const struct board_lock *lock, const char *socket, dev_t device, ino_t inode);

/* Release the lock. The file stays for the next daemon. */
void board_lock_drop(struct board_lock *lock);

/* Release the lock after a failed start, and remove the file if it did not exist before. */
void board_lock_give_up(struct board_lock *lock, const char *board);

/* Release the lock, and remove the file and the socket recorded last, if it still exists. */
void board_lock_remove(struct board_lock *lock, const char *board);

#endif
