/* SPDX-License-Identifier: MIT */
/*
 * Handles limits of the extractor that are reached inside a library. Its exit status says which
 * limit it was.
 *
 * An abort is attributed to memory if malloc() left ENOMEM in errno or, where the library has
 * changed errno since, if the process was close to its limit.
 */
#include "tools/docproc/sandbox/extractor_sandbox.h"
#include "tools/docproc/sandbox/extractor_walls.h"
#include "tools/docproc/sandbox/process_memory.h"
#include "tools/docproc/sandbox/sanitized.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ALTERNATE_STACK = 64 << 10 };

static struct {
	int figures; /* /proc/self/status of this process; -1: not open */
	struct memory_limit limit;
} memory = { .figures = -1 };

bool extractor_memory_short(void)
{
	return memory_limit_near(&memory.limit, memory.figures);
}

static void on_limit(int signal_number)
{
	if (signal_number == SIGXCPU)
		_exit(EXTRACTOR_TIME);
	if (errno == ENOMEM || extractor_memory_short())
		_exit(EXTRACTOR_MEMORY);
	/* After a crash the handler is reset, so the fault recurs; abort() continues by itself. But
	 * after a breakpoint, with which GLib ends a process, the code would continue. */
	if (signal_number == SIGTRAP)
		abort();
}

static int handle_signals(void)
{
	static const int aborts[] = { SIGABRT, SIGTRAP, SIGSEGV, SIGBUS };
	struct sigaction action = { .sa_handler = on_limit, .sa_flags = SA_ONSTACK };
	stack_t stack = { .ss_size = ALTERNATE_STACK };

	stack.ss_sp = mmap(NULL, ALTERNATE_STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL) < 0 ||
	    sigaction(SIGXCPU, &action, NULL) < 0)
		return -errno;
	action.sa_flags |= (int)SA_RESETHAND;
	/* A sanitizer reports these signals itself. */
	for (size_t i = 0; !SANITIZED && i < sizeof aborts / sizeof aborts[0]; i++)
		if (sigaction(aborts[i], &action, NULL) < 0)
			return -errno;
	return 0;
}

int extractor_limit_memory(unsigned memory_mb)
{
	struct memory_limit found;
	struct rlimit limit;
	int error = handle_signals();

	if (error < 0)
		return error;
	memory.figures = process_memory_open();
	found = memory_limit_of(memory.figures, memory_mb);
	/* A sanitizer's shadow memory takes terabytes. */
	if (SANITIZED || found.limit == 0)
		return 0;
	memory.limit = found;
	limit = (struct rlimit){ found.limit, found.limit };
	return setrlimit(RLIMIT_AS, &limit) < 0 ? -errno : 0;
}
