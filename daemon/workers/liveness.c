/* SPDX-License-Identifier: MIT */
/* The map of workers and their pidfds. The pidfds are in a separate epoll set, so one turn of the
 * event loop takes all deaths at once, and thousands of workers are one event source. */
#include "daemon/workers/liveness.h"
#include "daemon/workers/worker_exit.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include "tools/common/log.h"
#include "tools/common/loop_source.h"
#include "tools/common/oom_kills.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BATCH = 64, POLL_USEC = 1000000 };

/* How long a dead worker's tasks wait for its parent, who alone knows now how it ended: until it has
 * waited for the process, or has told the board (trackd_worker_died()). */
static const uint64_t PARENT_NS = 15 * NS_PER_MS;

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
	char *oom_path;     /* of what counts kills for memory in its cgroup; NULL: not known */
	uint64_t oom_kills; /* when it attached, and those that ended other workers since */
	uint64_t dead_ns;   /* it is dead since then, and its parent is waited for; 0: not so */
	bool oom_killed;    /* the count had risen when it died */
};

static int open_pidfd(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

static void remember_oom_kills(struct liveness_entry *entry)
{
	char path[OOM_KILLS_PATH];

	if (oom_kills_find(entry->worker.pid, path) && oom_kills_read(path, &entry->oom_kills))
		entry->oom_path = strdup(path);
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
	free(entry->oom_path);
	entry->oom_path = NULL;
	entry->used = false;
}

static void died(struct liveness *liveness, struct liveness_entry *entry, uint64_t cause)
{
	struct worker_info worker = entry->worker;

	forget(liveness, entry);
	dead_workers_add(liveness->dead_workers, &worker, cause);
}

/* The entry belongs to another process now. */
static void replace(struct liveness *liveness, struct liveness_entry *entry)
{
	if (entry->used && entry->dead_ns != 0)
		died(liveness, entry, 0);
	else
		forget(liveness, entry);
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

	replace(liveness, entry);
	if (pidfd >= 0 && epoll_ctl(liveness->epoll, EPOLL_CTL_ADD, pidfd, &event) < 0) {
		close(pidfd);
		pidfd = -1;
	}
	*entry = (struct liveness_entry){ .used = true, .pidfd = pidfd, .worker = *worker };
	remember_oom_kills(entry);
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
	int status;

	if (!dead) {
		watch(liveness, worker, pidfd);
		return;
	}
	if (pidfd >= 0)
		close(pidfd);
	dead_workers_add(liveness->dead_workers, worker,
			 worker_exit_of_zombie(worker, &status) ? cause_of_status(status, false)
								: 0);
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
				replace(liveness, entry);
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

/* A kill for memory that ended one worker explains no other worker's death. */
static void explain_oom_kill(struct liveness *liveness, const char *path)
{
	for (uint32_t i = 0; i < LAYOUT_CLIENTS; i++) {
		struct liveness_entry *entry = &liveness->entries[i];
		if (entry->used && entry->dead_ns == 0 && entry->oom_path &&
		    strcmp(entry->oom_path, path) == 0)
			entry->oom_kills++;
	}
}

static void end(struct liveness *liveness, struct liveness_entry *entry, int status)
{
	uint64_t cause = cause_of_status(status, entry->oom_killed);
	char *path = entry->oom_path;

	entry->oom_path = NULL;
	died(liveness, entry, cause);
	if ((cause_flags(cause) & CAUSE_MEMORY) != 0)
		explain_oom_kill(liveness, path);
	free(path);
}

/* From now on only a hang-up is news, once: the parent has waited for the process. */
static void await_parent(struct liveness *liveness, struct liveness_entry *entry)
{
	struct epoll_event event = { .events = EPOLLET,
				     .data.u64 = key_make(entry->worker.entry,
							  entry->worker.generation) };

	entry->dead_ns = clock_monotonic_ns();
	(void)epoll_ctl(liveness->epoll, EPOLL_CTL_MOD, entry->pidfd, &event);
	(void)sd_event_source_set_time_relative(liveness->parents, PARENT_NS / 1000);
	(void)sd_event_source_set_enabled(liveness->parents, SD_EVENT_ONESHOT);
}

/* The pidfd is readable, or has hung up. */
static void ended(struct liveness *liveness, struct liveness_entry *entry)
{
	uint64_t kills;
	int status;

	/* At once: the cgroup may be removed now. */
	if (entry->dead_ns == 0)
		entry->oom_killed = entry->oom_path && oom_kills_read(entry->oom_path, &kills) &&
				    kills > entry->oom_kills;
	if (worker_exit_read(entry->pidfd, &entry->worker, &status))
		end(liveness, entry, status);
	else if (entry->dead_ns == 0)
		await_parent(liveness, entry);
}

/* Parents had their time. */
static int on_parents(sd_event_source *source, uint64_t usec, void *data)
{
	struct liveness *liveness = data;
	uint64_t now = clock_monotonic_ns(), left = 0;
	int status;

	(void)usec;
	for (uint32_t i = 0; i < LAYOUT_CLIENTS; i++) {
		struct liveness_entry *entry = &liveness->entries[i];
		if (!entry->used || entry->dead_ns == 0)
			continue;
		uint64_t waited = now - entry->dead_ns;
		if (waited < PARENT_NS)
			left = left == 0 || PARENT_NS - waited < left ? PARENT_NS - waited : left;
		else if (worker_exit_read(entry->pidfd, &entry->worker, &status))
			end(liveness, entry, status);
		else
			died(liveness, entry, 0);
	}
	if (left > 0) {
		(void)sd_event_source_set_time_relative(source, left / 1000 + 1);
		(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	}
	return 0;
}

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
				ended(liveness, entry);
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
			died(liveness, entry, 0);
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
		error = loop_timer(event, &liveness->parents, 1000, on_parents, liveness);
	if (error >= 0)
		error = sd_event_source_set_priority(liveness->parents,
						     SD_EVENT_PRIORITY_IMPORTANT);
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
	sd_event_source_disable_unref(liveness->parents);
	/* The service manager keeps copies for the next daemon. */
	for (uint32_t i = 0; liveness->entries && i < LAYOUT_CLIENTS; i++) {
		if (liveness->entries[i].used && liveness->entries[i].pidfd >= 0)
			close(liveness->entries[i].pidfd);
		free(liveness->entries[i].oom_path);
	}
	if (liveness->epoll >= 0)
		close(liveness->epoll);
	free(liveness->entries);
	*liveness = (struct liveness){ .epoll = -1 };
}
