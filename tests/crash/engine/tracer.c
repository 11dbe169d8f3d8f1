/* SPDX-License-Identifier: MIT */
/* Single steps and breakpoints; see tracer.h. */
#include "tests/crash/engine/tracer.h"
#include "tests/harness/harness.h"
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- The processor ------------------------------------------------------ */

#if defined(__x86_64__)

/* INT3; after the trap the program counter is behind it. */
static const unsigned long BREAKPOINT = 0xcc, BREAKPOINT_MASK = 0xff;
enum { BEHIND_BREAKPOINT = 1, OVER_BREAKPOINT = 0 };
#define COUNTER rip

#define STOP_HERE "int3"

#elif defined(__aarch64__)

/* BRK #0; after the trap the program counter is still at it. */
static const unsigned long BREAKPOINT = 0xd4200000, BREAKPOINT_MASK = 0xffffffff;
enum { BEHIND_BREAKPOINT = 0, OVER_BREAKPOINT = 4 };
#define COUNTER pc

#define STOP_HERE "brk #0"

#else
#error "the tracer does not know this processor's breakpoint"
#endif

static inline void stop_here(void)
{
	__asm__ volatile(STOP_HERE ::: "memory");
}

/* Why single steps are not possible here, or NULL. */
static const char *cannot_step(void)
{
#ifdef __aarch64__
	/* A trap clears the exclusive monitor, so a load-exclusive, store-exclusive loop never ends
	 * under single steps. */
	if (!(getauxval(AT_HWCAP) & HWCAP_ATOMICS))
		return "a processor without atomic instructions cannot be stepped through a lock";
#endif
	return NULL;
}

static void get_registers(pid_t pid, struct user_regs_struct *registers)
{
	struct iovec io = { registers, sizeof *registers };

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io) < 0)
		harness_die("reading the registers: %s", strerror(errno));
}

static uint64_t get_pc(pid_t pid)
{
	struct user_regs_struct registers;

	get_registers(pid, &registers);
	return registers.COUNTER;
}

static void set_pc(pid_t pid, uint64_t pc)
{
	struct user_regs_struct registers;
	struct iovec io = { &registers, sizeof registers };

	get_registers(pid, &registers);
	registers.COUNTER = pc;
	if (ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io) < 0)
		harness_die("setting the program counter: %s", strerror(errno));
}

static long with_breakpoint(long word)
{
	return (long)(((unsigned long)word & ~BREAKPOINT_MASK) | BREAKPOINT);
}

const char *tracer_impossible(void)
{
	const char *why = cannot_step();
	int status = 0;

	fflush(stdout);
	pid_t pid = why ? 0 : fork();
	if (why)
		return why;
	if (pid == 0)
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		harness_die("fork: %s", strerror(errno));
	return status == 0 ? NULL : "there is no ptrace here";
}

/* ---- The child ---------------------------------------------------------- */

/* The end of a run; the tracer knows its address. */
static __attribute__((noinline)) void end_of_run(void)
{
	__asm__ volatile("" ::: "memory");
}

static void pin(void)
{
	static bool pinned;
	cpu_set_t one;
	int processor = sched_getcpu();

	if (pinned)
		return;
	CPU_ZERO(&one);
	CPU_SET(processor < 0 ? 0 : (size_t)processor, &one);
	(void)sched_setaffinity(0, sizeof one, &one);
	pinned = true;
}

static void await_trap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, __WALL) != pid)
		harness_die("waitpid %d: %s", (int)pid, strerror(errno));
	if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP)
		harness_die("the traced child did not stop at a trap: status 0x%x",
			    (unsigned)status);
}

static void request(enum __ptrace_request what, pid_t pid, uintptr_t data)
{
	if (ptrace(what, pid, NULL, data) < 0)
		harness_die("ptrace %d: %s", (int)what, strerror(errno));
}

/* The stack begins at the same offset within its page for every caller, because string functions
 * take other paths for other alignments. */
static __attribute__((noinline)) _Noreturn void be_traced(tracer_function function, void *argument)
{
	size_t spare = (uintptr_t)__builtin_frame_address(0) % 4096;
	volatile char *pad = __builtin_alloca(spare + 1);

	pad[0] = 0;
	/* As a thread that has read no clock, so that the path does not depend on the parent's
	 * calls. */
	clock_boot_last = 0;
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	stop_here();
	function(argument);
	end_of_run();
	_exit(0);
}

static pid_t start(tracer_function function, void *argument)
{
	pin();
	fflush(stdout);
	pid_t pid = fork();
	if (pid < 0)
		harness_die("fork: %s", strerror(errno));
	if (pid == 0)
		be_traced(function, argument);
	await_trap(pid);
	request(PTRACE_SETOPTIONS, pid, PTRACE_O_EXITKILL);
	/* The next instruction is the first of the run. */
	if (OVER_BREAKPOINT != 0)
		set_pc(pid, get_pc(pid) + OVER_BREAKPOINT);
	return pid;
}

static void finish(pid_t pid)
{
	int status;

	(void)kill(pid, SIGKILL);
	if (waitpid(pid, &status, __WALL) != pid || !WIFSIGNALED(status))
		harness_die("the traced child %d was not killed: status 0x%x", (int)pid,
			    (unsigned)status);
}

/* ---- Stepping ----------------------------------------------------------- */

/* How often each address was executed so far. */
struct hits {
	struct {
		uint64_t pc;
		uint32_t n;
	} at[1 << 14];
};

