/* SPDX-License-Identifier: MIT */
/*
 * The segment as a file and a mapping. A board is created without a name, its memory is reserved
 * and initialised, and only then it is linked, so no process ever maps an incomplete one.
 */
#include "libclient/segment/segment.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/geometry.h"
#include "libclient/segment/lock.h"
#include "libclient/trackd.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SHM_DIR "/dev/shm"

/* ---- The layout of this build --------------------------------------------- */

static struct extent extent_of(uint32_t capacity)
{
	return (struct extent){ .capacity = capacity, .n_kinds = LAYOUT_KINDS };
}

size_t segment_size(uint32_t capacity)
{
	struct extent extent = extent_of(capacity);

	return geometry_of(&extent).size;
}

static void board_place(struct board *board, const struct geometry *g)
{
	uint8_t *base = board->base;

	board->header = (void *)base;
	board->kinds = (void *)(base + g->kinds);
	board->clients = (void *)(base + g->clients);
	board->id_stripes = (void *)(base + g->id_stripes);
	board->owner_stripes = (void *)(base + g->owner_stripes);
	board->used_map = (void *)(base + g->used_map);
	board->id_buckets = (void *)(base + g->id_buckets);
	board->owner_buckets = (void *)(base + g->owner_buckets);
	board->heads = (void *)(base + g->heads);
	board->events = (void *)(base + g->events);
	board->bodies = (void *)(base + g->bodies);
	board->details = (void *)(base + g->details);
	board->families = (void *)(base + g->families);
	board->family_stripes = (void *)(base + g->family_stripes);
}

