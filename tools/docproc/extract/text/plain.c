/* SPDX-License-Identifier: MIT */
/* Plain text: paragraphs are separated by blank lines, or are lines long enough to be
 * paragraphs. */
#include "tools/docproc/extract/text/plain.h"
#include "tools/common/read_at.h"
#include "tools/docproc/document/strbuf.h"
#include "tools/docproc/document/utf8.h"
#include "tools/docproc/extract/text/encoding.h"
#include "tools/docproc/extract/text/markdown.h"
#include "tools/documents/document_type.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_IS_PARAGRAPH = 240, LINES_A_LOOK = 1024 };

struct text_file {
	char *bytes;
	size_t size, at;
};

/* ---- Reading ---------------------------------------------------------------------- */

static int read_all(int fd, struct text_file *file)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_size > CONTENT_BYTES_MAX)
		return -EFBIG;
	file->bytes = malloc((size_t)status.st_size + 1);
	if (!file->bytes)
		return -ENOMEM;
	ssize_t got = read_at(fd, file->bytes, (size_t)status.st_size, 0);
	if (got < 0)
		return (int)got;
	file->size = (size_t)got;
	return 0;
}

/* A backspace in a manual page (underlining, overstriking) removes the character before it. */
static int add_overstruck(struct strbuf *line, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] != '\b') {
			if (strbuf_add(line, text + i, 1) < 0)
				return -ENOMEM;
		} else if (line->length > 0) {
			line->length = (size_t)utf8_floor(line->bytes, (int32_t)line->length - 1);
		}
	}
	return 0;
}

/* 1 and a line without its line end; 0 at the end of the file; -ENOMEM. */
static int next_line(struct text_file *file, struct strbuf *line)
{
	const char *text = file->bytes + file->at;
	size_t left = file->size - file->at, length = 0;
	int error;

	line->length = 0;
	if (left == 0)
		return 0;
	while (length < left && text[length] != '\n' && text[length] != '\f' &&
	       text[length] != '\r')
		length++;
	file->at += length < left ? length + 1 : length;
	if (left - length > 1 && text[length] == '\r' && text[length + 1] == '\n')
		file->at++;
	error = memchr(text, '\b', length) ? add_overstruck(line, text, length)
					   : strbuf_add(line, text, length);
	return error < 0 || strbuf_add(line, "", 0) < 0 ? -ENOMEM : 1;
}

/* ---- Paragraphs ------------------------------------------------------------------- */

static bool is_blank(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (line[i] != ' ' && line[i] != '\t')
			return false;
	return true;
}

static int flush(struct strbuf *paragraph, struct content *content)
{
	int error = paragraph->length > 0 ? content_add(content, BLOCK_PARAGRAPH, 0,
							paragraph->bytes, paragraph->length)
					  : 0;

	paragraph->length = 0;
	return error;
}

static int text_line(struct strbuf *paragraph, const struct strbuf *line, struct content *content)
{
	int error = 0;

	if (is_blank(line->bytes, line->length) || line->length > LINE_IS_PARAGRAPH ||
	    paragraph->length > TEXT_BLOCK_MAX)
		error = flush(paragraph, content);
	if (error < 0)
		return error;
	if (strbuf_add(paragraph, line->bytes, line->length) < 0 ||
	    strbuf_add(paragraph, "\n", 1) < 0)
		return -ENOMEM;
	return line->length > LINE_IS_PARAGRAPH ? flush(paragraph, content) : 0;
}

static int read_text(struct text_file *file, struct report *report, struct content *content)
{
	struct strbuf line = { 0 }, paragraph = { 0 };
	int error = 0;

	for (size_t n = 0; (error = next_line(file, &line)) > 0; n++) {
		error = text_line(&paragraph, &line, content);
		if (error == 0 && n % LINES_A_LOOK == 0)
			error = report_step(report, 0);
		if (error < 0)
			break;
	}
	if (error == 0)
		error = flush(&paragraph, content);
	strbuf_free(&line);
	strbuf_free(&paragraph);
	return error;
}

static int failed(int error, struct failure *failure)
{
	if (error == -EFBIG)
		return failure_set(failure, "Document holds more than %d MiB of text",
				   CONTENT_BYTES_MAX >> 20);
	return failure_set(failure, "Document could not be read: %s", strerror(-error));
}

static int parse(struct text_file *file, enum document_type type, struct report *report,
		 struct content *content, struct failure *failure)
{
	const char *encoding = encoding_name(file->bytes, file->size, true);
	int error;

	if (!encoding) {
		failure_set(failure, "Document is not plain text throughout: it contains bytes "
				     "that do not occur in text");
		return failure_advise(failure, "Save it as UTF-8.");
	}
	error = encoding_to_utf8(encoding, &file->bytes, &file->size);
	if (error == 0)
		error = type == DOCUMENT_MARKDOWN
				? markdown_blocks(file->bytes, file->size, report, content)
				: read_text(file, report, content);
	/* -1 and -2 are FAILED and CANCELLED here, not errno values. */
	return error == CANCELLED || error == 0 ? error : failed(error, failure);
}

int plain_extract(int fd, enum document_type type, const char *name, struct report *report,
		  struct content *content, struct failure *failure)
{
	struct text_file file = { 0 };
	int error;

	(void)name;
	report_total(report, 1);
	error = read_all(fd, &file);
	error = error < 0 ? failed(error, failure) : parse(&file, type, report, content, failure);
	free(file.bytes);
	return error == 0 ? report_step(report, 1) : error;
}
