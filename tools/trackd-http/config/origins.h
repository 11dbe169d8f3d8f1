/* SPDX-License-Identifier: MIT */
/* Lists of origins as browsers write them, "https://a.example http://b:8080", separated by white space
 * or commas. */
#ifndef TRACKD_HTTP_CONFIG_ORIGINS_H
#define TRACKD_HTTP_CONFIG_ORIGINS_H

#include <stdbool.h>

/* Whether a text is such a list. */
bool origins_valid(const char *text);

/* Whether an origin is one of the list, byte by byte. */
bool origins_allow(const char *origins, const char *origin);

#endif
