/* SPDX-License-Identifier: MIT */
/*
 * The snapshot's reader under fuzzing. The checksum is put right first, so that what it guards is
 * reached: damage is caught by it, but a user who can write the state directory can compute one. What
 * is read is then brought onto a board, which must stay in order.
 */
#include "daemon/board/snapshot_file.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "libclient/segment/segment.h"
#include "tests/fuzz/target.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* As snapshot_file.h says: of the payload, seeded with type, number and length. */
static void seal(uint8_t *bytes, size_t size)
{
	struct snapshot_frame frame;

	if (size < sizeof frame)
		return;
	memcpy(&frame, bytes, sizeof frame);
	frame.mark = SNAPSHOT_MARK;
	frame.length = (uint32_t)(size - sizeof frame) / 8 * 8;
	frame.check = XXH3_64bits_withSeed(bytes + sizeof frame, frame.length,
					   (uint64_t)frame.length << 32 |
						   (uint64_t)frame.type << 16 | frame.number);
	memcpy(bytes, &frame, sizeof frame);
}

static void import(struct snapshot_item *item)
{
	static struct board board;
	struct trackd_ref ref;
	struct trackd_task task = TRACKD_TASK_INIT;

	if (!board.base &&
	    segment_create(&board, &(const struct segment_params){ 16, 0600, (gid_t)-1, 3600000,
								   86400000 }) < 0)
		fail("no board");
	int error = tenant_import(&board, &item->task, 0, board.header->wall_offset_ns, 0, &ref);
	if (error == 0 && view_copy(&board, ref, 0, &task) == 0 &&
	    strcmp(task.id, item->task.id) != 0)
		fail("another id came back");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t again[SNAPSHOT_FRAME_MAX];
	struct snapshot_item item;

	if (size > SNAPSHOT_FRAME_MAX)
		size = SNAPSHOT_FRAME_MAX;
	/* A copy of its exact size, so that one byte too far is noticed. */
	uint8_t *bytes = malloc(size + 1);
	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	(void)snapshot_decode(bytes, size, &item);
	seal(bytes, size);
	int length = snapshot_decode(bytes, size, &item);
	if (length > (int)size)
		fail("a frame that is longer than what there is");
	if (length > 0) {
		if (snapshot_encode(again, &item) > sizeof again)
			fail("what was read does not fit into a frame");
		if (item.type == SNAPSHOT_TASK)
			import(&item);
	}
	free(bytes);
	return 0;
}
