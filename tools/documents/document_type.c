/* SPDX-License-Identifier: MIT */
#include "tools/documents/document_type.h"
#include "tools/common/utf8_decode.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { PDF_HEADER_MAX = 1024 };

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
	[KIND_ZIP] = { "an archive", "" },
};

const char *kind_name(enum file_kind kind)
{
	return kinds[kind].name;
}

/* ".doc", ".odt", ... "" where there is no usual one. */
static const char *kind_extension(enum file_kind kind)
{
	return kinds[kind].extension;
}

/* .xls counts as OLE; .log, .csv and the like are text and claim no type. */
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

static const struct signature {
	enum file_kind kind;
	uint16_t offset;
	uint8_t length;
	const char *bytes, *extension; /* the usual one */
} signatures[] = {
	{ KIND_PDF, 0, 5, "%PDF-", "pdf" },
	{ KIND_OLE, 0, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "doc" },
	{ KIND_RTF, 0, 5, "{\\rtf", "rtf" },
	{ KIND_POSTSCRIPT, 0, 4, "%!PS", "ps" },
	{ KIND_IMAGE, 0, 8, "\x89PNG\r\n\x1a\n", "png" },
	{ KIND_IMAGE, 0, 3, "\xff\xd8\xff", "jpg" },
	{ KIND_IMAGE, 0, 5, "GIF87", "gif" },
	{ KIND_IMAGE, 0, 5, "GIF89", "gif" },
	{ KIND_IMAGE, 0, 4, "II*\0", "tif" },
	{ KIND_IMAGE, 0, 4, "MM\0*", "tif" },
	{ KIND_IMAGE, 8, 4, "WEBP", "webp" },
	{ KIND_IMAGE, 4, 8, "ftypheic", "heic" },
	{ KIND_IMAGE, 0, 4, "8BPS", "psd" },
	{ KIND_IMAGE, 0, 8, "AT&TFORM", "djvu" },
	{ KIND_MEDIA, 0, 4, "RIFF", "wav" },
	{ KIND_MEDIA, 4, 4, "ftyp", "mp4" },
	{ KIND_MEDIA, 0, 3, "ID3", "mp3" },
	{ KIND_MEDIA, 0, 4, "OggS", "ogg" },
	{ KIND_MEDIA, 0, 4, "fLaC", "flac" },
	{ KIND_MEDIA, 0, 4, "\x1a\x45\xdf\xa3", "mkv" },
	{ KIND_ARCHIVE, 0, 3, "\x1f\x8b\x08", "gz" },
	{ KIND_ARCHIVE, 0, 3, "BZh", "bz2" },
	{ KIND_ARCHIVE, 0, 6,
	  "\xfd"
	  "7zXZ\0",
	  "xz" },
	{ KIND_ARCHIVE, 0, 4, "\x28\xb5\x2f\xfd", "zst" },
	{ KIND_ARCHIVE, 0, 6, "7z\xbc\xaf\x27\x1c", "7z" },
	{ KIND_ARCHIVE, 0, 4, "Rar!", "rar" },
	{ KIND_ARCHIVE, 257, 5, "ustar", "tar" },
	{ KIND_PROGRAM, 0, 4,
	  "\x7f"
	  "ELF",
	  "" },
	{ KIND_PROGRAM, 0, 4, "\xca\xfe\xba\xbe", "" },
	{ KIND_PROGRAM, 0, 4, "\xcf\xfa\xed\xfe", "" },
	{ KIND_DATABASE, 0, 15, "SQLite format 3", "sqlite" },
};

/* NULL: none is known. */
static const struct signature *find_signature(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++)
		if (n >= (size_t)signatures[i].offset + signatures[i].length &&
		    memcmp(bytes + signatures[i].offset, signatures[i].bytes,
			   signatures[i].length) == 0)
			return &signatures[i];
	return NULL;
}

static bool begins(const uint8_t *bytes, size_t n, const char *with)
{
	size_t length = strlen(with);

	return n >= length && strncasecmp((const char *)bytes, with, length) == 0;
}

/* Text formats other than plain text. */
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

/* Zip formats whose first entry, unpacked, names the type. */
static enum file_kind kind_of_zip(const uint8_t *bytes, size_t n)
{
	static const struct {
		enum file_kind kind;
		const char *says;
	} first[] = { { KIND_ODF, "mimetypeapplication/vnd.oasis.opendocument" },
		      { KIND_EPUB, "mimetypeapplication/epub" } };

	for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
		if (n > 30 && begins(bytes + 30, n - 30, first[i].says))
			return first[i].kind;
	return KIND_ZIP;
}

enum file_kind kind_by_bytes(const uint8_t *bytes, size_t n, bool whole)
{
	const struct signature *signature = find_signature(bytes, n);

	if (n == 0)
		return KIND_EMPTY;
	if (signature)
		return signature->kind;
	if (n >= 4 && memcmp(bytes, "PK", 2) == 0 && bytes[2] <= 8 && bytes[3] <= 8)
		return kind_of_zip(bytes, n);
	if (n >= 64 && memcmp(bytes, "MZ", 2) == 0 && memchr(bytes, 0, n))
		return KIND_PROGRAM;
	bool text = encoding_of(bytes, n, whole) != ENCODING_NONE;
	/* A text may mention %PDF-; a PDF's binary part is never text. */
	if (!text && memmem(bytes, n < PDF_HEADER_MAX ? n : PDF_HEADER_MAX, "%PDF-", 5))
		return KIND_PDF;
	return text ? kind_of_text(bytes, n) : KIND_UNKNOWN;
}

