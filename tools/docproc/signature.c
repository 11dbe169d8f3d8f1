/* SPDX-License-Identifier: MIT */
#include "signature.h"
#include "docx.h"
#include "utf8.h"
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { SAMPLE = 64 << 10, PDF_HEADER_MAX = 1024 };

/* ---- Names ---------------------------------------------------------------------- */

static const struct {
	const char *name, *extension;
} kinds[N_KINDS] = {
	[KIND_UNKNOWN] = { "a file of an unknown kind", "" },
	[KIND_EMPTY] = { "an empty file", "" },
	[KIND_PDF] = { "a PDF", ".pdf" },
	[KIND_DOCX] = { "a DOCX document", ".docx" },
	[KIND_TEXT] = { "plain text", ".txt" },
	[KIND_MARKDOWN] = { "Markdown", ".md" },
	[KIND_OLE] = { "a Word 97-2003 document or another OLE file", ".doc" },
	[KIND_OLE_ENCRYPTED] = { "an encrypted Office document", "" },
	[KIND_RTF] = { "an RTF document", ".rtf" },
	[KIND_HTML] = { "an HTML page", ".html" },
	[KIND_XML] = { "an XML file", ".xml" },
	[KIND_POSTSCRIPT] = { "a PostScript file", ".ps" },
	[KIND_ODF] = { "an OpenDocument file", ".odt" },
	[KIND_EPUB] = { "an EPUB book", ".epub" },
	[KIND_SHEET] = { "an Excel sheet", ".xlsx" },
	[KIND_SLIDES] = { "a PowerPoint file", ".pptx" },
	[KIND_IMAGE] = { "a picture", "" },
	[KIND_MEDIA] = { "a sound or video file", "" },
	[KIND_ARCHIVE] = { "an archive", "" },
	[KIND_PROGRAM] = { "a program", "" },
	[KIND_DATABASE] = { "a database", "" },
};

const char *kind_name(enum file_kind kind)
{
	return kinds[kind].name;
}

const char *kind_extension(enum file_kind kind)
{
	return kinds[kind].extension;
}

/* .xls is OLE only in old files that are no concern of ours; .log, .csv and the like are text, and
 * no claim. */
static const struct {
	enum file_kind kind;
	const char *extensions;
} claims[] = {
	{ KIND_PDF, " pdf " },
	{ KIND_DOCX, " docx docm dotx dotm " },
	{ KIND_TEXT, " txt text " },
	{ KIND_MARKDOWN, " md markdown mdown mkd " },
	{ KIND_OLE, " doc dot xls ppt pps msg msi pub " },
	{ KIND_RTF, " rtf " },
	{ KIND_HTML, " html htm xhtml mhtml " },
	{ KIND_XML, " xml svg " },
	{ KIND_POSTSCRIPT, " ps eps " },
	{ KIND_ODF, " odt ods odp odg ott fodt " },
	{ KIND_EPUB, " epub mobi azw3 " },
	{ KIND_SHEET, " xlsx xlsm xltx " },
	{ KIND_SLIDES, " pptx pptm ppsx " },
	{ KIND_IMAGE, " png jpg jpeg gif tif tiff bmp webp heic ico psd " },
	{ KIND_MEDIA, " mp3 mp4 m4a mov avi mkv wav ogg flac webm " },
	{ KIND_ARCHIVE, " zip gz tgz bz2 xz zst 7z rar tar jar " },
	{ KIND_PROGRAM, " exe dll so bin com class " },
	{ KIND_DATABASE, " db sqlite sqlite3 mdb " },
};

enum file_kind kind_by_extension(const char *extension)
{
	size_t length = strlen(extension);

	for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++)
		for (const char *at = claims[i].extensions; (at = strchr(at, ' ')) && at[1]; at++)
			if (strncasecmp(at + 1, extension, length) == 0 && at[1 + length] == ' ')
				return claims[i].kind;
	return KIND_UNKNOWN;
}

/* ---- Content -------------------------------------------------------------------- */

