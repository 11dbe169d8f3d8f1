/* SPDX-License-Identifier: MIT */
/*
 * The stages in order. Each takes its input from the run and frees what is not needed any more, so
 * that the text of a large document is not held three times.
 *
 * The store is prepared first: if it is full, foreign or not writable, that is reported before an
 * hour of embedding, not after it.
 */
#include "tools/docproc/worker/pipeline.h"
#include "tools/common/exit_code.h"
#include "tools/common/log.h"
#include "tools/docproc/embed/embed.h"
#include "tools/docproc/store/store.h"
#include "tools/docproc/summary/summary.h"
#include "tools/docproc/worker/extraction.h"
#include "tools/docproc/worker/limits.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run {
	const struct config *config;
	const struct document *document;
	struct extractor *extractor;
	struct report report;
	struct failure failure;
	struct store *store;
	struct embedder *embedder;
	struct content content;
	struct chunks chunks;
	float *vectors;
	uint32_t pages;
	const char *content_type;
};

/* ---- Stages -------------------------------------------------------------- */

static int make_ready(struct run *run)
{
	const struct config *config = run->config;
	int result =
		embedder_open(&config->embedding, config->dimension, &run->embedder, &run->failure);

	if (result == 0)
		result = store_open(config->store, STORE_WRITE, &run->store, &run->failure);
	/* An endpoint's dimension may be unknown until it answers. */
	if (result == 0 && embedder_dimension(run->embedder) != 0)
		result = store_provider(run->store, embedder_provider(run->embedder),
					embedder_dimension(run->embedder), &run->failure);
	return result;
}

static int extracting(struct run *run)
{
	const struct extractor_limits limits = { run->config->time_limit_s,
						 run->config->memory_mb };
	char message[TRACKD_NAME_MAX + 32];
	uint64_t processor_ns = 0;

	snprintf(message, sizeof message, "Extracting text from %s", run->document->name);
	int result = report_stage(&run->report, TRACKD_EXTRACTING, message, 0);
	if (result == 0)
		result = make_ready(run);
	if (result == 0)
		result = extraction_read(run->extractor, &limits, &run->report, &run->content,
					 &processor_ns, &run->failure);
	limits_count_time(processor_ns);
	run->pages = run->content.pages;
	run->content_type = run->content.content_type;
	return result;
}

static int chunking(struct run *run)
{
	int result =
		report_stage(&run->report, TRACKD_CHUNKING, "Splitting into semantic chunks", 0);

	if (result == 0)
		result = chunk_content(&run->content, &run->report, &run->chunks, &run->failure);
	content_free(&run->content);
	run->content = (struct content){ 0 };
	return result;
}

static int embed_chunks(struct run *run)
{
	size_t n = run->chunks.n_chunks;
	const char **texts = calloc(n + 1, sizeof *texts);

	if (!texts)
		return failure_set(&run->failure, "Out of memory");
	for (size_t i = 0; i < n; i++)
		texts[i] = run->chunks.chunks[i].text;
	int result =
		embedder_embed(run->embedder, texts, n, &run->report, &run->vectors, &run->failure);
	free(texts);
	return result;
}

static int embedding(struct run *run)
{
	char message[64];

	snprintf(message, sizeof message, "Generating embeddings for %zu chunks",
		 run->chunks.n_chunks);
	int result = report_stage(&run->report, TRACKD_EMBEDDING, message, run->chunks.n_chunks);
	return result == 0 ? embed_chunks(run) : result;
}

static int indexing(struct run *run)
{
	struct store_attempt attempt = {
		.id = run->document->id,
		.owner = run->document->owner,
		.name = run->document->name,
		.content_type = run->content_type,
		.pages = run->pages,
		.created_at = run->document->created_at,
		.chunks = &run->chunks,
		.vectors = run->vectors,
		.dimension = embedder_dimension(run->embedder),
	};
	int result = report_stage(&run->report, TRACKD_INDEXING, "Storing in database",
				  run->chunks.n_chunks);

	if (result == 0)
		result = store_provider(run->store, embedder_provider(run->embedder),
					attempt.dimension, &run->failure);
	if (result == 0)
		result = store_put(run->store, &attempt, &run->report, &run->failure);
	free(run->vectors);
	run->vectors = NULL;
	return result;
}

static int summarizing(struct run *run)
{
	char *summary = NULL;
	int result =
		report_stage(&run->report, TRACKD_SUMMARIZING, "Generating document summary", 0);

	if (result == 0)
		result = summarize(&run->chunks, &run->config->chat, &run->report, &summary,
				   &run->failure);
	if (result == 0)
		result = store_finish(run->store, run->document->id, summary, &run->failure);
	free(summary);
	return result;
}

static int run_stages(struct run *run)
{
	static int (*const stages[])(struct run *) = { extracting, chunking, embedding, indexing,
						       summarizing };
	int result = 0;

	for (size_t i = 0; result == 0 && i < sizeof stages / sizeof stages[0]; i++)
		result = stages[i](run);
	return result;
}

/* ---- The end ------------------------------------------------------------- */

/* A record may be locked for seconds, so try again: the end must reach the board. */
static void report_end(struct run *run, int result)
{
	struct trackd *trackd = run->report.trackd;
	struct trackd_ref ref = run->report.ref;
	int error = TRACKD_E_BUSY;

	for (int i = 0; i < 3 && error == TRACKD_E_BUSY; i++)
		error = result == 0
				? trackd_complete(trackd, ref, "Document processed successfully")
			: result == CANCELLED ? trackd_cancelled(trackd, ref, NULL)
					      : trackd_fail(trackd, ref, run->failure.error);
	/* Final: another process has ended it. */
	if (error < 0 && error != TRACKD_E_FINAL)
		log_warning("%s: the end could not be written to the board: %s", run->document->id,
			    trackd_strerror(error));
}

static enum exit_code conclude(struct run *run, int result)
{
	struct failure ignored;

	if (result != 0 && run->store && store_abandon(run->store, run->document->id, &ignored) < 0)
		log_warning("%s: %s", run->document->id, ignored.error);
	/* A failed malloc() in our own code also means that the memory limit was reached. */
	if (result == FAILED && limits_memory_short())
		failure_set(&run->failure, LIMITS_MEMORY_ERROR, run->config->memory_mb);
	report_end(run, result);
	if (result == 0)
		return EXIT_CODE_DONE;
	if (result == CANCELLED)
		return EXIT_CODE_CANCELLED;
	log_error("%s (%s): %s%s%s", run->document->id, run->document->name, run->failure.error,
		  run->failure.advice[0] ? "; " : "", run->failure.advice);
	return EXIT_CODE_TASK_FAILED;
}

int pipeline_run(const struct config *config, struct trackd *trackd, struct trackd_ref ref,
		 const struct document *document, struct extractor *extractor)
{
	struct run run = {
		.config = config,
		.document = document,
		.extractor = extractor,
		.report = { .trackd = trackd, .ref = ref, .id = document->id },
	};
	enum exit_code code = conclude(&run, run_stages(&run));

	extractor_close(extractor);
	free(run.vectors);
	chunks_free(&run.chunks);
	content_free(&run.content);
	if (run.store)
		store_close(run.store);
	if (run.embedder)
		embedder_close(run.embedder);
	return (int)code;
}
