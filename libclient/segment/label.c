/* SPDX-License-Identifier: MIT */
/* Keys are checked byte by byte; values are UTF-8 without control characters, so that a label is one
 * line wherever it is shown. */
#include "libclient/segment/label.h"
#include "libclient/public.h"
#include "libclient/segment/text.h"
#include "libclient/trackd.h"
#include <errno.h>
#include <string.h>

static bool is_key_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '/' || c == '-';
}

/* The length of the key at the start of a label, or 0 if it is not valid. */
static size_t key_length(const char *label, size_t length)
{
	size_t n = 0;

	while (n < length && is_key_byte(label[n]))
		n++;
	return n < length && label[n] == '=' && n <= TRACKD_LABEL_KEY_MAX ? n : 0;
}

static bool value_valid(const char *value, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)value[i];
		/* C0, DEL, and C1 as it is in UTF-8. */
		if (c < ' ' || c == 0x7f ||
		    (c == 0xc2 && i + 1 < length && (unsigned char)value[i + 1] < 0xa0))
			return false;
	}
	return text_utf8_valid(value, length);
}

/* The value of a key in the first `length` bytes of a text; NULL: there is none. */
static const char *find(const char *text, size_t length, const char *key, size_t n_key,
			size_t *ret_length)
{
	const char *at = text, *end = text + length;

	while (at < end) {
		const char *next = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((next ? next : end) - at);

		if (n > n_key && at[n_key] == '=' && memcmp(at, key, n_key) == 0) {
			*ret_length = n - n_key - 1;
			return at + n_key + 1;
		}
		at += n + 1;
	}
	return NULL;
}

/* Whether a label may follow those in the first `used` bytes of a text. */
static bool label_fits(const char *text, size_t used, const char *label, size_t length)
{
	size_t n_key = key_length(label, length), n_value;

	return n_key > 0 && value_valid(label + n_key + 1, length - n_key - 1) &&
	       !find(text, used, label, n_key, &n_value);
}

int label_join(const char *const *labels, char ret_text[LAYOUT_LABELS])
{
	size_t used = 0;

	for (int i = 0; labels[i]; i++) {
		size_t length = strnlen(labels[i], LAYOUT_LABELS), before = used;

		if (i == TRACKD_LABELS_MAX || used + (i > 0) + length > TRACKD_LABELS_BYTES ||
		    !label_fits(ret_text, used, labels[i], length))
			return TRACKD_E_LABEL;
		if (i > 0)
			ret_text[before++] = '\n';
		memcpy(ret_text + before, labels[i], length);
		used = before + length;
	}
	ret_text[used] = '\0';
	return 0;
}

bool label_text_valid(const char *text)
{
	size_t length = strnlen(text, LAYOUT_LABELS);
	const char *at = text, *end = text + length;

	if (length > TRACKD_LABELS_BYTES)
		return false;
	for (int i = 0; at < end; i++) {
		const char *next = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((next ? next : end) - at);

		if (i == TRACKD_LABELS_MAX || !label_fits(text, (size_t)(at - text), at, n) ||
		    (next && next + 1 == end))
			return false;
		at += n + 1;
	}
	return true;
}

PUBLIC int trackd_label_get(const char *labels, const char *key, char *buffer, size_t size)
{
	size_t length;
	const char *value = find(labels, strlen(labels), key, strlen(key), &length);

	if (!value)
		return -ENOENT;
	if (size > 0) {
		size_t n = length < size ? length : text_cut(value, size - 1);
		memcpy(buffer, value, n);
		buffer[n] = '\0';
	}
	return (int)length;
}
