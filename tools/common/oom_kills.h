/* SPDX-License-Identifier: MIT */
/*
 * How many processes of a cgroup the kernel has killed for memory: "oom_kill" in memory.events of
 * cgroup v2 (of this cgroup alone, where memory.events.local is there), or in memory.oom_control of
 * v1. A process that dies by SIGKILL while the count rises was killed for memory, or another one of
 * its cgroup was and somebody else killed this one: the kernel does not tell them apart.
 */
#ifndef TRACKD_COMMON_OOM_KILLS_H
#define TRACKD_COMMON_OOM_KILLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { OOM_KILLS_PATH = 512 };

/* The file that counts for a process: true, with its path, or false: not known. */
bool oom_kills_find(pid_t pid, char ret_path[OOM_KILLS_PATH]);

/* Read the count: true, or false: the file cannot be read, or has none. */
bool oom_kills_read(const char *path, uint64_t *ret_count);

/* For a parent: the count of its own cgroup when it starts a child, and whether it has risen since. */
struct oom_mark {
	bool known;
	uint64_t count;
};
struct oom_mark oom_kills_mark(void);
bool oom_kills_since(const struct oom_mark *mark);

/* Parts of these, for tests: the folder of the memory controller by the text of /proc/PID/cgroup,
 * and the count by the text of the file. */
bool oom_kills_folder(const char *cgroups, char *ret_folder, size_t size, bool *ret_v2);
bool oom_kills_count(const char *text, uint64_t *ret_count);

#endif
