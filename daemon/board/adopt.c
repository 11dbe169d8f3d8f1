/* SPDX-License-Identifier: MIT */
/* Which board the daemon serves, and where it comes from. */
#include "daemon/board/adopt.h"
#include "daemon/board/board.h"
#include "daemon/board/board_lock.h"
#include "daemon/board/consistency_check.h"
#include "daemon/board/replacement.h"
#include "daemon/board/restore.h"
#include "daemon/board/upgrade.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include "tools/common/exit_code.h"
#include "tools/common/log.h"
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* How long the repair of an adopted board waits for each lock; a sweep retries those that time
 * out. */
static const uint64_t REPAIR_WAIT_NS = NS_PER_S;

enum { MIB = 1024 * 1024 };

/* ---- Creating ----------------------------------------------------------- */

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
			  "little for any board; free some of it, or enlarge it: mount -o "
			  "remount,size=... /dev/shm",
			  config->capacity, (unsigned long)(needed / MIB + 1),
			  (unsigned long)(available / MIB));
}

static int say_not_made(const struct config *config, int error)
{
	if (error == -ENOSPC) {
		say_no_room(config);
		return EXIT_CODE_NO_BOARD;
	}
	log_error("board %s cannot be created: %s", config->board, trackd_strerror(error));
	return exit_code_of_system(error, EXIT_CODE_NO_BOARD);
}

/* The existing board may be undamaged, so it is not changed. */
static int say_not_read(const struct config *config, int error)
{
	log_error("board %s cannot be read: %s; it was not changed; try again", config->board,
		  trackd_strerror(error));
	return exit_code_of_system(error, EXIT_CODE_STORAGE);
}

/* ---- From the snapshot --------------------------------------------------- */

/* A board without a name, filled from the snapshot. */
static int fresh(struct board *ret_board, const struct config *config)
{
	const struct snapshot_place place = { config->state_dir, config->board };
	struct restore_count count;
	int error = board_make(ret_board, config);

	if (error < 0)
		return say_not_made(config, error);
	(void)board_declare_kinds(ret_board, config);
	error = restore_snapshot(ret_board, &place, &count);
	if (error < 0 && error != -ENOENT) {
		segment_unmap(ret_board);
		return exit_code_of_system(error, EXIT_CODE_STORAGE);
	}
	if (error == 0)
		restore_say(config->board, "the snapshot", &count);
	board_take_over(ret_board, config);
	return 0;
}

static void say_made(const struct config *config)
{
	log_info("board %s created for %u tasks, %lu MiB", config->board, config->capacity,
		 (unsigned long)(segment_size(config->capacity) / MIB + 1));
}

int adopt_name(const struct board *board, const struct config *config)
{
	struct stat st;
	int error;

	if (fstat(board->fd, &st) == 0 && st.st_nlink > 0)
		return 0;
	error = segment_link(board, config->board);
	/* The unnamed file cannot be linked: it had a name that was removed. The service replaces
	 * such boards. */
	if (error == -ENOENT)
		return 0;
	if (error < 0)
		return say_not_made(config, error);
	say_made(config);
	return 0;
}

/* ---- The existing board ------------------------------------------------- */

/* What to do with a board, and why. */
struct verdict {
	const char *why; /* NULL: serve it unchanged */
	enum replacement_how how;
	bool must; /* it cannot be served unchanged */
};

/* Whether the board is from another boot or namespace, where its pids and times are not valid. */
static const char *why_foreign(const uint8_t boot_id[16], uint64_t pid_ns, uint64_t time_ns)
{
	uint64_t own_pid_ns = 0, own_time_ns = 0;
	uint8_t own_boot_id[16];

	if (segment_boot_id(own_boot_id) == 0 &&
	    memcmp(own_boot_id, boot_id, sizeof own_boot_id) != 0)
		return "was created before a restart of the host";
	if (segment_namespaces(&own_pid_ns, &own_time_ns) == 0 &&
	    (own_pid_ns != pid_ns || own_time_ns != time_ns))
		return "was created in another pid or time namespace";
	return NULL;
}

/* Whether the board differs from the configuration. */
static const char *why_other(const struct board *board, const struct config *config)
{
	struct stat st;

	if (fstat(board->fd, &st) == 0 &&
	    ((st.st_mode & 07777) != config->mode ||
	     st.st_gid != (config->gid == (gid_t)-1 ? getegid() : config->gid)))
		return "has another mode or group than configured";
	if (board->tasks_max == config->capacity)
		return NULL;
	if (slot_count(board) <= config->capacity)
		return "has another capacity than configured";
	log_warning(
		"board %s keeps its capacity of %u: it holds %u tasks, more than the configured "
		"%u",
		config->board, board->tasks_max, slot_count(board), config->capacity);
	return NULL;
}

