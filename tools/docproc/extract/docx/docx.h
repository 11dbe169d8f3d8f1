/* SPDX-License-Identifier: MIT */
/* Text of a DOCX, which is a zip with XML in it. Returns as extract_document(). */
#ifndef DOCPROC_EXTRACT_DOCX_DOCX_H
#define DOCPROC_EXTRACT_DOCX_DOCX_H

#include "tools/docproc/document/content.h"
#include "tools/docproc/document/document.h"
#include "tools/docproc/document/report.h"
#include "tools/documents/document_type.h"
#include "tools/documents/failure.h"

/* The kind of a zip file: a DOCX, another document, or any archive. */
enum file_kind docx_kind(int fd);

int docx_extract(int fd, const char *name, struct report *report, struct content *content,
		 struct failure *failure);

#endif
