/* SPDX-License-Identifier: MIT */
/* The processor's trap flag raises SIGTRAP after each instruction; the kernel clears it for the
 * handler, which counts. See stepped.h. */
#include "tests/harness/stepped.h"
#include "tests/harness/harness.h"
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
	bool every; /* interfere at each step, and count the steps in left */
} step;

static void trapped(int signal, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)signal;
	(void)info;
	if (step.every) {
		step.left++;
		step.interfere(step.data);
		return;
	}
	if (--step.left != 0)
		return;
	user->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
	step.interfere(step.data);
}

/* Below the red zone, which the compiler may use. */
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

static void run_stepped(void (*body)(void *), void *data)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO }, before;

	action.sa_sigaction = trapped;
	step.data = data;
	if (sigaction(SIGTRAP, &action, &before) < 0)
		harness_die("sigaction: %s", strerror(errno));
	trap_on();
	body(data);
	trap_off();
	/* trap_off() itself has been counted, after the end of body. */
	(void)sigaction(SIGTRAP, &before, NULL);
}

bool stepped_run(void (*body)(void *), void (*interfere)(void *), void *data, unsigned n)
{
	step.every = false;
	step.interfere = interfere;
	step.left = n;
	run_stepped(body, data);
	return step.left == 0;
}

unsigned stepped_watch(void (*body)(void *), void (*look)(void *), void *data)
{
	step.every = true;
	step.interfere = look;
	step.left = 0;
	run_stepped(body, data);
	return step.left;
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

unsigned stepped_watch(void (*body)(void *), void (*look)(void *), void *data)
{
	(void)look;
	body(data);
	return 0;
}

#endif
