/* SPDX-License-Identifier: MIT */
/*
 * The board on which operations are killed: small, in shared memory, with a fixed hash seed and
 * fixed generations, so that every run finds the same bytes. Its whole state can be saved, restored
 * and compared.
 */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include "libclient/segment/segment.h"
#include "libclient/trackd.h"

enum { SCENE_CAPACITY = 16 };

struct scene {
	struct board board;  /* mapped as by producers */
	struct board reader; /* the same, mapped read-only */
	uint64_t worker;     /* this process as a worker */
	uint8_t *scratch;
};

/* All bytes of a scene that operations can change. */
struct scene_state {
	uint8_t *bytes;
};

void scene_make(struct scene *scene);
void scene_free(struct scene *scene);

void scene_keep(const struct scene *scene, struct scene_state *state);
void scene_put_back(struct scene *scene, const struct scene_state *state);
void scene_state_free(struct scene_state *state);

/* A hash of the state, without the last holders of mutexes. */
uint64_t scene_hash(const struct scene *scene);

/* The n-th id ("t0", "t1", ...) that falls into this bucket of this board. */
void scene_id_in(const struct scene *scene, uint32_t bucket, unsigned n, char ret_id[16]);
void scene_owner_in(const struct scene *scene, uint32_t bucket, unsigned n, char ret_owner[16]);

#endif
