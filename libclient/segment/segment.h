/* SPDX-License-Identifier: MIT */
/*
 * The segment as a file and a mapping: create, link, open, check, map. struct board describes one
 * mapping in this process's private memory. Its geometry is checked once and never read from the
 * segment again.
 */
#ifndef TRACKD_SEGMENT_SEGMENT_H
#define TRACKD_SEGMENT_SEGMENT_H

#include "libclient/segment/atomic.h"
#include "libclient/segment/clock.h"
#include "libclient/segment/layout.h"
#include "libclient/trackd.h"
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>

/* How to compute the time on the board's clock. */
enum board_clock {
	BOARD_CLOCK_HEADER = 0, /* use the header's offsets */
	BOARD_CLOCK_STALE,      /* those are stale: use own offsets, see offsets.h */
	BOARD_CLOCK_FOREIGN,    /* another time namespace: use wall time */
};

struct board {
	void *base;
	size_t size;
	int fd; /* -1: none; owned */
	bool writable;
	bool foreign_pids; /* another pid namespace: the board's pids are not valid here (atomic) */
	uint32_t clock;    /* enum board_clock (atomic) */
	struct {
		int64_t stale, own;
	} wall_offset, suspend_offset; /* BOARD_CLOCK_STALE: the header's value, own (atomic) */
	uint32_t tasks_max;            /* the configured capacity: the limit of LIVE tasks */
	uint32_t capacity;             /* slots: LAYOUT_SPARE more */
	uint32_t number;               /* of the board, as the upper byte of a reference's slot */
	uint32_t kinds_max;            /* entries of the table of kinds */
	uint64_t hash_seed;
	struct layout_header *header;
	struct layout_kinds *kinds;
	struct layout_client *clients;
	struct layout_stripe *id_stripes, *owner_stripes;
	uint64_t *used_map; /* one bit per slot, set from claim to free: a clear bit means FREE */
	uint32_t *id_buckets, *owner_buckets; /* links; as many as slots */
	struct layout_head *heads;
	struct layout_event *events;
	struct layout_body *bodies;
	struct layout_detail *details;
	struct layout_family *families;
	struct layout_family_stripe *family_stripes;
};

struct segment_params {
	uint32_t capacity;
	mode_t mode; /* of the file, e.g. 0660 */
	gid_t gid;   /* (gid_t)-1: leave */
	uint32_t ttl_ms, active_ttl_ms;
	uint32_t number; /* of the board, 1 to 255; 0: any */
};

/*
 * Create a segment without a name (O_TMPFILE in /dev/shm), with all memory reserved, initialised
 * and mapped read-write. On failure nothing remains. Errors: -ENOSPC (/dev/shm too small), -EINVAL,
 * -errno.
 */
int segment_create(struct board *ret_board, const struct segment_params *params);

/* Give the segment its name ("/trackd"). -EEXIST if a file with that name exists; -EINVAL if the
 * name is not valid for a board. */
int segment_link(const struct board *board, const char *name);

/* Give the segment its name in place of the file that has it now: link it as NAME:new-NUMBER, with
 * a random number, then rename. */
int segment_replace(const struct board *board, const char *name);

enum { SEGMENT_PATH_MAX = 128 };

/* The path of an auxiliary file of a board in /dev/shm, NAME:SUFFIX. A board's name contains no
 * colon, so no board can have that path. The suffix has at most 32 bytes. */
void segment_beside(char path[SEGMENT_PATH_MAX], const char *name, const char *suffix);

/*
 * Open a board's file by name, as its mode permits, with O_NOFOLLOW; it must be a regular file with
 * one link that belongs to uid. Returns a descriptor, -ENOENT, -EACCES, TRACKD_E_NOT_OURS.
 */
int segment_open(const char *name, bool writable, uid_t uid);

/* Map and check a segment. Takes ownership of fd only on success. TRACKD_E_LAYOUT,
 * TRACKD_E_DAMAGED, -errno. */
int segment_map(struct board *ret_board, int fd, bool writable);
void segment_unmap(struct board *board);

