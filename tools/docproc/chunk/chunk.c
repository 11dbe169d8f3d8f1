/* SPDX-License-Identifier: MIT */
/*
 * Cleans block after block and splits it into sentences; then pack.c makes chunks of them. In
 * memory at the same time are the document, one cleaned block, the sentences and the chunks: about
 * four times the text. The number of short sentences is limited, so that their bookkeeping does not
 * outweigh the text.
 */
#include "tools/docproc/chunk/chunk.h"
#include "tools/docproc/chunk/chunk_parts.h"
#include "tools/docproc/chunk/clean.h"
#include "tools/docproc/chunk/sentence.h"
#include "tools/docproc/document/utf8.h"
#include "tools/docproc/language/language.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	MANY_SENTENCES = 1 << 20, /* from this number on, */
	SHORT_SENTENCE = 100,     /* sentences of fewer bytes are joined */
	SENTENCES_A_STEP = 64,    /* reported at once */
};

struct builder {
	struct chunks *chunks;
	uint8_t *origins; /* as many entries as there is room for sentences */
	size_t room;
	struct cleaner cleaner;
	struct splitter splitter;
	struct strbuf block; /* cleaned */
	struct report *report;
	uint64_t unreported;
	uint64_t words;
};

/* ---- Sentences ---------------------------------------------------------- */

static int make_room(struct builder *builder)
{
	size_t room = builder->room + builder->room / 2 + 64;
	struct sentence *sentences;
	uint8_t *origins;

	if (builder->chunks->n_sentences < builder->room)
		return 0;
	sentences = realloc(builder->chunks->sentences, room * sizeof *sentences);
	if (!sentences)
		return -ENOMEM;
	builder->chunks->sentences = sentences;
	origins = realloc(builder->origins, room * sizeof *origins);
	if (!origins)
		return -ENOMEM;
	builder->origins = origins;
	builder->room = room;
	return 0;
}

static uint8_t origin_of(const struct builder *builder, const struct block *block, size_t start,
			 bool first)
{
	uint8_t origin = block->type == BLOCK_HEADING ? ORIGIN_HEADING : 0;

	if (first)
		return origin | ORIGIN_BLOCK;
	if (start > 0 && builder->block.bytes[start - 1] != ' ')
		origin |= ORIGIN_SPACELESS;
	return origin;
}

static int add_sentence(struct builder *builder, const struct block *block, struct piece piece,
			bool first)
{
	struct chunks *chunks = builder->chunks;
	char *text;

	if (make_room(builder) < 0)
		return -ENOMEM;
	text = cleaner_compose(&builder->cleaner, builder->block.bytes + piece.start, piece.length);
	if (!text)
		return -ENOMEM;
	builder->origins[chunks->n_sentences] = origin_of(builder, block, piece.start, first);
	chunks->sentences[chunks->n_sentences++] =
		(struct sentence){ .text = text,
				   .words = piece.words,
				   .page = block->page,
				   .prose = block->type == BLOCK_PARAGRAPH };
	builder->words += piece.words;
	if (++builder->unreported < SENTENCES_A_STEP)
		return 0;
	builder->unreported = 0;
	return report_step(builder->report, SENTENCES_A_STEP);
}

/* Whether the next piece belongs to the one before it: it has no words (a closing bracket, a row of
 * dots), or it is one of too many small sentences. */
static bool goes_on(const struct builder *builder, struct piece held, struct piece next)
{
	size_t length = next.start + next.length - held.start;

	if (length > SENTENCE_BYTES || held.words + next.words > CHUNK_WORDS)
		return false;
	return next.words == 0 || held.words == 0 ||
	       (builder->chunks->n_sentences >= MANY_SENTENCES && held.length < SHORT_SENTENCE);
}

/* Pieces without a word, such as rules of dashes, are dropped. */
static int add_block(struct builder *builder, const struct block *block)
{
	struct piece held = { 0 }, next;
	bool first = true, whole = block->type == BLOCK_HEADING || block->type == BLOCK_TABLE_ROW;
	int error = cleaner_block(&builder->cleaner, block->text, &builder->block);

	if (error < 0 || builder->block.length == 0)
		return error;
	if (!splitter_begin(&builder->splitter, builder->block.bytes, builder->block.length, whole))
		return -ENOMEM;
	while (splitter_next(&builder->splitter, &next)) {
		if (held.length > 0 && goes_on(builder, held, next)) {
			held.length = next.start + next.length - held.start;
			held.words += next.words;
			continue;
		}
		if (held.words > 0) {
			error = add_sentence(builder, block, held, first);
			if (error < 0)
				return error;
			first = false;
		}
		held = next;
	}
	return held.words > 0 ? add_sentence(builder, block, held, first) : 0;
}

/* ---- The document ------------------------------------------------------- */

static int find_sentences(struct builder *builder, const struct content *content)
{
	int error = 0;

	for (size_t i = 0; i < content->n_blocks && error == 0; i++) {
		error = add_block(builder, &content->blocks[i]);
		if (error == 0 && report_step(builder->report, 0) < 0)
			error = CANCELLED;
	}
	if (error == 0 && report_step(builder->report, builder->unreported) < 0)
		error = CANCELLED;
	return error;
}

static int build(struct builder *builder, const struct content *content)
{
	int error = cleaner_open(&builder->cleaner, content);

	if (error < 0)
		return error;
	language_guess(content, builder->chunks->language);
	if (!splitter_open(&builder->splitter, builder->chunks->language))
		return -EIO;
	error = find_sentences(builder, content);
	/* The largest block may have been the whole document: free its memory. */
	strbuf_free(&builder->block);
	if (error < 0 || builder->words == 0)
		return error;
	report_total(builder->report, builder->chunks->n_sentences);
	return pack_chunks(builder->chunks, builder->origins, builder->report);
}

static int say(const struct content *content, int error, struct failure *failure)
{
	if (error == CANCELLED)
		return CANCELLED;
	if (error == -EIO) {
		failure_set(failure, "Text cannot be split into sentences on this host");
		return failure_advise(failure,
				      "ICU opened no break iterator: is libicu's data complete?");
	}
	if (error < 0) {
		failure_set(failure,
			    "The text of the document needs more memory than the limit allows");
		return failure_advise(failure, "%zu bytes of text; raise memory", content->n_bytes);
	}
	return failure_set(failure, "Document appears to be empty%s",
			   content->no_text_layer ? " (no text layer)" : "");
}

int chunk_content(const struct content *content, struct report *report, struct chunks *ret_chunks,
		  struct failure *failure)
{
	struct builder builder = { .chunks = ret_chunks, .report = report };
	int error;

	*ret_chunks = (struct chunks){ .language = "und" };
	error = build(&builder, content);
	splitter_close(&builder.splitter);
	cleaner_close(&builder.cleaner);
	strbuf_free(&builder.block);
	free(builder.origins);
	if (error == 0 && builder.words > 0)
		return 0;
	chunks_free(ret_chunks);
	return say(content, error, failure);
}

void chunks_free(struct chunks *chunks)
{
	for (size_t i = 0; i < chunks->n_chunks; i++) {
		free(chunks->chunks[i].text);
		free(chunks->chunks[i].heading);
	}
	for (size_t i = 0; i < chunks->n_sentences; i++)
		free(chunks->sentences[i].text);
	free(chunks->chunks);
	free(chunks->sentences);
	*chunks = (struct chunks){ .language = "und" };
}
