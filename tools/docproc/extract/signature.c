/* SPDX-License-Identifier: MIT */
#include "tools/docproc/extract/signature.h"
#include "tools/common/read_at.h"
#include "tools/docproc/extract/docx/docx.h"
#include "tools/docproc/extract/text/encoding.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* An Office document with a password is an OLE file with a stream of this name, which is in the
 * first sector of the directory. */
static enum file_kind kind_of_ole(int fd, const uint8_t *bytes, size_t n)
{
	static const char name[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";
	uint8_t directory[4096];
	uint32_t sector;

	if (n < 512)
		return KIND_OLE;
	memcpy(&sector, bytes + 48, sizeof sector);
	unsigned shift = bytes[30] == 12 ? 12 : 9;
	ssize_t got = pread(fd, directory, sizeof directory, ((off_t)sector + 1) << shift);
	return got > 0 && memmem(directory, (size_t)got, name, sizeof name) ? KIND_OLE_ENCRYPTED
									    : KIND_OLE;
}

int kind_by_content(int fd, enum file_kind *ret_kind)
{
	static uint8_t bytes[DOCUMENT_SAMPLE];
	ssize_t got = read_at(fd, bytes, sizeof bytes, 0);
	size_t n = (size_t)got;

	if (got < 0)
		return (int)got;
	enum file_kind kind = kind_by_bytes(bytes, n, n < sizeof bytes);
	/* These types need a look beyond the beginning. */
	if (kind == KIND_OLE)
		kind = kind_of_ole(fd, bytes, n);
	else if (kind == KIND_ZIP || kind == KIND_ODF || kind == KIND_EPUB)
		kind = docx_kind(fd);
	else if (kind == KIND_TEXT && !encoding_name(bytes, n, n < sizeof bytes))
		kind = KIND_UNKNOWN;
	*ret_kind = kind;
	return 0;
}
