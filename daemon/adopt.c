/* SPDX-License-Identifier: MIT */
/* Which board the daemon serves, and where it comes from. */
#include "adopt.h"
#include "atomic.h"
#include "boardlock.h"
#include "doorbell.h"
#include "event.h"
#include "kind.h"
#include "log.h"
#include "repair.h"
#include "restore.h"
#include "slot.h"
#include "sound.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <unistd.h>

/* How long each lock is waited for while an adopted board is repaired; the sweep comes back. */
static const uint64_t REPAIR_WAIT_NS = NS_PER_S;

enum { MIB = 1024 * 1024 };

/* ---- Making ------------------------------------------------------------- */

/* The largest round capacity whose board fits into that many bytes; 0 if none does. */
static uint32_t capacity_for(uint64_t bytes)
{
	uint32_t capacity = TRACKD_CAPACITY_MAX;

	while (capacity >= TRACKD_CAPACITY_MIN && segment_size(capacity) > bytes)
		capacity /= 2;
	return capacity >= TRACKD_CAPACITY_MIN ? capacity : 0;
}

static void say_no_room(const struct config *config)
{
	struct statvfs fs;
	uint64_t available = 0;
	uint64_t needed = segment_size(config->capacity);

	if (statvfs("/dev/shm", &fs) == 0)
		available = (uint64_t)fs.f_bavail * fs.f_frsize;
	uint32_t fits = capacity_for(available);
	if (fits > 0)
		log_error("a board of %u tasks takes %lu MiB and /dev/shm has %lu MiB free; set "
			  "capacity=%u, or enlarge it: mount -o remount,size=... /dev/shm",
			  config->capacity, (unsigned long)(needed / MIB + 1),
			  (unsigned long)(available / MIB), fits);
	else
		log_error("a board of %u tasks takes %lu MiB and /dev/shm has %lu MiB free, too "
			  "little for any board; remove what fills it, or enlarge it: mount -o "
			  "remount,size=... /dev/shm",
			  config->capacity, (unsigned long)(needed / MIB + 1),
			  (unsigned long)(available / MIB));
}

static int make(struct board *ret_board, const struct config *config)
{
	const struct segment_params params = { .capacity = config->capacity,
					       .mode = config->mode,
					       .gid = config->gid,
					       .ttl_ms = config->ttl,
					       .active_ttl_ms = config->active_ttl };
	int error = segment_create(ret_board, &params);

	if (error == 0)
		(void)adopt_kinds(ret_board, config);
	return error;
}

static int say_not_made(const struct config *config, int error)
{
	if (error == -ENOSPC) {
		say_no_room(config);
		return EX_UNAVAILABLE;
	}
	log_error("board %s cannot be made: %s", config->board, trackd_strerror(error));
	return error == -EACCES || error == -EPERM ? EX_NOPERM : EX_UNAVAILABLE;
}

int adopt_kinds(struct board *board, const struct config *config)
{
	struct trackd_stage_def stages[TRACKD_STAGES_MAX];
	int refused = 0;

	for (uint32_t i = 0; i < config->n_kinds; i++) {
		const struct trackd_kind *kind = &config->kinds[i];
		for (int j = 0; j < kind->n_stages; j++)
			stages[j] = (struct trackd_stage_def){ kind->stages[j].name,
							       kind->stages[j].percent };
		int error = kind_declare(board, kind->name, stages, kind->n_stages,
					 clock_monotonic_ns() + REPAIR_WAIT_NS);
		if (error < 0) {
			log_error("kind %s: %s", kind->name, trackd_strerror(error));
			refused++;
		}
	}
	return refused;
}

/* ---- Taking over -------------------------------------------------------- */

/* Say in the header who serves it now. Producers that see the epoch attach again by themselves. */
static void take_over(struct board *board, const struct config *config)
{
	struct layout_header *header = board->header;

	store_relaxed(&header->ttl_ms, config->ttl);
	store_relaxed(&header->active_ttl_ms, config->active_ttl);
	store_relaxed(&header->daemon_pid, (uint32_t)getpid());
	store_relaxed(&header->daemon_start_ns, clock_boot_ns());
	doorbell_clocks(board);
	store_release(&header->daemon_epoch, load_relaxed(&header->daemon_epoch) + 1);
	event_wake_all(board);
}

