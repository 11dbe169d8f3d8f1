/* SPDX-License-Identifier: MIT */
/*
 * A document of any bytes under fuzzing. The first byte of each line chooses what block it begins
 * ('#' a heading, '|' a row, '^' a footnote, '>' a paragraph; others go on with the last one, behind
 * a line end). Whatever it says, chunks are of whole sentences, in order, of bounded size, valid
 * UTF-8 and none is lost; a summary can be made of them.
 */
#include "libclient/segment/text.h"
#include "tests/fuzz/target.h"
#include "tools/docproc/chunk/chunk.h"
#include "tools/docproc/chunk/sentence.h"
#include "tools/docproc/summary/summary.h"

enum { BLOCKS_MAX = 512 };

static struct block blocks[BLOCKS_MAX];

static bool begins_block(char c, enum block_type *ret_type)
{
	static const char marks[] = "#|^>";
	const char *mark = c ? strchr(marks, c) : NULL;
	static const enum block_type types[] = { BLOCK_HEADING, BLOCK_TABLE_ROW, BLOCK_FOOTNOTE,
						 BLOCK_PARAGRAPH };

	if (mark)
		*ret_type = types[mark - marks];
	return mark != NULL;
}

/* Take text apart in place, as a document has it: no control characters. Bytes that are not UTF-8
 * stay: the chunker has to live with them. */
static size_t make_blocks(char *text, size_t size)
{
	enum block_type type = BLOCK_PARAGRAPH;
	size_t n = 1;

	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\0')
			text[i] = '.';
	}
	blocks[0] = (struct block){ BLOCK_PARAGRAPH, 1, text };
	for (size_t i = 0; i + 1 < size && n < BLOCKS_MAX; i++) {
		if (text[i] != '\n' || !begins_block(text[i + 1], &type))
			continue;
		text[i] = '\0';
		blocks[n] = (struct block){ type, (uint32_t)n, text + i + 2 };
		n++;
	}
	return n;
}

static void check_sentences(const struct chunks *chunks)
{
	for (size_t i = 0; i < chunks->n_sentences; i++) {
		const struct sentence *sentence = &chunks->sentences[i];
		size_t length = strlen(sentence->text);
		if (length == 0 || sentence->words == 0 || sentence->words > CHUNK_WORDS_MAX)
			fail("a sentence of no words, or of too many");
		if (!text_utf8_valid(sentence->text, length))
			fail("a sentence that is not UTF-8");
		if (sentence->text[0] == ' ' || sentence->text[length - 1] == ' ' ||
		    strpbrk(sentence->text, "\n\t") || strstr(sentence->text, "  "))
			fail("white space that is not single");
	}
}

static void check_chunks(const struct chunks *chunks)
{
	size_t covered = 0;

	if (chunks->n_sentences == 0 || chunks->n_chunks == 0)
		fail("success without text");
	for (size_t i = 0; i < chunks->n_chunks; i++) {
		const struct chunk *chunk = &chunks->chunks[i];
		size_t end = chunk->first_sentence + chunk->n_sentences;
		const char *first = chunks->sentences[chunk->first_sentence].text;
		if (chunk->first_sentence > covered || end <= covered)
			fail("a sentence that no chunk has, or a chunk that has nothing new");
		if (chunk->words > CHUNK_WORDS_MAX || strlen(chunk->heading) > CHUNK_HEADING_MAX)
			fail("a chunk that is too large");
		if (strncmp(chunk->text, first, strlen(first)) != 0)
			fail("a chunk that does not begin with its first sentence");
		if (!text_utf8_valid(chunk->text, strlen(chunk->text)) ||
		    !text_utf8_valid(chunk->heading, strlen(chunk->heading)))
			fail("a chunk that is not UTF-8");
		covered = end;
	}
	if (covered != chunks->n_sentences)
		fail("sentences that no chunk has");
}

static void check_summary(const struct chunks *chunks)
{
	static const struct endpoint_config none;
	struct failure failure;
	char *summary;

	if (summarize(chunks, &none, NULL, &summary, &failure) != 0 || summary[0] == '\0')
		fail("no summary");
	if (!text_utf8_valid(summary, strlen(summary)))
		fail("a summary that is not UTF-8");
	free(summary);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct content content = { .blocks = blocks };
	struct failure failure = { 0 };
	struct chunks chunks;
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	content.n_bytes = size;
	content.n_blocks = make_blocks(text, size);
	if (chunk_content(&content, NULL, &chunks, &failure) == 0) {
		check_sentences(&chunks);
		check_chunks(&chunks);
		check_summary(&chunks);
		chunks_free(&chunks);
	} else if (strncmp(failure.error, "Document appears to be empty", 28) != 0) {
		fail(failure.error);
	}
	free(text);
	return 0;
}
