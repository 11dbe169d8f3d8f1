/* SPDX-License-Identifier: MIT */
#include "daemon/workers/worker_exit.h"
#include "libclient/segment/internal.h"
#include <sys/ioctl.h>

/* linux/pidfd.h, which Debian 12 lacks: the first version of the struct, whose last field has been
 * the exit status since Linux 6.15. The kernel fills what both know. */
struct exit_info {
	uint64_t mask, cgroup;
	uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t exit_code;
};
static_assert(sizeof(struct exit_info) == 64, "the kernel's size");

static const uint64_t INFO_EXIT = 1 << 3; /* PIDFD_INFO_EXIT */
#define GET_INFO _IOWR(0xFF, 11, struct exit_info)

bool worker_exit_of_zombie(const struct worker_info *worker, int *ret_status)
{
	return process_exit_status(worker->pid, worker->start_time, ret_status) == 1;
}

bool worker_exit_read(int pidfd, const struct worker_info *worker, int *ret_status)
{
	struct exit_info info = { .mask = INFO_EXIT };

	if (ioctl(pidfd, GET_INFO, &info) == 0 && (info.mask & INFO_EXIT) != 0) {
		*ret_status = info.exit_code;
		return true;
	}
	return worker_exit_of_zombie(worker, ret_status);
}
