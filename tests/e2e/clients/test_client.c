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
#include "libclient/trackd.h"
#include "tests/e2e/clients/inside.h"
#include "tests/e2e/clients/request.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct trackd *connection;
static struct trackd_ref ref; /* of the task that the request names; "^" names the last one */
static struct trackd_cursor cursor;
static char extra[LINE * 4]; /* the rest of the answer, " KEY=VALUE" each */

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	size_t length = strlen(extra);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(extra + length, sizeof extra - length, format, arguments);
	va_end(arguments);
}

/* A text as one word. */
static void say_text(const char *key, const char *text)
{
	say(" %s=", key);
	for (; *text; text++)
		say("%c", *text == ' ' ? '_' : *text);
}

/* ---- Verbs -------------------------------------------------------------- */

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
	return trackd_open(&connection, &options);
}

static int do_close(struct request *request)
{
	(void)request;
	trackd_close(connection);
	connection = NULL;
	return 0;
}

static int do_create(struct request *request)
{
	struct trackd_new task = TRACKD_NEW_INIT;

	task.id = word(request, 1);
	task.owner = option(request, "owner");
	task.name = option(request, "name");
	task.total = option_number(request, "total");
	task.ttl_ms = (uint32_t)option_number(request, "ttl");
	task.active_ttl_ms = (uint32_t)option_number(request, "active-ttl");
	task.flags = flag(request, "replace") ? TRACKD_REPLACE : 0;
	int error = trackd_create(connection, &task, &ref);
	if (error >= 0)
		say(" slot=%u generation=%u", ref.slot, ref.generation);
	return error;
}

/* fill N PREFIX [ttl=MS] [complete]: N tasks with numbered ids, up to the first refusal. */
static int do_fill(struct request *request)
{
	struct trackd_new task = TRACKD_NEW_INIT;
	uint64_t n = number(word(request, 1)), made = 0;
	bool complete = flag(request, "complete");
	int error = 0;
	char id[64];

	task.id = id;
	task.owner = option(request, "owner");
	task.ttl_ms = (uint32_t)option_number(request, "ttl");
	for (; made < n; made++) {
		snprintf(id, sizeof id, "%.40s-%" PRIu64, word(request, 2), made);
		error = trackd_create(connection, &task, &ref);
		if (error >= 0 && complete)
			error = trackd_complete(connection, ref, NULL);
		if (error < 0)
			break;
	}
	say(" made=%" PRIu64, made);
	return error;
}

static int do_update(struct request *request)
{
	const char *stage = word(request, 2);
	struct trackd_view view;
	int index = TRACKD_STAGE_KEEP;

	if (strcmp(stage, "keep") != 0) {
		int error = trackd_get(connection, ref, &view);
		if (error < 0)
			return error;
		index = trackd_stage_find(connection, view.kind, stage);
		if (index < 0)
			return index;
	}
	return trackd_update(connection, ref, index, text(request, 3));
}

static int do_count_work(struct request *request)
{
	uint64_t done = number(word(request, 2));

	return request->n == 3
		       ? trackd_advance(connection, ref, done)
		       : trackd_set_progress(connection, ref, done, number(word(request, 3)));
}

static int do_end(struct request *request)
{
	const char *words = text(request, 2);

	return request->word[0][0] == 'c' ? trackd_complete(connection, ref, words)
					  : trackd_fail(connection, ref, words);
}

static int do_cancel(struct request *request)
{
	(void)request;
	return trackd_cancel(connection, ref);
}

static int do_remove(struct request *request)
{
	(void)request;
	return trackd_remove(connection, ref);
}

static int do_show(struct request *request)
{
	struct trackd_task task;
	int error = trackd_copy(connection, ref, &task);

	(void)request;
	if (error < 0)
		return error;
	say(" state=%s reason=%s status=%s progress=%u", trackd_state_name(task.state),
	    trackd_reason_name(task.reason), task.status, task.progress);
	say(" stage=%d done=%" PRIu64 " total=%" PRIu64 " revision=%" PRIu64 " flags=%u",
	    task.stage, task.done, task.total, task.revision, task.flags);
	say(" worker=%d alive=%d created=%" PRIu64 " updated=%" PRIu64, task.worker_pid,
	    trackd_worker_alive(&task), task.created_ns, task.updated_ns);
	say(" expires=%" PRIu64 " slot=%u generation=%u serial=%" PRIu64, task.expires_ns, ref.slot,
	    ref.generation, task.serial);
	say_text("owner", task.owner);
	say_text("name", task.name);
	say_text("message", task.message);
	say_text("error", task.error);
	return 0;
}

static int do_wait(struct request *request)
{
	static const char *const names[] = { "final", "transition", "change" };
	int what = 0;

	while (what < 2 && strcmp(word(request, 2), names[what]) != 0)
		what++;
	return trackd_wait(connection, ref, (enum trackd_wait_for)what, NULL,
			   (int64_t)number(word(request, 3)));
}

