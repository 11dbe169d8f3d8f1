/* SPDX-License-Identifier: MIT */
/*
 * Layout 2, that of the boards before layout 3, as far as taking over such a board needs it. It is
 * frozen: none of these declarations changes any more. The words are those of layout_words.h (stamp,
 * work counter, cancel word, claim, worker); of the hint, layout 2 uses other bits.
 */
#ifndef TRACKD_DAEMON_BOARD_LAYOUT2_H
#define TRACKD_DAEMON_BOARD_LAYOUT2_H

#include "libclient/segment/internal.h"

enum {
	LAYOUT2_MAJOR = 2,
	LAYOUT2_STRIPES = 256,
	LAYOUT2_CLIENTS = 4096,
	LAYOUT2_KINDS = 64,
	LAYOUT2_STAGES = 16,
	LAYOUT2_EVENTS = 65536,
	LAYOUT2_EVENT_BYTES = 64,
	LAYOUT2_SPARE = 64,
	LAYOUT2_CAPACITY_MIN = 16,
	LAYOUT2_CAPACITY_MAX = 1 << 24,
	LAYOUT2_STAGE_NAME = 32,
	LAYOUT2_ID = 64,
	LAYOUT2_OWNER = 64,
	LAYOUT2_NAME = 256,
	LAYOUT2_MESSAGE = 192,
	LAYOUT2_ERROR = 512,
	LAYOUT2_COUNTERS = 17,
};

enum layout2_copy_flags { /* the others are those of enum trackd_task_flags */
			  LAYOUT2_STARTED = 1 << 4,
			  LAYOUT2_HAS_ERROR = 1 << 5,
};

enum { LAYOUT2_NO_STAGE = 0xff };

/* Offsets of the sections, as the header has them. */
struct layout2_sections {
	uint64_t kinds, clients, id_stripes, owner_stripes;
	uint64_t used_map, id_buckets, owner_buckets, heads;
	uint64_t events, bodies, details;
};

struct layout2_header {
	uint64_t magic;
	uint32_t retired;
	uint16_t major, minor;
	uint32_t header_size;
	uint32_t capacity;
	uint64_t fingerprint;
	uint64_t size;
	uint8_t board_id[16];
	uint64_t hash_seed;
	uint8_t boot_id[16];
	uint64_t pid_ns, time_ns;
	int64_t created_wall_ns;
	uint32_t owner_uid;
	uint32_t spare;
	uint32_t reserved1[2];
	struct layout2_sections sections;
	uint64_t reserved2[6];
	int64_t wall_offset_ns, suspend_offset_ns;
	uint32_t ttl_ms, active_ttl_ms;
	uint32_t daemon_epoch, daemon_pid;
	uint64_t daemon_start_ns;
	int64_t snapshot_wall_ns;
	uint32_t closed;
	uint32_t reserved3;
	uint64_t nameless_until_ns;
	uint64_t cursor;
	uint64_t earliest;
	uint64_t unused[22];
	uint32_t tick;
	uint32_t reserved7[31];
	uint64_t counters[LAYOUT2_COUNTERS];
	uint64_t reserved8[7];
};

struct layout2_kind {
	uint8_t name[LAYOUT2_STAGE_NAME];
	uint8_t percent[LAYOUT2_STAGES];
	uint32_t n_stages;
	uint32_t reserved[3];
	uint8_t stages[LAYOUT2_STAGES][LAYOUT2_STAGE_NAME];
};

struct layout2_kinds {
	union layout_mutex mutex;
	uint32_t n;
	uint32_t reserved[3];
	struct layout2_kind kind[LAYOUT2_KINDS];
};

struct layout2_client {
	uint64_t claim;
	uint64_t start_time;
	uint32_t uid;
	uint32_t ready;
	uint8_t comm[16];
	uint64_t reserved[3];
};

struct layout2_stripe {
	union layout_mutex mutex;
	uint64_t reserved[2];
};

struct layout2_head {
	uint64_t stamp, deadline, id_hash, owner_hash, cancel;
	uint64_t serial; /* grows along the tasks of one owner, and only there */
	uint32_t id_next, owner_next, owner_prev;
	uint32_t hint; /* client entry + 1 (16), state (8), kind (8) */
};

struct layout2_copy {
	uint64_t revision, updated, total;
	uint64_t base; /* work count at which the stage began */
	uint64_t done; /* only in a final copy */
	uint64_t worker, stage_start;
	uint8_t state, reason, stage, flags;
	uint16_t stages_left, message_len;
	uint8_t message[LAYOUT2_MESSAGE];
};

struct layout2_body {
	uint8_t id[LAYOUT2_ID];
	union layout_mutex mutex;
	uint64_t work;
	uint32_t ttl_ms, active_ttl_ms;
	struct layout2_copy copy[2];
};

