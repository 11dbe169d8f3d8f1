/* SPDX-License-Identifier: MIT */
/*
 * One daemon a board: a lock on /dev/shm/BOARD:lock, a file of mode 0600, which the kernel drops
 * when the daemon dies. On the board itself any reader could hold it. The file also notes which
 * socket the daemon has made, so that `trackd --remove` takes that one away and no other.
 */
#ifndef TRACKD_DAEMON_BOARD_BOARD_LOCK_H
#define TRACKD_DAEMON_BOARD_BOARD_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

struct board_lock {
	int fd;    /* holds the lock; -1: none */
	bool made; /* there was no such file before */
};

/* Take it, and remove what a daemon that was killed while it replaced the board has left. 0;
 * -EAGAIN: another daemon has it, with its pid in *ret_pid if that is known; TRACKD_E_NOT_OURS: the
 * file is a stranger's; -errno. */
int board_lock_take(struct board_lock *ret_lock, const char *board, pid_t *ret_pid);

/* Take it again if its file has been removed, so that no other daemon begins beside this one. As
 * board_lock_take(); after a failure what was held is held. */
int board_lock_renew(struct board_lock *lock, const char *board, pid_t *ret_pid);

/* The daemon has made this socket, whose file has that number; "": it has removed it. */
void board_lock_note(const struct board_lock *lock, const char *socket, dev_t device, ino_t inode);

/* Let go. The file stays, for the next daemon. */
void board_lock_drop(struct board_lock *lock);

/* Let go after a start that failed: the file is removed if it was not there before. */
void board_lock_give_up(struct board_lock *lock, const char *board);

/* Let go, and remove the file and the socket that was noted last, if that is still there. */
void board_lock_remove(struct board_lock *lock, const char *board);

#endif
