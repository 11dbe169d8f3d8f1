/* SPDX-License-Identifier: MIT */
/*
 * The segment: every byte that processes share, declared once. docs/FORMAT.md explains it.
 *
 * Rules: fixed-width integers; offsets and slot numbers, never pointers; no bit-fields, bool or
 * plain int; reserved fields are zero; every size and offset proven below. Code that reads an index
 * or a length from the segment loads it once, checks it, then uses it. A link is a slot number plus
 * one, so zero means none and zeroed memory is an empty table. Times are CLOCK_BOOTTIME
 * nanoseconds.
 *
 * Each field names its writer: [made] once before the board is linked, [daemon], [producer] with
 * the lock that guards it, or [any].
 */
#ifndef TRACKD_SEGMENT_LAYOUT_H
#define TRACKD_SEGMENT_LAYOUT_H

#include "libclient/segment/layout_limits.h"
#include "libclient/segment/layout_mirror.h"
#include "libclient/segment/layout_record.h"
#include "libclient/segment/layout_words.h"

#if !defined(__linux__) || !defined(__GLIBC__) || !defined(__LP64__) ||                            \
	__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "trackd needs a 64-bit little-endian Linux with the GNU C library, such as x86-64 or arm64."
#endif

#define LAYOUT_MAGIC                                                                               \
	UINT64_C(0x0a0d646b63617274) /* "trackd\r\n" as bytes on a little-endian machine */
#define LAYOUT_MAJOR 3
#define LAYOUT_MINOR 0

/* States of a board that the daemon is replacing (header words `closed` and `retired`). */
enum layout_closed {
	LAYOUT_OPEN = 0,
	LAYOUT_CLOSED = 1,       /* records are copied under their locks */
	LAYOUT_CLOSED_BLIND = 2, /* records are copied without their locks: the board is damaged */
};

enum layout_retired {
	LAYOUT_SERVED = 0,
	LAYOUT_REPLACED = 1, /* a successor has the name */
	LAYOUT_REMOVED = 2,  /* there is no successor */
};

/* ---- Header ------------------------------------------------------------- */

struct layout_counters { /* [any], relaxed adds */
	uint64_t created, completed, failed, cancelled, removed, expired, evicted;
	uint64_t worker_lost, repaired, locks_recovered;
	uint64_t refused_full, refused_exists, refused_final, busy;
	uint64_t events_lost, lapped, attach_refused;
	uint64_t timed_out;
	uint64_t reserved[6];
};

/* The request of a served client that the daemon carries out, so that it is carried out once even if
 * the daemon dies [daemon]. `sequence` is stored last; 0: none. */
struct layout_intent {
	uint64_t sequence;
	uint64_t client;   /* entry in the client table, and its generation above */
	uint64_t ref;      /* slot, and generation above */
	uint64_t revision; /* of the record after the change */
	uint64_t reserved[4];
};

enum layout_flags {
	LAYOUT_MIRROR = 1 << 0, /* shows tasks of other hosts: has the last three sections */
};

struct layout_header {
	/* identity [made] */
	uint64_t magic;
	/* [daemon] enum layout_retired; at this offset in every layout; not 0: attach again */
	uint32_t retired;
	uint16_t major;
	uint16_t minor;
	uint32_t header_size;
	uint32_t capacity; /* tasks; the board has `spare` more slots */
	uint64_t fingerprint;
	uint64_t size; /* bytes of the whole segment */
	uint8_t board_id[16];
	uint64_t hash_seed;
	/* where the board was created [made] */
	uint8_t boot_id[16];
	uint64_t pid_ns; /* inode of the daemon's /proc/self/ns/pid */
	uint64_t time_ns;
	int64_t created_wall_ns;
	uint32_t owner_uid;
	uint32_t spare;  /* LAYOUT_SPARE: slots beyond the capacity, for replacing tasks */
	uint32_t flags;  /* enum layout_flags */
	uint32_t number; /* 1 to 255: the upper byte of references to this board */
	/* sections: offsets from the start; 0: the board has no such section [made] */
	uint64_t kinds, clients, id_stripes, owner_stripes;
	uint64_t used_map, id_buckets, owner_buckets, heads;
	uint64_t events, bodies, details, families;
	uint64_t family_stripes, served, hosts, origins, event_origins;
	/* the daemon's data for readers [daemon; the offsets: any, see offsets.h] */
	int64_t wall_offset_ns;    /* CLOCK_REALTIME - CLOCK_BOOTTIME */
	int64_t suspend_offset_ns; /* CLOCK_BOOTTIME - CLOCK_MONOTONIC */
	uint32_t ttl_ms, active_ttl_ms;
	uint32_t daemon_epoch; /* incremented by taking over, closing and retiring the board */
	uint32_t daemon_pid;
	uint64_t daemon_start_ns;
	int64_t snapshot_wall_ns;
	/* [daemon] enum layout_closed: a new board is being made from this one. No change may be
	 * committed here (tested under the lock that commits) */
	uint32_t closed;
	uint32_t reserved3;
	/* [daemon] CLOCK_BOOTTIME until which the daemon serves a board that has lost its name; 0:
	 * it has its name */
	uint64_t nameless_until_ns;
	/* ring cursor: slot at which the next create starts to search [producer] */
	uint64_t cursor;
	uint64_t earliest; /* a lower bound of all deadlines, see ring.c [any] compare-and-swap */
	/* a scan that started with this sum of changes and ended at this time (0: none) found no
	 * task to evict [producer] */
	uint64_t full_changes, full_ns;
	uint64_t changes; /* counts changes that make room and have no other counter [any] */
	uint64_t
		serial; /* of the newest task: creations are numbered [producer, owner or id stripe] */
	uint32_t n_kinds, n_hosts; /* entries of these tables [made] */
	uint64_t reserved4;
	/* event ring: sequence of the next event [producer, relaxed add] */
	uint64_t event_next;
	uint64_t reserved5[7];
	uint32_t doorbell; /* a futex: [producer] increments and wakes, [daemon] waits */
	/* ticket of the daemon's current sleep; 0: woken, or not asleep [daemon sets, producer
	 * clears] */
	uint32_t armed;
	uint32_t reserved6[14];
	/* futex on which readers sleep [daemon] */
	uint32_t tick;
	uint32_t reserved7[15];
	/* requests to the daemon [any] */
	uint32_t repair_due;
	uint32_t client_change; /* counts changes of the client table */
	uint32_t reserved8[14];
	struct layout_counters counters;
	struct layout_intent intent;
};

