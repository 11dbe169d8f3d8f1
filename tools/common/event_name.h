/* SPDX-License-Identifier: MIT */
/* Names of the types of transitions, in JSON, in streams and on the terminal. */
#ifndef COMMON_EVENT_NAME_H
#define COMMON_EVENT_NAME_H

#include <stdint.h>

/* The name of an enum trackd_event_type, a literal; "unknown" for a type of a later version. */
const char *event_name(uint8_t type);

#endif
