/* SPDX-License-Identifier: MIT */
#include "tools/docproc/embed/embed.h"
#include "tools/docproc/document/report.h"
#include "tools/docproc/embed/feature_hash.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Any change to the built-in vectors must change this name. */
#define BUILTIN "builtin-1"

struct embedder {
	struct features *features; /* NULL: an endpoint is used */
	struct endpoint *endpoint;
	char model[sizeof((struct endpoint_config *)0)->model];
	char provider[sizeof(struct endpoint_config)];
	unsigned dimension;
};

/* ---- Opening ------------------------------------------------------------ */

static int open_builtin(struct embedder *embedder, struct failure *failure)
{
	embedder->dimension = FEATURE_HASH_SIZE;
	snprintf(embedder->provider, sizeof embedder->provider, "%s", BUILTIN);
	embedder->features = features_open();
	if (embedder->features)
		return 0;
	failure_set(failure, "Text cannot be split into words on this host");
	return failure_advise(failure, "ICU opened no break iterator: is libicu's data complete?");
}

static int open_endpoint(struct embedder *embedder, const struct endpoint_config *config,
			 unsigned dimension, struct failure *failure)
{
	if (dimension > EMBED_DIMENSION_MAX)
		return failure_set(failure,
				   "Vectors of %u dimensions are configured; the maximum is %d",
				   dimension, EMBED_DIMENSION_MAX);
	embedder->dimension = dimension;
	snprintf(embedder->provider, sizeof embedder->provider, "%s %s", config->url,
		 config->model);
	memcpy(embedder->model, config->model, sizeof embedder->model);
	return endpoint_open(config, "embedding service", &embedder->endpoint, failure);
}

int embedder_open(const struct endpoint_config *config, unsigned dimension,
		  struct embedder **ret_embedder, struct failure *failure)
{
	struct embedder *embedder = calloc(1, sizeof *embedder);
	int result;

	if (!embedder)
		return failure_set(failure, "Not enough memory");
	result = config->url[0] ? open_endpoint(embedder, config, dimension, failure)
				: open_builtin(embedder, failure);
	if (result < 0)
		embedder_close(embedder);
	else
		*ret_embedder = embedder;
	return result;
}

void embedder_close(struct embedder *embedder)
{
	if (!embedder)
		return;
	features_close(embedder->features);
	endpoint_close(embedder->endpoint);
	free(embedder);
}

const char *embedder_provider(const struct embedder *embedder)
{
	return embedder->provider;
}

unsigned embedder_dimension(const struct embedder *embedder)
{
	return embedder->dimension;
}

/* ---- Built in ----------------------------------------------------------- */

static int embed_builtin(struct embedder *embedder, const char *const *texts, size_t n,
			 struct report *report, float *vectors, struct failure *failure)
{
	for (size_t i = 0; i < n; i++) {
		if (!features_vector(embedder->features, texts[i], strlen(texts[i]),
				     vectors + i * FEATURE_HASH_SIZE))
			return failure_set(failure, "Not enough memory");
		if (report_step(report, 1) < 0)
			return CANCELLED;
	}
	return 0;
}

/* ---- Endpoint ----------------------------------------------------------- */

static json_t *make_request(const struct embedder *embedder, const char *const *texts, size_t n)
{
	json_t *input = json_array(), *request = json_object();
	int error = json_object_set_new(request, "encoding_format", json_string("float"));

	for (size_t i = 0; i < n; i++)
		error |= json_array_append_new(input, json_string(texts[i]));
	error |= json_object_set_new(request, "input", input);
	if (embedder->model[0])
		error |= json_object_set_new(request, "model", json_string(embedder->model));
	if (error == 0)
		return request;
	json_decref(request);
	return NULL;
}

static int read_numbers(const json_t *numbers, float *vector, unsigned dimension,
			struct failure *failure)
{
	for (size_t i = 0; i < dimension; i++) {
		const json_t *number = json_array_get(numbers, i);
		vector[i] = (float)json_number_value(number);
		if (!json_is_number(number) || !isfinite(vector[i]))
			return failure_set(failure, "The embedding service sent a vector that does "
						    "not consist of numbers");
	}
	features_normalise(vector, dimension);
	return 0;
}

