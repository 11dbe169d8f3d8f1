/* SPDX-License-Identifier: MIT */
/*
 * seccomp: a list of what is allowed, because a list of what is forbidden is never complete. The
 * rest is answered EPERM, so that a library that tries something new goes on without it; what only
 * an attacker tries kills the process.
 */
#include "tools/docproc/sandbox/sandbox.h"
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* By name: what an architecture does not have is left out. */
static const char *const allowed[] = {
	/* memory */
	"brk",
	"munmap",
	"mremap",
	"madvise",
	"msync",
	"mincore",
	"membarrier",
	/* files that Landlock lets through; locks of SQLite */
	"open",
	"openat",
	"close",
	"close_range",
	"read",
	"readv",
	"pread64",
	"preadv",
	"preadv2",
	"write",
	"writev",
	"pwrite64",
	"pwritev",
	"pwritev2",
	"lseek",
	"_llseek",
	"stat",
	"lstat",
	"fstat",
	"stat64",
	"lstat64",
	"fstat64",
	"newfstatat",
	"fstatat64",
	"statx",
	"statfs",
	"fstatfs",
	"statfs64",
	"fstatfs64",
	"access",
	"faccessat",
	"faccessat2",
	"readlink",
	"readlinkat",
	"getdents",
	"getdents64",
	"getcwd",
	"fcntl",
	"fcntl64",
	"flock",
	"fsync",
	"fdatasync",
	"sync_file_range",
	"ftruncate",
	"ftruncate64",
	"fallocate",
	"fadvise64",
	"fadvise64_64",
	"unlink",
	"unlinkat",
	"fchmod",
	"fchown",
	"umask",
	"dup",
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
	/* time, and the end */
	"clock_gettime",
	"clock_getres",
	"clock_nanosleep",
	"nanosleep",
	"gettimeofday",
	"time",
	"times",
	"restart_syscall",
	"pause",
	"alarm",
	"setitimer",
	"exit",
	"exit_group",
	/* threads and signals within the process; Landlock scopes kill() */
	"futex",
	"futex_waitv",
	"set_robust_list",
	"get_robust_list",
	"set_tid_address",
	"rseq",
	"gettid",
	"getpid",
	"getppid",
	"tgkill",
	"tkill",
	"kill",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sigreturn",
	"rt_sigtimedwait",
	"rt_sigqueueinfo",
	"rt_sigsuspend",
	"rt_sigpending",
	"sigaltstack",
	"sched_yield",
	"sched_getaffinity",
	"sched_getparam",
	"sched_getscheduler",
	"sched_get_priority_max",
	"sched_get_priority_min",
	"getcpu",
	"arch_prctl",
	/* who and where we are */
	"getuid",
	"geteuid",
	"getgid",
	"getegid",
	"getresuid",
	"getresgid",
	"getgroups",
	"getrlimit",
	"ugetrlimit",
	"getrusage",
	"sysinfo",
	"uname",
	"getrandom",
	"capget",
	/* the board's daemon, and an endpoint; what socket() may make is said below */
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

static const char *const hostile[] = {
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"kcmp",
	"pidfd_getfd",
	"mount",
	"umount2",
	"move_mount",
	"fsopen",
	"fsmount",
	"fsconfig",
	"open_tree",
	"mount_setattr",
	"pivot_root",
	"chroot",
	"setns",
	"unshare",
	"bpf",
	"kexec_load",
	"kexec_file_load",
	"init_module",
	"finit_module",
	"delete_module",
	"io_uring_setup",
	"io_uring_enter",
	"io_uring_register",
	"perf_event_open",
	"keyctl",
	"add_key",
	"request_key",
	"userfaultfd",
	"open_by_handle_at",
	"reboot",
	"swapon",
	"swapoff",
	"iopl",
	"ioperm",
	"setuid",
	"setgid",
	"setresuid",
	"setresgid",
	"setreuid",
	"setregid",
	"setgroups",
	"capset",
	"personality",
	"acct",
	"quotactl",
	"settimeofday",
	"clock_settime",
	"clock_adjtime",
	"adjtimex",
};

struct filter {
	scmp_filter_ctx context;
	int error;
};

static void rule(struct filter *filter, uint32_t action, const char *name, unsigned n,
		 const struct scmp_arg_cmp *arguments)
{
	int number = seccomp_syscall_resolve_name(name);

	if (filter->error < 0 || number == __NR_SCMP_ERROR)
		return;
	int error = seccomp_rule_add_array(filter->context, action, number, n, arguments);
	/* A call of another architecture. */
	if (error < 0 && error != -EDOM)
		filter->error = error;
}

static void allow_if(struct filter *filter, const char *name, struct scmp_arg_cmp argument)
{
	rule(filter, SCMP_ACT_ALLOW, name, 1, &argument);
}

static struct scmp_arg_cmp equals(unsigned argument, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){ argument, SCMP_CMP_EQ, value, 0 };
}

