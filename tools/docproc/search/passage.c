/* SPDX-License-Identifier: MIT */
/*
 * The score of a sentence is the sum of its terms' weights: a term in most sentences of the chunk
 * ("the") weighs little, a term in a single sentence weighs most.
 */
#include "tools/docproc/search/passage.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ubrk.h>
#include <unicode/utf8.h>

struct span {
	size_t begin, end;
	uint64_t exact, alike; /* bit masks of the query's terms */
	size_t first;          /* position of the first of them */
};

struct spans {
	struct span *spans;
	size_t n, room;
	double worth[QUERY_TERMS_MAX];
};

/* ---- Sentences ---------------------------------------------------------- */

static int add_span(struct spans *spans, size_t begin, size_t end)
{
	if (spans->n == spans->room) {
		size_t room = spans->room ? 2 * spans->room : 32;
		struct span *grown = realloc(spans->spans, room * sizeof *grown);

		if (!grown)
			return -1;
		spans->spans = grown;
		spans->room = room;
	}
	spans->spans[spans->n++] = (struct span){ .begin = begin, .end = end };
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t';
}

static int add_trimmed(struct spans *spans, const char *text, size_t begin, size_t end)
{
	while (begin < end && is_blank(text[begin]))
		begin++;
	while (end > begin && is_blank(text[end - 1]))
		end--;
	return begin == end ? 0 : add_span(spans, begin, end);
}

static int split(struct spans *spans, const char *text, const char *language)
{
	UErrorCode error = U_ZERO_ERROR;
	UText *opened = utext_openUTF8(NULL, text, -1, &error);
	UBreakIterator *breaks = ubrk_open(UBRK_SENTENCE, language, NULL, 0, &error);
	int32_t begin = 0, end;
	int result = 0;

	ubrk_setUText(breaks, opened, &error);
	if (U_FAILURE(error))
		result = add_trimmed(spans, text, 0, strlen(text));
	else
		while (result == 0 && (end = ubrk_next(breaks)) != UBRK_DONE) {
			result = add_trimmed(spans, text, (size_t)begin, (size_t)end);
			begin = end;
		}
	ubrk_close(breaks);
	utext_close(opened);
	return result;
}

/* ---- Weights ------------------------------------------------------------ */

static void look_for_terms(struct span *span, const char *text, const struct query *query)
{
	struct term_scan scan = { .text = text, .length = span->end, .at = span->begin };
	struct term term;

	span->first = span->end;
	while (terms_next(&scan, &term)) {
		uint64_t alike, exact = query_matches(query, text, &term, &alike);

		if ((exact | alike) && span->first == span->end)
			span->first = term.begin;
		span->exact |= exact;
		span->alike |= alike;
	}
}

/* As bm25 weighs words, with sentences as documents. */
static void weigh(struct spans *spans, const struct query *query)
{
	for (size_t term = 0; term < query->n_terms; term++) {
		size_t having = 0;

		for (size_t i = 0; i < spans->n; i++)
			having += spans->spans[i].exact >> term & 1;
		spans->worth[term] =
			log1p(((double)(spans->n - having) + 0.5) / ((double)having + 0.5));
	}
}

static double worth(const struct spans *spans, uint64_t exact, uint64_t alike)
{
	double sum = 0;

	for (size_t term = 0; term < QUERY_TERMS_MAX; term++) {
		if (exact >> term & 1)
			sum += spans->worth[term];
		else if (alike >> term & 1)
			sum += spans->worth[term] / 2;
	}
	return sum;
}

/* The weight of spans a and b together; b may be a. */
static double worth_of(const struct spans *spans, size_t a, size_t b)
{
	return worth(spans, spans->spans[a].exact | spans->spans[b].exact,
		     spans->spans[a].alike | spans->spans[b].alike);
}

/* ---- Choosing ----------------------------------------------------------- */

/* Add the better neighbour of the best sentence, if both fit and it adds terms. */
static struct span with_neighbour(const struct spans *spans, size_t best)
{
	struct span chosen = spans->spans[best];
	double most = worth_of(spans, best, best);

