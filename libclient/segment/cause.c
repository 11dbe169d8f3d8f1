/* SPDX-License-Identifier: MIT */
#include "libclient/segment/cause.h"
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static_assert((int)CAUSE_UNKNOWN == (int)TRACKD_EXIT_UNKNOWN &&
		      (int)CAUSE_EXITED == (int)TRACKD_EXIT_STATUS &&
		      (int)CAUSE_SIGNALLED == (int)TRACKD_EXIT_SIGNAL &&
		      (int)CAUSE_DUMPED == (int)TRACKD_EXIT_DUMPED &&
		      (int)CAUSE_MEMORY == (int)TRACKD_EXIT_MEMORY,
	      "causes are passed on unchanged");

uint64_t cause_of_status(int status, bool memory)
{
	unsigned flags = 0;

	if (WIFEXITED(status))
		return cause_make(CAUSE_EXITED, 0, (uint32_t)WEXITSTATUS(status));
	if (!WIFSIGNALED(status))
		return 0;
	if (WCOREDUMP(status))
		flags |= CAUSE_DUMPED;
	if (memory && WTERMSIG(status) == SIGKILL)
		flags |= CAUSE_MEMORY;
	return cause_make(CAUSE_SIGNALLED, flags, (uint32_t)WTERMSIG(status));
}

void cause_signal_name(char to[CAUSE_WORDS], uint32_t number)
{
	const char *name = number < NSIG ? sigabbrev_np((int)number) : NULL;

	if (name)
		snprintf(to, CAUSE_WORDS, "SIG%s", name);
	else
		snprintf(to, CAUSE_WORDS, "signal %u", number);
}

void cause_words(char to[CAUSE_WORDS], uint64_t cause)
{
	unsigned flags = cause_flags(cause);
	char name[CAUSE_WORDS];

	if (cause_how(cause) == CAUSE_EXITED) {
		snprintf(to, CAUSE_WORDS, "exited with status %u", cause_number(cause));
		return;
	}
	if (cause_how(cause) != CAUSE_SIGNALLED) {
		snprintf(to, CAUSE_WORDS, "exited");
		return;
	}
	cause_signal_name(name, cause_number(cause));
	snprintf(to, CAUSE_WORDS, "was killed by %.20s%s", name,
		 flags & CAUSE_MEMORY   ? " (out of memory)"
		 : flags & CAUSE_DUMPED ? " (core dumped)"
					: "");
}

/* A number that the kernel can have given. */
static bool is_possible(uint64_t cause)
{
	uint32_t number = cause_number(cause);
	unsigned flags = cause_flags(cause);

	if (cause != cause_make((enum cause_how)cause_how(cause), flags, number))
		return false;
	switch (cause_how(cause)) {
	case CAUSE_UNKNOWN:
		return cause == 0;
	case CAUSE_EXITED:
		return flags == 0 && number <= 255;
	case CAUSE_SIGNALLED:
		return (flags & ~(unsigned)(CAUSE_DUMPED | CAUSE_MEMORY)) == 0 && number > 0 &&
		       number < NSIG && ((flags & CAUSE_MEMORY) == 0 || number == SIGKILL);
	}
	return false;
}

bool cause_fits(uint8_t state, uint8_t reason, uint64_t cause)
{
	bool died = (state == TRACKD_FAILED && reason == TRACKD_REASON_WORKER_LOST) ||
		    state == TRACKD_CANCELLED; /* it was asked to cancel, and died */

	return cause == 0 || (died && is_possible(cause));
}

void cause_to_task(uint64_t cause, struct trackd_task *task)
{
	if (!is_possible(cause))
		return;
	task->worker_exit = (uint8_t)cause_how(cause);
	task->worker_exit_flags = (uint8_t)cause_flags(cause);
	task->worker_exit_number = (int32_t)cause_number(cause);
}

uint64_t cause_of_task(const struct trackd_task *task)
{
	return cause_make((enum cause_how)task->worker_exit, task->worker_exit_flags,
			  (uint32_t)task->worker_exit_number);
}
