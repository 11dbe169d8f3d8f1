/* SPDX-License-Identifier: MIT */
/* Text of a PDF, by poppler. Returns as extract_document(). */
#ifndef DOCPROC_EXTRACT_PDF_PDF_H
#define DOCPROC_EXTRACT_PDF_PDF_H

#include "tools/docproc/document/content.h"
#include "tools/docproc/document/document.h"
#include "tools/docproc/document/report.h"
#include "tools/documents/failure.h"

int pdf_extract(int fd, const char *name, struct report *report, struct content *content,
		struct failure *failure);

#endif