static uint32_t count_hit(struct hits *hits, uint64_t pc)
{
	const size_t mask = sizeof hits->at / sizeof hits->at[0] - 1;

	for (size_t i = pc & mask, tries = 0; tries <= mask; i = (i + 1) & mask, tries++) {
		if (hits->at[i].n != 0 && hits->at[i].pc != pc)
			continue;
		hits->at[i].pc = pc;
		return ++hits->at[i].n;
	}
	harness_die("the operation runs through too many addresses");
}

static void append(struct tracer_path *path, struct tracer_point point)
{
	if ((path->n & (path->n - 1)) == 0) {
		size_t room = path->n ? path->n * 2 : 1;
		struct tracer_point *more = realloc(path->points, room * sizeof *more);

		if (!more)
			harness_die("no memory for a path");
		path->points = more;
	}
	path->points[path->n++] = point;
}

void tracer_step(tracer_function function, void *argument, tracer_look look, void *look_argument,
		 struct tracer_path *ret_path)
{
	struct tracer_point point = { 0 };
	struct hits *hits = calloc(1, sizeof *hits);

	if (!hits)
		harness_die("no memory for a path");
	*ret_path = (struct tracer_path){ 0 };
	pid_t pid = start(function, argument);
	for (;;) {
		uint64_t pc = get_pc(pid);

		if (pc == (uint64_t)(uintptr_t)end_of_run)
			break;
		if (ret_path->n > 0 && pc == point.pc)
			point.extra++;
		else
			point = (struct tracer_point){ pc, count_hit(hits, pc), 0 };
		append(ret_path, point);
		if (look && !look(look_argument, ret_path->n - 1, pc))
			break;
		request(PTRACE_SINGLESTEP, pid, 0);
		await_trap(pid);
	}
	finish(pid);
	free(hits);
}

void tracer_path_free(struct tracer_path *path)
{
	free(path->points);
	*path = (struct tracer_path){ 0 };
}

/* ---- Up to one instruction ---------------------------------------------- */

static void poke(pid_t pid, uint64_t pc, long word)
{
	if (ptrace(PTRACE_POKETEXT, pid, pc, word) < 0)
		harness_die("writing a breakpoint: %s", strerror(errno));
}

static void step(pid_t pid)
{
	request(PTRACE_SINGLESTEP, pid, 0);
	await_trap(pid);
}

/* Run to the next breakpoint. False: it was the one at the end of the run. */
static bool run_to(pid_t pid, uint64_t pc)
{
	request(PTRACE_CONT, pid, 0);
	await_trap(pid);
	if (get_pc(pid) != pc + BEHIND_BREAKPOINT)
		return false;
	if (BEHIND_BREAKPOINT != 0)
		set_pc(pid, pc);
	return true;
}

static bool run_to_hit(pid_t pid, const struct tracer_point *point)
{
	uint64_t end = (uint64_t)(uintptr_t)end_of_run;
	uint32_t hit = 1;

	errno = 0;
	long word = ptrace(PTRACE_PEEKTEXT, pid, point->pc, NULL);
	long end_word = ptrace(PTRACE_PEEKTEXT, pid, end, NULL);
	if (errno != 0)
		harness_die("reading at %#lx: %s", (unsigned long)point->pc, strerror(errno));
	poke(pid, end, with_breakpoint(end_word));
	/* The child is stopped at the first instruction: count a hit without a breakpoint. */
	if (get_pc(pid) == point->pc) {
		if (hit++ == point->hit)
			return true;
		step(pid);
	}
	poke(pid, point->pc, with_breakpoint(word));
	for (; run_to(pid, point->pc); hit++) {
		poke(pid, point->pc, word);
		if (hit == point->hit)
			return true;
		step(pid);
		poke(pid, point->pc, with_breakpoint(word));
	}
	return false;
}

static bool run_to_point(pid_t pid, const struct tracer_point *point)
{
	bool there = run_to_hit(pid, point);

	for (uint32_t i = 0; there && i < point->extra; i++)
		step(pid);
	return there;
}

bool tracer_kill_at(tracer_function function, void *argument, const struct tracer_point *point)
{
	pid_t pid = start(function, argument);
	bool there = run_to_point(pid, point);

	finish(pid);
	return there;
}

bool tracer_pause_at(tracer_function function, void *argument, const struct tracer_point *point,
		     tracer_function meanwhile, void *meanwhile_argument)
{
	pid_t pid = start(function, argument);
	bool there = run_to_point(pid, point);

	if (there) {
		meanwhile(meanwhile_argument);
		/* No breakpoint is left but the one at the end. */
		request(PTRACE_CONT, pid, 0);
		await_trap(pid);
	}
	finish(pid);
	return there;
}

void tracer_name(uint64_t pc, char *ret_name, size_t size)
{
	Dl_info info;
	const char *slash;

	void *at = (void *)(uintptr_t)pc; // NOLINT(performance-no-int-to-ptr)

	if (dladdr(at, &info) == 0 || !info.dli_fname) {
		snprintf(ret_name, size, "%#lx", (unsigned long)pc);
		return;
	}
	slash = strrchr(info.dli_fname, '/');
	snprintf(ret_name, size, "%s+%#lx", slash ? slash + 1 : info.dli_fname,
		 (unsigned long)(pc - (uint64_t)(uintptr_t)info.dli_fbase));
}
