/* SPDX-License-Identifier: MIT */
/* Values as people write them in trackd.conf and in flags: durations, sizes, modes. */
#ifndef TRACKD_DAEMON_CONFIG_VALUE_H
#define TRACKD_DAEMON_CONFIG_VALUE_H

#include <stdint.h>
#include <sys/types.h>

/* Each returns 0, or -EINVAL with *ret_ untouched. */
int value_number(const char *text, uint32_t min, uint32_t max, uint32_t *ret_number); /* K, M */
/* "500ms", "90s", "15m", "1h", "7d", "90" (seconds), "never" (UINT32_MAX). In milliseconds; more
 * than 49 days is only "never". */
int value_duration(const char *text, uint32_t *ret_ms);
int value_mode(const char *text, mode_t *ret_mode); /* octal, of rw for user, group and others */
int value_yes(const char *text, uint32_t *ret_yes); /* yes, no, true, false, on, off, 1, 0 */

#endif
