/* SPDX-License-Identifier: MIT */
/* The types of documents that docproc reads, and their size limits. */
#ifndef DOCPROC_DOCUMENT_DOCUMENT_H
#define DOCPROC_DOCUMENT_DOCUMENT_H

enum document_type { DOCUMENT_PDF, DOCUMENT_DOCX, DOCUMENT_TEXT, DOCUMENT_MARKDOWN };

enum {
	EXTRACT_PAGES_MAX = 10000,
	EXTRACT_PARTS_MAX = 10000,      /* files in a DOCX */
	EXTRACT_UNPACKED_MAX = 1 << 28, /* bytes a DOCX may unpack to */
	EXTRACT_RATIO_MAX = 200,        /* and the largest ratio to its packed size, over 1 MiB */
};

/* The MIME type, a literal. */
const char *document_mime(enum document_type type);

#endif
