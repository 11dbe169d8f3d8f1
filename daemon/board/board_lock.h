/* SPDX-License-Identifier: MIT */
/*
 * One daemon a board: a lock on /dev/shm/BOARD:lock, a file of mode 0600, which the kernel drops
 * when the daemon dies. On the board itself any reader could hold it. The file also notes which
 * socket the daemon has made, so that `trackd --remove` takes that one away and no other.
 */
#ifndef TRACKD_BOARDLOCK_H
#define TRACKD_BOARDLOCK_H

#include <stdbool.h>
#include <sys/types.h>

struct boardlock {
	int fd;    /* holds the lock; -1: none */
	bool made; /* there was no such file before */
};

/* Take it, and remove what a daemon that was killed while it replaced the board has left. 0;
 * -EAGAIN: another daemon has it, with its pid in *ret_pid if that is known; TRACKD_E_NOT_OURS: the
 * file is a stranger's; -errno. */
int boardlock_take(struct boardlock *ret_lock, const char *board, pid_t *ret_pid);

/* Take it again if somebody has removed its file, so that no other daemon begins beside this one. As
 * boardlock_take(); after a failure what was held is held. */
int boardlock_renew(struct boardlock *lock, const char *board, pid_t *ret_pid);

/* The daemon has made this socket, whose file has that number; "": it has removed it. */
void boardlock_note(const struct boardlock *lock, const char *socket, dev_t device, ino_t inode);

/* Let go. The file stays, for the next daemon. */
void boardlock_drop(struct boardlock *lock);

/* Let go after a start that failed: the file is removed if it was not there before. */
void boardlock_give_up(struct boardlock *lock, const char *board);

/* Let go, and remove the file and the socket that was noted last, if that is still there. */
void boardlock_remove(struct boardlock *lock, const char *board);

#endif
