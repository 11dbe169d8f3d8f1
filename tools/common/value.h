/* SPDX-License-Identifier: MIT */
/*
 * Numbers, sizes and durations as users write them in flags and configuration files. Nothing is
 * guessed: a text that cannot be parsed completely is an error.
 *
 * Each function returns 0, or -EINVAL with *ret_ untouched, also for a value below min or above
 * max.
 */
#ifndef COMMON_VALUE_H
#define COMMON_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Decimal digits, all 64 bits. */
int value_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number);

/* The same, optionally followed by K (1024) or M (1024 * 1024), or k or m. */
int value_count(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number);

/* "512M", "1G"; in MiB. A unit is required, because "1000000" is probably meant in bytes. */
int value_mebibytes(const char *text, uint64_t min, uint64_t max, uint64_t *ret_mib);

/* "500ms", "90s", "0.5h", "15m", "15min", "7d", "90" (seconds); in milliseconds. */
int value_duration(const char *text, uint64_t min, uint64_t max, uint64_t *ret_ms);

/* A duration of 1 ms to 49 days, or "never" (UINT32_MAX); in milliseconds. */
int value_lifetime(const char *text, uint32_t *ret_ms);

/* Octal read and write permissions for owner, group and others. The owner must have both. */
int value_mode(const char *text, mode_t *ret_mode);

/* "yes", "no", "true", "false", "on", "off", "1", "0". */
int value_yes(const char *text, bool *ret_yes);

#endif
