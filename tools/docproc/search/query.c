/* SPDX-License-Identifier: MIT */
#include "tools/docproc/search/query.h"
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

enum {
	BEGINS_MIN = 3, /* bytes from which the last word also matches as a prefix */
	ALIKE_MIN = 4,  /* bytes that two forms of a word must share */
	ENDING_MAX = 3, /* bytes by which short words may differ */
};

/* ---- Composing ---------------------------------------------------------- */

/* Compose n UTF-16 units of wide as UTF-8 in *ret_text. */
static int compose(const UChar *wide, int32_t n, char **ret_text)
{
	UErrorCode error = U_ZERO_ERROR;
	const UNormalizer2 *composer = unorm2_getNFCInstance(&error);
	int32_t room = 3 * n + 1; /* UAX 15: the maximum growth in UTF-16 */
	UChar *composed = malloc((size_t)room * sizeof *composed);
	char *text = malloc((size_t)room * 3 + 1);
	int32_t length;

	if (!composed || !text) {
		free(composed);
		free(text);
		return -ENOMEM;
	}
	length = unorm2_normalize(composer, wide, n, composed, room, &error);
	u_strToUTF8(text, room * 3 + 1, NULL, composed, length, &error);
	free(composed);
	if (U_FAILURE(error)) {
		free(text);
		return -EILSEQ;
	}
	*ret_text = text;
	return 0;
}

static int normalize(const char *text, char **ret_text)
{
	size_t length = strlen(text);
	UErrorCode error = U_ZERO_ERROR;
	UChar *wide;
	int32_t n = 0;
	int result;

	if (length > INT32_MAX / 16)
		return -ENOMEM;
	wide = malloc((length + 1) * sizeof *wide);
	if (!wide)
		return -ENOMEM;
	u_strFromUTF8(wide, (int32_t)length + 1, &n, text, (int32_t)length, &error);
	result = U_FAILURE(error) ? -EILSEQ : compose(wide, n, ret_text);
	free(wide);
	return result;
}

/* ---- Terms -------------------------------------------------------------- */

static bool is_known(const struct query *query, const char *folded)
{
	for (size_t i = 0; i < query->n_terms; i++)
		if (strcmp(query->terms[i].folded, folded) == 0)
			return true;
	return false;
}

static void add_term(struct query *query, const struct term *where)
{
	struct query_term *term = &query->terms[query->n_terms];

	/* A run is located by its pairs; its last character alone would match anywhere. */
	if (where->last && !where->alone)
		return;
	terms_fold(query->text + where->begin, where->end - where->begin, term->folded);
	if (is_known(query, term->folded))
		return;
	term->where = *where;
	term->begins = where->alone;
	query->n_terms++;
}

int query_parse(const char *text, struct query *ret_query)
{
	struct term_scan scan = { 0 };
	struct term where;
	int error;

	ret_query->n_terms = 0;
	error = normalize(text, &ret_query->text);
	if (error)
		return error;
	scan.text = ret_query->text;
	scan.length = strlen(ret_query->text);
	while (ret_query->n_terms < QUERY_TERMS_MAX && terms_next(&scan, &where))
		add_term(ret_query, &where);
	/* The last word may be incomplete while the user types. */
	if (ret_query->n_terms > 0) {
		struct query_term *last = &ret_query->terms[ret_query->n_terms - 1];

		if (!last->where.spaceless && last->where.end - last->where.begin >= BEGINS_MIN)
			last->begins = true;
	}
	return 0;
}

void query_free(struct query *query)
{
	free(query->text);
	query->text = NULL;
}

/* ---- For the index ------------------------------------------------------ */

char *query_match(const struct query *query)
{
	sqlite3_str *match = sqlite3_str_new(NULL);

	for (size_t i = 0; i < query->n_terms; i++) {
		const struct query_term *term = &query->terms[i];

		/* No term contains a quotation mark, because that is not a letter. */
		sqlite3_str_appendf(match, "%s%s : \"%.*s\"%s", i == 0 ? "" : " OR ",
				    term->where.spaceless ? "spaceless" : "{heading text}",
				    (int)(term->where.end - term->where.begin),
				    query->text + term->where.begin, term->begins ? " *" : "");
	}
	return sqlite3_str_finish(match);
}

/* ---- For passages ------------------------------------------------------- */

/* Whether two words begin alike and differ at most in an ending. */
static bool is_alike(const char *a, const char *b)
{
	size_t length_a = strlen(a), length_b = strlen(b), common = 0;
	size_t longer = length_a > length_b ? length_a : length_b;

	while (a[common] != '\0' && a[common] == b[common])
		common++;
	return common >= ALIKE_MIN && (longer - common <= ENDING_MAX || 3 * common >= 2 * longer);
}

uint64_t query_matches(const struct query *query, const char *text, const struct term *term,
		       uint64_t *ret_alike)
{
	uint64_t exact = 0;
	char folded[TERM_FOLDED];

	*ret_alike = 0;
	terms_fold(text + term->begin, term->end - term->begin, folded);
	for (size_t i = 0; i < query->n_terms; i++) {
		const struct query_term *wanted = &query->terms[i];
		uint64_t bit = UINT64_C(1) << i;

		if (wanted->where.spaceless != term->spaceless)
			continue;
		if (strcmp(folded, wanted->folded) == 0 ||
		    (wanted->begins &&
		     strncmp(folded, wanted->folded, strlen(wanted->folded)) == 0))
			exact |= bit;
		else if (!term->spaceless && is_alike(folded, wanted->folded))
			*ret_alike |= bit;
	}
	return exact;
}
