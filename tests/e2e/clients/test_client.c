/* SPDX-License-Identifier: MIT */
/*
 * A client on strings: does what the lines on its standard input say and answers each with one
 * line. Not a test, but what the tests of the promises move: a script can make it any process that
 * a promise speaks of, and stop, kill and fork it where it likes.
 *
 *   request:  VERB [WORD...] [KEY=VALUE...]      an underscore in a text stands for a space
 *   answer:   CODE us=MICROSECONDS [KEY=VALUE...]
 *
 * CODE is what the call returned.
 */
#include "tests/e2e/clients/verbs/verbs.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct client client;

void say(const char *format, ...)
{
	size_t length = strlen(client.extra);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(client.extra + length, sizeof client.extra - length, format, arguments);
	va_end(arguments);
}

void say_text(const char *key, const char *text)
{
	say(" %s=", key);
	for (; *text; text++)
		say("%c", *text == ' ' ? '_' : *text);
}

/* ---- The connection ------------------------------------------------------ */

static int do_open(struct request *request)
{
	struct trackd_options options = TRACKD_OPTIONS_INIT;

	options.flags = (flag(request, "write") ? TRACKD_OPEN_WRITE : 0u) |
			(flag(request, "no-worker") ? TRACKD_OPEN_NO_WORKER : 0u) |
			(flag(request, "no-daemon") ? TRACKD_OPEN_NO_DAEMON : 0u);
	options.timeout_ms = (uint32_t)option_number(request, "timeout");
	options.worker_pid = (int32_t)option_number(request, "worker");
	options.board = option(request, "board");
	options.socket = option(request, "socket");
	return trackd_open(&client.trackd, &options);
}

static int do_close(struct request *request)
{
	(void)request;
	trackd_close(client.trackd);
	client.trackd = NULL;
	return 0;
}

/* ---- Requests ----------------------------------------------------------- */

enum needs { NOTHING, CONNECTION, TASK };

static const struct verb {
	const char *name;
	int (*run)(struct request *request);
	enum needs needs; /* TASK: its id is the first word */
} verbs[] = {
	{ "open", do_open, NOTHING },
	{ "close", do_close, NOTHING },
	{ "create", do_create, CONNECTION },
	{ "fill", do_fill, CONNECTION },
	{ "update", do_update, TASK },
	{ "advance", do_count_work, TASK },
	{ "progress", do_count_work, TASK },
	{ "complete", do_end, TASK },
	{ "fail", do_end, TASK },
	{ "cancel", do_cancel, TASK },
	{ "remove", do_remove, TASK },
	{ "show", do_show, TASK },
	{ "wait", do_wait, TASK },
	{ "wait-gone", do_wait_gone, CONNECTION },
	{ "listen", do_listen, CONNECTION },
	{ "cursor", do_cursor, CONNECTION },
	{ "events", do_events, CONNECTION },
	{ "hold", do_hold, TASK },
	{ "let-go", do_hold, CONNECTION },
	{ "count", do_count, CONNECTION },
	{ "stats", do_stats, CONNECTION },
	{ "kind", do_kind, CONNECTION },
	{ "mprotect", do_mprotect, CONNECTION },
	{ "close-descriptors", do_close_descriptors, NOTHING },
	{ "exec", do_exec, NOTHING },
	{ "leave", do_leave, NOTHING },
	{ "fork", do_fork, NOTHING },
	{ "reap", do_reap, NOTHING },
	{ "unshare", do_unshare, NOTHING },
};

static int dispatch(struct request *request)
{
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		int error = 0;

		if (strcmp(word(request, 0), verbs[i].name) != 0)
			continue;
		if (verbs[i].needs != NOTHING && !client.trackd)
			return -ENOTCONN;
		if (verbs[i].needs == TASK && strcmp(word(request, 1), "^") != 0)
			error = trackd_lookup(client.trackd, word(request, 1), &client.ref);
		return error < 0 ? error : verbs[i].run(request);
	}
	return -ENOSYS;
}

static long long processor_us(const struct rusage *used)
{
	return (long long)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) * 1000000 +
	       used->ru_utime.tv_usec + used->ru_stime.tv_usec;
}

/* The answer: the result; how long it took, how much of that on a processor, and how often it slept
 * (what a busy machine adds to the first is in neither of the others); what the verb said. */
void run_line(char *line, FILE *out)
{
	struct request request = { .n = 0 };
	struct timespec before, after;
	struct rusage used, used_after;
	char *rest = NULL;

	for (char *w = strtok_r(line, " \n", &rest); w && request.n < WORDS - 1;
	     w = strtok_r(NULL, " \n", &rest))
		request.word[request.n++] = w;
	client.extra[0] = '\0';
	getrusage(RUSAGE_THREAD, &used);
	clock_gettime(CLOCK_MONOTONIC, &before);
	int code = dispatch(&request);
	clock_gettime(CLOCK_MONOTONIC, &after);
	getrusage(RUSAGE_THREAD, &used_after);
	fprintf(out, "%d us=%lld cpu=%lld sleeps=%ld%s\n", code,
		(long long)(after.tv_sec - before.tv_sec) * 1000000 +
			(after.tv_nsec - before.tv_nsec) / 1000,
		processor_us(&used_after) - processor_us(&used),
		used_after.ru_nvcsw - used.ru_nvcsw, client.extra);
	fflush(out);
}

void *serve(void *unused)
{
	char line[LINE];

	while (fgets(line, sizeof line, stdin))
		run_line(line, stdout);
	trackd_close(client.trackd);
	exit(EXIT_SUCCESS);
	return unused;
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	serve(NULL);
}
