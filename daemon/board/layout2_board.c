/* SPDX-License-Identifier: MIT */
/* See layout2_board.h. */
#include "daemon/board/layout2_board.h"
#include "libclient/segment/internal.h"
#include "libclient/trackd.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const uint64_t LOCK_WAIT_NS = 100 * NS_PER_MS, UNSEAL_WAIT_NS = 10 * NS_PER_MS;

/* Layout 2 uses the same numbers. */
static_assert(LAYOUT_OPEN == 0 && LAYOUT_CLOSED == 1 && LAYOUT_CLOSED_BLIND == 2, "closed");
static_assert(LAYOUT_SERVED == 0 && LAYOUT_REPLACED == 1 && LAYOUT_REMOVED == 2, "retired");
static_assert(TRACKD_PENDING == 1 && TRACKD_ACTIVE == 2 && TRACKD_COMPLETED == 3 &&
		      TRACKD_FAILED == 4 && TRACKD_CANCELLED == 5,
	      "states");

/* ---- Mapping ------------------------------------------------------------- */

static uint64_t fingerprint(void)
{
	static const uint32_t parts[] = {
		0x01020304,
		__GLIBC__,
		sizeof(void *),
		sizeof(pthread_mutex_t),
		_Alignof(pthread_mutex_t),
		sizeof(struct layout2_head),
		sizeof(struct layout2_body),
		sizeof(struct layout2_detail),
		LAYOUT2_EVENT_BYTES,
		sizeof(struct layout2_client),
		sizeof(struct layout2_kinds),
		sizeof(struct layout2_header),
		LAYOUT2_STRIPES,
		LAYOUT2_CLIENTS,
		LAYOUT2_EVENTS,
	};
	const uint8_t *bytes = (const uint8_t *)parts;
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (size_t i = 0; i < sizeof parts; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t place(uint64_t *at, uint64_t bytes)
{
	uint64_t offset = *at;

	*at = (offset + bytes + LAYOUT_PAGE - 1) / LAYOUT_PAGE * LAYOUT_PAGE;
	return offset;
}

/* Returns the size of the file. */
static uint64_t sections_of(uint32_t capacity, struct layout2_sections *ret_sections)
{
	uint64_t n = (uint64_t)capacity + LAYOUT2_SPARE, at = 0;

	place(&at, sizeof(struct layout2_header));
	ret_sections->kinds = place(&at, sizeof(struct layout2_kinds));
	ret_sections->clients = place(&at, LAYOUT2_CLIENTS * sizeof(struct layout2_client));
	ret_sections->id_stripes = place(&at, LAYOUT2_STRIPES * sizeof(struct layout2_stripe));
	ret_sections->owner_stripes = place(&at, LAYOUT2_STRIPES * sizeof(struct layout2_stripe));
	ret_sections->used_map = place(&at, (n + 63) / 64 * 8);
	ret_sections->id_buckets = place(&at, n * 4);
	ret_sections->owner_buckets = place(&at, n * 4);
	ret_sections->heads = place(&at, n * sizeof(struct layout2_head));
	ret_sections->events = place(&at, (uint64_t)LAYOUT2_EVENTS * LAYOUT2_EVENT_BYTES);
	ret_sections->bodies = place(&at, n * sizeof(struct layout2_body));
	ret_sections->details = place(&at, n * sizeof(struct layout2_detail));
	return at;
}

/* Read the header with pread() before mapping: a truncated file cannot raise SIGBUS here. */
static int check_header(int fd, struct layout2_header *header,
			struct layout2_sections *ret_sections)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	ssize_t n = S_ISREG(st.st_mode) ? pread(fd, header, sizeof *header, 0) : 0;
	if (n < 0)
		return -errno;
	if (n != (ssize_t)sizeof *header || header->magic != LAYOUT_MAGIC)
		return TRACKD_E_DAMAGED;
	if (header->major != LAYOUT2_MAJOR || header->fingerprint != fingerprint())
		return TRACKD_E_LAYOUT;
	if (header->capacity < LAYOUT2_CAPACITY_MIN || header->capacity > LAYOUT2_CAPACITY_MAX ||
	    header->spare != LAYOUT2_SPARE)
		return TRACKD_E_DAMAGED;
	uint64_t size = sections_of(header->capacity, ret_sections);
	if (header->size != size || st.st_size < 0 || (uint64_t)st.st_size != size ||
	    memcmp(&header->sections, ret_sections, sizeof *ret_sections) != 0)
		return TRACKD_E_DAMAGED;
	return 0;
}

int layout2_board_map(struct layout2_board *ret_board, int fd)
{
	struct layout2_header header = { 0 };
	struct layout2_sections at = { 0 };
	int error = check_header(fd, &header, &at);

	if (error < 0)
		return error;
	uint8_t *base = mmap(NULL, header.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return -errno;
	*ret_board = (struct layout2_board){
		.base = base,
		.size = header.size,
		.fd = fd,
		.tasks_max = header.capacity,
		.capacity = header.capacity + LAYOUT2_SPARE,
		.header = (void *)base,
		.kinds = (void *)(base + at.kinds),
		.clients = (void *)(base + at.clients),
		.id_stripes = (void *)(base + at.id_stripes),
		.heads = (void *)(base + at.heads),
		.bodies = (void *)(base + at.bodies),
		.details = (void *)(base + at.details),
	};
	return 0;
}

void layout2_board_unmap(struct layout2_board *board)
{
	(void)munmap(board->base, board->size);
	close(board->fd);
}

/* ---- Closing ------------------------------------------------------------- */

void layout2_board_close(struct layout2_board *board, enum layout_closed how)
{
	store_release(&board->header->closed, (uint32_t)how);
	add_release(&board->header->daemon_epoch, 1); /* after `closed`: writers look at it then */
	/* Pairs with the writers' fence between a commit and the load of `closed`. */
	fence_full();
}

static bool is_live(const struct layout2_board *board, uint32_t slot)
{
	return stamp_state(load_acquire(&board->heads[slot].stamp)) == SLOT_LIVE;
}

static struct layout2_copy *copy_of(const struct layout2_board *board, uint32_t slot)
{
	uint64_t stamp = load_acquire(&board->heads[slot].stamp); /* pairs with the commit */

	return &board->bodies[slot].copy[stamp_version(stamp) & 1];
}

static bool is_open(const struct layout2_board *board, uint32_t slot)
{
	return load_relaxed(&copy_of(board, slot)->state) <= TRACKD_ACTIVE;
}

/* 0; 1: locked; -EBUSY. No process can lock a damaged mutex, so no process commits under it. */
static int take(union layout_mutex *mutex, uint64_t wait_ns, int *ret_how)
{
	*ret_how = lock_take(mutex, clock_monotonic_ns() + wait_ns);
	if (*ret_how == TRACKD_E_BUSY)
		return -EBUSY;
	return *ret_how >= 0;
}

static int drain(union layout_mutex *mutex, const union layout_mutex **ret_held)
{
	int how, locked = take(mutex, LOCK_WAIT_NS, &how);

	if (locked < 0)
		*ret_held = mutex;
	else if (locked > 0)
		lock_drop(mutex);
	return locked < 0 ? locked : 0;
}

int layout2_board_drain(struct layout2_board *board, const union layout_mutex **ret_held)
{
	int error = drain(&board->kinds->mutex, ret_held);

	for (uint32_t i = 0; error == 0 && i < LAYOUT2_STRIPES; i++)
		error = drain(&board->id_stripes[i].mutex, ret_held);
	return error;
}

/* ---- Records -------------------------------------------------------------- */

static uint64_t deadline_of(const struct layout2_board *board, uint32_t slot)
{
	const struct layout2_header *header = board->header;
	const struct layout2_body *body = &board->bodies[slot];
	const struct layout2_copy *copy = copy_of(board, slot);
	bool worked_on =
		load_relaxed(&copy->state) == TRACKD_ACTIVE && load_relaxed(&copy->worker) != 0;
	uint32_t ttl = load_relaxed(worked_on ? &body->active_ttl_ms : &body->ttl_ms);

	if (ttl == 0)
		ttl = load_relaxed(worked_on ? &header->active_ttl_ms : &header->ttl_ms);
	return ttl == TRACKD_TTL_NEVER ? UINT64_MAX
				       : load_relaxed(&copy->updated) + ttl * NS_PER_MS;
}

/* After a death under the record's mutex, in case the board is opened again: make what follows from
 * the copy in force agree with it. */
static void mend(struct layout2_board *board, uint32_t slot)
{
	struct layout2_head *head = &board->heads[slot];
	const struct layout2_copy *copy = copy_of(board, slot);

	if (!is_live(board, slot))
		return;
	store_relaxed(&head->deadline, deadline_of(board, slot));
	fence_full();
	/* 48 bits of `earliest` are the bound: nothing is known of deadlines any more. */
	(void)and_relaxed(&board->header->earliest, UINT64_C(0xffff));
	store_relaxed(&head->hint,
		      layout2_hint_make(load_relaxed(&copy->worker), load_relaxed(&copy->state),
					layout2_hint_kind(load_relaxed(&head->hint))));
}

static int lock(struct layout2_board *board, uint32_t slot, uint64_t wait_ns)
{
	int how, locked = take(&board->bodies[slot].mutex, wait_ns, &how);

	if (how == LOCK_RECOVERED)
		mend(board, slot);
	return locked;
}

int layout2_board_lock(struct layout2_board *board, uint32_t slot,
		       const union layout_mutex **ret_held)
{
	if (!is_open(board, slot))
		return 0;
	int locked = lock(board, slot, LOCK_WAIT_NS);
	if (locked < 0)
		*ret_held = &board->bodies[slot].mutex;
	return locked;
}

void layout2_board_unlock(struct layout2_board *board, uint32_t slot)
{
	lock_drop(&board->bodies[slot].mutex);
}

uint64_t layout2_board_seal(struct layout2_board *board, uint32_t slot)
{
	uint64_t *work = &board->bodies[slot].work;

	return is_open(board, slot) ? or_relaxed(work, WORK_SEAL) : load_relaxed(work);
}

void layout2_board_seal_all(struct layout2_board *board)
{
	for (uint32_t slot = 0; slot < board->capacity; slot++)
		if (is_live(board, slot))
			(void)layout2_board_seal(board, slot);
}

/* With the record locked. */
static void unseal(struct layout2_board *board, uint32_t slot)
{
	uint32_t generation = stamp_generation(load_acquire(&board->heads[slot].stamp));

	if (is_live(board, slot) && is_open(board, slot) &&
	    !work_needs_mutex(load_relaxed(&copy_of(board, slot)->base), generation))
		(void)and_relaxed(&board->bodies[slot].work, ~WORK_SEAL);
}

/* ---- The end -------------------------------------------------------------- */

static void wake_all(struct layout2_board *board)
{
	add_release(&board->header->tick, 1);
	(void)syscall(SYS_futex, &board->header->tick, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void layout2_board_reopen(struct layout2_board *board)
{
	layout2_board_close(board, LAYOUT_OPEN);
	for (uint32_t slot = 0; slot < board->capacity; slot++) {
		if (!is_live(board, slot) || !is_open(board, slot) ||
		    (load_relaxed(&board->bodies[slot].work) & WORK_SEAL) == 0 ||
		    lock(board, slot, UNSEAL_WAIT_NS) <= 0)
			continue;
		unseal(board, slot);
		layout2_board_unlock(board, slot);
	}
	wake_all(board);
}

static void punch(const struct layout2_board *board, uint64_t from, uint64_t to)
{
	(void)fallocate(board->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from,
			(off_t)(to - from));
}

void layout2_board_retire(struct layout2_board *board, enum layout_retired how)
{
	struct layout2_sections at;
	uint64_t size = sections_of(board->tasks_max, &at);

	store_release(&board->header->retired, (uint32_t)how);
	add_release(&board->header->daemon_epoch, 1);
	wake_all(board);
	/* The heads first: a reader then finds no task where it finds zeros. */
	punch(board, at.used_map, at.events);
	punch(board, at.events, at.bodies);
	punch(board, at.details, size);
}
