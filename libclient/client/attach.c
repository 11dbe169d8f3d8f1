/* SPDX-License-Identifier: MIT */
/*
 * Attaching to a board: through the daemon, or by name if no daemon answers. follow.c switches from
 * a replaced board to its successor.
 */
#include "libclient/client/client.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/namespace.h"
#include "libclient/segment/offsets.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_writer(const struct trackd *trackd)
{
	return (trackd->flags & TRACKD_OPEN_WRITE) != 0;
}

/* ---- Finding the board --------------------------------------------------- */

/* The board must belong to the owner of the socket's directory. */
int attach_open_by_name(const struct trackd *trackd)
{
	uid_t uid;
	int error = board_address_owner(&trackd->address, &uid);

	return error < 0 ? error : segment_open(trackd->address.board, is_writer(trackd), uid);
}

/* A process that may not connect to the socket may still be permitted by the board's mode. */
bool attach_means_no_daemon(int error)
{
	return error == -EACCES || error == -ENOENT || error == -ECONNREFUSED ||
	       error == -ENOTDIR || error == -ETIMEDOUT || error == -EAGAIN ||
	       error == -ECONNRESET || error == -EPIPE;
}

/* Get a descriptor of the board, and a socket if the daemon answered; otherwise *ret_socket is
 * -1. */
static int find_board(struct trackd *trackd, int *ret_fd, int *ret_socket)
{
	int error = -ENOENT;

	*ret_socket = -1;
	if (!(trackd->flags & TRACKD_OPEN_NO_DAEMON))
		error = link_receive_board(trackd, ret_fd, ret_socket);
	if (!attach_means_no_daemon(error))
		return error;
	int fd = attach_open_by_name(trackd);
	if (fd == -ENOENT || fd == -ENOTDIR)
		return TRACKD_E_NO_BOARD;
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

/* ---- Mapping it ---------------------------------------------------------- */

/* Use mmap(), as for the connection: a leak checker does not search the connection's mapping and
 * would report a malloc()ed block as lost. */
static struct mapping *mapping_new(void)
{
	void *mapping = mmap(NULL, sizeof(struct mapping), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mapping == MAP_FAILED ? NULL : mapping;
}

static void mapping_free(struct mapping *mapping)
{
	(void)munmap(mapping, sizeof *mapping);
}

int attach_map(const struct trackd *trackd, int fd, struct mapping **ret_mapping)
{
	struct mapping *mapping = mapping_new();
	int error = -ENOMEM;

	if (!mapping)
		goto close_fd;
	error = segment_map(&mapping->board, fd, is_writer(trackd));
	if (error < 0)
		goto free_mapping;
	namespace_compare(&mapping->board);
	/* A process that has not attached yet attaches at its first writing call. */
	if (load_relaxed(&trackd->mark) == MARK_ATTACHED && !namespace_foreign(&mapping->board))
		error = claim_worker(trackd, &mapping->board, &mapping->worker);
	if (error < 0)
		goto unmap;
	offsets_check(&mapping->board);
	*ret_mapping = mapping;
	return 0;

unmap:
	segment_unmap(&mapping->board);
	mapping_free(mapping);
	return error;
free_mapping:
	mapping_free(mapping);
close_fd:
	close(fd);
	return error;
}

void attach_use(struct trackd *trackd, struct mapping *mapping)
{
	mapping->older = load_relaxed(&trackd->mapping);
	store_relaxed(&trackd->epoch, load_relaxed(&mapping->board.header->daemon_epoch));
	if (namespace_foreign(&mapping->board))
		fork_look(trackd, mapping);
	/* Pairs with the acquire wherever a call loads the mapping. */
	store_release(&trackd->mapping, mapping);
}

/* A producer must be in the board's namespaces. */
static int check_namespaces(struct trackd *trackd, struct mapping *mapping)
{
	if (!is_writer(trackd) || !namespace_foreign(&mapping->board))
		return 0;
	return refuse_namespace(trackd, &mapping->board);
}

static void drop_mapping(struct mapping *mapping)
{
	segment_unmap(&mapping->board);
	mapping_free(mapping);
}

int attach_open(struct trackd *trackd)
{
	struct mapping *mapping;
	int fd = -1, socket = -1;
	int error = find_board(trackd, &fd, &socket);

	if (error < 0)
		return error;
	store_relaxed(&trackd->mark, is_writer(trackd) ? MARK_ATTACHED : MARK_SETTLED);
	error = attach_map(trackd, fd, &mapping);
	if (error < 0)
		goto close_socket;
	error = check_namespaces(trackd, mapping);
	if (error < 0)
		goto free_mapping;
	attach_use(trackd, mapping);
	if (socket >= 0)
		link_keep(trackd, socket, mapping);
	return 0;

free_mapping:
	drop_mapping(mapping);
close_socket:
	if (socket >= 0)
		close(socket);
	return error;
}

void attach_close(struct trackd *trackd)
{
	struct mapping *mapping = trackd->mapping;

	if (load_acquire(&trackd->mark) == MARK_CHILD)
		link_forget(trackd);
	else
		link_close(trackd);
	while (mapping) {
		struct mapping *older = mapping->older;
		drop_mapping(mapping);
		mapping = older;
	}
}

/* ---- Writing ------------------------------------------------------------- */

/* If another daemon has taken over the board, introduce this process to it. */
static void check_daemon(struct trackd *trackd, const struct mapping *mapping)
{
	uint32_t epoch = load_relaxed(&mapping->board.header->daemon_epoch);
	uint32_t known = load_relaxed(&trackd->epoch);

	if (epoch != known && cas_relaxed(&trackd->epoch, &known, epoch))
		link_introduce(trackd, mapping);
}

int attach_again(struct trackd *trackd, struct mapping **ret_mapping)
{
	uint64_t deadline = clock_monotonic_ns() + trackd->timeout_ns;

	if (!is_writer(trackd))
		return TRACKD_E_READ_ONLY;
	for (;;) {
		struct mapping *mapping = load_acquire(&trackd->mapping);
		int error = 0;

		/* `closed` and `retired` must be loaded after the epoch; pairs with the release of
		 * the epoch in segment_close() and segment_retire(). */
		fence_acquire();
		if (load_acquire(&trackd->mark) != MARK_ATTACHED)
			error = fork_attach(trackd);
		if (error == 0)
			error = follow_wait(trackd, mapping, deadline);
		if (error < 0)
			return error;
		if (load_acquire(&trackd->mapping) != mapping)
			continue; /* the new board may have been replaced too */
		check_daemon(trackd, mapping);
		*ret_mapping = mapping;
		return 0;
	}
}
