/* SPDX-License-Identifier: MIT */
/* The snapshot as a file: written beside and renamed, read frame by frame. */
#include "snapshot.h"
#include "atomic.h"
#include "kind.h"
#include "task.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum name_kind { NAME_KEPT, NAME_NEW, NAME_CORRUPT };

static void file_name(char *name, size_t size, const struct snapshot_place *place,
		      enum name_kind kind)
{
	static const char *const suffixes[] = {
		[NAME_KEPT] = "", [NAME_NEW] = ".new", [NAME_CORRUPT] = ".corrupt"
	};

	snprintf(name, size, "%s.snapshot%s", place->board + 1, suffixes[kind]);
}

static int open_dir(const struct snapshot_place *place)
{
	int fd = open(place->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* ---- Writing ------------------------------------------------------------ */

struct writer {
	int fd;
	int error;
	size_t used;
	struct snapshot_item item;
	uint8_t buffer[16 * SNAPSHOT_FRAME_MAX];
};

static void flush_bytes(struct writer *writer)
{
	size_t done = 0;

	while (writer->error == 0 && done < writer->used) {
		ssize_t n = write(writer->fd, writer->buffer + done, writer->used - done);
		if (n < 0 && errno != EINTR)
			writer->error = -errno;
		else if (n > 0)
			done += (size_t)n;
	}
	writer->used = 0;
}

static void put_item(struct writer *writer, enum snapshot_type type)
{
	if (sizeof writer->buffer - writer->used < SNAPSHOT_FRAME_MAX)
		flush_bytes(writer);
	writer->item.type = type;
	writer->used += snapshot_encode(writer->buffer + writer->used, &writer->item);
}

static void put_header(struct writer *writer, const struct board *board)
{
	const struct layout_header *from = board->header;
	struct snapshot_header header = { 0 };

	memcpy(header.boot_id, from->boot_id, sizeof header.boot_id);
	memcpy(header.board_id, from->board_id, sizeof header.board_id);
	header.pid_ns = from->pid_ns;
	header.wall_offset_ns = load_relaxed(&from->wall_offset_ns);
	header.written_ns = clock_wall_ns();
	snapshot_seal(&header);
	memcpy(writer->buffer, &header, sizeof header);
	writer->used = sizeof header;
}

static void put_kinds(struct writer *writer, const struct board *board)
{
	for (unsigned i = 0; i < LAYOUT_KINDS; i++) {
		if (kind_get(board, (int)i, &writer->item.kind) < 0)
			break;
		writer->item.number = i;
		put_item(writer, SNAPSHOT_KIND);
	}
	writer->item.number = 0;
}

/* Every task that is there, oldest first. Number of them. */
static int64_t put_tasks(struct writer *writer, const struct board *board)
{
	uint32_t *slots;
	int64_t n = task_order(board, &slots), written = 0;
	struct trackd_ref ref;

	if (n < 0)
		return n;
	for (int64_t i = 0; i < n && writer->error == 0; i++) {
		if (!task_at(board, slots[i], &ref) ||
		    task_copy(board, ref, &writer->item.task) < 0)
			continue; /* it went meanwhile */
		put_item(writer, SNAPSHOT_TASK);
		written++;
	}
	free(slots);
	return written;
}

static int64_t write_all(int fd, const struct board *board)
{
	struct writer *writer = calloc(1, sizeof *writer);
	int64_t n;

	if (!writer)
		return -ENOMEM;
	writer->fd = fd;
	put_header(writer, board);
	put_kinds(writer, board);
	n = put_tasks(writer, board);
	if (n >= 0) {
		writer->item.n_tasks = (uint64_t)n;
		put_item(writer, SNAPSHOT_END);
		flush_bytes(writer);
		if (writer->error == 0 && fsync(fd) < 0)
			writer->error = -errno;
		if (writer->error < 0)
			n = writer->error;
	}
	free(writer);
	return n;
}

int64_t snapshot_write(struct board *board, const struct snapshot_place *place)
{
	char name[128], beside[128];
	int64_t n;
	int fd, dir = open_dir(place);

	if (dir < 0)
		return dir;
	file_name(name, sizeof name, place, NAME_KEPT);
	file_name(beside, sizeof beside, place, NAME_NEW);
	fd = openat(dir, beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		n = -errno;
		goto close_dir;
	}
	n = write_all(fd, board);
	if (close(fd) < 0 && n >= 0)
		n = -errno;
	if (n >= 0 && renameat(dir, beside, dir, name) < 0)
		n = -errno;
	if (n < 0)
		(void)unlinkat(dir, beside, 0);
	else if (fsync(dir) < 0)
		n = -errno;
	if (n >= 0)
		store_relaxed(&board->header->snapshot_wall_ns, clock_wall_ns());
close_dir:
	close(dir);
	return n;
}

/* ---- In a thread -------------------------------------------------------- */

static void *job_main(void *argument)
{
	static const uint64_t one = 1;
	struct snapshot_job *job = argument;

	job->result = snapshot_write(job->board, &job->place);
	(void)!write(job->event_fd, &one, sizeof one);
	return NULL;
}

int snapshot_begin(struct snapshot_job *job, struct board *board,
		   const struct snapshot_place *place)
{
	sigset_t all, before;
	int error;

	if (job->running)
		return -EBUSY;
	job->board = board;
	job->place = *place;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&job->thread, NULL, job_main, job);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0)
		return -error;
	job->running = true;
	return 0;
}

