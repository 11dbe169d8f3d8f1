/* SPDX-License-Identifier: MIT */
/* The stages, in order, over what they hand on to each other. */
#include "stages.h"
#include "document.h"
#include "index.h"
#include "vector.h"
#include "words.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct work {
	const struct job *job;
	struct document document;
	struct counts counts;
	struct vector *vectors; /* one a piece; owned */
	struct index_likeness like;
	char summary[TRACKD_MESSAGE_MAX + 1];
};

/* One unit is done. Whoever asked for the task to be cancelled is obeyed here, between two. */
static int done_one(struct work *work)
{
	const struct job *job = work->job;

	if (trackd_cancel_requested(job->trackd, job->ref) == 1)
		return -ECANCELED;
	return trackd_advance(job->trackd, job->ref, 1);
}

static int on_page(void *user, uint32_t page)
{
	struct work *work = user;
	char message[64];
	int error = done_one(work);

	if (error < 0)
		return error;
	snprintf(message, sizeof message, "Page %u", page);
	return trackd_update(work->job->trackd, work->job->ref, TRACKD_STAGE_KEEP, message);
}

static int enter(struct work *work, int stage, uint64_t total, const char *message)
{
	int error = trackd_update(work->job->trackd, work->job->ref, stage, message);

	return error < 0 ? error : trackd_set_total(work->job->trackd, work->job->ref, total);
}

static int extract(struct work *work)
{
	int error = enter(work, TRACKD_EXTRACTING, 0, "Rendering");

	if (error == 0)
		error = document_extract(&work->document, work->job->path, on_page, work);
	if (error == 0 && work->document.n_pages == 0)
		return -ENODATA;
	return error;
}

static int split(struct work *work)
{
	int error = enter(work, TRACKD_CHUNKING, work->document.n_pages, "Splitting");

	return error < 0 ? error : document_split(&work->document, on_page, work);
}

static int embed(struct work *work)
{
	const struct document *document = &work->document;
	char message[64];
	int error;

	snprintf(message, sizeof message, "%u pieces of %u words", document->n_pieces,
		 document->n_words);
	error = enter(work, TRACKD_EMBEDDING, document->n_pieces, message);
	work->vectors = calloc(document->n_pieces + 1, sizeof *work->vectors);
	if (!work->vectors)
		return -ENOMEM;
	for (uint32_t i = 0; error == 0 && i < document->n_pieces; i++) {
		const struct piece *piece = &document->pieces[i];
		vector_make(&work->vectors[i], document->text + piece->start,
			    piece->end - piece->start);
		error = done_one(work);
	}
	return error;
}

/* The page on which a word stands: words come in the order of pages. */
static uint32_t page_at(const struct document *document, const char *at, uint32_t page)
{
	while (page < document->n_pages && (size_t)(at - document->text) >= document->pages[page])
		page++;
	return page;
}

static int count_words(struct work *work)
{
	struct word word = { .end = work->document.text };
	uint32_t page = 1;

	while (words_next(&word)) {
		struct count *count = counts_add(&work->counts, &word);
		if (!count)
			return -ENOMEM;
		page = page_at(&work->document, word.start, page);
		if (count->n == 1)
			count->page = page;
	}
	return 0;
}

static int put_into_index(struct work *work)
{
	const struct job *job = work->job;
	int error = enter(work, TRACKD_INDEXING, work->document.n_pieces, "Looking for its like");

	for (uint32_t i = 0; error == 0 && i < work->document.n_pieces; i++) {
		error = index_compare(job->index, job->id, &work->vectors[i], &work->like);
		if (error == 0)
			error = done_one(work);
	}
	if (error == 0)
		error = count_words(work);
	if (error == 0)
		error = index_put_words(job->index, job->id, &work->counts);
	if (error == 0)
		error = index_put_vectors(job->index, job->id, work->vectors,
					  work->document.n_pieces);
	return error;
}

/* ---- The summary: the sentence whose words the document says most often --- */

struct sentence {
	const char *start, *end;
};

/* What lies between two full stops. NULL start: no more. */
static struct sentence next_sentence(const char *at)
{
	struct sentence sentence = { at, at };

	while (*sentence.end &&
	       !(sentence.end[0] == '.' && (sentence.end[1] == ' ' || sentence.end[1] == '\n')))
		sentence.end++;
	if (!*sentence.end)
		sentence.start = NULL;
	return sentence;
}

static double weigh(const struct work *work, const struct sentence *sentence)
{
	struct word word = { .end = sentence->start };
	double weight = 0;
	uint32_t n = 0;

	while (words_next(&word) && word.start < sentence->end) {
		weight += log(1 + counts_of(&work->counts, &word));
		n++;
	}
	return n >= 8 && n <= 24 ? weight / n : 0;
}

/* With single spaces, and without the hyphens of the page's right edge. */
static void copy_sentence(char *to, size_t size, const struct sentence *sentence)
{
	size_t length = 0;

	for (const char *at = sentence->start; at < sentence->end && length + 1 < size; at++) {
		char c = *at == '\n' || *at == '\t' ? ' ' : *at;
		if (c != ' ' || (length > 0 && to[length - 1] != ' '))
			to[length++] = c;
	}
	to[length] = '\0';
}

static int summarize(struct work *work)
{
	const struct job *job = work->job;
	struct sentence sentence = { 0 };
	double best = 0;
	int error = enter(work, TRACKD_SUMMARIZING, 0, "Weighing sentences");

	for (const char *at = work->document.text; error == 0; at = sentence.end + 1) {
		sentence = next_sentence(at);
		if (!sentence.start)
			break;
		double weight = weigh(work, &sentence);
		if (weight > best) {
			best = weight;
			copy_sentence(work->summary, sizeof work->summary, &sentence);
		}
		error = done_one(work);
	}
	return error < 0 ? error
			 : index_put_summary(job->index, job->id, job->title, work->summary);
}

/* ---- All ---------------------------------------------------------------- */

typedef int stage_function(struct work *work);
static stage_function *const stages[] = { extract, split, embed, put_into_index, summarize };

static int end(const struct work *work, int error)
{
	const struct job *job = work->job;
	char message[TRACKD_MESSAGE_MAX + 1];

	if (error == -ECANCELED)
		return trackd_cancelled(job->trackd, job->ref, NULL);
	/* Gone or final: somebody has decided otherwise, and there is nothing to end. */
	if (error == TRACKD_E_GONE || error == TRACKD_E_FINAL)
		return 0;
	if (error < 0)
		return trackd_fail(job->trackd, job->ref, trackd_strerror(error));
	snprintf(message, sizeof message, "%u pages, %u words%s%s", work->document.n_pages,
		 work->document.n_words, work->like.id[0] ? ", most like " : "", work->like.id);
	return trackd_complete(job->trackd, job->ref, message);
}

int stages_run(const struct job *job)
{
	struct work work = { .job = job };
	int error = 0;

	for (size_t i = 0; error == 0 && i < sizeof stages / sizeof stages[0]; i++)
		error = stages[i](&work);
	error = end(&work, error);
	document_free(&work.document);
	counts_free(&work.counts);
	free(work.vectors);
	return error;
}
