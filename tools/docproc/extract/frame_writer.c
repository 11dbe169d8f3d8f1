/* SPDX-License-Identifier: MIT */
#include "tools/docproc/extract/frame_writer.h"
#include "tools/docproc/extract/frame.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* ---- Bytes --------------------------------------------------------------- */

static void write_out(struct frame_writer *writer, const void *bytes, size_t n)
{
	const unsigned char *at = bytes;

	while (n > 0 && writer->error == 0) {
		ssize_t written = write(writer->fd, at, n);

		if (written < 0 && errno != EINTR)
			writer->error = -errno;
		if (written > 0) {
			at += written;
			n -= (size_t)written;
		}
	}
}

static void flush(struct frame_writer *writer)
{
	write_out(writer, writer->bytes, writer->length);
	writer->length = 0;
}

static void put(struct frame_writer *writer, const void *bytes, size_t n)
{
	if (n > sizeof writer->bytes - writer->length)
		flush(writer);
	if (n > sizeof writer->bytes) {
		write_out(writer, bytes, n);
	} else if (n > 0) {
		memcpy(writer->bytes + writer->length, bytes, n);
		writer->length += n;
	}
}

static void put_head(struct frame_writer *writer, enum frame_type type, size_t length)
{
	const struct frame_head head = { type, (uint32_t)length };

	put(writer, &head, sizeof head);
}

/* ---- Frames -------------------------------------------------------------- */

static void write_progress(struct frame_writer *writer, enum frame_type type, uint64_t units)
{
	const struct frame_progress progress = { units };

	put_head(writer, type, sizeof progress);
	put(writer, &progress, sizeof progress);
	flush(writer);
}

void frame_write_total(struct frame_writer *writer, uint64_t units)
{
	write_progress(writer, FRAME_TOTAL, units);
}

void frame_write_step(struct frame_writer *writer, uint64_t units)
{
	write_progress(writer, FRAME_STEP, units);
}

static void write_block(struct frame_writer *writer, const struct block *block)
{
	const struct frame_block head = { block->type, block->page };
	size_t length = strlen(block->text);

	put_head(writer, FRAME_BLOCK, sizeof head + length);
	put(writer, &head, sizeof head);
	put(writer, block->text, length);
}

int frame_write_content(struct frame_writer *writer, enum document_type type,
			const struct content *content)
{
	const struct frame_end end = {
		.document_type = type,
		.pages = content->pages,
		.no_text_layer = content->no_text_layer,
		.n_blocks = content->n_blocks,
		.n_bytes = content->n_bytes,
	};

	for (size_t i = 0; i < content->n_blocks; i++)
		write_block(writer, &content->blocks[i]);
	put_head(writer, FRAME_END, sizeof end);
	put(writer, &end, sizeof end);
	flush(writer);
	return writer->error;
}

/* Names in messages may hold any bytes, and truncation may have cut a character. */
static void clean(char *text)
{
	int32_t length = (int32_t)strlen(text), at = 0;

	while (at < length) {
		int32_t from = at;

		if (!frame_failure_may_hold(utf8_next(text, &at, length)))
			memset(text + from, '?', (size_t)(at - from));
	}
}

int frame_write_failure(struct frame_writer *writer, struct failure *failure)
{
	clean(failure->error);
	clean(failure->advice);
	const struct frame_failure head = { (uint32_t)strlen(failure->error),
					    (uint32_t)strlen(failure->advice) };

	put_head(writer, FRAME_FAILURE, sizeof head + head.error_length + head.advice_length);
	put(writer, &head, sizeof head);
	put(writer, failure->error, head.error_length);
	put(writer, failure->advice, head.advice_length);
	flush(writer);
	return writer->error;
}
