/* SPDX-License-Identifier: MIT */
#include "tools/documents/spool_entry.h"
#include "libclient/record/internal.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

bool spool_entry_id_valid(const char *text)
{
	size_t length = strlen(text), suffix = strlen(SPOOL_ENTRY_SUFFIX);

	if (!text_id_valid(text))
		return false;
	return length < suffix || strcmp(text + length - suffix, SPOOL_ENTRY_SUFFIX) != 0;
}

/* RFC 9562, version 4. */
void spool_entry_new_id(char ret_id[TRACKD_ID_MAX + 1])
{
	unsigned char b[16];

	while (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b)
		;
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(ret_id, TRACKD_ID_MAX + 1,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		 b[15]);
}

void spool_entry_file(const char *id, char ret_name[TRACKD_ID_MAX + sizeof SPOOL_ENTRY_SUFFIX])
{
	snprintf(ret_name, TRACKD_ID_MAX + sizeof SPOOL_ENTRY_SUFFIX, "%s" SPOOL_ENTRY_SUFFIX, id);
}

int spool_entry_write(int fd, const struct spool_entry *entry)
{
	json_t *root = json_pack("{s:s, s:s, s:s, s:I, s:I}", "id", entry->id, "owner",
				 entry->owner, "name", entry->name, "size", (json_int_t)entry->size,
				 "created_at", (json_int_t)entry->created_at);
	int error = 0;

	/* The only other possible reason is text that is not UTF-8. */
	if (!root)
		return -EILSEQ;
	if (json_dumpfd(root, fd, JSON_COMPACT) < 0)
		error = errno ? -errno : -EIO;
	json_decref(root);
	return error;
}
