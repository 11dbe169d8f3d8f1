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

#include "libclient/segment/layout_words.h"
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#if !defined(__linux__) || !defined(__GLIBC__) || !defined(__LP64__) ||                            \
	__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "trackd needs a 64-bit little-endian Linux with the GNU C library, such as x86-64 or arm64."
#endif

#define LAYOUT_MAGIC                                                                               \
	UINT64_C(0x0a0d646b63617274) /* "trackd\r\n" as bytes on a little-endian machine */
#define LAYOUT_MAJOR 2
#define LAYOUT_MINOR 0

enum {
	LAYOUT_LINE = 64,
	LAYOUT_PAGE = 4096,
	LAYOUT_STRIPES = 256,
	LAYOUT_CLIENTS = 4096,
	LAYOUT_KINDS = 64,
	LAYOUT_STAGES = 16,
	LAYOUT_EVENTS = 65536,
	LAYOUT_STAGE_NAME = 32,
	LAYOUT_ID = 64,
	LAYOUT_OWNER = 64,
	LAYOUT_NAME = 256,
	LAYOUT_MESSAGE = 192,
	LAYOUT_ERROR = 512,
	LAYOUT_SPARE = 64, /* slots beyond the capacity */
};

/* A process-shared robust mutex of the C library; only lock.c accesses it. The size is the largest
 * of the platforms: glibc's mutex has 40 bytes on most, 48 on arm64. */
union layout_mutex {
	uint8_t bytes[48];
	uint64_t align;
};

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
	uint64_t reserved[7];
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
	uint32_t spare; /* LAYOUT_SPARE: slots beyond the capacity, for replacing tasks */
	uint32_t reserved1[2];
	/* sections: offsets from the start [made] */
	uint64_t kinds, clients, id_stripes, owner_stripes;
	uint64_t used_map, id_buckets, owner_buckets, heads;
	uint64_t events, bodies, details, reserved2[6];
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
	uint64_t reserved4[3];
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
	struct layout_kind kind[LAYOUT_KINDS];
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
	/* last serial assigned; id stripes: to tasks without an owner [producer, mutex] */
	uint64_t serial;
};

/* ---- Head: the part that scans read -------------------------------------- */

struct layout_head {
	uint64_t stamp;      /* the commit; see record.c and slot.c */
	uint64_t deadline;   /* expired from then on; UINT64_MAX: never [producer, record mutex] */
	uint64_t id_hash;    /* [producer, CLAIMED] */
	uint64_t owner_hash; /* [producer, CLAIMED]; 0: no owner, in no owner chain */
	uint64_t cancel;     /* [producer, record mutex] */
	uint64_t serial;  /* [producer, CLAIMED]; increases towards the head of an owner's chain */
	uint32_t id_next; /* link [producer, id stripe] */
	uint32_t owner_next; /* link [producer, owner stripe] */
	uint32_t owner_prev; /* link, only a hint [producer, owner stripe] */
	uint32_t hint; /* client entry + 1 (16), state (8), kind (8) [producer, record mutex] */
};

/* For entry and state this word is a hint for scans; the current copy is authoritative. The kind is
 * stored only here: it is written while the slot is CLAIMED, and every later store preserves it. It
 * may be any byte: kind.c checks it against the table of kinds. */
static inline uint32_t hint_make(uint64_t worker, uint8_t state, uint8_t kind)
{
	return (uint32_t)(worker & 0xffff) | (uint32_t)state << 16 | (uint32_t)kind << 24;
}

static inline uint32_t hint_entry(uint32_t hint) /* client entry + 1; 0: none */
{
	return hint & 0xffff;
}

static inline uint8_t hint_state(uint32_t hint)
{
	return (uint8_t)(hint >> 16);
}

static inline uint8_t hint_kind(uint32_t hint)
{
	return (uint8_t)(hint >> 24);
}

static_assert(LAYOUT_KINDS <= UINT8_MAX + 1, "a kind is one byte of the hint");
static_assert(LAYOUT_CLIENTS <= UINT16_MAX, "a client entry is two bytes of the hint");

/* ---- Body: id, mutex and counter, and two copies of the rest ------------- */

enum copy_flags { /* the *_CUT flags equal those of enum trackd_task_flags */
		  COPY_MESSAGE_CUT = 1 << 1,
		  COPY_ERROR_CUT = 1 << 2,
		  COPY_STARTED = 1 << 4, /* detail.started is valid */
		  COPY_ERROR = 1 << 5,   /* detail.error is valid */
};

enum { COPY_NO_STAGE = 0xff };

/* copy[version & 1] is current; the holder of the record's mutex may write the other one. */
struct layout_copy {
	uint64_t revision;
	uint64_t updated; /* time of the last update; in a final copy, of the end */
	uint64_t total;   /* of the stage; 0: not known */
	uint64_t base;    /* work count at which the stage began */
	uint64_t done;    /* only in a final copy */
	uint64_t worker;  /* worker_make(); 0: none */
	uint64_t stage_start;
	uint8_t state;        /* enum trackd_state */
	uint8_t reason;       /* enum trackd_reason */
	uint8_t stage;        /* COPY_NO_STAGE: none yet */
	uint8_t flags;        /* enum copy_flags */
	uint16_t stages_left; /* bit s: row s of the history is valid */
	uint16_t message_len;
	uint8_t message[LAYOUT_MESSAGE]; /* the last byte is always 0 */
};

/* The fields from state to message_len as one word, to load and store them together. */
#define COPY_WORD_STATE(word) ((uint8_t)(word))
#define COPY_WORD_REASON(word) ((uint8_t)((word) >> 8))
#define COPY_WORD_STAGE(word) ((uint8_t)((word) >> 16))
#define COPY_WORD_FLAGS(word) ((uint8_t)((word) >> 24))
#define COPY_WORD_LEFT(word) ((uint16_t)((word) >> 32))
#define COPY_WORD_LENGTH(word) ((uint16_t)((word) >> 48))