int64_t snapshot_end(struct snapshot_job *job)
{
	uint64_t count;

	if (!job->running)
		return -ENOENT;
	pthread_join(job->thread, NULL);
	(void)!read(job->event_fd, &count, sizeof count);
	job->running = false;
	return job->result;
}

/* ---- Reading ------------------------------------------------------------ */

int snapshot_open(struct snapshot_reader *reader, const struct snapshot_place *place)
{
	char name[128];
	struct stat st;
	ssize_t n;
	int error, dir = open_dir(place);

	if (dir < 0)
		return dir;
	memset(reader, 0, sizeof *reader);
	file_name(name, sizeof name, place, NAME_KEPT);
	reader->fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	error = reader->fd < 0 ? -errno : 0;
	close(dir);
	if (error < 0)
		return error;
	n = read(reader->fd, &reader->header, sizeof reader->header);
	if (fstat(reader->fd, &st) < 0 || !S_ISREG(st.st_mode))
		error = -EBADMSG;
	else if (n < 0)
		error = -errno;
	else
		error = (size_t)n < sizeof reader->header ? -EBADMSG
							  : snapshot_check(&reader->header);
	if (error < 0)
		snapshot_close(reader);
	return error;
}

void snapshot_close(struct snapshot_reader *reader)
{
	close(reader->fd);
	reader->fd = -1;
}

/* Have as many bytes in the buffer as fit. -errno, or 0. */
static int fill_buffer(struct snapshot_reader *reader)
{
	if (reader->end - reader->start >= SNAPSHOT_FRAME_MAX)
		return 0;
	memmove(reader->buffer, reader->buffer + reader->start, reader->end - reader->start);
	reader->end -= reader->start;
	reader->start = 0;
	while (reader->end < sizeof reader->buffer) {
		ssize_t n = read(reader->fd, reader->buffer + reader->end,
				 sizeof reader->buffer - reader->end);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		reader->end += (size_t)n;
	}
	return 0;
}

int snapshot_next(struct snapshot_reader *reader, struct snapshot_item *ret_item)
{
	for (;;) {
		int error = fill_buffer(reader);
		if (error < 0)
			return error;
		size_t left = reader->end - reader->start;
		if (left == 0)
			return 0;
		int used = snapshot_decode(reader->buffer + reader->start, left, ret_item);
		if (used > 0) {
			reader->start += (size_t)used;
			reader->in_bad = false;
			if (ret_item->type != SNAPSHOT_END)
				return 1;
			reader->complete = true;
			reader->expected = ret_item->n_tasks;
			continue;
		}
		/* Look for the next frame that verifies; frames begin at multiples of 8. */
		reader->bad += !reader->in_bad;
		reader->in_bad = true;
		reader->start += left < 8 ? left : 8;
	}
}

void snapshot_set_aside(const struct snapshot_place *place)
{
	char name[128], corrupt[128];
	int dir = open_dir(place);

	if (dir < 0)
		return;
	file_name(name, sizeof name, place, NAME_KEPT);
	file_name(corrupt, sizeof corrupt, place, NAME_CORRUPT);
	(void)renameat(dir, name, dir, corrupt);
	close(dir);
}
