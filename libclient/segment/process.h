/* SPDX-License-Identifier: MIT */
/*
 * Processes and threads as the kernel and /proc show them. What cannot be examined is alive: a
 * /proc that hides other users' processes, or that numbers processes as another pid namespace does,
 * proves no death.
 */
#ifndef TRACKD_SEGMENT_PROCESS_H
#define TRACKD_SEGMENT_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Start time of a process, in clock ticks after the boot of the host whatever time namespace we are
 * in. 0, -ESRCH (provably gone or a zombie), or another -errno if it cannot be looked at. */
int process_start_time(pid_t pid, uint64_t *ret_ticks);

/* Whether two start times may be of one process: a time namespace may be offset by a part of a tick,
 * so the same moment may come out a tick apart. */
bool process_same_start(uint64_t a, uint64_t b);

/* Dead means ESRCH, a zombie, or a start time that was read and differs. */
bool process_dead(pid_t pid, uint64_t start_time);

/* Whether this thread executes nothing any more: no such thread, or a zombie, even if other threads
 * of its process go on. The kernel has done what it does for robust mutexes by then. */
bool thread_dead(pid_t tid);

/* Who a process is: its user ((uint32_t)-1: not known) and command, cut, with zeros behind. */
void process_describe(pid_t pid, uint32_t *ret_uid, char ret_comm[16]);

#endif
