/* SPDX-License-Identifier: MIT */
/* The name of an uploaded file. It is shown to users and its extension names a type; it is never
 * used as a path. */
#ifndef TRACKD_HTTP_UPLOAD_UPLOAD_NAME_H
#define TRACKD_HTTP_UPLOAD_UPLOAD_NAME_H

#include "libclient/trackd.h"
#include <stddef.h>

/*
 * The given name without any folders before it. NULL, or for the sender what is wrong with it: not
 * UTF-8, control characters, empty, longer than TRACKD_NAME_MAX.
 */
const char *upload_name(const char *given, size_t length, char ret_name[TRACKD_NAME_MAX + 1]);

#endif
