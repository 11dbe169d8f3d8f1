/* SPDX-License-Identifier: MIT */
/*
 * By reference: a view, an update and an advance of one task that is in the cache, each beside the
 * least that such an operation can be made of.
 */
#include "libclient/segment/atomic.h"
#include "tests/bench/bench.h"
#include "tests/bench/bench_env.h"
#include "tests/harness/harness.h"
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

static const char *const messages[] = { "embedding batch 17 of 87", "embedding batch 18 of 87",
					"embedding batch 19 of 87", "embedding batch 20 of 87" };

/* The facts of a record with nothing around them, spread over lines as the record is. */
struct bare {
	uint64_t deadline;
	struct trackd_ref ref;
	char gap1[48];
	uint64_t work;
	int16_t kind;
	char gap2[52];
	uint64_t revision, updated, total, base;
	uint8_t state, stage, reason, flags;
	char gap3[28];
	char message[192];
};

struct subject {
	struct trackd *trackd;
	struct trackd_ref ref;
	struct bare *bare;
	pthread_mutex_t *mutex; /* in memory of this benchmark, no part of a board */
	uint64_t *word;
};

/* ---- View --------------------------------------------------------------- */

/* What a caller wants of it. */
static uint64_t facts(const struct trackd_view *seen)
{
	return seen->done + seen->total + seen->revision + seen->state;
}

/* Inlined into its two callers, each with its own loop. */
__attribute__((always_inline)) static inline void views(const struct subject *subject, unsigned n,
							bool with_message)
{
	struct trackd_view seen = TRACKD_VIEW_INIT;
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++) {
		if (trackd_get(subject->trackd, subject->ref, &seen) < 0)
			continue;
		sum += facts(&seen);
		if (with_message)
			sum += strlen(trackd_view_message(&seen));
		sum += trackd_view_valid(&seen);
	}
	bench_keep(sum);
}

static void view(void *context, unsigned n)
{
	views(context, n, false);
}

static void view_message(void *context, unsigned n)
{
	views(context, n, true);
}

/* The same fields, read with nothing to protect them, and the clock that says whether they expired.
 */
__attribute__((noinline)) static int look(const volatile struct bare *bare, struct trackd_view *ret)
{
	ret->ref.slot = bare->ref.slot;
	ret->ref.generation = bare->ref.generation;
	ret->revision = bare->revision;
	ret->total = bare->total;
	ret->done = bare->work - bare->base;
	ret->updated_boot_ns = bare->updated;
	ret->state = bare->state;
	ret->reason = bare->reason;
	ret->stage = (int8_t)bare->stage;
	ret->flags = bare->flags;
	ret->kind = bare->kind;
	return clock_coarse_ns() < bare->deadline ? 0 : -1;
}

__attribute__((always_inline)) static inline void bare_views(const struct subject *subject,
							     unsigned n, bool with_message)
{
	struct trackd_view seen = TRACKD_VIEW_INIT;
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++) {
		const char *message = subject->bare->message;

		if (look(subject->bare, &seen) < 0)
			continue;
		sum += facts(&seen);
		if (!with_message)
			continue;
		bench_keep(message);
		/* Its end is looked for within its field, and then by its user. */
		if (strnlen(message, sizeof subject->bare->message) < sizeof subject->bare->message)
			sum += strlen(message);
	}
	bench_keep(sum);
}

static void bare_view(void *context, unsigned n)
{
	bare_views(context, n, false);
}

static void bare_view_message(void *context, unsigned n)
{
	bare_views(context, n, true);
}

/* ---- Update ------------------------------------------------------------- */

static void update(void *context, unsigned n)
{
	const struct subject *subject = context;

	for (unsigned i = 0; i < n; i++)
		trackd_update(subject->trackd, subject->ref, TRACKD_STAGE_KEEP, messages[i % 4]);
}

static void transition(void *context, unsigned n)
{
	const struct subject *subject = context;

	for (unsigned i = 0; i < n; i++)
		trackd_update(subject->trackd, subject->ref, (int)(i % 5), messages[i % 4]);
}

static void bare_update(void *context, unsigned n)
{
	const struct subject *subject = context;
	struct bare *bare = subject->bare;

	for (unsigned i = 0; i < n; i++) {
		const char *text = messages[i % 4];

		bench_keep(text);
		pthread_mutex_lock(subject->mutex);
		bare->updated = clock_boot_ns();
		memcpy(bare->message, text, strlen(text) + 1);
		bench_keep(bare);
		pthread_mutex_unlock(subject->mutex);
	}
}

static void mutex_pair(void *context, unsigned n)
{
	const struct subject *subject = context;

	for (unsigned i = 0; i < n; i++) {
		pthread_mutex_lock(subject->mutex);
		pthread_mutex_unlock(subject->mutex);
	}
}

static void boot_clock(void *context, unsigned n)
{
	(void)context;
	for (unsigned i = 0; i < n; i++)
		bench_keep(clock_boot_ns());
}

/* ---- Advance ------------------------------------------------------------ */

static void advance(void *context, unsigned n)
{
	const struct subject *subject = context;

	for (unsigned i = 0; i < n; i++)
		bench_keep(trackd_advance(subject->trackd, subject->ref, 1));
}

