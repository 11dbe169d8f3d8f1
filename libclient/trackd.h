/* SPDX-License-Identifier: MIT */
/*
 * trackd - live task status for every process on a host.
 *
 * This is the only header that is installed. It is also the manual: what is said of a call here
 * is the contract. Link with -ltrackd (pkg-config: libtrackd).
 *
 * THE PICTURE
 *   A board is a ring of task records in POSIX shared memory, made by one daemon (trackd). A
 *   program that writes to it is a producer, one that only looks is a reader. Updating a task is a
 *   few stores under a process-shared mutex; reading one takes no lock, makes no system call and
 *   copies nothing. Neither needs the daemon to be running at that moment.
 *
 * ERRORS
 *   Calls that can fail return int: 0 or more is success, negative is -errno or one of the
 *   TRACKD_E_* codes; trackd_strerror() knows both. ret_ parameters are left untouched on failure.
 *   No call prints, exits, aborts, installs a signal handler or starts a thread.
 *
 * TIME LIMIT
 *   A call that must take a lock waits for it up to the connection's timeout (default 2 s) and then
 *   returns TRACKD_E_BUSY, having changed nothing. Only a process that is stopped in the middle of
 *   an operation on the same record or table can make that happen. Reading calls never wait.
 *
 * REPLACED BOARDS
 *   The daemon replaces a board when another capacity or mode is configured, when it is damaged, or
 *   when somebody has unlinked it. A connection moves on by itself; references, iterators and cursors
 *   stay good, except references to records above a smaller capacity (TRACKD_E_GONE: look the id up
 *   again). A writing call that meets a replacement waits for the new board, usually a few
 *   milliseconds, at most the connection's timeout, and then returns TRACKD_E_MOVING: it was not
 *   applied. Nothing that was acknowledged is lost. TRACKD_E_NO_BOARD from any call: the board was
 *   removed and there is no other; the connection finds one as soon as there is. That somebody has
 *   unlinked a board which no daemon serves is noticed within a second, by trackd_advance() at every
 *   256th call; what was written before is lost with it. A reading connection
 *   lets go of the old board at its next call; a writing one keeps 640 bytes a task of it until it is
 *   closed.
 *
 * THREADS
 *   A struct trackd may be used by any number of threads at once, except that trackd_close() must
 *   be the last call. Views, iterators and cursors belong to one thread at a time. No call may be
 *   made from a signal handler, and no thread may be cancelled or leave by longjmp() inside one.
 *
 * FORK AND EXEC
 *   After fork() the child may go on using the connection, whatever threads of the parent were doing
 *   with it. Its first call of any kind closes the child's copies of the connection's descriptors, so
 *   an event loop takes a new one from trackd_fd(). Its first call that writes attaches it as itself,
 *   so the tasks that it moves are its own; until then it holds nothing. trackd_close() in a child
 *   leaves the parent's connection as it is. In a child that shares its parent's memory (vfork(), or
 *   clone() with CLONE_VM) no call may be made. A program that calls exec stays the worker of its
 *   tasks: a process is known by its pid and start time, not its image.
 *
 * NAMESPACES
 *   A producer shares the board's pid and time namespace. One that comes to be in another one, as a
 *   forked child or by setns(), gets TRACKD_E_NAMESPACE from every call that writes, which then has
 *   changed nothing; it may go on reading, and writes again when it is back. A child is refused at
 *   its first call. After setns() into a time namespace the first call that reads the clock is, and
 *   the others from then on; if the clocks are less than a second apart, that may take a second.
 *   A process that may not look at its own /proc is refused as a child, for it cannot tell.
 *
 * STRINGS
 *   Ids: 1 to 63 bytes of A-Z a-z 0-9 . _ ~ : @ + = -, but neither "." nor "..", which are no names
 *   in a path or a URL. Owners: 0 to 63 bytes of UTF-8. One that does not fit is an error
 *   (TRACKD_E_KEY), never cut. Names (255 bytes), messages (191) and errors (511)
 *   are cut at a character boundary and marked as cut. They should be UTF-8 and are not checked:
 *   whoever shows them must expect any bytes and no NUL within. What is passed in is copied.
 *
 * TIMES
 *   Durations are in milliseconds and say so (_ms). Points in time are nanoseconds since the Unix
 *   epoch (_ns), made from CLOCK_BOOTTIME and an offset that the daemon keeps fresh: setting the
 *   wall clock moves what people are shown and expires nothing.
 *
 * COSTS
 *   Given as measured by `make bench` on two cores of a virtual server, for a board of 16 384 tasks.
 */
#ifndef TRACKD_H
#define TRACKD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TRACKD_VERSION_MAJOR 0
#define TRACKD_VERSION_MINOR 1
#define TRACKD_VERSION_PATCH 0
#define TRACKD_VERSION "0.1.0"