static struct scmp_arg_cmp has(unsigned argument, scmp_datum_t mask, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){ argument, SCMP_CMP_MASKED_EQ, mask, value };
}

/* Code comes from files only: libraries that are loaded late. */
static void allow_memory(struct filter *filter)
{
	const struct scmp_arg_cmp from_file[] = {
		has(2, PROT_EXEC, PROT_EXEC),
		has(3, MAP_ANONYMOUS, 0),
	};
	static const char *const calls[] = { "mmap", "mmap2" };

	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		allow_if(filter, calls[i], has(2, PROT_EXEC, 0));
		rule(filter, SCMP_ACT_ALLOW, calls[i], 2, from_file);
	}
	allow_if(filter, "mprotect", has(2, PROT_EXEC, 0));
}

/* Threads, but no processes. clone3() passes its flags where no filter sees them: told that there
 * is none, the C library uses clone(). */
static void allow_threads(struct filter *filter)
{
	allow_if(filter, "clone", has(0, CLONE_THREAD, CLONE_THREAD));
	rule(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);
	allow_if(filter, "prctl", equals(0, PR_SET_NAME));
	allow_if(filter, "prctl", equals(0, PR_GET_NAME));
	/* Limits may be read. */
	allow_if(filter, "prlimit64", equals(2, 0));
}

static void allow_devices(struct filter *filter)
{
	static const unsigned long requests[] = { TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX };

	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
		allow_if(filter, "ioctl", has(1, UINT32_MAX, (scmp_datum_t)requests[i]));
}

static void allow_sockets(struct filter *filter, bool network)
{
	allow_if(filter, "socket", equals(0, AF_UNIX));
	if (!network)
		return;
	allow_if(filter, "socket", equals(0, AF_INET));
	allow_if(filter, "socket", equals(0, AF_INET6));
	/* Which addresses the host has, before a name is looked up. */
	allow_if(filter, "socket", equals(0, AF_NETLINK));
	rule(filter, SCMP_ACT_ALLOW, "bind", 0, NULL);
}

static void fill(struct filter *filter, const struct sandbox *sandbox)
{
	/* The keeper's thread too. */
	filter->error = seccomp_attr_set(filter->context, SCMP_FLTATR_CTL_TSYNC, 1);
	for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
		rule(filter, SCMP_ACT_ALLOW, allowed[i], 0, NULL);
	for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++)
		rule(filter, SCMP_ACT_KILL_PROCESS, hostile[i], 0, NULL);
	allow_memory(filter);
	allow_threads(filter);
	allow_devices(filter);
	allow_sockets(filter, sandbox->network);
}

int sandbox_calls(const struct sandbox *sandbox)
{
	struct filter filter = { .context = seccomp_init(SCMP_ACT_ERRNO(EPERM)) };

	if (!filter.context)
		return -ENOMEM;
	fill(&filter, sandbox);
	if (filter.error == 0)
		filter.error = seccomp_load(filter.context);
	seccomp_release(filter.context);
	return filter.error;
}
