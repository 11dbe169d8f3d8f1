/* SPDX-License-Identifier: MIT */
#include "tools/docproc/document/document.h"

static const char *const mime[] = {
	[DOCUMENT_PDF] = "application/pdf",
	[DOCUMENT_DOCX] = "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	[DOCUMENT_TEXT] = "text/plain",
	[DOCUMENT_MARKDOWN] = "text/markdown",
};

const char *document_mime(enum document_type type)
{
	return mime[type];
}
