/* SPDX-License-Identifier: MIT */
/* The name of a file in a Content-Disposition header (RFC 7578, RFC 8187). */
#ifndef TRACKD_HTTP_UPLOAD_DISPOSITION_H
#define TRACKD_HTTP_UPLOAD_DISPOSITION_H

#include <stddef.h>

enum { DISPOSITION_NAME_MAX = 1024 };

/*
 * The filename of "form-data; name="x"; filename="y"". filename* goes before filename where it can be
 * read: UTF-8 and ISO-8859-1 can. Of what is quoted only \" and \\ are escapes, since some send
 * paths of Windows as they are; percent signs stay, since a name may have them.
 * The length, of any bytes, with a NUL behind them that is not counted; -ENOENT: it is a field, no
 * file; -EBADMSG: it is not form-data, or not well formed; -ENAMETOOLONG.
 */
int disposition_filename(const char *value, size_t size, char ret_name[DISPOSITION_NAME_MAX + 1]);

#endif
