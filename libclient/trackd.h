/* SPDX-License-Identifier: MIT */
/*
 * trackd - live task status for every process on a host.
 *
 * This is the only installed header. It is also the manual: the comment on a call is its contract.
 * Link with -ltrackd (pkg-config: libtrackd).
 *
 * THE PICTURE
 *   A board is a ring of task records in POSIX shared memory, created by one daemon (trackd). A
 *   program that writes to it is a producer, a program that only reads it is a reader. Updating a
 *   task is a few stores under a process-shared mutex; reading a task takes no lock, makes no
 *   system call and copies nothing. Neither requires a running daemon.
 *
 * ERRORS
 *   Calls that can fail return int: 0 or more is success, negative is -errno or one of the
 *   TRACKD_E_* codes; trackd_strerror() accepts both. ret_ parameters are unchanged on failure. No
 *   call prints, exits, aborts, installs a signal handler or starts a thread. Every call that takes a
 *   reference may return TRACKD_E_MOVED instead of TRACKD_E_GONE, see struct trackd_ref.
 *
 * STRUCTS THAT THE LIBRARY FILLS
 *   Task, view, event, kind and statistics begin with their size, which the caller sets once with
 *   TRACKD_..._INIT. A later library fills no more than that, so old programs go on working. Without
 *   it, calls return TRACKD_E_SIZE.
 *
 * TIME LIMIT
 *   A call that must take a lock waits for it up to the connection's timeout (default 2 s) and then
 *   returns TRACKD_E_BUSY without having changed anything. This happens only if another process is
 *   stopped in the middle of an operation on the same record or table. Reading calls never wait.
 *
 * REPLACED BOARDS
 *   The daemon replaces a board if another capacity or mode is configured, if the board is damaged,
 *   or if it has been unlinked. A connection switches to the new board automatically; references,
 *   iterators and cursors stay valid, except references to records beyond a smaller capacity
 *   (TRACKD_E_GONE: look the id up again). During a replacement, a writing call waits for the new
 *   board, usually a few milliseconds and at most the connection's timeout; then it returns
 *   TRACKD_E_MOVING and has not been applied. No acknowledged change is lost. TRACKD_E_NO_BOARD
 *   from any call means that the board was removed and there is no other; the connection finds a
 *   new board as soon as one exists. If a board that no daemon serves is unlinked, a connection
 *   notices within a second (trackd_advance() at every 256th call); changes made before that are
 *   lost with the board. A reading connection unmaps the old board at its next call; a writing
 *   connection keeps 640 bytes of it per task until it is closed.
 *
 * THREADS
 *   A struct trackd may be used by any number of threads at once, except that trackd_close() must
 *   be the last call. Views, iterators and cursors belong to one thread at a time. No call may be
 *   made from a signal handler, and no thread may be cancelled or leave by longjmp() inside one.
 *
 * FORK AND EXEC
 *   After fork() the child may continue to use the connection, whatever threads of the parent were
 *   doing with it. The child's first call closes its copies of the connection's descriptors, so an
 *   event loop must get a new one from trackd_fd(). The child's first writing call attaches it as a
 *   new client, so it becomes the worker of the tasks that it moves; until then it is the worker of
 *   no task. trackd_close() in a child does not affect the parent's connection. A child that shares
 *   its parent's memory (vfork(), or clone() with CLONE_VM) must not make any call. A program that
 *   calls exec remains the worker of its tasks, because a process is identified by its pid and
 *   start time, not by its image.
 *
 * NAMESPACES
 *   A producer must be in the board's pid and time namespaces. If it is in another one, as a forked
 *   child or after setns(), every writing call returns TRACKD_E_NAMESPACE and changes nothing; the
 *   process may continue to read, and can write again after it has returned. A child is refused
 *   from its first call. After setns() into a time namespace, calls are refused from the first one
 *   that reads the clock; if the clocks differ by less than a second, that may take a second. A
 *   child that cannot read its own /proc is refused, because it cannot compare namespaces.
 *
 * STRINGS
 *   Ids: 1 to 63 bytes of A-Z a-z 0-9 . _ ~ : @ + = -, but neither "." nor "..", which have a
 *   special meaning in paths and URLs. Owners: 0 to 63 bytes of UTF-8. An invalid id or owner is an
 *   error (TRACKD_E_KEY) and is never truncated. Names (255 bytes), messages (191), errors and results
 *   (511 each) are truncated at a character boundary and marked as truncated. They should be UTF-8 but are not
 *   checked: programs that display them must expect any bytes except NUL. All strings that are
 *   passed in are copied.
 *
 * LABELS
 *   A task has up to 8 labels "key=value", given at its creation and never changed: what a program
 *   wants to find tasks by, such as batch=2024-11 or customer=acme. Keys are distinct, 1 to 63 bytes
 *   of A-Z a-z 0-9 . _ / -. Values are UTF-8 without control characters, and may be empty. Together
 *   they take up to 255 bytes, with one byte between two. An invalid label is an error
 *   (TRACKD_E_LABEL). Readers get them as one text, one label a line, in the order in which they were
 *   given.
 *
 * TIMES
 *   Durations are in milliseconds (suffix _ms). Points in time are nanoseconds since the Unix epoch
 *   (suffix _ns), computed from CLOCK_BOOTTIME and an offset that the daemon keeps current: setting
 *   the wall clock changes the displayed times but expires nothing.
 *
 * COSTS
 *   Costs were measured with `make bench` on two cores of a virtual server, with a board of 16 384
 *   tasks.
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
#define TRACKD_NAME_MAX 255      /* bytes; longer names are truncated */
#define TRACKD_MESSAGE_MAX 191   /* bytes; longer messages are truncated */
#define TRACKD_ERROR_MAX 511     /* bytes; longer errors are truncated */
#define TRACKD_RESULT_MAX 511    /* bytes; longer results are truncated */
#define TRACKD_LABELS_MAX 8      /* labels of a task */
#define TRACKD_LABELS_BYTES 255  /* of all labels of a task, with one byte between two */
#define TRACKD_LABEL_KEY_MAX 63  /* bytes of a label's key */
#define TRACKD_STAGES_MAX 16     /* stages of one kind */
#define TRACKD_STAGE_NAME_MAX 31 /* bytes of a kind's or a stage's name */
#define TRACKD_KINDS_MAX 64      /* kinds of one board */
#define TRACKD_CLIENTS_MAX 4096  /* producer processes attached at once */
#define TRACKD_CAPACITY_MIN 16
#define TRACKD_CAPACITY_MAX 16777152 /* 2^24 - 64 */
#define TRACKD_CAPACITY_DEFAULT 16384
#define TRACKD_EVENTS 65536 /* transitions kept for readers of events */
#define TRACKD_WORK_MAX                                                                            \
	((UINT64_C(1) << 46) - 1)              /* limit of a task's count, see trackd_advance() */
