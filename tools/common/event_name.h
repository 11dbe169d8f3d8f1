/* SPDX-License-Identifier: MIT */
/* The types of transitions by their names in JSON, in streams and on the terminal. */
#ifndef COMMON_EVENT_NAME_H
#define COMMON_EVENT_NAME_H

#include <stdint.h>

/* enum trackd_event_type as a literal; "unknown" for a type of a later version. */
const char *event_name(uint8_t type);

#endif