/* ---- Limits -------------------------------------------------------------- */

#define TRACKD_ID_MAX 63         /* bytes, without the NUL */
#define TRACKD_OWNER_MAX 63      /* bytes */
#define TRACKD_NAME_MAX 255      /* bytes; longer names are cut */
#define TRACKD_MESSAGE_MAX 191   /* bytes; longer messages are cut */
#define TRACKD_ERROR_MAX 511     /* bytes; longer errors are cut */
#define TRACKD_STAGES_MAX 16     /* stages of one kind */
#define TRACKD_STAGE_NAME_MAX 31 /* bytes of a kind's or a stage's name */
#define TRACKD_KINDS_MAX 64      /* kinds of one board */
#define TRACKD_CLIENTS_MAX 4096  /* producer processes attached at once */
#define TRACKD_CAPACITY_MIN 16
#define TRACKD_CAPACITY_MAX 16777216
#define TRACKD_CAPACITY_DEFAULT 16384
#define TRACKD_EVENTS 65536 /* transitions remembered */
#define TRACKD_WORK_MAX                                                                            \
	((UINT64_C(1) << 46) - 1)              /* most that a task counts, see trackd_advance() */
#define TRACKD_TTL_DEFAULT_MS 3600000u         /* 1 h: final tasks, and those with no live worker */
#define TRACKD_ACTIVE_TTL_DEFAULT_MS 86400000u /* 24 h: active tasks whose worker is alive */
#define TRACKD_TTL_NEVER UINT32_MAX            /* never expires */

/* ---- Errors -------------------------------------------------------------- */

/* X(name, value, what trackd_strerror() says: what is wrong, and what to do next) */
#define TRACKD_ERRORS(X)                                                                           \
	X(TRACKD_E_NO_BOARD, -20001,                                                               \
	  "no board: is trackd running? (systemctl start trackd, or trackd --user)")               \
	X(TRACKD_E_NOT_FOUND, -20002, "no such task; trackctl ls shows those there are")           \
	X(TRACKD_E_GONE, -20003,                                                                   \
	  "the task was removed, replaced or has expired; look its id up again")                   \
	X(TRACKD_E_EXISTS, -20004,                                                                 \
	  "a task of that id exists; create with TRACKD_REPLACE if it is yours, or choose "        \
	  "another "                                                                               \
	  "id")                                                                                    \
	X(TRACKD_E_FINAL, -20005,                                                                  \
	  "the task is final (completed, failed or cancelled); to start again, create it with "    \
	  "TRACKD_REPLACE")                                                                        \
	X(TRACKD_E_FULL, -20006,                                                                   \
	  "the board is full and no task on it is final; raise capacity= in trackd.conf")          \
	X(TRACKD_E_BUSY, -20007,                                                                   \
	  "another process holds the record and did not let go in time; try again")                \
	X(TRACKD_E_KEY, -20008,                                                                    \
	  "the id or owner does not fit: 1 to 63 bytes of A-Za-z0-9._~:@+=- and neither . nor .. " \
	  "for an id, up to 63 bytes of UTF-8 for an owner")                                       \
	X(TRACKD_E_KIND, -20009,                                                                   \
	  "no such kind; declare it in trackd.conf or with trackd_kind_declare()")                 \
	X(TRACKD_E_STAGE, -20010, "the task's kind has no such stage; see trackctl kinds")         \
	X(TRACKD_E_TABLE_FULL, -20011,                                                             \
	  "the board's table of kinds (64) or of clients (4096) is full; use a kind that is "      \
	  "there, or "                                                                             \
	  "end producers that are not needed")                                                     \
	X(TRACKD_E_OVERFLOW, -20012, "the count would pass 2^46 - 1; use a larger unit")           \
	X(TRACKD_E_READ_ONLY, -20013,                                                              \
	  "the connection is read-only; open it with TRACKD_OPEN_WRITE")                           \
	X(TRACKD_E_NAMESPACE, -20014,                                                              \
	  "this process is in another pid or time namespace than the board and may only read; "    \
	  "open it read-only, or run it in the daemon's namespaces")                               \
	X(TRACKD_E_NOT_OURS, -20015,                                                               \
	  "a file of the board's name exists that is not the daemon's own; look at it and remove " \
	  "it from /dev/shm")                                                                      \
	X(TRACKD_E_LAYOUT, -20016,                                                                 \
	  "the board's layout, C library or word size is another than this program's; install "    \
	  "matching versions of trackd and libtrackd")                                             \
	X(TRACKD_E_DAMAGED, -20017,                                                                \
	  "the board is damaged; run trackctl doctor, and restart trackd to rebuild it")           \
	X(TRACKD_E_LAPPED, -20018,                                                                 \
	  "events were overwritten before they were read; read the tasks again")                   \
	X(TRACKD_E_MOVING, -20019,                                                                 \
	  "the board is being replaced and the new one is not there yet; nothing was changed; "    \
	  "try again, and see that trackd runs")                                                   \
	X(TRACKD_E_OTHER_BOARD, -20020,                                                            \
	  "the daemon at that socket serves another board; name the socket of this one "           \
	  "(--socket, "                                                                            \
	  "TRACKD_SOCKET), or leave either out")

