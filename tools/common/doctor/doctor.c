/* SPDX-License-Identifier: MIT */
/*
 * One pass examines a copy of the board. If it finds nothing, the examination ends. On a board in
 * use, what it finds may be an unfinished update. So further passes follow, and a fault is what
 * every pass found with the same text, for the same tenant of the same slot. Two passes are enough
 * if no task changed in between.
 */
#include "tools/common/doctor/doctor.h"
#include "libclient/segment/internal.h"
#include "tools/common/doctor/doctor_parts.h"
#include "tools/common/printable.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PASSES = 5 };
static const long PAUSE_NS = 20000000; /* longer than any critical section takes */

/* ---- Noting faults ----------------------------------------------------- */

static uint64_t tenant_of(const struct check *check, enum doctor_part part, int64_t index)
{
	if (part != DOCTOR_SLOT || !check->image.whole)
		return 0;
	return check->image.board.heads[index].stamp & ~(STAMP_VERSION_MASK << 2);
}

/* Room for one more fault, or NULL if enough are kept or memory is out. */
static struct doctor_fault *new_fault(struct check *check)
{
	struct doctor_report *report = &check->report;

	report->n_found++;
	if (report->n_faults == DOCTOR_FAULTS_KEPT)
		return NULL;
	if (report->n_faults == check->room) {
		size_t room = check->room ? check->room * 2 : 16;
		struct doctor_fault *more = realloc(report->faults, room * sizeof *more);

		if (!more) {
			check->out_of_memory = true;
			return NULL;
		}
		report->faults = more;
		check->room = room;
	}
	return &report->faults[report->n_faults++];
}

void check_fault(struct check *check, enum doctor_part part, int64_t index, const char *field,
		 const char *expected, const char *seen_format, ...)
{
	struct doctor_fault *fault = new_fault(check);
	char seen[256];
	va_list arguments;

	if (!fault)
		return;
	va_start(arguments, seen_format);
	vsnprintf(seen, sizeof seen, seen_format, arguments);
	va_end(arguments);
	*fault = (struct doctor_fault){
		.part = part,
		.index = index,
		.field = field,
		.tenant = tenant_of(check, part, index),
	};
	printable_line(fault->seen, sizeof fault->seen, seen);
	printable_line(fault->expected, sizeof fault->expected, expected);
}

void check_expect(struct check *check, enum doctor_part part, int64_t index, const char *field,
		  uint64_t seen, uint64_t expected)
{
	char text[32];

	if (seen == expected)
		return;
	snprintf(text, sizeof text, "%" PRIu64, expected);
	check_fault(check, part, index, field, text, "%" PRIu64, seen);
}

void check_expect_zero(struct check *check, enum doctor_part part, int64_t index, const char *field,
		       const void *bytes, size_t n)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < n; i++) {
		if (at[i] == 0)
			continue;
		check_fault(check, part, index, field, "all zero", "0x%02x at byte %zu", at[i], i);
		return;
	}
}

bool check_expect_string(struct check *check, enum doctor_part part, int64_t index,
			 const char *field, const void *bytes, size_t n)
{
	if (memchr(bytes, '\0', n))
		return true;
	check_fault(check, part, index, field, "an end within the field", "no NUL in %zu bytes", n);
	return false;
}

/* ---- Locks ------------------------------------------------------------- */

/* glibc's robust mutex: the futex word, a count, the owner, then (at 16) the kind. A lock that is
 * not recoverable has this owner. */
enum { MUTEX_OWNER = 8, MUTEX_KIND = 16, OWNER_NOT_RECOVERABLE = INT_MAX };

static uint32_t mutex_word(const union layout_mutex *mutex, size_t at)
{
	uint32_t word;

	memcpy(&word, mutex->bytes + at, sizeof word);
	return word;
}

static bool thread_exists(uint32_t tid)
{
	return kill((pid_t)tid, 0) == 0 || errno != ESRCH;
}

bool check_lock(struct check *check, enum doctor_part part, int64_t index,
		const union layout_mutex *mutex)
{
	uint32_t holder = mutex_word(mutex, 0) & 0x3fffffff; /* FUTEX_TID_MASK */
	uint32_t kind = mutex_word(mutex, MUTEX_KIND);
	uint32_t fresh = mutex_word(&check->image.fresh_mutex, MUTEX_KIND);

	if (kind != fresh)
		check_fault(check, part, index, "mutex", "robust and process-shared", "kind 0x%x",
			    kind);
	if (mutex_word(mutex, MUTEX_OWNER) == OWNER_NOT_RECOVERABLE)
		check_fault(check, part, index, "mutex", "recoverable",
			    "not recoverable, says the C library");
	if (lock_orphaned(mutex)) {
		check_fault(check, part, index, "mutex", "unlocked, or held by a living thread",
			    "its holder died and no other thread has locked it since");
		return false;
	}
	if (holder == 0)
		return false;
	if (check->image.same_pids && !thread_exists(holder)) {
		check_fault(check, part, index, "mutex", "unlocked, or held by a living thread",
			    "held by thread %u, which no longer exists", holder);
		return false;
	}
	check->report.held++;
	return true;
}

