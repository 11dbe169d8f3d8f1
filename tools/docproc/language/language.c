/* SPDX-License-Identifier: MIT */
#include "tools/docproc/language/language.h"
#include "tools/docproc/document/utf8.h"
#include "tools/docproc/language/language_words.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
	N_LANGUAGES = sizeof stop_words / sizeof stop_words[0],
	TABLE_SIZE = 4096, /* at least twice the number of words */
	SAMPLE_BYTES = 128 << 10,
	SAMPLE_BLOCKS = 256,
	WORD_BYTES = 32, /* the longest stop word */
};

_Static_assert(N_LANGUAGES <= 32, "a bit for each");

/* ---- Stop words --------------------------------------------------------- */

/* By the hash of the word; a collision among a thousand 64-bit hashes is too unlikely to matter. */
static struct entry {
	uint64_t hash; /* 0: free */
	uint32_t languages;
} table[TABLE_SIZE];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static struct entry *find(const char *word, size_t length)
{
	uint64_t hash = XXH64(word, length, 0) | 1;
	size_t i = hash >> 32 & (TABLE_SIZE - 1);

	while (table[i].hash != 0 && table[i].hash != hash)
		i = (i + 1) & (TABLE_SIZE - 1);
	return &table[i];
}

static void fill_table(void)
{
	for (size_t i = 0; i < N_LANGUAGES; i++) {
		for (const char *word = stop_words[i].words; *word;) {
			size_t length = strcspn(word, " ");
			struct entry *entry = find(word, length);
			entry->hash = XXH64(word, length, 0) | 1;
			entry->languages |= UINT32_C(1) << i;
			word += length + (word[length] == ' ');
		}
	}
}

static uint32_t languages_of(const char *word, size_t length)
{
	pthread_once(&table_once, fill_table);
	return length <= WORD_BYTES ? find(word, length)->languages : 0;
}

bool language_stop_word(const char *word, size_t length)
{
	return languages_of(word, length) != 0;
}

/* ---- Counting ----------------------------------------------------------- */

struct counts {
	uint32_t scripts[USCRIPT_CODE_LIMIT]; /* letters per script */
	uint32_t hits[N_LANGUAGES];           /* stop words per language */
	uint32_t words;
	char word[WORD_BYTES + U8_MAX_LENGTH];
	size_t length; /* of the current word; more than WORD_BYTES: too long */
};

static void end_word(struct counts *counts)
{
	uint32_t languages;

	if (counts->length == 0)
		return;
	languages = languages_of(counts->word, counts->length);
	for (size_t i = 0; i < N_LANGUAGES; i++)
		counts->hits[i] += languages >> i & 1;
	counts->words++;
	counts->length = 0;
}

/* A Chinese, Japanese or Korean letter carries as much as two or three others. */
static uint32_t weight(UScriptCode script)
{
	return script == USCRIPT_HAN || script == USCRIPT_HANGUL          ? 3
	       : script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA ? 2
									  : 1;
}

static void count_letter(struct counts *counts, UChar32 c)
{
	UErrorCode error = U_ZERO_ERROR;
	UScriptCode script = c < 0x80 ? USCRIPT_LATIN : uscript_getScript(c, &error);

	if (script >= 0 && script < USCRIPT_CODE_LIMIT)
		counts->scripts[script] += weight(script);
	if (counts->length <= WORD_BYTES)
		counts->length += (size_t)utf8_put(counts->word + counts->length, u_tolower(c));
}

static void count_text(struct counts *counts, const char *text, size_t most)
{
	int32_t at = 0, length = (int32_t)strnlen(text, most);

	while (at < length) {
		UChar32 c = utf8_next(text, &at, length);
		if (c > 0 && u_isalpha(c))
			count_letter(counts, c);
		else
			end_word(counts);
	}
	end_word(counts);
}

/* ---- Judging ------------------------------------------------------------ */

/* Scripts used by one language, or nearly so, and the answer if stop words do not decide. */
static const struct {
	UScriptCode script;
	const char *language;
} scripts[] = {
	{ USCRIPT_CYRILLIC, "ru" }, { USCRIPT_ARABIC, "ar" },    { USCRIPT_HAN, "zh" },
	{ USCRIPT_HIRAGANA, "ja" }, { USCRIPT_KATAKANA, "ja" },  { USCRIPT_HANGUL, "ko" },
	{ USCRIPT_GREEK, "el" },    { USCRIPT_HEBREW, "he" },    { USCRIPT_THAI, "th" },
	{ USCRIPT_LAO, "lo" },      { USCRIPT_KHMER, "km" },     { USCRIPT_MYANMAR, "my" },
	{ USCRIPT_GEORGIAN, "ka" }, { USCRIPT_ARMENIAN, "hy" },  { USCRIPT_DEVANAGARI, "hi" },
	{ USCRIPT_BENGALI, "bn" },  { USCRIPT_GUJARATI, "gu" },  { USCRIPT_GURMUKHI, "pa" },
	{ USCRIPT_TAMIL, "ta" },    { USCRIPT_TELUGU, "te" },    { USCRIPT_KANNADA, "kn" },
	{ USCRIPT_SINHALA, "si" },  { USCRIPT_MALAYALAM, "ml" }, { USCRIPT_ETHIOPIC, "am" },
};

/* The language with the most stop words: at least two, at least one in 25 words, and more than any
 * other language. */
static const char *by_words(const struct counts *counts)
{
	size_t best = 0;
	bool tie = false;

	for (size_t i = 1; i < N_LANGUAGES; i++) {
		if (counts->hits[i] > counts->hits[best]) {
			best = i;
			tie = false;
		} else if (counts->hits[i] == counts->hits[best]) {
			tie = true;
		}
	}
	if (tie || counts->hits[best] < 2 || counts->hits[best] < counts->words / 25)
		return NULL;
	return stop_words[best].language;
}

static UScriptCode main_script(const struct counts *counts)
{
	int best = USCRIPT_LATIN;

	for (int i = 0; i < USCRIPT_CODE_LIMIT; i++) {
		if (counts->scripts[i] > counts->scripts[best])
			best = i;
	}
	return (UScriptCode)best;
}

static const char *judge(const struct counts *counts)
{
	UScriptCode script = main_script(counts);
	uint32_t kana = counts->scripts[USCRIPT_HIRAGANA] + counts->scripts[USCRIPT_KATAKANA];
	const char *language = NULL;

	if (script == USCRIPT_HAN && kana > counts->scripts[USCRIPT_HAN] / 10)
		return "ja";
	if (script == USCRIPT_LATIN || script == USCRIPT_CYRILLIC || script == USCRIPT_ARABIC)
		language = by_words(counts);
	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0] && !language; i++) {
		if (scripts[i].script == script)
			language = scripts[i].language;
	}
	return language ? language : "und";
}

void language_guess(const struct content *content, char ret_language[8])
{
	size_t step = content->n_blocks / SAMPLE_BLOCKS + 1;
	size_t most = SAMPLE_BYTES / (content->n_blocks / step + 1);
	struct counts counts = { 0 };

	for (size_t i = 0; i < content->n_blocks; i += step)
		count_text(&counts, content->blocks[i].text, most);
	snprintf(ret_language, 8, "%s", judge(&counts));
}