#define TRACKD_TTL_DEFAULT_MS 3600000u         /* 1 h: final tasks, and those with no live worker */
#define TRACKD_ACTIVE_TTL_DEFAULT_MS 86400000u /* 24 h: active tasks whose worker is alive */
#define TRACKD_TTL_NEVER UINT32_MAX            /* never expires */

/* ---- Errors -------------------------------------------------------------- */

/* X(name, value, the text of trackd_strerror(): what is wrong, and what to do next) */
#define TRACKD_ERRORS(X)                                                                           \
	X(TRACKD_E_NO_BOARD, -20001,                                                               \
	  "no board: is trackd running? (systemctl start trackd, or trackd --user)")               \
	X(TRACKD_E_NOT_FOUND, -20002, "no such task; trackctl ls lists the tasks")                 \
	X(TRACKD_E_GONE, -20003,                                                                   \
	  "the task was removed, replaced or has expired; look its id up again")                   \
	X(TRACKD_E_EXISTS, -20004,                                                                 \
	  "a task with that id exists; create with TRACKD_REPLACE if it is yours, or choose "      \
	  "another "                                                                               \
	  "id")                                                                                    \
	X(TRACKD_E_FINAL, -20005,                                                                  \
	  "the task is final (completed, failed or cancelled); to start again, create it with "    \
	  "TRACKD_REPLACE")                                                                        \
	X(TRACKD_E_FULL, -20006,                                                                   \
	  "the board is full and no task on it is final; raise capacity= in trackd.conf")          \
	X(TRACKD_E_BUSY, -20007, "another process did not release a lock in time; try again")      \
	X(TRACKD_E_KEY, -20008,                                                                    \
	  "the id or owner is not valid: 1 to 63 bytes of A-Za-z0-9._~:@+=- and not . or .. "      \
	  "for an id, up to 63 bytes of UTF-8 for an owner")                                       \
	X(TRACKD_E_KIND, -20009,                                                                   \
	  "no such kind; declare it in trackd.conf or with trackd_kind_declare()")                 \
	X(TRACKD_E_STAGE, -20010, "the task's kind has no such stage; see trackctl kinds")         \
	X(TRACKD_E_TABLE_FULL, -20011,                                                             \
	  "the board's table of kinds (64) or of clients (4096) is full; use an existing "         \
	  "kind, or stop producers that are not needed")                                           \
	X(TRACKD_E_OVERFLOW, -20012, "the count would exceed 2^46 - 1; use a larger unit")         \
	X(TRACKD_E_READ_ONLY, -20013,                                                              \
	  "the connection is read-only; open it with TRACKD_OPEN_WRITE")                           \
	X(TRACKD_E_NAMESPACE, -20014,                                                              \
	  "this process is in another pid or time namespace than the board and may only read; "    \
	  "open it read-only, or run it in the daemon's namespaces")                               \
	X(TRACKD_E_NOT_OURS, -20015,                                                               \
	  "a file with the board's name exists that is not the daemon's; inspect it and remove "   \
	  "it from /dev/shm")                                                                      \
	X(TRACKD_E_LAYOUT, -20016,                                                                 \
	  "the board's layout, C library or word size differs from this program's; install "       \
	  "matching versions of trackd and libtrackd")                                             \
	X(TRACKD_E_DAMAGED, -20017,                                                                \
	  "the board is damaged; run trackctl doctor, and restart trackd to rebuild it")           \
	X(TRACKD_E_LAPPED, -20018,                                                                 \
	  "events were overwritten before they were read; read the tasks again")                   \
	X(TRACKD_E_MOVING, -20019,                                                                 \
	  "the board is being replaced and the new one is not ready yet; nothing was changed; "    \
	  "try again, and check that trackd is running")                                           \
	X(TRACKD_E_OTHER_BOARD, -20020,                                                            \
	  "the daemon at that socket serves another board; name this one's socket "                \
	  "(--socket, TRACKD_SOCKET), or name only the board or only the socket")                  \
	X(TRACKD_E_SIZE, -20021,                                                                   \
	  "a struct to fill has no size; initialise it with its TRACKD_..._INIT")                  \
	X(TRACKD_E_MOVED, -20022,                                                                  \
	  "the reference belongs to an earlier board of that name; look the id up again, or find " \
	  "the same task with trackd_follow()")                                                    \
	X(TRACKD_E_LABEL, -20023,                                                                  \
	  "the labels are not valid: up to 8 of key=value, together 255 bytes; distinct keys of "  \
	  "1 to 63 bytes of A-Za-z0-9._/-, values of UTF-8 without control characters")            \
	X(TRACKD_E_PARENT, -20024,                                                                 \
	  "that task cannot be the parent: it does not exist, is final or asked to cancel, has "   \
	  "another owner, is newer or too deep; or the task has a parent or children already")     \
	X(TRACKD_E_CLOSED, -20025, "the parent takes no more children: they were declared complete")

enum trackd_error {
#define TRACKD_ERROR_ENUM(name, value, text) name = (value),
	TRACKD_ERRORS(TRACKD_ERROR_ENUM)
#undef TRACKD_ERROR_ENUM
};

/*
 * Describe an error and what to do next, in one line of English.
 * error:  the return value of a call; 0 and positive values give "success".
 * Returns a constant string, or for an -errno the C library's text. Never NULL. Any thread.
 */
const char *trackd_strerror(int error);

/* Whether an error means that a reference fits no task any more: TRACKD_E_GONE or TRACKD_E_MOVED. */
static inline bool trackd_gone(int error)
{
	return error == TRACKD_E_GONE || error == TRACKD_E_MOVED;
}

/* The version of the loaded library, which may differ from TRACKD_VERSION. */
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
	TRACKD_REASON_TIMED_OUT = 5,    /* passed a time limit, see trackd_create() */
};

/* How a worker died: field worker_exit of struct trackd_task. */
enum trackd_worker_exit {
	TRACKD_EXIT_UNKNOWN = 0, /* nobody could tell, or no worker died */
	TRACKD_EXIT_STATUS = 1,  /* it exited; worker_exit_number is its status */
	TRACKD_EXIT_SIGNAL = 2,  /* worker_exit_number is the signal that killed it */
};

