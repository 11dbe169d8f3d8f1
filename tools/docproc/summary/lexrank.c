/* SPDX-License-Identifier: MIT */
/*
 * After Erkan and Radev, "LexRank: Graph-based Lexical Centrality as Salience in Text
 * Summarization", Journal of Artificial Intelligence Research 22 (2004), section 3.2: sentences are
 * connected if their cosine is above a threshold. Each sentence gives its score in equal parts to
 * its neighbours and itself, and DAMPING is shared equally among all. The scores are the fixed
 * point.
 */
#include "tools/docproc/summary/lexrank.h"
#include "tools/docproc/embed/feature_hash.h"
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/* Higher than the paper's 0.1: because of common trigrams and collisions, hashed vectors of
 * unrelated sentences are not quite orthogonal. */
static const double threshold = 0.2;
static const double damping = 0.15, precision = 1e-7;

enum { ROUNDS_MAX = 100, ROWS_A_LOOK = 64 };

struct graph {
	uint64_t *joined; /* one row of bits per sentence */
	uint32_t *degree;
	size_t n, row; /* row: words per row */
};

static void join(struct graph *graph, size_t one, size_t other)
{
	graph->joined[one * graph->row + other / 64] |= UINT64_C(1) << other % 64;
	graph->degree[one]++;
}

static int fill(struct graph *graph, const float *vectors, size_t dimension, struct report *report)
{
	for (size_t i = 0; i < graph->n; i++) {
		const float *vector = vectors + i * dimension;
		join(graph, i, i);
		for (size_t j = 0; j < i; j++) {
			if (features_cosine(vector, vectors + j * dimension, dimension) <=
			    threshold)
				continue;
			join(graph, i, j);
			join(graph, j, i);
		}
		if (i % ROWS_A_LOOK == 0 && report_step(report, 0) < 0)
			return CANCELLED;
	}
	return 0;
}

/* The score given to a sentence. share: what each sentence gives to each neighbour. */
static double given(const struct graph *graph, size_t to, const double *share)
{
	double sum = 0;

	for (size_t i = 0; i < graph->row; i++) {
		for (uint64_t bits = graph->joined[to * graph->row + i]; bits; bits &= bits - 1)
			sum += share[64 * i + (size_t)__builtin_ctzll(bits)];
	}
	return sum;
}

/* One iteration of the power method. Returns how much the scores have changed. */
static double turn(const struct graph *graph, double *scores, double *share)
{
	double change = 0, base = damping / (double)graph->n;

	for (size_t i = 0; i < graph->n; i++)
		share[i] = scores[i] / graph->degree[i];
	for (size_t i = 0; i < graph->n; i++) {
		double score = base + (1 - damping) * given(graph, i, share);
		change += fabs(score - scores[i]);
		scores[i] = score;
	}
	return change;
}

static int iterate(const struct graph *graph, struct report *report, double *scores)
{
	double *share = calloc(graph->n, sizeof *share), change = 1;

	if (!share)
		return -ENOMEM;
	for (size_t i = 0; i < graph->n; i++)
		scores[i] = 1 / (double)graph->n;
	for (int i = 0; i < ROUNDS_MAX && change > precision; i++) {
		if (report_step(report, 0) < 0) {
			free(share);
			return CANCELLED;
		}
		change = turn(graph, scores, share);
	}
	free(share);
	return 0;
}

int lexrank(const float *vectors, size_t n, size_t dimension, struct report *report,
	    double *ret_scores)
{
	struct graph graph = { .n = n, .row = (n + 63) / 64 };
	int result = -ENOMEM;

	if (n == 0)
		return 0;
	graph.joined = calloc(n * graph.row, sizeof *graph.joined);
	graph.degree = calloc(n, sizeof *graph.degree);
	if (graph.joined && graph.degree)
		result = fill(&graph, vectors, dimension, report);
	if (result == 0)
		result = iterate(&graph, report, ret_scores);
	free(graph.joined);
	free(graph.degree);
	return result;
}
