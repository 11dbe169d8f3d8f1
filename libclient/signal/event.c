/* SPDX-License-Identifier: MIT */
/*
 * The event ring and the doorbell. The last word of an entry is a checksum of its sequence number
 * and payload. A reader therefore detects an entry that a dead producer left unfinished, or that a
 * producer on a later lap has overwritten.
 */
#include "libclient/signal/event.h"
#include "libclient/segment/atomic.h"
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* How long an entry may stay unfinished while later ones exist before it counts as lost. */
static const uint64_t STALL_NS = 10 * NS_PER_MS;

enum { EVENT_WORDS = sizeof(struct layout_event) / 8, PAYLOAD = sizeof(struct layout_event) - 8 };

static uint64_t check_of(const struct layout_event *entry, uint64_t sequence)
{
	return XXH3_64bits_withSeed(entry, PAYLOAD, sequence);
}

static struct layout_event *entry_of(const struct board *board, uint64_t sequence)
{
	return &board->events[sequence % LAYOUT_EVENTS];
}

/* ---- Writing ------------------------------------------------------------ */

void event_append(struct board *board, enum trackd_event_type type, uint32_t slot,
		  uint32_t generation, uint64_t now, const struct layout_copy *copy, uint64_t done)
{
	struct layout_event entry = {
		.time = now,
		.slot = slot,
		.generation = generation,
		.type = (uint8_t)type,
		.state = copy->state,
		.stage = copy->stage,
		.reason = copy->reason,
		.kind = hint_kind(load_relaxed(&board->heads[slot].hint)),
		.revision = copy->revision,
		.done = done,
		.total = copy->total,
		.owner_hash = load_relaxed(&board->heads[slot].owner_hash),
	};
	/* After the commit: a reader that sees the new sequence also sees the change. Pairs with
	 * the acquire in event_head(). */
	uint64_t sequence = add_release(&board->header->event_next, 1);
	struct layout_event *to = entry_of(board, sequence);

	entry.check = check_of(&entry, sequence);
	words_store(to, &entry, EVENT_WORDS - 1);
	/* Pairs with the acquire in read_entry(). */
	store_release(&to->check, entry.check);
}

void event_ring(struct board *board)
{
	fence_full();
	event_ring_fenced(board);
}

void event_ring_fenced(struct board *board)
{
	struct layout_header *header = board->header;

	/* The published change must be visible before this load of `armed`: the caller's full fence
	 * pairs with the daemon's, between its store to `armed` and its check of the ring
	 * (daemon/loop/doorbell.c). */
	uint32_t ticket = load_relaxed(&header->armed);
	if (ticket == 0)
		return;
	/* Count before waking, so that a daemon that is about to sleep stays awake. Clear `armed`
	 * last: dying before that costs a needless wake-up; the reverse order could lose one. */
	add_relaxed(&header->doorbell, 1);
	(void)syscall(SYS_futex, &header->doorbell, FUTEX_WAKE, 1, NULL, NULL, 0);
	(void)cas_relaxed(&header->armed, &ticket, 0);
}

/* ---- Reading ------------------------------------------------------------- */

uint64_t event_head(const struct board *board)
{
	return load_acquire(&board->header->event_next);
}

static bool read_entry(const struct board *board, uint64_t sequence, struct layout_event *ret_entry)
{
	const struct layout_event *from = entry_of(board, sequence);

	ret_entry->check = load_acquire(&from->check);
	words_load(ret_entry, from, EVENT_WORDS - 1);
	return ret_entry->check == check_of(ret_entry, sequence);
}

bool event_whole(const struct board *board, uint64_t sequence)
{
	struct layout_event entry;

	return read_entry(board, sequence, &entry);
}

/* The id is not in the entry but in the record, where it stays until the slot is claimed again,
 * even if the tenant has just been removed. */
static void read_id(const struct board *board, const struct layout_event *entry, char *ret_id)
{
	ret_id[0] = '\0';
	if (entry->slot >= board->capacity)
		return;
	const struct layout_head *head = &board->heads[entry->slot];
	uint64_t stamp = load_acquire(&head->stamp), id[LAYOUT_ID / 8];
	uint32_t generation = stamp_generation(stamp);
	bool living = generation == entry->generation && stamp_state(stamp) == SLOT_LIVE;
	bool removed = generation == entry->generation + 1 &&
		       (stamp_state(stamp) == SLOT_FREE || stamp_state(stamp) == SLOT_REMOVING);

	if (!living && !removed)
		return;
	words_load(id, board->bodies[entry->slot].id, LAYOUT_ID / 8);
	fence_acquire();
	uint64_t again = load_relaxed(&head->stamp);
	/* The id survives REMOVING and FREE. */
	if (stamp_generation(again) != generation || stamp_state(again) == SLOT_CLAIMED ||
	    (removed && stamp_state(again) == SLOT_LIVE))
		return;
	memcpy(ret_id, id, sizeof id);
	ret_id[LAYOUT_ID - 1] = '\0';
}