	for (size_t i = best == 0 ? 0 : best - 1; i <= best + 1 && i < spans->n; i++) {
		const struct span *low = &spans->spans[i < best ? i : best];
		const struct span *high = &spans->spans[i < best ? best : i];

		if (high->end - low->begin > PASSAGE_MAX || worth_of(spans, best, i) <= most)
			continue;
		most = worth_of(spans, best, i);
		chosen.begin = low->begin;
		chosen.end = high->end;
	}
	return chosen;
}

static struct span choose(const struct spans *spans)
{
	size_t best = 0;

	for (size_t i = 1; i < spans->n; i++)
		if (worth_of(spans, i, i) > worth_of(spans, best, best))
			best = i;
	return with_neighbour(spans, best);
}

/* ---- Cutting ------------------------------------------------------------ */

static const char CUT[] = "...";
enum { CUT_LENGTH = sizeof CUT - 1, BEFORE = 60, WORD_MAX = 40 };

/* The beginning of the first word at or after a position, or of a character if the word is very
 * long. */
static size_t word_from(const char *text, size_t at, size_t end)
{
	size_t word = at;

	while (word < end && word < at + WORD_MAX && !is_blank(text[word]))
		word++;
	if (word < end && is_blank(text[word]))
		return word + 1;
	while (at < end && U8_IS_TRAIL((uint8_t)text[at]))
		at++;
	return at;
}

/* The end of the last word at or before a position, likewise. */
static size_t word_until(const char *text, size_t begin, size_t at)
{
	size_t word = at;

	while (word > begin && word + WORD_MAX > at && !is_blank(text[word]))
		word--;
	if (word > begin && is_blank(text[word]))
		return word;
	while (at > begin && U8_IS_TRAIL((uint8_t)text[at]))
		at--;
	return at;
}

/* Cut a sentence that is too long around its first term. */
static void cut(const char *text, struct span *span, bool *ret_before, bool *ret_after)
{
	*ret_before = *ret_after = false;
	if (span->end - span->begin <= PASSAGE_MAX)
		return;
	if (span->first < span->end && span->first > span->begin + BEFORE) {
		span->begin = word_from(text, span->first - BEFORE, span->first);
		*ret_before = true;
	}
	if (span->end - span->begin + (*ret_before ? CUT_LENGTH : 0) > PASSAGE_MAX) {
		size_t room = PASSAGE_MAX - CUT_LENGTH - (*ret_before ? CUT_LENGTH : 0);

		span->end = word_until(text, span->begin, span->begin + room);
		*ret_after = true;
	}
}

static char *copy(const char *text, struct span span)
{
	bool before, after;
	char *passage = malloc(PASSAGE_MAX + 1), *to = passage;

	if (!passage)
		return NULL;
	cut(text, &span, &before, &after);
	if (before)
		to = stpcpy(to, CUT);
	for (size_t i = span.begin; i < span.end; i++)
		*to++ = (char)(is_blank(text[i]) ? ' ' : text[i]);
	memcpy(to, after ? CUT : "", after ? sizeof CUT : 1);
	return passage;
}

char *passage_choose(const char *text, const char *language, const struct query *query)
{
	struct spans spans = { 0 };
	char *passage;

	if (split(&spans, text, language) != 0) {
		free(spans.spans);
		return NULL;
	}
	for (size_t i = 0; i < spans.n; i++)
		look_for_terms(&spans.spans[i], text, query);
	weigh(&spans, query);
	passage = spans.n == 0 ? strdup("") : copy(text, choose(&spans));
	free(spans.spans);
	return passage;
}

/* ---- Marks -------------------------------------------------------------- */

size_t passage_marks(const char *passage, const struct query *query, struct passage_mark *ret_marks,
		     size_t n)
{
	struct term_scan scan = { .text = passage, .length = strlen(passage) };
	struct term term;
	size_t used = 0;

	while (terms_next(&scan, &term)) {
		uint64_t alike, exact = query_matches(query, passage, &term, &alike);

		if ((exact | alike) == 0)
			continue;
		/* The pairs of a run overlap. */
		if (used > 0 && ret_marks[used - 1].end >= term.begin)
			ret_marks[used - 1].end = term.end;
		else if (used < n)
			ret_marks[used++] =
				(struct passage_mark){ .begin = term.begin, .end = term.end };
	}
	return used;
}
