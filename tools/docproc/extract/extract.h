/* SPDX-License-Identifier: MIT */
/*
 * From a file to its text. The file's first bytes decide what it is; an extension that says
 * something else is a failure that names both. Nothing is read but the descriptor, so that the
 * process may be locked in before.
 */
#ifndef DOCPROC_EXTRACT_EXTRACT_H
#define DOCPROC_EXTRACT_EXTRACT_H

#include "tools/docproc/document/content.h"
#include "tools/docproc/document/report.h"
#include "tools/documents/failure.h"

enum document_type { DOCUMENT_PDF, DOCUMENT_DOCX, DOCUMENT_TEXT, DOCUMENT_MARKDOWN };

enum {
	EXTRACT_PAGES_MAX = 10000,
	EXTRACT_PARTS_MAX = 10000,      /* files in a DOCX */
	EXTRACT_UNPACKED_MAX = 1 << 28, /* bytes a DOCX may unpack to */
	EXTRACT_RATIO_MAX = 200,        /* and how many times its packed size, over 1 MiB */
};

/* What the file is. name: as the user called it, for its extension and for messages. FAILED:
 * "Unsupported file type: .doc", "report.pdf is a DOCX document, not a PDF", ... */
int extract_type(int fd, const char *name, enum document_type *ret_type, struct failure *failure);

/* Read the text of the whole file. Reports pages or parts. 0, FAILED, CANCELLED; on failure
 * *ret_content is empty. */
int extract_document(int fd, enum document_type type, const char *name, struct report *report,
		     struct content *ret_content, struct failure *failure);

/* The formats. As extract_document(). */
int pdf_extract(int fd, const char *name, struct report *report, struct content *content,
		struct failure *failure);
int docx_extract(int fd, const char *name, struct report *report, struct content *content,
		 struct failure *failure);
int plain_extract(int fd, enum document_type type, const char *name, struct report *report,
		  struct content *content, struct failure *failure);

#endif