struct layout_body {
	uint8_t id[LAYOUT_ID]; /* [producer, CLAIMED] */
	union layout_mutex mutex;
	uint64_t work;   /* [any] compare-and-swap */
	uint32_t ttl_ms; /* [producer, CLAIMED]; 0: the board's */
	uint32_t active_ttl_ms;
	struct layout_copy copy[2];
};

/* ---- Detail: each field written before the publish that makes it valid ----- */

enum detail_flags {
	DETAIL_NAME_CUT = 1 << 0,
};

struct layout_stage_row { /* written when the task leaves the stage, while its bit is clear */
	uint64_t start, end, done, total;
};

struct layout_detail {
	uint64_t created;
	uint64_t started; /* when the first stage began; valid with COPY_STARTED */
	uint32_t flags;
	uint32_t reserved[11];
	uint8_t owner[LAYOUT_OWNER];
	uint8_t name[LAYOUT_NAME];
	uint8_t error[LAYOUT_ERROR];
	struct layout_stage_row row[LAYOUT_STAGES];
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

#define LAYOUT_AT(type, field, at)                                                                 \
	static_assert(offsetof(struct type, field) == (at), #type "." #field)
#define LAYOUT_SIZE(type, size) static_assert(sizeof(struct type) == (size), #type)

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
LAYOUT_AT(layout_header, event_next, 384);
LAYOUT_AT(layout_header, doorbell, 448);
LAYOUT_AT(layout_header, armed, 452);
LAYOUT_AT(layout_header, tick, 512);
LAYOUT_AT(layout_header, repair_due, 576);
LAYOUT_AT(layout_header, client_change, 580);
LAYOUT_AT(layout_header, counters, 640);
LAYOUT_SIZE(layout_header, 832);
LAYOUT_SIZE(layout_counters, 192);

LAYOUT_AT(layout_kind, percent, 32);
LAYOUT_AT(layout_kind, n_stages, 48);
LAYOUT_AT(layout_kind, stages, 64);
LAYOUT_SIZE(layout_kind, 576);
LAYOUT_AT(layout_kinds, n, 48);
LAYOUT_AT(layout_kinds, kind, 64);
LAYOUT_SIZE(layout_kinds, 64 + 64 * 576);

LAYOUT_AT(layout_client, start_time, 8);
LAYOUT_AT(layout_client, uid, 16);
LAYOUT_AT(layout_client, ready, 20);
LAYOUT_AT(layout_client, comm, 24);
LAYOUT_SIZE(layout_client, LAYOUT_LINE);

LAYOUT_AT(layout_stripe, count, 48);
LAYOUT_AT(layout_stripe, recount, 52);
LAYOUT_AT(layout_stripe, serial, 56);
LAYOUT_SIZE(layout_stripe, LAYOUT_LINE);

LAYOUT_AT(layout_head, deadline, 8);
LAYOUT_AT(layout_head, id_hash, 16);
LAYOUT_AT(layout_head, owner_hash, 24);
LAYOUT_AT(layout_head, cancel, 32);
LAYOUT_AT(layout_head, serial, 40);
LAYOUT_AT(layout_head, id_next, 48);
LAYOUT_AT(layout_head, owner_next, 52);
LAYOUT_AT(layout_head, owner_prev, 56);
LAYOUT_AT(layout_head, hint, 60);
LAYOUT_SIZE(layout_head, LAYOUT_LINE);

LAYOUT_AT(layout_copy, updated, 8);
LAYOUT_AT(layout_copy, total, 16);
LAYOUT_AT(layout_copy, base, 24);
LAYOUT_AT(layout_copy, done, 32);
LAYOUT_AT(layout_copy, worker, 40);
LAYOUT_AT(layout_copy, stage_start, 48);
LAYOUT_AT(layout_copy, state, 56);
LAYOUT_AT(layout_copy, reason, 57);
LAYOUT_AT(layout_copy, stage, 58);
LAYOUT_AT(layout_copy, flags, 59);
LAYOUT_AT(layout_copy, stages_left, 60);
LAYOUT_AT(layout_copy, message_len, 62);
LAYOUT_AT(layout_copy, message, 64);
LAYOUT_SIZE(layout_copy, 256);

LAYOUT_AT(layout_body, mutex, 64);
LAYOUT_AT(layout_body, work, 112);
LAYOUT_AT(layout_body, ttl_ms, 120);
LAYOUT_AT(layout_body, active_ttl_ms, 124);
LAYOUT_AT(layout_body, copy, 128);
LAYOUT_SIZE(layout_body, 640);

LAYOUT_AT(layout_detail, started, 8);
LAYOUT_AT(layout_detail, flags, 16);
LAYOUT_AT(layout_detail, owner, 64);
LAYOUT_AT(layout_detail, name, 128);
LAYOUT_AT(layout_detail, error, 384);
LAYOUT_AT(layout_detail, row, 896);
LAYOUT_SIZE(layout_detail, 1408);

LAYOUT_AT(layout_event, slot, 8);
LAYOUT_AT(layout_event, generation, 12);
LAYOUT_AT(layout_event, type, 16);
LAYOUT_AT(layout_event, kind, 20);
LAYOUT_AT(layout_event, revision, 24);
LAYOUT_AT(layout_event, owner_hash, 48);
LAYOUT_AT(layout_event, check, 56);
LAYOUT_SIZE(layout_event, LAYOUT_LINE);

#undef LAYOUT_AT
#undef LAYOUT_SIZE

#endif
