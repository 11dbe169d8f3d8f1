/* SPDX-License-Identifier: MIT */
/* Plain text and Markdown. Returns as extract_document(). */
#ifndef DOCPROC_EXTRACT_TEXT_PLAIN_H
#define DOCPROC_EXTRACT_TEXT_PLAIN_H

#include "tools/docproc/document/content.h"
#include "tools/docproc/document/document.h"
#include "tools/docproc/document/report.h"
#include "tools/documents/failure.h"

int plain_extract(int fd, enum document_type type, const char *name, struct report *report,
		  struct content *content, struct failure *failure);

#endif
