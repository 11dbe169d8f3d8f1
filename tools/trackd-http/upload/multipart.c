/* SPDX-License-Identifier: MIT */
/*
 * The delimiter begins with a CR and has no other, so a failed match can restart only at the byte
 * that broke it: matched bytes never have to be examined again.
 */
#include "tools/trackd-http/upload/multipart.h"
#include "tools/trackd-http/upload/disposition.h"
#include <errno.h>
#include <string.h>
#include <strings.h>

/* ---- The boundary --------------------------------------------------------- */

static bool is_boundary_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("'()+_,-./:=? ", c));
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* The value of the boundary parameter. 0: it is missing or invalid. */
static size_t find_boundary(const char *parameters, const char **ret_boundary)
{
	for (const char *at = parameters; *at == ';';) {
		at = skip_blanks(at + 1);
		bool wanted = strncasecmp(at, "boundary=", 9) == 0;
		at += strcspn(at, "=;");
		if (*at == ';')
			continue;
		if (*at == '\0')
			return 0;
		bool quoted = at[1] == '"';
		const char *value = at + (quoted ? 2 : 1);
		size_t length = strcspn(value, quoted ? "\"" : "; \t");

		if (quoted && value[length] != '"')
			return 0;
		if (wanted) {
			*ret_boundary = value;
			return length;
		}
		at = skip_blanks(value + length + (quoted ? 1 : 0));
	}
	return 0;
}

bool multipart_begin(struct multipart *ret_multipart, const char *content_type,
		     const struct multipart_calls *calls, void *user)
{
	static const char type[] = "multipart/form-data";
	const char *boundary;

	if (!content_type || strncasecmp(content_type, type, sizeof type - 1) != 0)
		return false;
	size_t length = find_boundary(skip_blanks(content_type + sizeof type - 1), &boundary);
	if (length == 0 || length > MULTIPART_BOUNDARY_MAX || boundary[length - 1] == ' ')
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_boundary_char(boundary[i]))
			return false;
	/* The first delimiter needs no line end before it. */
	*ret_multipart = (struct multipart){ .calls = calls,
					     .user = user,
					     .state = MULTIPART_BETWEEN,
					     .delimiter = "\r\n--",
					     .length = 4 + length,
					     .matched = 2 };
	memcpy(ret_multipart->delimiter + 4, boundary, length);
	return true;
}

/* ---- Parts ---------------------------------------------------------------- */

static void pass(struct multipart *multipart, const char *data, size_t size)
{
	if (multipart->state == MULTIPART_FILE && size > 0)
		multipart->calls->data(multipart->user, data, size);
}

/* Consume content up to the delimiter; returns how much of data was used. */
static size_t feed_content(struct multipart *multipart, const char *data, size_t size)
{
	size_t at = 0;

	while (at < size) {
		if (multipart->matched == 0) {
			const char *cr = memchr(data + at, '\r', size - at);
			size_t n = cr ? (size_t)(cr - data) - at : size - at;

			pass(multipart, data + at, n);
			at += n;
			if (!cr)
				break;
		}
		if (data[at] == multipart->delimiter[multipart->matched]) {
			at++;
			if (++multipart->matched < multipart->length)
				continue;
			multipart->state = MULTIPART_BOUNDARY;
			multipart->head_length = 0;
			break;
		}
		pass(multipart, multipart->delimiter, multipart->matched);
		multipart->matched = 0;
	}
	return at;
}

/* ---- Behind a delimiter ---------------------------------------------------- */

/* "--" ends the body; blanks and a line end begin a part. */
static void feed_boundary(struct multipart *multipart, char c)
{
	char before = multipart->head_length > 0 ? multipart->head[0] : '\0';

	if (c == '-' && (before == '\0' || before == '-')) {
		if (before == '-')
			multipart->state = MULTIPART_END;
	} else if (c == '\n' && before == '\r') {
		multipart->state = ++multipart->n_parts > MULTIPART_PARTS_MAX ? MULTIPART_BROKEN
									      : MULTIPART_HEAD;
		/* So that a head without fields ends like any other. */
		multipart->head[0] = '\r';
		multipart->head[1] = '\n';
		multipart->head_length = 2;
		return;
	} else if (!((c == ' ' || c == '\t') && (before == '\0' || before == ' ')) &&
		   !(c == '\r' && (before == '\0' || before == ' '))) {
		multipart->state = MULTIPART_BROKEN;
	}
	multipart->head[0] = c == '\t' ? ' ' : c;
	multipart->head_length = 1;
}

