/* SPDX-License-Identifier: MIT */
/* The snapshot as a file: written under a temporary name and renamed; read frame by frame. */
#include "daemon/board/snapshot.h"
#include "daemon/board/task.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include "tools/common/thread.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static void file_name(char name[128], const struct snapshot_place *place, const char *suffix)
{
	snprintf(name, 128, "%.60s.snapshot%s", place->board + 1, suffix);
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
	header.board_number = from->number;
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

/* Write all tasks, oldest first. Returns their number. */
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
			continue; /* it was removed meanwhile */
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

/* Create a file next to the snapshot: returns a descriptor and its name, or -errno. Usually
 * NAME.new; if another user who may write to the directory has taken that name, a random one. */
static int open_beside(int dir, const struct snapshot_place *place, char ret_name[128])
{
	static const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	char suffix[32];
	uint64_t number;
	int fd;

	file_name(ret_name, place, ".new");
	(void)unlinkat(dir, ret_name, 0); /* left by a daemon that was killed */
	fd = openat(dir, ret_name, flags, 0600);
	if (fd >= 0 || errno != EEXIST)
		return fd < 0 ? -errno : fd;
	if (getrandom(&number, sizeof number, 0) < 0)
		return -errno;
	snprintf(suffix, sizeof suffix, ".new-%016lx", number);
	file_name(ret_name, place, suffix);
	fd = openat(dir, ret_name, flags, 0600);
	return fd < 0 ? -errno : fd;
}

int snapshot_try(const struct snapshot_place *place)
{
	static const uint8_t page[SNAPSHOT_FRAME_MAX];
	int dir = open_dir(place);
	char beside[128];
	int error = 0;

	if (dir < 0)
		return dir;
	int fd = open_beside(dir, place, beside);
	if (fd >= 0) {
		if (write(fd, page, sizeof page) < 0)
			error = -errno;
		close(fd);
		(void)unlinkat(dir, beside, 0);
	}
	close(dir);
	return fd < 0 ? fd : error;
}

int64_t snapshot_write(struct board *board, const struct snapshot_place *place)
{
	char name[128], beside[128];
	int64_t n;
	int fd, dir = open_dir(place);

	if (dir < 0)
		return dir;
	file_name(name, place, "");
	fd = open_beside(dir, place, beside);
	if (fd < 0) {
		n = fd;
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
	int error;

	if (job->running)
		return -EBUSY;
	job->board = board;
	job->place = *place;
	error = thread_start(&job->thread, job_main, job);
	if (error < 0)
		return error;
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

/* Trust files of this user, of root, and of the directory's owner, who could overwrite this user's
 * files too. */
static bool is_trusted(int dir, const struct stat *file)
{
	struct stat st;

	return file->st_uid == geteuid() || file->st_uid == 0 ||
	       (fstat(dir, &st) == 0 && st.st_uid == file->st_uid);
}

static int open_kept(const struct snapshot_place *place)
{
	char name[128];
	struct stat st = { 0 };
	int fd, error, dir = open_dir(place);

	if (dir < 0)
		return dir;
	file_name(name, place, "");
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	error = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;
	if (error == 0 && !is_trusted(dir, &st))
		error = -EPERM;
	if (error == 0 && !S_ISREG(st.st_mode))
		error = -EBADMSG;
	close(dir);
	if (error < 0 && fd >= 0)
		close(fd);
	return error < 0 ? error : fd;
}

int snapshot_open(struct snapshot_reader *reader, const struct snapshot_place *place)
{
	ssize_t n;
	int error, fd = open_kept(place);

	if (fd < 0)
		return fd;
	memset(reader, 0, sizeof *reader);
	reader->fd = fd;
	n = read(fd, &reader->header, sizeof reader->header);
	if (n < 0)
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

/* Read until the buffer is full or the file ends. -errno, or 0. */
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
		/* Search for the next valid frame; frames begin at multiples of 8. */
		reader->bad += !reader->in_bad;
		reader->in_bad = true;
		reader->start += left < 8 ? left : 8;
	}
}

/* Whether both names lead to one file. */
static bool same_file(int dir, const char *a, const char *b)
{
	struct stat sa, sb;

	return fstatat(dir, a, &sa, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(dir, b, &sb, AT_SYMLINK_NOFOLLOW) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

/* Give a file a second name. If the file system does not support links, rename it. -EEXIST: another
 * file has the name. */
static int add_name(int dir, const char *name, const char *aside)
{
	if (linkat(dir, name, dir, aside, 0) == 0 ||
	    (errno == EEXIST && same_file(dir, name, aside)))
		return 0;
	if (errno == EPERM || errno == EOPNOTSUPP || errno == EMLINK)
		return renameat2(dir, name, dir, aside, RENAME_NOREPLACE) < 0 ? -errno : 0;
	return -errno;
}

int snapshot_set_aside(const struct snapshot_place *place, char ret_name[128])
{
	char name[128], suffix[32];
	int error = -EEXIST, dir = open_dir(place);

	if (dir < 0)
		return dir;
	file_name(name, place, "");
	for (int i = 1; error == -EEXIST && i <= SNAPSHOT_ASIDE_MAX; i++) {
		snprintf(suffix, sizeof suffix, i == 1 ? ".corrupt" : ".corrupt.%d", i);
		file_name(ret_name, place, suffix);
		error = add_name(dir, name, ret_name);
	}
	if (error == 0 && fsync(dir) < 0)
		error = -errno;
	close(dir);
	return error;
}
