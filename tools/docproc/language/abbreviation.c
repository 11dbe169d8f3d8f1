/* SPDX-License-Identifier: MIT */
/*
 * ICU's own lists ("@ss=standard") are not used: its filter also matches the end of longer words
 * ("Philipp." for "pp.", "weiter." for "r."), the English list has "In.", "To." and "Is." but not
 * "Dr.", and many languages have none.
 */
#include "tools/docproc/language/abbreviation.h"
#include "tools/docproc/document/utf8.h"
#include <string.h>
#include <unicode/uchar.h>

enum { TOKEN_BYTES = 32 };

/* Lower case, without the final full stop, with a space before and after each. */
struct list {
	char language[4];
	const char *always, *before_number;
};

/* The first list is for texts in any language. */
static const struct list lists[] = {
	{ "", " dr prof mr mrs ms st dipl ing sr jr phd ca vs cf ", " no nr fig p pp vol art " },
	{ "en",
	  " messrs rev hon gen col maj capt cmdr lt sgt cpl gov sen rep pres supt det mt ft ave "
	  "approx "
	  "dept est inc ltd corp bros viz al eds esp incl ",
	  " nos figs vols ch chap sec sect eq eqs para ref refs tab table ed pt jan feb mar apr "
	  "jun jul "
	  "aug sep sept oct nov dec " },
	{ "de",
	  " hr hrn fr frl bzw evtl ggf vgl inkl exkl einschl zzgl abzgl bsp geb gest sog chr med "
	  "jur rer "
	  "nat phil habil str mio mrd jh jhd hrsg verf gem lt tel max min insb insbes ehem kath "
	  "evang staatl univ ",
	  " abb abs tab kap bd bde ziff aufl seite jan feb mrz apr jun jul aug sep sept okt nov "
	  "dez " },
	{ "fr", " mm mme mmes mlle mlles me mgr pr ste ex env av apr apt boul bd éd ",
	  " figs chap sect n pl t tab janv févr avr juil sept oct nov déc " },
	{ "es", " sra srta sres dra dres d dña ud uds av avda ej lic ing excmo excma gral cía ",
	  " núm nº pág págs cap vol tel ene feb abr ago sept oct nov dic " },
	{ "it", " sig sigg sigra dott dottssa avv arch geom rag on cfr ecc es mons ",
	  " figg n num pag pagg cap sez tav tel " },
	{ "nl", " dhr mevr mw drs mej bijv bv resp o.a ir evt incl excl jl ",
	  " blz afb hfdst par tel jan feb mrt apr aug sept okt nov dec " },
	{ "pt", " sra srta dra profa eng av exmo exma ex v exa d ", " pág págs cap n tel séc " },
	{ "sv", " bl s.k t.ex ", " kap sid s nr tel " },
	{ "da", " bl f.eks ", " kap s tel " },
	{ "no", " bl f.eks ", " kap s tel " },
	{ "fi", " esim mm ns ks ", " s luku " },
	{ "pl", " inż mgr np tzw ul im św hab dyr ", " str s rys r t " },
	{ "cs", " např tzv tj mj ul ing mgr ", " str s obr č " },
	{ "ru", " ул им проф акад см напр тыс млн млрд руб ", " рис стр с гл п табл тел " },
	{ "uk", " вул ім проф акад див напр тис млн млрд ", " рис стор с гл п табл " },
};

/* Languages that write "3." for "third". */
static const char ordinals[] = " de da no fi cs hu ";

static bool listed(const char *list, const char *word)
{
	size_t length = strlen(word);
	const char *at = list;

	while ((at = strstr(at, word)) != NULL) {
		if (at > list && at[-1] == ' ' && at[length] == ' ')
			return true;
		at += length;
	}
	return false;
}

static bool is_number(const char *next)
{
	return (next[0] >= '0' && next[0] <= '9') ||
	       (strchr("IVXLC", next[0]) && next[0] && strchr("IVXLC .,;:)", next[1]) && next[1]);
}

static bool in_lists(const char *language, const char *word, const char *next)
{
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		if (lists[i].language[0] && strcmp(lists[i].language, language) != 0)
			continue;
		if (listed(lists[i].always, word) ||
		    (is_number(next) && listed(lists[i].before_number, word)))
			return true;
	}
	return false;
}

struct last {
	char word[TOKEN_BYTES + U8_MAX_LENGTH + 1]; /* lower case, without brackets and quotes */
	bool upper;                                 /* it begins with a capital */
	bool after_stop;                            /* preceded by a full stop and a space */
};

/* The word before the full stop. False: there is none, or it is too long for an abbreviation. */
static bool last_word(const char *text, size_t length, struct last *ret_last)
{
	int32_t end = (int32_t)length - 1, start = end, at, n = 0;

	while (start > 0) {
		at = start;
		UChar32 c = utf8_previous(text, &at);
		if (c < 0 || !(u_isalnum(c) || c == '.' || (U_GET_GC_MASK(c) & U_GC_M_MASK)))
			break;
		start = at;
		if (end - start > TOKEN_BYTES)
			return false;
	}
	for (at = start; at < end;) {
		UChar32 c = utf8_next(text, &at, end);
		if (n == 0)
			ret_last->upper = u_isUUppercase(c);
		n += utf8_put(ret_last->word + n, u_tolower(c));
		if (n > TOKEN_BYTES)
			return false;
	}
	ret_last->word[n] = '\0';
	ret_last->after_stop = start > 1 && text[start - 1] == ' ' && text[start - 2] == '.';
	return n > 0;
}

static int32_t n_characters(const char *word)
{
	int32_t n = 0;

	for (; *word; word++)
		n += (*word & 0xc0) != 0x80;
	return n;
}

/* "e.g", "z.b", "u.s", "ph.d": parts of at most two letters. Not "a.m" and "p.m", which end
 * sentences just as often. */
static bool is_dotted(const char *word)
{
	int32_t letters = 0, at = 0, length = (int32_t)strlen(word);

	if (!strchr(word, '.') || strcmp(word, "a.m") == 0 || strcmp(word, "p.m") == 0)
		return false;
	while (at < length) {
		UChar32 c = utf8_next(word, &at, length);
		letters = c == '.' ? 0 : letters + 1;
		if (letters > 2 || (c != '.' && !u_isalpha(c)))
			return false;
	}
	return true;
}

/* "J. R. Smith", "z. B.": one letter. The English "I" is a word. */
static bool is_initial(const char *language, const struct last *last)
{
	const char *word = last->word;
	int32_t at = 0;

	if (n_characters(word) != 1 || !u_isalpha(utf8_next(word, &at, (int32_t)strlen(word))))
		return false;
	return !(last->upper && strcmp(word, "i") == 0 && strcmp(language, "en") == 0);
}

/* "am 3. Oktober", but not "vgl. Nr. 3. Oktober". */
static bool is_ordinal(const char *language, const struct last *last)
{
	size_t n = strspn(last->word, "0123456789");

	return n > 0 && n <= 2 && last->word[n] == '\0' && !last->after_stop &&
	       listed(ordinals, language);
}

bool abbreviation_ends(const char *language, const char *text, size_t length, const char *next)
{
	struct last last = { 0 };

	if (length < 2 || text[length - 1] != '.' || !last_word(text, length, &last))
		return false;
	return is_initial(language, &last) || is_dotted(last.word) || is_ordinal(language, &last) ||
	       in_lists(language, last.word, next);
}
