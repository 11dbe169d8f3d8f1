/* SPDX-License-Identifier: MIT */
/* What is said of a worker's death, by what wait() says of it. */
#include "libclient/segment/cause.h"
#include "tests/harness/suite.h"
#include <signal.h>
#include <sys/wait.h>

static void words_say_no_more_than_is_known(void **state)
{
	const struct {
		uint64_t cause;
		const char *words;
	} cases[] = {
		{ 0, "exited" },
		{ cause_make(CAUSE_EXITED, 0, 0), "exited with status 0" },
		{ cause_make(CAUSE_EXITED, 0, 255), "exited with status 255" },
		{ cause_make(CAUSE_SIGNALLED, 0, SIGTERM), "was killed by SIGTERM" },
		{ cause_make(CAUSE_SIGNALLED, CAUSE_DUMPED, SIGSEGV),
		  "was killed by SIGSEGV (core dumped)" },
		{ cause_make(CAUSE_SIGNALLED, CAUSE_MEMORY, SIGKILL),
		  "was killed by SIGKILL (out of memory)" },
		{ cause_make(CAUSE_SIGNALLED, 0, 40), "was killed by signal 40" },
		{ cause_make(CAUSE_SIGNALLED, 0, UINT32_MAX), "was killed by signal 4294967295" },
		{ UINT64_MAX, "exited" },
	};
	char words[CAUSE_WORDS];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		cause_words(words, cases[i].cause);
		assert_string_equal(words, cases[i].words);
	}
}

static void a_status_becomes_its_cause(void **state)
{
	(void)state;
	assert_int_equal(cause_of_status(W_EXITCODE(3, 0), false), cause_make(CAUSE_EXITED, 0, 3));
	/* Its cgroup's count does not matter then. */
	assert_int_equal(cause_of_status(W_EXITCODE(3, 0), true), cause_make(CAUSE_EXITED, 0, 3));
	assert_int_equal(cause_of_status(W_EXITCODE(0, SIGABRT) | WCOREFLAG, true),
			 cause_make(CAUSE_SIGNALLED, CAUSE_DUMPED, SIGABRT));
	assert_int_equal(cause_of_status(W_EXITCODE(0, SIGKILL), true),
			 cause_make(CAUSE_SIGNALLED, CAUSE_MEMORY, SIGKILL));
	assert_int_equal(cause_of_status(W_EXITCODE(0, SIGKILL), false),
			 cause_make(CAUSE_SIGNALLED, 0, SIGKILL));
	assert_int_equal(cause_of_status(W_STOPCODE(SIGTSTP), false), 0);
}

static void only_a_lost_worker_has_a_cause(void **state)
{
	const uint64_t exited = cause_make(CAUSE_EXITED, 0, 3);

	(void)state;
	assert_true(cause_fits(TRACKD_ACTIVE, TRACKD_REASON_NONE, 0));
	assert_false(cause_fits(TRACKD_ACTIVE, TRACKD_REASON_NONE, exited));
	assert_false(cause_fits(TRACKD_COMPLETED, TRACKD_REASON_NONE, exited));
	assert_false(cause_fits(TRACKD_FAILED, TRACKD_REASON_ERROR, exited));
	assert_true(cause_fits(TRACKD_FAILED, TRACKD_REASON_WORKER_LOST, 0));
	assert_true(cause_fits(TRACKD_FAILED, TRACKD_REASON_WORKER_LOST, exited));
	/* It was asked to cancel, and died. */
	assert_true(cause_fits(TRACKD_CANCELLED, TRACKD_REASON_CANCELLED, exited));
}

static void no_kernel_gives_these(void **state)
{
	const uint64_t impossible[] = {
		cause_make(CAUSE_UNKNOWN, 0, 1),
		cause_make(CAUSE_UNKNOWN, CAUSE_DUMPED, 0),
		cause_make(CAUSE_EXITED, 0, 256),
		cause_make(CAUSE_EXITED, CAUSE_DUMPED, 1),
		cause_make(CAUSE_SIGNALLED, 0, 0),
		cause_make(CAUSE_SIGNALLED, 0, NSIG),
		cause_make(CAUSE_SIGNALLED, CAUSE_MEMORY, SIGTERM),
		cause_make(CAUSE_SIGNALLED, 1 << 2, SIGTERM),
		cause_make((enum cause_how)3, 0, 1),
		cause_make(CAUSE_EXITED, 0, 3) | UINT64_C(1) << 16,
	};

	(void)state;
	for (size_t i = 0; i < sizeof impossible / sizeof impossible[0]; i++)
		assert_false(cause_fits(TRACKD_FAILED, TRACKD_REASON_WORKER_LOST, impossible[i]));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(words_say_no_more_than_is_known),
	cmocka_unit_test(a_status_becomes_its_cause),
	cmocka_unit_test(only_a_lost_worker_has_a_cause),
	cmocka_unit_test(no_kernel_gives_these),
};

SUITE(tests)
