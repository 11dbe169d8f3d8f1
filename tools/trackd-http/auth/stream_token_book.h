/* SPDX-License-Identifier: MIT */
/*
 * Records which tickets have been opened. Tickets are numbered; the book has one bit for each of
 * the last STREAM_TOKEN_BOOK_SIZE. It is a mapped file, so it survives any end of the gateway, and
 * opening a stream needs no disk write. A book that may have lost writes is begun anew, with
 * another run number; tickets of another run, or too old for the book, are unknown. All processes
 * that open the file share it.
 */
#ifndef TRACKD_HTTP_AUTH_STREAM_TOKEN_BOOK_H
#define TRACKD_HTTP_AUTH_STREAM_TOKEN_BOOK_H

#include <stdint.h>

enum { STREAM_TOKEN_BOOK_SIZE = 1 << 23 }; /* 1 MiB */

struct stream_token_book;

enum stream_token_state { STREAM_TOKEN_UNKNOWN, STREAM_TOKEN_UNOPENED, STREAM_TOKEN_OPENED };

/* Open the book in a file; create or replace the file if it is missing or unusable. If that fails,
 * a warning is logged, and the book lasts as long as the process. 0, -ENOMEM, -EIO (no
 * randomness). */
int stream_token_book_open(const char *path, struct stream_token_book **ret_book);
void stream_token_book_close(struct stream_token_book *book);

/* Tickets of another run are unknown. */
uint64_t stream_token_book_run(const struct stream_token_book *book);
/* The number of a new ticket: 1 or more. */
uint64_t stream_token_book_add(struct stream_token_book *book);
enum stream_token_state stream_token_book_state(const struct stream_token_book *book, uint64_t run,
						uint64_t number);
void stream_token_book_mark(struct stream_token_book *book, uint64_t number);

#endif
