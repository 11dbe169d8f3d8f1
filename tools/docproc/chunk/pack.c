/* SPDX-License-Identifier: MIT */
/*
 * A chunk takes sentences until another one would exceed CHUNK_WORDS words; the next chunk repeats
 * its last sentences, about CHUNK_OVERLAP words. A heading starts a new chunk if the present one is
 * at least half full, without an overlap, because the topic changes there.
 */
#include "tools/docproc/chunk/chunk_parts.h"
#include "tools/docproc/document/strbuf.h"
#include "tools/docproc/document/utf8.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Few words of many bytes count by their bytes, so that the size of a chunk is bounded. */
	BYTES_A_WORD = 40,
	OVERLAP_MAX = CHUNK_OVERLAP * 3 / 2,
};

struct range {
	size_t start, fresh, end; /* fresh: the first sentence that no earlier chunk has */
};

static uint32_t weight(const struct sentence *sentence)
{
	size_t by_bytes = strlen(sentence->text) / BYTES_A_WORD;

	return sentence->words > by_bytes ? sentence->words : (uint32_t)by_bytes;
}

/* The end of a chunk that starts at range.start. */
static size_t chunk_end(const struct chunks *chunks, const uint8_t *origins, struct range range)
{
	uint32_t words = 0;
	size_t end = range.start;

	for (; end < chunks->n_sentences; end++) {
		uint32_t more = weight(&chunks->sentences[end]);
		bool heading = origins[end] & ORIGIN_HEADING;
		if (end > range.fresh &&
		    (words + more > CHUNK_WORDS || (heading && words >= CHUNK_WORDS / 2)))
			break;
		words += more;
	}
	/* A heading belongs to the text after it. */
	size_t last = end;
	while (end < chunks->n_sentences && last > range.fresh + 1 &&
	       origins[last - 1] & ORIGIN_HEADING)
		last--;
	return last > range.fresh && !(origins[last - 1] & ORIGIN_HEADING) ? last : end;
}

/* The start of the next chunk. */
static size_t overlap_start(const struct chunks *chunks, const uint8_t *origins, struct range range)
{
	uint32_t words = 0;
	size_t start = range.end;

	if (origins[start] & ORIGIN_HEADING)
		return start;
	while (start > range.start && words < CHUNK_OVERLAP &&
	       !(origins[start - 1] & ORIGIN_HEADING)) {
		uint32_t more = weight(&chunks->sentences[start - 1]);
		if (words + more > OVERLAP_MAX)
			break;
		words += more;
		start--;
	}
	if (words + weight(&chunks->sentences[range.end]) > CHUNK_WORDS_MAX)
		return range.end;
	return start;
}

/* ---- Making one --------------------------------------------------------- */

static char *join(const struct chunks *chunks, const uint8_t *origins, struct range range)
{
	struct strbuf text = { 0 };

	for (size_t i = range.start; i < range.end; i++) {
		const char *sentence = chunks->sentences[i].text;
		const char *between = origins[i] & ORIGIN_BLOCK       ? "\n"
				      : origins[i] & ORIGIN_SPACELESS ? ""
								      : " ";
		if ((i > range.start && strbuf_add(&text, between, strlen(between)) < 0) ||
		    strbuf_add(&text, sentence, strlen(sentence)) < 0) {
			strbuf_free(&text);
			return NULL;
		}
	}
	return strbuf_take(&text);
}

static char *copy_heading(const char *heading)
{
	size_t length = strlen(heading);

	if (length > CHUNK_HEADING_MAX)
		length = (size_t)utf8_floor(heading, CHUNK_HEADING_MAX);
	return strndup(heading, length);
}

/* The heading above the first words of a chunk; *heading is the previous chunk's. */
static const char *find_heading(const struct chunks *chunks, const uint8_t *origins,
				struct range range, const char *before)
{
	const char *heading = before;

	for (size_t i = range.start; i < range.end && origins[i] & ORIGIN_HEADING; i++)
		heading = chunks->sentences[i].text;
	return heading;
}

static int add_chunk(struct chunks *chunks, const uint8_t *origins, struct range range,
		     const char *heading)
{
	struct chunk *chunk;

	if ((chunks->n_chunks & (chunks->n_chunks - 1)) == 0) {
		size_t room = chunks->n_chunks ? 2 * chunks->n_chunks : 1;
		struct chunk *larger = realloc(chunks->chunks, room * sizeof *larger);
		if (!larger)
			return -ENOMEM;
		chunks->chunks = larger;
	}
	chunk = &chunks->chunks[chunks->n_chunks];
	*chunk = (struct chunk){ .text = join(chunks, origins, range),
				 .heading = copy_heading(heading),
				 .page = chunks->sentences[range.start].page,
				 .first_sentence = range.start,
				 .n_sentences = range.end - range.start };
	if (!chunk->text || !chunk->heading) {
		free(chunk->text);
		free(chunk->heading);
		return -ENOMEM;
	}
	for (size_t i = range.start; i < range.end; i++)
		chunk->words += chunks->sentences[i].words;
	chunks->n_chunks++;
	return 0;
}

int pack_chunks(struct chunks *chunks, const uint8_t *origins, struct report *report)
{
	const char *heading = "";
	struct range range = { 0 };

	while (range.fresh < chunks->n_sentences) {
		range.end = chunk_end(chunks, origins, range);
		int error = add_chunk(chunks, origins, range,
				      find_heading(chunks, origins, range, heading));
		if (error < 0)
			return error;
		if (report_step(report, 0) < 0)
			return CANCELLED;
		if (range.end == chunks->n_sentences)
			break;
		size_t start = overlap_start(chunks, origins, range);
		for (size_t i = range.start; i < start; i++) {
			if (origins[i] & ORIGIN_HEADING)
				heading = chunks->sentences[i].text;
		}
		range = (struct range){ start, range.end, 0 };
	}
	return 0;
}
