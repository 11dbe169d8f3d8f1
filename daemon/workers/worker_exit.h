/* SPDX-License-Identifier: MIT */
/* How a process ended that is not our child: what the kernel says through its pidfd or /proc. */
#ifndef TRACKD_DAEMON_WORKERS_WORKER_EXIT_H
#define TRACKD_DAEMON_WORKERS_WORKER_EXIT_H

#include "libclient/record/internal.h"

/*
 * Look after the pidfd of a worker has become readable. ret_status: as of waitpid(). False: not
 * known, or not yet.
 *
 * Linux 6.15 and later tell by PIDFD_GET_INFO, to everybody, once the parent has waited for the
 * process; the pidfd reports a hang-up then. Until then /proc/PID/stat of the zombie tells, on every
 * kernel but only those who may trace the process, and only a status that is not 0.
 */
bool worker_exit_read(int pidfd, const struct worker_info *worker, int *ret_status);

/* Only from /proc, for a process whose pidfd may belong to another one. */
bool worker_exit_of_zombie(const struct worker_info *worker, int *ret_status);

#endif