static struct verdict judge(const struct board *board, const struct config *config)
{
	const struct layout_header *header = board->header;
	const char *why = why_foreign(header->boot_id, header->pid_ns, header->time_ns);

	if (why)
		return (struct verdict){ why, SUCCESSION_IMPORT, true };
	if (board_retired(board))
		return (struct verdict){ "was closed by its daemon", SUCCESSION_BLIND, true };
	return (struct verdict){ why_other(board, config), SUCCESSION_CARRY, false };
}

/* 0: *board is the new one. -EAGAIN: serve the old one. Otherwise an exit status, and the board is
 * unmapped. */
static int replace(struct board *board, const struct config *config, const struct verdict *verdict)
{
	char holder[WORKER_LABEL];

	log_info("board %s %s: its tasks move to a new one", config->board, verdict->why);
	int error = replacement_replace(board, config, verdict->how, holder);
	if (error == 0)
		return 0;
	if (verdict->must) {
		segment_unmap(board);
		return say_not_made(config, error);
	}
	if (error == -EBUSY)
		log_warning("board %s cannot be replaced now: %s has held a lock on it for 100 ms; "
			    "end or resume that process, then restart trackd",
			    config->board, holder);
	else
		log_warning("cannot create a new board (%s)",
			    error == -ENOSPC ? "/dev/shm has no room for both"
					     : trackd_strerror(error));
	log_warning("board %s is served unchanged", config->board);
	return -EAGAIN;
}

static int adopt_mapped(struct board *board, const struct config *config)
{
	struct verdict verdict = judge(board, config);
	int repaired, status;

	/* Its daemon died while replacing it. */
	if (verdict.how == SUCCESSION_CARRY && board_closed(board) != LAYOUT_OPEN)
		replacement_reopen(board);
	if (verdict.why && (status = replace(board, config, &verdict)) != -EAGAIN)
		return status;
	board_take_over(board, config);
	(void)board_declare_kinds(board, config);
	repaired = repair_all(board, clock_monotonic_ns() + REPAIR_WAIT_NS);
	if (!consistency_check(board)) {
		verdict = (struct verdict){ "is damaged",
					    consistency_check_kinds(board) ? SUCCESSION_BLIND
									   : SUCCESSION_IMPORT,
					    true };
		return replace(board, config, &verdict);
	}
	log_info("board %s adopted: %u of %u slots used%s", config->board, slot_count(board),
		 board->tasks_max, repaired > 0 ? ", and repaired" : "");
	return 0;
}

/* Tell the clients of a board with another layout that it has been replaced. Closes fd. */
static void retire_file(int fd)
{
	static const uint32_t retired = LAYOUT_REPLACED;
	struct stat st;

	/* `retired` has the same offset in every layout. Never extends a file. */
	if (fstat(fd, &st) == 0 && st.st_size >= LAYOUT_PAGE)
		(void)!pwrite(fd, &retired, sizeof retired,
			      offsetof(struct layout_header, retired));
	close(fd);
}

/* Replace a file of this user that is not a board of this layout. None of its data can be used. */
static int replace_unreadable(struct board *ret_board, const struct config *config, int fd,
			      int error)
{
	log_warning("board %s cannot be used (%s); a new one takes its place", config->board,
		    error == TRACKD_E_LAYOUT ? "another layout" : "damaged");
	int status = fresh(ret_board, config);
	if (status == 0 && (error = segment_replace(ret_board, config->board)) < 0) {
		segment_unmap(ret_board);
		status = say_not_made(config, error);
	}
	if (status == 0) {
		say_made(config);
		retire_file(fd);
	} else {
		close(fd);
	}
	return status;
}

/* A board of layout 2. */
static int upgrade(struct board *ret_board, const struct config *config, struct layout2_board *old)
{
	const struct layout2_header *header = old->header;
	const char *why = why_foreign(header->boot_id, header->pid_ns, header->time_ns);

	log_info("board %s has layout %d%s%s: its tasks move to a new one", config->board,
		 LAYOUT2_MAJOR, why ? " and " : "", why ? why : "");
	int error = upgrade_board(ret_board, old, config, why != NULL);
	if (error == 0)
		return 0;
	layout2_board_unmap(old);
	return say_not_made(config, error);
}

/* A file that is no board of this layout. */
static int adopt_other(struct board *ret_board, const struct config *config, int fd, int error)
{
	struct layout2_board old;

	if (error == TRACKD_E_LAYOUT) {
		error = layout2_board_map(&old, fd);
		if (error == 0)
			return upgrade(ret_board, config, &old);
	}
	if (error == TRACKD_E_LAYOUT || error == TRACKD_E_DAMAGED)
		return replace_unreadable(ret_board, config, fd, error);
	close(fd);
	return say_not_read(config, error);
}

