/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/server/head.h"
#include <microhttpd.h>
#include <string.h>
#include <strings.h>

/* ---- Faults --------------------------------------------------------------- */

#define FAULT(name, status, detail) static const struct head_fault name = { status, detail }

FAULT(bad_line_end, MHD_HTTP_BAD_REQUEST, "A line of the head does not end with CR LF");
FAULT(bad_request_line, MHD_HTTP_BAD_REQUEST, "The request line is not METHOD TARGET VERSION");
FAULT(bad_target, MHD_HTTP_BAD_REQUEST, "The request target is not valid");
FAULT(bad_version, MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED, "Only HTTP/1.0 and HTTP/1.1 are supported");
FAULT(long_line, MHD_HTTP_URI_TOO_LONG, "The request line is longer than 8192 bytes");
FAULT(large_head, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "The head of the request is too large");
FAULT(folded, MHD_HTTP_BAD_REQUEST, "A line of the head begins with white space");
FAULT(bad_name, MHD_HTTP_BAD_REQUEST, "The name of a header field is not valid");
FAULT(bad_value, MHD_HTTP_BAD_REQUEST, "The value of a header field has control characters");
FAULT(no_host, MHD_HTTP_BAD_REQUEST, "The request has no Host");
FAULT(two_hosts, MHD_HTTP_BAD_REQUEST, "The request has more than one Host");
FAULT(bad_host, MHD_HTTP_BAD_REQUEST, "The value of Host is not valid");
FAULT(two_lengths, MHD_HTTP_BAD_REQUEST, "The request has more than one Content-Length");
FAULT(bad_length, MHD_HTTP_BAD_REQUEST, "The value of Content-Length is not valid");
FAULT(two_framings, MHD_HTTP_BAD_REQUEST,
      "The request has both Content-Length and Transfer-Encoding");
FAULT(two_codings, MHD_HTTP_BAD_REQUEST, "The request has more than one Transfer-Encoding");
FAULT(early_coding, MHD_HTTP_BAD_REQUEST, "Transfer-Encoding is not allowed in HTTP/1.0");
FAULT(last_coding, MHD_HTTP_BAD_REQUEST, "The last transfer coding is not chunked");
FAULT(unknown_coding, MHD_HTTP_NOT_IMPLEMENTED, "The only supported transfer coding is chunked");

