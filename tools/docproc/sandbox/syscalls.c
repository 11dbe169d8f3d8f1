/* SPDX-License-Identifier: MIT */
/* The worker's system calls. */
#include "tools/docproc/sandbox/filter.h"
#include "tools/docproc/sandbox/sandbox.h"
#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* In addition to those that extractors may make too. */
static const char *const allowed[] = {
	/* memory */
	"msync",
	"mincore",
	"membarrier",
	/* files; SQLite's locks */
	"open",
	"openat",
	"close_range",
	"preadv2",
	"pwrite64",
	"pwritev",
	"pwritev2",
	"fcntl",
	"fcntl64",
	"flock",
	"fsync",
	"fdatasync",
	"sync_file_range",
	"ftruncate",
	"ftruncate64",
	"fallocate",
	"unlink",
	"unlinkat",
	"fchmod",
	"fchown",
	"umask",
	"dup2",
	"dup3",
	"pipe",
	"pipe2",
	"memfd_create",
	"eventfd2",
	"poll",
	"ppoll",
	"select",
	"_newselect",
	"pselect6",
	"epoll_create1",
	"epoll_ctl",
	"epoll_wait",
	"epoll_pwait",
	"epoll_pwait2",
	/* time and exit */
	"clock_nanosleep",
	"nanosleep",
	"pause",
	"alarm",
	"setitimer",
	/* threads, and signals within the process; Landlock restricts kill() */
	"futex",
	"futex_waitv",
	"set_robust_list",
	"get_robust_list",
	"set_tid_address",
	"rseq",
	"tgkill",
	"tkill",
	"kill",
	"rt_sigtimedwait",
	"rt_sigqueueinfo",
	"rt_sigsuspend",
	"rt_sigpending",
	"sched_yield",
	"sched_getaffinity",
	"sched_getparam",
	"sched_getscheduler",
	"sched_get_priority_max",
	"sched_get_priority_min",
	"arch_prctl",
	/* identity and host */
	"getgroups",
	"capget",
	/* the daemon and an endpoint; allow_sockets() restricts socket() */
	"connect",
	"getsockopt",
	"setsockopt",
	"getsockname",
	"getpeername",
	"send",
	"sendto",
	"sendmsg",
	"sendmmsg",
	"recv",
	"recvfrom",
	"recvmsg",
	"recvmmsg",
	"shutdown",
	"socketpair",
};

/* Code only from files: some libraries are loaded late. */
static void allow_memory(struct filter *filter)
{
	const struct scmp_arg_cmp from_file[] = {
		filter_has(2, PROT_EXEC, PROT_EXEC),
		filter_has(3, MAP_ANONYMOUS, 0),
	};
	static const char *const calls[] = { "mmap", "mmap2" };

	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		filter_allow_if(filter, calls[i], filter_has(2, PROT_EXEC, 0));
		filter_rule(filter, SCMP_ACT_ALLOW, calls[i], 2, from_file);
	}
	filter_allow_if(filter, "mprotect", filter_has(2, PROT_EXEC, 0));
}

/* Threads, but no processes. A filter cannot see the flags of clone3(), so it fails with ENOSYS,
 * and the C library then uses clone(). */
static void allow_threads(struct filter *filter)
{
	const struct scmp_arg_cmp own_time[] = { filter_equals(0, 0),
						 filter_equals(1, RLIMIT_CPU) };

	filter_allow_if(filter, "clone", filter_has(0, CLONE_THREAD, CLONE_THREAD));
	filter_rule(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);
	filter_allow_if(filter, "prctl", filter_equals(0, PR_SET_NAME));
	filter_allow_if(filter, "prctl", filter_equals(0, PR_GET_NAME));
	/* Limits may be read, and the one on processor time may be lowered by what the extractor
	 * has used. */
	filter_allow_if(filter, "prlimit64", filter_equals(2, 0));
	filter_rule(filter, SCMP_ACT_ALLOW, "prlimit64", 2, own_time);
}

static void allow_devices(struct filter *filter)
{
	static const unsigned long requests[] = { TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX };

	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
		filter_allow_if(filter, "ioctl",
				filter_has(1, UINT32_MAX, (scmp_datum_t)requests[i]));
}

static void allow_sockets(struct filter *filter, bool network)
{
	filter_allow_if(filter, "socket", filter_equals(0, AF_UNIX));
	if (!network)
		return;
	filter_allow_if(filter, "socket", filter_equals(0, AF_INET));
	filter_allow_if(filter, "socket", filter_equals(0, AF_INET6));
	/* Name resolution first asks for the host's own addresses. */
	filter_allow_if(filter, "socket", filter_equals(0, AF_NETLINK));
	filter_rule(filter, SCMP_ACT_ALLOW, "bind", 0, NULL);
}

/* Compiled once for each kind of worker. */
static struct sock_fprog programs[2];

int sandbox_prepare(bool network)
{
	struct filter filter;
	int error;

	if (programs[network].len > 0)
		return 0;
	error = filter_begin(&filter);
	if (error < 0)
		return error;
	filter_allow_common(&filter);
	filter_allow(&filter, allowed, sizeof allowed / sizeof allowed[0]);
	allow_memory(&filter);
	allow_threads(&filter);
	allow_devices(&filter);
	allow_sockets(&filter, network);
	return filter_end(&filter, &programs[network]);
}

int sandbox_calls(const struct sandbox *sandbox)
{
	int error = sandbox_prepare(sandbox->network);

	/* For the watchdog thread too. */
	return error == 0 ? filter_load(&programs[sandbox->network], SECCOMP_FILTER_FLAG_TSYNC)
			  : error;
}
