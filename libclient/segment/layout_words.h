/* SPDX-License-Identifier: MIT */
/*
 * Words of the segment that hold several fields, because one compare-and-swap or one store changes
 * them together; docs/FORMAT.md explains them.
 */
#ifndef TRACKD_SEGMENT_LAYOUT_WORDS_H
#define TRACKD_SEGMENT_LAYOUT_WORDS_H

#include <stdint.h>

/* ---- Stamp: generation (32), version (30), slot state (2) in one word ---- */

enum slot_state {
	SLOT_FREE = 0,
	SLOT_CLAIMED = 1,
	SLOT_LIVE = 2,
	SLOT_REMOVING = 3,
};

#define STAMP_VERSION_MASK ((UINT64_C(1) << 30) - 1)

static inline uint64_t stamp_make(uint32_t generation, uint64_t version, enum slot_state state)
{
	return (uint64_t)generation << 32 | (version & STAMP_VERSION_MASK) << 2 | (uint64_t)state;
}

static inline uint32_t stamp_generation(uint64_t stamp)
{
	return (uint32_t)(stamp >> 32);
}

static inline uint64_t stamp_version(uint64_t stamp)
{
	return stamp >> 2 & STAMP_VERSION_MASK;
}

static inline enum slot_state stamp_state(uint64_t stamp)
{
	return (enum slot_state)(stamp & 3);
}

/* Whether a slot is LIVE with the tenant of this generation. */
static inline int stamp_is_live(uint64_t stamp, uint32_t generation)
{
	return (stamp & ~(STAMP_VERSION_MASK << 2)) == stamp_make(generation, 0, SLOT_LIVE);
}

/* The same tenant in the same slot state; versions may differ. */
static inline int stamp_same_tenant(uint64_t a, uint64_t b)
{
	return ((a ^ b) & ~(STAMP_VERSION_MASK << 2)) == 0;
}

/* ---- Work counter: generation tag (16), seal (1), count (47) ------------- */

/* A tenant's count begins at work_start() and rises by at most WORK_LIFETIME_MAX, so it fits in 47
 * bits. While the seal is set, only the holder of the record's mutex counts. */
#define WORK_COUNT_MASK ((UINT64_C(1) << 47) - 1)
#define WORK_SEAL (UINT64_C(1) << 47)
#define WORK_LIFETIME_MAX ((UINT64_C(1) << 46) - 1)
/* Up to this many units of a tenant's life are counted without the mutex; see record.c for the
 * rest. */
#define WORK_UNLOCKED_MAX ((UINT64_C(1) << 45) - 1)

/* Where a tenant's count begins: the generation's bits 16 to 29, shifted by 32. So tenants with the
 * same tag have different counts. */
static inline uint64_t work_start(uint32_t generation)
{
	return (uint64_t)(generation & 0x3fff0000) << 16;
}

static inline uint64_t work_make(uint32_t generation, uint64_t lifetime) /* <= WORK_LIFETIME_MAX */
{
	return ((uint64_t)(generation & 0xffff) << 48 | work_start(generation)) + lifetime;
}

/* The units that the tenant has counted in its lifetime. */
static inline uint64_t work_lifetime(uint64_t work, uint32_t generation)
{
	return (work - work_start(generation)) & WORK_COUNT_MASK;
}

/* Whether `units` more may be counted without the record's mutex: the word is this tenant's, not
 * sealed, and below the limit. One comparison tests all three, because tag and seal do not change
 * between the tenant's start and WORK_UNLOCKED_MAX above it. */
static inline int work_has_room(uint64_t work, uint32_t generation, uint64_t units)
{
	return units <= WORK_UNLOCKED_MAX &&
	       work - work_make(generation, 0) <= WORK_UNLOCKED_MAX - units;
}

/* Whether a stage with this base needs the mutex for every increment: the base is so far below the
 * tenant's start that unlocked counting could exceed WORK_LIFETIME_MAX. */
static inline int work_needs_mutex(uint64_t base, uint32_t generation)
{
	uint64_t below = (work_start(generation) - base) & WORK_COUNT_MASK;

	return below > WORK_UNLOCKED_MAX && below <= WORK_LIFETIME_MAX;
}