enum trackd_worker_exit_flags {
	TRACKD_EXIT_DUMPED = 1 << 0, /* the kernel dumped its core */
	/* SIGKILL, and its cgroup has counted a process that the OOM killer ended */
	TRACKD_EXIT_MEMORY = 1 << 1,
};

/* The stages of kind 0, which every board has, and the percentage at which each starts. */
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
/* "none", "error", "worker_lost", "cancelled", "host_restart", "timed_out"; "unknown" for any other
 * value. */
const char *trackd_reason_name(enum trackd_reason reason);
/* Whether a state is final: completed, failed or cancelled. */
static inline bool trackd_state_final(enum trackd_state state)
{
	return state >= TRACKD_COMPLETED;
}

/* All zero but for its size: what the TRACKD_..._INIT of structs that the library fills are. */
#ifdef __cplusplus
#define TRACKD_SIZED_(type)                                                                        \
	([] {                                                                                      \
		struct type sized_ = {};                                                           \
		sized_.size = sizeof sized_;                                                       \
		return sized_;                                                                     \
	}())
#else
#define TRACKD_SIZED_(type)                                                                        \
	{                                                                                          \
		.size = sizeof(struct type)                                                        \
	}
#endif

/* ---- Connection ---------------------------------------------------------- */

struct trackd; /* a connection to one board; opaque */

enum trackd_open_flags {
	TRACKD_OPEN_READ = 0,       /* map the board read-only: the kernel prevents writes */
	TRACKD_OPEN_WRITE = 1 << 0, /* be a producer */
	/* be a producer that never becomes a task's worker, for short-lived tools. Its updates do
	 * not change a task's worker. */
	TRACKD_OPEN_NO_WORKER = 1 << 1,
	TRACKD_OPEN_NO_DAEMON = 1 << 2, /* do not contact the daemon: open the board by name */
};