enum trackd_error {
#define TRACKD_ERROR_ENUM(name, value, text) name = (value),
	TRACKD_ERRORS(TRACKD_ERROR_ENUM)
#undef TRACKD_ERROR_ENUM
};

/*
 * What an error means and what to do next, in one line of English.
 * error:  what a call returned; 0 and positive values give "success".
 * Returns a constant string, or for an -errno the C library's text. Never NULL. Any thread.
 */
const char *trackd_strerror(int error);

/* The version of the library that is running, which may differ from TRACKD_VERSION. */
const char *trackd_version(void);

/* ---- Words --------------------------------------------------------------- */

enum trackd_state {
	TRACKD_PENDING = 1,   /* created, no worker yet */
	TRACKD_ACTIVE = 2,    /* in a stage */
	TRACKD_COMPLETED = 3, /* final */
	TRACKD_FAILED = 4,    /* final; the reason and the error say why */
	TRACKD_CANCELLED = 5, /* final */
};

/* Why a task is in its final state. */
enum trackd_reason {
	TRACKD_REASON_NONE = 0,
	TRACKD_REASON_ERROR = 1,       /* trackd_fail() */
	TRACKD_REASON_WORKER_LOST = 2, /* the worker's process died */
	TRACKD_REASON_CANCELLED = 3,
	TRACKD_REASON_HOST_RESTART = 4, /* was active when the host went down */
};

/* Kind 0, known to every board: name, percentage at which the stage starts. */
#define TRACKD_KIND_DOCUMENT 0
enum trackd_document_stage {
	TRACKD_EXTRACTING = 0,  /* 10 % */
	TRACKD_CHUNKING = 1,    /* 25 % */
	TRACKD_EMBEDDING = 2,   /* 40 % */
	TRACKD_INDEXING = 3,    /* 70 % */
	TRACKD_SUMMARIZING = 4, /* 85 % */
};

/* "pending", "active", "completed", "failed", "cancelled"; "unknown" for any other value. */
const char *trackd_state_name(enum trackd_state state);
/* "none", "error", "worker_lost", "cancelled", "host_restart"; "unknown" for any other value. */
const char *trackd_reason_name(enum trackd_reason reason);
/* Whether a state is final: completed, failed or cancelled. */
static inline bool trackd_state_final(enum trackd_state state)
{
	return state >= TRACKD_COMPLETED;
}

/* ---- Connection ---------------------------------------------------------- */

struct trackd; /* a connection to one board; opaque */

enum trackd_open_flags {
	TRACKD_OPEN_READ = 0,       /* map the board read-only: the kernel keeps us from writing */
	TRACKD_OPEN_WRITE = 1 << 0, /* be a producer */
	/* a producer that never becomes a task's worker: what a short-lived tool wants. Its updates
	 * leave the worker that the task has. */
	TRACKD_OPEN_NO_WORKER = 1 << 1,
	TRACKD_OPEN_NO_DAEMON = 1 << 2, /* do not talk to the daemon: open the board by name */
};

struct trackd_options {
	size_t size;         /* sizeof(struct trackd_options), for later versions */
	unsigned flags;      /* enum trackd_open_flags */
	const char *board;   /* "/name" or "name", or NULL: by the rule below */
	const char *socket;  /* path of the daemon's socket, or NULL: by the rule below */
	uint32_t timeout_ms; /* for locks and for the daemon's answer; 0: 2000 */
	int32_t worker_pid;  /* the process that is the worker of what this connection moves;
				0: the caller. Another process must exist now. */
};
#define TRACKD_OPTIONS_INIT                                                                        \
	{                                                                                          \
		sizeof(struct trackd_options), 0, NULL, NULL, 0, 0                                 \
	}

