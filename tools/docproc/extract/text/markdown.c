/* SPDX-License-Identifier: MIT */
/*
 * Markdown as cmark-gfm reads it: CommonMark with GitHub's tables, footnotes, task lists and
 * strikethrough. This file walks the tree and turns the text of its nodes into blocks. Before
 * parsing, front matter is skipped, since it is not Markdown, and unreferenced footnotes get a
 * reference, because cmark-gfm drops them but a search must find them.
 *
 * Footnotes are at the end of the tree, in the order of their definitions. GitHub's bare links need
 * no extension: their text is the same without it.
 *
 * Debian 12's version (0.29.0.gfm.6) takes quadratic time for some crafted texts (CVE-2023-22483,
 * CVE-2023-24824 and others), and memory for a table's missing cells. The limits of the process
 * bound both, as for any other crafted document.
 */
#include "tools/docproc/extract/text/markdown.h"
#include "tools/docproc/document/strbuf.h"
#include "tools/docproc/extract/text/html.h"
#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <errno.h>
#include <string.h>

enum { FEED_BYTES = 1 << 20, NODES_A_STEP = 4096 };

/* ---- Before parsing --------------------------------------------------------------- */

static bool is_line(const char *line, size_t length, const char *text)
{
	if (length > 0 && line[length - 1] == '\r')
		length--;
	return length == strlen(text) && memcmp(line, text, length) == 0;
}

/* Bytes of "---" ... "---" (YAML) or "+++" ... "+++" (TOML) at the very beginning. */
static size_t front_matter(const char *text, size_t size)
{
	for (size_t at = 0, n_lines = 0; at < size; n_lines++) {
		const char *line = text + at, *end = memchr(line, '\n', size - at);
		size_t length = end ? (size_t)(end - line) : size - at;
		bool mark = is_line(line, length, "---") || is_line(line, length, "+++");

		at += length + (end ? 1 : 0);
		if (n_lines == 0 && !mark)
			return 0;
		if (n_lines > 0 && (mark || is_line(line, length, "...")))
			return at;
	}
	return 0;
}

/* Append "[^a][^b]", a reference to each "[^a]:" of the text, as a separate paragraph. */
static int add_references(const char *text, size_t size, struct strbuf *references)
{
	const char *end = text + size, *at = text;

	while ((at = memmem(at, (size_t)(end - at), "[^", 2))) {
		const char *close = at + 2;
		while (close < end && !strchr("] \t\r\n", *close))
			close++;
		if (end - close > 1 && close[0] == ']' && close[1] == ':' &&
		    strbuf_add(references, at, (size_t)(close + 1 - at)) < 0)
			return -ENOMEM;
		at = close;
	}
	return references->length == 0 ? 0 : strbuf_add(references, "\n\n", 2);
}

/* ---- Blocks ----------------------------------------------------------------------- */

struct walk {
	struct content *content;
	struct strbuf text; /* of the current block */
	bool footnotes;     /* they come after all other blocks */
};

static int flush(struct walk *walk, enum block_type type)
{
	size_t length = walk->text.length;

	walk->text.length = 0;
	return length > 0 ? content_add(walk->content, type, 0, walk->text.bytes, length) : 0;
}

static enum block_type type_of_paragraph(const struct walk *walk)
{
	return walk->footnotes ? BLOCK_FOOTNOTE : BLOCK_PARAGRAPH;
}

static int add_text(struct walk *walk, cmark_node *node)
{
	const char *text = cmark_node_get_literal(node);

	return text ? strbuf_add(&walk->text, text, strlen(text)) : 0;
}

static int add_line_end(struct walk *walk)
{
	int error = strbuf_add(&walk->text, "\n", 1);

	return error < 0 || walk->text.length <= TEXT_BLOCK_MAX
		       ? error
		       : flush(walk, type_of_paragraph(walk));
}

/* Code is not prose, but it must be searchable: unchanged, one block per line. */
static int add_code(struct walk *walk, cmark_node *node)
{
	const char *code = cmark_node_get_literal(node);
	int error = 0;

	while (error == 0 && code && *code) {
		size_t length = strcspn(code, "\n");

		error = content_add(walk->content, BLOCK_PARAGRAPH, 0, code, length);
		code += length + (code[length] ? 1 : 0);
	}
	return error;
}

