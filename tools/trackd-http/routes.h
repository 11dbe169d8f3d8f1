/* SPDX-License-Identifier: MIT */
/* The table of all routes. */
#ifndef TRACKD_HTTP_ROUTES_H
#define TRACKD_HTTP_ROUTES_H

#include "tools/trackd-http/server/route.h"

extern const struct route_table routes;

#endif