/* ---- Passes ------------------------------------------------------------ */

static void check_free(struct check *check)
{
	image_free(&check->image);
	free(check->report.faults);
	check->report.faults = NULL;
	free(check->notes);
	check->notes = NULL;
}

static int check_pass(struct check *check, int fd)
{
	*check = (struct check){ 0 };
	int error = image_read(&check->image, fd);

	if (error < 0)
		return error;
	check_header(check);
	if (check->image.whole) {
		check_tables(check);
		error = check_records(check);
		if (error == 0)
			error = check_chains(check);
		if (error == 0)
			error = check_families(check);
		if (error == 0)
			error = check_events(check);
	}
	if (error == 0 && check->out_of_memory)
		error = -ENOMEM;
	if (error < 0)
		check_free(check);
	return error;
}

static bool same_fault(const struct doctor_fault *a, const struct doctor_fault *b)
{
	return a->part == b->part && a->index == b->index && a->tenant == b->tenant &&
	       strcmp(a->field, b->field) == 0 && strcmp(a->seen, b->seen) == 0 &&
	       strcmp(a->expected, b->expected) == 0;
}

/* Keep the faults that are also in `again`. Both lists are in the order of the same walk, so the
 * match of the next fault is rarely far away. Returns how many are left. */
static size_t intersect(struct doctor_fault *faults, size_t n, const struct doctor_fault *again,
			size_t n_again)
{
	size_t kept = 0, from = 0;

	for (size_t i = 0; i < n; i++) {
		size_t at = from;

		while (at < n_again && !same_fault(&faults[i], &again[at]))
			at++;
		if (at == n_again)
			continue;
		faults[kept++] = faults[i];
		from = at + 1;
	}
	return kept;
}

/* Whether tasks were created, changed or removed between two passes. */
static bool moved(const struct layout_header *a, const struct layout_header *b)
{
	return a->event_next != b->event_next || a->cursor != b->cursor ||
	       memcmp(&a->counters, &b->counters, sizeof a->counters) != 0;
}

int doctor_check_fd(int fd, struct doctor_report *ret_report)
{
	struct check first, again;
	int error = check_pass(&first, fd);
	int passes = 1;

	if (error < 0)
		return error;
	while (first.report.n_faults > 0 && passes < PASSES) {
		nanosleep(&(struct timespec){ .tv_nsec = PAUSE_NS }, NULL);
		error = check_pass(&again, fd);
		if (error < 0) {
			check_free(&first);
			return error;
		}
		passes++;
		bool still = !moved(&first.image.header, &again.image.header);
		bool all = first.report.n_found == first.report.n_faults;
		struct doctor_report report = again.report;
		report.n_faults = intersect(first.report.faults, first.report.n_faults,
					    again.report.faults, again.report.n_faults);
		report.faults = first.report.faults;
		if (all)
			report.n_found = report.n_faults;
		first.report.faults = NULL;
		check_free(&first);
		free(again.report.faults);
		again.report = report;
		first = again;
		first.image.board.header = &first.image.header;
		if (still)
			break;
	}
	first.report.passes = passes;
	*ret_report = first.report;
	first.report.faults = NULL;
	check_free(&first);
	return ret_report->n_found < INT_MAX ? (int)ret_report->n_found : INT_MAX;
}

void doctor_report_free(struct doctor_report *report)
{
	free(report->faults);
	*report = (struct doctor_report){ 0 };
}

/* ---- Output ------------------------------------------------------------- */

const char *doctor_part_name(enum doctor_part part)
{
	switch (part) {
#define DOCTOR_PART_NAME(name, text)                                                               \
	case DOCTOR_##name:                                                                        \
		return text;
		DOCTOR_PARTS(DOCTOR_PART_NAME)
#undef DOCTOR_PART_NAME
	}
	return "?";
}

void doctor_fault_print(FILE *to, const char *prefix, const struct doctor_fault *fault)
{
	fprintf(to, "%s%s", prefix, doctor_part_name(fault->part));
	if (fault->index >= 0)
		fprintf(to, " %" PRId64, fault->index);
	fprintf(to, ": %s: seen %s, expected %s\n", fault->field, fault->seen, fault->expected);
}

void doctor_report_print(FILE *to, const char *prefix, const struct doctor_report *report)
{
	for (size_t i = 0; i < report->n_faults; i++)
		doctor_fault_print(to, prefix, &report->faults[i]);
	if (report->n_found > report->n_faults)
		fprintf(to, "%s... and %zu more\n", prefix, report->n_found - report->n_faults);
}
