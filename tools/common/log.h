/* SPDX-License-Identifier: MIT */
/*
 * A program's own log, on stderr: with the journal's priority prefixes if stderr is the journal,
 * otherwise as plain lines that begin with the program's name. Control characters and bytes that
 * are not UTF-8 are made printable, because messages may contain untrusted names.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

enum log_patience {
	LOG_WAITS, /* wait until stderr takes a line: for tools, whose messages must arrive */
	/* Lose and count a line that stderr does not take at once; the next line that it takes is
	 * preceded by the count. For services, which must not block on a reader of stderr. */
	LOG_NEVER_WAITS,
};

/* Call it first: otherwise a file that is opened later may become stderr. program: a literal. */
void log_init(const char *program, enum log_patience patience);
bool log_to_journal(void); /* whether stderr is the journal */

/* From any thread. */
__attribute__((format(printf, 2, 3))) void log_line(int priority, const char *format, ...);

#define log_error(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)

/* The plural ending of a noun after a number: "%lu task%s". */
static inline const char *log_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* For a thread that can wait: false if there is no room for the line now. Then poll log_fd() for
 * POLLOUT and try again, or drop the line with log_lost(). */
bool log_try(int priority, const char *text);
int log_fd(void);
void log_lost(void);

#endif
