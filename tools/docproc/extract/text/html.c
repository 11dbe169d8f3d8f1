/* SPDX-License-Identifier: MIT */
/* libxml2's HTML parser, with only a handler for text, so no tree is built. It repairs malformed
 * HTML, and a fragment of a page always is. */
#include "tools/docproc/extract/text/html.h"
#include <errno.h>
#include <libxml/HTMLparser.h>
#include <string.h>

struct sink {
	struct strbuf *text;
	int error;
};

static void on_text(void *user, const xmlChar *text, int length)
{
	struct sink *sink = ((htmlParserCtxtPtr)user)->_private;

	if (sink->error == 0)
		sink->error = strbuf_add(sink->text, (const char *)text, (size_t)length);
}

/* Ignore scripts and styles. */
static void on_code(void *user, const xmlChar *text, int length)
{
	(void)user;
	(void)text;
	(void)length;
}

int html_text(const char *html, size_t size, struct strbuf *text)
{
	struct sink sink = { .text = text };
	htmlParserCtxtPtr context = htmlNewParserCtxt();

	if (!context)
		return -ENOMEM;
	memset(context->sax, 0, sizeof *context->sax);
	context->sax->characters = context->sax->ignorableWhitespace = on_text;
	context->sax->cdataBlock = on_code;
	context->_private = &sink;
	htmlCtxtReadMemory(context, html, (int)size, NULL, "UTF-8",
			   HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
				   HTML_PARSE_IGNORE_ENC);
	htmlFreeParserCtxt(context);
	return sink.error;
}