int adopt_board(struct board *ret_board, const struct config *config)
{
	int fd = segment_open(config->board, true, geteuid());

	if (fd == -ENOENT)
		return fresh(ret_board, config);
	if (fd == -EACCES || fd == TRACKD_E_NOT_OURS) {
		log_error("board %s: %s", config->board, trackd_strerror(TRACKD_E_NOT_OURS));
		return EXIT_CODE_PERMISSION;
	}
	if (fd < 0)
		return say_not_read(config, fd);
	int error = segment_map(ret_board, fd, true);
	if (error < 0)
		return adopt_other(ret_board, config, fd, error);
	return adopt_mapped(ret_board, config);
}

/* ---- The lock, and the end ---------------------------------------------- */

/* A killed daemon holds its lock until the kernel has unmapped its board, which takes a moment if
 * the board is large. */
static int take_lock(struct board_lock *ret_lock, const char *board, pid_t *ret_pid)
{
	static const struct timespec pause = { .tv_nsec = 20000000 };
	uint64_t deadline = clock_monotonic_ns() + NS_PER_S;
	int error;

	while ((error = board_lock_take(ret_lock, board, ret_pid)) == -EAGAIN &&
	       clock_monotonic_ns() < deadline)
		(void)nanosleep(&pause, NULL);
	return error;
}

static void say_lock_not_ours(const struct config *config)
{
	const struct passwd *user;
	char path[SEGMENT_PATH_MAX], uid[32];
	struct stat st;

	segment_beside(path, config->board, "lock");
	if (lstat(path, &st) < 0 || st.st_uid == geteuid()) {
		log_error("%s is not a lock file of trackd; inspect it and remove it", path);
		return;
	}
	snprintf(uid, sizeof uid, "uid %u", st.st_uid);
	user = getpwuid(st.st_uid);
	log_error("board %s belongs to %s (its lock file does); choose another --board, or run as "
		  "that "
		  "user",
		  config->board, user ? user->pw_name : uid);
}

int adopt_lock(const struct config *config, struct board_lock *ret_lock)
{
	pid_t pid = 0;
	int error = take_lock(ret_lock, config->board, &pid);

	if (error == 0)
		return 0;
	if (error == -EAGAIN) {
		log_error("another trackd (pid %d) serves board %s; stop it, or give --board NAME",
			  (int)pid, config->board);
		return EXIT_CODE_BUSY;
	}
	if (error == TRACKD_E_NOT_OURS || error == -EACCES) {
		say_lock_not_ours(config);
		return EXIT_CODE_PERMISSION;
	}
	log_error("/dev/shm%s:lock: %s", config->board, trackd_strerror(error));
	return exit_code_of_system(error, EXIT_CODE_NO_BOARD);
}

/* Takes ownership of fd. */
static int remove_board(const struct config *config, int fd)
{
	struct layout2_board old;
	struct board board;
	char path[128];
	int error = segment_map(&board, fd, true);

	if (error == 0) {
		error = replacement_remove(&board, config->board);
		segment_unmap(&board);
	} else if (error == TRACKD_E_LAYOUT && layout2_board_map(&old, fd) == 0) {
		error = upgrade_remove(&old, config->board);
		layout2_board_unmap(&old);
	} else if (error == TRACKD_E_LAYOUT || error == TRACKD_E_DAMAGED) {
		/* not a board, but a file of this user with its name */
		retire_file(fd);
		snprintf(path, sizeof path, "/dev/shm%s", config->board);
		error = unlink(path) < 0 ? -errno : 0;
	} else {
		close(fd);
		return say_not_read(config, error);
	}
	if (error < 0) {
		log_error("board %s cannot be removed: %s", config->board, trackd_strerror(error));
		return EXIT_CODE_PERMISSION;
	}
	log_info("board %s removed", config->board);
	return 0;
}

static void say_socket(const struct config *config)
{
	struct stat st;

	if (lstat(config->socket, &st) == 0)
		log_info("%s was not removed: no daemon of board %s created it", config->socket,
			 config->board);
}

int adopt_remove(const struct config *config)
{
	struct board_lock lock;
	int status = adopt_lock(config, &lock);

	if (status != 0)
		return status;
	int fd = segment_open(config->board, true, geteuid());
	if (fd >= 0) {
		status = remove_board(config, fd);
	} else if (fd == -ENOENT) {
		log_info("there is no board %s", config->board);
	} else {
		log_error("board %s: %s", config->board, trackd_strerror(fd));
		status =
			(int)(fd == TRACKD_E_NOT_OURS ? EXIT_CODE_PERMISSION
						      : exit_code_of_system(fd, EXIT_CODE_STORAGE));
	}
	if (status == 0) {
		board_lock_remove(&lock, config->board);
		say_socket(config);
	} else {
		board_lock_give_up(&lock, config->board);
	}
	return status;
}
