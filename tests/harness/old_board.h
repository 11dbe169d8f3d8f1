/* SPDX-License-Identifier: MIT */
/*
 * A board of layout 2, and a producer that changes it by the protocol of that layout: what a program
 * with the library of trackd 0.1 does to its board. Frozen, and independent of daemon/board/layout2.h,
 * so that a mistake in one of them shows. There are no chains and no events, since the daemon that takes
 * such a board over reads neither.
 *
 *	struct old_board old;
 *	old_board_make(&old, NULL, 64);               without a name; NULL: no name
 *	uint64_t worker = old_board_join(&old, getpid());
 *	struct old_ref task = old_create(&old, &(struct old_new){ .id = "a" });
 *	old_update(&old, task, 0, "reading", worker);
 *	...
 *	old_board_free(&old);
 */
#ifndef TESTS_OLD_BOARD_H
#define TESTS_OLD_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct old_board {
	uint8_t *base;
	size_t size;
	int fd;
	uint32_t capacity; /* tasks; there are 64 slots more */
	char name[64];     /* "": none */
};

/* ttl 1 h, active_ttl 24 h, mode 0600, kind 0: "document". */
void old_board_make(struct old_board *ret_board, const char *name, uint32_t capacity);
/* Map one that another process made. */
void old_board_open(struct old_board *ret_board, const char *name);
/* Its name is removed, unless another board has it by now. */
void old_board_free(struct old_board *board);

/* The words of the header that the daemon changes. */
uint32_t old_board_closed(const struct old_board *board);
uint32_t old_board_retired(const struct old_board *board);
uint32_t old_board_epoch(const struct old_board *board);
uint32_t old_board_tick(const struct old_board *board);
/* Any field of the header, to read or to break. */
void *old_board_header(const struct old_board *board, size_t offset);

/* Enter a process in the client table. Returns its worker word. */
uint64_t old_board_join(struct old_board *board, pid_t pid);

/* Declare a kind. Returns its number. */
int old_kind(struct old_board *board, const char *name, const char *const *stages, uint32_t n);

/* ---- Tasks ---------------------------------------------------------------- */

enum old_answer {
	OLD_DONE = 0,
	OLD_CLOSED, /* not applied: another board is to come */
	OLD_GONE,
	OLD_FINAL,
	OLD_UNSURE, /* applied, on a board that is copied without locks */
};

struct old_ref {
	uint32_t slot, generation;
};

struct old_new {
	const char *id, *owner, *name, *message; /* NULL: "" */
	uint32_t kind;
	uint64_t total;
	uint32_t ttl_ms, active_ttl_ms;
};

enum old_state { OLD_PENDING = 1, OLD_ACTIVE, OLD_COMPLETED, OLD_FAILED, OLD_CANCELLED };

/* slot UINT32_MAX: refused, the board is closed. */
struct old_ref old_create(struct old_board *board, const struct old_new *task);
/* slot UINT32_MAX: there is none. */
struct old_ref old_find(const struct old_board *board, const char *id);
/* stage -1: keep; message NULL: keep. */
enum old_answer old_update(struct old_board *board, struct old_ref ref, int stage,
			   const char *message, uint64_t worker);
enum old_answer old_set_total(struct old_board *board, struct old_ref ref, uint64_t total);
enum old_answer old_advance(struct old_board *board, struct old_ref ref, uint64_t units);
enum old_answer old_cancel(struct old_board *board, struct old_ref ref);
/* text: the error of a failed task, the message of another. */
enum old_answer old_end(struct old_board *board, struct old_ref ref, enum old_state state,
			const char *text);

/* ---- Inside a call ------------------------------------------------------------ */

enum old_lock { OLD_LOCK_RECORD, OLD_LOCK_STRIPE, OLD_LOCK_KINDS };

/* Take a lock and keep it, as a process does that is stopped or killed inside a call. */
void old_hold(struct old_board *board, enum old_lock which, uint32_t number);
void old_let_go(struct old_board *board, enum old_lock which, uint32_t number);
/* The rest of an update of a process that had found the board open, and was stopped then. */
enum old_answer old_finish_update(struct old_board *board, struct old_ref ref, const char *message);

/* A record's counter has the seal. */
bool old_is_sealed(const struct old_board *board, struct old_ref ref);
/* The record's head, body and detail, to break them. */
void *old_head(const struct old_board *board, uint32_t slot);
void *old_body(const struct old_board *board, uint32_t slot);
void *old_detail(const struct old_board *board, uint32_t slot);

#endif
