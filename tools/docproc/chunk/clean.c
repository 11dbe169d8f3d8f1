/* SPDX-License-Identifier: MIT */
/*
 * Whether a hyphen at a line end is part of the word cannot be seen on the page. It is kept if the
 * next line continues with a capital, a digit or a letter without case (Anglo-Saxon, 1998-2004), if
 * the document has the same word with a hyphen inside a line (well-known), and before a conjunction
 * (Vor- und Nachteile), where it ends a word. A soft hyphen is never kept.
 */
#include "tools/docproc/chunk/clean.h"
#include "tools/docproc/document/utf8.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/ustring.h>

enum {
	SOFT_HYPHEN = 0x00ad,
	HYPHEN = 0x2010,
	TOKEN_MAX = 96, /* bytes of a word on one side of a hyphen; longer ones are ignored */
	COMPOUNDS_MAX = 1 << 20, /* distinct ones; later ones are not recorded */
};

static bool is_hyphen(UChar32 c)
{
	return c == '-' || c == HYPHEN;
}

static bool is_word(UChar32 c)
{
	return c > 0 && (u_isalnum(c) || (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0);
}

static bool is_white(UChar32 c)
{
	return c >= 0 && (u_isUWhiteSpace(c) || u_iscntrl(c)) && c != SOFT_HYPHEN;
}

/* Whether the script of this character puts no spaces between words. */
static bool is_spaceless(UChar32 c)
{
	switch (u_getIntPropertyValue(c, UCHAR_LINE_BREAK)) {
	case U_LB_IDEOGRAPHIC:
	case U_LB_CONDITIONAL_JAPANESE_STARTER:
	case U_LB_COMPLEX_CONTEXT: /* Thai, Lao, Khmer, Myanmar */
		return true;
	case U_LB_OPEN_PUNCTUATION:
	case U_LB_CLOSE_PUNCTUATION:
	case U_LB_NONSTARTER:
	case U_LB_EXCLAMATION:
		return c >= 0x3000; /* wide characters */
	}
	return false;
}

/* ---- Words with hyphens ------------------------------------------------- */

static uint64_t mix(uint64_t hash, UChar32 c)
{
	c = is_hyphen(c) ? '-' : u_tolower(c);
	hash = (hash ^ (uint64_t)c) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t *slot(const struct cleaner *cleaner, uint64_t hash)
{
	size_t i = (size_t)hash & (cleaner->room - 1);

	while (cleaner->compounds[i] != 0 && cleaner->compounds[i] != hash)
		i = (i + 1) & (cleaner->room - 1);
	return &cleaner->compounds[i];
}

static int grow(struct cleaner *cleaner)
{
	uint64_t *old = cleaner->compounds;
	size_t n = cleaner->room, room = n ? 2 * n : 256;
	uint64_t *larger = calloc(room, sizeof *larger);

	if (!larger)
		return -ENOMEM;
	cleaner->compounds = larger;
	cleaner->room = room;
	for (size_t i = 0; i < n; i++) {
		if (old[i] != 0)
			*slot(cleaner, old[i]) = old[i];
	}
	free(old);
	return 0;
}

static int remember(struct cleaner *cleaner, uint64_t hash)
{
	uint64_t *at;

	if (2 * cleaner->n_compounds >= cleaner->room) {
		if (cleaner->n_compounds >= COMPOUNDS_MAX)
			return 0;
		if (grow(cleaner) < 0)
			return -ENOMEM;
	}
	at = slot(cleaner, hash | 1);
	if (*at == 0) {
		*at = hash | 1;
		cleaner->n_compounds++;
	}
	return 0;
}

static bool remembered(const struct cleaner *cleaner, uint64_t hash)
{
	return cleaner->room != 0 && *slot(cleaner, hash | 1) != 0;
}

/* Record every word of the text with a hyphen between two letters of one line. */
static int collect(struct cleaner *cleaner, const char *text)
{
	int32_t i = 0, length = (int32_t)strlen(text);
	uint64_t hash = 0;
	UChar32 c, before = 0;
	bool compound = false;

	if (!strchr(text, '-') && !strstr(text, "\xe2\x80\x90"))
		return 0;
	while (i <= length) { /* the NUL ends the last word */
		c = utf8_next(text, &i, length + 1);
		if (is_word(c)) {
			compound = compound || is_hyphen(before);
			hash = mix(hash, c);
		} else if (is_hyphen(c) && is_word(before)) {
			hash = mix(hash, c);
		} else {
			if (compound && !is_hyphen(before) && remember(cleaner, hash) < 0)
				return -ENOMEM;
			compound = false;
			hash = 0;
			c = ' ';
		}
		before = c;
	}
	return 0;
}

/* ---- Line ends ---------------------------------------------------------- */

struct walk {
	const char *text;
	int32_t at, length;
	UChar32 before; /* the last character of the output; 0: none */
	struct strbuf *to;
};

static UChar32 look(const struct walk *walk, int32_t at)
{
	return at < walk->length ? utf8_next(walk->text, &at, walk->length) : 0;
}

/* Skip white space from `at` on. *ret_line: whether it includes a line end. */
static int32_t skip_white(const struct walk *walk, int32_t at, bool *ret_line)
{
	int32_t next = at;

	*ret_line = false;
	while (at < walk->length && is_white(utf8_next(walk->text, &next, walk->length))) {
		*ret_line = *ret_line || walk->text[at] == '\n';
		at = next;
	}
	return at;
}

static int put(struct walk *walk, UChar32 c)
{
	walk->before = c;
	return strbuf_add_char(walk->to, c);
}

/* The hash of the word around a line end, with the hyphen. */
static uint64_t hash_across(const struct walk *walk, UChar32 hyphen, int32_t next)
{
	const char *to = walk->to->bytes;
	int32_t start = (int32_t)walk->to->length, end = start, least = end - TOKEN_MAX;
	uint64_t hash = 0;
	UChar32 c;

	while (start > 0 && start > least) {
		int32_t previous = start;
		c = utf8_previous(to, &previous);
		if (!is_word(c) && !is_hyphen(c))
			break;
		start = previous;
	}
	while (start < end)
		hash = mix(hash, utf8_next(to, &start, end));
	hash = mix(hash, hyphen);
	end = next < walk->length - TOKEN_MAX ? next + TOKEN_MAX : walk->length;
	while (next < end) {
		c = utf8_next(walk->text, &next, walk->length);
		if (!is_word(c) && !is_hyphen(c))
			break;
		hash = mix(hash, c);
	}
	return hash;
}

static bool is_conjunction(const struct walk *walk, int32_t at)
{
	static const char *const words[] = {
		"und ", "oder ", "bzw. ", "and ", "or ", "en ", "och "
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		size_t n = strlen(words[i]);
		if ((size_t)(walk->length - at) >= n && memcmp(walk->text + at, words[i], n) == 0)
			return true;
	}
	return false;
}

/* Handle a hyphen that was just read. */
static int put_hyphen(const struct cleaner *cleaner, struct walk *walk, UChar32 hyphen)
{
	bool line;
	int32_t next = skip_white(walk, walk->at, &line);
	UChar32 after = look(walk, next);

	if (!line || !is_word(walk->before) || !is_word(after) || is_conjunction(walk, next))
		return put(walk, hyphen);
	walk->at = next;
	if (u_isULowercase(after) && !u_isdigit(walk->before) &&
	    !remembered(cleaner, hash_across(walk, hyphen, next)))
		return 0;
	return put(walk, hyphen);
}

/* Handle the white space before walk->at. */
static int put_space(struct walk *walk, bool line)
{
	UChar32 after = look(walk, walk->at);

	if (walk->before == 0 || walk->at == walk->length)
		return 0;
	if (line && is_spaceless(walk->before) && is_spaceless(after))
		return 0;
	return put(walk, ' ');
}

static void skip_soft_hyphen(struct walk *walk)
{
	bool line;
	int32_t next = skip_white(walk, walk->at, &line);

	if (line && is_word(look(walk, next)))
		walk->at = next;
}

/* ---- Ligatures ---------------------------------------------------------- */

/* Typographic forms of letters. Not U+FDFA and following, which are whole phrases. */
static bool is_ligature(UChar32 c)
{
	return (c >= 0xfb00 && c <= 0xfdf9) || (c >= 0xfe80 && c <= 0xfefc) || c == 0x0132 ||
	       c == 0x0133;
}

static int put_folded(const struct cleaner *cleaner, struct walk *walk, UChar32 c)
{
	UChar parts[20];
	UErrorCode error = U_ZERO_ERROR;
	int32_t n = -1;

	if (is_ligature(c))
		n = unorm2_getDecomposition(cleaner->nfkc, c, parts, 20, &error);
	/* Isolated marks decompose into a space and the mark, which is not a letter. */
	if (n <= 0 || U_FAILURE(error) || parts[0] == ' ')
		return put(walk, c);
	for (int32_t i = 0; i < n;) {
		if (put(walk, utf16_next(parts, &i, n)) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* ---- The whole ---------------------------------------------------------- */

int cleaner_block(const struct cleaner *cleaner, const char *text, struct strbuf *to)
{
	struct walk walk = { .text = text, .length = (int32_t)strlen(text), .to = to };
	int error = 0;

	to->length = 0;
	while (walk.at < walk.length && error == 0) {
		bool line = false;
		int32_t next = skip_white(&walk, walk.at, &line);
		if (next > walk.at) {
			walk.at = next;
			error = put_space(&walk, line);
			continue;
		}
		UChar32 c = utf8_next(walk.text, &walk.at, walk.length);
		if (c == SOFT_HYPHEN)
			skip_soft_hyphen(&walk);
		else if (is_hyphen(c))
			error = put_hyphen(cleaner, &walk, c);
		else if (c > 0 && c < 0x80)
			error = put(&walk, c);
		else
			error = put_folded(cleaner, &walk, c < 0 ? 0xfffd : c);
	}
	while (to->length > 0 && to->bytes[to->length - 1] == ' ')
		to->length--;
	if (to->bytes)
		to->bytes[to->length] = '\0';
	return error;
}

/* No character below U+0300 combines. */
static bool is_composed(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] >= 0xcc)
			return false;
	}
	return true;
}

char *cleaner_compose(const struct cleaner *cleaner, const char *text, size_t length)
{
	UErrorCode error = U_ZERO_ERROR;
	UChar *from = NULL, *to = NULL;
	char *composed = NULL;
	int32_t n = 0, bytes = 0, room = (int32_t)length;

	if (is_composed(text, length))
		return strndup(text, length);
	from = malloc(sizeof *from * length);
	to = malloc(sizeof *to * 3 * length); /* no character becomes more than three */
	if (!from || !to)
		goto out;
	u_strFromUTF8WithSub(from, room, &n, text, room, 0xfffd, NULL, &error);
	n = unorm2_normalize(cleaner->nfc, from, n, to, 3 * room, &error);
	u_strToUTF8(NULL, 0, &bytes, to, n, &error);
	if (error != U_BUFFER_OVERFLOW_ERROR)
		goto out;
	error = U_ZERO_ERROR;
	composed = malloc((size_t)bytes + 1);
	if (composed)
		u_strToUTF8(composed, bytes + 1, NULL, to, n, &error);
out:
	free(from);
	free(to);
	return composed;
}

int cleaner_open(struct cleaner *cleaner, const struct content *content)
{
	UErrorCode error = U_ZERO_ERROR;
	int result = 0;

	*cleaner = (struct cleaner){ .nfc = unorm2_getNFCInstance(&error),
				     .nfkc = unorm2_getNFKCInstance(&error) };
	if (U_FAILURE(error))
		return -EIO;
	for (size_t i = 0; i < content->n_blocks && result == 0; i++)
		result = collect(cleaner, content->blocks[i].text);
	if (result < 0)
		cleaner_close(cleaner);
	return result;
}

void cleaner_close(struct cleaner *cleaner)
{
	free(cleaner->compounds);
	*cleaner = (struct cleaner){ 0 };
}
