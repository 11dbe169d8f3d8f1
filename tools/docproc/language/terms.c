/* SPDX-License-Identifier: MIT */
/* Unicode's data (ICU) decides what a letter is and which script it belongs to. */
#include "tools/docproc/language/terms.h"
#include "tools/docproc/document/utf8.h"
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>

/* ---- Characters --------------------------------------------------------- */

int32_t terms_character(const char *text, size_t *at, size_t length)
{
	int32_t next = (int32_t)*at;
	UChar32 c = utf8_next(text, &next, (int32_t)length);

	*at = (size_t)next;
	return c;
}

enum sort { SORT_SEPARATOR, SORT_WORD, SORT_SPACELESS };

/* Thai has the lowest code points of these scripts. */
enum { FIRST_SPACELESS = 0x0e00 };

/* Korean puts spaces between words, but not before their endings. Script extensions are used,
 * because characters like the Japanese length mark belong to several scripts. */
static bool is_spaceless(UChar32 c)
{
	static const UScriptCode scripts[] = { USCRIPT_HAN,    USCRIPT_HIRAGANA, USCRIPT_KATAKANA,
					       USCRIPT_HANGUL, USCRIPT_BOPOMOFO, USCRIPT_THAI,
					       USCRIPT_LAO,    USCRIPT_KHMER,    USCRIPT_MYANMAR };

	if (c < FIRST_SPACELESS)
		return false;
	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
		if (uscript_hasScript(c, scripts[i]))
			return true;
	return false;
}

/* The same categories as in the index's tokenizer, see schema.c. */
static enum sort sort_of(UChar32 c, enum sort before)
{
	const uint32_t of_words =
		U_GC_L_MASK | U_GC_N_MASK | U_GC_CO_MASK | U_GC_MN_MASK | U_GC_MC_MASK;
	uint32_t category;

	if (c < 0)
		return SORT_SEPARATOR;
	category = U_GET_GC_MASK(c);
	if ((category & of_words) == 0)
		return SORT_SEPARATOR;
	if (is_spaceless(c))
		return SORT_SPACELESS;
	/* Marks belong to their base character. */
	if ((category & U_GC_M_MASK) && before == SORT_SPACELESS)
		return SORT_SPACELESS;
	return SORT_WORD;
}

/* The sort of the character at *at; *at moves behind it. */
static enum sort take(const struct term_scan *scan, size_t *at, enum sort before)
{
	return sort_of(terms_character(scan->text, at, scan->length), before);
}

/* ---- Terms -------------------------------------------------------------- */

static void take_word(struct term_scan *scan, struct term *term)
{
	size_t next = scan->at;

	while (scan->at < scan->length && take(scan, &next, SORT_WORD) == SORT_WORD)
		scan->at = next;
	term->end = scan->at;
}

/* scan->at: behind the first character. */
static void take_pair(struct term_scan *scan, struct term *term)
{
	size_t next = scan->at;
	bool more = scan->at < scan->length && take(scan, &next, SORT_SPACELESS) == SORT_SPACELESS;

	term->spaceless = true;
	term->last = !more;
	term->alone = !more && !scan->in_run;
	term->end = more ? next : scan->at;
	scan->in_run = more;
}

bool terms_next(struct term_scan *scan, struct term *ret_term)
{
	while (scan->at < scan->length) {
		enum sort before = scan->in_run ? SORT_SPACELESS : SORT_SEPARATOR;
		struct term term = { .begin = scan->at };

		switch (take(scan, &scan->at, before)) {
		case SORT_SEPARATOR:
			continue;
		case SORT_WORD:
			take_word(scan, &term);
			break;
		case SORT_SPACELESS:
			take_pair(scan, &term);
			break;
		}
		*ret_term = term;
		return true;
	}
	return false;
}

/* ---- Folding ------------------------------------------------------------ */

static size_t append_folded(char *to, size_t length, size_t room, UChar32 c)
{
	char bytes[U8_MAX_LENGTH];
	size_t n = (size_t)utf8_put(bytes, u_foldCase(c, U_FOLD_CASE_DEFAULT));

	if (n > room - length)
		return length;
	memcpy(to + length, bytes, n);
	return length + n;
}

/* Fold one character: decompose it and drop the marks of Latin, Greek and Cyrillic letters. */
static size_t fold_character(UChar32 c, char *to, size_t room)
{
	UErrorCode error = U_ZERO_ERROR;
	const UNormalizer2 *decomposer = unorm2_getNFDInstance(&error);
	UChar parts[32];
	int32_t n = unorm2_getDecomposition(decomposer, c, parts, 32, &error);
	size_t length = 0;

	if (n < 0 || U_FAILURE(error)) /* it does not decompose */
		return append_folded(to, 0, room, c);
	for (int32_t i = 0; i < n;) {
		UChar32 part = utf16_next(parts, &i, n);

		if (part < 0x300 || part >= 0x370)
			length = append_folded(to, length, room, part);
	}
	return length;
}

void terms_fold(const char *word, size_t length, char ret_folded[TERM_FOLDED])
{
	size_t used = 0;

	for (size_t at = 0; at < length && used + 16 < TERM_FOLDED;) {
		UChar32 c = terms_character(word, &at, length);

		if (c >= 0)
			used += fold_character(c, ret_folded + used, TERM_FOLDED - 1 - used);
	}
	ret_folded[used] = '\0';
}

/* ---- For the index ------------------------------------------------------ */

/* A term with its space takes at most four times the bytes of its first character, which has at
 * least two; the second one has at most four. */
enum { GROWTH = 4 };

static size_t append_spaceless(char *to, const char *text)
{
	struct term_scan scan = { .text = text, .length = strlen(text) };
	struct term term;
	size_t used = 0;

	while (terms_next(&scan, &term)) {
		size_t length = term.end - term.begin;

		if (!term.spaceless)
			continue;
		memcpy(to + used, text + term.begin, length);
		to[used + length] = ' ';
		used += length + 1;
	}
	return used;
}

char *terms_spaceless(const char *heading, const char *text)
{
	char *all = malloc((strlen(heading) + strlen(text)) * GROWTH + 1);
	size_t used;

	if (!all)
		return NULL;
	used = append_spaceless(all, heading);
	used += append_spaceless(all + used, text);
	all[used] = '\0';
	return all;
}
