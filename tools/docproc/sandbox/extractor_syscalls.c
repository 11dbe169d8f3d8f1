/* SPDX-License-Identifier: MIT */
/*
 * The extractor's system calls. The main filter is made once, before any document. What differs
 * between extractors, their pid, is in a second filter of a few instructions; the kernel applies
 * both.
 */
#include "tools/docproc/sandbox/extractor_sandbox.h"
#include "tools/docproc/sandbox/extractor_walls.h"
#include "tools/docproc/sandbox/filter.h"
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* No ioctl(), no fcntl() for owners and locks, nothing that changes a file's state. */
static void allow_descriptors(struct filter *filter)
{
	static const int commands[] = { F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL };
	const scmp_datum_t writing = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | __O_TMPFILE;

	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		struct scmp_arg_cmp command = filter_equals(1, (scmp_datum_t)commands[i]);

		filter_allow_if(filter, "fcntl", command);
		filter_allow_if(filter, "fcntl64", command);
	}
	filter_allow_if(filter, "open", filter_has(1, writing, O_RDONLY));
	filter_allow_if(filter, "openat", filter_has(2, writing, O_RDONLY));
}

/* No shared mappings, and code only from files: converters of character sets are loaded late. */
static void allow_memory(struct filter *filter)
{
	static const char *const calls[] = { "mmap", "mmap2" };
	const struct scmp_arg_cmp data[] = { filter_has(2, PROT_EXEC, 0),
					     filter_has(3, MAP_TYPE, MAP_PRIVATE) };
	const struct scmp_arg_cmp code[] = {
		filter_has(2, PROT_EXEC | PROT_WRITE, PROT_EXEC),
		filter_has(3, MAP_TYPE | MAP_ANONYMOUS, MAP_PRIVATE),
	};

	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		filter_rule(filter, SCMP_ACT_ALLOW, calls[i], 2, data);
		filter_rule(filter, SCMP_ACT_ALLOW, calls[i], 2, code);
	}
	filter_allow_if(filter, "mprotect", filter_has(2, PROT_EXEC, 0));
}

/* A single thread uses futex only to wake. abort() uses tgkill(); the other filter checks its
 * target. Limits and the processor affinity may be read. */
static void allow_itself(struct filter *filter)
{
	const struct scmp_arg_cmp own_limit[] = { filter_equals(0, 0), filter_equals(2, 0) };

	filter_allow_if(filter, "futex", filter_has(1, (uint32_t)FUTEX_CMD_MASK, FUTEX_WAKE));
	filter_allow_if(filter, "tgkill", filter_equals(2, SIGABRT));
	filter_rule(filter, SCMP_ACT_ALLOW, "prlimit64", 2, own_limit);
	filter_allow_if(filter, "sched_getaffinity", filter_equals(0, 0));
}

/* ---- Prepared once ------------------------------------------------------- */

static struct sock_fprog program;

int extractor_sandbox_prepare(void)
{
	struct filter filter;
	int error = filter_begin(&filter);

	if (error < 0)
		return error;
	filter_allow_common(&filter);
	allow_descriptors(&filter);
	allow_memory(&filter);
	allow_itself(&filter);
	return filter_end(&filter, &program);
}

/* ---- In the extractor ---------------------------------------------------- */

/* tgkill() can only reach this process. */
static int load_own(void)
{
	const unsigned number = offsetof(struct seccomp_data, nr);
	const unsigned target = offsetof(struct seccomp_data, args[0]) +
				(BYTE_ORDER == BIG_ENDIAN ? sizeof(uint32_t) : 0);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, target),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)getpid(), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	};
	const struct sock_fprog own = { sizeof code / sizeof code[0], code };

	return filter_load(&own, 0);
}

int extractor_calls_enter(void)
{
	int error = program.len > 0 ? load_own() : -EINVAL;

	/* Load it last: afterwards no filter can be loaded any more. */
	return error == 0 ? filter_load(&program, 0) : error;
}
