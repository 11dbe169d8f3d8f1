/* SPDX-License-Identifier: MIT */
/*
 * The segment as a file and a mapping: made, linked, opened, checked, mapped. struct board is this
 * process's private account of one mapping; its geometry was checked once and is never read from
 * the segment again.
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

/* How to tell the time on the board's clock. */
enum board_clock {
	BOARD_CLOCK_HEADER = 0, /* by the header's offsets */
	BOARD_CLOCK_STALE,      /* they are stale: by offsets of our own, see offsets.h */
	BOARD_CLOCK_FOREIGN,    /* we are in another time namespace: by the wall */
};

struct board {
	void *base;
	size_t size;
	int fd; /* -1: none; owned */
	bool writable;
	bool foreign_pids; /* in another pid namespace: the board's pids mean nothing here (atomic)
			    */
	uint32_t clock;    /* enum board_clock (atomic) */
	struct {
		int64_t stale, own;
	} wall_offset, suspend_offset; /* BOARD_CLOCK_STALE: what the header holds; ours (atomic) */
	uint32_t tasks_max;            /* the configured capacity: so many tasks may be LIVE */
	uint32_t capacity;             /* slots: LAYOUT_SPARE more */
	uint64_t hash_seed;
	struct layout_header *header;
	struct layout_kinds *kinds;
	struct layout_client *clients;
	struct layout_stripe *id_stripes, *owner_stripes;
	uint64_t *used_map; /* bit per slot: set from claim to free, so a clear bit means FREE */
	uint32_t *id_buckets, *owner_buckets; /* links; as many as slots */
	struct layout_head *heads;
	struct layout_event *events;
	struct layout_body *bodies;
	struct layout_detail *details;
};

struct segment_params {
	uint32_t capacity;
	mode_t mode; /* of the file, e.g. 0660 */
	gid_t gid;   /* (gid_t)-1: leave */
	uint32_t ttl_ms, active_ttl_ms;
};

/*
 * Make a segment without a name (O_TMPFILE in /dev/shm), reserved to the last byte, initialised,
 * mapped read-write. Nothing is left behind on failure. Errors: -ENOSPC (/dev/shm too small),
 * -EINVAL, -errno.
 */
int segment_create(struct board *ret_board, const struct segment_params *params);

/* Give it its name ("/trackd"): -EEXIST if there is a file of that name; -EINVAL if no board may
 * have that name. */
int segment_link(const struct board *board, const char *name);

/* Give it its name in place of the file that has it now (link beside as NAME:new-NUMBER, rename).
 * The number is random. */
int segment_replace(const struct board *board, const char *name);

enum { SEGMENT_PATH_MAX = 128 };

/* The path of a file in /dev/shm that belongs to a board but is none, NAME:SUFFIX. No board's name
 * has a colon, so no board can be at that path. The suffix has at most 32 bytes. */
void segment_beside(char path[SEGMENT_PATH_MAX], const char *name, const char *suffix);

/*
 * Open a board's file by name, as its mode permits, with O_NOFOLLOW; it must be a regular file with
 * one link that belongs to uid. Returns a descriptor, -ENOENT, -EACCES, TRACKD_E_NOT_OURS.
 */
int segment_open(const char *name, bool writable, uid_t uid);

/* Map and check a segment. Takes fd over on success only. TRACKD_E_LAYOUT, TRACKD_E_DAMAGED,
 * -errno. */
int segment_map(struct board *ret_board, int fd, bool writable);
void segment_unmap(struct board *board);

/* Let a mapping's memory and descriptor go and keep its addresses, which read zeros from now on. */
void segment_vacate(struct board *board);

/* Close a board to all changes, or with LAYOUT_OPEN open it again. Raises the epoch, so that writers
 * see it at their next call; a call that is under way sees it under the lock that would commit. */
void segment_close(struct board *board, enum layout_closed how);

/* Tell all clients of a closed board that its successor has the name, or that there is none. Raises
 * the epoch. */
void segment_retire(struct board *board, enum layout_retired how);

/* Give the memory of a retired board back, but for its mutexes, whose bytes may not change while a
 * client can be inside one. Readers find no task on it and follow. */
void segment_hollow(struct board *board);

/* Whether nothing may be committed on the board, and how it was closed. Tested under the lock that
 * commits. */
static inline enum layout_closed board_closed(const struct board *board)
{
	return (enum layout_closed)load_relaxed(&board->header->closed);
}

static inline bool board_retired(const struct board *board)
{
	return load_relaxed(&board->header->retired) != 0;
}

/* Inodes of this process's pid and time namespaces; -errno if /proc does not tell. */
int segment_namespaces(uint64_t *ret_pid_ns, uint64_t *ret_time_ns);
/* The kernel's boot id, 16 bytes. */
int segment_boot_id(uint8_t ret_id[16]);
/* Bytes that a board of this capacity takes. */
size_t segment_size(uint32_t capacity);
/* The fingerprint that this build gives to its segments. */
uint64_t segment_fingerprint(void);

/* What follows, where the header alone does not give it: offsets.c. */
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

/* CLOCK_REALTIME - the board's clock: what turns its times into people's. */
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

/* A reference as it is passed in a register: slot below, generation above. */
static inline uint64_t ref_bits(struct trackd_ref ref)
{
	uint64_t bits;

	static_assert(sizeof ref == sizeof bits, "a reference is one word");
	memcpy(&bits, &ref, sizeof bits);
	return bits;
}

#endif
