/* SPDX-License-Identifier: MIT */
/*
 * The snapshot's format: a header, then frames, each with a mark, a length and a checksum, so that
 * a reader can use every valid frame and skip invalid ones. Native byte order: a snapshot is read
 * on the host that wrote it. The magic identifies the byte order.
 *
 *   header | kind | kind ... | task | task ... | end
 *
 * A task's frame ends with extras: tag and length (two bytes each), and so many bytes. A reader skips
 * tags that it does not know; tag 0, the padding, ends them. Version 1 had none, and is still read.
 */
#ifndef TRACKD_DAEMON_BOARD_SNAPSHOT_FILE_H
#define TRACKD_DAEMON_BOARD_SNAPSHOT_FILE_H

#include "libclient/trackd.h"
#include <stddef.h>
#include <stdint.h>

#define SNAPSHOT_MAGIC UINT64_C(0x0a70616e736b7274) /* "trksnap\n" */
#define SNAPSHOT_MARK UINT32_C(0x63657274)          /* "trec" */

enum {
	SNAPSHOT_VERSION = 2,
	SNAPSHOT_VERSION_OLDEST = 1, /* that is still read */
	SNAPSHOT_FRAME_MAX = 4096,   /* bytes of the longest possible frame */
};

struct snapshot_header {
	uint64_t magic;
	uint32_t version;
	uint32_t size; /* of this header */
	uint8_t boot_id[16];
	uint8_t board_id[16];
	uint64_t pid_ns;
	int64_t wall_offset_ns; /* at the time of writing; gives CLOCK_BOOTTIME in the same boot */
	int64_t written_ns;
	uint32_t board_number; /* of references to the board; 0 in version 1 */
	uint32_t reserved1;
	uint64_t reserved2[5];
	uint64_t check; /* XXH3 of all fields before it */
};

enum snapshot_type {
	SNAPSHOT_KIND = 1,
	SNAPSHOT_TASK = 2,
	SNAPSHOT_END = 3,
};

/* What follows a task's strings, if it is not empty. Numbers are never used for something else. */
enum snapshot_extra {
	SNAPSHOT_EXTRA_END = 0,
	SNAPSHOT_EXTRA_LABELS = 1,
	SNAPSHOT_EXTRA_LIMITS = 2, /* start_within_ms, progress_within_ms, finish_within_ms */
	SNAPSHOT_EXTRA_CAUSE = 3,
	SNAPSHOT_EXTRA_LAST_MESSAGE = 4,
	SNAPSHOT_EXTRA_RESULT = 5,
	SNAPSHOT_EXTRA_PARENT = 6, /* its id */
	SNAPSHOT_EXTRA_FAMILY = 7, /* struct family_part */
};

struct snapshot_frame {
	uint32_t mark;
	uint16_t type;   /* enum snapshot_type */
	uint16_t number; /* of a kind */
	uint32_t length; /* of the payload that follows, a multiple of 8 */
	uint32_t reserved;
	uint64_t check; /* XXH3 of the payload, seeded with type, number and length */
};

/* The content of a frame. */
struct snapshot_item {
	enum snapshot_type type;
	unsigned number;         /* of a kind, in the board that was saved */
	struct trackd_kind kind; /* SNAPSHOT_KIND */
	struct trackd_task task; /* SNAPSHOT_TASK; fields derived from the kind are empty */
	uint64_t n_tasks;        /* SNAPSHOT_END: the number of tasks written */
};

void snapshot_seal(struct snapshot_header *header);
/* 0; -EPROTO: another version; -EBADMSG: not a snapshot, or damaged. */
int snapshot_check(const struct snapshot_header *header);

/* Write an item as a frame of at most SNAPSHOT_FRAME_MAX bytes. Returns its length. */
size_t snapshot_encode(uint8_t frame[SNAPSHOT_FRAME_MAX], const struct snapshot_item *item);

/*
 * Read the frame at the start of bytes. Returns its length; 0 if more bytes are needed; -EBADMSG if
 * the frame is not valid.
 */
int snapshot_decode(const void *bytes, size_t size, struct snapshot_item *ret_item);

#endif