static int check_dimension(struct embedder *embedder, size_t n, struct failure *failure)
{
	if (n == 0 || n > EMBED_DIMENSION_MAX)
		return failure_set(failure, "The embedding service sent a vector of %zu dimensions",
				   n);
	if (embedder->dimension == 0)
		embedder->dimension = (unsigned)n;
	if (embedder->dimension == n)
		return 0;
	failure_set(failure, "The embedding service sent vectors of %zu dimensions, %u expected", n,
		    embedder->dimension);
	return failure_advise(failure, "is \"%s\" the model that the store was filled with?",
			      embedder->model);
}

/* Allocate all vectors as soon as their dimension is known. */
static int make_room(const struct embedder *embedder, size_t n, float **vectors,
		     struct failure *failure)
{
	if (!*vectors)
		*vectors = calloc(n + 1, embedder->dimension * sizeof **vectors);
	return *vectors ? 0 : failure_set(failure, "Not enough memory");
}

struct batch {
	size_t first, n; /* of the batch's texts */
	size_t all;      /* the number of all texts */
};

/* An item of "data" names its text by an index; without one, by its position. */
static int read_item(struct embedder *embedder, struct batch batch, const json_t *data,
		     size_t place, bool *seen, float **vectors, struct failure *failure)
{
	const json_t *item = json_array_get(data, place);
	const json_t *numbers = json_object_get(item, "embedding");
	const json_t *index = json_object_get(item, "index");
	size_t at = json_is_integer(index) ? (size_t)json_integer_value(index) : place;

	if (!json_is_array(numbers))
		return failure_set(failure, "The embedding service answered without vectors");
	if (at >= batch.n || seen[at])
		return failure_set(failure,
				   "The embedding service sent vectors in an invalid order");
	seen[at] = true;
	if (check_dimension(embedder, json_array_size(numbers), failure) < 0 ||
	    make_room(embedder, batch.all, vectors, failure) < 0)
		return FAILED;
	return read_numbers(numbers, *vectors + (batch.first + at) * embedder->dimension,
			    embedder->dimension, failure);
}

static int read_answer(struct embedder *embedder, struct batch batch, const json_t *answer,
		       float **vectors, struct failure *failure)
{
	const json_t *data = json_object_get(answer, "data");
	bool seen[EMBED_BATCH] = { false };

	if (!json_is_array(data))
		return failure_set(failure, "The embedding service answered without vectors");
	if (json_array_size(data) != batch.n)
		return failure_set(failure, "The embedding service sent %zu vectors, %zu expected",
				   json_array_size(data), batch.n);
	for (size_t i = 0; i < batch.n; i++) {
		if (read_item(embedder, batch, data, i, seen, vectors, failure) < 0)
			return FAILED;
	}
	return 0;
}

static int embed_batch(struct embedder *embedder, const char *const *texts, struct batch batch,
		       struct report *report, float **vectors, struct failure *failure)
{
	json_t *request = make_request(embedder, texts + batch.first, batch.n), *answer;
	int result;

	if (!request)
		return failure_set(failure, "A text is not valid UTF-8");
	result =
		endpoint_post(embedder->endpoint, "/embeddings", request, report, &answer, failure);
	json_decref(request);
	if (result < 0)
		return result;
	result = read_answer(embedder, batch, answer, vectors, failure);
	json_decref(answer);
	if (result == 0 && report_step(report, batch.n) < 0)
		result = CANCELLED;
	return result;
}

static int embed_endpoint(struct embedder *embedder, const char *const *texts, size_t n,
			  struct report *report, float **vectors, struct failure *failure)
{
	int result = 0;

	for (size_t i = 0; i < n && result == 0; i += EMBED_BATCH) {
		struct batch batch = { i, n - i < EMBED_BATCH ? n - i : EMBED_BATCH, n };
		result = embed_batch(embedder, texts, batch, report, vectors, failure);
	}
	return result;
}

int embedder_embed(struct embedder *embedder, const char *const *texts, size_t n,
		   struct report *report, float **ret_vectors, struct failure *failure)
{
	float *vectors = NULL;
	int result = 0;

	if (embedder->features || n == 0)
		vectors = calloc(n + 1, FEATURE_HASH_SIZE * sizeof *vectors);
	if ((embedder->features || n == 0) && !vectors)
		return failure_set(failure, "Not enough memory");
	if (embedder->features)
		result = embed_builtin(embedder, texts, n, report, vectors, failure);
	else
		result = embed_endpoint(embedder, texts, n, report, &vectors, failure);
	if (result < 0)
		free(vectors);
	else
		*ret_vectors = vectors;
	return result;
}