/*
 * Open a board.
 *
 * ret_trackd: the connection; the caller closes it with trackd_close().
 * options:    NULL means { TRACKD_OPEN_READ }. Strings are copied.
 *
 * WHICH BOARD (the one rule, also of trackctl): the options; for what they leave open the
 * environment's TRACKD_BOARD and TRACKD_SOCKET (ignored in set-user-ID programs; TRACKD_SOCKET also
 * when an option names another board than TRACKD_BOARD); if neither names a board, the user's own,
 * /trackd-<uid>, if it or its socket exists and belongs to the user; then the system's, /trackd.
 * If a socket was named and no board, the board is the one that its daemon serves. A name is "/" and
 * 1 to 59 bytes of A-Za-z0-9._-, not beginning with a dot. The socket of board /NAME is NAME.sock in the per-user or system runtime directory:
 * $XDG_RUNTIME_DIR/trackd/trackd-<uid>.sock for the user's own board, /run/trackd/trackd.sock for
 * the system's; for any other board $XDG_RUNTIME_DIR/trackd/NAME.sock if that exists, else
 * /run/trackd/NAME.sock. $XDG_RUNTIME_DIR counts only if it is the user's and others may not write
 * it; else it is /run/user/<uid>.
 *
 * The daemon hands out the board's descriptor over the socket. Where no daemon answers, the board
 * is opened by name, as its mode permits, and only if it is a regular file with one link that
 * belongs to the user who owns the socket's directory, or, if everybody may write there, to the
 * caller.
 *
 * Errors: TRACKD_E_NO_BOARD; -EACCES not permitted; TRACKD_E_NAMESPACE (a producer in a foreign pid
 * or time namespace); TRACKD_E_OTHER_BOARD (the daemon at the socket serves another board than the
 * one that was named); TRACKD_E_LAYOUT; TRACKD_E_NOT_OURS; TRACKD_E_DAMAGED; TRACKD_E_TABLE_FULL;
 * -ESRCH (worker_pid does not exist); -EINVAL; -ENOMEM; -EMFILE.
 * Cost: about 100 us, once.
 */
int trackd_open(struct trackd **ret_trackd, const struct trackd_options *options);

/*
 * Close a connection: unmap, close the descriptor. NULL is allowed. The process stays known to the
 * board as the worker of its tasks until it exits. No view of the connection may be used after.
 */
void trackd_close(struct trackd *trackd);

/* ---- References ---------------------------------------------------------- */

/*
 * Names one record. A plain value: copy it, keep it, pass it to another process of the same board.
 * Needs no freeing. It goes stale (TRACKD_E_GONE) when its task is removed, replaced, evicted or
 * expired, and never comes to name another task.
 */
struct trackd_ref {
	uint32_t slot;
	uint32_t generation;
};

/* ---- Producing: each needs TRACKD_OPEN_WRITE, else TRACKD_E_READ_ONLY ---- */
/*
 * Each may also return TRACKD_E_MOVING and TRACKD_E_NO_BOARD (see REPLACED BOARDS), and after a fork
 * or on another board what trackd_open() returns.
 */

enum trackd_create_flags {
	/* if a task of that id and the same owner exists, take its place */
	TRACKD_REPLACE = 1 << 0,
};

struct trackd_new {
	size_t size;         /* sizeof(struct trackd_new) */
	const char *id;      /* required */
	const char *owner;   /* NULL or "": nobody's */
	const char *name;    /* for people; NULL: the id */
	const char *message; /* NULL: "Queued for processing" */
	uint64_t total;  /* how much work there is, in units of trackd_advance(); 0: not known */
	int32_t kind;    /* TRACKD_KIND_DOCUMENT or what trackd_kind_find() returned */
	uint32_t flags;  /* enum trackd_create_flags */
	uint32_t ttl_ms; /* 0: the board's ttl; TRACKD_TTL_NEVER */
	uint32_t active_ttl_ms; /* 0: the board's active_ttl; TRACKD_TTL_NEVER */
};
#define TRACKD_NEW_INIT                                                                            \
	{                                                                                          \
		sizeof(struct trackd_new), NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0                   \
	}

/*
 * Create a task: pending, 0 %.
 *
 * task:    copied.
 * ret_ref: may be NULL.
 *
 * On a full board an expired task goes first; then, of the next 64 final ones after the cursor, the
 * one that ended first. One whose lock a process holds is passed over; TRACKD_E_BUSY if nothing else
 * is left. With TRACKD_REPLACE of one's own task nothing goes but that task.
 * Errors: TRACKD_E_EXISTS (a live task of that id; with TRACKD_REPLACE only if its owner is
 * another); TRACKD_E_FULL; TRACKD_E_KEY; TRACKD_E_KIND; TRACKD_E_BUSY; TRACKD_E_OVERFLOW (total);
 * -EINVAL (size, flags). Cost: about 0.5 us.
 */
int trackd_create(struct trackd *trackd, const struct trackd_new *task, struct trackd_ref *ret_ref);

#define TRACKD_STAGE_KEEP (-1)

/*
 * Move a task to a stage and say something about it, or with TRACKD_STAGE_KEEP only say it.
 *
 * stage:   index in the task's kind (enum trackd_document_stage, trackd_stage_find()). Naming a
 *          stage makes the caller the task's worker, whose death fails it. An earlier stage than
 *          the present one is a retry: it and what came after it start again. Another stage begins
 *          with done 0 and total unknown; the present one keeps both.
 * message: NULL leaves the message as it is.
 * Renews the task's time to live.
 * Errors: TRACKD_E_GONE; TRACKD_E_FINAL; TRACKD_E_STAGE; TRACKD_E_BUSY. Cost: about 60 ns; a change
 * of stage about 150 ns.
 */
