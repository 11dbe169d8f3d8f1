/* SPDX-License-Identifier: MIT */
/*
 * From a file to its text. The file's first bytes decide its type; a contradicting extension is a
 * failure that names both. Only the descriptor is read, so the process can be sandboxed before.
 */
#ifndef DOCPROC_EXTRACT_EXTRACT_H
#define DOCPROC_EXTRACT_EXTRACT_H

#include "tools/docproc/document/content.h"
#include "tools/docproc/document/document.h"
#include "tools/docproc/document/report.h"
#include "tools/documents/failure.h"

/* Find the type of the file. name: the user's name for it, for its extension and for messages.
 * FAILED: "Unsupported file type: .doc", "report.pdf is a DOCX document, not a PDF", ... */
int extract_type(int fd, const char *name, enum document_type *ret_type, struct failure *failure);

/* Read the text of the whole file. Reports pages or parts. 0, FAILED, CANCELLED; on failure
 * *ret_content is empty. */
int extract_document(int fd, enum document_type type, const char *name, struct report *report,
		     struct content *ret_content, struct failure *failure);

#endif