/* Release a mapping's memory and descriptor, but keep its addresses, which then read zeros. */
void segment_vacate(struct board *board);

/* Close a board to all changes, or with LAYOUT_OPEN reopen it. Increments the epoch, so that
 * writers notice at their next call. A call in progress tests it under the lock that commits. */
void segment_close(struct board *board, enum layout_closed how);

/* Tell all clients of a closed board that its successor has the name, or that there is none.
 * Increments the epoch. */
void segment_retire(struct board *board, enum layout_retired how);

/* Free the memory of a retired board, except its mutexes, whose bytes must not change while a
 * client may be using one. Readers find no task on it and switch to the successor. */
void segment_hollow(struct board *board);

/* Whether and how the board is closed; if it is, no change may be committed. Tested under the lock
 * that commits. */
static inline enum layout_closed board_closed(const struct board *board)
{
	return (enum layout_closed)load_relaxed(&board->header->closed);
}

static inline bool board_retired(const struct board *board)
{
	return load_relaxed(&board->header->retired) != 0;
}

/* Inodes of this process's pid and time namespaces; -errno if they cannot be read from /proc. */
int segment_namespaces(uint64_t *ret_pid_ns, uint64_t *ret_time_ns);
/* The kernel's boot id, 16 bytes. */
int segment_boot_id(uint8_t ret_id[16]);
/* The size in bytes of a board with this capacity. */
size_t segment_size(uint32_t capacity);
/* The fingerprint that this build stores in its segments. */
uint64_t segment_fingerprint(void);

/* The slow paths of the two functions below: offsets.c. */
uint64_t board_time_otherwise(const struct board *board, uint64_t coarse);
uint64_t board_wall_offset_otherwise(const struct board *board);

/* The time on the board's clock, for testing deadlines: exact to a tick. `coarse` is a reading of
 * clock_coarse_ns(). */
static inline uint64_t board_time(const struct board *board, uint64_t coarse)
{
	if (__builtin_expect(load_relaxed(&board->clock) != BOARD_CLOCK_HEADER, 0))
		return board_time_otherwise(board, coarse);
	return coarse + (uint64_t)load_relaxed(&board->header->suspend_offset_ns);
}

/* CLOCK_REALTIME - the board's clock: added to the board's times, it gives wall times. */
static inline uint64_t board_wall_offset(const struct board *board)
{
	if (__builtin_expect(load_relaxed(&board->clock) != BOARD_CLOCK_HEADER, 0))
		return board_wall_offset_otherwise(board);
	return (uint64_t)load_relaxed(&board->header->wall_offset_ns);
}

static inline uint64_t board_coarse_ns(const struct board *board)
{
	return board_time(board, clock_coarse_ns());
}

/* A reference as one word: slot in the low half, generation in the high half. */
static inline uint64_t ref_bits(struct trackd_ref ref)
{
	uint64_t bits;

	static_assert(sizeof ref == sizeof bits, "a reference is one word");
	memcpy(&bits, &ref, sizeof bits);
	return bits;
}

static inline struct trackd_ref ref_of_bits(uint64_t bits)
{
	struct trackd_ref ref;

	memcpy(&ref, &bits, sizeof ref);
	return ref;
}

/* A caller's reference as the modules use it: with the slot alone. The slot of a reference to another
 * board is too high for any board. As words: a reference that is taken apart costs more than the rest. */
static inline struct trackd_ref ref_in(const struct board *board, struct trackd_ref ref)
{
	return ref_of_bits(ref_bits(ref) ^ board->number);
}

/* The same the other way. */
static inline struct trackd_ref ref_out(const struct board *board, struct trackd_ref ref)
{
	return ref_of_bits(ref_bits(ref) | board->number);
}

/* What a call that met no task answers about a caller's reference: whether it is to another board. */
static inline int ref_answer(const struct board *board, struct trackd_ref ref, int answer)
{
	bool moved = answer == TRACKD_E_GONE && ref_number(ref.slot) != 0 &&
		     ref_number(ref.slot) != ref_number(board->number);

	return __builtin_expect(moved, 0) ? TRACKD_E_MOVED : answer;
}

#endif