int trackd_update(struct trackd *trackd, struct trackd_ref ref, int stage, const char *message);

/*
 * Count work done in the present stage. Belongs in the inner loop: one compare-and-swap, no lock,
 * wakes nobody; who watches sees it within 100 ms. Any thread or process may count on one task.
 *
 * units:  added to done, which is at most TRACKD_WORK_MAX, as is what the task counts in all stages
 *         together. Beyond half of that a call takes the task's lock.
 * Errors: TRACKD_E_GONE; TRACKD_E_FINAL; TRACKD_E_OVERFLOW; TRACKD_E_BUSY (a process stands still
 * while it ends the task). Cost: about 10 ns.
 */
int trackd_advance(struct trackd *trackd, struct trackd_ref ref, uint64_t units);

/*
 * Say how much work the present stage has; done stays. 0: not known.
 * Errors: as trackd_update(), and TRACKD_E_OVERFLOW. Cost: as trackd_update().
 */
int trackd_set_total(struct trackd *trackd, struct trackd_ref ref, uint64_t total);

/*
 * Set done and total of the present stage outright, for programs that know only the sum.
 * Errors and cost: as trackd_set_total().
 */
int trackd_set_progress(struct trackd *trackd, struct trackd_ref ref, uint64_t done,
			uint64_t total);

/*
 * End a task. Final is final: every later change is TRACKD_E_FINAL, but for trackd_cancel() of what
 * is cancelled, which finds nothing to do.
 *   complete:  100 %; message NULL: "Processing complete".
 *   fail:      stays where it was; message "Processing failed", reason error; error NULL: "Unknown
 *              error".
 *   cancelled: stays where it was; reason cancelled; message NULL: "Cancelled". For a worker that
 *              was asked to stop, or by its own choice.
 * Errors: TRACKD_E_GONE; TRACKD_E_FINAL; TRACKD_E_BUSY. Cost: about 200 ns.
 */
int trackd_complete(struct trackd *trackd, struct trackd_ref ref, const char *message);
int trackd_fail(struct trackd *trackd, struct trackd_ref ref, const char *error);
int trackd_cancelled(struct trackd *trackd, struct trackd_ref ref, const char *message);

enum trackd_cancel_result {
	TRACKD_CANCEL_ASKED = 0, /* active: its worker has been asked (again) */
	TRACKD_CANCEL_ENDED = 1, /* cancelled: it was pending until now, or is so already */
};

/*
 * Ask for a task to be cancelled. Returns enum trackd_cancel_result. Any producer may ask; the
 * worker learns of it from trackd_cancel_requested() and ends the task with trackd_cancelled().
 * To ask again changes nothing and is no error, also when the task is cancelled by then.
 * Errors: TRACKD_E_GONE; TRACKD_E_FINAL: it completed or failed; TRACKD_E_BUSY. Cost: as
 * trackd_update().
 */
int trackd_cancel(struct trackd *trackd, struct trackd_ref ref);

/*
 * Forget a task, whatever its state. Its id is free at once. A worker is not told: its next call
 * is TRACKD_E_GONE.
 * Errors: TRACKD_E_GONE; TRACKD_E_BUSY. Cost: about that of trackd_create().
 */
int trackd_remove(struct trackd *trackd, struct trackd_ref ref);

/* ---- Reading ------------------------------------------------------------- */
/*
 * With any connection, and without a lock or a system call; but once a second one call of a
 * connection asks fstat(2) whether the board has been unlinked, and moves on if it has, and stat(2)
 * whether this process is in another namespace now; so does the first call of a forked child.
 * TRACKD_E_NO_BOARD from each of them: the board was removed.
 */

/* Whether somebody asked for the task to be cancelled: 1 or 0. Reads no clock either; about 3 ns,
 * so ask once per page, chunk or batch. Errors: TRACKD_E_GONE. */
int trackd_cancel_requested(struct trackd *trackd, struct trackd_ref ref);

/*
 * Find the task of an id. No lock, no system call.
 * Errors: TRACKD_E_NOT_FOUND; TRACKD_E_KEY. Cost: about 50 ns.
 */
int trackd_lookup(struct trackd *trackd, const char *id, struct trackd_ref *ret_ref);

/*
 * A look at a record in place. The numbers are loaded; strings are read where they lie, through
 * the functions below. What a view showed counts only if trackd_view_valid() says so afterwards:
 *
 *	do {
 *		error = trackd_get(trackd, ref, &view);
 *		if (error < 0)
 *			return error;
 *		use(view.done, view.total, trackd_view_message(&view));
 *	} while (!trackd_view_valid(&view));
 *
 * A writer never waits for a view, so hold none across slow work: copy instead.
 */
