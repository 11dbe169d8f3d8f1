/* SPDX-License-Identifier: MIT */
/*
 * PDF through poppler, page by page. All lines are collected first, because running heads and the
 * body's font size can only be found in the whole document.
 */
#include "tools/docproc/extract/pdf/pdf.h"
#include "tools/docproc/extract/pdf/pdf_parts.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PICTURES_LOOKED_AT = 20 };

/* ---- Opening ---------------------------------------------------------------------- */

/* A complete PDF has an end marker in its last kilobyte. */
static bool has_end(int fd)
{
	char tail[1024];
	off_t size = lseek(fd, 0, SEEK_END),
	      from = size > (off_t)sizeof tail ? size - (off_t)sizeof tail : 0;
	ssize_t n = pread(fd, tail, sizeof tail, from);

	return n > 0 && memmem(tail, (size_t)n, "%%EOF", 5);
}

static int open_failure(int fd, const GError *error, struct failure *failure)
{
	if (error && g_error_matches(error, POPPLER_ERROR, POPPLER_ERROR_ENCRYPTED)) {
		failure_set(failure, "Document is encrypted: a password is needed to open it");
		return failure_advise(failure, "Save it without a password and submit it again.");
	}
	if (!has_end(fd))
		return failure_set(failure, "Document is truncated: the end of the PDF is missing");
	return failure_set(failure, "Document is damaged: the PDF cannot be opened");
}

static PopplerDocument *open_document(int fd, struct failure *failure)
{
	GError *error = NULL;
	/* poppler closes the descriptor that it gets. */
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	PopplerDocument *document =
		copy < 0 ? NULL : poppler_document_new_from_fd(copy, NULL, &error);

	if (!document)
		open_failure(fd, error, failure);
	g_clear_error(&error);
	return document;
}

/* ---- Reading ---------------------------------------------------------------------- */

static int page_failure(int error, int page, struct failure *failure)
{
	if (error == -EFBIG)
		return failure_set(failure, "Document holds more than %d MiB of text",
				   CONTENT_BYTES_MAX >> 20);
	if (error == -ENOMEM)
		return failure_set(failure, "Not enough memory for the document");
	return failure_set(failure, "Document is damaged: page %d cannot be read", page);
}

static int read_page(PopplerDocument *document, int number, struct pdf_lines *lines,
		     struct failure *failure)
{
	PopplerPage *page = poppler_document_get_page(document, number - 1);
	int error;

	if (!page)
		return page_failure(-EIO, number, failure);
	error = pdf_read_page(page, (uint32_t)number, lines);
	g_object_unref(page);
	return error < 0 ? page_failure(error, number, failure) : 0;
}

static int read_pages(PopplerDocument *document, int n_pages, struct report *report,
		      struct pdf_lines *lines, struct failure *failure)
{
	int error = 0;

	report_total(report, (uint64_t)n_pages);
	for (int number = 1; number <= n_pages && error == 0; number++) {
		error = read_page(document, number, lines, failure);
		if (error == 0)
			error = report_step(report, 1);
	}
	return error;
}

/* A document without text but with pictures is a scan. */
static bool has_pictures(PopplerDocument *document, int n_pages)
{
	bool found = false;

	for (int i = 0; i < n_pages && i < PICTURES_LOOKED_AT && !found; i++) {
		PopplerPage *page = poppler_document_get_page(document, i);
		GList *pictures = page ? poppler_page_get_image_mapping(page) : NULL;
		found = pictures != NULL;
		poppler_page_free_image_mapping(pictures);
		g_clear_object(&page);
	}
	return found;
}

static int read_document(PopplerDocument *document, struct report *report, struct content *content,
			 struct failure *failure)
{
	struct pdf_lines lines = { 0 };
	int n_pages = poppler_document_get_n_pages(document), error;

	if (n_pages > EXTRACT_PAGES_MAX)
		return failure_set(failure, "Document has %d pages; at most %d are read", n_pages,
				   EXTRACT_PAGES_MAX);
	if (n_pages <= 0)
		return failure_set(failure, "Document is damaged: the PDF has no pages");
	error = read_pages(document, n_pages, report, &lines, failure);
	if (error == 0) {
		error = pdf_drop_margins(&lines, (uint32_t)n_pages);
		if (error == 0)
			error = pdf_layout(&lines, content);
		if (error < 0)
			page_failure(error, 0, failure);
		error = error < 0 ? FAILED : 0;
	}
	pdf_free_lines(&lines);
	if (error < 0)
		return error;
	content->pages = (uint32_t)n_pages;
	content->no_text_layer = content->n_blocks == 0 && has_pictures(document, n_pages);
	return 0;
}

int pdf_extract(int fd, const char *name, struct report *report, struct content *content,
		struct failure *failure)
{
	PopplerDocument *document = open_document(fd, failure);
	int error;

	(void)name;
	if (!document)
		return FAILED;
	error = read_document(document, report, content, failure);
	g_object_unref(document);
	return error;
}
