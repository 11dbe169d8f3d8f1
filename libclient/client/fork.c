/* SPDX-License-Identifier: MIT */
/*
 * A connection after fork(). The part that is private to one process lies on pages that the kernel
 * wipes in the child (MADV_WIPEONFORK). So the child's locks are free, whatever the parent's
 * threads held, its next check is due, and it is not attached. The child's first call settles the
 * connection: it discards inherited descriptors and worker entries. Its first writing call attaches
 * it as a new client. If the child forks in the middle of either, the grandchild again has wiped
 * pages and starts over.
 */
#include "libclient/client/client.h"
#include "libclient/record/worker.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/namespace.h"
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- Memory ---------------------------------------------------------------- */

static_assert(offsetof(struct trackd, mapping) == CONNECTION_OWN, "the kernel wipes whole pages");

int connection_new(struct trackd **ret_trackd)
{
	struct trackd *trackd = mmap(NULL, sizeof *trackd, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (trackd == MAP_FAILED)
		return -errno;
	if (madvise(trackd, CONNECTION_OWN, MADV_WIPEONFORK) < 0) {
		int error = -errno;
		(void)munmap(trackd, sizeof *trackd);
		return error;
	}
	trackd->socket = trackd->epoll = trackd->timer = -1;
	*ret_trackd = trackd;
	return 0;
}

void connection_free(struct trackd *trackd)
{
	(void)munmap(trackd, sizeof *trackd);
}

/* ---- The turn -------------------------------------------------------------- */

void turn_take(struct trackd *trackd)
{
	local_lock_take(&trackd->turn);
}

bool turn_try(struct trackd *trackd)
{
	return local_lock_try(&trackd->turn);
}

void turn_drop(struct trackd *trackd)
{
	local_lock_drop(&trackd->turn);
}

/* ---- In the child ---------------------------------------------------------- */

/* Discard the parent's state: descriptors, entries in client tables, namespaces. Older mappings are
 * included, because views may use them. The caller holds the turn. */
static void settle(struct trackd *trackd)
{
	struct mapping *present = load_acquire(&trackd->mapping);

	if (load_relaxed(&trackd->mark) != MARK_CHILD)
		return;
	link_forget(trackd);
	for (struct mapping *m = present; m; m = m->older) {
		store_relaxed(&m->worker, 0);
		if (m->board.fd >= 0) /* not vacated */
			namespace_compare(&m->board);
	}
	store_relaxed(&trackd->epoch, load_relaxed(&present->board.header->daemon_epoch));
	/* Pairs with the acquire in fork_settle(). */
	store_release(&trackd->mark, MARK_SETTLED);
}

void fork_settle(struct trackd *trackd)
{
	if (load_acquire(&trackd->mark) != MARK_CHILD)
		return;
	turn_take(trackd);
	settle(trackd);
	turn_drop(trackd);
}

int refuse_namespace(struct trackd *trackd, struct board *board)
{
	if (!trackd->refused)
		add_relaxed(&board->header->counters.attach_refused, 1);
	trackd->refused = true;
	return TRACKD_E_NAMESPACE;
}

/* The caller holds the turn, so the mapping stays the current one. 1: newly attached. */
static int attach(struct trackd *trackd, struct mapping *mapping)
{
	uint64_t worker = 0;

	if (load_relaxed(&trackd->mark) == MARK_ATTACHED)
		return 0;
	namespace_compare(&mapping->board);
	if (namespace_foreign(&mapping->board))
		return refuse_namespace(trackd, &mapping->board);
	int error = claim_worker(trackd, &mapping->board, &worker);
	if (error < 0)
		return error;
	store_relaxed(&mapping->worker, worker);
	store_relaxed(&trackd->epoch, load_relaxed(&mapping->board.header->daemon_epoch));
	store_release(&trackd->mark, MARK_ATTACHED);
	return 1;
}

int fork_attach(struct trackd *trackd)
{
	turn_take(trackd);
	settle(trackd);
	struct mapping *mapping = load_acquire(&trackd->mapping);
	int error = attach(trackd, mapping);
	turn_drop(trackd);
	if (error == 1)
		link_introduce(trackd, mapping);
	return error < 0 ? error : 0;
}

void fork_look(struct trackd *trackd, struct mapping *mapping)
{
	uint32_t attached = MARK_ATTACHED;

	if (namespace_look(&mapping->board))
		(void)cas_acq_rel(&trackd->mark, &attached, MARK_SETTLED);
}

/* ---- The worker entry ------------------------------------------------------ */

int claim_worker(const struct trackd *trackd, struct board *board, uint64_t *ret_worker)
{
	if (trackd->flags & TRACKD_OPEN_NO_WORKER)
		return 0;
	return worker_claim(board, trackd->worker_pid ? trackd->worker_pid : getpid(), ret_worker);
}
