/* SPDX-License-Identifier: MIT */
/* A name that would have to be changed is refused: owners must recognise their documents. */
#include "tools/trackd-http/upload/upload_name.h"
#include "tools/common/utf8_decode.h"
#include <stdint.h>
#include <string.h>

static const char *look(const char *name, size_t length)
{
	for (size_t at = 0; at < length;) {
		uint32_t code;
		int bytes = utf8_decode(name + at, length - at, &code);

		if (bytes <= 0)
			return "The file's name is not UTF-8";
		if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 ||
		    code == 0x2029)
			return "The file's name has control characters";
		at += (size_t)bytes;
	}
	return NULL;
}

const char *upload_name(const char *given, size_t length, char ret_name[TRACKD_NAME_MAX + 1])
{
	const char *slash = memrchr(given, '/', length);
	const char *name = slash ? slash + 1 : given;
	size_t n = length - (size_t)(name - given);
	const char *fault = look(given, length);

	if (fault)
		return fault;
	if (n == 0)
		return "The file has no name";
	if (n > TRACKD_NAME_MAX)
		return "The file's name is longer than 255 bytes";
	memcpy(ret_name, name, n);
	ret_name[n] = '\0';
	return NULL;
}
