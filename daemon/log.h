/* SPDX-License-Identifier: MIT */
/* What the daemon says about itself, on stderr: with the journal's priority prefix where stderr is
 * the journal, else as plain lines. */
#ifndef TRACKD_LOG_H
#define TRACKD_LOG_H

#include <stdbool.h>
#include <syslog.h>

void log_init(void);
bool log_to_journal(void); /* whether stderr is the journal's */

__attribute__((format(printf, 2, 3))) void log_line(int priority, const char *format, ...);

#define log_error(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)

#endif
