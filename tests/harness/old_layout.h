/* SPDX-License-Identifier: MIT */
/* The bytes of layout 2, for old_board.c and old_producer.c alone. Frozen; see old_board.h. */
#ifndef TESTS_OLD_LAYOUT_H
#define TESTS_OLD_LAYOUT_H

#include "tests/harness/old_board.h"

enum { PAGE = 4096, SPARE = 64, STRIPES = 256, CLIENTS = 4096, KINDS = 64, STAGES = 16 };
enum { FREE, CLAIMED, LIVE, REMOVING }; /* the lower bits of a stamp */
enum { STARTED = 1 << 4, HAS_ERROR = 1 << 5, NO_STAGE = 0xff, NAME_CUT = 1 };

struct header {
	uint64_t magic;
	uint32_t retired;
	uint16_t major, minor;
	uint32_t header_size, capacity;
	uint64_t fingerprint, size;
	uint8_t board_id[16];
	uint64_t hash_seed;
	uint8_t boot_id[16];
	uint64_t pid_ns, time_ns;
	int64_t created_wall_ns;
	uint32_t owner_uid, spare;
	uint64_t reserved1;
	uint64_t kinds, clients, id_stripes, owner_stripes;
	uint64_t used_map, id_buckets, owner_buckets, heads, events, bodies, details;
	uint64_t reserved2[6];
	int64_t wall_offset_ns, suspend_offset_ns;
	uint32_t ttl_ms, active_ttl_ms, daemon_epoch, daemon_pid;
	uint64_t daemon_start_ns;
	int64_t snapshot_wall_ns;
	uint32_t closed, reserved3;
	uint64_t nameless_until_ns, cursor, earliest;
	uint64_t reserved4[22];
	uint32_t tick, reserved5[31];
	struct {
		uint64_t created, completed, failed, cancelled, others[20];
	} counters;
};

struct kind {
	char name[32];
	uint8_t percent[STAGES];
	uint32_t n_stages, reserved[3];
	char stages[STAGES][32];
};

struct kinds {
	uint64_t mutex[6];
	uint32_t n, reserved[3];
	struct kind kind[KINDS];
};

struct client {
	uint64_t claim, start_time;
	uint32_t uid, ready;
	char comm[16];
	uint64_t reserved[3];
};

struct stripe {
	uint64_t mutex[6];
	uint32_t count, recount;
	uint64_t serial;
};

struct head {
	uint64_t stamp, deadline, id_hash, owner_hash, cancel, serial;
	uint32_t id_next, owner_next, owner_prev, hint;
};

struct copy {
	uint64_t revision, updated, total, base, done, worker, stage_start;
	uint8_t state, reason, stage, flags;
	uint16_t stages_left, message_len;
	char message[192];
};

struct body {
	char id[64];
	uint64_t mutex[6];
	uint64_t work;
	uint32_t ttl_ms, active_ttl_ms;
	struct copy copy[2];
};

struct detail {
	uint64_t created, started;
	uint32_t flags, reserved[11];
	char owner[64], name[256], error[512];
	struct {
		uint64_t start, end, done, total;
	} row[STAGES];
};

_Static_assert(sizeof(struct header) == 832 && offsetof(struct header, kinds) == 120 &&
		       offsetof(struct header, wall_offset_ns) == 256 &&
		       offsetof(struct header, closed) == 304 &&
		       offsetof(struct header, tick) == 512 &&
		       offsetof(struct header, counters) == 640,
	       "header");
_Static_assert(sizeof(struct kinds) == 36928 && sizeof(struct client) == 64, "tables");
_Static_assert(sizeof(struct stripe) == 64 && sizeof(struct head) == 64, "a line each");
_Static_assert(sizeof(struct copy) == 256 && sizeof(struct body) == 640, "body");
_Static_assert(sizeof(struct detail) == 1408, "detail");

static inline struct header *header_of(const struct old_board *board)
{
	return (void *)board->base;
}

static inline struct kinds *kinds_of(const struct old_board *board)
{
	return (void *)(board->base + header_of(board)->kinds);
}

static inline struct head *head_of(const struct old_board *board, uint32_t slot)
{
	return (struct head *)(void *)(board->base + header_of(board)->heads) + slot;
}

static inline struct body *body_of(const struct old_board *board, uint32_t slot)
{
	return (struct body *)(void *)(board->base + header_of(board)->bodies) + slot;
}

static inline struct detail *detail_of(const struct old_board *board, uint32_t slot)
{
	return (struct detail *)(void *)(board->base + header_of(board)->details) + slot;
}

static inline struct client *client_of(const struct old_board *board, uint32_t entry)
{
	return (struct client *)(void *)(board->base + header_of(board)->clients) + entry;
}

#define LOAD(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define STORE(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)

#endif
