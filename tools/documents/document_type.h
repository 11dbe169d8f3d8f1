/* SPDX-License-Identifier: MIT */
/*
 * The type of a file, by its name and its first bytes, as far as these decide. docproc also looks
 * at the rest of the file; the gateway refuses at once what docproc cannot read.
 */
#ifndef DOCUMENTS_DOCUMENT_TYPE_H
#define DOCUMENTS_DOCUMENT_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DOCUMENT_SAMPLE = 64 << 10 }; /* number of first bytes that are examined */

enum file_kind {
	KIND_UNKNOWN,
	KIND_EMPTY,
	KIND_PDF,
	KIND_DOCX,
	KIND_TEXT,
	KIND_MARKDOWN, /* by extension only */
	KIND_OLE,
	KIND_OLE_ENCRYPTED, /* a DOCX, XLSX or PPTX with a password */
	KIND_RTF,
	KIND_HTML,
	KIND_XML,
	KIND_POSTSCRIPT,
	KIND_ODF,
	KIND_EPUB,
	KIND_SHEET,
	KIND_SLIDES,
	KIND_IMAGE,
	KIND_MEDIA,
	KIND_ARCHIVE,
	KIND_PROGRAM,
	KIND_DATABASE,
	KIND_ZIP, /* its first bytes do not say what it contains */
	N_KINDS
};

/* "a PDF", "a Word 97-2003 or other OLE file", ... */
const char *kind_name(enum file_kind kind);

/* "pdf" for "a.pdf"; "" if there is none: "README", ".profile", "Chapter 1. Beginnings". */
const char *document_extension(const char *name);

/* The type that an extension ("docx", any case) stands for. KIND_UNKNOWN: any type. */
enum file_kind kind_by_extension(const char *extension);

/* The type by the first n bytes of a file. whole: the file has no more bytes. */
enum file_kind kind_by_bytes(const uint8_t *bytes, size_t n, bool whole);

/* "Unsupported file type: .doc", or the type's name if there is no extension. */
void kind_unsupported(enum file_kind kind, const char *extension, char *ret_text, size_t size);

/*
 * Whether a file is refused whatever the rest of it holds: its name or content is of an unsupported
 * type, or its content is of another type than its name says, which docproc would refuse too. True
 * with a sentence for its owner: "Unsupported file type: .doc" or "The file is a picture (.png),
 * not a PDF". An archive that may be a DOCX, an empty file, and damage behind the beginning are
 * left to docproc, which reads the whole file.
 */
bool document_refused(const char *name, const uint8_t *bytes, size_t n, bool whole, char *ret_text,
		      size_t size);

/* The encoding of a plain text. */
enum encoding { ENCODING_NONE, ENCODING_UTF8, ENCODING_UTF16LE, ENCODING_UTF16BE, ENCODING_OTHER };

/* ENCODING_NONE: not text. whole: the bytes are the complete text, so an incomplete last character
 * is an error.
 *
 * UTF-16 is recognised only by its byte order mark. ENCODING_OTHER: not UTF-8, but without control
 * characters that do not occur in text; docproc, which has ICU, decides whether it is text in
 * another encoding. */
enum encoding encoding_of(const uint8_t *bytes, size_t n, bool whole);

#endif
