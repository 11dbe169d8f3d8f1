/* SPDX-License-Identifier: MIT */
/* Sums up a parent's children; see rollup.h. */
#include "libclient/record/rollup.h"
#include "libclient/index/index.h"
#include "libclient/record/facts.h"
#include "libclient/record/kind.h"
#include "libclient/segment/atomic.h"
#include <errno.h>

enum { PERCENT = 100, TRIES = 16 };

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* ---- Counts ------------------------------------------------------------------- */

void rollup_show(const struct board *board, uint32_t slot, uint64_t *ret_done, uint64_t *ret_total)
{
	struct children children;

	children_read(board, slot, &children);
	*ret_done = children_ended(&children);
	*ret_total = larger(children_all(&children), load_relaxed(&board->families[slot].expected));
}

int rollup_progress(uint8_t state, uint64_t done, uint64_t total)
{
	if (state == TRACKD_COMPLETED)
		return PERCENT;
	if (total == 0)
		return 0;
	return done >= total ? PERCENT - 1 : (int)(done * PERCENT / total);
}

void rollup_children(const struct board *board, uint32_t slot, struct trackd_children *ret_children)
{
	const struct layout_family *family = &board->families[slot];
	struct children children;

	children_read(board, slot, &children);
	*ret_children = (struct trackd_children){
		.pending = children.n.pending,
		.active = children.n.active,
		.completed = children.n.completed,
		.failed = children.n.failed,
		.cancelled = children.n.cancelled,
		.gone_completed = children.n.gone_completed,
		.gone_failed = children.n.gone_failed,
		.gone_cancelled = children.n.gone_cancelled,
		.expected = load_relaxed(&family->expected),
		.closed = (load_relaxed(&family->flags) & FAMILY_CLOSED) != 0,
		.gone_weight = children.gone_weight,
	};
}

/* ---- The fine sum ---------------------------------------------------------------- */

/* A child's progress in percent: 100 if it has ended, whatever its end. */
static int progress_of(const struct board *board, uint32_t slot)
{
	const struct layout_head *head = &board->heads[slot];
	const struct layout_body *body = &board->bodies[slot];
	uint64_t stamp = load_acquire(&head->stamp), done, total;
	const struct layout_copy *copy = &body->copy[stamp_version(stamp) & 1];
	uint64_t word = load_relaxed(copy_word(copy));
	uint8_t state = COPY_WORD_STATE(word);

	if (is_final(state))
		return PERCENT;
	if (COPY_WORD_FLAGS(word) & COPY_ROLLUP) {
		rollup_show(board, slot, &done, &total);
		return rollup_progress(state, done, total);
	}
	total = load_relaxed(&copy->total);
	done = (load_relaxed(&body->work) - load_relaxed(&copy->base)) & WORK_COUNT_MASK;
	return kind_progress(board, hint_kind(load_relaxed(&head->hint)), state,
			     COPY_WORD_STAGE(word), done, total);
}

/* progress_of(), all of one version: a child that is changed during every try counts as it was read
 * last. */
static int progress_settled(const struct board *board, uint32_t slot)
{
	const uint64_t *stamp = &board->heads[slot].stamp;
	int progress = 0;

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = load_acquire(stamp); /* pairs with the commit */

		progress = progress_of(board, slot);
		fence_acquire(); /* pairs with fence_release() before a fill */
		if (__builtin_expect(load_relaxed(stamp) == before, 1))
			break;
	}
	return progress;
}

struct sum {
	uint64_t n, weight, progress;
};

static void add(struct sum *sum, uint64_t weight, uint64_t progress)
{
	sum->weight += weight;
	sum->progress += weight * progress;
}

static void add_children(const struct board *board, struct trackd_ref ref, struct sum *sum)
{
	struct index_position position;
	struct trackd_ref child;

	index_owner_begin(&position);
	while (sum->n < board->capacity && index_child_next(board, ref, &position, &child) == 1) {
		uint32_t weight = load_relaxed(&board->families[child.slot].weight);

		sum->n++;
		add(sum, weight ? weight : 1, (uint64_t)progress_settled(board, child.slot));
	}
}

/* Sum up once. False: a child departed meanwhile, which may have been counted twice or not at all. */
static bool sum_up(const struct board *board, struct trackd_ref ref, struct sum *sum)
{
	uint64_t expected = load_relaxed(&board->families[ref.slot].expected);
	struct children before, after;

	*sum = (struct sum){ 0 };
	children_read(board, ref.slot, &before);
	add_children(board, ref, sum);
	fence_acquire();
	children_read(board, ref.slot, &after);
	sum->n += children_gone(&before);
	add(sum, before.gone_weight, PERCENT);
	if (expected > sum->n)
		add(sum, expected - sum->n, 0);
	return children_gone(&before) == children_gone(&after);
}

static uint32_t millionths(const struct sum *sum)
{
	uint64_t whole = sum->weight * PERCENT, part = sum->progress;

	if (whole == 0)
		return 0;
	for (; whole > UINT64_MAX / 1000000; whole >>= 1)
		part >>= 1;
	return (uint32_t)(part * 1000000 / whole);
}

int rollup_sum(const struct board *board, struct trackd_ref ref, struct trackd_rollup *ret_rollup)
{
	struct trackd_rollup rollup = { .size = ret_rollup->size };
	struct sum sum = { 0 };

	if (ref.slot >= board->capacity)
		return TRACKD_E_GONE;
	const struct layout_head *head = &board->heads[ref.slot];
	uint64_t stamp = load_acquire(&head->stamp);
	if (!stamp_is_live(stamp, ref.generation))
		return TRACKD_E_GONE;
	const struct layout_body *body = &board->bodies[ref.slot];
	if (load_relaxed(&body->copy[stamp_version(stamp) & 1].flags) & COPY_PARENT) {
		for (int i = 0; i < TRIES && !sum_up(board, ref, &sum); i++)
			;
		rollup_children(board, ref.slot, &rollup.children);
		rollup_show(board, ref.slot, &rollup.done, &rollup.total);
		rollup.progress_ppm = millionths(&sum);
	}
	fence_acquire();
	if (!stamp_is_live(load_relaxed(&head->stamp), ref.generation))
		return TRACKD_E_GONE;
	*ret_rollup = rollup;
	return 0;
}
