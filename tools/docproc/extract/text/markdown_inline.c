/* SPDX-License-Identifier: MIT */
/* Text without Markdown's inline markup. What is not clearly markup stays. */
#include "tools/docproc/extract/text/plain_parts.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How far markup is followed, so that a text of opening brackets alone takes no quadratic time. */
enum { REACH = 2048, LINKS_MAX = 8 };

struct scan {
	const char *text;
	size_t length, at;
	struct strbuf *to;
	/* Links whose text is being read: where it ends, and where the link does. */
	struct {
		size_t end, after;
	} links[LINKS_MAX];
	size_t n_links;
};

static const struct {
	const char *name;
	int32_t code_point;
} entities[] = {
	{ "&amp;", '&' },      { "&lt;", '<' },        { "&gt;", '>' },       { "&quot;", '"' },
	{ "&apos;", '\'' },    { "&nbsp;", 0xa0 },     { "&ndash;", 0x2013 }, { "&mdash;", 0x2014 },
	{ "&copy;", 0xa9 },    { "&hellip;", 0x2026 }, { "&rsquo;", 0x2019 }, { "&lsquo;", 0x2018 },
	{ "&ldquo;", 0x201c }, { "&rdquo;", 0x201d },
};

static char look(const struct scan *scan, size_t at)
{
	return at < scan->length ? scan->text[at] : '\0';
}

static size_t reach(const struct scan *scan, size_t at)
{
	return scan->length - at < REACH ? scan->length : at + REACH;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* Where the bracket at a position closes, or 0. */
static size_t closing(const struct scan *scan, size_t at, char open, char close)
{
	size_t depth = 0, end = reach(scan, at);

	for (size_t i = at; i < end; i++) {
		if (scan->text[i] == '\\')
			i++;
		else if (scan->text[i] == open)
			depth++;
		else if (scan->text[i] == close && --depth == 0)
			return i;
	}
	return 0;
}

/* "`code`": what is inside, as it is. */
static int code(struct scan *scan)
{
	size_t ticks = strspn(scan->text + scan->at, "`"), from = scan->at + ticks;
	size_t limit = reach(scan, scan->at);

	for (size_t i = from; i + ticks <= limit; i++) {
		if (scan->text[i] != '`')
			continue;
		size_t n = strspn(scan->text + i, "`");
		if (n == ticks) {
			scan->at = i + n;
			return strbuf_add(scan->to, scan->text + from, i - from);
		}
		i += n - 1;
	}
	scan->at = from;
	return strbuf_add(scan->to, scan->text + from - ticks, ticks);
}

/* "[text](target)", "![alt](target)", "[text][id]", "[^mark]": the text. */
static int link_text(struct scan *scan, size_t bracket)
{
	size_t end = closing(scan, bracket, '[', ']'), after = end + 1;

	if (end == 0 || scan->n_links == LINKS_MAX ||
	    (look(scan, bracket + 1) != '^' && look(scan, after) != '(' &&
	     look(scan, after) != '[')) {
		scan->at++;
		return strbuf_add(scan->to, scan->text + scan->at - 1, 1);
	}
	if (look(scan, bracket + 1) == '^') {
		scan->at = after;
		return 0;
	}
	size_t target = look(scan, after) == '(' ? closing(scan, after, '(', ')')
						 : closing(scan, after, '[', ']');
	scan->links[scan->n_links].end = end;
	scan->links[scan->n_links++].after = target > 0 ? target + 1 : after;
	scan->at = bracket + 1;
	return 0;
}

/* "]": of a link whose text is being read, or itself. */
static int link_end(struct scan *scan)
{
	/* Those whose ends were within code. */
	while (scan->n_links > 0 && scan->links[scan->n_links - 1].end < scan->at)
		scan->n_links--;
	if (scan->n_links > 0 && scan->links[scan->n_links - 1].end == scan->at) {
		scan->at = scan->links[--scan->n_links].after;
		return 0;
	}
	return strbuf_add(scan->to, scan->text + scan->at++, 1);
}

/* "<tag>" and comments go; "<https://...>" is a text. */
static int tag(struct scan *scan)
{
	const char *start = scan->text + scan->at;
	const char *end = memchr(start, '>', reach(scan, scan->at) - scan->at);

	if (!end || !(isalpha((unsigned char)start[1]) || start[1] == '/' || start[1] == '!')) {
		scan->at++;
		return strbuf_add(scan->to, "<", 1);
	}
	size_t n = (size_t)(end - start);
	scan->at += n + 1;
	if (memchr(start, ' ', n) || !(memchr(start, ':', n) || memchr(start, '@', n)))
		return 0;
	return strbuf_add(scan->to, start + 1, n - 1);
}

static int entity(struct scan *scan)
{
	const char *start = scan->text + scan->at;

	for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++)
		if (strncmp(start, entities[i].name, strlen(entities[i].name)) == 0) {
			scan->at += strlen(entities[i].name);
			return strbuf_add_char(scan->to, entities[i].code_point);
		}
	if (start[1] == '#') {
		char *end;
		bool hex = start[2] == 'x' || start[2] == 'X';
		long value = isxdigit((unsigned char)start[2 + hex])
				     ? strtol(start + 2 + hex, &end, hex ? 16 : 10)
				     : 0;
		if (value > 0 && value < 0x110000 && (value < 0xd800 || value > 0xdfff) &&
		    *end == ';') {
			scan->at += (size_t)(end + 1 - start);
			return strbuf_add_char(scan->to, (int32_t)value);
		}
	}
	scan->at++;
	return strbuf_add(scan->to, "&", 1);
}

/* "*", "_" and "~~" go where they hug a word, and "_" only at its ends. */
static int emphasis(struct scan *scan)
{
	char mark = scan->text[scan->at];
	size_t end = scan->at;

	while (look(scan, end) == mark)
		end++;
	char before = scan->at > 0 ? scan->text[scan->at - 1] : ' ', after = look(scan, end);
	bool hugs = !(isspace((unsigned char)before) || before == '\0') ||
		    !(isspace((unsigned char)after) || after == '\0');
	bool within = is_word(before) && is_word(after);
	size_t n = end - scan->at;

	scan->at = end;
	if (hugs && !(mark == '_' && within) && !(mark == '~' && n == 1))
		return 0;
	return strbuf_add(scan->to, scan->text + end - n, n);
}

static int step(struct scan *scan)
{
	char c = scan->text[scan->at];

	switch (c) {
	case '\\':
		if (ispunct((unsigned char)look(scan, scan->at + 1)))
			scan->at++;
		return strbuf_add(scan->to, scan->text + scan->at++, 1);
	case '`':
		return code(scan);
	case '!':
		if (look(scan, scan->at + 1) == '[')
			return link_text(scan, scan->at + 1);
		break;
	case '[':
		return link_text(scan, scan->at);
	case ']':
		return link_end(scan);
	case '<':
		return tag(scan);
	case '&':
		return entity(scan);
	case '*':
	case '_':
	case '~':
		return emphasis(scan);
	}
	return strbuf_add(scan->to, scan->text + scan->at++, 1);
}

int markdown_strip(const char *text, size_t length, struct strbuf *ret_text)
{
	struct scan scan = { .text = text, .length = length, .to = ret_text };
	int error = strbuf_add(ret_text, "", 0);

	while (error == 0 && scan.at < length)
		error = step(&scan);
	return error;
}
