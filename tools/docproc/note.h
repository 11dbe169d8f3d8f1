/* SPDX-License-Identifier: MIT */
/* What docproc says about itself, on stderr: with the journal's priority prefix where stderr is the
 * journal, else as plain lines. */
#ifndef DOCPROC_NOTE_H
#define DOCPROC_NOTE_H

#include <syslog.h>

void note_init(void);

__attribute__((format(printf, 2, 3))) void note_line(int priority, const char *format, ...);

#define note_error(...) note_line(LOG_ERR, __VA_ARGS__)
#define note_warning(...) note_line(LOG_WARNING, __VA_ARGS__)
#define note_info(...) note_line(LOG_INFO, __VA_ARGS__)

#endif