/* ---- Kinds: append-only under tables.mutex; fill, then store n (release) --- */

struct layout_kind {
	uint8_t name[LAYOUT_STAGE_NAME];
	uint8_t percent[LAYOUT_STAGES];
	uint32_t n_stages;
	uint32_t reserved[3];
	uint8_t stages[LAYOUT_STAGES][LAYOUT_STAGE_NAME];
};

struct layout_kinds {
	union layout_mutex mutex;
	uint32_t n;
	uint32_t reserved[3];
	struct layout_kind kind[]; /* header.n_kinds */
};

/* ---- Clients: one entry per producer process ----------------------------- */

struct layout_client {
	uint64_t claim; /* generation (32), pid (32; 0: free); the claimant's compare-and-swap */
	uint64_t start_time; /* clock ticks after boot, /proc/PID/stat field 22; 0: not known */
	uint32_t uid;
	uint32_t ready; /* generation, stored last (release); the fields above are valid for it */
	uint8_t comm[16];
	uint64_t reserved[3];
};

static inline uint32_t claim_pid(uint64_t claim)
{
	return (uint32_t)claim;
}

static inline uint32_t claim_generation(uint64_t claim)
{
	return (uint32_t)(claim >> 32);
}

static inline uint64_t claim_make(uint32_t generation, uint32_t pid)
{
	return (uint64_t)generation << 32 | pid;
}

/* ---- Stripes: a bucket belongs to stripe (bucket % 256) ------------------ */

struct layout_stripe {
	union layout_mutex mutex;
	uint32_t count; /* id stripes: LIVE tasks in its buckets [producer, mutex] */
	/* id stripes: slices recounted so far (11), LIVE tasks in them (21); see recount.h [any,
	 * mutex] */
	uint32_t recount;
	uint64_t reserved;
};

/* A family stripe guards the families of the parents in the slots (slot % 256). */
struct layout_family_stripe {
	union layout_mutex mutex;
	/* the change that the holder is making, so that the next holder can finish it; see family.c */
	uint64_t child;  /* slot, and generation above */
	uint64_t intent; /* intent_make(); 0: none. Stored after `child`, and cleared last */
};

/* ---- Served clients: one line each, beside the client's entry ------------------ */

struct layout_served {     /* [daemon] */
	uint64_t claim;    /* as in the client's entry: whom the line is about */
	uint64_t sequence; /* of the last request that was carried out */
	uint64_t ref;      /* its result: slot, and generation above */
	int32_t result;
	uint32_t tenant;
	uint64_t reserved[4];
};

/* ---- Events -------------------------------------------------------------- */

struct layout_event { /* entry (sequence % 65536) [producer, the record's mutex] */
	uint64_t time;
	uint32_t slot, generation;
	uint8_t type, state, stage, reason;
	uint32_t kind;
	uint64_t revision, done, total, owner_hash;
	uint64_t check; /* event_check(sequence, the seven words before); a mismatch is an
			   unfinished entry */
};

/* ---- Checks of the layout ------------------------------------------------ */

