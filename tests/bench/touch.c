/* SPDX-License-Identifier: MIT */
/*
 * How much memory of the board each operation touches: distinct cache lines and pages. A large
 * board costs what it touches, so these counts are what the layout was made for. They are counted,
 * not timed: the operations run once under valgrind's lackey, which prints every access.
 */
#include "libclient/index/index.h"
#include "tests/bench/bench.h"
#include "tests/bench/bench_env.h"
#include "tests/harness/harness.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CAPACITY = 1024, TASKS = 600, MAX_LINES = 512 };

/* At an address that both sides know before the trace begins. */
#define MARK UINT64_C(0x30000000)
/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
static volatile uint64_t *const mark = (volatile uint64_t *)MARK;

/* ---- The traced side ---------------------------------------------------- */

struct scene {
	struct trackd *trackd;
	struct trackd_ref ref;
	char id[32];
};

static void touch_view(const struct scene *scene)
{
	struct trackd_view view = TRACKD_VIEW_INIT;

	if (trackd_get(scene->trackd, scene->ref, &view) == 0 && trackd_view_valid(&view))
		bench_keep(trackd_view_message(&view)[0]);
}

static void touch_view_id(const struct scene *scene)
{
	struct scene found = *scene;

	if (trackd_lookup(scene->trackd, scene->id, &found.ref) == 0)
		touch_view(&found);
}

static void touch_update(const struct scene *scene)
{
	trackd_update(scene->trackd, scene->ref, TRACKD_STAGE_KEEP, "page 17 of 87");
}

static void touch_update_id(const struct scene *scene)
{
	struct scene found = *scene;

	if (trackd_lookup(scene->trackd, scene->id, &found.ref) == 0)
		touch_update(&found);
}

static void touch_advance(const struct scene *scene)
{
	trackd_advance(scene->trackd, scene->ref, 1);
}

static void touch_stage(const struct scene *scene)
{
	trackd_update(scene->trackd, scene->ref, TRACKD_CHUNKING, "page 17 of 87");
}

static void touch_copy(const struct scene *scene)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	trackd_copy(scene->trackd, scene->ref, &task);
}

static void touch_complete(const struct scene *scene)
{
	trackd_complete(scene->trackd, scene->ref, NULL);
}

static void touch_remove(const struct scene *scene)
{
	trackd_remove(scene->trackd, scene->ref);
}

static void touch_create(const struct scene *scene)
{
	struct trackd_new new = TRACKD_NEW_INIT;

	new.id = scene->id;
	new.owner = "owner-0";
	new.name = "report.pdf";
	trackd_create(scene->trackd, &new, NULL);
}

/* In the order in which one task can go through all of them. */
static const struct operation {
	const char *name;
	void (*run)(const struct scene *scene);
} operations[] = {
	{ "view by reference", touch_view },
	{ "view by id", touch_view_id },
	{ "advance", touch_advance },
	{ "update by reference", touch_update },
	{ "update by id", touch_update_id },
	{ "change of stage", touch_stage },
	{ "copy of the whole task", touch_copy },
	{ "complete", touch_complete },
	{ "remove", touch_remove },
	{ "create", touch_create },
};

enum { N_OPERATIONS = sizeof operations / sizeof operations[0] };

/* A task that its bucket leads to directly, as most do. */
static uint32_t choose(const struct bench_env *env, uint32_t from)
{
	const struct board *board = &env->board;
	char id[32];

	for (uint32_t n = from; n < TASKS; n++) {
		bench_env_id(id, n);
		uint32_t bucket = index_bucket(board, index_id_hash(board, id));
		uint32_t slot = bench_env_find(env, n).slot & REF_SLOT_MASK;
		if (board->id_buckets[bucket] == slot + 1 && board->heads[slot].id_next == 0)
			return n;
	}
	harness_die("no task is alone in its bucket");
}

static void act(const struct bench_env *env, uint32_t number, bool marked)
{
	struct scene scene = { .trackd = env->trackd, .ref = bench_env_find(env, number) };

	bench_env_id(scene.id, number);
	HARNESS_MUST(trackd_update(scene.trackd, scene.ref, TRACKD_EXTRACTING, "begin"));
	for (size_t i = 0; i < N_OPERATIONS; i++) {
		if (marked)
			*mark = 2 * i;
		operations[i].run(&scene);
		if (marked)
			*mark = 2 * i + 1;
	}
}