/* ---- Heads ---------------------------------------------------------------- */

struct head {
	const char *disposition;
	size_t length;
};

static bool has_name(const char *line, size_t length, const char *name, size_t *ret_value)
{
	size_t n = strlen(name);

	if (length <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
		return false;
	*ret_value = n + 1;
	return true;
}

/* Obsolete in forms; content in another encoding would be stored without being decoded. */
static bool is_plain_encoding(const char *value, size_t length)
{
	static const char *const plain[] = { "binary", "8bit", "7bit" };

	while (length > 0 && (*value == ' ' || *value == '\t')) {
		value++;
		length--;
	}
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (length == strlen(plain[i]) && strncasecmp(value, plain[i], length) == 0)
			return true;
	return false;
}

static bool take_line(const char *line, size_t length, struct head *head)
{
	size_t value;

	if (length == 0 || line[0] == ' ' || line[0] == '\t' || !memchr(line, ':', length))
		return false;
	if (has_name(line, length, "Content-Disposition", &value)) {
		if (head->disposition)
			return false;
		head->disposition = line + value;
		head->length = length - value;
	} else if (has_name(line, length, "Content-Transfer-Encoding", &value)) {
		return is_plain_encoding(line + value, length - value);
	}
	return true;
}

static bool take_lines(const struct multipart *multipart, struct head *ret_head)
{
	const char *at = multipart->head + 2;
	const char *end = multipart->head + multipart->head_length - 2;

	while (at < end) {
		const char *cr = memchr(at, '\r', (size_t)(end - at));

		if (!cr || cr[1] != '\n' || !take_line(at, (size_t)(cr - at), ret_head))
			return false;
		at = cr + 2;
	}
	return ret_head->disposition != NULL;
}

static void begin_part(struct multipart *multipart)
{
	struct head head = { 0 };
	char name[DISPOSITION_NAME_MAX + 1];
	int length = take_lines(multipart, &head)
			     ? disposition_filename(head.disposition, head.length, name)
			     : -EBADMSG;

	multipart->matched = 0;
	multipart->state = length == -EBADMSG  ? MULTIPART_BROKEN
			   : length == -ENOENT ? MULTIPART_BETWEEN
					       : MULTIPART_FILE;
	if (multipart->state == MULTIPART_FILE)
		multipart->calls->file(multipart->user, length < 0 ? NULL : name,
				       length < 0 ? 0 : (size_t)length);
}

static void feed_head(struct multipart *multipart, char c)
{
	char *head = multipart->head;
	size_t n = multipart->head_length;

	/* Neither a NUL nor a bare LF is allowed here. */
	if (n == sizeof multipart->head || c == '\0' || (c == '\n') != (head[n - 1] == '\r')) {
		/* The CR LF that begins each head is not followed by an LF. */
		multipart->state = MULTIPART_BROKEN;
		return;
	}
	head[n++] = c;
	multipart->head_length = n;
	if (n >= 4 && memcmp(head + n - 4, "\r\n\r\n", 4) == 0)
		begin_part(multipart);
}

/* ---- The body -------------------------------------------------------------- */

void multipart_feed(struct multipart *multipart, const char *data, size_t size)
{
	size_t at = 0;

	while (at < size) {
		switch (multipart->state) {
		case MULTIPART_BETWEEN:
		case MULTIPART_FILE:
			at += feed_content(multipart, data + at, size - at);
			break;
		case MULTIPART_BOUNDARY:
			feed_boundary(multipart, data[at++]);
			break;
		case MULTIPART_HEAD:
			feed_head(multipart, data[at++]);
			break;
		case MULTIPART_END:
		case MULTIPART_BROKEN:
			return;
		}
	}
}

bool multipart_whole(const struct multipart *multipart)
{
	return multipart->state == MULTIPART_END;
}
