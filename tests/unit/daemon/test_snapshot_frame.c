/* SPDX-License-Identifier: MIT */
/* Frames of the snapshot are restored field by field, and damage is detected. */
#include "daemon/board/snapshot_file.h"
#include "tests/harness/suite.h"
#include <errno.h>
#include <signal.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static struct snapshot_item item, back;
static uint8_t frame[SNAPSHOT_FRAME_MAX];

static void fill_text(char *text, size_t size, char with)
{
	memset(text, with, size - 1);
	text[size - 1] = '\0';
}

/* A task whose fields all have their largest size or value. */
static void fill_item(void)
{
	struct trackd_task *task = &item.task;

	memset(&item, 0, sizeof item);
	item.type = SNAPSHOT_TASK;
	*task = (struct trackd_task){ .revision = 7,
				      .kind = 3,
				      .state = TRACKD_FAILED,
				      .reason = TRACKD_REASON_WORKER_LOST,
				      .stage = TRACKD_STAGES_MAX - 1,
				      .n_stages = TRACKD_STAGES_MAX,
				      .flags = TRACKD_NAME_CUT | TRACKD_ERROR_CUT,
				      .done = TRACKD_WORK_MAX,
				      .total = TRACKD_WORK_MAX,
				      .serial = 9,
				      .created_ns = 10,
				      .started_ns = 11,
				      .updated_ns = 12,
				      .finished_ns = 13,
				      .cancel_requested_ns = 14,
				      .expires_ns = UINT64_MAX,
				      .ttl_ms = TRACKD_TTL_NEVER,
				      .active_ttl_ms = 15,
				      .start_within_ms = 21,
				      .progress_within_ms = UINT32_MAX,
				      .finish_within_ms = 23,
				      .worker_pid = 16,
				      .worker_uid = 17,
				      .worker_start = 18,
				      .worker_comm = "a worker",
				      .worker_exit = TRACKD_EXIT_SIGNAL,
				      .worker_exit_number = SIGKILL,
				      .worker_exit_flags = TRACKD_EXIT_MEMORY };
	fill_text(task->id, sizeof task->id, 'i');
	fill_text(task->owner, sizeof task->owner, 'o');
	fill_text(task->name, sizeof task->name, 'n');
	fill_text(task->message, sizeof task->message, 'm');
	fill_text(task->error, sizeof task->error, 'e');
	fill_text(task->last_message, sizeof task->last_message, 'l');
	fill_text(task->result, sizeof task->result, 'r');
	fill_text(task->labels, sizeof task->labels, 'l');
	task->labels[1] = '=';
	for (int i = 0; i < TRACKD_STAGES_MAX; i++)
		task->stages[i] = (struct trackd_stage){ .started_ns = 100,
							 .finished_ns = 200,
							 .done = 300,
							 .total = TRACKD_WORK_MAX,
							 .state = TRACKD_STAGE_DONE };
}

static void a_task_is_restored_field_by_field(void **state)
{
	(void)state;
	fill_item();
	size_t length = snapshot_encode(frame, &item);
	assert_true(length <= SNAPSHOT_FRAME_MAX && length % 8 == 0);
	memset(&back, 0, sizeof back);
	assert_int_equal(snapshot_decode(frame, length, &back), length);
	assert_int_equal(back.type, SNAPSHOT_TASK);
	assert_memory_equal(&back.task, &item.task, sizeof item.task);
}

/* Make `length` bytes of payload that were changed a valid frame again. */
static size_t seal(uint8_t *bytes, size_t length)
{
	struct snapshot_frame *head = (void *)bytes;

	head->length = (uint32_t)length;
	head->check =
		XXH3_64bits_withSeed(bytes + sizeof *head, length,
				     (uint64_t)head->length << 32 | (uint64_t)head->type << 16);
	return sizeof *head + length;
}

static uint8_t *add(uint8_t *at, uint16_t tag, uint16_t length, const char *bytes)
{
	memcpy(at, &tag, sizeof tag);
	memcpy(at + 2, &length, sizeof length);
	for (at += 4; *bytes != '\0'; bytes++)
		*at++ = (uint8_t)*bytes;
	return at;
}

/* A frame whose five strings end at a multiple of 8, so that extras can follow. */
static uint8_t *begin_with_extras(void)
{
	memset(&item, 0, sizeof item);
	memset(&back, 0, sizeof back);
	memset(frame, 0, sizeof frame);
	item.type = SNAPSHOT_TASK;
	item.task = (struct trackd_task){ .state = TRACKD_PENDING, .stage = -1, .id = "12345678" };
	return frame + snapshot_encode(frame, &item);
}

static int decode_to(const uint8_t *end)
{
	size_t length = ((size_t)(end - frame) - sizeof(struct snapshot_frame) + 7) / 8 * 8;

	return snapshot_decode(frame, seal(frame, length), &back);
}

