/* SPDX-License-Identifier: MIT */
/*
 * The kernel owns the file's pages: they survive a gateway that is killed, but perhaps not a power
 * failure. So the book records the boot in which it was written, and whether it was closed. It is
 * synced when it is opened and when it is closed, not for each ticket.
 */
#include "tools/trackd-http/auth/stream_token_book.h"
#include "tools/common/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BOOT_SIZE = 40, WORD_BITS = 64 };

static const char MAGIC[8] = "tickets1";

struct pages {
	char magic[sizeof MAGIC];
	char boot[BOOT_SIZE]; /* the host's boot id */
	uint64_t closed;      /* 1: everything that was written is on the disk */
	uint64_t run;         /* random */
	uint64_t last;        /* number of the newest ticket */
	uint64_t opened[STREAM_TOKEN_BOOK_SIZE /
			WORD_BITS]; /* one bit per ticket, at number % STREAM_TOKEN_BOOK_SIZE */
};

struct stream_token_book {
	struct pages *pages;
	int fd; /* -1: in memory only */
};

/* ---- The file ----------------------------------------------------------- */

static void boot_read(char ret_boot[BOOT_SIZE])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	memset(ret_boot, 0, BOOT_SIZE);
	if (fd < 0)
		return;
	if (read(fd, ret_boot, BOOT_SIZE - 1) < 0)
		ret_boot[0] = '\0';
	close(fd);
}

/* Whether the book cannot have lost any writes. */
static bool is_whole(const struct pages *pages)
{
	char boot[BOOT_SIZE];

	boot_read(boot);
	return memcmp(pages->magic, MAGIC, sizeof MAGIC) == 0 &&
	       (pages->closed == 1 ||
		(boot[0] != '\0' && memcmp(pages->boot, boot, sizeof boot) == 0));
}

static int begin_new_run(struct pages *pages)
{
	uint64_t run;

	if (getrandom(&run, sizeof run, 0) != (ssize_t)sizeof run)
		return -EIO;
	memset(pages, 0, sizeof *pages);
	pages->run = run;
	memcpy(pages->magic, MAGIC, sizeof MAGIC);
	return 0;
}

/* Accept only a regular file of our user that others cannot write, and give it its size. If the
 * file were truncated, processes that have mapped it would crash. */
static int file_fit(int fd, bool alone)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return -errno;
	if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
	    (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return -EPERM;
	bool fits = status.st_size == (off_t)sizeof(struct pages);
	if (!alone)
		return fits ? 0 : -EBUSY;
	if (!fits && ftruncate(fd, 0) != 0)
		return -errno;
	return -posix_fallocate(fd, 0, (off_t)sizeof(struct pages));
}

static int file_open(const char *path, bool *ret_alone)
{
	int error, fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd < 0)
		return -errno;
	*ret_alone = flock(fd, LOCK_EX | LOCK_NB) == 0;
	if (!*ret_alone)
		(void)flock(fd, LOCK_SH);
	error = file_fit(fd, *ret_alone);
	if (error == 0)
		return fd;
	close(fd);
	return error;
}

/* Begin a new book if needed, under the file's lock. A second process finds the book ready. */
static int pages_begin(struct pages *pages, bool alone)
{
	int error = 0;

	if (!alone)
		return memcmp(pages->magic, MAGIC, sizeof MAGIC) == 0 ? 0 : -EBUSY;
	if (!is_whole(pages))
		error = begin_new_run(pages);
	boot_read(pages->boot);
	pages->closed = 0;
	if (error == 0 && msync(pages, sizeof *pages, MS_SYNC) != 0)
		error = -errno;
	return error;
}

static int file_map(struct stream_token_book *book, const char *path)
{
	bool alone = false;
	int error, fd = file_open(path, &alone);

	if (fd < 0)
		return fd;
	book->pages = mmap(NULL, sizeof *book->pages, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	error = book->pages == MAP_FAILED ? -errno : pages_begin(book->pages, alone);
	if (error == 0 && (!alone || flock(fd, LOCK_SH) == 0)) {
		book->fd = fd;
		return 0;
	}
	if (book->pages != MAP_FAILED)
		munmap(book->pages, sizeof *book->pages);
	close(fd);
	return error ? error : -EIO;
}

/* ---- Opening and closing ------------------------------------------------ */

static int memory_map(struct stream_token_book *book)
{
	book->fd = -1;
	book->pages = mmap(NULL, sizeof *book->pages, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return book->pages == MAP_FAILED ? -ENOMEM : begin_new_run(book->pages);
}

int stream_token_book_open(const char *path, struct stream_token_book **ret_book)
{
	struct stream_token_book *book = calloc(1, sizeof *book);
	int error;

	if (!book)
		return -ENOMEM;
	error = file_map(book, path);
	if (error != 0) {
		log_warning("%s: %s; streams opened with tickets will not resume after a restart",
			    path, strerror(-error));
		error = memory_map(book);
	}
	if (error == 0)
		*ret_book = book;
	else
		free(book);
	return error;
}

void stream_token_book_close(struct stream_token_book *book)
{
	if (!book)
		return;
	/* Only the last process that has it open marks it as closed. */
	if (book->fd >= 0 && flock(book->fd, LOCK_EX | LOCK_NB) == 0 &&
	    msync(book->pages, sizeof *book->pages, MS_SYNC) == 0)
		book->pages->closed = 1;
	munmap(book->pages, sizeof *book->pages);
	if (book->fd >= 0)
		close(book->fd);
	free(book);
}

/* ---- Tickets ------------------------------------------------------------ */

static uint64_t *word_of(const struct stream_token_book *book, uint64_t number, uint64_t *ret_bit)
{
	uint64_t place = number % STREAM_TOKEN_BOOK_SIZE;

	*ret_bit = UINT64_C(1) << place % WORD_BITS;
	return &book->pages->opened[place / WORD_BITS];
}

uint64_t stream_token_book_run(const struct stream_token_book *book)
{
	return book->pages->run;
}

uint64_t stream_token_book_add(struct stream_token_book *book)
{
	uint64_t number = __atomic_add_fetch(&book->pages->last, 1, __ATOMIC_ACQ_REL), bit;
	uint64_t *word = word_of(book, number, &bit);

	__atomic_fetch_and(word, ~bit, __ATOMIC_ACQ_REL);
	return number;
}

enum stream_token_state stream_token_book_state(const struct stream_token_book *book, uint64_t run,
						uint64_t number)
{
	uint64_t last = __atomic_load_n(&book->pages->last, __ATOMIC_ACQUIRE), bit;

	if (run != book->pages->run || number == 0 || number > last ||
	    last - number >= STREAM_TOKEN_BOOK_SIZE)
		return STREAM_TOKEN_UNKNOWN;
	return __atomic_load_n(word_of(book, number, &bit), __ATOMIC_ACQUIRE) & bit
		       ? STREAM_TOKEN_OPENED
		       : STREAM_TOKEN_UNOPENED;
}

void stream_token_book_mark(struct stream_token_book *book, uint64_t number)
{
	uint64_t bit, *word = word_of(book, number, &bit);

	__atomic_fetch_or(word, bit, __ATOMIC_ACQ_REL);
}