static int lapped(const struct board *board, struct trackd_cursor *cursor, uint64_t head)
{
	uint64_t oldest = head > LAYOUT_EVENTS ? head - LAYOUT_EVENTS : 0;

	if (cursor->next < oldest && cursor->lineage == board->hash_seed)
		cursor->lost += oldest - cursor->next;
	else
		cursor->lost++; /* the ring went back: damaged, or of another board */
	cursor->lineage = board->hash_seed;
	cursor->next = oldest;
	cursor->stalled_ns = 0;
	if (board->writable)
		add_relaxed(&board->header->counters.lapped, 1);
	return TRACKD_E_LAPPED;
}

/* Handle an incomplete entry: its producer is writing it or has died. 1 if the cursor skipped
 * it. */
static int unfinished(struct trackd_cursor *cursor, uint64_t head)
{
	uint64_t now = clock_monotonic_ns();

	if (cursor->stalled_ns == 0)
		cursor->stalled_ns = now;
	if (head - cursor->next <= 1 || now - cursor->stalled_ns < STALL_NS)
		return 0;
	cursor->stalled_ns = 0;
	cursor->lost++;
	cursor->next++;
	return 1;
}

static void translate(const struct board *board, const struct layout_event *entry,
		      uint64_t sequence, struct trackd_event *ret_event)
{
	uint8_t stage = entry->stage;

	*ret_event = (struct trackd_event){
		.size = sizeof *ret_event,
		.sequence = sequence,
		.time_ns = entry->time + board_wall_offset(board),
		.ref = { entry->slot, entry->generation },
		.revision = entry->revision,
		.done = entry->done,
		.total = entry->total,
		.owner_hash = entry->owner_hash,
		.kind = (int32_t)entry->kind,
		.type = entry->type,
		.state = entry->state,
		.stage = (int8_t)(stage < LAYOUT_STAGES ? stage : -1),
		.reason = entry->reason,
	};
	read_id(board, entry, ret_event->id);
}

int event_next(const struct board *board, struct trackd_cursor *cursor,
	       struct trackd_event *ret_event)
{
	struct layout_event entry;

	for (;;) {
		uint64_t head = event_head(board);

		if (cursor->next == head && cursor->lineage == board->hash_seed)
			return 0;
		if (cursor->lineage != board->hash_seed || cursor->next > head ||
		    head - cursor->next > LAYOUT_EVENTS)
			return lapped(board, cursor, head);
		if (read_entry(board, cursor->next, &entry))
			break;
		/* A producer on a later lap may just have overwritten it. */
		if (event_head(board) - cursor->next > LAYOUT_EVENTS)
			continue;
		if (!unfinished(cursor, head))
			return 0;
	}
	cursor->stalled_ns = 0;
	translate(board, &entry, cursor->next++, ret_event);
	return 1;
}

/* ---- Sleeping and waking ------------------------------------------------- */

uint32_t event_tick(const struct board *board)
{
	return load_acquire(&board->header->tick);
}

int event_sleep(const struct board *board, uint32_t tick, uint64_t ns)
{
	struct timespec timeout = { .tv_sec = (time_t)(ns / NS_PER_S),
				    .tv_nsec = (long)(ns % NS_PER_S) };

	if (syscall(SYS_futex, &board->header->tick, FUTEX_WAIT, tick, &timeout, NULL, 0) == 0 ||
	    errno == EAGAIN)
		return 0;
	return -errno;
}

uint32_t event_doorbell(const struct board *board)
{
	return load_relaxed(&board->header->doorbell);
}

void event_doorbell_wait(struct board *board, uint32_t count, uint64_t deadline)
{
	struct timespec until = { .tv_sec = (time_t)(deadline / NS_PER_S),
				  .tv_nsec = (long)(deadline % NS_PER_S) };

	(void)syscall(SYS_futex, &board->header->doorbell, FUTEX_WAIT_BITSET, count, &until, NULL,
		      FUTEX_BITSET_MATCH_ANY);
}

void event_wake_all(struct board *board)
{
	add_release(&board->header->tick, 1); /* pairs with the acquire in event_tick() */
	(void)syscall(SYS_futex, &board->header->tick, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}