static inline int work_is_of(uint64_t work, uint32_t generation)
{
	return (work >> 48) == (generation & 0xffff);
}

/* ---- Cancel word: generation (32), time of the request after creation (32; 0: not requested) - In
 * milliseconds plus one, up to 24 days; beyond that in seconds, with the top bit set. */

#define CANCEL_SECONDS (UINT32_C(1) << 31)

static inline uint32_t cancel_asked(uint64_t after_ns)
{
	uint64_t ms = after_ns / 1000000 + 1, s = after_ns / 1000000000;

	if (ms < CANCEL_SECONDS)
		return (uint32_t)ms;
	return CANCEL_SECONDS | (uint32_t)(s < CANCEL_SECONDS ? s : CANCEL_SECONDS - 1);
}

static inline uint64_t cancel_after_ns(uint32_t asked)
{
	if (asked & CANCEL_SECONDS)
		return (asked & ~CANCEL_SECONDS) * UINT64_C(1000000000);
	return (asked - 1) * UINT64_C(1000000);
}

static inline uint64_t cancel_make(uint32_t generation, uint32_t asked)
{
	return (uint64_t)generation << 32 | asked;
}

/* ---- Cause of a worker's death: how (8), flags (8), number (32 above) ----------- */

enum cause_how {
	CAUSE_UNKNOWN = 0,  /* the process is gone; how is not known */
	CAUSE_EXITED = 1,   /* number: its exit status */
	CAUSE_SIGNALLED = 2 /* number: the signal */
};

enum cause_flags {
	CAUSE_DUMPED = 1 << 0, /* core dumped */
	CAUSE_MEMORY = 1 << 1, /* killed for memory, by what its cgroup counted */
};

static inline uint64_t cause_make(enum cause_how how, unsigned flags, uint32_t number)
{
	return (uint64_t)number << 32 | (uint64_t)(flags & 0xff) << 8 | (uint64_t)how;
}

static inline unsigned cause_how(uint64_t cause)
{
	return cause & 0xff;
}

static inline unsigned cause_flags(uint64_t cause)
{
	return cause >> 8 & 0xff;
}

static inline uint32_t cause_number(uint64_t cause)
{
	return (uint32_t)(cause >> 32);
}

/* ---- Worker: generation (32), client entry plus one (32; 0: none) ------- */

static inline uint64_t worker_make(uint32_t entry, uint32_t generation)
{
	return (uint64_t)generation << 32 | (entry + 1);
}

/* ---- A parent: slot plus one (32; 0: none), generation (32) --------------------- */

static inline uint64_t parent_make(uint32_t slot, uint32_t generation)
{
	return (uint64_t)generation << 32 | (slot + 1);
}

/* ---- Intent of a family stripe: version of the counts before (32), from state (8), to state (8),
 * operation (8). States are 0 where there is none ---- */

enum intent_operation {
	INTENT_NONE = 0,
	INTENT_LINK = 1,   /* the child gets its parent */
	INTENT_CHANGE = 2, /* the child changes its state */
	INTENT_UNLINK = 3, /* the child is removed, and counts no more */
	INTENT_DEPART = 4, /* the child expires or is evicted, and counts as gone */
};

static inline uint64_t intent_make(uint32_t version, enum intent_operation operation, uint8_t from,
				   uint8_t to)
{
	return (uint64_t)version << 32 | (uint64_t)to << 16 | (uint64_t)from << 8 |
	       (uint64_t)operation;
}

static inline uint32_t intent_version(uint64_t intent)
{
	return (uint32_t)(intent >> 32);
}

static inline uint8_t intent_to(uint64_t intent)
{
	return intent >> 16 & 0xff;
}

static inline uint8_t intent_from(uint64_t intent)
{
	return intent >> 8 & 0xff;
}

static inline uint8_t intent_operation(uint64_t intent)
{
	return intent & 0xff;
}

/* ---- A reference's slot, and what the board's number adds to it ----------- */

/* Public references carry the board's number in the upper byte of the slot. */
#define REF_NUMBERS 255 /* numbers are 1 to 255, so that a reference of zeros fits no board */
#define REF_SLOT_MASK ((UINT32_C(1) << 24) - 1)

static inline uint32_t ref_number(uint32_t slot)
{
	return slot >> 24;
}

#endif
