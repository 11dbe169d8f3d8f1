/* SPDX-License-Identifier: MIT */
/* Lists of origins in the form that browsers send, "https://a.example http://b:8080", separated by
 * white space or commas. */
#ifndef TRACKD_HTTP_CONFIG_ORIGINS_H
#define TRACKD_HTTP_CONFIG_ORIGINS_H

#include <stdbool.h>

/* Whether a text is such a list. */
bool origins_valid(const char *text);

/* Whether an origin is in the list, compared byte by byte. */
bool origins_allow(const char *origins, const char *origin);

#endif
