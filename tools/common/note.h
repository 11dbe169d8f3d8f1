/* SPDX-License-Identifier: MIT */
/* What a program says about itself, on stderr: with the journal's priority prefix where stderr is the
 * journal, else as plain lines that begin with the program's name. */
#ifndef COMMON_NOTE_H
#define COMMON_NOTE_H

#include <syslog.h>

/* program: lives for ever. */
void note_begin(const char *program);

__attribute__((format(printf, 2, 3))) void note_write(int priority, const char *format, ...);

#define note_error(...) note_write(LOG_ERR, __VA_ARGS__)
#define note_warning(...) note_write(LOG_WARNING, __VA_ARGS__)
#define note_info(...) note_write(LOG_INFO, __VA_ARGS__)

#endif
