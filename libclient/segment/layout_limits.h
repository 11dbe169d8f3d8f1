/* SPDX-License-Identifier: MIT */
/*
 * Numbers and types that the parts of the segment's layout share.
 */
#ifndef TRACKD_SEGMENT_LAYOUT_LIMITS_H
#define TRACKD_SEGMENT_LAYOUT_LIMITS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LAYOUT_LINE = 64,
	LAYOUT_PAGE = 4096,
	LAYOUT_STRIPES = 256,
	LAYOUT_CLIENTS = 4096,
	LAYOUT_KINDS = 64, /* of an ordinary board; the header says how many there are */
	LAYOUT_KINDS_MAX = 1024,
	LAYOUT_HOSTS_MAX = 65535, /* of a mirror */
	LAYOUT_STAGES = 16,
	LAYOUT_EVENTS = 65536,
	LAYOUT_STAGE_NAME = 32,
	LAYOUT_ID = 64,
	LAYOUT_OWNER = 64,
	LAYOUT_NAME = 256,
	LAYOUT_MESSAGE = 192,
	LAYOUT_ERROR = 512,  /* an error, or a result */
	LAYOUT_LABELS = 256, /* all labels of a task */
	LAYOUT_DEPTH = 8,    /* generations below a task without a parent, at most */
	LAYOUT_SPARE = 64,   /* slots beyond the capacity */
};

/* A process-shared robust mutex of the C library; only lock.c accesses it. The size is the largest
 * of the platforms: glibc's mutex has 40 bytes on most, 48 on arm64. */
union layout_mutex {
	uint8_t bytes[48];
	uint64_t align;
};

/* Every size and offset is proven where the struct is declared. */
#define LAYOUT_AT(type, field, at)                                                                 \
	static_assert(offsetof(struct type, field) == (at), #type "." #field)
#define LAYOUT_SIZE(type, size) static_assert(sizeof(struct type) == (size), #type)

#endif
