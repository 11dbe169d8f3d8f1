/* SPDX-License-Identifier: MIT */
/* trackctl wait: waits until tasks have ended. It prints nothing; the exit status says how they
 * ended. */
#include "tools/common/time_format.h"
#include "tools/trackctl/session/follow.h"
#include "tools/trackctl/verbs/verbs.h"

/* Check this often even without events: the daemon may be away, and events can be lost. */
enum { LOOK_MS = 250 };
static const int64_t NS_IN_MS = 1000000;

static struct options {
	int64_t timeout_ms;
	bool timeout_given, appear;
} options;

static const struct option_entry flags[] = {
	OPTION(struct options, timeout_ms, .name = "timeout", .letter = 't', .takes = "TIME",
	       .help = "give up after TIME (2, 0.5, 3m, 1h) with 124", .set = option_time,
	       .allowed = "a time such as 2, 0.5s, 3m or 1h",
	       OPTION_GIVEN(struct options, timeout_given)),
	OPTION(struct options, appear, .name = "appear", .letter = 'a',
	       .help = "also for tasks that do not exist yet", .set = option_switch),
	{ 0 },
};

static int64_t remaining_ms(uint64_t begin_ns)
{
	int64_t taken = (int64_t)(time_steady() - begin_ns) / NS_IN_MS;

	if (!options.timeout_given)
		return LOOK_MS;
	return options.timeout_ms > taken ? options.timeout_ms - taken : 0;
}

static int wait_for(struct follow *follow)
{
	struct trackd_event event = TRACKD_EVENT_INIT;
	uint64_t begin = time_steady();

	for (;;) {
		while (follow_next(follow, &event) == FOLLOW_EVENT)
			;
		follow_refresh(follow);
		if (follow_done(follow))
			return (int)follow_outcome(follow);
		if (ctl_interrupted())
			return EXIT_CODE_INTERRUPTED;
		int64_t left = remaining_ms(begin);
		if (left == 0)
			return EXIT_CODE_TIMED_OUT;
		follow_sleep(follow, left < LOOK_MS ? left : LOOK_MS);
	}
}

static int run(struct ctl *ctl, int n_arguments, char **arguments)
{
	struct follow follow = { .appear = options.appear };
	int code = ctl_open(ctl, TRACKD_OPEN_READ, 0);

	if (code != 0)
		return code;
	ctl_catch_signals();
	code = follow_begin(&follow, ctl, n_arguments, arguments);
	if (code == 0)
		code = wait_for(&follow);
	else if (code == EXIT_CODE_NOT_FOUND)
		ctl_fail(EXIT_CODE_NOT_FOUND, "--appear waits for a task that does not exist yet");
	follow_end(&follow);
	return code;
}

const struct verb verb_wait = {
	VERB("wait", "Wait until tasks have ended; the exit status says how", run),
	VERB_ARGUMENTS("ID...", 1, -1, "@active"),
	VERB_OPTIONS(flags, options),
	.more = "An id that does not exist is an error (3), unless --appear is given.\n"
		"0 completed, 1 failed, 3 not found or removed, 5 cancelled, 6 worker lost, 124 "
		"timed\n"
		"out, 130 interrupted. Of several tasks the first that did not complete decides.",
};