struct layout2_row {
	uint64_t start, end, done, total;
};

struct layout2_detail {
	uint64_t created, started;
	uint32_t flags; /* those of enum trackd_task_flags */
	uint32_t reserved[11];
	uint8_t owner[LAYOUT2_OWNER];
	uint8_t name[LAYOUT2_NAME];
	uint8_t error[LAYOUT2_ERROR];
	struct layout2_row row[LAYOUT2_STAGES];
};

static inline uint32_t layout2_hint_kind(uint32_t hint)
{
	return hint >> 24;
}

static inline uint32_t layout2_hint_make(uint64_t worker, uint8_t state, uint32_t kind)
{
	return (uint32_t)(worker & 0xffff) | (uint32_t)state << 16 | kind << 24;
}

/* ---- Proven -------------------------------------------------------------- */

LAYOUT_AT(layout2_header, retired, 8);
LAYOUT_AT(layout2_header, major, 12);
LAYOUT_AT(layout2_header, header_size, 16);
LAYOUT_AT(layout2_header, capacity, 20);
LAYOUT_AT(layout2_header, fingerprint, 24);
LAYOUT_AT(layout2_header, size, 32);
LAYOUT_AT(layout2_header, board_id, 40);
LAYOUT_AT(layout2_header, hash_seed, 56);
LAYOUT_AT(layout2_header, boot_id, 64);
LAYOUT_AT(layout2_header, pid_ns, 80);
LAYOUT_AT(layout2_header, time_ns, 88);
LAYOUT_AT(layout2_header, owner_uid, 104);
LAYOUT_AT(layout2_header, spare, 108);
LAYOUT_AT(layout2_header, sections, 120);
LAYOUT_AT(layout2_header, wall_offset_ns, 256);
LAYOUT_AT(layout2_header, ttl_ms, 272);
LAYOUT_AT(layout2_header, daemon_epoch, 280);
LAYOUT_AT(layout2_header, daemon_pid, 284);
LAYOUT_AT(layout2_header, closed, 304);
LAYOUT_AT(layout2_header, earliest, 328);
LAYOUT_AT(layout2_header, tick, 512);
LAYOUT_AT(layout2_header, counters, 640);
LAYOUT_SIZE(layout2_header, 832);
LAYOUT_SIZE(layout2_sections, 88);

LAYOUT_AT(layout2_kind, percent, 32);
LAYOUT_AT(layout2_kind, n_stages, 48);
LAYOUT_AT(layout2_kind, stages, 64);
LAYOUT_SIZE(layout2_kind, 576);
LAYOUT_AT(layout2_kinds, n, 48);
LAYOUT_AT(layout2_kinds, kind, 64);
LAYOUT_SIZE(layout2_kinds, 64 + 64 * 576);

LAYOUT_AT(layout2_client, start_time, 8);
LAYOUT_AT(layout2_client, uid, 16);
LAYOUT_AT(layout2_client, ready, 20);
LAYOUT_AT(layout2_client, comm, 24);
LAYOUT_SIZE(layout2_client, 64);
LAYOUT_SIZE(layout2_stripe, 64);

LAYOUT_AT(layout2_head, deadline, 8);
LAYOUT_AT(layout2_head, id_hash, 16);
LAYOUT_AT(layout2_head, cancel, 32);
LAYOUT_AT(layout2_head, serial, 40);
LAYOUT_AT(layout2_head, id_next, 48);
LAYOUT_AT(layout2_head, hint, 60);
LAYOUT_SIZE(layout2_head, 64);

LAYOUT_AT(layout2_copy, total, 16);
LAYOUT_AT(layout2_copy, base, 24);
LAYOUT_AT(layout2_copy, done, 32);
LAYOUT_AT(layout2_copy, worker, 40);
LAYOUT_AT(layout2_copy, stage_start, 48);
LAYOUT_AT(layout2_copy, state, 56);
LAYOUT_AT(layout2_copy, flags, 59);
LAYOUT_AT(layout2_copy, stages_left, 60);
LAYOUT_AT(layout2_copy, message_len, 62);
LAYOUT_AT(layout2_copy, message, 64);
LAYOUT_SIZE(layout2_copy, 256);

LAYOUT_AT(layout2_body, mutex, 64);
LAYOUT_AT(layout2_body, work, 112);
LAYOUT_AT(layout2_body, ttl_ms, 120);
LAYOUT_AT(layout2_body, copy, 128);
LAYOUT_SIZE(layout2_body, 640);

LAYOUT_AT(layout2_detail, flags, 16);
LAYOUT_AT(layout2_detail, owner, 64);
LAYOUT_AT(layout2_detail, name, 128);
LAYOUT_AT(layout2_detail, error, 384);
LAYOUT_AT(layout2_detail, row, 896);
LAYOUT_SIZE(layout2_detail, 1408);

#endif