/* ---- Decision ------------------------------------------------------------------- */

const char *document_extension(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (!dot || dot == name || !dot[1] || strlen(dot) > 11)
		return "";
	for (const char *c = dot + 1; *c; c++)
		if (!isalnum((unsigned char)*c))
			return "";
	return dot + 1;
}

void kind_unsupported(enum file_kind kind, const char *extension, char *ret_text, size_t size)
{
	static const char words[] = "Unsupported file type: ";

	if (*extension)
		snprintf(ret_text, size, "%s.%s", words, extension);
	else if (*kind_extension(kind))
		snprintf(ret_text, size, "%s%s", words, kind_extension(kind));
	else
		snprintf(ret_text, size, "%s%s", words, kind_name(kind));
}

/* By name alone: Markdown cannot be told from text by its content. */
static bool is_read(enum file_kind kind)
{
	return kind == KIND_PDF || kind == KIND_DOCX || kind == KIND_TEXT || kind == KIND_MARKDOWN;
}

/* Whether the rest of the file decides. A zip may be a DOCX, and so may an OLE file (with a
 * password); a PDF may have other bytes before its header. */
static bool may_be(enum file_kind claimed, enum file_kind kind, const uint8_t *bytes, size_t n)
{
	if (kind == KIND_EMPTY)
		return true;
	if (claimed == KIND_UNKNOWN)
		return is_read(kind) || kind == KIND_ZIP;
	if (claimed == KIND_DOCX)
		return kind == KIND_DOCX || kind == KIND_ZIP || kind == KIND_OLE;
	if (claimed == KIND_PDF && kind == KIND_TEXT)
		return memmem(bytes, n < PDF_HEADER_MAX ? n : PDF_HEADER_MAX, "%PDF-", 5) != NULL;
	return kind == claimed || (claimed == KIND_MARKDOWN && kind == KIND_TEXT);
}

/* The most likely type of a zip, by the names of its files. */
static enum file_kind kind_of_parts(const uint8_t *bytes, size_t n)
{
	static const struct {
		enum file_kind kind;
		const char *part;
	} parts[] = { { KIND_DOCX, "word/document.xml" },
		      { KIND_SHEET, "xl/workbook.xml" },
		      { KIND_SLIDES, "ppt/presentation.xml" } };

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (memmem(bytes, n, parts[i].part, strlen(parts[i].part)))
			return parts[i].kind;
	return KIND_ZIP;
}

/* The content does not fit the name: "The file is a picture (.png), not a PDF". */
static void say_mismatch(enum file_kind claimed, enum file_kind kind, const uint8_t *bytes,
			 size_t n, char *ret_text, size_t size)
{
	const struct signature *signature = find_signature(bytes, n);
	const char *extension = signature ? signature->extension : "";

	if (kind == KIND_ZIP) {
		kind = kind_of_parts(bytes, n);
		extension = "zip";
	}
	if (kind == KIND_UNKNOWN)
		snprintf(ret_text, size, "The file is damaged or of an unknown kind: it is not %s",
			 kind_name(claimed));
	else if (*extension && !*kind_extension(kind))
		snprintf(ret_text, size, "The file is %s (.%s), not %s", kind_name(kind), extension,
			 kind_name(claimed));
	else
		snprintf(ret_text, size, "The file is %s, not %s", kind_name(kind),
			 kind_name(claimed));
}

bool document_refused(const char *name, const uint8_t *bytes, size_t n, bool whole, char *ret_text,
		      size_t size)
{
	const char *extension = document_extension(name);
	enum file_kind claimed = kind_by_extension(extension);
	enum file_kind kind = kind_by_bytes(bytes, n, whole);

	if (claimed != KIND_UNKNOWN && !is_read(claimed))
		kind_unsupported(claimed, extension, ret_text, size);
	else if (may_be(claimed, kind, bytes, n))
		return false;
	else if (claimed == KIND_UNKNOWN)
		kind_unsupported(kind, extension, ret_text, size);
	else
		say_mismatch(claimed, kind, bytes, n, ret_text, size);
	return true;
}

/* ---- Encodings ------------------------------------------------------------------ */

/* Control characters that occur in text: white space, backspace (manual pages) and escape
 * (logs). */
static bool is_binary(uint8_t byte)
{
	return byte < ' ' && !(byte >= '\b' && byte <= '\r') && byte != 0x1b;
}

static bool is_utf8(const uint8_t *bytes, size_t n, bool whole)
{
	for (size_t at = 0; at < n;) {
		int length = utf8_decode(bytes + at, n - at, NULL);

		if (length <= 0)
			return length == 0 && !whole;
		at += (size_t)length;
	}
	return true;
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
	return is_utf8(bytes, n, whole) ? ENCODING_UTF8 : ENCODING_OTHER;
}
