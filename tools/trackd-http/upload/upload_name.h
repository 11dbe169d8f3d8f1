/* SPDX-License-Identifier: MIT */
/* What an upload calls its file. It is shown, and says the type; it never becomes a path. */
#ifndef TRACKD_HTTP_UPLOAD_UPLOAD_NAME_H
#define TRACKD_HTTP_UPLOAD_UPLOAD_NAME_H

#include "libclient/trackd.h"
#include <stddef.h>

/*
 * The name as it was given, but for folders before it. NULL, or what is wrong with it, for the one
 * who sent it: not UTF-8, control characters, nothing, longer than TRACKD_NAME_MAX.
 */
const char *upload_name(const char *given, size_t length, char ret_name[TRACKD_NAME_MAX + 1]);

#endif
