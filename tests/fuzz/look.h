/* SPDX-License-Identifier: MIT */
/* Calls everything that a reader can do on a board, and checks what must hold for any bytes. */
#ifndef FUZZ_LOOK_H
#define FUZZ_LOOK_H

#include "libclient/trackd.h"
#include <stdbool.h>

struct look {
	struct trackd *trackd;
	uint32_t capacity;
	bool still; /* no writer meanwhile, so limits hold for strings in place too */
	struct trackd_cursor cursor;
	const char *const *ids; /* some that exist on the good board */
	unsigned n_ids;
	const char *owner;
	char fault[256]; /* what a reader did that it must not */
};

/* All calls. False: see fault. */
bool look_round(struct look *look);

#endif
