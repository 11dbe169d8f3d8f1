/* SPDX-License-Identifier: MIT */
/*
 * A private copy of a segment for the doctor. Sections with few bytes per task are read at once,
 * bodies and details one block of slots at a time. The pointers of `board` point into the copy, so
 * that the library's own functions (buckets, deadlines) work on it; `board` is never written to or
 * locked.
 */
#ifndef COMMON_DOCTOR_DOCTOR_IMAGE_H
#define COMMON_DOCTOR_DOCTOR_IMAGE_H

#include "libclient/segment/internal.h"
#include "tools/common/doctor/doctor_report.h"
#include <sys/stat.h>

/* X(section of layout_header, bytes per element, elements), in the segment's order */
#define IMAGE_SECTIONS(X)                                                                          \
	X(kinds, sizeof(struct layout_kinds) + LAYOUT_KINDS * sizeof(struct layout_kind), 1)       \
	X(clients, sizeof(struct layout_client), LAYOUT_CLIENTS)                                   \
	X(id_stripes, sizeof(struct layout_stripe), LAYOUT_STRIPES)                                \
	X(owner_stripes, sizeof(struct layout_stripe), LAYOUT_STRIPES)                             \
	X(family_stripes, sizeof(struct layout_family_stripe), LAYOUT_STRIPES)                     \
	X(served, sizeof(struct layout_served), LAYOUT_CLIENTS)                                    \
	X(used_map, 8, (slots + 63) / 64)                                                          \
	X(id_buckets, 4, slots)                                                                    \
	X(owner_buckets, 4, slots)                                                                 \
	X(heads, sizeof(struct layout_head), slots)                                                \
	X(events, sizeof(struct layout_event), LAYOUT_EVENTS)                                      \
	X(bodies, sizeof(struct layout_body), slots)                                               \
	X(details, sizeof(struct layout_detail), slots)                                            \
	X(families, sizeof(struct layout_family), slots)

enum image_section {
#define IMAGE_SECTION_ENUM(name, bytes, n) IMAGE_##name,
	IMAGE_SECTIONS(IMAGE_SECTION_ENUM)
#undef IMAGE_SECTION_ENUM
		IMAGE_N_SECTIONS
};

struct image {
	int fd;
	struct stat st;
	struct layout_header header;
	bool whole; /* the capacity is possible and fits the file's size: sections are read */
	bool same_pids;
	uint64_t offset[IMAGE_N_SECTIONS];
	struct board board;
	union layout_mutex
		fresh_mutex; /* a newly initialised mutex, for the bytes that never change */
};

/* Read everything but events, bodies, details and families. 0 or -errno; on failure nothing stays
 * allocated. */
int image_read(struct image *ret_image, int fd);
void image_free(struct image *image);

/* Read n elements of a section, starting at element `first`. 0, -EIO (the file ends), -errno. */
int image_fetch(const struct image *image, enum image_section section, uint64_t first, size_t n,
		void *to);

/* The offset of each section in a segment of this capacity, as in FORMAT.md. */
void image_offsets(uint32_t capacity, uint64_t ret_offset[IMAGE_N_SECTIONS]);

#endif
