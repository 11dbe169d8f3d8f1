/* SPDX-License-Identifier: MIT */
/*
 * A child process that uses the test's board, to be stopped or killed (harness.h):
 *
 *  pid_t pid = client_holding_record(&board, ref); harness_stop(pid); stopped while it holds the
 *  record harness_kill(pid, SIGKILL); now its holder is dead
 */
#ifndef TESTS_CLIENT_H
#define TESTS_CLIENT_H

#include "libclient/segment/segment.h"
#include "libclient/trackd.h"
#include <stdint.h>
#include <sys/types.h>

/* Does nothing until it is killed. */
pid_t client_start(void);
_Noreturn void client_stay(void);
/* Its first thread ends, and another one runs other(). */
pid_t client_without_first_thread(void *(*other)(void *unused));
/* The pid of a process that has ended. */
pid_t client_ended(void);

/* It calls take() before this returns, and keeps the lock until it is killed. harness_die() if
 * take() fails. */
pid_t client_holding(int (*take)(void *data), void *data);
pid_t client_holding_lock(union layout_mutex *mutex);
pid_t client_holding_record(struct board *board, struct trackd_ref ref);

/* Claim its entry in the client table. */
uint64_t client_claim(struct board *board, pid_t pid);
uint64_t client_start_time(pid_t pid);
/* Whether it is in a system call. */
bool client_sleeps(pid_t pid);

#endif
