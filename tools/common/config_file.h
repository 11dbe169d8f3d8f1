/* SPDX-License-Identifier: MIT */
/*
 * Configuration files: lines "KEY = VALUE", perhaps below lines "[SECTION]"; # and ; begin a comment,
 * blanks around keys and values do not count. This module knows no key: it reads the lines and calls
 * the program.
 */
#ifndef COMMON_CONFIG_FILE_H
#define COMMON_CONFIG_FILE_H

#include "tools/common/fault.h"

/*
 * Calls for the lines of a file. where is "PATH:LINE". Each returns 0, or a negative error with the
 * fault filled, which ends the reading.
 */
struct config_lines {
	void *user; /* the calls' first argument */
	int (*key)(void *user, const char *where, const char *key, const char *value,
		   struct fault *fault);
	/* NULL: the file has no sections. */
	int (*section)(void *user, const char *where, const char *name, struct fault *fault);
	/* A line without "="; NULL: it is an error. */
	int (*word)(void *user, const char *where, const char *line, struct fault *fault);
};

/* -ENOENT if there is no such file, other -errno, -EINVAL; *fault is filled in all cases. */
int config_file_read(const char *path, const struct config_lines *lines, struct fault *fault);

#endif