static void say_count(const struct config *config, const char *from,
		      const struct restore_count *count)
{
	log_info(
		"board %s: %lu tasks from %s, of them %lu failed because they were active; %lu had "
		"expired",
		config->board, count->tasks, from, count->failed, count->expired);
	if (count->lost > 0)
		log_warning("board %s: %lu records could not be brought back", config->board,
			    count->lost);
}

static int fresh(struct board *ret_board, const struct config *config,
		 int name_it(const struct board *, const char *))
{
	const struct snapshot_place place = { config->state_dir, config->board };
	struct restore_count count;
	int error = make(ret_board, config);

	if (error < 0)
		return say_not_made(config, error);
	if (restore_snapshot(ret_board, &place, &count) == 0)
		say_count(config, "the snapshot", &count);
	take_over(ret_board, config);
	error = name_it(ret_board, config->board);
	if (error < 0) {
		segment_unmap(ret_board);
		return say_not_made(config, error);
	}
	log_info("board %s made for %u tasks, %lu MiB", config->board, config->capacity,
		 (unsigned long)(segment_size(config->capacity) / MIB + 1));
	return 0;
}

/* Put a new board with the old one's records in its place; the old one is unmapped. 0 or -errno,
 * and then the old one is as it was. */
static int rebuild(struct board *board, const struct config *config)
{
	struct restore_count count;
	struct board new;
	int error = make(&new, config);

	if (error < 0)
		return error;
	/* First, so that producers leave it: what they change from here on may be lost. */
	segment_retire(board, true);
	error = restore_board(&new, board, &count);
	if (error == 0) {
		take_over(&new, config);
		error = segment_replace(&new, config->board);
	}
	if (error < 0) {
		segment_retire(board, false);
		segment_unmap(&new);
		return error;
	}
	say_count(config, "the old board", &count);
	event_wake_all(board);
	segment_unmap(board);
	*board = new;
	return 0;
}

/* ---- The board that is there -------------------------------------------- */

/* Why a whole board must be replaced; NULL if it need not. *ret_must: it cannot be served as it is.
 */
static const char *why_replace(const struct board *board, const struct config *config,
			       bool *ret_must)
{
	const struct layout_header *header = board->header;
	uint64_t pid_ns = 0, time_ns = 0;
	uint8_t boot_id[16];
	struct stat st;

	*ret_must = true;
	if (segment_boot_id(boot_id) == 0 && memcmp(boot_id, header->boot_id, sizeof boot_id) != 0)
		return "is from before a restart of the host";
	if (segment_namespaces(&pid_ns, &time_ns) == 0 &&
	    (header->pid_ns != pid_ns || header->time_ns != time_ns))
		return "was made in another pid or time namespace";
	if (load_relaxed(&header->retired) != 0)
		return "was given up by its daemon";
	*ret_must = false;
	if (fstat(board->fd, &st) == 0 &&
	    ((st.st_mode & 07777) != config->mode ||
	     st.st_gid != (config->gid == (gid_t)-1 ? getegid() : config->gid)))
		return "has another mode or group than configured";
	if (board->capacity == config->capacity)
		return NULL;
	if (slot_count(board) <= config->capacity)
		return "has another capacity than configured";
	log_warning(
		"board %s keeps its capacity of %u: it holds %u tasks, more than the configured "
		"%u",
		config->board, board->capacity, slot_count(board), config->capacity);
	return NULL;
}

static int replace(struct board *board, const struct config *config, const char *why, bool must)
{
	int error;

	log_info("board %s %s: its tasks move to a new one", config->board, why);
	error = rebuild(board, config);
	if (error == 0)
		return 0;
	if (!must) {
		log_warning("no new board (%s); the old one is served as it is",
			    error == -ENOSPC ? "/dev/shm has no room for both"
					     : trackd_strerror(error));
		take_over(board, config);
		return 0;
	}
	segment_unmap(board);
	return say_not_made(config, error);
}

