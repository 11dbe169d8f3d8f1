/* SPDX-License-Identifier: MIT */
/*
 * Texts to vectors of length 1. Built in: signed feature hashing of words and character trigrams
 * into FEATURE_HASH_SIZE dimensions, deterministic, without a network. Or an endpoint.
 */
#ifndef DOCPROC_EMBED_EMBED_H
#define DOCPROC_EMBED_EMBED_H

#include "tools/docproc/embed/endpoint.h"
#include "tools/docproc/embed/feature_hash.h"

enum { EMBED_DIMENSION_MAX = 8192, EMBED_BATCH = 32 };

struct embedder;

/* dimension: what the endpoint must answer with; 0: whatever it first answers. */
int embedder_open(const struct endpoint_config *config, unsigned dimension,
		  struct embedder **ret_embedder, struct failure *failure);
void embedder_close(struct embedder *embedder);

/* For the store: "builtin-1", or "URL MODEL". */
const char *embedder_provider(const struct embedder *embedder);

/* 0 before an endpoint of unknown dimension has answered. */
unsigned embedder_dimension(const struct embedder *embedder);

/* Vectors of n texts, one after another, which the caller frees. Reports one unit a text.
 * 0, FAILED, CANCELLED. */
int embedder_embed(struct embedder *embedder, const char *const *texts, size_t n,
		   struct report *report, float **ret_vectors, struct failure *failure);

#endif
