/* SPDX-License-Identifier: MIT */
/* Setters: convert values and store them in the members of a structure. */
#include "libclient/segment/internal.h"
#include "tools/common/option.h"
#include "tools/common/value.h"
#include <errno.h>
#include <string.h>

int option_switch(const struct option_entry *entry, void *to, const char *value,
		  struct fault *fault)
{
	(void)entry;
	(void)value;
	(void)fault;
	*(bool *)to = true;
	return 0;
}

int option_yes_no(const struct option_entry *entry, void *to, const char *value,
		  struct fault *fault)
{
	(void)entry;
	(void)fault;
	return value_yes(value ? value : "yes", to);
}

/* ---- Texts --------------------------------------------------------------- */

int option_word(const struct option_entry *entry, void *to, const char *value, struct fault *fault)
{
	(void)entry;
	(void)fault;
	*(const char **)to = value;
	return 0;
}

int option_text(const struct option_entry *entry, void *to, const char *value, struct fault *fault)
{
	size_t length = strlen(value);

	(void)fault;
	if (length >= entry->size || (entry->is_valid && !entry->is_valid(value)))
		return -EINVAL;
	memcpy(to, value, length);
	/* Clear the rest, so that option_update() can compare whole members. */
	memset((char *)to + length, 0, entry->size - length);
	return 0;
}

int option_path(const struct option_entry *entry, void *to, const char *value, struct fault *fault)
{
	return value[0] == '\0' ? -EINVAL : option_text(entry, to, value, fault);
}

int option_url(const struct option_entry *entry, void *to, const char *value, struct fault *fault)
{
	if (value[0] != '\0' && strncmp(value, "https://", 8) != 0 &&
	    strncmp(value, "http://", 7) != 0)
		return -EINVAL;
	return option_text(entry, to, value, fault);
}

int option_board(const struct option_entry *entry, void *to, const char *value, struct fault *fault)
{
	char board[sizeof((struct board_address *)0)->board] = "";

	if (value[0] != '\0' && board_address_name(board, value) < 0)
		return -EINVAL;
	return option_text(entry, to, board, fault);
}

/* ---- Numbers ------------------------------------------------------------- */

typedef int value_reader(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number);

/* Store an unsigned within the entry's bounds. */
static int put(value_reader *read, const struct option_entry *entry, void *to, const char *value)
{
	uint64_t number;

	if (read(value, entry->min, entry->max, &number) < 0)
		return -EINVAL;
	*(unsigned *)to = (unsigned)number;
	return 0;
}

int option_number(const struct option_entry *entry, void *to, const char *value,
		  struct fault *fault)
{
	(void)fault;
	return put(value_number, entry, to, value);
}

int option_count(const struct option_entry *entry, void *to, const char *value, struct fault *fault)
{
	(void)fault;
	return put(value_count, entry, to, value);
}

int option_ms(const struct option_entry *entry, void *to, const char *value, struct fault *fault)
{
	(void)fault;
	return put(value_duration, entry, to, value);
}

int option_mebibytes(const struct option_entry *entry, void *to, const char *value,
		     struct fault *fault)
{
	(void)fault;
	return put(value_mebibytes, entry, to, value);
}

int option_integer(const struct option_entry *entry, void *to, const char *value,
		   struct fault *fault)
{
	(void)entry;
	(void)fault;
	return value_number(value, 0, UINT64_MAX, to);
}

int option_seconds(const struct option_entry *entry, void *to, const char *value,
		   struct fault *fault)
{
	uint64_t ms;

	(void)fault;
	if (value_duration(value, entry->min * 1000, entry->max * 1000, &ms) < 0 || ms % 1000 != 0)
		return -EINVAL;
	*(unsigned *)to = (unsigned)(ms / 1000);
	return 0;
}

int option_time(const struct option_entry *entry, void *to, const char *value, struct fault *fault)
{
	uint64_t ms;

	(void)entry;
	(void)fault;
	/* Longer than any useful wait, and small enough to be added to a clock. */
	if (value_duration(value, 0, UINT64_C(1000000000000000), &ms) < 0)
		return -EINVAL;
	*(int64_t *)to = (int64_t)ms;
	return 0;
}

int option_lifetime(const struct option_entry *entry, void *to, const char *value,
		    struct fault *fault)
{
	(void)entry;
	(void)fault;
	return value_lifetime(value, to);
}

int option_bytes(const struct option_entry *entry, void *to, const char *value, struct fault *fault)
{
	uint64_t mib;

	(void)fault;
	if (value_mebibytes(value, entry->min, entry->max, &mib) < 0)
		return -EINVAL;
	*(uint64_t *)to = mib << 20;
	return 0;
}
