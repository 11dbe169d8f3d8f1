/* SPDX-License-Identifier: MIT */
/*
 * What a file is, by its name and by its first bytes: as much as follows without the rest of it.
 * docproc looks into the file besides; the gateway refuses at once what docproc cannot read.
 */
#ifndef DOCUMENTS_DOCUMENT_TYPE_H
#define DOCUMENTS_DOCUMENT_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DOCUMENT_SAMPLE = 64 << 10 }; /* first bytes that are worth looking at */

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
	KIND_ZIP, /* what is in it the first bytes do not tell */
	N_KINDS
};

/* "a PDF", "a Word 97-2003 or other OLE file", ... */
const char *kind_name(enum file_kind kind);

/* Of a file whose extension says nothing: ".doc", ".odt", ... "" where there is no usual one. */
const char *kind_extension(enum file_kind kind);

/* "pdf" of "a.pdf"; "" where there is none: "README", ".profile", "Chapter 1. Beginnings". */
const char *document_extension(const char *name);

/* What an extension ("docx", any case) stands for. KIND_UNKNOWN: anything. */
enum file_kind kind_by_extension(const char *extension);

/* What the first n bytes of a file are of. whole: there are no others. */
enum file_kind kind_by_bytes(const uint8_t *bytes, size_t n, bool whole);

/* "Unsupported file type: .doc", or in the kind's words where there is no extension to name. */
void kind_unsupported(enum file_kind kind, const char *extension, char *ret_text, size_t size);

/*
 * Whether a file is refused whatever the rest of it holds: its name or its content is of a type that
 * nobody reads, or its content is of another type than its name says, which docproc would refuse as
 * well. True with the sentence for its owner, "Unsupported file type: .doc" or "The file is a picture
 * (.png), not a PDF". What is left to whoever reads it all: an archive that may be a DOCX, emptiness,
 * damage behind the beginning.
 */
bool document_refused(const char *name, const uint8_t *bytes, size_t n, bool whole, char *ret_text,
		      size_t size);

/* How the bytes of a plain text are to be read. */
enum encoding { ENCODING_NONE, ENCODING_UTF8, ENCODING_UTF16LE, ENCODING_UTF16BE, ENCODING_OTHER };

/* ENCODING_NONE: no text. whole: the bytes are all of it, and a character cut at the end is broken.
 *
 * UTF-16 only with its byte order mark. ENCODING_OTHER: without the control characters that no text
 * has, but not UTF-8; docproc, which has ICU, finds out whether it is text in another encoding. */
enum encoding encoding_of(const uint8_t *bytes, size_t n, bool whole);

#endif
