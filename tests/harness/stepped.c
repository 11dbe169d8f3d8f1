/* SPDX-License-Identifier: MIT */
/* The processor's trap flag raises SIGTRAP after each instruction; the kernel clears it for the
 * handler, which counts. See stepped.h. */
#include "stepped.h"
#include "harness.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#ifdef __x86_64__

enum { TRAP_FLAG = 0x100 };

static struct {
	void (*interfere)(void *);
	void *data;
	unsigned left;
} step;

static void trapped(int signal, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)signal;
	(void)info;
	if (--step.left != 0)
		return;
	user->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
	step.interfere(step.data);
}

/* Below the red zone, in which the compiler may keep something. */
static inline __attribute__((always_inline)) void trap_on(void)
{
	__asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; orq $0x100, (%%rsp); popfq; "
			 "lea 128(%%rsp), %%rsp" ::
				 : "memory", "cc");
}

static inline __attribute__((always_inline)) void trap_off(void)
{
	__asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; andq $-257, (%%rsp); popfq; "
			 "lea 128(%%rsp), %%rsp" ::
				 : "memory", "cc");
}

bool stepped_possible(void)
{
	return true;
}

bool stepped_run(void (*body)(void *), void (*interfere)(void *), void *data, unsigned n)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO }, before;

	action.sa_sigaction = trapped;
	step.interfere = interfere;
	step.data = data;
	step.left = n;
	if (sigaction(SIGTRAP, &action, &before) < 0)
		harness_die("sigaction: %s", strerror(errno));
	trap_on();
	body(data);
	trap_off();
	bool interfered = step.left == 0;
	/* Counted down by trap_off() itself, behind the end of body. */
	(void)sigaction(SIGTRAP, &before, NULL);
	return interfered;
}

#else

bool stepped_possible(void)
{
	return false;
}

bool stepped_run(void (*body)(void *), void (*interfere)(void *), void *data, unsigned n)
{
	(void)interfere;
	(void)n;
	body(data);
	return false;
}

#endif