/* listen MS: as an event loop does, until the connection says that something may have happened. */
static int do_listen(struct request *request)
{
	struct pollfd in = { .fd = trackd_fd(connection), .events = POLLIN };
	int error = in.fd < 0 ? in.fd : 0;

	while (error == 0) {
		int n = poll(&in, 1, (int)number(word(request, 1)));

		error = n > 0 ? trackd_dispatch(connection) : n == 0 ? -ETIMEDOUT : -errno;
	}
	return error;
}

/* cursor [SEQUENCE]: for `events`; without a number behind the newest. */
static int do_cursor(struct request *request)
{
	if (request->n > 1)
		trackd_cursor_at(connection, number(word(request, 1)), &cursor);
	else
		trackd_cursor_now(connection, &cursor);
	return 0;
}

/* events: all that there are. How many, with the first and the last sequence; how many of them did not
 * follow the one before; how often the cursor was lapped, and how many it has missed so far. */
static int do_events(struct request *request)
{
	uint64_t n = 0, first = 0, last = 0, gaps = 0, lapped = 0;
	struct trackd_event event;
	int found;

	(void)request;
	while ((found = trackd_next_event(connection, &cursor, &event)) != 0) {
		if (found < 0 && found != TRACKD_E_LAPPED)
			return found;
		lapped += found < 0;
		if (found < 0)
			continue;
		first = n == 0 ? event.sequence : first;
		gaps += n > 0 && event.sequence != last + 1;
		last = event.sequence;
		n++;
	}
	say(" n=%" PRIu64 " first=%" PRIu64 " last=%" PRIu64, n, first, last);
	say(" gaps=%" PRIu64 " lapped=%" PRIu64 " lost=%" PRIu64, gaps, lapped, cursor.lost);
	return 0;
}

static int do_hold(struct request *request)
{
	return strcmp(request->word[0], "hold") == 0 ? inside_hold(connection, ref)
						     : inside_let_go();
}

static uint64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* wait-gone ID MS: look as fast as possible until the id is not found. `there`: when the last look
 * began that found it (0: none did); `at`: when the look had ended that did not. A busy machine may
 * put hours between the two, but neither lies. */
static int do_wait_gone(struct request *request)
{
	struct timespec now;
	uint64_t there = 0, before = wall_ns();
	time_t limit;

	clock_gettime(CLOCK_BOOTTIME, &now);
	limit = now.tv_sec + (time_t)number(word(request, 2)) / 1000 + 1;
	while (trackd_lookup(connection, word(request, 1), &ref) == 0) {
		there = before;
		clock_gettime(CLOCK_BOOTTIME, &now);
		if (now.tv_sec > limit)
			return -ETIMEDOUT;
		before = wall_ns();
	}
	say(" at=%" PRIu64 " there=%" PRIu64, wall_ns(), there);
	return 0;
}

static int do_count(struct request *request)
{
	struct trackd_iter iter;
	int n = 0;

	if (request->n > 1)
		trackd_iter_owner(connection, word(request, 1), &iter);
	else
		trackd_iter_all(connection, &iter);
	while (trackd_next(connection, &iter, &ref) > 0)
		n++;
	return n;
}

static int do_stats(struct request *request)
{
	struct trackd_stats stats = { .size = sizeof stats };
	int error = trackd_stats(connection, &stats);

	(void)request;
	if (error < 0)
		return error;
	say(" capacity=%u used=%u pending=%u active=%u completed=%u failed=%u cancelled=%u",
	    stats.capacity, stats.used, stats.pending, stats.active, stats.completed, stats.failed,
	    stats.cancelled);
	say(" clients=%u daemon_pid=%u epoch=%u expired=%" PRIu64 " evicted=%" PRIu64,
	    stats.clients, stats.daemon_pid, stats.daemon_epoch, stats.n_expired, stats.n_evicted);
	say(" worker_lost=%" PRIu64 " repaired=%" PRIu64 " snapshot=%" PRIu64
	    " refused_full=%" PRIu64 " refused_final=%" PRIu64,
	    stats.n_worker_lost, stats.n_repaired, stats.snapshot_ns, stats.n_refused_full,
	    stats.n_refused_final);
	say(" board_id=");
	for (int i = 0; i < 16; i++)
		say("%02x", stats.board_id[i]);
	return 0;
}

static int do_kind(struct request *request)
{
	struct trackd_stage_def stages[TRACKD_STAGES_MAX];
	int n = 0;

	for (int i = 2; i + 1 < request->n && n < TRACKD_STAGES_MAX; i += 2)
		stages[n++] = (struct trackd_stage_def){ request->word[i],
							 (uint8_t)number(request->word[i + 1]) };
	return n > 0 ? trackd_kind_declare(connection, word(request, 1), stages, n)
		     : trackd_kind_find(connection, word(request, 1));
}

/* Whether the mapping of the board may be made writable behind the library's back. */
static int do_mprotect(struct request *request)
{
	void *from = NULL, *to = NULL;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "re");

	(void)request;
	while (maps && fgets(line, sizeof line, maps))
		if (strstr(line, "/dev/shm/") && sscanf(line, "%p-%p", &from, &to) == 2)
			break;
	if (maps)
		fclose(maps);
	if (!to)
		return -ENOENT;
	size_t size = (size_t)((char *)to - (char *)from);
	return mprotect(from, size, PROT_READ | PROT_WRITE) < 0 ? -errno : 0;
}