/* ---- Characters ----------------------------------------------------------- */

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* The token characters of RFC 9110: letters, digits and !#$%&'*+-.^_`|~, one bit each. */
static bool is_token_char(char c)
{
	static const uint64_t chars[2] = { UINT64_C(0x03ff6cfa00000000),
					   UINT64_C(0x57ffffffc7fffffe) };
	unsigned char code = (unsigned char)c;

	return code < 128 && (chars[code / 64] >> code % 64 & 1);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_token(const char *from, const char *end)
{
	if (from == end)
		return false;
	for (; from < end; from++)
		if (!is_token_char(*from))
			return false;
	return true;
}

static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

/* Whether one of eight bytes may be below 0x20 or equal to 0x7f. */
static bool may_have_control(const char *from)
{
	static const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	uint64_t word, delete;

	memcpy(&word, from, sizeof word);
	delete = word ^ ones * 0x7f;
	return (((word - ones * 0x20) & ~word) | ((delete - ones) & ~delete)) & tops;
}

/* No control characters but tabs; bytes above 0x7f are allowed. */
static bool is_value(const char *from, const char *end)
{
	while (end - from >= 8 && !may_have_control(from))
		from += 8;
	for (; from < end; from++)
		if (is_control(*from))
			return false;
	return true;
}

/* ---- The end of the head -------------------------------------------------- */

size_t head_size(const char *data, size_t size, const struct head_fault **ret_fault)
{
	const char *at = data, *end = data + size, *feed;

	if (size > 0 && !is_token_char(data[0]) && data[0] != '\r')
		*ret_fault = is_blank(data[0]) ? &folded : &bad_request_line;
	while (!*ret_fault && (feed = memchr(at, '\n', (size_t)(end - at)))) {
		if (feed == at || feed[-1] != '\r')
			*ret_fault = &bad_line_end;
		else if (feed == at + 1)
			return (size_t)(feed + 1 - data);
		at = feed + 1;
	}
	if (!*ret_fault && at == data && size > HEAD_LINE_MAX)
		*ret_fault = &long_line;
	if (!*ret_fault && size > HEAD_COST_MAX)
		*ret_fault = &large_head;
	return 0;
}

/* ---- The request line ----------------------------------------------------- */

struct parse {
	struct head *head;
	char *to;    /* end of the output so far */
	size_t cost; /* what libmicrohttpd needs for it */
	bool early;  /* the version is HTTP/1.0 */
	bool host, length, coding;
};

/* The length of "https://example.org" in an absolute target; 0 if there is none, SIZE_MAX if
 * invalid. */
static size_t authority(const char *target, const char *end)
{
	size_t length = (size_t)(end - target), scheme;

	if (length > 7 && strncasecmp(target, "http://", 7) == 0)
		scheme = 7;
	else if (length > 8 && strncasecmp(target, "https://", 8) == 0)
		scheme = 8;
	else
		return 0;
	size_t at = scheme;
	while (at < length && target[at] != '/' && target[at] != '?')
		at++;
	/* A target without a host, or with a user name, is invalid (RFC 9110, 4.2). */
	return at == scheme || memchr(target + scheme, '@', at - scheme) ? SIZE_MAX : at;
}

static bool is_target(const char *from, const char *end)
{
	return from < end && (*from == '/' || (*from == '*' && from + 1 == end));
}

static void keep(struct parse *parse, const char *from, size_t size)
{
	if (parse->to != from)
		memmove(parse->to, from, size);
	parse->to += size;
}

static size_t n_parameters(const char *target, const char *end)
{
	const char *at = memchr(target, '?', (size_t)(end - target));
	size_t n = 0;

	for (; at; at = memchr(at + 1, '&', (size_t)(end - at - 1)))
		n++;
	return n;
}

static const struct head_fault *check_target(struct parse *parse, const char *target,
					     const char *end)
{
	size_t skipped = authority(target, end);

	if (skipped == SIZE_MAX)
		return &bad_target;
	parse->cost += HEAD_ENTRY_COST * n_parameters(target, end);
	target += skipped;
	if (skipped > 0 && (target == end || *target == '?'))
		keep(parse, "/", 1);
	else if (!is_target(target, end))
		return &bad_target;
	for (const char *c = target; c < end; c++)
		if (is_control(*c) || is_blank(*c))
			return &bad_target;
	keep(parse, target, (size_t)(end - target));
	return NULL;
}

static const struct head_fault *check_version(struct parse *parse, const char *version,
					      const char *end)
{
	if (end - version != 8 || memcmp(version, "HTTP/", 5) != 0 || version[6] != '.' ||
	    version[5] < '0' || version[5] > '9' || version[7] < '0' || version[7] > '9')
		return &bad_request_line;
	if (version[5] != '1')
		return &bad_version;
	parse->early = version[7] == '0';
	keep(parse, parse->early ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n", 11);
	return NULL;
}

static const struct head_fault *check_request_line(struct parse *parse, const char *line,
						   const char *end)
{
	const struct head_fault *fault;
	const char *space = memchr(line, ' ', (size_t)(end - line));
	const char *last = memrchr(line, ' ', (size_t)(end - line));

	if (end - line > HEAD_LINE_MAX)
		return &long_line;
	if (!space || space == last || !is_token(line, space))
		return &bad_request_line;
	/* The output never overtakes the input. */
	char version[16] = "";
	size_t length = (size_t)(end - last - 1);
	memcpy(version, last + 1, length < sizeof version ? length : sizeof version - 1);
	keep(parse, line, (size_t)(space + 1 - line));
	fault = check_target(parse, space + 1, last);
	return fault ? fault : check_version(parse, version, version + strlen(version));
}

/* ---- The fields ----------------------------------------------------------- */

struct field {
	const char *line, *colon, *value, *end; /* end: the end of the value */
};

static const struct head_fault *split(const char *line, const char *end, struct field *ret_field)
{
	const char *colon = memchr(line, ':', (size_t)(end - line));

	if (line < end && is_blank(*line))
		return &folded;
	if (!colon || !is_token(line, colon))
		return &bad_name;
	if (!is_value(colon, end))
		return &bad_value;
	*ret_field = (struct field){ line, colon, colon + 1, end };
	while (ret_field->value < end && is_blank(*ret_field->value))
		ret_field->value++;
	while (ret_field->end > ret_field->value && is_blank(ret_field->end[-1]))
		ret_field->end--;
	return NULL;
}

static bool is_named(const struct field *field, const char *name)
{
	size_t length = (size_t)(field->colon - field->line);

	return length == strlen(name) && strncasecmp(field->line, name, length) == 0;
}

static const struct head_fault *check_host(struct parse *parse, const struct field *field)
{
	if (parse->host)
		return &two_hosts;
	parse->host = true;
	for (const char *c = field->value; c < field->end; c++)
		if (!is_alnum(*c) && !strchr("-._~%!$&'()*+,;=:[]", *c))
			return &bad_host;
	return NULL;
}

static const struct head_fault *check_length(struct parse *parse, const struct field *field)
{
	uint64_t length = 0;

	if (parse->length)
		return &two_lengths;
	parse->length = true;
	for (const char *c = field->value; c < field->end; c++) {
		if (*c < '0' || *c > '9' || length > (uint64_t)INT64_MAX / 10 - 1)
			return memchr(field->value, ',', (size_t)(field->end - field->value))
				       ? &two_lengths
				       : &bad_length;
		length = length * 10 + (uint64_t)(*c - '0');
	}
	parse->head->length = length;
	return field->value == field->end ? &bad_length : NULL;
}

/* If the last coding is not chunked, the end of the body is undefined (RFC 9112, 6.3). */
static const struct head_fault *check_coding(struct parse *parse, const struct field *field)
{
	static const char chunked[] = "chunked";
	size_t length = (size_t)(field->end - field->value), n = sizeof chunked - 1;

	if (parse->coding)
		return &two_codings;
	parse->coding = parse->head->chunked = true;
	if (length < n || strncasecmp(field->end - n, chunked, n) != 0)
		return &last_coding;
	return length > n ? &unknown_coding : NULL;
}

static const struct head_fault *check_field(struct parse *parse, const struct field *field)
{
	if (is_named(field, MHD_HTTP_HEADER_HOST))
		return check_host(parse, field);
	if (is_named(field, MHD_HTTP_HEADER_CONTENT_LENGTH))
		return check_length(parse, field);
	if (is_named(field, MHD_HTTP_HEADER_TRANSFER_ENCODING))
		return check_coding(parse, field);
	return NULL;
}

static const struct head_fault *next_field(struct parse *parse, const char *line, const char *end)
{
	struct field field;
	const struct head_fault *fault = split(line, end, &field);

	if (!fault)
		fault = check_field(parse, &field);
	parse->cost += HEAD_ENTRY_COST;
	/* The gateway uses no cookies; libmicrohttpd would keep a copy of them. */
	if (fault || is_named(&field, MHD_HTTP_HEADER_COOKIE))
		return fault;
	if (field.end == end) {
		keep(parse, line, (size_t)(end - line) + 2);
	} else {
		keep(parse, line, (size_t)(field.end - line));
		keep(parse, "\r\n", 2);
	}
	return NULL;
}

const struct head_fault *head_check_field(const char *line, size_t length)
{
	struct field field;

	return split(line, line + length, &field);
}

/* ---- The head ------------------------------------------------------------- */

/* Rules about several fields together. */
static const struct head_fault *check_whole(const struct parse *parse)
{
	if (parse->cost > HEAD_COST_MAX)
		return &large_head;
	if (!parse->host && !parse->early)
		return &no_host;
	if (parse->coding && parse->length)
		return &two_framings;
	return parse->coding && parse->early ? &early_coding : NULL;
}

const struct head_fault *head_check(char *data, size_t *size, struct head *ret_head)
{
	struct head head = { .length = 0 };
	struct parse parse = { .head = &head, .to = data, .cost = *size };
	const struct head_fault *fault = NULL;
	const char *line = data, *end = data + *size - 2, *feed;

	for (; !fault && line < end; line = feed + 1) {
		feed = memchr(line, '\n', (size_t)(data + *size - line));
		fault = line == data ? check_request_line(&parse, line, feed - 1)
				     : next_field(&parse, line, feed - 1);
	}
	if (!fault)
		fault = check_whole(&parse);
	if (fault)
		return fault;
	keep(&parse, "\r\n", 2);
	*size = (size_t)(parse.to - data);
	*ret_head = head;
	return NULL;
}
