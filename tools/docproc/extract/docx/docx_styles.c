/* SPDX-License-Identifier: MIT */
/*
 * Which paragraph styles are headings. A style's id is in the language of the author
 * ("berschrift1"), but its name is not ("heading 1"). Custom styles are based on those, or have an
 * outline level.
 */
#include "tools/common/growth.h"
#include "tools/docproc/extract/docx/docx_parts.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { STYLES_MAX = 10000, ANCESTORS_MAX = 20, UNKNOWN_LEVEL = -1 };

/* "heading 3", "Heading3", "Title". */
static int level_of_name(const char *name)
{
	if (strcasecmp(name, "title") == 0)
		return 1;
	if (strncasecmp(name, "heading", 7) != 0)
		return UNKNOWN_LEVEL;
	name += 7;
	name += *name == ' ';
	return *name >= '1' && *name <= '9' && !name[1] ? *name - '0' : UNKNOWN_LEVEL;
}

static int add_style(struct docx *docx, xmlTextReaderPtr reader)
{
	if (docx->n_styles == STYLES_MAX)
		return 1;
	struct docx_style *styles = growth_reserve(docx->styles, docx->n_styles, &docx->styles_room,
						   sizeof *styles, 32);
	if (!styles)
		return -ENOMEM;
	docx->styles = styles;
	docx->styles[docx->n_styles++] =
		(struct docx_style){ .id = docx_attribute(reader, "styleId"),
				     .level = UNKNOWN_LEVEL };
	return 0;
}

static int visit_style(void *user, xmlTextReaderPtr reader)
{
	struct docx *docx = user;
	const char *name = (const char *)xmlTextReaderConstLocalName(reader);
	struct docx_style *style = docx->n_styles ? &docx->styles[docx->n_styles - 1] : NULL;
	char *value;

	if (xmlTextReaderNodeType(reader) != XML_READER_TYPE_ELEMENT ||
	    docx_space(reader) != SPACE_WORD)
		return 0;
	if (strcmp(name, "style") == 0)
		return add_style(docx, reader);
	if (!style)
		return 0;
	if (strcmp(name, "pPrChange") == 0)
		return 1;
	if (strcmp(name, "name") == 0) {
		value = docx_attribute(reader, "val");
		if (value && style->level == UNKNOWN_LEVEL)
			style->level = level_of_name(value);
		xmlFree(value);
	} else if (strcmp(name, "basedOn") == 0) {
		xmlFree(style->parent);
		style->parent = docx_attribute(reader, "val");
	} else if (strcmp(name, "outlineLvl") == 0) {
		value = docx_attribute(reader, "val");
		if (value)
			style->level =
				*value >= '0' && *value <= '8' && !value[1] ? *value - '0' + 1 : 0;
		xmlFree(value);
	}
	return 0;
}

int docx_read_styles(struct docx *docx, const char *part)
{
	return docx_walk(docx, part, visit_style, docx);
}

void docx_free_styles(struct docx *docx)
{
	for (size_t i = 0; i < docx->n_styles; i++) {
		xmlFree(docx->styles[i].id);
		xmlFree(docx->styles[i].parent);
	}
	free(docx->styles);
}

static const struct docx_style *find(const struct docx *docx, const char *id)
{
	for (size_t i = 0; i < docx->n_styles; i++)
		if (docx->styles[i].id && strcmp(docx->styles[i].id, id) == 0)
			return &docx->styles[i];
	return NULL;
}

int docx_heading_level(const struct docx *docx, const char *style)
{
	const struct docx_style *found = find(docx, style);

	if (!found) {
		int level = level_of_name(style);
		return level > 0 ? level : 0;
	}
	/* A limit on ancestors also ends loops in the inheritance. */
	for (int i = 0; found && i < ANCESTORS_MAX; i++) {
		if (found->level != UNKNOWN_LEVEL)
			return found->level;
		found = found->parent ? find(docx, found->parent) : NULL;
	}
	return 0;
}