/* Close all descriptors but the standard ones, as closefrom() in a daemon does. */
static int do_close_descriptors(struct request *request)
{
	(void)request;
	closefrom(3);
	return 0;
}

static int do_exec(struct request *request)
{
	request->word[request->n] = NULL;
	execvp(request->word[1], &request->word[1]);
	return -errno;
}

static void *serve(void *unused);

/* Let the first thread of the process end while another one goes on. */
static int do_leave(struct request *request)
{
	pthread_t other;

	(void)request;
	if (pthread_create(&other, NULL, serve, NULL) != 0)
		return -EAGAIN;
	pthread_exit(NULL);
}

/* ---- Children ----------------------------------------------------------- */

static void run_line(char *line, FILE *out);

/* Do the lines from word `first` on, which ';' separates, and stay. The answers go to the parent.
 */
static void child(const struct request *request, int first, int out)
{
	char line[LINE];
	size_t length = 0;
	FILE *answers = fdopen(out, "w");

	for (int i = first; answers && i <= request->n; i++) {
		if (i < request->n && strcmp(request->word[i], ";") != 0) {
			length += (size_t)snprintf(line + length, sizeof line - length, "%s ",
						   request->word[i]);
			continue;
		}
		if (length > 0)
			run_line(line, answers);
		length = 0;
	}
	if (answers)
		fclose(answers);
	for (;;)
		pause();
}

/* What the child answered, each line as one more word. */
static void collect(int in)
{
	char line[LINE];
	FILE *answers = fdopen(in, "r");

	while (answers && fgets(line, sizeof line, answers)) {
		line[strcspn(line, "\n")] = '\0';
		line[strcspn(line, " ")] = '\0';
		say(" child=%s", line);
	}
	if (answers)
		fclose(answers);
}

static pid_t clone_as(pid_t pid)
{
	struct clone_args arguments = { .exit_signal = SIGCHLD };
	pid_t tids[1] = { pid };

	if (pid != 0) {
		arguments.set_tid = (uint64_t)(uintptr_t)tids;
		arguments.set_tid_size = 1;
	}
	return pid == 0 ? fork() : (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

/* fork LINE ; LINE ..., or with the number that the child's pid shall have. */
static int do_fork(struct request *request)
{
	pid_t wanted = (pid_t)number(word(request, 1));
	int answers[2];

	if (pipe2(answers, O_CLOEXEC) < 0)
		return -errno;
	pid_t pid = clone_as(wanted);
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		close(answers[0]);
		child(request, wanted ? 2 : 1, answers[1]);
	}
	close(answers[1]);
	collect(answers[0]);
	say(" pid=%d", pid);
	return 0;
}

/* unshare pid|time: further children are in a new namespace; the clocks of time's are a day ahead. */
static int do_unshare(struct request *request)
{
	static const char ahead[] = "monotonic 86400 0\nboottime 86400 0\n";
	bool time = strcmp(word(request, 1), "time") == 0;

	if (unshare(time ? CLONE_NEWTIME : CLONE_NEWPID) < 0)
		return -errno;
	if (!time)
		return 0;
	int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? write(fd, ahead, sizeof ahead - 1) : -1;
	int error = n < 0 ? -errno : 0;
	close(fd);
	return error;
}

static int do_reap(struct request *request)
{
	return waitpid((pid_t)number(word(request, 1)), NULL, 0) < 0 ? -errno : 0;
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
		if (verbs[i].needs != NOTHING && !connection)
			return -ENOTCONN;
		if (verbs[i].needs == TASK && strcmp(word(request, 1), "^") != 0)
			error = trackd_lookup(connection, word(request, 1), &ref);
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
static void run_line(char *line, FILE *out)
{
	struct request request = { .n = 0 };
	struct timespec before, after;
	struct rusage used, used_after;
	char *rest = NULL;

	for (char *w = strtok_r(line, " \n", &rest); w && request.n < WORDS - 1;
	     w = strtok_r(NULL, " \n", &rest))
		request.word[request.n++] = w;
	extra[0] = '\0';
	getrusage(RUSAGE_THREAD, &used);
	clock_gettime(CLOCK_MONOTONIC, &before);
	int code = dispatch(&request);
	clock_gettime(CLOCK_MONOTONIC, &after);
	getrusage(RUSAGE_THREAD, &used_after);
	fprintf(out, "%d us=%lld cpu=%lld sleeps=%ld%s\n", code,
		(long long)(after.tv_sec - before.tv_sec) * 1000000 +
			(after.tv_nsec - before.tv_nsec) / 1000,
		processor_us(&used_after) - processor_us(&used),
		used_after.ru_nvcsw - used.ru_nvcsw, extra);
	fflush(out);
}

static void *serve(void *unused)
{
	char line[LINE];

	while (fgets(line, sizeof line, stdin))
		run_line(line, stdout);
	trackd_close(connection);
	exit(EXIT_SUCCESS);
	return unused;
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	serve(NULL);
}
