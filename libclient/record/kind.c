/* SPDX-License-Identifier: MIT */
/* A kind is filled before it is counted, under the table's mutex; readers load the count and read
 * no kind beyond it. */
#include "libclient/record/kind.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/lock.h"
#include "libclient/segment/text.h"
#include <errno.h>
#include <string.h>

uint32_t kind_count(const struct board *board)
{
	/* Pairs with the release in kind_declare(). */
	uint32_t n = load_acquire(&board->kinds->n);

	return n < board->kinds_max ? n : board->kinds_max;
}

static const struct layout_kind *kind_at(const struct board *board, int64_t kind)
{
	if (kind < 0 || kind >= (int64_t)kind_count(board))
		return NULL;
	return &board->kinds->kind[kind];
}

static void load_name(char *to, const uint8_t *from)
{
	uint64_t name[LAYOUT_STAGE_NAME / 8];

	words_load(name, from, LAYOUT_STAGE_NAME / 8);
	memcpy(to, name, LAYOUT_STAGE_NAME);
	to[LAYOUT_STAGE_NAME - 1] = '\0';
}

static void load_kind(const struct layout_kind *from, struct trackd_kind *to)
{
	memset(to, 0, sizeof *to);
	to->size = sizeof *to;
	load_name(to->name, from->name);
	to->n_stages = (int32_t)kind_stage_count(from);
	for (int32_t i = 0; i < to->n_stages; i++) {
		load_name(to->stages[i].name, from->stages[i]);
		to->stages[i].percent = load_relaxed(&from->percent[i]);
	}
}

static bool definition_valid(const char *name, const struct trackd_stage_def *stages, int n_stages)
{
	uint8_t before = 0;

	if (!name || !text_word_valid(name) || n_stages < 1 || n_stages > TRACKD_STAGES_MAX)
		return false;
	for (int i = 0; i < n_stages; i++) {
		if (!stages[i].name || !text_word_valid(stages[i].name) ||
		    stages[i].percent < before || stages[i].percent > 99)
			return false;
		for (int j = 0; j < i; j++)
			if (strcmp(stages[i].name, stages[j].name) == 0)
				return false;
		before = stages[i].percent;
	}
	return true;
}

static bool same_definition(const struct layout_kind *kind, const char *name,
			    const struct trackd_stage_def *stages, int n_stages)
{
	struct trackd_kind known;

	load_kind(kind, &known);
	if (strcmp(known.name, name) != 0 || known.n_stages != n_stages)
		return false;
	for (int i = 0; i < n_stages; i++)
		if (strcmp(known.stages[i].name, stages[i].name) != 0 ||
		    known.stages[i].percent != stages[i].percent)
			return false;
	return true;
}

/* The newest kind with this name, if it is identical. An older one does not count, because a lookup
 * by name no longer finds it. */
static int find_identical(const struct board *board, const char *name,
			  const struct trackd_stage_def *stages, int n_stages)
{
	int kind = kind_find(board, name);

	if (kind >= 0 && same_definition(&board->kinds->kind[kind], name, stages, n_stages))
		return kind;
	return TRACKD_E_KIND;
}

static void store_name(uint8_t *to, const char *from)
{
	size_t length = strlen(from);

	for (size_t i = 0; i < LAYOUT_STAGE_NAME; i++)
		store_relaxed(&to[i], i < length ? (uint8_t)from[i] : 0);
}

