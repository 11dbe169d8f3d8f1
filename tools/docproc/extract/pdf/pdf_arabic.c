/* SPDX-License-Identifier: MIT */
/*
 * Arabic writes lam and alef as one glyph, which stands for two letters. poppler reverses the
 * letters of a word, and those two with them, so that "la" reads "al". The text alone does not
 * distinguish this from the article, except where the result is impossible in Arabic: an alef is
 * never followed by one with hamza or madda, and the article never stands alone.
 */
#include "tools/docproc/extract/pdf/pdf_parts.h"

enum {
	LAM = 0x644,
	ALEF_MADDA = 0x622,
	ALEF_HAMZA = 0x623,
	ALEF_HAMZA_BELOW = 0x625,
	ALEF = 0x627
};

static bool is_letter(const struct pdf_glyph *glyphs, size_t at, size_t n)
{
	return at < n && g_unichar_isalpha(glyphs[at].c);
}

static bool is_reversed(const struct pdf_glyph *glyphs, size_t at, size_t n)
{
	gunichar alef = glyphs[at].c;
	bool begins = at == 0 || !is_letter(glyphs, at - 1, n);

	if (at + 1 >= n || glyphs[at + 1].c != LAM)
		return false;
	if (alef == ALEF)
		return begins && !is_letter(glyphs, at + 2, n);
	return (alef == ALEF_MADDA || alef == ALEF_HAMZA || alef == ALEF_HAMZA_BELOW) && !begins &&
	       glyphs[at - 1].c == ALEF;
}

void pdf_mend_arabic(struct pdf_glyph *glyphs, size_t n)
{
	for (size_t at = 0; at < n; at++) {
		if (!is_reversed(glyphs, at, n))
			continue;
		gunichar alef = glyphs[at].c;
		glyphs[at].c = LAM;
		glyphs[++at].c = alef;
	}
}
