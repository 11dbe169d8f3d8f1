/* SPDX-License-Identifier: MIT */
/* What a file is, told from its bytes alone; and what its extension claims. */
#ifndef DOCPROC_SIGNATURE_H
#define DOCPROC_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	N_KINDS
};

/* "a PDF", "a Word 97-2003 or other OLE file", ... */
const char *kind_name(enum file_kind kind);

/* Of a file whose extension says nothing: ".doc", ".png", ... "" where there is no usual one. */
const char *kind_extension(enum file_kind kind);

/* What an extension ("docx", any case) stands for. KIND_UNKNOWN: anything. */
enum file_kind kind_by_extension(const char *extension);

/* Negative errno where the file cannot be read. */
int kind_by_content(int fd, enum file_kind *ret_kind);

/* How the bytes of a plain text are to be read. */
enum encoding { ENCODING_NONE, ENCODING_UTF8, ENCODING_UTF16LE, ENCODING_UTF16BE, ENCODING_LATIN1 };

/* ENCODING_NONE: no text. whole: the bytes are all of it, and a character cut at the end is broken.
 *
 * UTF-16 only with its byte order mark. What is not UTF-8 is taken for Latin-1, in the form that the
 * web made of it (Windows-1252, which adds quotation marks, dashes and the euro where Latin-1 has
 * controls), provided that no byte is one which that leaves undefined and at most a quarter of the
 * bytes are beyond ASCII: more would be another alphabet, and its text nonsense. */
enum encoding encoding_of(const uint8_t *bytes, size_t n, bool whole);

#endif