/* Called, as whatever an application counts with is. */
__attribute__((noinline)) static int count(uint64_t *word, uint64_t units)
{
	uint64_t seen = load_relaxed(word);

	while (!cas_relaxed(word, &seen, seen + units))
		;
	return 0;
}

static void bare_advance(void *context, unsigned n)
{
	const struct subject *subject = context;

	for (unsigned i = 0; i < n; i++)
		bench_keep(count(subject->word, 1));
}

static void cancel_requested(void *context, unsigned n)
{
	const struct subject *subject = context;

	for (unsigned i = 0; i < n; i++)
		bench_keep(trackd_cancel_requested(subject->trackd, subject->ref));
}

/* ---- Copy --------------------------------------------------------------- */

static void copy(void *context, unsigned n)
{
	const struct subject *subject = context;
	struct trackd_task task = TRACKD_TASK_INIT;

	for (unsigned i = 0; i < n; i++)
		trackd_copy(subject->trackd, subject->ref, &task);
	bench_keep(&task);
}

/* -----------------------------------------------------------------------------------------------
 */

enum {
	VIEW,
	BARE_VIEW,
	MESSAGE,
	BARE_MESSAGE,
	UPDATE,
	BARE_UPDATE,
	MUTEX,
	CLOCK,
	TRANSITION,
	ADVANCE,
	BARE_ADVANCE,
	CANCEL,
	COPY,
	N_RUNS
};

static void report(const struct bench_run *runs)
{
	bench_title("By reference, one task in the cache", "ns", "ns beside");
	bench_row("view / unprotected read + coarse clock", runs[VIEW].ns, runs[BARE_VIEW].ns,
		  bench_ratio(&runs[VIEW], &runs[BARE_VIEW], BENCH_ROUNDS), 1.5);
	bench_row("view with its message / the same unprotected", runs[MESSAGE].ns,
		  runs[BARE_MESSAGE].ns,
		  bench_ratio(&runs[MESSAGE], &runs[BARE_MESSAGE], BENCH_ROUNDS), 1.5);
	bench_row("update / mutex pair + clock + text", runs[UPDATE].ns, runs[BARE_UPDATE].ns,
		  bench_ratio(&runs[UPDATE], &runs[BARE_UPDATE], BENCH_ROUNDS), 1.3);
	bench_row("advance / compare-and-swap", runs[ADVANCE].ns, runs[BARE_ADVANCE].ns,
		  bench_ratio(&runs[ADVANCE], &runs[BARE_ADVANCE], BENCH_ROUNDS), 1.5);
	bench_row("change of stage, with its event", runs[TRANSITION].ns, runs[UPDATE].ns,
		  bench_ratio(&runs[TRANSITION], &runs[UPDATE], BENCH_ROUNDS), 0);
	bench_row("cancel requested?", runs[CANCEL].ns, NAN, NAN, 0);
	bench_row("copy of the whole task", runs[COPY].ns, NAN, NAN, 0);
	bench_note("robust shared mutex pair %.1f ns, CLOCK_BOOTTIME %.1f ns", runs[MUTEX].ns,
		   runs[CLOCK].ns);
}

static void measure(struct subject *subject)
{
	static struct bench_run runs[N_RUNS] = {
		[VIEW] = { .body = view, .n = 5000 },
		[BARE_VIEW] = { .body = bare_view, .n = 5000 },
		[MESSAGE] = { .body = view_message, .n = 5000 },
		[BARE_MESSAGE] = { .body = bare_view_message, .n = 5000 },
		[UPDATE] = { .body = update, .n = 2000 },
		[BARE_UPDATE] = { .body = bare_update, .n = 2000 },
		[MUTEX] = { .body = mutex_pair, .n = 2000 },
		[CLOCK] = { .body = boot_clock, .n = 2000 },
		[TRANSITION] = { .body = transition, .n = 1000 },
		[ADVANCE] = { .body = advance, .n = 10000 },
		[BARE_ADVANCE] = { .body = bare_advance, .n = 10000 },
		[CANCEL] = { .body = cancel_requested, .n = 10000 },
		[COPY] = { .body = copy, .n = 500 },
	};

	for (size_t i = 0; i < N_RUNS; i++)
		runs[i].context = subject;
	bench_measure(runs, N_RUNS, BENCH_ROUNDS);
	report(runs);
}

/* The yardsticks' memory: shared, as a board's is. */
static int make_yardsticks(struct subject *subject)
{
	pthread_mutexattr_t attributes;
	uint8_t *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return -1;
	subject->bare = (void *)page;
	subject->mutex = (void *)(page + 1024);
	subject->word = (void *)(page + 2048);
	subject->bare->deadline = UINT64_MAX;
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	return -pthread_mutex_init(subject->mutex, &attributes);
}

void bench_reference(void)
{
	struct bench_env env;
	struct subject subject;

	bench_env_enter(&env, 16384);
	bench_env_fill(&env, 0, 1024, &(struct bench_env_task){ .n_owners = 16 });
	subject.trackd = env.trackd;
	subject.ref = bench_env_find(&env, 512);
	HARNESS_MUST(trackd_update(env.trackd, subject.ref, TRACKD_EXTRACTING, "begin"));
	HARNESS_MUST(make_yardsticks(&subject));
	measure(&subject);
	bench_env_leave(&env);
}
