/* SPDX-License-Identifier: MIT */
/* Reading /proc, and detecting when it cannot be trusted. */
#include "libclient/segment/process.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Reading /proc --------------------------------------------------------- */

/* Use "self" for this process, which is correct in every /proc. */
static void proc_path(char *path, size_t size, pid_t pid, const char *file)
{
	if (pid == getpid())
		snprintf(path, size, "/proc/self/%s", file);
	else
		snprintf(path, size, "/proc/%d/%s", (int)pid, file);
}

static ssize_t read_proc(pid_t pid, const char *file, char *buffer, size_t size)
{
	char path[64];

	proc_path(path, sizeof path, pid, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t n = read(fd, buffer, size - 1);
	int error = errno;
	close(fd);
	if (n < 0)
		return -error;
	buffer[n] = '\0';
	return n;
}

/* Whether /proc uses this process's pid numbers. In a container, /proc may be that of an outer pid
 * namespace, where the same numbers mean other processes. */
static bool proc_is_ours(void)
{
	char self[32];
	ssize_t n = readlink("/proc/self", self, sizeof self - 1);

	if (n <= 0)
		return false;
	self[n] = '\0';
	return strtol(self, NULL, 10) == getpid();
}

/* Field n (3 is the state) of /proc/PID/stat; the command before it may contain spaces and
 * parentheses. */
static const char *stat_field(const char *stat, int n)
{
	const char *at = strrchr(stat, ')');

	for (int field = 2; at && field < n; field++) {
		at = strchr(at, ' ');
		if (at)
			at++;
	}
	return at;
}

static bool is_zombie(const char *state)
{
	return *state == 'Z' || *state == 'X';
}

/* kill() works for processes and threads; EPERM means that it exists. */
static bool gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

/* Read /proc/PID/stat of a process or thread. 0; -ESRCH: it is gone; or another -errno. */
static int read_stat(pid_t pid, char *stat, size_t size)
{
	ssize_t n;

	if (gone(pid))
		return -ESRCH;
	if (pid != getpid() && !proc_is_ours())
		return -EXDEV;
	n = read_proc(pid, "stat", stat, size);
	if (n < 0)
		return gone(pid) || n == -ESRCH ? -ESRCH : (int)n;
	return 0;
}

/* ---- Time namespaces ------------------------------------------------------- */

/* /proc shows times since boot with the offset of the reader's time namespace; return that offset
 * in whole ticks, rounded down. The file shows the offset of the namespace for children, which is
 * this process's own unless it has just called unshare(). */
static int boot_offset(int64_t *ret_ticks)
{
	/* The initial namespace's inode, which is fixed (linux/nsfs.h: TIME_NS_INIT_INO). */
	static const ino_t first = 0xeffffffa;
	struct stat own, children;
	char text[256];
	char *rest;
	long hertz = sysconf(_SC_CLK_TCK);

	*ret_ticks = 0;
	if (stat("/proc/self/ns/time", &own) < 0)
		return errno == ENOENT ? 0 : -errno; /* a kernel without time namespaces */
	if (own.st_ino == first)
		return 0;
	if (stat("/proc/self/ns/time_for_children", &children) < 0)
		return -errno;
	if (children.st_ino != own.st_ino)
		return -EXDEV;
	ssize_t n = read_proc(getpid(), "timens_offsets", text, sizeof text);
	const char *line = n < 0 ? NULL : strstr(text, "boottime");
	if (!line)
		return n < 0 ? (int)n : -EIO;
	long long seconds = strtoll(line + strlen("boottime"), &rest, 10);
	long nanoseconds = strtol(rest, NULL, 10);
	/* Nanoseconds are 0 to 999999999, even if seconds is negative. */
	*ret_ticks = seconds * hertz + nanoseconds / (1000000000 / hertz);
	return 0;
}

/* ---- Processes and threads ------------------------------------------------- */

int process_start_time(pid_t pid, uint64_t *ret_ticks)
{
	char stat[1024];
	int64_t offset;
	int error = read_stat(pid, stat, sizeof stat);

	if (error < 0)
		return error;
	const char *state = stat_field(stat, 3);
	const char *threads = stat_field(stat, 20);
	const char *start = stat_field(stat, 22);
	if (!state || !threads || !start)
		return -EIO;
	/* A process with a zombie leader is alive if other threads are. */
	if (is_zombie(state) && strtol(threads, NULL, 10) <= 1)
		return -ESRCH;
	error = boot_offset(&offset);
	if (error < 0)
		return error;
	*ret_ticks = strtoull(start, NULL, 10) - (uint64_t)offset;
	return 0;
}

bool process_same_start(uint64_t a, uint64_t b)
{
	return a - b + 1 <= 2;
}

bool process_dead(pid_t pid, uint64_t start_time)
{
	uint64_t now;
	int error = process_start_time(pid, &now);

	if (error == -ESRCH)
		return true;
	return error == 0 && start_time != 0 && !process_same_start(now, start_time);
}

int process_exit_status(pid_t pid, uint64_t start_time, int *ret_status)
{
	char stat[1024];
	int64_t offset;
	int error = read_stat(pid, stat, sizeof stat);

	if (error == 0)
		error = boot_offset(&offset);
	if (error < 0)
		return error;
	const char *state = stat_field(stat, 3), *start = stat_field(stat, 22);
	const char *code = stat_field(stat, 52);
	if (!state || !start || !code)
		return -EIO;
	if (!is_zombie(state) ||
	    !process_same_start(strtoull(start, NULL, 10) - (uint64_t)offset, start_time))
		return 0;
	*ret_status = (int)strtol(code, NULL, 10);
	return *ret_status != 0;
}

bool thread_dead(pid_t tid)
{
	char stat[1024];
	int error = read_stat(tid, stat, sizeof stat);
	const char *state = error < 0 ? NULL : stat_field(stat, 3);

	return error == -ESRCH || (state && is_zombie(state));
}

void process_describe(pid_t pid, uint32_t *ret_uid, char ret_comm[16])
{
	char path[64], comm[64] = "";
	struct stat st;

	proc_path(path, sizeof path, pid, "");
	*ret_uid = stat(path, &st) == 0 ? st.st_uid : (uint32_t)-1;
	memset(ret_comm, 0, 16);
	ssize_t n = read_proc(pid, "comm", comm, sizeof comm);
	for (ssize_t i = 0; i < n && i < 15 && comm[i] != '\n'; i++)
		ret_comm[i] = comm[i];
}
