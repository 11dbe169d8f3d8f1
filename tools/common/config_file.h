/* SPDX-License-Identifier: MIT */
/*
 * Configuration files: lines "KEY = VALUE", optionally below lines "[SECTION]"; # and ; begin a
 * comment, blanks around keys and values are ignored. This module knows no keys: it passes the
 * lines to the program's callbacks.
 */
#ifndef COMMON_CONFIG_FILE_H
#define COMMON_CONFIG_FILE_H

#include "tools/common/fault.h"

/*
 * Callbacks for the lines of a file. where is "PATH:LINE". Each returns 0, or a negative error with
 * the fault filled, which ends the reading.
 */
struct config_lines {
	void *user; /* first argument of the callbacks */
	int (*key)(void *user, const char *where, const char *key, const char *value,
		   struct fault *fault);
	/* NULL: the file may have no sections. */
	int (*section)(void *user, const char *where, const char *name, struct fault *fault);
	/* A line without "="; NULL: such a line is an error. */
	int (*word)(void *user, const char *where, const char *line, struct fault *fault);
};

/* -ENOENT if the file does not exist, other -errno, -EINVAL; *fault is filled in all these
 * cases. */
int config_file_read(const char *path, const struct config_lines *lines, struct fault *fault);

#endif