uint64_t segment_fingerprint(void)
{
	/* Sizes and alignments that two programs must share to use the same mutexes and records.
	 * The C library is GNU's; the byte order shows in a multi-byte word. */
	static const uint32_t parts[] = {
		0x01020304,
		__GLIBC__,
		sizeof(void *),
		sizeof(pthread_mutex_t),
		_Alignof(pthread_mutex_t),
		sizeof(struct layout_head),
		sizeof(struct layout_body),
		sizeof(struct layout_detail),
		sizeof(struct layout_event),
		sizeof(struct layout_client),
		sizeof(struct layout_kinds),
		sizeof(struct layout_header),
		sizeof(struct layout_kind),
		sizeof(struct layout_family),
		sizeof(struct layout_served),
		LAYOUT_STRIPES,
		LAYOUT_CLIENTS,
		LAYOUT_EVENTS,
	};
	const uint8_t *bytes = (const uint8_t *)parts;
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (size_t i = 0; i < sizeof parts; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* ---- Namespaces and boot ------------------------------------------------- */

int segment_namespaces(uint64_t *ret_pid_ns, uint64_t *ret_time_ns)
{
	struct stat pid_ns, time_ns;

	/* Not /proc/self: if the first thread of the process has ended, it has no namespaces
	 * there. */
	if (stat("/proc/thread-self/ns/pid", &pid_ns) < 0)
		return -errno;
	if (stat("/proc/thread-self/ns/time", &time_ns) < 0) {
		if (errno != ENOENT)
			return -errno;
		time_ns.st_ino = 0; /* a kernel without time namespaces */
	}
	*ret_pid_ns = pid_ns.st_ino;
	*ret_time_ns = time_ns.st_ino;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int segment_boot_id(uint8_t ret_id[16])
{
	char text[64];
	uint8_t id[16] = { 0 };
	unsigned n = 0;
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	ssize_t length = read(fd, text, sizeof text);
	close(fd);
	for (ssize_t i = 0; i < length && n < 32; i++) {
		int digit = hex_digit(text[i]);
		if (digit < 0)
			continue;
		id[n / 2] = (uint8_t)(id[n / 2] << 4 | digit);
		n++;
	}
	if (n != 32)
		return -EIO;
	memcpy(ret_id, id, sizeof id);
	return 0;
}

/* ---- Creating ------------------------------------------------------------ */

static int fill_header(struct board *board, const struct segment_params *params)
{
	struct layout_header *header = board->header;
	int error = segment_boot_id(header->boot_id);

	if (error == 0)
		error = segment_namespaces(&header->pid_ns, &header->time_ns);
	if (error < 0)
		return error;
	if (getrandom(header->board_id, sizeof header->board_id, 0) < 0 ||
	    getrandom(&header->hash_seed, sizeof header->hash_seed, 0) < 0)
		return -errno;
	header->major = LAYOUT_MAJOR;
	header->minor = LAYOUT_MINOR;
	header->header_size = sizeof(struct layout_header);
	header->capacity = board->tasks_max;
	header->spare = LAYOUT_SPARE;
	header->n_kinds = LAYOUT_KINDS;
	header->number = params->number;
	if (header->number == 0) {
		/* No earlier board is known: no reference to one may fit, but for one in 255. */
		uint8_t number = 0;

		if (getrandom(&number, sizeof number, 0) < 0)
			return -errno;
		header->number = number % REF_NUMBERS + 1;
	}
	header->fingerprint = segment_fingerprint();
	header->size = board->size;
	header->created_wall_ns = clock_wall_ns();
	header->owner_uid = geteuid();
	header->wall_offset_ns = clock_wall_offset_ns();
	header->suspend_offset_ns = clock_suspend_offset_ns();
	header->ttl_ms = params->ttl_ms;
	header->active_ttl_ms = params->active_ttl_ms;
	board->hash_seed = header->hash_seed;
	header->magic = LAYOUT_MAGIC;
	return 0;
}

static int fill_locks(struct board *board)
{
	int error = lock_init(&board->kinds->mutex);

	for (uint32_t i = 0; error == 0 && i < LAYOUT_STRIPES; i++) {
		error = lock_init(&board->id_stripes[i].mutex);
		if (error == 0)
			error = lock_init(&board->owner_stripes[i].mutex);
		if (error == 0)
			error = lock_init(&board->family_stripes[i].mutex);
	}
	for (uint32_t i = 0; error == 0 && i < board->capacity; i++)
		error = lock_init(&board->bodies[i].mutex);
	return error;
}

/* Slots start at a random generation, so that a reference to an earlier board matches no record. */
static int fill_stamps(struct board *board)
{
	uint32_t generations[64];

	for (uint32_t i = 0; i < board->capacity; i++) {
		if (i % 64 == 0 && getrandom(generations, sizeof generations, 0) < 0)
			return -errno;
		board->heads[i].stamp = stamp_make(generations[i % 64], 0, SLOT_FREE);
	}
	return 0;
}

static void fill_kind(struct layout_kinds *kinds)
{
	static const struct trackd_stage_def stages[] = {
		{ "extracting", 10 }, { "chunking", 25 },    { "embedding", 40 },
		{ "indexing", 70 },   { "summarizing", 85 },
	};
	static const char document[] = "document";
	struct layout_kind *kind = &kinds->kind[TRACKD_KIND_DOCUMENT];

	memcpy(kind->name, document, sizeof document);
	kind->n_stages = sizeof stages / sizeof stages[0];
	for (uint32_t i = 0; i < kind->n_stages; i++) {
		memcpy(kind->stages[i], stages[i].name, strlen(stages[i].name));
		kind->percent[i] = stages[i].percent;
	}
	kinds->n = 1;
}

static int fill(struct board *board, const struct segment_params *params)
{
	int error = fill_header(board, params);

	if (error == 0)
		error = fill_locks(board);
	if (error == 0)
		error = fill_stamps(board);
	if (error == 0)
		fill_kind(board->kinds);
	return error;
}

static int map_fd(struct board *board, int fd, bool writable, size_t size)
{
	/* Map one private page of zeros after the segment: it terminates a string that hostile
	 * bytes left without an end. */
	size_t whole = size + LAYOUT_PAGE;
	uint8_t *base =
		mmap(NULL, whole, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return -errno;
	int protection = PROT_READ | (writable ? PROT_WRITE : 0);
	if (mmap(base, size, protection, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) {
		int error = -errno;
		munmap(base, whole);
		return error;
	}
	/* Fewer page faults and TLB misses if the kernel has huge pages for shared memory;
	 * otherwise no effect. */
	(void)madvise(base, size, MADV_HUGEPAGE);
	board->base = base;
	board->size = size;
	board->fd = fd;
	board->writable = writable;
	return 0;
}

int segment_create(struct board *ret_board, const struct segment_params *params)
{
	struct board board = { .fd = -1,
			       .tasks_max = params->capacity,
			       .capacity = params->capacity + LAYOUT_SPARE,
			       .kinds_max = LAYOUT_KINDS };
	struct geometry g = { 0 };
	int error, fd;

	if (params->capacity < TRACKD_CAPACITY_MIN || params->capacity > TRACKD_CAPACITY_MAX)
		return -EINVAL;
	struct extent extent = extent_of(params->capacity);
	g = geometry_of(&extent);
	fd = open(SHM_DIR, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	/* Reserve all memory now: a full tmpfs must cause an error here, not a SIGBUS later. */
	error = -posix_fallocate(fd, 0, (off_t)g.size);
	if (error == 0)
		error = map_fd(&board, fd, true, g.size);
	if (error < 0 || !board.base)
		goto close_fd;
	board_place(&board, &g);
	geometry_write(&g, board.header);
	error = fill(&board, params);
	if (error < 0)
		goto unmap;
	board.number = board.header->number << 24;
	if ((params->gid != (gid_t)-1 && fchown(fd, (uid_t)-1, params->gid) < 0) ||
	    fchmod(fd, params->mode) < 0) {
		error = -errno;
		goto unmap;
	}
	*ret_board = board;
	return 0;

unmap:
	segment_unmap(&board);
	return error;
close_fd:
	close(fd);
	return error;
}

/* ---- Replacing ----------------------------------------------------------- */

void segment_close(struct board *board, enum layout_closed how)
{
	store_release(&board->header->closed, (uint32_t)how);
	/* After `closed`; pairs with the fence in attach_again(). */
	add_release(&board->header->daemon_epoch, 1);
	/* Pairs with the fence in produce.c between a commit and the load of `closed`: either the
	 * writer sees `closed`, or this process sees the commit from here on. */
	fence_full();
}

void segment_retire(struct board *board, enum layout_retired how)
{
	store_release(&board->header->retired, (uint32_t)how);
	/* As in segment_close(). */
	add_release(&board->header->daemon_epoch, 1);
}

static void punch(const struct board *board, const void *from, const void *to)
{
	const uint8_t *base = board->base;
	off_t start = (const uint8_t *)from - base, end = (const uint8_t *)to - base;

	(void)fallocate(board->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, start, end - start);
}

void segment_hollow(struct board *board)
{
	/* Clear the heads first: a reader that then finds zeros in a detail or an event detects
	 * this by the stamp or the event's check word. */
	punch(board, board->used_map, board->events);
	punch(board, board->events, board->bodies);
	punch(board, board->details, (const uint8_t *)board->base + board->size);
}

/* ---- Mapping ------------------------------------------------------------- */

/* Read the header with pread() before mapping: a truncated file cannot raise SIGBUS here. */
static int check_header(int fd, struct layout_header *header, struct geometry *g)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return TRACKD_E_DAMAGED;
	/* A read error does not mean that the board is damaged: the next read may succeed. */
	ssize_t n = pread(fd, header, sizeof *header, 0);
	if (n < 0)
		return -errno;
	if (n != (ssize_t)sizeof *header)
		return TRACKD_E_DAMAGED;
	if (header->magic != LAYOUT_MAGIC)
		return TRACKD_E_DAMAGED;
	if (header->major != LAYOUT_MAJOR || header->fingerprint != segment_fingerprint())
		return TRACKD_E_LAYOUT;
	if (header->capacity < TRACKD_CAPACITY_MIN || header->capacity > TRACKD_CAPACITY_MAX)
		return TRACKD_E_DAMAGED;
	bool mirror = (header->flags & LAYOUT_MIRROR) != 0;
	if (header->n_kinds < LAYOUT_KINDS || header->n_kinds > LAYOUT_KINDS_MAX ||
	    (header->n_hosts != 0 && !mirror) || header->n_hosts > LAYOUT_HOSTS_MAX ||
	    header->number == 0 || header->number > REF_NUMBERS || header->spare != LAYOUT_SPARE)
		return TRACKD_E_DAMAGED;
	struct extent extent = { header->capacity, header->flags, header->n_kinds,
				 header->n_hosts };
	*g = geometry_of(&extent);
	if (header->size != g->size || st.st_size < 0 || (uint64_t)st.st_size != g->size ||
	    !geometry_agrees(g, header))
		return TRACKD_E_DAMAGED;
	return 0;
}

int segment_map(struct board *ret_board, int fd, bool writable)
{
	struct board board = { .fd = -1 };
	struct layout_header header = { 0 };
	struct geometry g = { 0 };
	int error = check_header(fd, &header, &g);

	if (error == 0)
		error = map_fd(&board, fd, writable, g.size);
	if (error < 0)
		return error;
	board.tasks_max = header.capacity;
	board.capacity = header.capacity + LAYOUT_SPARE;
	board.hash_seed = header.hash_seed;
	board.number = header.number << 24;
	board.kinds_max = header.n_kinds;
	board_place(&board, &g);
	*ret_board = board;
	return 0;
}

void segment_vacate(struct board *board)
{
	if (mmap(board->base, board->size, PROT_READ,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		return;
	close(board->fd);
	board->fd = -1;
}

void segment_unmap(struct board *board)
{
	if (board->base)
		munmap(board->base, board->size + LAYOUT_PAGE);
	if (board->fd >= 0)
		close(board->fd);
	board->base = NULL;
	board->fd = -1;
}