int kind_declare(struct board *board, const char *name, const struct trackd_stage_def *stages,
		 int n_stages, uint64_t deadline)
{
	if (!definition_valid(name, stages, n_stages))
		return -EINVAL;
	int kind = find_identical(board, name, stages, n_stages);
	if (kind >= 0)
		return kind;
	int error = lock_take(&board->kinds->mutex, deadline);
	if (error < 0)
		return error;
	if (error == LOCK_RECOVERED) /* a partial definition is beyond the count and not visible */
		add_relaxed(&board->header->counters.locks_recovered, 1);
	/* Checked under the lock: the daemon closes the board before it takes this lock for the
	 * last time. */
	if (board_closed(board) != LAYOUT_OPEN) {
		lock_drop(&board->kinds->mutex);
		return TRACKD_E_MOVING;
	}
	kind = find_identical(board, name, stages, n_stages);
	uint32_t n = kind_count(board);
	if (kind < 0 && n == board->kinds_max)
		kind = TRACKD_E_TABLE_FULL;
	if (kind == TRACKD_E_KIND) {
		struct layout_kind *to = &board->kinds->kind[n];

		store_name(to->name, name);
		for (int i = 0; i < n_stages; i++) {
			store_name(to->stages[i], stages[i].name);
			store_relaxed(&to->percent[i], stages[i].percent);
		}
		store_relaxed(&to->n_stages, (uint32_t)n_stages);
		/* Pairs with the acquire in kind_count(). */
		store_release(&board->kinds->n, n + 1);
		kind = (int)n;
	}
	lock_drop(&board->kinds->mutex);
	return kind;
}

int kind_find(const struct board *board, const char *name)
{
	char known[LAYOUT_STAGE_NAME];

	for (int i = (int)kind_count(board) - 1; i >= 0; i--) {
		load_name(known, board->kinds->kind[i].name);
		if (strcmp(known, name) == 0)
			return i;
	}
	return TRACKD_E_KIND;
}

int kind_get(const struct board *board, int kind, struct trackd_kind *ret_kind)
{
	const struct layout_kind *from = kind_at(board, kind);

	if (!from)
		return TRACKD_E_KIND;
	load_kind(from, ret_kind);
	return 0;
}

int kind_stage_find(const struct board *board, int kind, const char *name)
{
	const struct layout_kind *from = kind_at(board, kind);
	char known[LAYOUT_STAGE_NAME];

	if (!from)
		return TRACKD_E_KIND;
	for (uint32_t i = 0; i < kind_stage_count(from); i++) {
		load_name(known, from->stages[i]);
		if (strcmp(known, name) == 0)
			return (int)i;
	}
	return TRACKD_E_STAGE;
}

const char *kind_stage_name(const struct board *board, uint32_t kind, uint8_t stage)
{
	const struct layout_kind *from = kind_at(board, kind);

	if (!from || stage >= kind_stage_count(from))
		return "";
	const char *name = (const char *)from->stages[stage];
	return strnlen(name, LAYOUT_STAGE_NAME) < LAYOUT_STAGE_NAME ? name : "";
}

int kind_progress(const struct board *board, uint32_t kind, uint8_t state, uint8_t stage,
		  uint64_t done, uint64_t total)
{
	const struct layout_kind *from = kind_at(board, kind);

	if (state == TRACKD_COMPLETED)
		return 100;
	/* A failed or cancelled task keeps its stage and counts. */
	bool entered =
		state == TRACKD_ACTIVE || state == TRACKD_FAILED || state == TRACKD_CANCELLED;
	if (!entered || !from)
		return 0;
	uint32_t n = kind_stage_count(from);
	if (stage >= n)
		return 0;
	unsigned here = load_relaxed(&from->percent[stage]);
	unsigned there = stage + 1u < n ? load_relaxed(&from->percent[stage + 1]) : 100;
	here = here < 99 ? here : 99;
	there = there < 100 ? there : 100;
	if (total == 0 || there <= here + 1 || done == 0)
		return (int)here;
	if (done >= total)
		return (int)there - 1;
	/* total is at most 2^47 - 1 on an undamaged board; scale larger values down. */
	if (total > TRACKD_WORK_MAX) {
		done >>= 17;
		total >>= 17;
	}
	unsigned moved = here + (unsigned)((there - here) * done / total);
	return (int)(moved < there ? moved : there - 1);
}
