/* SPDX-License-Identifier: MIT */
/*
 * Turns texts into vectors of length 1. Built in: signed feature hashing of words and character
 * trigrams into FEATURE_HASH_SIZE dimensions, deterministic and without a network. Alternatively an
 * endpoint computes them.
 */
#ifndef DOCPROC_EMBED_EMBED_H
#define DOCPROC_EMBED_EMBED_H

#include "tools/docproc/embed/endpoint.h"
#include "tools/docproc/embed/feature_hash.h"

enum { EMBED_DIMENSION_MAX = 8192, EMBED_BATCH = 32 };

struct embedder;

/* dimension: required from the endpoint; 0: that of its first answer. */
int embedder_open(const struct endpoint_config *config, unsigned dimension,
		  struct embedder **ret_embedder, struct failure *failure);
void embedder_close(struct embedder *embedder);

/* The name for the store: "builtin-1", or "URL MODEL". */
const char *embedder_provider(const struct embedder *embedder);

/* 0 while the endpoint's dimension is unknown, before its first answer. */
unsigned embedder_dimension(const struct embedder *embedder);

/* Compute the vectors of n texts, one after another; the caller frees them. Reports one unit per
 * text. 0, FAILED, CANCELLED. */
int embedder_embed(struct embedder *embedder, const char *const *texts, size_t n,
		   struct report *report, float **ret_vectors, struct failure *failure);

#endif
