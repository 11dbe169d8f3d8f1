/* SPDX-License-Identifier: MIT */
#include "tools/docproc/extract/text/encoding.h"
#include "tools/docproc/document/content.h"
#include "tools/documents/document_type.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ucnv.h>
#include <unicode/ucsdet.h>

enum { SAMPLE_MAX = 16 << 10, BEFORE_MAX = 256 };

/* The minimum confidence of a guess, out of 100. Noise scores 43 for two-byte encodings, and a text
 * in another encoding up to 23 for encodings of an alphabet. */
enum { LATIN = 40, ALPHABET = 25, MULTIBYTE = 80 };

static const char UTF8[] = "UTF-8", WINDOWS_1252[] = "windows-1252";

/* The detector's possible answers, and the converter for each. It has others (UTF-16 without a
 * mark, EBCDIC), but no such text gets here. */
static const struct charset {
	const char *detected, *name;
	int32_t least;
} charsets[] = {
	{ "ISO-8859-1", WINDOWS_1252, LATIN },
	{ "windows-1252", WINDOWS_1252, LATIN },
	{ "ISO-8859-2", "ISO-8859-2", LATIN },
	{ "windows-1250", "windows-1250", LATIN },
	{ "ISO-8859-9", "windows-1254", LATIN },
	{ "windows-1254", "windows-1254", LATIN },
	{ "ISO-8859-5", "ISO-8859-5", ALPHABET },
	{ "windows-1251", "windows-1251", ALPHABET },
	{ "KOI8-R", "KOI8-U", ALPHABET },
	{ "ISO-8859-6", "ISO-8859-6", ALPHABET },
	{ "windows-1256", "windows-1256", ALPHABET },
	{ "ISO-8859-7", "ISO-8859-7", ALPHABET },
	{ "windows-1253", "windows-1253", ALPHABET },
	{ "ISO-8859-8", "ISO-8859-8", ALPHABET },
	{ "ISO-8859-8-I", "ISO-8859-8", ALPHABET },
	{ "windows-1255", "windows-1255", ALPHABET },
	{ "Shift_JIS", "windows-31j", MULTIBYTE },
	{ "EUC-JP", "EUC-JP", MULTIBYTE },
	{ "EUC-KR", "EUC-KR", MULTIBYTE },
	{ "GB18030", "GB18030", MULTIBYTE },
	{ "Big5", "Big5", MULTIBYTE },
};

/* ---- Guessing --------------------------------------------------------------------- */

static const struct charset *find_charset(const char *detected)
{
	for (size_t i = 0; i < sizeof charsets / sizeof charsets[0]; i++)
		if (strcmp(charsets[i].detected, detected) == 0)
			return &charsets[i];
	return NULL;
}

static bool is_latin(const uint8_t *bytes, size_t n)
{
	size_t beyond = 0;

	for (size_t i = 0; i < n; i++)
		beyond += bytes[i] >= 0x80;
	return beyond <= n / 4;
}

static bool is_windows_1252(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] == 0x81 || bytes[i] == 0x8d || bytes[i] == 0x8f || bytes[i] == 0x90 ||
		    bytes[i] == 0x9d || bytes[i] == 0x7f)
			return false;
	return true;
}

/* The detector's first match that is possible for the text and confident enough; matches come best
 * first. */
static const char *choose(const UCharsetMatch **matches, int32_t n, bool latin, bool western)
{
	UErrorCode status = U_ZERO_ERROR;

	for (int32_t i = 0; i < n; i++) {
		const char *detected = ucsdet_getName(matches[i], &status);
		const struct charset *charset = detected ? find_charset(detected) : NULL;

		if (charset && ucsdet_getConfidence(matches[i], &status) >= charset->least &&
		    (latin || charset->least != LATIN) &&
		    (western || charset->name != WINDOWS_1252))
			return charset->name;
	}
	return NULL;
}

static const char *detect(const uint8_t *bytes, size_t n, bool latin, bool western)
{
	UErrorCode status = U_ZERO_ERROR;
	UCharsetDetector *detector = ucsdet_open(&status);
	int32_t n_matches = 0;

	ucsdet_setText(detector, (const char *)bytes, (int32_t)n, &status);
	const UCharsetMatch **matches = ucsdet_detectAll(detector, &n_matches, &status);
	const char *name = U_SUCCESS(status) ? choose(matches, n_matches, latin, western) : NULL;
	ucsdet_close(detector);
	return name;
}

/* Where the detector's sample begins: at the first non-ASCII byte, since ASCII says nothing,
 * including the words before it if its line is not longer than the sample. */
static size_t sample_start(const uint8_t *bytes, size_t n)
{
	size_t first = 0;

	while (first < n && bytes[first] < 0x80)
		first++;
	for (size_t at = first; first - at <= BEFORE_MAX; at--)
		if (at == 0 || bytes[at - 1] == '\n' || bytes[at - 1] == '\r')
			return at;
	return first;
}

static const char *guess(const uint8_t *bytes, size_t n)
{
	size_t at = sample_start(bytes, n);
	size_t size = n - at < SAMPLE_MAX ? n - at : SAMPLE_MAX;
	bool latin = is_latin(bytes, n), western = latin && is_windows_1252(bytes, n);
	const char *name =
		size < ENCODING_GUESS_MIN ? NULL : detect(bytes + at, size, latin, western);
	return name ? name : western ? WINDOWS_1252 : NULL;
}

const char *encoding_name(const void *bytes, size_t n, bool whole)
{
	switch (encoding_of(bytes, n, whole)) {
	case ENCODING_NONE:
		return NULL;
	case ENCODING_UTF8:
		return UTF8;
	case ENCODING_UTF16LE:
		return "UTF-16LE";
	case ENCODING_UTF16BE:
		return "UTF-16BE";
	case ENCODING_OTHER:
		return guess(bytes, n);
	}
	return NULL;
}

/* ---- Converting ------------------------------------------------------------------- */

static int convert(UConverter *converter, char **bytes, size_t *size)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t length =
		ucnv_toAlgorithmic(UCNV_UTF8, converter, NULL, 0, *bytes, (int32_t)*size, &status);

	if (length > CONTENT_BYTES_MAX)
		return -EFBIG;
	char *text = malloc((size_t)length + 1);
	if (!text)
		return -ENOMEM;
	status = U_ZERO_ERROR;
	ucnv_toAlgorithmic(UCNV_UTF8, converter, text, length + 1, *bytes, (int32_t)*size, &status);
	if (U_FAILURE(status)) {
		free(text);
		return status == U_MEMORY_ALLOCATION_ERROR ? -ENOMEM : -EIO;
	}
	free(*bytes);
	*bytes = text;
	*size = (size_t)length;
	return 0;
}

int encoding_to_utf8(const char *name, char **bytes, size_t *size)
{
	UErrorCode status = U_ZERO_ERROR;
	UConverter *converter;
	int error;

	if (strcmp(name, UTF8) == 0)
		return 0;
	converter = ucnv_open(name, &status);
	if (U_FAILURE(status))
		return status == U_MEMORY_ALLOCATION_ERROR ? -ENOMEM : -EIO;
	error = convert(converter, bytes, size);
	ucnv_close(converter);
	return error;
}