struct trackd_view {
	struct trackd_ref ref;
	uint64_t revision;        /* counts published versions of this record; never goes back */
	uint64_t done, total;     /* of the present stage, or of the one in which the task ended */
	uint64_t updated_boot_ns; /* last update, CLOCK_BOOTTIME of the board */
	uint8_t state;            /* enum trackd_state */
	uint8_t reason;           /* enum trackd_reason */
	int8_t stage;             /* present or last stage; -1: none yet */
	uint8_t flags;            /* enum trackd_task_flags */
	int32_t kind;
	/* private */
	uint64_t stamp;
	const void *board, *head;
};

enum trackd_task_flags {
	TRACKD_NAME_CUT = 1 << 0, /* only in a struct trackd_task */
	TRACKD_MESSAGE_CUT = 1 << 1,
	TRACKD_ERROR_CUT = 1 << 2,
	TRACKD_CANCEL_REQUESTED = 1 << 3, /* somebody asked for it to be cancelled */
};

/*
 * Look at a task. The numbers of one view belong together; what is read through it later counts if
 * trackd_view_valid() says so.
 * Errors: TRACKD_E_GONE; -EAGAIN when 1000 tries met a writer each time. Cost: about 15 ns, of
 * which the clock is half.
 */
int trackd_get(struct trackd *trackd, struct trackd_ref ref, struct trackd_view *ret_view);

/* Whether the record is still the version that trackd_get() saw, so that all that was read through
 * the view belongs together. About 2 ns. */
bool trackd_view_valid(const struct trackd_view *view);

/* Strings in place: NUL-terminated, never NULL, valid as long as the view is. status is the stage's
 * name while active and the state's otherwise. progress is 0 to 100; 100 only when
 * completed; of what failed or was cancelled, where that was. */
const char *trackd_view_id(const struct trackd_view *view);
const char *trackd_view_owner(const struct trackd_view *view);
const char *trackd_view_name(const struct trackd_view *view);
const char *trackd_view_message(const struct trackd_view *view);
const char *trackd_view_error(const struct trackd_view *view);
const char *trackd_view_status(const struct trackd_view *view);
int trackd_view_progress(const struct trackd_view *view);

enum trackd_stage_state {
	TRACKD_STAGE_WAITING = 0, /* not entered */
	TRACKD_STAGE_RUNNING = 1, /* the present one */
	TRACKD_STAGE_DONE = 2,    /* left for another, or completed in */
	TRACKD_STAGE_ENDED = 3,   /* the task failed or was cancelled in it */
};

struct trackd_stage {
	char name[TRACKD_STAGE_NAME_MAX + 1];
	uint64_t started_ns, finished_ns; /* 0: not yet */
	uint64_t done, total;
	uint8_t state;   /* enum trackd_stage_state */
	uint8_t percent; /* of the task, at which the stage starts */
};

/* A task, whole and self-contained. */
struct trackd_task {
	struct trackd_ref ref;
	uint64_t revision;
	char id[TRACKD_ID_MAX + 1];
	char owner[TRACKD_OWNER_MAX + 1];
	char name[TRACKD_NAME_MAX + 1];
	char status[TRACKD_STAGE_NAME_MAX + 1];
	char message[TRACKD_MESSAGE_MAX + 1];
	char error[TRACKD_ERROR_MAX + 1];
	char kind_name[TRACKD_STAGE_NAME_MAX + 1];
	int32_t kind;
	uint8_t state;  /* enum trackd_state */
	uint8_t reason; /* enum trackd_reason */
	int8_t stage;   /* -1: none yet */
	uint8_t progress;
	uint8_t flags; /* enum trackd_task_flags */
	uint8_t n_stages;
	uint64_t done, total;
	uint64_t serial; /* grows from task to task of one owner: newest first is highest first */
	uint64_t created_ns, started_ns, updated_ns, finished_ns; /* 0: not yet */
	uint64_t cancel_requested_ns;   /* 0: not asked; exact to 1 ms, after 24 days to 1 s */
	uint64_t expires_ns;            /* UINT64_MAX: never */
	uint32_t ttl_ms, active_ttl_ms; /* as given at creation */
	int32_t worker_pid;             /* 0: none, or no longer known */
	uint32_t worker_uid;
	/* In clock ticks after the host's boot: field 22 of /proc/PID/stat, less the boottime offset of
	 * one's time namespace. */
	uint64_t worker_start;
	char worker_comm[16];
	struct trackd_stage stages[TRACKD_STAGES_MAX];
};

/*
 * Copy a task. Every field belongs to one version; strings are terminated.
 * Errors: TRACKD_E_GONE; -EAGAIN when 1000 tries met a writer each time. Cost: about 0.3 us.
 */
int trackd_copy(struct trackd *trackd, struct trackd_ref ref, struct trackd_task *ret_task);