LAYOUT_AT(layout_header, magic, 0);
LAYOUT_AT(layout_header, retired, 8);
LAYOUT_AT(layout_header, major, 12);
LAYOUT_AT(layout_header, minor, 14);
LAYOUT_AT(layout_header, header_size, 16);
LAYOUT_AT(layout_header, capacity, 20);
LAYOUT_AT(layout_header, fingerprint, 24);
LAYOUT_AT(layout_header, size, 32);
LAYOUT_AT(layout_header, board_id, 40);
LAYOUT_AT(layout_header, hash_seed, 56);
LAYOUT_AT(layout_header, boot_id, 64);
LAYOUT_AT(layout_header, pid_ns, 80);
LAYOUT_AT(layout_header, time_ns, 88);
LAYOUT_AT(layout_header, created_wall_ns, 96);
LAYOUT_AT(layout_header, owner_uid, 104);
LAYOUT_AT(layout_header, spare, 108);
LAYOUT_AT(layout_header, flags, 112);
LAYOUT_AT(layout_header, number, 116);
LAYOUT_AT(layout_header, kinds, 120);
LAYOUT_AT(layout_header, clients, 128);
LAYOUT_AT(layout_header, id_stripes, 136);
LAYOUT_AT(layout_header, owner_stripes, 144);
LAYOUT_AT(layout_header, used_map, 152);
LAYOUT_AT(layout_header, id_buckets, 160);
LAYOUT_AT(layout_header, owner_buckets, 168);
LAYOUT_AT(layout_header, heads, 176);
LAYOUT_AT(layout_header, events, 184);
LAYOUT_AT(layout_header, bodies, 192);
LAYOUT_AT(layout_header, details, 200);
LAYOUT_AT(layout_header, families, 208);
LAYOUT_AT(layout_header, family_stripes, 216);
LAYOUT_AT(layout_header, served, 224);
LAYOUT_AT(layout_header, hosts, 232);
LAYOUT_AT(layout_header, origins, 240);
LAYOUT_AT(layout_header, event_origins, 248);
LAYOUT_AT(layout_header, wall_offset_ns, 256);
LAYOUT_AT(layout_header, suspend_offset_ns, 264);
LAYOUT_AT(layout_header, ttl_ms, 272);
LAYOUT_AT(layout_header, active_ttl_ms, 276);
LAYOUT_AT(layout_header, daemon_epoch, 280);
LAYOUT_AT(layout_header, daemon_pid, 284);
LAYOUT_AT(layout_header, daemon_start_ns, 288);
LAYOUT_AT(layout_header, snapshot_wall_ns, 296);
LAYOUT_AT(layout_header, closed, 304);
LAYOUT_AT(layout_header, cursor, 320);
LAYOUT_AT(layout_header, earliest, 328);
LAYOUT_AT(layout_header, full_changes, 336);
LAYOUT_AT(layout_header, full_ns, 344);
LAYOUT_AT(layout_header, changes, 352);
LAYOUT_AT(layout_header, serial, 360);
LAYOUT_AT(layout_header, n_kinds, 368);
LAYOUT_AT(layout_header, n_hosts, 372);
LAYOUT_AT(layout_header, event_next, 384);
LAYOUT_AT(layout_header, doorbell, 448);
LAYOUT_AT(layout_header, armed, 452);
LAYOUT_AT(layout_header, tick, 512);
LAYOUT_AT(layout_header, repair_due, 576);
LAYOUT_AT(layout_header, client_change, 580);
LAYOUT_AT(layout_header, counters, 640);
LAYOUT_AT(layout_header, intent, 832);
LAYOUT_SIZE(layout_header, 896);
LAYOUT_SIZE(layout_intent, LAYOUT_LINE);
LAYOUT_SIZE(layout_counters, 192);

LAYOUT_AT(layout_kind, percent, 32);
LAYOUT_AT(layout_kind, n_stages, 48);
LAYOUT_AT(layout_kind, stages, 64);
LAYOUT_SIZE(layout_kind, 576);
LAYOUT_AT(layout_kinds, n, 48);
LAYOUT_AT(layout_kinds, kind, 64);
LAYOUT_SIZE(layout_kinds, LAYOUT_LINE);

LAYOUT_AT(layout_client, start_time, 8);
LAYOUT_AT(layout_client, uid, 16);
LAYOUT_AT(layout_client, ready, 20);
LAYOUT_AT(layout_client, comm, 24);
LAYOUT_SIZE(layout_client, LAYOUT_LINE);

LAYOUT_AT(layout_stripe, count, 48);
LAYOUT_AT(layout_stripe, recount, 52);
LAYOUT_SIZE(layout_stripe, LAYOUT_LINE);
LAYOUT_AT(layout_family_stripe, child, 48);
LAYOUT_AT(layout_family_stripe, intent, 56);
LAYOUT_SIZE(layout_family_stripe, LAYOUT_LINE);
LAYOUT_SIZE(layout_served, LAYOUT_LINE);

LAYOUT_AT(layout_event, slot, 8);
LAYOUT_AT(layout_event, generation, 12);
LAYOUT_AT(layout_event, type, 16);
LAYOUT_AT(layout_event, kind, 20);
LAYOUT_AT(layout_event, revision, 24);
LAYOUT_AT(layout_event, owner_hash, 48);
LAYOUT_AT(layout_event, check, 56);
LAYOUT_SIZE(layout_event, LAYOUT_LINE);

#endif
