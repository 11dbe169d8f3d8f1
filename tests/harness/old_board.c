/* SPDX-License-Identifier: MIT */
/* A board of layout 2; see old_board.h. */
#include "libclient/segment/process.h"
#include "tests/harness/harness.h"
#include "tests/harness/old_layout.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void *old_head(const struct old_board *board, uint32_t slot)
{
	return head_of(board, slot);
}

void *old_body(const struct old_board *board, uint32_t slot)
{
	return body_of(board, slot);
}

void *old_detail(const struct old_board *board, uint32_t slot)
{
	return detail_of(board, slot);
}

void *old_board_header(const struct old_board *board, size_t offset)
{
	return board->base + offset;
}

uint32_t old_board_closed(const struct old_board *board)
{
	return LOAD(&header_of(board)->closed);
}

uint32_t old_board_retired(const struct old_board *board)
{
	return LOAD(&header_of(board)->retired);
}

uint32_t old_board_epoch(const struct old_board *board)
{
	return LOAD(&header_of(board)->daemon_epoch);
}

uint32_t old_board_tick(const struct old_board *board)
{
	return LOAD(&header_of(board)->tick);
}

/* ---- Making ---------------------------------------------------------------- */

static uint64_t fingerprint(void)
{
	static const uint32_t parts[] = {
		0x01020304, 2,    8,     sizeof(pthread_mutex_t),
		8,          64,   640,   1408,
		64,         64,   36928, 832,
		256,        4096, 65536,
	};
	const uint8_t *bytes = (const uint8_t *)parts;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < sizeof parts; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t place(uint64_t *at, uint64_t bytes)
{
	uint64_t offset = *at;

	*at = (offset + bytes + PAGE - 1) / PAGE * PAGE;
	return offset;
}

static void place_all(struct header *header, uint32_t capacity)
{
	uint64_t n = (uint64_t)capacity + SPARE, at = PAGE;

	header->kinds = place(&at, sizeof(struct kinds));
	header->clients = place(&at, CLIENTS * UINT64_C(64));
	header->id_stripes = place(&at, STRIPES * UINT64_C(64));
	header->owner_stripes = place(&at, STRIPES * UINT64_C(64));
	header->used_map = place(&at, (n + 63) / 64 * 8);
	header->id_buckets = place(&at, n * 4);
	header->owner_buckets = place(&at, n * 4);
	header->heads = place(&at, n * 64);
	header->events = place(&at, 65536 * UINT64_C(64));
	header->bodies = place(&at, n * 640);
	header->details = place(&at, n * 1408);
	header->size = at;
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void fill_header(struct header *header, uint32_t capacity)
{
	memcpy(header, "trackd\r\n", 8);
	header->major = 2;
	header->header_size = sizeof *header;
	header->capacity = capacity;
	header->fingerprint = fingerprint();
	harness_must(getrandom(&header->hash_seed, 8, 0) == 8 ? 0 : -errno, "getrandom");
	memcpy(header->board_id, &header->hash_seed, 8);
	harness_must(segment_boot_id(header->boot_id), "the boot's id");
	harness_must(segment_namespaces(&header->pid_ns, &header->time_ns), "namespaces");
	header->created_wall_ns = clock_ns(CLOCK_REALTIME);
	header->owner_uid = geteuid();
	header->spare = SPARE;
	header->wall_offset_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
	header->suspend_offset_ns = clock_ns(CLOCK_BOOTTIME) - clock_ns(CLOCK_MONOTONIC);
	header->ttl_ms = 3600 * 1000;
	header->active_ttl_ms = 24 * 3600 * 1000;
	header->daemon_epoch = 7;
}

static pthread_mutex_t *native(uint64_t mutex[6])
{
	return (pthread_mutex_t *)(void *)mutex;
}

static void make_mutex(uint64_t mutex[6])
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(native(mutex), &attributes);
	pthread_mutexattr_destroy(&attributes);
}

static void fill(struct old_board *board)
{
	static const char *const stages[] = { "extracting", "chunking", "embedding", "indexing",
					      "summarizing" };
	struct header *header = header_of(board);
	struct stripe *stripes = (void *)(board->base + header->id_stripes);
	struct stripe *owners = (void *)(board->base + header->owner_stripes);

	make_mutex(kinds_of(board)->mutex);
	for (uint32_t i = 0; i < STRIPES; i++) {
		make_mutex(stripes[i].mutex);
		make_mutex(owners[i].mutex);
	}
	for (uint32_t i = 0; i < board->capacity + SPARE; i++) {
		make_mutex(body_of(board, i)->mutex);
		head_of(board, i)->stamp = (uint64_t)(0xfff00000u + i) << 32 | FREE;
	}
	(void)old_kind(board, "document", stages, 5);
	memcpy(kinds_of(board)->kind[0].percent, "\x0a\x19\x28\x46\x55", 5);
}

static void map(struct old_board *board)
{
	board->base = mmap(NULL, board->size, PROT_READ | PROT_WRITE, MAP_SHARED, board->fd, 0);
	harness_must(board->base == MAP_FAILED ? -errno : 0, "mmap");
}

void old_board_make(struct old_board *ret_board, const char *name, uint32_t capacity)
{
	struct header header = { 0 };
	char path[128];

	place_all(&header, capacity);
	fill_header(&header, capacity);
	*ret_board = (struct old_board){ .size = header.size, .capacity = capacity };
	snprintf(ret_board->name, sizeof ret_board->name, "%s", name ? name : "");
	ret_board->fd = harness_must(memfd_create("old-board", MFD_CLOEXEC), "memfd_create");
	if (name) {
		close(ret_board->fd);
		snprintf(path, sizeof path, "/dev/shm%s", name);
		ret_board->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		harness_must(ret_board->fd < 0 ? -errno : 0, path);
	}
	harness_must(-posix_fallocate(ret_board->fd, 0, (off_t)header.size), "posix_fallocate");
	map(ret_board);
	memcpy(ret_board->base, &header, sizeof header);
	fill(ret_board);
}

void old_board_open(struct old_board *ret_board, const char *name)
{
	char path[128];
	struct stat st = { 0 };

	*ret_board = (struct old_board){ 0 };
	snprintf(path, sizeof path, "/dev/shm%s", name);
	ret_board->fd = open(path, O_RDWR | O_CLOEXEC);
	harness_must(ret_board->fd < 0 || fstat(ret_board->fd, &st) < 0 ? -errno : 0, path);
	snprintf(ret_board->name, sizeof ret_board->name, "%s", name);
	ret_board->size = (size_t)st.st_size;
	map(ret_board);
	ret_board->capacity = header_of(ret_board)->capacity;
}

void old_board_free(struct old_board *board)
{
	struct stat st;

	if (board->name[0] != '\0' && fstat(board->fd, &st) == 0 && st.st_nlink > 0)
		harness_unlink(board->name);
	munmap(board->base, board->size);
	close(board->fd);
}

/* ---- Tables ---------------------------------------------------------------- */

int old_kind(struct old_board *board, const char *name, const char *const *stages, uint32_t n)
{
	struct kinds *kinds = kinds_of(board);
	struct kind *kind = &kinds->kind[kinds->n];

	snprintf(kind->name, sizeof kind->name, "%s", name);
	kind->n_stages = n;
	for (uint32_t i = 0; i < n; i++) {
		snprintf(kind->stages[i], sizeof kind->stages[i], "%s", stages[i]);
		kind->percent[i] = (uint8_t)(100 * i / n);
	}
	STORE(&kinds->n, kinds->n + 1);
	return (int)kinds->n - 1;
}

uint64_t old_board_join(struct old_board *board, pid_t pid)
{
	struct client *client = client_of(board, (uint32_t)pid % CLIENTS);
	uint32_t generation = (uint32_t)(client->claim >> 32) + 1;

	STORE(&client->claim, (uint64_t)generation << 32 | (uint32_t)pid);
	harness_must(process_start_time(pid, &client->start_time), "the start of a process");
	process_describe(pid, &client->uid, client->comm);
	STORE(&client->ready, generation);
	return (uint64_t)generation << 32 | ((uint32_t)pid % CLIENTS + 1);
}
