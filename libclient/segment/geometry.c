/* SPDX-License-Identifier: MIT */
/* Where the sections of a segment lie; see geometry.h. */
#include "libclient/segment/geometry.h"
#include <string.h>

static uint64_t place(uint64_t *at, uint64_t bytes)
{
	uint64_t offset = *at;

	*at = (offset + bytes + LAYOUT_PAGE - 1) / LAYOUT_PAGE * LAYOUT_PAGE;
	return offset;
}

struct geometry geometry_of(const struct extent *extent)
{
	struct geometry g = { 0 };
	uint64_t n = (uint64_t)extent->capacity + LAYOUT_SPARE, at = 0;

	place(&at, sizeof(struct layout_header));
	g.kinds = place(&at, sizeof(struct layout_kinds) +
				     (uint64_t)extent->n_kinds * sizeof(struct layout_kind));
	g.clients = place(&at, LAYOUT_CLIENTS * sizeof(struct layout_client));
	g.id_stripes = place(&at, LAYOUT_STRIPES * sizeof(struct layout_stripe));
	g.owner_stripes = place(&at, LAYOUT_STRIPES * sizeof(struct layout_stripe));
	g.family_stripes = place(&at, LAYOUT_STRIPES * sizeof(struct layout_family_stripe));
	g.served = place(&at, LAYOUT_CLIENTS * sizeof(struct layout_served));
	g.used_map = place(&at, (n + 63) / 64 * 8);
	g.id_buckets = place(&at, n * 4);
	g.owner_buckets = place(&at, n * 4);
	g.heads = place(&at, n * sizeof(struct layout_head));
	g.events = place(&at, LAYOUT_EVENTS * sizeof(struct layout_event));
	g.bodies = place(&at, n * sizeof(struct layout_body));
	g.details = place(&at, n * sizeof(struct layout_detail));
	g.families = place(&at, n * sizeof(struct layout_family));
	if (extent->flags & LAYOUT_MIRROR) {
		g.hosts = place(&at, extent->n_hosts * sizeof(struct layout_host));
		g.origins = place(&at, n * sizeof(struct layout_origin));
		g.event_origins = place(&at, LAYOUT_EVENTS * sizeof(struct layout_event_origin));
	}
	g.size = at;
	return g;
}

void geometry_write(const struct geometry *g, struct layout_header *header)
{
	header->kinds = g->kinds;
	header->clients = g->clients;
	header->id_stripes = g->id_stripes;
	header->owner_stripes = g->owner_stripes;
	header->used_map = g->used_map;
	header->id_buckets = g->id_buckets;
	header->owner_buckets = g->owner_buckets;
	header->heads = g->heads;
	header->events = g->events;
	header->bodies = g->bodies;
	header->details = g->details;
	header->families = g->families;
	header->family_stripes = g->family_stripes;
	header->served = g->served;
	header->hosts = g->hosts;
	header->origins = g->origins;
	header->event_origins = g->event_origins;
}

bool geometry_agrees(const struct geometry *g, const struct layout_header *header)
{
	struct layout_header expected = { 0 };

	geometry_write(g, &expected);
	return memcmp(&header->kinds, &expected.kinds,
		      offsetof(struct layout_header, wall_offset_ns) -
			      offsetof(struct layout_header, kinds)) == 0;
}
