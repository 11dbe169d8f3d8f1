/* SPDX-License-Identifier: MIT */
/*
 * What the daemon says about itself, on stderr: with the journal's priority prefix where stderr is
 * the journal, else as plain lines. Saying something never waits: a line that stderr does not take
 * at once is lost and counted, and the next that it takes is preceded by the count.
 */
#ifndef TRACKD_DAEMON_LOG_H
#define TRACKD_DAEMON_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

/* First of all: what is opened later must not become stderr. */
void log_init(void);
bool log_to_journal(void); /* whether stderr is the journal's */

/* Any thread. */
__attribute__((format(printf, 2, 3))) void log_line(int priority, const char *format, ...);

#define log_error(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)

/* The ending of a noun behind a number: "%lu task%s". */
static inline const char *log_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* For a thread that may wait: false when there is no room for the line now. Then poll log_fd() for
 * POLLOUT and try again, or give the line up with log_lost(). */
bool log_try(int priority, const char *text);
int log_fd(void);
void log_lost(void);

#endif
