/* SPDX-License-Identifier: MIT */
#include "tools/docproc/chunk/sentence.h"
#include "tools/docproc/document/utf8.h"
#include "tools/docproc/language/abbreviation.h"
#include <string.h>
#include <unicode/uchar.h>

bool splitter_open(struct splitter *splitter, const char *language)
{
	UErrorCode error = U_ZERO_ERROR;

	*splitter = (struct splitter){ .sentence_text = UTEXT_INITIALIZER,
				       .word_text = UTEXT_INITIALIZER };
	strncpy(splitter->language, language, sizeof splitter->language - 1);
	splitter->sentences = ubrk_open(UBRK_SENTENCE, language, NULL, 0, &error);
	splitter->words = ubrk_open(UBRK_WORD, language, NULL, 0, &error);
	if (U_SUCCESS(error))
		return true;
	splitter_close(splitter);
	return false;
}

void splitter_close(struct splitter *splitter)
{
	if (splitter->sentences)
		ubrk_close(splitter->sentences);
	if (splitter->words)
		ubrk_close(splitter->words);
	utext_close(&splitter->sentence_text);
	utext_close(&splitter->word_text);
	splitter->sentences = splitter->words = NULL;
}

static bool set_text(UBreakIterator *iterator, UText *holder, const char *text, size_t length)
{
	UErrorCode error = U_ZERO_ERROR;

	utext_openUTF8(holder, text, (int64_t)length, &error);
	ubrk_setUText(iterator, holder, &error);
	return U_SUCCESS(error) && ubrk_first(iterator) == 0;
}

bool splitter_begin(struct splitter *splitter, const char *text, size_t length, bool whole)
{
	splitter->text = text;
	splitter->length = length;
	splitter->whole = whole;
	splitter->at = splitter->end = 0;
	return whole || set_text(splitter->sentences, &splitter->sentence_text, text, length);
}

/* ---- The end of a sentence ---------------------------------------------- */

static size_t trim_end(const char *text, size_t start, size_t end)
{
	while (end > start && text[end - 1] == ' ')
		end--;
	return end;
}

/* ICU assigns a bracket that opens after a wide full stop to the sentence before it. */
static size_t without_opening(const char *text, size_t start, size_t end)
{
	int32_t at = (int32_t)end;

	while ((size_t)at > start) {
		int32_t before = at;
		UChar32 c = utf8_previous(text, &before);
		if (c < 0x3000 || u_charType(c) != U_START_PUNCTUATION)
			break;
		at = before;
	}
	return (size_t)at > start ? (size_t)at : end;
}

/* "Stop!" he said: the quotation ends, the sentence continues. */
static bool quotes_only(const char *text, size_t end, const char *next, size_t left)
{
	int32_t at = (int32_t)end, first = 0;
	int8_t type = u_charType(utf8_previous(text, &at));

	return (text[end - 1] == '"' || text[end - 1] == '\'' || type == U_FINAL_PUNCTUATION ||
		type == U_END_PUNCTUATION || type == U_INITIAL_PUNCTUATION) &&
	       u_isULowercase(utf8_next(next, &first, (int32_t)left));
}

static bool goes_on(const struct splitter *splitter, size_t start, size_t trimmed, size_t end)
{
	const char *text = splitter->text;

	return end < splitter->length && trimmed > start &&
	       (abbreviation_ends(splitter->language, text + start, trimmed - start, text + end) ||
		quotes_only(text, trimmed, text + end, splitter->length - end));
}

/* The end of the sentence that begins at start. */
static size_t sentence_end(struct splitter *splitter, size_t start)
{
	const char *text = splitter->text;
	int32_t end;

	if (splitter->whole)
		return splitter->length;
	while ((end = ubrk_next(splitter->sentences)) != UBRK_DONE) {
		if ((size_t)end <= start ||
		    goes_on(splitter, start, trim_end(text, start, (size_t)end), (size_t)end))
			continue;
		return (size_t)end < splitter->length ? without_opening(text, start, (size_t)end)
						      : (size_t)end;
	}
	return splitter->length;
}

/* ---- Sentences that are too long ---------------------------------------- */

static bool is_clause_mark(UChar32 c)
{
	switch (c) {
	case ',':
	case ';':
	case ':':
	case 0x2013: /* dashes */
	case 0x2014:
	case 0x060c: /* Arabic */
	case 0x061b:
	case 0x3001: /* wide */
	case 0xff0c:
	case 0xff1b:
	case 0xff1a:
		return true;
	}
	return false;
}

struct place {
	size_t at; /* 0: none found */
	uint32_t words;
};

struct cut {
	struct place here, last;   /* the present position, and the boundary before it */
	struct place clause, full; /* where to cut: after a clause, or between words */
};

static void step(struct cut *cut, const char *text, size_t end, bool word)
{
	int32_t at = (int32_t)cut->here.at;
	UChar32 c = utf8_next(text, &at, (int32_t)end);

	cut->last = cut->here;
	cut->here = (struct place){ end, cut->here.words + word };
	if (cut->here.words == CHUNK_WORDS && word)
		cut->full = cut->here;
	if (!word && is_clause_mark(c) && cut->here.words >= CHUNK_WORDS / 2 &&
	    cut->here.words <= CHUNK_WORDS)
		cut->clause = cut->here;
}

/* The length of the next piece of the text. */
static struct place measure(struct splitter *splitter, const char *text, size_t length)
{
	size_t window = length;
	struct cut cut = { 0 };
	int32_t end;

	if (length > SENTENCE_BYTES)
		window = (size_t)utf8_floor(text, SENTENCE_BYTES);
	if (!set_text(splitter->words, &splitter->word_text, text, window))
		return (struct place){ window, 1 };
	while (cut.here.words <= CHUNK_WORDS_MAX && (end = ubrk_next(splitter->words)) != UBRK_DONE)
		step(&cut, text, (size_t)end,
		     ubrk_getRuleStatus(splitter->words) >= UBRK_WORD_NUMBER);
	if (cut.here.words <= CHUNK_WORDS_MAX && window == length)
		return (struct place){ length, cut.here.words };
	if (cut.clause.at > 0)
		return cut.clause;
	if (cut.full.at > 0)
		return cut.full;
	/* The last word of the window may be incomplete, so cut before it, unless it is the only
	 * one. */
	return cut.last.at > 0 ? cut.last : (struct place){ window, cut.here.words };
}

bool splitter_next(struct splitter *splitter, struct piece *ret_piece)
{
	const char *text = splitter->text;

	while (splitter->at < splitter->length) {
		if (splitter->at == splitter->end)
			splitter->end = sentence_end(splitter, splitter->at);
		struct place place =
			measure(splitter, text + splitter->at, splitter->end - splitter->at);
		size_t start = splitter->at, end = splitter->at + place.at;
		splitter->at = end;
		while (start < end && text[start] == ' ')
			start++;
		end = trim_end(text, start, end);
		*ret_piece = (struct piece){ start, end - start, place.words };
		if (ret_piece->length > 0)
			return true;
	}
	return false;
}