static void an_extra_of_a_later_daemon_is_skipped(void **state)
{
	uint8_t *at = begin_with_extras();

	(void)state;
	at = add(at, 999, 5, "12345");
	at = add(at, SNAPSHOT_EXTRA_LAST_MESSAGE, 4, "last");
	at = add(at, 1000, 1, "x");
	assert_true(decode_to(at) > 0);
	assert_string_equal(back.task.id, "12345678");
	assert_string_equal(back.task.last_message, "last");
}

static void an_extra_that_does_not_fit_is_refused(void **state)
{
	(void)state;
	assert_int_equal(decode_to(add(begin_with_extras(), 999, 6, "1234")), -EBADMSG);
	assert_int_equal(
		decode_to(add(begin_with_extras(), SNAPSHOT_EXTRA_LAST_MESSAGE, 6, "1234")),
		-EBADMSG);
	assert_int_equal(decode_to(add(begin_with_extras(), SNAPSHOT_EXTRA_LAST_MESSAGE,
				       TRACKD_MESSAGE_MAX + 1, "")),
			 -EBADMSG);
	/* A cause has eight bytes, and only a lost task has one. */
	assert_int_equal(decode_to(add(begin_with_extras(), SNAPSHOT_EXTRA_CAUSE, 4, "1234")),
			 -EBADMSG);
	assert_int_equal(decode_to(add(begin_with_extras(), SNAPSHOT_EXTRA_CAUSE, 8, "12345678")),
			 -EBADMSG);
}

static void a_frame_of_version_1_has_none(void **state)
{
	(void)state;
	assert_true(decode_to(begin_with_extras()) > 0);
	assert_string_equal(back.task.id, "12345678");
	assert_string_equal(back.task.last_message, "");
}

static void a_kind_is_restored(void **state)
{
	(void)state;
	memset(&item, 0, sizeof item);
	item.type = SNAPSHOT_KIND;
	item.number = 5;
	strcpy(item.kind.name, "movie");
	item.kind.n_stages = 1;
	strcpy(item.kind.stages[0].name, "coding");
	item.kind.stages[0].percent = 99;
	size_t length = snapshot_encode(frame, &item);
	memset(&back, 0, sizeof back);
	assert_int_equal(snapshot_decode(frame, length, &back), length);
	assert_int_equal(back.number, 5);
	assert_memory_equal(&back.kind, &item.kind, sizeof item.kind);
}

static void half_a_frame_asks_for_more(void **state)
{
	(void)state;
	fill_item();
	size_t length = snapshot_encode(frame, &item);
	for (size_t n = 0; n < length; n++)
		assert_int_equal(snapshot_decode(frame, n, &back), 0);
}

static void no_changed_byte_goes_unnoticed(void **state)
{
	(void)state;
	fill_item();
	size_t length = snapshot_encode(frame, &item);
	for (size_t i = 0; i < length; i++) {
		/* The reserved word is not checked; a larger length needs more bytes. */
		if (i >= offsetof(struct snapshot_frame, reserved) &&
		    i < offsetof(struct snapshot_frame, check))
			continue;
		frame[i] ^= 0x10;
		if (snapshot_decode(frame, length, &back) > 0)
			fail_msg("byte %zu of %zu may be changed", i, length);
		frame[i] ^= 0x10;
	}
	assert_int_equal(snapshot_decode(frame, length, &back), length);
}

static void values_beyond_a_boards_limits_are_refused(void **state)
{
	(void)state;
	fill_item();
	item.task.stage = 3;
	item.task.n_stages = 3;
	assert_int_equal(snapshot_decode(frame, snapshot_encode(frame, &item), &back), -EBADMSG);
	fill_item();
	item.task.id[0] = ' ';
	assert_int_equal(snapshot_decode(frame, snapshot_encode(frame, &item), &back), -EBADMSG);
	fill_item();
	item.task.state = 9;
	assert_int_equal(snapshot_decode(frame, snapshot_encode(frame, &item), &back), -EBADMSG);
	fill_item();
	item.task.kind = TRACKD_KINDS_MAX;
	assert_int_equal(snapshot_decode(frame, snapshot_encode(frame, &item), &back), -EBADMSG);
	fill_item();
	item.task.labels[1] = ' ';
	assert_int_equal(snapshot_decode(frame, snapshot_encode(frame, &item), &back), -EBADMSG);
	fill_item();
	item.task.owner[0] = (char)0xff;
	assert_int_equal(snapshot_decode(frame, snapshot_encode(frame, &item), &back), -EBADMSG);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_task_is_restored_field_by_field),
	cmocka_unit_test(an_extra_of_a_later_daemon_is_skipped),
	cmocka_unit_test(an_extra_that_does_not_fit_is_refused),
	cmocka_unit_test(a_frame_of_version_1_has_none),
	cmocka_unit_test(a_kind_is_restored),
	cmocka_unit_test(half_a_frame_asks_for_more),
	cmocka_unit_test(no_changed_byte_goes_unnoticed),
	cmocka_unit_test(values_beyond_a_boards_limits_are_refused),
};

SUITE(tests)