static int add_html(struct walk *walk, cmark_node *node)
{
	const char *html = cmark_node_get_literal(node);
	int error = html ? html_text(html, strlen(html), &walk->text) : 0;

	return error < 0 ? error : flush(walk, type_of_paragraph(walk));
}

/* ---- The tree ----------------------------------------------------------------------- */

/* The types of extensions can only be recognised by name. */
static bool is_named(cmark_node *node, const char *name)
{
	return strcmp(cmark_node_get_type_string(node), name) == 0;
}

static int enter(struct walk *walk, cmark_node *node)
{
	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_TEXT:
	case CMARK_NODE_CODE:
		return add_text(walk, node);
	case CMARK_NODE_SOFTBREAK:
	case CMARK_NODE_LINEBREAK:
		return add_line_end(walk);
	case CMARK_NODE_CODE_BLOCK:
		return add_code(walk, node);
	case CMARK_NODE_HTML_BLOCK:
		return add_html(walk, node);
	case CMARK_NODE_FOOTNOTE_DEFINITION:
		walk->footnotes = true;
		return 0;
	default:
		return is_named(node, "table_cell") && cmark_node_previous(node)
			       ? strbuf_add(&walk->text, "\t", 1)
			       : 0;
	}
}

static int leave(struct walk *walk, cmark_node *node)
{
	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_PARAGRAPH:
		return flush(walk, type_of_paragraph(walk));
	case CMARK_NODE_HEADING:
		return flush(walk, BLOCK_HEADING);
	default:
		return is_named(node, "table_row") || is_named(node, "table_header")
			       ? flush(walk, BLOCK_TABLE_ROW)
			       : 0;
	}
}

static int walk_tree(struct walk *walk, cmark_iter *iter, struct report *report)
{
	cmark_event_type event;
	int error = 0;

	for (size_t n = 1; error == 0 && (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE; n++) {
		cmark_node *node = cmark_iter_get_node(iter);

		error = event == CMARK_EVENT_ENTER ? enter(walk, node) : leave(walk, node);
		if (error == 0 && n % NODES_A_STEP == 0)
			error = report_step(report, 0);
	}
	return error;
}

static int read_tree(cmark_node *tree, struct report *report, struct content *content)
{
	struct walk walk = { .content = content };
	cmark_iter *iter = cmark_iter_new(tree);
	int error = walk_tree(&walk, iter, report);

	cmark_iter_free(iter);
	strbuf_free(&walk.text);
	return error;
}

/* ---- Parsing ---------------------------------------------------------------------- */

/* cmark-gfm aborts without memory; the limit's signal handler then reports the memory limit. */
static cmark_parser *new_parser(void)
{
	static const char *const extensions[] = { "table", "strikethrough", "tasklist" };
	cmark_parser *parser;

	cmark_gfm_core_extensions_ensure_registered();
	parser = cmark_parser_new(CMARK_OPT_FOOTNOTES | CMARK_OPT_STRIKETHROUGH_DOUBLE_TILDE);
	for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
		cmark_parser_attach_syntax_extension(parser,
						     cmark_find_syntax_extension(extensions[i]));
	return parser;
}

static int feed(cmark_parser *parser, const char *text, size_t size, struct report *report)
{
	int error = 0;

	for (size_t at = 0; error == 0 && at < size; at += FEED_BYTES) {
		cmark_parser_feed(parser, text + at,
				  size - at < FEED_BYTES ? size - at : FEED_BYTES);
		error = report_step(report, 0);
	}
	return error;
}

int markdown_blocks(const char *text, size_t size, struct report *report, struct content *content)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct strbuf references = { 0 };
	size_t skip = size >= 3 && memcmp(text, bom, 3) == 0 ? 3 : 0;
	int error;

	skip += front_matter(text + skip, size - skip);
	text += skip;
	size -= skip;
	error = add_references(text, size, &references);
	if (error == 0) {
		cmark_parser *parser = new_parser();

		cmark_parser_feed(parser, references.bytes, references.length);
		error = feed(parser, text, size, report);
		cmark_node *tree = cmark_parser_finish(parser);
		if (error == 0)
			error = read_tree(tree, report, content);
		cmark_node_free(tree);
		cmark_parser_free(parser);
	}
	strbuf_free(&references);
	return error;
}