void bench_touch_operations(void)
{
	struct bench_env env;

	void *page = (void *)(uintptr_t)mark; /* NOLINT(performance-no-int-to-ptr) */

	if (mmap(page, 4096, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != page)
		harness_die("the marked page is taken");
	bench_env_enter(&env, CAPACITY);
	bench_env_fill(&env, 0, TASKS, &(struct bench_env_task){ .n_owners = 64 });
	uint32_t first = choose(&env, 0), second = choose(&env, first + 1);
	/* The public interface has its own mapping: a view of any task shows where. */
	struct trackd_view view = TRACKD_VIEW_INIT;
	HARNESS_MUST(trackd_get(env.trackd, bench_env_find(&env, first), &view));
	const struct board *board = view.board;
	printf("%p %zx\n", board->base, board->size);
	fflush(stdout);
	act(&env, first, false);
	act(&env, second, true);
	bench_env_leave(&env);
}

/* ---- The counting side -------------------------------------------------- */

struct touched {
	uint64_t line[MAX_LINES];
	bool written[MAX_LINES];
	size_t n;
};

static void note(struct touched *touched, uint64_t address, uint64_t size, bool written)
{
	for (uint64_t line = address / 64; line <= (address + size - 1) / 64; line++) {
		size_t i = 0;

		while (i < touched->n && touched->line[i] != line)
			i++;
		if (i == MAX_LINES)
			continue;
		if (i == touched->n)
			touched->n++;
		touched->line[i] = line;
		touched->written[i] = touched->written[i] || written;
	}
}

/* Sort the trace's accesses by operation: those between two stores to the mark. */
static size_t read_trace(FILE *trace, struct touched *touched)
{
	char line[256];
	size_t n_marks = 0;

	while (fgets(line, sizeof line, trace)) {
		char *rest = line;
		uint64_t address = line[0] == ' ' ? strtoull(line + 3, &rest, 16) : 0;

		if (*rest != ',')
			continue;
		uint64_t size = strtoull(rest + 1, NULL, 10);
		if (address == MARK)
			n_marks++;
		else if (n_marks % 2 == 1 && n_marks / 2 < N_OPERATIONS)
			note(&touched[n_marks / 2], address, size, line[1] != 'L');
	}
	return n_marks;
}

struct counts {
	unsigned lines, written, pages, body_lines;
};

/* Of the board only: the program's own memory is always in the cache. */
static struct counts count(const struct touched *touched, uint64_t base, uint64_t size)
{
	struct counts counts = { 0 };
	uint64_t pages[MAX_LINES];

	for (size_t i = 0; i < touched->n; i++) {
		uint64_t at = touched->line[i] * 64;
		size_t page = 0;

		if (at < base || at >= base + size)
			continue;
		counts.lines++;
		counts.written += touched->written[i];
		while (page < counts.pages && pages[page] != at / 4096)
			page++;
		pages[page] = at / 4096;
		if (page == counts.pages)
			counts.pages++;
	}
	return counts;
}

static void report(const struct touched *touched, uint64_t base, uint64_t size)
{
	printf("\n%-48s %11s %11s %8s\n", "Memory of the board that an operation touches", "lines",
	       "written", "pages");
	for (size_t i = 0; i < N_OPERATIONS; i++) {
		struct counts counts = count(&touched[i], base, size);
		printf("%-48s %11u %11u %8u\n", operations[i].name, counts.lines, counts.written,
		       counts.pages);
	}
}

__attribute__((noreturn)) static void trace_self(int trace, int out)
{
	char self[512], log[32];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	self[n < 0 ? 0 : n] = '\0';
	snprintf(log, sizeof log, "--log-fd=%d", trace);
	dup2(out, STDOUT_FILENO);
	execlp("valgrind", "valgrind", "--tool=lackey", "--trace-mem=yes", log, self, "--touch",
	       (char *)NULL);
	_exit(127);
}

void bench_touch(void)
{
	static struct touched touched[N_OPERATIONS];
	int trace[2], out[2];
	char text[64] = "", *rest;

	if (pipe(trace) < 0 || pipe2(out, O_CLOEXEC) < 0)
		harness_die("pipe: %s", strerror(errno));
	pid_t pid = harness_fork();
	if (pid == 0)
		trace_self(trace[1], out[1]);
	close(trace[1]);
	close(out[1]);
	FILE *traced = fdopen(trace[0], "r");
	size_t n_marks = traced ? read_trace(traced, touched) : 0;
	(void)!read(out[0], text, sizeof text - 1);
	uint64_t base = strtoull(text, &rest, 16), size = strtoull(rest, NULL, 16);
	if (harness_reap(pid) == 127)
		bench_note(
			"memory touched by an operation: not counted, valgrind is not installed");
	else if (size == 0 || n_marks != 2 * (size_t)N_OPERATIONS)
		harness_die("the trace shows %zu marks instead of %zu", n_marks,
			    2 * (size_t)N_OPERATIONS);
	else
		report(touched, base, size);
	if (traced)
		fclose(traced);
	close(out[0]);
}