static int adopt_mapped(struct board *board, const struct config *config)
{
	bool must;
	const char *why = why_replace(board, config, &must);
	int repaired;

	if (why)
		return replace(board, config, why, must);
	take_over(board, config);
	(void)adopt_kinds(board, config);
	repaired = repair_all(board, clock_monotonic_ns() + REPAIR_WAIT_NS);
	if (!sound_check(board))
		return replace(board, config, "is damaged", true);
	log_info("board %s adopted as it was: %u of %u slots used%s", config->board,
		 slot_count(board), board->capacity, repaired > 0 ? ", and repaired" : "");
	return 0;
}

/* A file of ours that is no board of this layout: nothing in it can be read. */
static int replace_unreadable(struct board *ret_board, const struct config *config, int fd,
			      int error)
{
	static const uint32_t one = 1;
	struct stat st;

	log_warning("board %s cannot be used (%s); a new one takes its place", config->board,
		    error == TRACKD_E_LAYOUT ? "another layout" : "damaged");
	/* At the same place in every layout; never makes a file longer. */
	if (fstat(fd, &st) == 0 && st.st_size >= LAYOUT_PAGE)
		(void)!pwrite(fd, &one, sizeof one, offsetof(struct layout_header, retired));
	close(fd);
	return fresh(ret_board, config, segment_replace);
}

int adopt_board(struct board *ret_board, const struct config *config)
{
	int fd = segment_open(config->board, true, geteuid());

	if (fd == -ENOENT)
		return fresh(ret_board, config, segment_link);
	if (fd < 0) {
		log_error("board %s: %s", config->board,
			  trackd_strerror(fd == -EACCES ? TRACKD_E_NOT_OURS : fd));
		return EX_NOPERM;
	}
	int error = segment_map(ret_board, fd, true);
	if (error == TRACKD_E_LAYOUT || error == TRACKD_E_DAMAGED)
		return replace_unreadable(ret_board, config, fd, error);
	if (error < 0) {
		close(fd);
		return say_not_made(config, error);
	}
	return adopt_mapped(ret_board, config);
}

/* ---- The lock, and the end ---------------------------------------------- */

/* A daemon that was killed holds its lock until the kernel has taken its board apart, which for a
 * large one takes a moment. */
static int take_lock(const char *board, pid_t *ret_pid)
{
	static const struct timespec pause = { .tv_nsec = 20000000 };
	uint64_t deadline = clock_monotonic_ns() + NS_PER_S;
	int fd;

	while ((fd = boardlock_take(board, ret_pid)) == -EAGAIN && clock_monotonic_ns() < deadline)
		(void)nanosleep(&pause, NULL);
	return fd;
}

int adopt_lock(const struct config *config, int *ret_fd)
{
	pid_t pid = 0;
	int fd = take_lock(config->board, &pid);

	if (fd >= 0) {
		*ret_fd = fd;
		return 0;
	}
	if (fd == -EAGAIN) {
		log_error("another trackd (pid %d) serves board %s; stop it, or give --board NAME",
			  (int)pid, config->board);
		return EX_TEMPFAIL;
	}
	if (fd == TRACKD_E_NOT_OURS || fd == -EACCES) {
		log_error("/dev/shm%s.lock belongs to somebody else; look at it and remove it",
			  config->board);
		return EX_NOPERM;
	}
	log_error("/dev/shm%s.lock: %s", config->board, trackd_strerror(fd));
	return EX_UNAVAILABLE;
}

int adopt_remove(const struct config *config)
{
	struct board board;
	char path[128];
	int lock, fd, status = adopt_lock(config, &lock);

	if (status != 0)
		return status;
	fd = segment_open(config->board, true, geteuid());
	if (fd >= 0) {
		if (segment_map(&board, fd, true) == 0) {
			segment_retire(&board, true);
			event_wake_all(&board);
			segment_unmap(&board);
		} else {
			close(fd);
		}
		snprintf(path, sizeof path, "/dev/shm%s", config->board);
		(void)unlink(path);
		log_info("board %s removed", config->board);
	} else if (fd == -ENOENT) {
		log_info("there is no board %s", config->board);
	} else {
		log_error("board %s: %s", config->board, trackd_strerror(fd));
		status = EX_NOPERM;
	}
	if (status == 0)
		(void)unlink(config->socket);
	boardlock_remove(config->board, lock);
	return status;
}