/* Whether the worker of a copied task is alive: 1, 0, or -ENOENT if none is known. Looks at the
 * process (a system call); a process that cannot be looked at counts as alive. */
int trackd_worker_alive(const struct trackd_task *task);

struct trackd_iter {
	uint64_t private_[24];
};

/*
 * Go through tasks without a lock: all of them, in no order, or one owner's, newest first.
 *
 *	trackd_iter_owner(trackd, "alice", &iter);
 *	while (trackd_next(trackd, &iter, &ref) > 0) ...
 *
 * A task that is there from beginning to end is met exactly once; one created or removed meanwhile
 * may be met or not. trackd_next returns 1 with a task, 0 at the end. Nothing to free. Should the
 * board be replaced meanwhile, the iterator goes on there. It begins anew, and may meet a task twice,
 * if the board began anew, and if it goes through all tasks and the new board has a smaller capacity.
 * TRACKD_E_NO_BOARD: the board was removed meanwhile.
 * trackd_iter_after: the owner's tasks that follow one of them, as if the iterator had just given
 * it out: to go on with a list at any later time, for the same cost.
 * Errors: trackd_iter_owner and trackd_iter_after: TRACKD_E_KEY; trackd_iter_after: TRACKD_E_GONE if
 * the task is not there any more, or is another owner's: the iterator then begins with the newest.
 * Cost: proportional to the tasks met, not to the board: about 20 ns each, and for all tasks 8 bytes
 * of map per 64 slots. Removing or replacing a task that was met does not change that.
 */
void trackd_iter_all(struct trackd *trackd, struct trackd_iter *ret_iter);
int trackd_iter_owner(struct trackd *trackd, const char *owner, struct trackd_iter *ret_iter);
int trackd_iter_after(struct trackd *trackd, const char *owner, struct trackd_ref ref,
		      struct trackd_iter *ret_iter);
int trackd_next(struct trackd *trackd, struct trackd_iter *iter, struct trackd_ref *ret_ref);

/* ---- Waiting ------------------------------------------------------------- */

enum trackd_wait_for {
	TRACKD_WAIT_FINAL = 0,      /* the task is final */
	TRACKD_WAIT_TRANSITION = 1, /* state, stage or the request to cancel differ from since */
	TRACKD_WAIT_CHANGE = 2,     /* anything differs: also done, total, message */
};

/*
 * Wait for a task.
 *
 * since:      a view that the caller took earlier; NULL: from now. Unused for TRACKD_WAIT_FINAL.
 * timeout_ms: negative: without limit; 0: look once.
 * Returns 0 when it happened. Transitions are seen within about 10 us of a running daemon's
 * wake-up, counters and messages within 100 ms; without a daemon everything within 250 ms. A reader
 * may wait, and producers pay the same however many do.
 * Errors: -ETIMEDOUT; TRACKD_E_GONE (also when it goes while we wait); -EINTR after a signal.
 */
int trackd_wait(struct trackd *trackd, struct trackd_ref ref, enum trackd_wait_for what,
		const struct trackd_view *since, int64_t timeout_ms);

enum trackd_event_type {
	TRACKD_EVENT_CREATED = 1,
	TRACKD_EVENT_STAGE = 2,
	TRACKD_EVENT_FINAL = 3,
	TRACKD_EVENT_CANCEL = 4,  /* somebody asked */
	TRACKD_EVENT_REMOVED = 5, /* removed, replaced or evicted */
	TRACKD_EVENT_EXPIRED = 6,
};

struct trackd_event {
	uint64_t sequence;
	uint64_t time_ns;
	struct trackd_ref ref;
	uint64_t revision, done, total;
	uint64_t owner_hash; /* trackd_owner_hash() of the task's owner */
	int32_t kind;
	uint8_t type;  /* enum trackd_event_type */
	uint8_t state; /* enum trackd_state, after the event */
	int8_t stage;
	uint8_t reason;
	char id[TRACKD_ID_MAX + 1]; /* "" if the record has been given to another task since */
};

/* A position in the board's event ring. A plain value. */
struct trackd_cursor {
	uint64_t next;       /* sequence of the next event to read */
	uint64_t lost;       /* events that this cursor missed so far */
	uint64_t stalled_ns; /* private */
	uint64_t lineage; /* the board's, and those that took its place with its tasks; a secret */
};

/*
 * Place a cursor: behind the newest event, or before the event of a sequence. A sequence of the
 * future is placed behind the newest.
 */
void trackd_cursor_now(struct trackd *trackd, struct trackd_cursor *ret_cursor);
void trackd_cursor_at(struct trackd *trackd, uint64_t sequence, struct trackd_cursor *ret_cursor);

