/* SPDX-License-Identifier: MIT */
/* Plain text: paragraphs are what blank lines separate, or lines that are long enough to be one. */
#include "tools/docproc/extract/text/plain.h"
#include "tools/docproc/document/utf8.h"
#include "tools/docproc/extract/text/plain_parts.h"
#include "tools/documents/document_type.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_IS_PARAGRAPH = 240, LINES_A_LOOK = 1024 };

struct text_file {
	uint8_t *bytes;
	size_t size, at;
	enum encoding encoding;
};

/* What Windows-1252 has where Latin-1 has controls. */
static const uint16_t windows_1252[32] = {
	0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
	0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
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
	while (file->size < (size_t)status.st_size) {
		ssize_t got = pread(fd, file->bytes + file->size,
				    (size_t)status.st_size - file->size, (off_t)file->size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		file->size += (size_t)got;
	}
	return 0;
}

/* The unit at file->at of a UTF-16 text. */
static uint32_t unit(const struct text_file *file, size_t at)
{
	return file->encoding == ENCODING_UTF16LE
		       ? file->bytes[at] | (uint32_t)file->bytes[at + 1] << 8
		       : file->bytes[at + 1] | (uint32_t)file->bytes[at] << 8;
}

/* One character, which may be broken (negative). */
static int32_t next_char(struct text_file *file)
{
	if (file->encoding == ENCODING_LATIN1) {
		uint8_t byte = file->bytes[file->at++];
		return byte >= 0x80 && byte < 0xa0 ? windows_1252[byte - 0x80] : byte;
	}
	if (file->encoding == ENCODING_UTF8) {
		int32_t at = (int32_t)file->at;
		int32_t c = utf8_next((const char *)file->bytes, &at, (int32_t)file->size);
		file->at = (size_t)at;
		return c;
	}
	if (file->at + 1 >= file->size) {
		file->at = file->size;
		return -1;
	}
	uint32_t c = unit(file, file->at);
	file->at += 2;
	if (!U16_IS_SURROGATE(c))
		return (int32_t)c;
	if (!U16_IS_SURROGATE_LEAD(c) || file->at + 1 >= file->size)
		return -1;
	uint32_t trail = unit(file, file->at);
	if (!U16_IS_TRAIL(trail))
		return -1;
	file->at += 2;
	return (int32_t)U16_GET_SUPPLEMENTARY(c, trail);
}

/* 1 and a line without its end; 0 at the end of the file; -ENOMEM. */
static int next_line(struct text_file *file, struct strbuf *line)
{
	line->length = 0;
	if (file->at >= file->size)
		return 0;
	while (file->at < file->size) {
		int32_t c = next_char(file);
		if (c == '\n' || c == '\f')
			break;
		if (c == '\r') {
			struct text_file after = *file;
			if (after.at < after.size && next_char(&after) == '\n')
				*file = after;
			break;
		}
		/* An underlining or overstriking backspace of a manual page. */
		if (c == '\b')
			line->length =
				line->length > 0
					? (size_t)utf8_floor(line->bytes, (int32_t)line->length - 1)
					: 0;
		else if (strbuf_add_char(line, c < 0 ? 0xfffd : c) < 0)
			return -ENOMEM;
	}
	return strbuf_add(line, "", 0) < 0 ? -ENOMEM : 1;
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
	    paragraph->length > PLAIN_BLOCK_MAX)
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

static int read_markdown(struct text_file *file, struct report *report, struct content *content)
{
	struct markdown markdown = { .content = content };
	struct strbuf line = { 0 };
	int error = 0, end;

	for (size_t n = 0; (error = next_line(file, &line)) > 0; n++) {
		error = markdown_line(&markdown, line.bytes, line.length);
		if (error == 0 && n % LINES_A_LOOK == 0)
			error = report_step(report, 0);
		if (error < 0)
			break;
	}
	end = markdown_end(&markdown);
	strbuf_free(&line);
	return error < 0 ? error : end;
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
	int error;

	file->encoding = encoding_of(file->bytes, file->size, true);
	if (file->encoding == ENCODING_NONE) {
		failure_set(failure, "Document is not plain text throughout: it holds bytes that "
				     "no text has");
		return failure_advise(failure, "Save it as UTF-8.");
	}
	error = type == DOCUMENT_MARKDOWN ? read_markdown(file, report, content)
					  : read_text(file, report, content);
	/* -1 and -2 are FAILED and CANCELLED, and no errors of ours. */
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
