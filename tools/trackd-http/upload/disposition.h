/* SPDX-License-Identifier: MIT */
/* The file name in a Content-Disposition header (RFC 7578, RFC 8187). */
#ifndef TRACKD_HTTP_UPLOAD_DISPOSITION_H
#define TRACKD_HTTP_UPLOAD_DISPOSITION_H

#include <stddef.h>

enum { DISPOSITION_NAME_MAX = 1024 };

/*
 * The filename of "form-data; name="x"; filename="y"". filename* takes precedence over filename if
 * it can be decoded: UTF-8 and ISO-8859-1 are supported. In quoted names only \" and \\ are
 * escapes, since some clients send Windows paths unescaped; percent signs stay, since names may
 * contain them. Returns the length, without the final NUL; the name may hold any bytes. -ENOENT: a
 * field, not a file; -EBADMSG: not form-data, or malformed; -ENAMETOOLONG.
 */
int disposition_filename(const char *value, size_t size, char ret_name[DISPOSITION_NAME_MAX + 1]);

#endif