/*
 * Read the next transition, in order. Events are hints: after a loss read the tasks again.
 * Returns 1 with an event, 0 if there is none now, TRACKD_E_LAPPED if the ring overtook the cursor
 * or the board began anew, so that events may be missing
 * (it then stands at the oldest event there is, and lost has grown). An event that its producer
 * died writing is skipped after 10 ms and counted in lost.
 */
int trackd_next_event(struct trackd *trackd, struct trackd_cursor *cursor,
		      struct trackd_event *ret_event);

/* Sleep until the cursor has something to read (0), -ETIMEDOUT or -EINTR. timeout_ms as above. */
int trackd_wait_event(struct trackd *trackd, const struct trackd_cursor *cursor,
		      int64_t timeout_ms);

/* The hash under which an owner's events run on this board; another board has another. "": 0. */
uint64_t trackd_owner_hash(struct trackd *trackd, const char *owner);

/*
 * For event loops: a descriptor that becomes readable when there are transitions (many are one),
 * and stays the same over restarts of the daemon. Owned by the connection: do not read or close it;
 * wait for input and call trackd_dispatch(), then read tasks or events until there is nothing new.
 * trackd_fd: the descriptor, or -errno. trackd_dispatch: never blocks; 1 if transitions
 * may have happened, 0 if not. While no daemon runs it looks for one once a second.
 * Errors: -EMFILE, -ENOMEM; -EBADF (trackd_dispatch() before trackd_fd(), in a forked child too).
 */
int trackd_fd(struct trackd *trackd);
int trackd_dispatch(struct trackd *trackd);

/* ---- Kinds --------------------------------------------------------------- */

struct trackd_stage_def {
	const char *name; /* 1 to 31 bytes of a-z 0-9 - _ */
	uint8_t percent;  /* at which it starts: 0 to 99, never less than the stage before */
};

struct trackd_kind {
	char name[TRACKD_STAGE_NAME_MAX + 1];
	int32_t n_stages;
	struct {
		char name[TRACKD_STAGE_NAME_MAX + 1];
		uint8_t percent;
	} stages[TRACKD_STAGES_MAX];
};

/*
 * Make a kind known to the board. An identical one is found, not added; of two with one name the
 * newest wins. Kinds are never forgotten while the board lives.
 *
 * name:   1 to 31 bytes of a-z 0-9 - _.
 * stages: 1 to 16 in order, copied; their names differ.
 *
 * Returns the kind's number.
 * Errors: -EINVAL; TRACKD_E_TABLE_FULL (64); TRACKD_E_READ_ONLY; TRACKD_E_BUSY.
 */
int trackd_kind_declare(struct trackd *trackd, const char *name,
			const struct trackd_stage_def *stages, int n_stages);
/* The newest kind of a name, or TRACKD_E_KIND. No lock. */
int trackd_kind_find(struct trackd *trackd, const char *name);
/* Copy what is known of kind number kind, or TRACKD_E_KIND: numbers run from 0 without a gap. */
int trackd_kind_get(struct trackd *trackd, int kind, struct trackd_kind *ret_kind);
/* The index of a stage by name, or TRACKD_E_KIND, TRACKD_E_STAGE. No lock. */
int trackd_stage_find(struct trackd *trackd, int kind, const char *name);

/* ---- Statistics ---------------------------------------------------------- */

struct trackd_stats {
	size_t size; /* in: sizeof(struct trackd_stats); fields beyond it are left alone */
	char board[64];
	uint8_t board_id[16];
	uint32_t capacity, used;
	uint32_t pending, active, completed, failed, cancelled; /* live tasks now */
	uint32_t clients;                                       /* producers known */
	uint32_t ttl_ms, active_ttl_ms;
	uint32_t daemon_pid;   /* 0: none has run */
	uint32_t daemon_epoch; /* how often a daemon took the board over */
	uint64_t daemon_start_ns;
	uint64_t bytes;  /* size of the segment */
	uint64_t events; /* sequence of the next event */
	/* Counters since the board was made. */
	uint64_t n_created, n_completed, n_failed, n_cancelled, n_removed, n_expired, n_evicted;
	uint64_t n_worker_lost, n_repaired, n_locks_recovered;
	uint64_t n_refused_full, n_refused_exists, n_refused_final, n_busy;
	uint64_t n_events_lost, n_lapped, n_attach_refused;
	uint64_t snapshot_ns; /* when the last snapshot was written; 0: never */
};

/* How full and how busy the board is. Counts live tasks in a scan of their heads: 7 ns a task.
 * Errors: -EINVAL (size). */
int trackd_stats(struct trackd *trackd, struct trackd_stats *ret_stats);

/* Which board the connection is on: random, of the board's making. It changes when the connection
 * moves on to a board that took the old one's place, on which references and cursors stay good. A
 * few nanoseconds. */
void trackd_board_id(struct trackd *trackd, uint8_t ret_id[16]);

#ifdef __cplusplus
}
#endif
#endif
