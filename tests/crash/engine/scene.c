/* SPDX-License-Identifier: MIT */
/* The board on which operations are killed; see scene.h. */
#include "tests/crash/engine/scene.h"
#include "libclient/index/index.h"
#include "libclient/record/worker.h"
#include "tests/crash/engine/fake_clock.h"
#include "tests/harness/harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static const uint64_t HASH_SEED = 0x7261636b64;
static const uint64_t BEGIN_NS = 1000 * NS_PER_S;

/* A state contains the bytes before the second page of the event ring and those after the ring: no
 * operation writes more events than the first page holds. */
static size_t front_size(const struct board *board)
{
	return (size_t)((uint8_t *)board->events - (uint8_t *)board->base) + LAYOUT_PAGE;
}

static size_t back_size(const struct board *board)
{
	return board->size - (size_t)((uint8_t *)board->bodies - (uint8_t *)board->base);
}

static void *allocate(size_t size)
{
	void *bytes = malloc(size);

	if (!bytes)
		harness_die("no memory for a scene");
	return bytes;
}

void scene_make(struct scene *scene)
{
	fake_clock_set(BEGIN_NS);
	harness_board(&scene->board, SCENE_CAPACITY);
	scene->board.hash_seed = scene->board.header->hash_seed = HASH_SEED;
	for (uint32_t i = 0; i < scene->board.capacity; i++)
		scene->board.heads[i].stamp = stamp_make(1000 * (i + 1), 0, SLOT_FREE);
	/* As if the daemon slept, so that producers wake it. */
	scene->board.header->armed = 1;
	harness_board_reader(&scene->reader, &scene->board);
	HARNESS_MUST(worker_claim(&scene->board, getpid(), &scene->worker));
	scene->scratch = allocate(front_size(&scene->board) + back_size(&scene->board));
}

void scene_free(struct scene *scene)
{
	free(scene->scratch);
	segment_unmap(&scene->reader);
	harness_board_free(&scene->board);
}

static void copy_out(const struct board *board, uint8_t *to)
{
	size_t front = front_size(board);

	memcpy(to, board->base, front);
	memcpy(to + front, board->bodies, back_size(board));
}

void scene_keep(const struct scene *scene, struct scene_state *state)
{
	if (!state->bytes)
		state->bytes = allocate(front_size(&scene->board) + back_size(&scene->board));
	copy_out(&scene->board, state->bytes);
}

void scene_put_back(struct scene *scene, const struct scene_state *state)
{
	size_t front = front_size(&scene->board);

	memcpy(scene->board.base, state->bytes, front);
	memcpy(scene->board.bodies, state->bytes + front, back_size(&scene->board));
}

void scene_state_free(struct scene_state *state)
{
	free(state->bytes);
	state->bytes = NULL;
}

/* Forget which thread held a mutex last: glibc keeps its id at the third word. */
static void forget_owner(const struct scene *scene, const union layout_mutex *mutex)
{
	const struct board *board = &scene->board;
	size_t at = (size_t)((const uint8_t *)mutex - (const uint8_t *)board->base);

	if (at >= front_size(board))
		at -= board->size - back_size(board) - front_size(board);
	memset(scene->scratch + at + 8, 0, 4);
}

uint64_t scene_hash(const struct scene *scene)
{
	const struct board *board = &scene->board;

	copy_out(board, scene->scratch);
	forget_owner(scene, &board->kinds->mutex);
	for (uint32_t i = 0; i < LAYOUT_STRIPES; i++) {
		forget_owner(scene, &board->id_stripes[i].mutex);
		forget_owner(scene, &board->owner_stripes[i].mutex);
		forget_owner(scene, &board->family_stripes[i].mutex);
	}
	for (uint32_t i = 0; i < board->capacity; i++)
		forget_owner(scene, &board->bodies[i].mutex);
	return XXH3_64bits(scene->scratch, front_size(board) + back_size(board));
}

/* The prefix with the n-th number that makes it fall into the bucket. */
static void text_in(const struct board *board, const char *prefix,
		    uint64_t (*hash)(const struct board *, const char *), uint32_t bucket,
		    unsigned n, char ret_text[16])
{
	for (unsigned i = 0;; i++) {
		snprintf(ret_text, 16, "%s%u", prefix, i);
		if (index_bucket(board, hash(board, ret_text)) == bucket && n-- == 0)
			return;
	}
}

void scene_id_in(const struct scene *scene, uint32_t bucket, unsigned n, char ret_id[16])
{
	text_in(&scene->board, "t", index_id_hash, bucket, n, ret_id);
}

void scene_owner_in(const struct scene *scene, uint32_t bucket, unsigned n, char ret_owner[16])
{
	text_in(&scene->board, "owner", index_owner_hash, bucket, n, ret_owner);
}
