/* SPDX-License-Identifier: MIT */
#include "tools/docproc/sandbox/filter.h"
#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* In an extractor none of these sleeps, except write() on a full pipe. */
static const char *const common[] = {
	/* memory */
	"brk",
	"munmap",
	"mremap",
	"madvise",
	/* open files, and those that Landlock permits */
	"close",
	"read",
	"readv",
	"pread64",
	"preadv",
	"write",
	"writev",
	"lseek",
	"_llseek",
	"dup",
	"fadvise64",
	"fadvise64_64",
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
	/* time and exit */
	"clock_gettime",
	"clock_getres",
	"gettimeofday",
	"time",
	"times",
	"restart_syscall",
	"exit",
	"exit_group",
	/* signal handlers */
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sigreturn",
	"sigaltstack",
	/* identity and host */
	"getpid",
	"gettid",
	"getppid",
	"getuid",
	"geteuid",
	"getgid",
	"getegid",
	"getresuid",
	"getresgid",
	"getrlimit",
	"ugetrlimit",
	"getrusage",
	"getcpu",
	"sysinfo",
	"uname",
	"getrandom",
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

void filter_rule(struct filter *filter, uint32_t action, const char *name, unsigned n,
		 const struct scmp_arg_cmp *arguments)
{
	int number = seccomp_syscall_resolve_name(name);

	if (filter->error < 0 || number == __NR_SCMP_ERROR)
		return;
	int error = seccomp_rule_add_array(filter->context, action, number, n, arguments);
	/* -EDOM: the architecture does not have the call. */
	if (error < 0 && error != -EDOM)
		filter->error = error;
}

void filter_allow(struct filter *filter, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		filter_rule(filter, SCMP_ACT_ALLOW, names[i], 0, NULL);
}

void filter_allow_common(struct filter *filter)
{
	filter_allow(filter, common, sizeof common / sizeof common[0]);
}

void filter_allow_if(struct filter *filter, const char *name, struct scmp_arg_cmp argument)
{
	filter_rule(filter, SCMP_ACT_ALLOW, name, 1, &argument);
}

int filter_begin(struct filter *ret_filter)
{
	*ret_filter = (struct filter){ .context = seccomp_init(SCMP_ACT_ERRNO(EPERM)) };
	if (!ret_filter->context)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++)
		filter_rule(ret_filter, SCMP_ACT_KILL_PROCESS, hostile[i], 0, NULL);
	return 0;
}

/* Through a file: libseccomp can export only to a descriptor. */
static int export(scmp_filter_ctx context, struct sock_fprog *ret_program)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	int error = fd < 0 ? -errno : seccomp_export_bpf(context, fd);
	off_t size = error < 0 ? 0 : lseek(fd, 0, SEEK_END);
	void *code = size > 0 ? malloc((size_t)size) : NULL;

	if (code && pread(fd, code, (size_t)size, 0) == size) {
		ret_program->len = (unsigned short)((size_t)size / sizeof(struct sock_filter));
		ret_program->filter = code;
	} else {
		free(code);
		error = error < 0 ? error : -ENOMEM;
	}
	if (fd >= 0)
		close(fd);
	return error < 0 ? error : 0;
}

int filter_end(struct filter *filter, struct sock_fprog *ret_program)
{
	int error = filter->error < 0 ? filter->error : export(filter->context, ret_program);

	seccomp_release(filter->context);
	filter->context = NULL;
	return error;
}

int filter_load(const struct sock_fprog *program, unsigned flags)
{
	long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);

	/* A positive result is the thread that could not be synchronised. */
	return result == 0 ? 0 : result < 0 ? -errno : -EBUSY;
}
