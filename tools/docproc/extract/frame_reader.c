/* SPDX-License-Identifier: MIT */
#include "tools/docproc/extract/frame_reader.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 4 << 10 };

void frame_reader_begin(struct frame_reader *ret_reader)
{
	*ret_reader = (struct frame_reader){ .state = FRAMES_COME, .paged = true };
}

void frame_reader_free(struct frame_reader *reader)
{
	content_free(&reader->content);
	free(reader->payload);
	reader->payload = NULL;
	reader->n_payload = reader->room = 0;
}

/* ---- Frames -------------------------------------------------------------- */

static int take_progress(struct frame_reader *reader)
{
	struct frame_progress progress;

	memcpy(&progress, reader->payload, sizeof progress);
	if (progress.units == 0 || progress.units > EXTRACT_PAGES_MAX ||
	    reader->content.n_blocks > 0)
		return -EPROTO;
	if (reader->head.type == FRAME_TOTAL) {
		if (reader->total != 0)
			return -EPROTO;
		reader->total = progress.units;
	} else {
		if (progress.units > reader->total - reader->done)
			return -EPROTO;
		reader->done += progress.units;
	}
	return 0;
}

/* Whether content_add() kept the text as it was sent: a correct extractor has cleaned it
 * already. */
static bool unchanged(const struct content *content, size_t n_before, const void *text, size_t n)
{
	const struct block *last = content->blocks + n_before;

	return content->n_blocks == n_before + 1 && memcmp(last->text, text, n) == 0 &&
	       last->text[n] == '\0';
}

static int take_block(struct frame_reader *reader)
{
	struct content *content = &reader->content;
	size_t n_before = content->n_blocks, bytes_before = content->n_bytes;
	size_t n = reader->head.length - sizeof(struct frame_block);
	const char *text = (const char *)reader->payload + sizeof(struct frame_block);
	struct frame_block block;

	memcpy(&block, reader->payload, sizeof block);
	if (block.type > BLOCK_FOOTNOTE || block.page > EXTRACT_PAGES_MAX)
		return -EPROTO;
	int error = content_add(content, (enum block_type)block.type, block.page, text, n);
	if (error == -EFBIG)
		return -EPROTO;
	if (error < 0)
		return error;
	if (content->n_bytes != bytes_before + n || !unchanged(content, n_before, text, n))
		return -EPROTO;
	reader->paged = reader->paged && block.page > 0;
	if (block.page > reader->highest_page)
		reader->highest_page = block.page;
	return 0;
}

static int take_end(struct frame_reader *reader)
{
	struct content *content = &reader->content;
	struct frame_end end;

	memcpy(&end, reader->payload, sizeof end);
	if (end.document_type > DOCUMENT_MARKDOWN || end.pages > EXTRACT_PAGES_MAX ||
	    end.no_text_layer > 1 || end.reserved != 0 || end.n_blocks != content->n_blocks ||
	    end.n_bytes != content->n_bytes || reader->highest_page > end.pages ||
	    (end.pages > 0 && !reader->paged))
		return -EPROTO;
	content->pages = end.pages;
	content->no_text_layer = end.no_text_layer == 1;
	content->content_type = document_mime((enum document_type)end.document_type);
	reader->state = FRAMES_ENDED;
	return 0;
}

static bool is_sentence(const char *text, size_t length)
{
	int32_t at = 0;

	while (at < (int32_t)length)
		if (!frame_failure_may_hold(utf8_next(text, &at, (int32_t)length)))
			return false;
	return true;
}

static int take_failure(struct frame_reader *reader)
{
	struct failure *failure = &reader->failure;
	const char *text = (const char *)reader->payload + sizeof(struct frame_failure);
	struct frame_failure head;
	size_t length = reader->head.length - sizeof head;

	memcpy(&head, reader->payload, sizeof head);
	if (head.error_length == 0 || head.error_length >= sizeof failure->error ||
	    head.advice_length >= sizeof failure->advice ||
	    (size_t)head.error_length + head.advice_length != length)
		return -EPROTO;
	if (!is_sentence(text, head.error_length) ||
	    !is_sentence(text + head.error_length, head.advice_length))
		return -EPROTO;
	memcpy(failure->error, text, head.error_length);
	failure->error[head.error_length] = '\0';
	memcpy(failure->advice, text + head.error_length, head.advice_length);
	failure->advice[head.advice_length] = '\0';
	reader->state = FRAMES_FAILED;
	return 0;
}

static const struct frame_kind {
	uint32_t shortest, longest;
	int (*take)(struct frame_reader *reader);
} kinds[] = {
	[FRAME_TOTAL] = { sizeof(struct frame_progress), sizeof(struct frame_progress),
			  take_progress },
	[FRAME_STEP] = { sizeof(struct frame_progress), sizeof(struct frame_progress),
			 take_progress },
	[FRAME_BLOCK] = { sizeof(struct frame_block) + 1,
			  sizeof(struct frame_block) + CONTENT_BYTES_MAX, take_block },
	[FRAME_END] = { sizeof(struct frame_end), sizeof(struct frame_end), take_end },
	[FRAME_FAILURE] = { sizeof(struct frame_failure) + 1,
			    sizeof(struct frame_failure) + sizeof(struct failure), take_failure },
};

/* ---- Bytes --------------------------------------------------------------- */

static bool head_is_sound(const struct frame_head *head)
{
	if (head->type < FRAME_TOTAL || head->type >= sizeof kinds / sizeof kinds[0])
		return false;
	return head->length >= kinds[head->type].shortest &&
	       head->length <= kinds[head->type].longest;
}

static int make_room(struct frame_reader *reader, size_t n)
{
	size_t room = reader->room ? reader->room : FIRST_ROOM;

	while (room - reader->n_payload < n)
		room *= 2;
	if (room == reader->room)
		return 0;
	unsigned char *payload = realloc(reader->payload, room);
	if (!payload)
		return -ENOMEM;
	reader->payload = payload;
	reader->room = room;
	return 0;
}

/* How many of n bytes belong to the missing part. */
static size_t share_of(size_t n, size_t present, size_t whole)
{
	return n < whole - present ? n : whole - present;
}

/* Take bytes of a head or a body; returns how many, or -errno. */
static ssize_t take_some(struct frame_reader *reader, const unsigned char *bytes, size_t n)
{
	size_t share = share_of(n, reader->n_head, sizeof reader->head);
	int error = 0;

	if (share > 0) {
		memcpy((unsigned char *)&reader->head + reader->n_head, bytes, share);
		reader->n_head += share;
		if (reader->n_head == sizeof reader->head && !head_is_sound(&reader->head))
			error = -EPROTO;
		return error < 0 ? error : (ssize_t)share;
	}
	share = share_of(n, reader->n_payload, reader->head.length);
	error = make_room(reader, share);
	if (error < 0)
		return error;
	memcpy(reader->payload + reader->n_payload, bytes, share);
	reader->n_payload += share;
	if (reader->n_payload == reader->head.length) {
		error = kinds[reader->head.type].take(reader);
		reader->n_head = reader->n_payload = 0;
	}
	return error < 0 ? error : (ssize_t)share;
}

int frame_reader_take(struct frame_reader *reader, const void *bytes, size_t n)
{
	const unsigned char *at = bytes;

	while (n > 0) {
		/* Nothing may follow the last frame. */
		ssize_t taken = reader->state == FRAMES_COME ? take_some(reader, at, n) : -EPROTO;

		if (taken < 0)
			return (int)taken;
		at += taken;
		n -= (size_t)taken;
	}
	return 0;
}
