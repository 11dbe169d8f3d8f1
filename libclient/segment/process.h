/* SPDX-License-Identifier: MIT */
/*
 * The state of processes and threads, from the kernel and /proc. A process that cannot be examined
 * counts as alive: a /proc that hides other users' processes, or uses the pids of another pid
 * namespace, does not prove a death.
 */
#ifndef TRACKD_SEGMENT_PROCESS_H
#define TRACKD_SEGMENT_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Start time of a process, in clock ticks after the boot of the host, in every time namespace. 0;
 * -ESRCH (provably gone or a zombie); or another -errno if it cannot be examined. */
int process_start_time(pid_t pid, uint64_t *ret_ticks);

/* Whether two start times may belong to the same process. A time namespace may be offset by part of
 * a tick, so they may differ by one tick. */
bool process_same_start(uint64_t a, uint64_t b);

/* Dead means ESRCH, a zombie, or a start time that was read and differs. */
bool process_dead(pid_t pid, uint64_t start_time);

/* How a zombie ended, as of waitpid(): 1; 0: it is not told, or it exited with status 0, or the
 * process is no zombie or another one; or -errno. /proc tells it those who may trace the process. */
int process_exit_status(pid_t pid, uint64_t start_time, int *ret_status);

/* Whether this thread has ended: it does not exist or is a zombie, even if other threads of its
 * process still run. The kernel releases a thread's robust mutexes before it becomes a zombie. */
bool thread_dead(pid_t tid);

/* The user ((uint32_t)-1: not known) and command of a process. The command is truncated and padded
 * with zeros. */
void process_describe(pid_t pid, uint32_t *ret_uid, char ret_comm[16]);

#endif
