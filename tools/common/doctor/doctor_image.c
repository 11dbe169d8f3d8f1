/* SPDX-License-Identifier: MIT */
/*
 * Reads a segment's sections with pread. The header decides whether they are read: its capacity
 * must be possible, and the file exactly as long as a segment of that capacity.
 */
#include "tools/common/doctor/doctor_image.h"
#include "libclient/segment/internal.h"
#include "libclient/trackd.h"
#include "tools/common/read_at.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const size_t element_bytes[IMAGE_N_SECTIONS] = {
#define ELEMENT_BYTES(name, bytes, n) [IMAGE_##name] = (bytes),
	IMAGE_SECTIONS(ELEMENT_BYTES)
#undef ELEMENT_BYTES
};

void image_offsets(uint32_t capacity, uint64_t ret_offset[IMAGE_N_SECTIONS])
{
	const uint64_t slots = (uint64_t)capacity + LAYOUT_SPARE;
	const uint64_t elements[IMAGE_N_SECTIONS] = {
#define ELEMENTS(name, bytes, n) [IMAGE_##name] = (n),
		IMAGE_SECTIONS(ELEMENTS)
#undef ELEMENTS
	};
	uint64_t at = LAYOUT_PAGE;

	for (int i = 0; i < IMAGE_N_SECTIONS; i++) {
		ret_offset[i] = at;
		at += element_bytes[i] * elements[i] + LAYOUT_PAGE - 1;
		at -= at % LAYOUT_PAGE;
	}
}

int image_fetch(const struct image *image, enum image_section section, uint64_t first, size_t n,
		void *to)
{
	size_t bytes = element_bytes[section] * n;
	ssize_t got = read_at(image->fd, to, bytes,
			      image->offset[section] + first * element_bytes[section]);

	if (got < 0)
		return (int)got;
	return (size_t)got == bytes ? 0 : -EIO;
}

/* Allocate and read a whole section. */
static int load(const struct image *image, enum image_section section, size_t n, void *ret_memory)
{
	void *memory = malloc(n * element_bytes[section]);
	int error = memory ? image_fetch(image, section, 0, n, memory) : -ENOMEM;

	if (error < 0) {
		free(memory);
		return error;
	}
	*(void **)ret_memory = memory;
	return 0;
}

static int load_sections(struct image *image)
{
	struct board *board = &image->board;
	uint32_t n = board->capacity;
	const struct {
		enum image_section section;
		size_t n;
		void *to;
	} wanted[] = {
		{ IMAGE_kinds, 1, &board->kinds },
		{ IMAGE_clients, LAYOUT_CLIENTS, &board->clients },
		{ IMAGE_id_stripes, LAYOUT_STRIPES, &board->id_stripes },
		{ IMAGE_owner_stripes, LAYOUT_STRIPES, &board->owner_stripes },
		{ IMAGE_family_stripes, LAYOUT_STRIPES, &board->family_stripes },
		{ IMAGE_used_map, ((size_t)n + 63) / 64, &board->used_map },
		{ IMAGE_id_buckets, n, &board->id_buckets },
		{ IMAGE_owner_buckets, n, &board->owner_buckets },
		{ IMAGE_heads, n, &board->heads },
	};
	int error = 0;

	for (size_t i = 0; error == 0 && i < sizeof wanted / sizeof wanted[0]; i++)
		error = load(image, wanted[i].section, wanted[i].n, wanted[i].to);
	return error;
}

static void look_around(struct image *image)
{
	uint64_t pid_ns, time_ns;

	image->same_pids =
		segment_namespaces(&pid_ns, &time_ns) == 0 && pid_ns == image->header.pid_ns;
}

int image_read(struct image *ret_image, int fd)
{
	struct image image = { .fd = fd, .board.fd = -1 };
	uint32_t capacity;

	if (fstat(fd, &image.st) < 0)
		return -errno;
	if (!S_ISREG(image.st.st_mode)) {
		*ret_image = image;
		return 0;
	}
	ssize_t got = read_at(fd, &image.header, sizeof image.header, 0);
	if (got < 0)
		return (int)got;
	int error = lock_init(&image.fresh_mutex);
	if (error < 0)
		return error;
	look_around(&image);
	capacity = image.header.capacity;
	image.whole = capacity >= TRACKD_CAPACITY_MIN && capacity <= TRACKD_CAPACITY_MAX &&
		      (uint64_t)image.st.st_size == segment_size(capacity);
	*ret_image = image;
	if (!image.whole)
		return 0;
	image_offsets(capacity, ret_image->offset);
	ret_image->board.tasks_max = capacity;
	ret_image->board.capacity = capacity + LAYOUT_SPARE;
	ret_image->board.kinds_max = LAYOUT_KINDS;
	ret_image->board.hash_seed = image.header.hash_seed;
	ret_image->board.header = &ret_image->header;
	error = load_sections(ret_image);
	if (error < 0)
		image_free(ret_image);
	return error;
}

void image_free(struct image *image)
{
	struct board *board = &image->board;

	free(board->kinds);
	free(board->clients);
	free(board->id_stripes);
	free(board->owner_stripes);
	free(board->family_stripes);
	free(board->used_map);
	free(board->id_buckets);
	free(board->owner_buckets);
	free(board->heads);
	*board = (struct board){ .fd = -1 };
}
