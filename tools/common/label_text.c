/* SPDX-License-Identifier: MIT */
#include "tools/common/label_text.h"
#include <string.h>

static const char KEY_BYTES[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-";

/* The length of the key at the start, up to its "="; 0: it is not valid. */
static size_t key_length(const char *line, size_t length)
{
	size_t n = strspn(line, KEY_BYTES);

	return n < length && line[n] == '=' && n <= TRACKD_LABEL_KEY_MAX ? n : 0;
}

/* Whether an earlier line has the key of this one. */
static bool is_repeated(const char *text, const char *line, size_t n_key)
{
	for (const char *at = text; at < line; at++) {
		if (strncmp(at, line, n_key + 1) == 0)
			return true;
		at += strcspn(at, "\n");
	}
	return false;
}

bool label_text_next(const char *text, const char **at, struct label *ret_label)
{
	while (**at != '\0') {
		const char *line = *at;
		size_t length = strcspn(line, "\n"), n_key = key_length(line, length);
		size_t n_value = n_key > 0 ? length - n_key - 1 : 0;

		*at = line + length + (line[length] == '\n');
		if (n_key == 0 || n_value > TRACKD_LABELS_BYTES || is_repeated(text, line, n_key))
			continue;
		memcpy(ret_label->key, line, n_key);
		ret_label->key[n_key] = '\0';
		memcpy(ret_label->value, line + n_key + 1, n_value);
		ret_label->value[n_value] = '\0';
		return true;
	}
	return false;
}

bool label_text_has(const char *text, const char *wanted)
{
	size_t length = strlen(wanted);
	bool whole = strchr(wanted, '=') != NULL;

	for (const char *at = text; *at != '\0';) {
		size_t n = strcspn(at, "\n");

		if (n >= length && memcmp(at, wanted, length) == 0 &&
		    (whole ? n == length : at[length] == '='))
			return true;
		at += n + (at[n] == '\n');
	}
	return false;
}

bool label_text_wanted_valid(const char *wanted)
{
	size_t n_key = strspn(wanted, KEY_BYTES);

	return n_key > 0 && n_key <= TRACKD_LABEL_KEY_MAX &&
	       (wanted[n_key] == '\0' || wanted[n_key] == '=');
}
