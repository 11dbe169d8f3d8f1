/* SPDX-License-Identifier: MIT */
/*
 * Helpers for the C tests: boards created in the process, waiting for conditions, children, leaks.
 * A helper that fails ends the program with a message (harness_die()), so tests need not check for
 * its errors.
 *
 *	struct board board;
 *	harness_board(&board, 64);                    a segment without a name, mapped read-write
 *	HARNESS_WAIT(n_seen(&board) == 3, 30000);     a condition, never a sleep; 30 s at most
 *	pid_t pid = harness_fork();                   the child dies with us
 *	if (pid == 0)
 *		_exit(child(&board));
 *	assert_int_equal(harness_reap(pid), 0);
 *	harness_board_free(&board);
 *
 * What many tests set up is in fixtures: own_board.h, linked_board.h, client.h, connections.h,
 * private_daemon.h, bare_daemon.h. suite.h runs a table of tests, tap.h prints results where cmocka
 * does not fit, lib.sh is the same for shell scripts.
 */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include "libclient/segment/segment.h"
#include "libclient/trackd.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- Giving up ---------------------------------------------------------- */

/* Print "Bail out! ..." and end the program, its children and its daemons. */
_Noreturn void harness_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Call harness_die() if error is negative. what: the failed call, or a description. */
int harness_must(int error, const char *what);
#define HARNESS_MUST(call) harness_must((call), #call)

/* ---- What cannot be tested here ----------------------------------------- */

/* In a cmocka test: end it as skipped and print the reason. */
#define HARNESS_SKIP(why)                                                                          \
	do {                                                                                       \
		harness_skipped(why);                                                              \
		skip();                                                                            \
	} while (0)
void harness_skipped(const char *why);
#define HARNESS_NEEDS(available, why)                                                              \
	do {                                                                                       \
		if (!(available))                                                                  \
			HARNESS_SKIP(why);                                                         \
	} while (0)

/* Whether the kernel marks the robust mutexes of dead threads. It does not for programs in an
 * emulator that passes system calls on. */
bool harness_robust_lists(void);
#define HARNESS_NEEDS_ROBUST_LISTS()                                                               \
	HARNESS_NEEDS(harness_robust_lists(), "there are no robust lists here")

/* Whether MADV_WIPEONFORK works, by which the library recognises a forked child. Emulators may
 * accept it without effect. */
bool harness_wiped_pages(void);
#define HARNESS_NEEDS_WIPED_PAGES()                                                                \
	HARNESS_NEEDS(harness_wiped_pages(), "marked pages are not wiped at a fork here")

/* Whether a process sees the same data about itself in /proc as other processes do. Emulators
 * invent that data, so a daemon would consider a worker of this program dead. */
bool harness_same_proc(void);
#define HARNESS_NEEDS_SAME_PROC()                                                                  \
	HARNESS_NEEDS(harness_same_proc(), "/proc/self/stat is made up here")

/* ---- Boards ------------------------------------------------------------- */

/* Create a board without a name: ttl 1 h, active_ttl 24 h, mode 0600. */
void harness_board(struct board *ret_board, uint32_t capacity);
void harness_board_params(struct board *ret_board, const struct segment_params *params);
void harness_board_free(struct board *board);

/* Map the same segment again, read-only as readers do. */
void harness_board_reader(struct board *ret_reader, const struct board *board);

/* A unique board name, "/tt-...". The test must remove the board at its end. */
void harness_board_name(char ret_name[64]);
void harness_unlink(const char *name);

/* Create a pending task of kind document within 2 s. owner: NULL for none. */
struct trackd_ref harness_create(struct board *board, const char *id, const char *owner);

/* A deadline for locks, ms from now; the other is for those that nobody keeps, 2 s. */
uint64_t harness_deadline(unsigned ms);
uint64_t harness_soon(void);

/* Memory that forked children share, all zeros. It is unmapped at exit, or by munmap(). */
void *harness_shared(size_t size);

/* ---- Waiting ------------------------------------------------------------ */

/* Check the condition every half millisecond until it is true; harness_die() after limit_ms. */
#define HARNESS_WAIT(condition, limit_ms)                                                          \
	do {                                                                                       \
		uint64_t harness_limit_ = harness_deadline(limit_ms);                              \
		while (!(condition))                                                               \
			harness_pause(harness_limit_, __FILE__, __LINE__, #condition);             \
	} while (0)

/* The same as an expression: false when the limit has passed. */
#define HARNESS_SEES(condition, limit_ms)                                                          \
	__extension__({                                                                            \
		uint64_t harness_limit_ = harness_deadline(limit_ms);                              \
		bool harness_seen_;                                                                \
		while (!(harness_seen_ = (condition)) && harness_nap(harness_limit_))              \
			;                                                                          \
		harness_seen_;                                                                     \
	})

void harness_pause(uint64_t limit, const char *file, int line, const char *condition);
bool harness_nap(uint64_t limit); /* false: the limit has passed */

/* ---- Children ----------------------------------------------------------- */

/* fork(); the child is killed when its parent dies. */
pid_t harness_fork(void);
/* Wait for a child: returns its exit status, or -signal. harness_die() after 60 s. */
int harness_reap(pid_t pid);
/* Send a signal and reap. */
int harness_kill(pid_t pid, int signal);
/* Stop a child and wait until it has stopped; SIGCONT lets it go on. */
void harness_stop(pid_t pid);

/* ---- Leaks -------------------------------------------------------------- */

struct harness_usage {
	int fds, maps, threads; /* open descriptors; mappings of /dev/shm; threads */
};

struct harness_usage harness_usage(void);
/* The number of kinds of resources of which there are more than before. Prints each. */
int harness_leaks(const struct harness_usage *before);

/* ---- Paths -------------------------------------------------------------- */

/* $TRACKD_BUILD/name, or name in this program's build folder. */
const char *harness_program(const char *name, char *ret_path, size_t size);
/* The command that starts that program: its path, after the words of $TRACKD_EMULATOR if that is
 * set. Returns the number of words. */
enum { HARNESS_COMMAND_WORDS = 8 };
int harness_command(const char *name, char ret_text[4096],
		    const char *ret_words[HARNESS_COMMAND_WORDS]);
/* Make $TMPDIR, or /tmp, the working folder. */
void harness_enter_folder(void);
/* A new folder below $TMPDIR, removed at the end of the program. */
void harness_folder(char *ret_path, size_t size);

#endif
