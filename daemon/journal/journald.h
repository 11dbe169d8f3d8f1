/* SPDX-License-Identifier: MIT */
/*
 * A client of the system's journal (JOURNAL_NATIVE_PROTOCOL). sd_journal_sendv() is not used,
 * because it blocks if the journal does not read.
 */
#ifndef TRACKD_DAEMON_JOURNAL_JOURNALD_H
#define TRACKD_DAEMON_JOURNAL_JOURNALD_H

#include <stddef.h>
#include <stdint.h>

struct journald {
	int fd; /* -1: not connected */
};

void journald_init(struct journald *journald);
void journald_free(struct journald *journald);

/* An entry under construction. Fields that do not fit are left out. */
struct journald_entry {
	uint8_t bytes[8192];
	size_t used;
};

__attribute__((format(printf, 3, 4))) void
journald_field(struct journald_entry *entry, const char *name, const char *format, ...);

/* 0; -EAGAIN: the journal does not read, so poll fd for POLLOUT and try again; or another
 * -errno. */
int journald_send(struct journald *journald, const struct journald_entry *entry);

#endif
