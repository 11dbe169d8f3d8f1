/* SPDX-License-Identifier: MIT */
/*
 * From a file to its text. The file's first bytes decide what it is; an extension that says
 * something else is a failure that names both. Nothing is read but the descriptor, so that the
 * process may be locked in before.
 */
#ifndef DOCPROC_EXTRACT_EXTRACT_H
#define DOCPROC_EXTRACT_EXTRACT_H

#include "tools/docproc/document/content.h"
#include "tools/docproc/document/document.h"
#include "tools/docproc/document/report.h"
#include "tools/documents/failure.h"

/* What the file is. name: as the user called it, for its extension and for messages. FAILED:
 * "Unsupported file type: .doc", "report.pdf is a DOCX document, not a PDF", ... */
int extract_type(int fd, const char *name, enum document_type *ret_type, struct failure *failure);

/* Read the text of the whole file. Reports pages or parts. 0, FAILED, CANCELLED; on failure
 * *ret_content is empty. */
int extract_document(int fd, enum document_type type, const char *name, struct report *report,
		     struct content *ret_content, struct failure *failure);

#endif
