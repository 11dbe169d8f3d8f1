/* SPDX-License-Identifier: MIT */
/*
 * Which tickets have been opened. Tickets have numbers; of the last STREAM_TOKEN_BOOK_SIZE the book has a
 * bit each. It is a mapped file, so that it outlives the gateway however that ends, and costs no
 * write to the disk for a stream. A book that may have missed something is begun anew, with another
 * run; what fell out of a book or is of another run is unknown. All processes that have opened the
 * file share it.
 */
#ifndef TRACKD_HTTP_AUTH_STREAM_TOKEN_BOOK_H
#define TRACKD_HTTP_AUTH_STREAM_TOKEN_BOOK_H

#include <stdint.h>

enum { STREAM_TOKEN_BOOK_SIZE = 1 << 23 }; /* 1 MiB */

struct stream_token_book;

enum stream_token_state { STREAM_TOKEN_UNKNOWN, STREAM_TOKEN_UNOPENED, STREAM_TOKEN_OPENED };

/* The book in a file, which is made if it is not there or is of no use. If that cannot be, a warning
 * is given, and the book lasts as long as the process. 0, -ENOMEM, -EIO (no randomness). */
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
