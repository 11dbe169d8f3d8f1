/* SPDX-License-Identifier: MIT */
#include "tools/docproc/extract/extract.h"
#include "tools/docproc/extract/docx/docx.h"
#include "tools/docproc/extract/pdf/pdf.h"
#include "tools/docproc/extract/signature.h"
#include "tools/docproc/extract/text/plain.h"
#include <errno.h>
#include <string.h>

/* ---- The type ------------------------------------------------------------------- */

static const char *base_name(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

static bool agrees(enum file_kind claimed, enum file_kind kind)
{
	return claimed == KIND_UNKNOWN || claimed == kind ||
	       (claimed == KIND_MARKDOWN && kind == KIND_TEXT) ||
	       (claimed == KIND_XML && kind == KIND_HTML) ||
	       (claimed == KIND_HTML && kind == KIND_XML);
}

static int unsupported(enum file_kind kind, const char *extension, struct failure *failure)
{
	kind_unsupported(kind, extension, failure->error, sizeof failure->error);
	failure->advice[0] = '\0';
	if (kind == KIND_OLE || kind == KIND_RTF || kind == KIND_ODF)
		failure_advise(failure, "Save the document as .docx (Word, LibreOffice: Save As) "
					"and submit it again.");
	else if (kind == KIND_IMAGE)
		failure_advise(failure, "Text in pictures is not read: run OCR first and submit "
					"the result as PDF or text.");
	else if (kind == KIND_UNKNOWN)
		failure_advise(failure, "PDF, DOCX, Markdown and plain text are read; text best "
					"as UTF-8.");
	else
		failure_advise(failure, "PDF, DOCX, Markdown and plain text are read.");
	return FAILED;
}

static int settle(enum file_kind claimed, enum file_kind kind, const char *name,
		  enum document_type *ret_type, struct failure *failure)
{
	const char *extension = document_extension(name);

	if (kind == KIND_EMPTY && claimed != KIND_UNKNOWN && claimed != KIND_TEXT &&
	    claimed != KIND_MARKDOWN)
		return failure_set(failure, "Document appears to be empty");
	if (kind == KIND_OLE_ENCRYPTED)
		return failure_set(failure,
				   "Document is encrypted: a password is needed to open it");
	if (kind == KIND_EMPTY)
		kind = KIND_TEXT;
	if (!agrees(claimed, kind) && kind == KIND_UNKNOWN)
		return failure_set(failure, "%s is damaged: it is not %s", name,
				   kind_name(claimed));
	if (!agrees(claimed, kind))
		return failure_set(failure, "%s is %s, not %s", name, kind_name(kind),
				   kind_name(claimed));
	if (kind == KIND_PDF)
		*ret_type = DOCUMENT_PDF;
	else if (kind == KIND_DOCX)
		*ret_type = DOCUMENT_DOCX;
	else if (kind == KIND_TEXT)
		*ret_type = claimed == KIND_MARKDOWN ? DOCUMENT_MARKDOWN : DOCUMENT_TEXT;
	else
		return unsupported(kind, extension, failure);
	return 0;
}

int extract_type(int fd, const char *name, enum document_type *ret_type, struct failure *failure)
{
	enum file_kind kind, claimed;
	int error = kind_by_content(fd, &kind);

	if (error < 0)
		return failure_set(failure, "Document could not be read: %s", strerror(-error));
	name = base_name(name);
	claimed = kind_by_extension(document_extension(name));
	/* An unsupported type is named after its extension, even if the content is of another type:
	 * ".doc" files are often RTF. */
	if (claimed == KIND_OLE && (kind == KIND_RTF || kind == KIND_HTML || kind == KIND_UNKNOWN))
		return unsupported(KIND_OLE, document_extension(name), failure);
	return settle(claimed, kind, name, ret_type, failure);
}

/* ---- Dispatch ------------------------------------------------------------------- */

int extract_document(int fd, enum document_type type, const char *name, struct report *report,
		     struct content *ret_content, struct failure *failure)
{
	int error = FAILED;

	*ret_content = (struct content){ .content_type = document_mime(type) };
	name = base_name(name);
	switch (type) {
	case DOCUMENT_PDF:
		error = pdf_extract(fd, name, report, ret_content, failure);
		break;
	case DOCUMENT_DOCX:
		error = docx_extract(fd, name, report, ret_content, failure);
		break;
	case DOCUMENT_TEXT:
	case DOCUMENT_MARKDOWN:
		error = plain_extract(fd, type, name, report, ret_content, failure);
		break;
	}
	if (error < 0)
		content_free(ret_content);
	return error;
}
