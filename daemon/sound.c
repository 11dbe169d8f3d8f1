/* SPDX-License-Identifier: MIT */
/* The check of an adopted board. Producers are at work on it, so what looks wrong is looked at
 * again before it counts. */
#include "sound.h"
#include "atomic.h"
#include "index.h"
#include "kind.h"
#include "slot.h"
#include "task.h"
#include "text.h"
#include <string.h>

enum { TRIES = 3 };

static bool kinds_hold(const struct board *board)
{
	struct trackd_kind kind;
	uint32_t n = load_acquire(&board->kinds->n); /* pairs with the release in kind.c */

	if (n == 0 || n > LAYOUT_KINDS)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (kind_get(board, (int)i, &kind) < 0 || !text_word_valid(kind.name))
			return false;
	return true;
}

static bool is_same(const struct board *board, struct trackd_ref ref)
{
	struct trackd_ref now;

	return task_at(board, ref.slot, &now) && now.generation == ref.generation;
}

/* Whether the record of ref is found by its id, or has gone meanwhile. */
static bool is_found(const struct board *board, struct trackd_ref ref)
{
	const struct layout_body *body = &board->bodies[ref.slot];
	char id[LAYOUT_ID];
	uint32_t slot;
	uint64_t stamp;

	words_load(id, body->id, sizeof id / 8);
	if (memchr(id, '\0', sizeof id) == NULL || !text_id_valid(id) ||
	    load_relaxed(&body->kind) >= load_relaxed(&board->kinds->n))
		return !is_same(board, ref);
	if (index_lookup(board, id, &slot, &stamp) == 0 && slot == ref.slot)
		return true;
	return !is_same(board, ref);
}

bool sound_check(const struct board *board)
{
	struct trackd_ref ref;

	if (!kinds_hold(board))
		return false;
	for (uint32_t slot = slot_next_used(board, 0); slot < board->capacity;
	     slot = slot_next_used(board, slot + 1)) {
		bool found = false;
		for (int i = 0; i < TRIES && !found; i++)
			found = !task_at(board, slot, &ref) || is_found(board, ref);
		if (!found)
			return false;
	}
	return true;
}
