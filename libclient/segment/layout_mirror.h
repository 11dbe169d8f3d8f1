/* SPDX-License-Identifier: MIT */
/*
 * What only a mirror has, a board that shows tasks of other hosts: three sections beside the ordinary
 * ones. The rules of layout.h hold.
 */
#ifndef TRACKD_SEGMENT_LAYOUT_MIRROR_H
#define TRACKD_SEGMENT_LAYOUT_MIRROR_H

#include "libclient/segment/layout_limits.h"

struct layout_host { /* [daemon] */
	uint8_t name[64];
	uint8_t board_id[16];
	uint64_t unreachable_since;
	uint64_t reserved[5];
};

struct layout_origin { /* of the task in the slot of that number [daemon] */
	uint64_t serial, revision;
	uint64_t worker_start;
	uint64_t unreachable_since;
	uint32_t epoch;
	uint32_t worker_pid, worker_uid;
	uint32_t reserved1;
	uint8_t worker_comm[16];
	uint64_t reserved2[8];
};

struct layout_event_origin { /* of the event in the entry of that number [daemon] */
	uint64_t sequence;
	uint32_t epoch;
	uint32_t host;
	uint64_t check; /* of the three before and the event's sequence */
	uint64_t reserved;
};
LAYOUT_SIZE(layout_host, 128);
LAYOUT_SIZE(layout_origin, 128);
LAYOUT_SIZE(layout_event_origin, 32);

#endif