static const struct {
	enum file_kind kind;
	uint16_t offset;
	uint8_t length;
	const char *bytes;
} signatures[] = {
	{ KIND_PDF, 0, 5, "%PDF-" },
	{ KIND_OLE, 0, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" },
	{ KIND_RTF, 0, 5, "{\\rtf" },
	{ KIND_POSTSCRIPT, 0, 4, "%!PS" },
	{ KIND_IMAGE, 0, 8, "\x89PNG\r\n\x1a\n" },
	{ KIND_IMAGE, 0, 3, "\xff\xd8\xff" },
	{ KIND_IMAGE, 0, 5, "GIF87" },
	{ KIND_IMAGE, 0, 5, "GIF89" },
	{ KIND_IMAGE, 0, 4, "II*\0" },
	{ KIND_IMAGE, 0, 4, "MM\0*" },
	{ KIND_IMAGE, 8, 4, "WEBP" },
	{ KIND_IMAGE, 4, 8, "ftypheic" },
	{ KIND_IMAGE, 0, 4, "8BPS" },
	{ KIND_IMAGE, 0, 8, "AT&TFORM" },
	{ KIND_MEDIA, 0, 4, "RIFF" },
	{ KIND_MEDIA, 4, 4, "ftyp" },
	{ KIND_MEDIA, 0, 3, "ID3" },
	{ KIND_MEDIA, 0, 4, "OggS" },
	{ KIND_MEDIA, 0, 4, "fLaC" },
	{ KIND_MEDIA, 0, 4, "\x1a\x45\xdf\xa3" },
	{ KIND_ARCHIVE, 0, 3, "\x1f\x8b\x08" },
	{ KIND_ARCHIVE, 0, 3, "BZh" },
	{ KIND_ARCHIVE, 0, 6,
	  "\xfd"
	  "7zXZ\0" },
	{ KIND_ARCHIVE, 0, 4, "\x28\xb5\x2f\xfd" },
	{ KIND_ARCHIVE, 0, 6, "7z\xbc\xaf\x27\x1c" },
	{ KIND_ARCHIVE, 0, 4, "Rar!" },
	{ KIND_ARCHIVE, 257, 5, "ustar" },
	{ KIND_PROGRAM, 0, 4,
	  "\x7f"
	  "ELF" },
	{ KIND_PROGRAM, 0, 4, "\xca\xfe\xba\xbe" },
	{ KIND_PROGRAM, 0, 4, "\xcf\xfa\xed\xfe" },
	{ KIND_DATABASE, 0, 15, "SQLite format 3" },
};

static bool begins(const uint8_t *bytes, size_t n, const char *with)
{
	size_t length = strlen(with);

	return n >= length && strncasecmp((const char *)bytes, with, length) == 0;
}

/* Text that is something else, too. */
static enum file_kind kind_of_text(const uint8_t *bytes, size_t n)
{
	while (n > 0 && (*bytes <= ' ' || *bytes == 0xef || *bytes == 0xbb || *bytes == 0xbf)) {
		bytes++;
		n--;
	}
	if (begins(bytes, n, "<!doctype html") || begins(bytes, n, "<html"))
		return KIND_HTML;
	if (begins(bytes, n, "<?xml"))
		return memmem(bytes, n < 512 ? n : 512, "<html", 5) ? KIND_HTML : KIND_XML;
	return KIND_TEXT;
}

/* An Office document with a password is an OLE file that holds a stream of this name. Its name stands
 * in the first sector of the directory. */
static enum file_kind kind_of_ole(int fd, const uint8_t *bytes, size_t n)
{
	static const char name[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";
	uint8_t directory[4096];
	uint32_t sector;

	if (n < 512)
		return KIND_OLE;
	memcpy(&sector, bytes + 48, sizeof sector);
	unsigned shift = bytes[30] == 12 ? 12 : 9;
	ssize_t got = pread(fd, directory, sizeof directory, ((off_t)sector + 1) << shift);
	return got > 0 && memmem(directory, (size_t)got, name, sizeof name) ? KIND_OLE_ENCRYPTED
									    : KIND_OLE;
}

static enum file_kind kind_of_bytes(int fd, const uint8_t *bytes, size_t n, bool whole)
{
	for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++)
		if (n >= (size_t)signatures[i].offset + signatures[i].length &&
		    memcmp(bytes + signatures[i].offset, signatures[i].bytes,
			   signatures[i].length) == 0)
			return signatures[i].kind == KIND_OLE ? kind_of_ole(fd, bytes, n)
							      : signatures[i].kind;
	if (n >= 4 && memcmp(bytes, "PK", 2) == 0 && bytes[2] <= 8 && bytes[3] <= 8)
		return docx_kind(fd);
	if (n >= 64 && memcmp(bytes, "MZ", 2) == 0 && memchr(bytes, 0, n))
		return KIND_PROGRAM;
	bool text = encoding_of(bytes, n, whole) != ENCODING_NONE;
	/* A text may tell about PDF; a PDF's binary part is never text. */
	if (!text && memmem(bytes, n < PDF_HEADER_MAX ? n : PDF_HEADER_MAX, "%PDF-", 5))
		return KIND_PDF;
	return text ? kind_of_text(bytes, n) : KIND_UNKNOWN;
}

int kind_by_content(int fd, enum file_kind *ret_kind)
{
	static uint8_t bytes[SAMPLE];
	size_t n = 0;

	while (n < sizeof bytes) {
		ssize_t got = pread(fd, bytes + n, sizeof bytes - n, (off_t)n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*ret_kind = n == 0 ? KIND_EMPTY : kind_of_bytes(fd, bytes, n, n < sizeof bytes);
	return 0;
}

/* ---- Encodings ------------------------------------------------------------------ */

/* Controls that texts have: the white ones, backspace (manual pages) and escape (logs). */
static bool is_binary(uint8_t byte)
{
	return byte < ' ' && !(byte >= '\b' && byte <= '\r') && byte != 0x1b;
}

static bool is_utf8(const char *bytes, int32_t n, bool whole)
{
	int32_t at = 0;

	while (at < n) {
		int32_t start = at;
		if (utf8_next(bytes, &at, n) < 0)
			return !whole && n - start < 4 && at == n;
	}
	return true;
}

static bool is_latin1(const uint8_t *bytes, size_t n)
{
	size_t beyond = 0;

	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == 0x81 || bytes[i] == 0x8d || bytes[i] == 0x8f || bytes[i] == 0x90 ||
		    bytes[i] == 0x9d || bytes[i] == 0x7f)
			return false;
		beyond += bytes[i] >= 0x80;
	}
	return beyond <= n / 4;
}

enum encoding encoding_of(const uint8_t *bytes, size_t n, bool whole)
{
	if (n >= 2 && bytes[0] == 0xff && bytes[1] == 0xfe)
		return n >= 4 && bytes[2] == 0 && bytes[3] == 0 ? ENCODING_NONE : ENCODING_UTF16LE;
	if (n >= 2 && bytes[0] == 0xfe && bytes[1] == 0xff)
		return ENCODING_UTF16BE;
	for (size_t i = 0; i < n; i++)
		if (is_binary(bytes[i]))
			return ENCODING_NONE;
	if (n <= INT32_MAX && is_utf8((const char *)bytes, (int32_t)n, whole))
		return ENCODING_UTF8;
	return is_latin1(bytes, n) ? ENCODING_LATIN1 : ENCODING_NONE;
}