struct trackd_options {
	size_t size;         /* sizeof(struct trackd_options), for later versions */
	unsigned flags;      /* enum trackd_open_flags */
	const char *board;   /* "/name" or "name", or NULL: by the rule below */
	const char *socket;  /* path of the daemon's socket, or NULL: by the rule below */
	uint32_t timeout_ms; /* for locks and for the daemon's answer; 0: 2000 */
	int32_t worker_pid;  /* the process to record as the worker of the tasks that this
				connection moves; 0: the caller. Any other process must exist now. */
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
 * WHICH BOARD (the same rule applies to trackctl): The options come first. Where they are NULL, the
 * environment variables TRACKD_BOARD and TRACKD_SOCKET are used (they are ignored in set-user-ID
 * programs; TRACKD_SOCKET is also ignored if an option names another board than TRACKD_BOARD). If
 * neither names a board, it is the user's own, /trackd-<uid>, if that or its socket exists and
 * belongs to the user; otherwise the system's, /trackd. If only a socket is named, the board is the
 * one that its daemon serves. A name is "/" and 1 to 59 bytes of A-Za-z0-9._-, not beginning with a
 * dot. The socket of board /NAME is NAME.sock in the per-user or system runtime directory:
 * $XDG_RUNTIME_DIR/trackd/trackd-<uid>.sock for the user's own board, /run/trackd/trackd.sock for
 * the system's; for any other board $XDG_RUNTIME_DIR/trackd/NAME.sock if that exists, else
 * /run/trackd/NAME.sock. $XDG_RUNTIME_DIR is used only if it belongs to the user and other users
 * cannot write to it; otherwise /run/user/<uid> is used instead.
 *
 * The daemon passes the board's descriptor over the socket. If no daemon answers, the board is
 * opened by name. This requires that its mode permits it and that it is a regular file with one
 * link, owned by the user who owns the socket's directory or, if that directory is writable for all
 * users, by the caller.
 *
 * Errors: TRACKD_E_NO_BOARD; -EACCES (not permitted); TRACKD_E_NAMESPACE (a producer in another pid
 * or time namespace); TRACKD_E_OTHER_BOARD (the daemon at the socket serves another board than the
 * one named); TRACKD_E_LAYOUT; TRACKD_E_NOT_OURS; TRACKD_E_DAMAGED; TRACKD_E_TABLE_FULL; -ESRCH
 * (worker_pid does not exist); -EINVAL; -ENOMEM; -EMFILE.
 * Cost: about 100 us, once.
 */
int trackd_open(struct trackd **ret_trackd, const struct trackd_options *options);

/*
 * Close a connection: unmap the board and close the descriptor. NULL is allowed. The process
 * remains the worker of its tasks until it exits. Views of the connection must not be used
 * afterwards.
 */
void trackd_close(struct trackd *trackd);

/* ---- References ---------------------------------------------------------- */

/*
 * A reference to one record. It is a plain value: it can be copied, stored, and passed to another
 * process that uses the same board, and needs no freeing. It becomes stale (TRACKD_E_GONE) when its
 * task is removed, replaced, evicted or expired, and never refers to another task. It stays valid if
 * the daemon replaces the board. It does not if the board is made anew, from a snapshot or from a
 * board of another layout: then calls return TRACKD_E_MOVED, as long as no more than 254 boards came
 * in between, and trackd_follow() finds the same task by its id and serial.
 */
struct trackd_ref {
	uint32_t slot; /* the upper byte is the board's number */
	uint32_t generation;
};

/* A reference that fits no task, for variables that hold none yet: calls return TRACKD_E_GONE. */
#ifdef __cplusplus
#define TRACKD_REF_NONE (trackd_ref{ 0, 0 })
#else
#define TRACKD_REF_NONE ((struct trackd_ref){ 0, 0 })
#endif

/* Whether two references are the same. */
static inline bool trackd_ref_equal(struct trackd_ref a, struct trackd_ref b)
{
	return a.slot == b.slot && a.generation == b.generation;
}

/* ---- Producing: each needs TRACKD_OPEN_WRITE, else TRACKD_E_READ_ONLY ---- */
/*
 * Each call may also return TRACKD_E_MOVING and TRACKD_E_NO_BOARD (see REPLACED BOARDS) and, after
 * a fork or a switch to another board, the errors of trackd_open().
 */

enum trackd_create_flags {
	/* replace an existing task of that id if it has the same owner */
	TRACKD_REPLACE = 1 << 0,
	/* the connection's worker is the task's keeper: if it dies before the first stage, the task
	 * fails as if it had been active. -EINVAL with TRACKD_OPEN_NO_WORKER. */
	TRACKD_KEEPER = 1 << 1,
	/* show as done and total how many of the task's children have ended, and how many there are */
	TRACKD_ROLLUP = 1 << 2,
	/* once no more children come and all have ended, the daemon ends the task: failed if one of
	 * them failed or was cancelled, else completed */
	TRACKD_ROLLUP_ENDS = 1 << 3,
	TRACKD_ROLLUP_ANYWAY = 1 << 4, /* with TRACKD_ROLLUP_ENDS: completed in any case */
};

struct trackd_new {
	size_t size;            /* sizeof(struct trackd_new) */
	const char *id;         /* required */
	const char *owner;      /* NULL or "": no owner */
	const char *name;       /* shown to users; NULL: the id */
	const char *message;    /* NULL: "Queued for processing" */
	uint64_t total;         /* amount of work, in units of trackd_advance(); 0: unknown */
	int32_t kind;           /* TRACKD_KIND_DOCUMENT or a result of trackd_kind_find() */
	uint32_t flags;         /* enum trackd_create_flags */
	uint32_t ttl_ms;        /* 0: the board's ttl; TRACKD_TTL_NEVER */
	uint32_t active_ttl_ms; /* 0: the board's active_ttl; TRACKD_TTL_NEVER */
	/* "key=value", up to TRACKD_LABELS_MAX, then NULL; NULL: none. See LABELS. */
	const char *const *labels;
	/* time limits, see below; 0 or TRACKD_TTL_NEVER: none */
	uint32_t start_within_ms, progress_within_ms, finish_within_ms;
	uint32_t weight;    /* in the parent's progress, see trackd_rollup(); 0: 1 */
	const char *parent; /* id of the task that this one is a part of; NULL: none */
	uint32_t children;  /* how many children it will get; 0: not known */
};
#define TRACKD_NEW_INIT                                                                            \
	{                                                                                          \
		sizeof(struct trackd_new), NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, NULL, 0, 0, 0,   \
			0, NULL, 0                                                                 \
	}

/*
 * Create a task: pending, 0 %.
 *
 * task:    copied.
 * ret_ref: may be NULL.
 *
 * TIME LIMITS A task that passes one ends: failed, reason timed_out, and the error names the limit
 * and the stage. Without them, a live worker keeps its task until active_ttl.
 *   start_within:    the longest time from the creation to the first stage.
 *   finish_within:   the longest time from the creation to the end.
 *   progress_within: the longest time without an update or an advance while the task is active.
 *   active_ttl:      as progress_within, for every active task with a worker; only the daemon sees
 *                    that such a task advances, and renews it.
 * A writer that finds start_within, finish_within or active_ttl passed ends the task, and its own
 * call returns TRACKD_E_FINAL; only trackd_advance() does not look. Others see the end within 50 ms
 * while a daemon runs. Only the daemon judges progress_within: never early, and late by at most an
 * eighth of the limit, but no less than 10 ms and no more than 1 s. After a time without a daemon the
 * limit starts anew.
 *
 * On a full board, an expired task is evicted first; otherwise, of the next 64 final tasks after
 * the cursor, the one that ended first. Tasks whose lock is held are skipped; TRACKD_E_BUSY if
 * there are no others. Replacing an existing task with TRACKD_REPLACE evicts no other task.
 * Errors: TRACKD_E_EXISTS (there is a live task of that id; with TRACKD_REPLACE only if it has
 * another owner); TRACKD_E_FULL; TRACKD_E_KEY; TRACKD_E_KIND; TRACKD_E_BUSY; TRACKD_E_OVERFLOW
 * (total); TRACKD_E_LABEL; TRACKD_E_PARENT; TRACKD_E_CLOSED; -EINVAL (size, flags). Cost: about 0.5 us.
 *
 * A task with a parent is its child. A parent must exist, have the same owner and be open, and its
 * cancellation must not have been requested (TRACKD_E_PARENT); it may be a child itself, up to 8
 * generations. Parents count their children by state. A parent with children that have not ended
 * neither expires nor is evicted, and its active_ttl begins when the last has ended. When a parent
 * is removed or replaced, its children are tasks without a parent. Cancelling a parent makes the
 * daemon request the cancellation of its children.
 */
int trackd_create(struct trackd *trackd, const struct trackd_new *task, struct trackd_ref *ret_ref);

/*
 * Make a task the child of another one, after its creation. Only once, while it is open and has no
 * children itself; the parent must be the older task.
 *
 * parent: its id.
 * Errors: TRACKD_E_PARENT; TRACKD_E_CLOSED; TRACKD_E_GONE; TRACKD_E_FINAL; TRACKD_E_BUSY. Cost: as
 * trackd_create().
 */
int trackd_set_parent(struct trackd *trackd, struct trackd_ref ref, const char *parent);

/*
 * Declare that a task gets no more children: from then on it refuses them with TRACKD_E_CLOSED. With
 * TRACKD_ROLLUP_ENDS it ends when the last one has. A second call changes nothing.
 * Errors: TRACKD_E_GONE; TRACKD_E_FINAL; TRACKD_E_BUSY. Cost: as trackd_update().
 */
int trackd_close_children(struct trackd *trackd, struct trackd_ref ref);

#define TRACKD_STAGE_KEEP (-1)

/*
 * Move a task to a stage and set its message. With TRACKD_STAGE_KEEP, only set the message.
 *
 * stage:   index in the task's kind (enum trackd_document_stage, trackd_stage_find()). Naming a
 *          stage makes the caller the task's worker; if the worker dies, the task fails, or is
 *          cancelled if it had been asked to. A keeper's part ends with the first stage. A stage
 *          before the current one is a retry: that stage and all later ones start again. A new
 *          stage begins with done 0 and total unknown; naming the current stage keeps both.
 * message: NULL keeps the current message.
 * Renews the task's time to live.
 * Errors: TRACKD_E_GONE; TRACKD_E_FINAL; TRACKD_E_STAGE; TRACKD_E_BUSY. Cost: about 60 ns; a change
 * of stage about 150 ns.
 */
int trackd_update(struct trackd *trackd, struct trackd_ref ref, int stage, const char *message);

/*
 * Enter a stage with its amount of work and a message, in one published version: no reader sees the
 * stage without its total. If the task is in that stage already, only total and message change.
 *
 * total:  in units of trackd_advance(); 0: unknown.
 * The rest is as in trackd_update(), errors too, and TRACKD_E_OVERFLOW (total). Cost: as a change of
 * stage.
 */
int trackd_stage(struct trackd *trackd, struct trackd_ref ref, int stage, uint64_t total,
		 const char *message);

/*
 * Count work done in the current stage. Meant for inner loops: it is one compare-and-swap, takes no
 * lock and wakes no waiters; waiting clients see the change within 100 ms. Any number of threads
 * and processes may count on one task.
 *
 * units:  added to done. Both done and the task's count over all stages are limited to
 *         TRACKD_WORK_MAX. Beyond half of that, a call takes the task's lock.
 * Errors: TRACKD_E_GONE; TRACKD_E_FINAL; TRACKD_E_OVERFLOW; TRACKD_E_BUSY (a process was stopped
 * while it was ending the task). Cost: about 10 ns.
 */
int trackd_advance(struct trackd *trackd, struct trackd_ref ref, uint64_t units);

/*
 * Set the amount of work of the current stage; done is unchanged. 0: unknown.
 * Errors: as trackd_update(), and TRACKD_E_OVERFLOW. Cost: as trackd_update().
 */
int trackd_set_total(struct trackd *trackd, struct trackd_ref ref, uint64_t total);

/*
 * Set done and total of the current stage to absolute values, for programs that know only the sum.
 * Errors and cost: as trackd_set_total().
 */
int trackd_set_progress(struct trackd *trackd, struct trackd_ref ref, uint64_t done,
			uint64_t total);

/*
 * End a task. A final state never changes: every later change returns TRACKD_E_FINAL, except
 * trackd_cancel() of a cancelled task, which succeeds without doing anything.
 *   complete:  100 %; message NULL: "Processing complete".
 *   complete_with: the same, and a result for readers: up to 511 bytes, such as a path, a number or a
 *              line of JSON; longer ones are truncated. NULL and "": none.
 *   fail:      progress is unchanged; message "Processing failed", reason error; error NULL:
 *              "Unknown error".
 *   cancelled: progress is unchanged; reason cancelled; message NULL: "Cancelled". For a worker
 *              that was asked to stop or stops by its own decision.
 * Errors: TRACKD_E_GONE; TRACKD_E_FINAL; TRACKD_E_BUSY. Cost: about 200 ns.
 */
int trackd_complete(struct trackd *trackd, struct trackd_ref ref, const char *message);
int trackd_complete_with(struct trackd *trackd, struct trackd_ref ref, const char *message,
			 const char *result);
int trackd_fail(struct trackd *trackd, struct trackd_ref ref, const char *error);
int trackd_cancelled(struct trackd *trackd, struct trackd_ref ref, const char *message);

enum trackd_cancel_result {
	TRACKD_CANCEL_ASKED = 0, /* active: the request is recorded (again) */
	TRACKD_CANCEL_ENDED = 1, /* cancelled: it was pending, or was cancelled before */
};

/*
 * Request the cancellation of a task. Returns enum trackd_cancel_result. Any producer may call it;
 * the worker sees the request with trackd_cancel_requested() and ends the task with
 * trackd_cancelled(). A repeated request changes nothing and is not an error, even if the task has
 * been cancelled meanwhile.
 * Errors: TRACKD_E_GONE; TRACKD_E_FINAL: it completed or failed; TRACKD_E_BUSY. Cost: as
 * trackd_update().
 */
int trackd_cancel(struct trackd *trackd, struct trackd_ref ref);

/*
 * Remove a task in any state. Its id is free at once. The worker is not notified: its next call
 * returns TRACKD_E_GONE.
 * Errors: TRACKD_E_GONE; TRACKD_E_BUSY. Cost: about that of trackd_create().
 */
int trackd_remove(struct trackd *trackd, struct trackd_ref ref);

/* ---- Reading ------------------------------------------------------------- */
/*
 * These calls work with any connection and take no lock. They make no system call, with one
 * exception: once a second, and in the first call of a forked child, a call uses fstat(2) to check
 * whether the board has been unlinked (and switches boards if it has), and stat(2) to check whether
 * the process has changed namespaces. Each may return TRACKD_E_NO_BOARD: the board was removed.
 */

/* Whether a cancellation of the task was requested: 1 or 0. Reads no clock and takes about 3 ns, so
 * call it once per page, chunk or batch. Errors: TRACKD_E_GONE. */
int trackd_cancel_requested(struct trackd *trackd, struct trackd_ref ref);

/*
 * Find the task of an id. No lock, no system call.
 * Errors: TRACKD_E_NOT_FOUND; TRACKD_E_KEY. Cost: about 50 ns.
 */
int trackd_lookup(struct trackd *trackd, const char *id, struct trackd_ref *ret_ref);

/*
 * Find the same task again after TRACKD_E_MOVED: the one with this id and this serial (of struct
 * trackd_task, or trackd_view_serial()), and never a later task that was created with the id. Serials survive a
 * restart of the daemon and a snapshot.
 * Errors: TRACKD_E_NOT_FOUND; TRACKD_E_GONE (the id belongs to another task now); TRACKD_E_KEY. Cost:
 * as trackd_lookup().
 */
int trackd_follow(struct trackd *trackd, const char *id, uint64_t serial,
		  struct trackd_ref *ret_ref);

/*
 * A view of a record in place. The numbers are loaded; strings are read in place through the
 * functions below. Data read through a view is consistent only if trackd_view_valid() returns true
 * afterwards:
 *
 *	struct trackd_view view = TRACKD_VIEW_INIT;
 *	do {
 *		error = trackd_get(trackd, ref, &view);
 *		if (error < 0)
 *			return error;
 *		use(view.done, view.total, trackd_view_message(&view));
 *	} while (!trackd_view_valid(&view));
 *
 * A writer never waits for a view, so do not keep a view during slow work: make a copy instead.
 */
struct trackd_view {
	size_t size; /* in: sizeof(struct trackd_view), by TRACKD_VIEW_INIT */
	struct trackd_ref ref;
	uint64_t revision;        /* number of published versions of this record; never decreases */
	uint64_t done, total;     /* of the current stage, or of the one in which the task ended */
	uint64_t updated_boot_ns; /* last update, CLOCK_BOOTTIME of the board */
	uint8_t state;            /* enum trackd_state */
	uint8_t reason;           /* enum trackd_reason */
	int8_t stage;             /* current or last stage; -1: none yet */
	uint8_t reserved_;
	uint16_t flags; /* enum trackd_task_flags */
	int16_t kind;
	/* private */
	uint64_t stamp;
	const void *board, *head;
};
#define TRACKD_VIEW_INIT TRACKD_SIZED_(trackd_view)

enum trackd_task_flags {
	TRACKD_NAME_CUT = 1 << 0, /* only in a struct trackd_task */
	TRACKD_MESSAGE_CUT = 1 << 1,
	TRACKD_ERROR_CUT = 1 << 2,
	TRACKD_RESULT_CUT = TRACKD_ERROR_CUT, /* of a completed task */
	TRACKD_CANCEL_REQUESTED = 1 << 3,     /* its cancellation was requested */
};

/*
 * Take a view of a task. The numbers in a view are consistent with each other; data read through it
 * later is consistent if trackd_view_valid() returns true.
 * Errors: TRACKD_E_GONE; TRACKD_E_SIZE; -EAGAIN if a writer interfered with each of 1000 tries. Cost:
 * about 15 ns, half of it for the clock.
 */
int trackd_get(struct trackd *trackd, struct trackd_ref ref, struct trackd_view *ret_view);

/* Whether the record still has the version that trackd_get() saw, which means that all data read
 * through the view is consistent. Cost: about 2 ns. */
bool trackd_view_valid(const struct trackd_view *view);

/* Strings in place: NUL-terminated, never NULL, valid as long as the view is. status is the name of
 * the stage while active, otherwise the name of the state. progress is 0 to 100, and 100 only for
 * completed tasks; failed and cancelled tasks keep the value at which they ended. */
const char *trackd_view_id(const struct trackd_view *view);
const char *trackd_view_owner(const struct trackd_view *view);
const char *trackd_view_name(const struct trackd_view *view);
const char *trackd_view_message(const struct trackd_view *view);
const char *trackd_view_error(const struct trackd_view *view);
const char *trackd_view_result(const struct trackd_view *view); /* "": none */
const char *trackd_view_labels(const struct trackd_view *view); /* one a line; "": none */
const char *trackd_view_status(const struct trackd_view *view);
int trackd_view_progress(const struct trackd_view *view);
/* The task's serial, see trackd_follow(). */
uint64_t trackd_view_serial(const struct trackd_view *view);
/* Of a final task, the message and the progress just before it ended; of any other, "" and its
 * progress. */
const char *trackd_view_last_message(const struct trackd_view *view);
int trackd_view_last_progress(const struct trackd_view *view);

enum trackd_stage_state {
	TRACKD_STAGE_WAITING = 0, /* not entered */
	TRACKD_STAGE_RUNNING = 1, /* the current one */
	TRACKD_STAGE_DONE = 2,    /* left for another stage, or the task completed in it */
	TRACKD_STAGE_ENDED = 3,   /* the task failed or was cancelled in it */
};

struct trackd_stage {
	char name[TRACKD_STAGE_NAME_MAX + 1];
	uint64_t started_ns, finished_ns; /* 0: not yet */
	uint64_t done, total;
	uint8_t state;   /* enum trackd_stage_state */
	uint8_t percent; /* of the task, at the start of the stage */
};

/* How many children a task has. Those that expired or were evicted stay counted, by how they ended; one
 * that had not ended counts as failed. Removed and replaced ones do not count. */
struct trackd_children {
	uint32_t pending, active, completed, failed, cancelled;
	uint32_t gone_completed, gone_failed, gone_cancelled; /* expired or evicted */
	uint32_t expected;    /* as given at creation; 0: not known */
	uint32_t closed;      /* 1: no more come */
	uint64_t gone_weight; /* the weights of the gone ones, together */
};

/* A complete, self-contained copy of a task. */
struct trackd_task {
	size_t size; /* in: sizeof(struct trackd_task), by TRACKD_TASK_INIT */
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
	uint64_t serial; /* increases with each task: the newest has the highest */
	uint64_t created_ns, started_ns, updated_ns, finished_ns; /* 0: not yet */
	uint64_t cancel_requested_ns;   /* 0: not requested; exact to 1 ms, after 24 days to 1 s */
	uint64_t expires_ns;            /* UINT64_MAX: never */
	uint32_t ttl_ms, active_ttl_ms; /* as given at creation */
	int32_t worker_pid; /* of a pending task: its keeper; 0: none, or unknown by now */
	uint32_t worker_uid;
	/* In clock ticks since the host's boot: field 22 of /proc/PID/stat, minus the boottime
	 * offset of the reader's time namespace. */
	uint64_t worker_start;
	char worker_comm[16];
	struct trackd_stage stages[TRACKD_STAGES_MAX];
	/* Of a final task: its message and progress just before it ended. Of any other: "", and its
	 * progress. */
	char last_message[TRACKD_MESSAGE_MAX + 1];
	uint8_t last_progress;
	char result[TRACKD_RESULT_MAX + 1];   /* of a completed task; "": none */
	char labels[TRACKD_LABELS_BYTES + 1]; /* key=value, one a line; "": none */
	uint32_t start_within_ms, progress_within_ms, finish_within_ms; /* 0: none */
	/* How the worker died, if that ended the task and is known. */
	int32_t worker_exit_number; /* the exit status, or the signal */
	uint8_t worker_exit;        /* enum trackd_worker_exit */
	uint8_t worker_exit_flags;  /* enum trackd_worker_exit_flags */
	uint8_t depth;              /* generations above it, when it got its parent; 0: no parent */
	uint8_t rollup;             /* enum trackd_create_flags: of those for its children */
	char parent[TRACKD_ID_MAX + 1]; /* id; "": none, or it is gone */
	uint32_t weight;                /* as given at creation */
	struct trackd_children children;
};
#define TRACKD_TASK_INIT TRACKD_SIZED_(trackd_task)

/*
 * Copy a task. All fields are from the same version; strings are terminated. Errors: TRACKD_E_GONE;
 * TRACKD_E_SIZE; -EAGAIN if a writer interfered with each of 1000 tries. Cost: about 0.3 us.
 */
int trackd_copy(struct trackd *trackd, struct trackd_ref ref, struct trackd_task *ret_task);

/*
 * Find a label by its key in a task's labels.
 *
 * labels: of a task or a view.
 * buffer: receives the value, terminated, and truncated at a character boundary if it does not fit;
 *         may be NULL if size is 0.
 * Returns the length of the whole value. Errors: -ENOENT. Cost: about 20 ns.
 */
int trackd_label_get(const char *labels, const char *key, char *buffer, size_t size);

/* Whether the worker of a copied task is alive: 1, 0, or -ENOENT if no worker is known. Inspects
 * the process (a system call); a process that cannot be inspected counts as alive. */
int trackd_worker_alive(const struct trackd_task *task);

/*
 * Say that a task's worker is dead, and how it died: for a parent that has waited for its child. The
 * daemon sees the death by itself; this tells more where the kernel does not tell the daemon (before
 * Linux 6.15), and ends the task even if there is no daemon. Call it as soon as waitpid() or
 * waitid() has returned: the daemon waits up to 15 ms for it.
 *
 * pid:    the child, which must be the worker of this active task, and dead.
 * status: as of waitpid().
 * flags:  0 or TRACKD_EXIT_MEMORY: the OOM killer ended it (only with SIGKILL).
 * The task is failed then, reason worker_lost.
 * Errors: TRACKD_E_FINAL: it has ended, perhaps because the daemon was faster; -ESRCH: this process
 * is not its worker, or it is not active; -EBUSY: the process lives; -EINVAL (status, flags); and
 * those of trackd_fail(). Cost: about 20 us.
 */
int trackd_worker_died(struct trackd *trackd, struct trackd_ref ref, int32_t pid, int status,
		       unsigned flags);

struct trackd_iter {
	uint64_t private_[24];
};

/*
 * Iterate over tasks without a lock: all tasks, in no particular order, or one owner's tasks,
 * newest first.
 *
 *	trackd_iter_owner(trackd, "alice", &iter);
 *	while (trackd_next(trackd, &iter, &ref) > 0) ...
 *
 * A task that exists during the whole iteration is returned exactly once; a task created or removed
 * during the iteration may or may not be returned. trackd_next returns 1 with a task, 0 at the end.
 * There is nothing to free. If the board is replaced during the iteration, the iterator continues
 * on the new board. It restarts, and may return a task twice, if the new board does not descend
 * from the old one, or if it iterates over all tasks and the new board has a smaller capacity.
 * TRACKD_E_NO_BOARD: the board was removed.
 * trackd_iter_after: the owner's tasks that follow a given task, as if the iterator had just
 * returned it. Use it to continue a list at any later time, at the same cost.
 * Errors: trackd_iter_owner and trackd_iter_after: TRACKD_E_KEY; trackd_iter_after: TRACKD_E_GONE
 * if the task no longer exists or has another owner: the iterator then begins with the newest task.
 * Cost: proportional to the number of tasks returned, not to the size of the board: about 20 ns
 * each, and for all tasks 8 bytes of map per 64 slots. Removing or replacing a returned task does
 * not change that.
 */
void trackd_iter_all(struct trackd *trackd, struct trackd_iter *ret_iter);
int trackd_iter_owner(struct trackd *trackd, const char *owner, struct trackd_iter *ret_iter);
int trackd_iter_after(struct trackd *trackd, const char *owner, struct trackd_ref ref,
		      struct trackd_iter *ret_iter);
int trackd_next(struct trackd *trackd, struct trackd_iter *iter, struct trackd_ref *ret_ref);

/*
 * Iterate over a task's children in the same way, newest first. Their children are not included. The
 * iteration ends if the task is removed meanwhile.
 * Errors: TRACKD_E_GONE. Cost: as for an owner's tasks.
 */
int trackd_iter_children(struct trackd *trackd, struct trackd_ref ref,
			 struct trackd_iter *ret_iter);

struct trackd_rollup {
	size_t size; /* in: sizeof(struct trackd_rollup), by TRACKD_ROLLUP_INIT */
	struct trackd_children children;
	uint64_t done, total; /* children that have ended, and all of them or as many as expected */
	uint32_t progress_ppm; /* the children's progress by weight, in millionths: 0 to 1000000 */
};
#define TRACKD_ROLLUP_INIT                                                                         \
	{                                                                                          \
		.size = sizeof(struct trackd_rollup)                                               \
	}

/*
 * Sum up a task's children: those that ended count fully, whatever their end; the others with their
 * progress; each by its weight, and 1 for those that are expected and do not exist yet. So the sum
 * never falls, except for a retry or an additional child.
 * Errors: TRACKD_E_GONE; TRACKD_E_SIZE. Cost: about 30 ns a child.
 */
int trackd_rollup(struct trackd *trackd, struct trackd_ref ref, struct trackd_rollup *ret_rollup);

/* ---- Waiting ------------------------------------------------------------- */

enum trackd_wait_for {
	TRACKD_WAIT_FINAL = 0,      /* the task is final */
	TRACKD_WAIT_TRANSITION = 1, /* state, stage or cancellation request differ from since */
	TRACKD_WAIT_CHANGE = 2,     /* anything differs, including done, total and message */
};

/*
 * Wait for a task.
 *
 * since:      a view that the caller took earlier; NULL: from now on. Ignored for
 * TRACKD_WAIT_FINAL.
 * timeout_ms: negative: no limit; 0: check once.
 * Returns 0 when the condition holds. Transitions are seen within about 10 us of a running daemon's
 * wake-up, counters and messages within 100 ms; without a daemon, everything is seen within 250 ms.
 * Readers may wait, and the number of waiters does not affect the cost for producers.
 * Errors: -ETIMEDOUT; TRACKD_E_GONE (also if the task is removed during the wait); -EINTR after a
 * signal.
 */
int trackd_wait(struct trackd *trackd, struct trackd_ref ref, enum trackd_wait_for what,
		const struct trackd_view *since, int64_t timeout_ms);

/*
 * Wait until there is a task of an id, however long that takes, and find it.
 *
 * timeout_ms: as in trackd_wait().
 * Returns 0 at once if there is one. How soon a new task is seen is as for transitions in
 * trackd_wait().
 * Errors: -ETIMEDOUT; TRACKD_E_KEY; TRACKD_E_NO_BOARD; -EINTR after a signal.
 */
int trackd_wait_id(struct trackd *trackd, const char *id, int64_t timeout_ms,
		   struct trackd_ref *ret_ref);

enum trackd_event_type {
	TRACKD_EVENT_CREATED = 1,
	TRACKD_EVENT_STAGE = 2,
	TRACKD_EVENT_FINAL = 3,
	TRACKD_EVENT_CANCEL = 4,  /* cancellation requested */
	TRACKD_EVENT_REMOVED = 5, /* removed, replaced or evicted */
	TRACKD_EVENT_EXPIRED = 6,
};

/* "created", "stage", "final", "cancel", "removed", "expired"; "unknown" for any other value. */
const char *trackd_event_name(enum trackd_event_type type);

struct trackd_event {
	size_t size; /* in: sizeof(struct trackd_event), by TRACKD_EVENT_INIT */
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
	char id[TRACKD_ID_MAX + 1]; /* "" if the record has been reused for another task */
};
#define TRACKD_EVENT_INIT TRACKD_SIZED_(trackd_event)

/* A position in the board's event ring. A plain value. */
struct trackd_cursor {
	uint64_t next;       /* sequence of the next event to read */
	uint64_t lost;       /* events that this cursor has missed so far */
	uint64_t stalled_ns; /* private */
	uint64_t lineage;    /* of the board and its replacements; private */
};

/*
 * Place a cursor after the newest event, or before the event with a given sequence. For a sequence
 * in the future, the cursor is placed after the newest event.
 */
void trackd_cursor_now(struct trackd *trackd, struct trackd_cursor *ret_cursor);
void trackd_cursor_at(struct trackd *trackd, uint64_t sequence, struct trackd_cursor *ret_cursor);

/*
 * Read the next transition, in order. Events are hints: after a loss, read the tasks again. Returns
 * 1 with an event, 0 if there is no new event, TRACKD_E_LAPPED if events may be missing, because
 * the ring overtook the cursor or the board does not descend from the cursor's board (the cursor is
 * then at the oldest event, and lost has increased). If a producer died while writing an event, the
 * event is skipped after 10 ms and counted in lost. If a create replaced a task, the CREATED event of
 * the new task comes first and the REMOVED event of the old one after it, so that a reader who keeps
 * tasks by id compares references before it forgets one. A cursor goes on over a replaced board without
 * a loss. Other errors: TRACKD_E_SIZE.
 */
int trackd_next_event(struct trackd *trackd, struct trackd_cursor *cursor,
		      struct trackd_event *ret_event);

/* Sleep until the cursor has an event to read. Returns 0, -ETIMEDOUT or -EINTR. timeout_ms as
 * above. */
int trackd_wait_event(struct trackd *trackd, const struct trackd_cursor *cursor,
		      int64_t timeout_ms);

/* The hash that identifies an owner's events on this board; it differs between boards. "": 0. */
uint64_t trackd_owner_hash(struct trackd *trackd, const char *owner);

/*
 * For event loops: a descriptor that becomes readable after transitions (several may be coalesced)
 * and stays the same across restarts of the daemon. The connection owns it: do not read or close
 * it. Wait for input and call trackd_dispatch(), then read tasks or events until there is nothing
 * new. trackd_fd: the descriptor, or -errno. trackd_dispatch: never blocks; 1 if transitions may
 * have happened, 0 if not. While no daemon runs, it tries to connect once a second.
 * Errors: -EMFILE, -ENOMEM; -EBADF (trackd_dispatch() before trackd_fd(), in a forked child too).
 */
int trackd_fd(struct trackd *trackd);
int trackd_dispatch(struct trackd *trackd);

/* ---- Kinds --------------------------------------------------------------- */

struct trackd_stage_def {
	const char *name; /* 1 to 31 bytes of a-z 0-9 - _ */
	uint8_t percent;  /* at which it starts: 0 to 99, not less than the previous stage's */
};

struct trackd_kind {
	size_t size; /* in: sizeof(struct trackd_kind), by TRACKD_KIND_INIT */
	char name[TRACKD_STAGE_NAME_MAX + 1];
	int32_t n_stages;
	struct {
		char name[TRACKD_STAGE_NAME_MAX + 1];
		uint8_t percent;
	} stages[TRACKD_STAGES_MAX];
};
#define TRACKD_KIND_INIT TRACKD_SIZED_(trackd_kind)

/*
 * Declare a kind on the board. If an identical kind exists, it is returned and nothing is added; if
 * two kinds have the same name, the newest is used. Kinds are never removed from a board.
 *
 * name:   1 to 31 bytes of a-z 0-9 - _.
 * stages: 1 to 16, in order, with distinct names. Copied.
 *
 * Returns the kind's number.
 * Errors: -EINVAL; TRACKD_E_TABLE_FULL (64); TRACKD_E_READ_ONLY; TRACKD_E_BUSY.
 */
int trackd_kind_declare(struct trackd *trackd, const char *name,
			const struct trackd_stage_def *stages, int n_stages);
/* The newest kind with this name, or TRACKD_E_KIND. Takes no lock. */
int trackd_kind_find(struct trackd *trackd, const char *name);
/* Copy the definition of kind number kind. Numbers start at 0 and have no gaps. Errors: TRACKD_E_KIND;
 * TRACKD_E_SIZE. */
int trackd_kind_get(struct trackd *trackd, int kind, struct trackd_kind *ret_kind);
/* The index of a stage by name, or TRACKD_E_KIND, TRACKD_E_STAGE. Takes no lock. */
int trackd_stage_find(struct trackd *trackd, int kind, const char *name);

/* ---- Statistics ---------------------------------------------------------- */

struct trackd_stats {
	size_t size; /* in: sizeof(struct trackd_stats); fields beyond it are unchanged */
	char board[64];
	uint8_t board_id[16];
	uint32_t capacity, used;
	uint32_t pending, active, completed, failed, cancelled; /* live tasks now */
	uint32_t clients;                                       /* attached producers */
	uint32_t ttl_ms, active_ttl_ms;
	uint32_t daemon_pid;   /* 0: none has run */
	uint32_t daemon_epoch; /* how many times a daemon has taken the board over */
	uint64_t daemon_start_ns;
	uint64_t bytes;  /* size of the segment */
	uint64_t events; /* sequence of the next event */
	/* Counters since the board was created. */
	uint64_t n_created, n_completed, n_failed, n_cancelled, n_removed, n_expired, n_evicted;
	uint64_t n_worker_lost, n_repaired, n_locks_recovered;
	uint64_t n_refused_full, n_refused_exists, n_refused_final, n_busy;
	uint64_t n_events_lost, n_lapped, n_attach_refused;
	uint64_t snapshot_ns; /* when the last snapshot was written; 0: never */
	uint64_t n_timed_out; /* failed because they passed a time limit */
};

/* Statistics of the board. Counts live tasks with a scan of their heads, which takes 7 ns per task.
 * Errors: -EINVAL (size). */
int trackd_stats(struct trackd *trackd, struct trackd_stats *ret_stats);

/* The id of the connection's current board, chosen at random when the board was created. It changes
 * when the connection switches to a replacement, on which references and cursors stay valid. Cost:
 * a few nanoseconds. */
void trackd_board_id(struct trackd *trackd, uint8_t ret_id[16]);

#ifdef __cplusplus
}
#endif
#endif
