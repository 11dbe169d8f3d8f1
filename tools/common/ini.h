/* SPDX-License-Identifier: MIT */
/* Configuration files of the tools: lines "KEY = VALUE", # and ; begin a comment, no sections. */
#ifndef COMMON_INI_H
#define COMMON_INI_H

#include <stddef.h>
#include <stdint.h>

/*
 * Call take() with each key and value; where is "PATH:LINE". take() returns 0, or a negative error
 * that ends the reading and is returned on.
 * -ENOENT if there is no such file, other -errno; -EINVAL for a line that is none, or for a section,
 * after a call of wrong().
 */
struct ini_reader {
	int (*take)(void *user, const char *where, const char *key, const char *value);
	void (*wrong)(void *user, const char *where, const char *why);
	void *user;
};
int ini_read(const char *path, const struct ini_reader *reader);

/* Values as people write them. Each returns 0, or -EINVAL with *ret_ untouched. */
int ini_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number);
/* "500ms", "90s", "15m", "1h", "90" (seconds); in milliseconds. */
int ini_duration(const char *text, uint64_t *ret_ms);
/* "512M", "1G", with a unit always: "1000000" would be taken for bytes; in MiB. */
int ini_mebibytes(const char *text, uint64_t *ret_mb);

#endif
