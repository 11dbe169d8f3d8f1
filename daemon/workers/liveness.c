/* SPDX-License-Identifier: MIT */
/* The map of workers and their pidfds. The pidfds are in a separate epoll set, so one turn of the
 * event loop takes all deaths at once, and thousands of workers are one event source. */
#include "daemon/workers/liveness.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include "tools/common/log.h"
#include "tools/common/loop_source.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BATCH = 64, POLL_USEC = 1000000 };

/* The data of an epoll event: entry and generation, so that an old event does not match the entry's
 * next worker. */
static uint64_t key_make(uint32_t entry, uint32_t generation)
{
	return (uint64_t)generation << 32 | entry;
}

struct liveness_entry {
	bool used;
	int pidfd; /* -1: none */
	struct worker_info worker;
};

static int open_pidfd(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

/* ---- The map ------------------------------------------------------------ */

static void forget(struct liveness *liveness, struct liveness_entry *entry)
{
	if (!entry->used)
		return;
	if (entry->pidfd >= 0) {
		/* close() removes it from the epoll set only if no other process holds a copy, and
		 * the service manager may hold one. */
		(void)epoll_ctl(liveness->epoll, EPOLL_CTL_DEL, entry->pidfd, NULL);
		kept_descriptor_drop(liveness->notify, KEPT_WORKER, entry->worker.entry,
				     entry->worker.generation);
		close(entry->pidfd);
		liveness->n_watched--;
	} else {
		liveness->n_unwatched--;
	}
	entry->used = false;
}

static void died(struct liveness *liveness, struct liveness_entry *entry)
{
	struct worker_info worker = entry->worker;

	forget(liveness, entry);
	dead_workers_add(liveness->dead_workers, &worker);
}

/* While there are workers without a pidfd, check them once a second. */
static void poll_unwatched(struct liveness *liveness)
{
	if (liveness->n_unwatched == 0)
		return;
	(void)loop_timer_set(liveness->timer, POLL_USEC);
}

/* Watch a worker by its pidfd (-1: none). Takes ownership of pidfd. */
static void watch(struct liveness *liveness, const struct worker_info *worker, int pidfd)
{
	struct liveness_entry *entry = &liveness->entries[worker->entry];
	struct epoll_event event = { .events = EPOLLIN,
				     .data.u64 = key_make(worker->entry, worker->generation) };

	forget(liveness, entry);
	if (pidfd >= 0 && epoll_ctl(liveness->epoll, EPOLL_CTL_ADD, pidfd, &event) < 0) {
		close(pidfd);
		pidfd = -1;
	}
	*entry = (struct liveness_entry){ .used = true, .pidfd = pidfd, .worker = *worker };
	if (pidfd >= 0) {
		liveness->n_watched++;
		kept_descriptor_add(liveness->notify, KEPT_WORKER, worker->entry,
				    worker->generation, pidfd);
		return;
	}
	if (liveness->n_unwatched++ == 0)
		log_warning("no descriptor left to watch worker %d; raise LimitNOFILE. trackd "
			    "checks it "
			    "once a second instead",
			    worker->pid);
	poll_unwatched(liveness);
}

/* Watch a new worker. Its pid may have been reused: open the pidfd first and compare the start time
 * afterwards, so that the watched process is the one that was compared. */
static void track_worker(struct liveness *liveness, const struct worker_info *worker)
{
	int pidfd = open_pidfd(worker->pid);
	bool dead = pidfd == -ESRCH || process_dead(worker->pid, worker->start_time);

	if (!dead) {
		watch(liveness, worker, pidfd);
		return;
	}
	if (pidfd >= 0)
		close(pidfd);
	dead_workers_add(liveness->dead_workers, worker);
}

static bool is_known(const struct liveness *liveness, const struct worker_info *worker)
{
	const struct liveness_entry *entry = &liveness->entries[worker->entry];

	return entry->used && entry->worker.generation == worker->generation;
}

void liveness_walk(struct liveness *liveness, bool always)
{
	/* Loaded before the walk, so that a change during the walk causes another one. */
	uint32_t change = load_acquire(&liveness->board->header->client_change);
	struct worker_info worker;

	if (!always && change == liveness->change)
		return;
	liveness->change = change;
	for (uint32_t i = 0; i < LAYOUT_CLIENTS; i++) {
		struct liveness_entry *entry = &liveness->entries[i];
		if (!worker_read(liveness->board, i, &worker)) {
			/* Freed or being claimed: the previous process is not a worker any more. */
			if (entry->used &&
			    claim_generation(load_relaxed(&liveness->board->clients[i].claim)) !=
				    entry->worker.generation)
				forget(liveness, entry);
			continue;
		}
		if (!is_known(liveness, &worker))
			track_worker(liveness, &worker);
	}
}

void liveness_bind(struct liveness *liveness, uint32_t entry, uint32_t generation, pid_t pid,
		   int pidfd)
{
	struct worker_info worker;

	/* Accept it only if the entry's pid in the table is the peer's pid from the kernel. */
	if (entry < LAYOUT_CLIENTS && worker_read(liveness->board, entry, &worker) &&
	    worker.generation == generation && worker.pid == pid && pidfd >= 0 &&
	    !is_known(liveness, &worker)) {
		watch(liveness, &worker, pidfd);
		return;
	}
	if (pidfd >= 0)
		close(pidfd);
}

void liveness_restore(struct liveness *liveness, uint32_t entry, uint32_t generation, int pidfd)
{
	struct worker_info worker;

	if (entry < LAYOUT_CLIENTS && worker_read(liveness->board, entry, &worker) &&
	    worker.generation == generation && !is_known(liveness, &worker)) {
		watch(liveness, &worker, pidfd);
		return;
	}
	kept_descriptor_drop(liveness->notify, KEPT_WORKER, entry, generation);
	close(pidfd);
}

/* ---- Deaths ------------------------------------------------------------- */

static int on_pidfds(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct liveness *liveness = data;
	struct epoll_event events[BATCH];
	int n;

	(void)source;
	(void)revents;
	do {
		n = epoll_wait(fd, events, BATCH, 0);
		for (int i = 0; i < n; i++) {
			uint32_t number = (uint32_t)events[i].data.u64;
			struct liveness_entry *entry = &liveness->entries[number % LAYOUT_CLIENTS];
			if (entry->used && key_make(entry->worker.entry,
						    entry->worker.generation) == events[i].data.u64)
				died(liveness, entry);
		}
	} while (n == BATCH);
	return 0;
}

static int on_poll(sd_event_source *source, uint64_t usec, void *data)
{
	struct liveness *liveness = data;

	(void)source;
	(void)usec;
	for (uint32_t i = 0; i < LAYOUT_CLIENTS; i++) {
		struct liveness_entry *entry = &liveness->entries[i];
		if (entry->used && entry->pidfd < 0 &&
		    process_dead(entry->worker.pid, entry->worker.start_time))
			died(liveness, entry);
	}
	poll_unwatched(liveness);
	return 0;
}

int liveness_init(struct liveness *liveness, sd_event *event, struct board *board,
		  struct dead_workers *dead_workers, struct service_notify *notify)
{
	int error;

	*liveness = (struct liveness){ .event = event,
				       .board = board,
				       .dead_workers = dead_workers,
				       .notify = notify,
				       .epoll = epoll_create1(EPOLL_CLOEXEC) };
	liveness->entries = calloc(LAYOUT_CLIENTS, sizeof *liveness->entries);
	if (liveness->epoll < 0 || !liveness->entries) {
		error = liveness->epoll < 0 ? -errno : -ENOMEM;
		goto fail;
	}
	error = sd_event_add_io(event, &liveness->source, liveness->epoll, EPOLLIN, on_pidfds,
				liveness);
	if (error >= 0)
		error = sd_event_source_set_priority(liveness->source, SD_EVENT_PRIORITY_IMPORTANT);
	if (error >= 0)
		error = loop_timer(event, &liveness->timer, 0, on_poll, liveness);
	if (error >= 0)
		return 0;
fail:
	liveness_free(liveness);
	return error;
}

void liveness_free(struct liveness *liveness)
{
	sd_event_source_disable_unref(liveness->source);
	sd_event_source_disable_unref(liveness->timer);
	/* The service manager keeps copies for the next daemon. */
	for (uint32_t i = 0; liveness->entries && i < LAYOUT_CLIENTS; i++)
		if (liveness->entries[i].used && liveness->entries[i].pidfd >= 0)
			close(liveness->entries[i].pidfd);
	if (liveness->epoll >= 0)
		close(liveness->epoll);
	free(liveness->entries);
	*liveness = (struct liveness){ .epoll = -1 };
}
