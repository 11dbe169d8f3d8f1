/* SPDX-License-Identifier: MIT */
/*
 * Where the sections of a segment lie. That follows from the capacity, the flags and the sizes of two
 * tables. The offsets in the header are for people and for readers of later layouts, and must agree.
 */
#ifndef TRACKD_SEGMENT_GEOMETRY_H
#define TRACKD_SEGMENT_GEOMETRY_H

#include "libclient/segment/layout.h"
#include <stdbool.h>

struct geometry {
	uint64_t kinds, clients, id_stripes, owner_stripes, used_map, id_buckets, owner_buckets;
	uint64_t heads, events, bodies, details, families, family_stripes, served;
	uint64_t hosts, origins, event_origins; /* of a mirror; else 0 */
	uint64_t size;
};

/* What the geometry follows from. */
struct extent {
	uint32_t capacity, flags, n_kinds, n_hosts;
};

struct geometry geometry_of(const struct extent *extent);

/* Write the offsets into a header, and compare those of a header. */
void geometry_write(const struct geometry *g, struct layout_header *header);
bool geometry_agrees(const struct geometry *g, const struct layout_header *header);

#endif
