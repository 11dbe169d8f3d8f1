/* SPDX-License-Identifier: MIT */
/*
 * The zip package of a DOCX. Parts are unpacked as a stream into the XML parser, never as a whole.
 * The unpacked bytes are counted here, because sizes in the archive cannot be trusted. Document
 * types are refused, so there are no entities: OOXML forbids them (ECMA-376, part 2).
 */
#include "tools/docproc/extract/docx/docx.h"
#include "tools/docproc/extract/docx/docx_parts.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RATIO_FROM = 1 << 20, PARTS_READ = 6 };

struct part_stream {
	struct docx *docx;
	zip_file_t *file;
};

/* The parts to read, as the relations name them. */
struct parts {
	char main[DOCX_NAME_MAX + 1], styles[DOCX_NAME_MAX + 1], footnotes[DOCX_NAME_MAX + 1],
		endnotes[DOCX_NAME_MAX + 1];
};

struct relations {
	struct parts *parts;
	const char
		*source; /* the part whose relations are read: targets are relative to its folder */
};

/* ---- The archive ------------------------------------------------------------------ */

static zip_t *open_zip(int fd, int *ret_error)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	zip_t *zip = NULL;

	*ret_error = ZIP_ER_OPEN;
	if (copy >= 0)
		zip = zip_fdopen(copy, 0, ret_error);
	if (!zip && copy >= 0)
		close(copy);
	return zip;
}

static zip_int64_t locate(zip_t *zip, const char *name)
{
	return zip_name_locate(zip, name, ZIP_FL_NOCASE | ZIP_FL_ENC_GUESS);
}

/* The first bytes of an entry. */
static bool entry_says(zip_t *zip, const char *name, const char *word)
{
	zip_file_t *file = zip_fopen(zip, name, ZIP_FL_NOCASE);
	char bytes[16384];
	zip_int64_t n = file ? zip_fread(file, bytes, sizeof bytes) : -1;

	if (file)
		zip_fclose(file);
	return n > 0 && memmem(bytes, (size_t)n, word, strlen(word));
}

/* A truncated zip has no directory; its first entry's name is at the beginning. */
static enum file_kind kind_of_piece(int fd)
{
	char bytes[4096];
	ssize_t n = pread(fd, bytes, sizeof bytes, 0);
	size_t length = n > 0 ? (size_t)n : 0;

	if (memmem(bytes, length, "opendocument", 12))
		return KIND_ODF;
	if (memmem(bytes, length, "epub+zip", 8))
		return KIND_EPUB;
	if (memmem(bytes, length, "[Content_Types].xml", 19) || memmem(bytes, length, "word/", 5))
		return KIND_DOCX;
	return KIND_ARCHIVE;
}

enum file_kind docx_kind(int fd)
{
	enum file_kind kind = KIND_ARCHIVE;
	int error;
	zip_t *zip = open_zip(fd, &error);

	if (!zip)
		return kind_of_piece(fd);
	if (locate(zip, "word/document.xml") >= 0 ||
	    entry_says(zip, "[Content_Types].xml", "wordprocessingml"))
		kind = KIND_DOCX;
	else if (entry_says(zip, "[Content_Types].xml", "spreadsheetml"))
		kind = KIND_SHEET;
	else if (entry_says(zip, "[Content_Types].xml", "presentationml"))
		kind = KIND_SLIDES;
	else if (entry_says(zip, "mimetype", "epub"))
		kind = KIND_EPUB;
	else if (entry_says(zip, "mimetype", "opendocument"))
		kind = KIND_ODF;
	zip_discard(zip);
	return kind;
}

/* ---- A part as a stream of bytes ---------------------------------------------------- */

static int read_part(void *context, char *buffer, int room)
{
	struct part_stream *stream = context;
	struct docx *docx = stream->docx;
	zip_int64_t n = zip_fread(stream->file, buffer, (zip_uint64_t)room);

	if (n < 0) {
		docx->fault = DOCX_BROKEN;
		return -1;
	}
	docx->unpacked += (uint64_t)n;
	if (docx->unpacked > EXTRACT_UNPACKED_MAX)
		docx->fault = DOCX_TOO_LARGE;
	else if (docx->unpacked > RATIO_FROM && docx->unpacked / EXTRACT_RATIO_MAX > docx->packed)
		docx->fault = DOCX_BOMB;
	return docx->fault == DOCX_SOUND ? (int)n : -1;
}

static int close_part(void *context)
{
	struct part_stream *stream = context;

	zip_fclose(stream->file);
	free(stream);
	return 0;
}

/* The parser gives up on an entity bomb before it reports the declaration. */
static void log_error(void *user, xmlErrorPtr error)
{
	struct docx *docx = user;

	if (error->code == XML_ERR_ENTITY_LOOP && docx->fault == DOCX_SOUND)
		docx->fault = DOCX_ENTITIES;
}

/* NULL without a fault: the part does not exist. */
static xmlTextReaderPtr open_part(struct docx *docx, const char *name)
{
	zip_int64_t index = *name ? locate(docx->zip, name) : -1;
	struct part_stream *stream;
	xmlTextReaderPtr reader;

	if (index < 0)
		return NULL;
	stream = calloc(1, sizeof *stream);
	if (!stream)
		return NULL;
	stream->docx = docx;
	stream->file = zip_fopen_index(docx->zip, (zip_uint64_t)index, 0);
	if (!stream->file) {
		int code = zip_error_code_zip(zip_get_error(docx->zip));
		docx->fault = code == ZIP_ER_NOPASSWD ? DOCX_ENCRYPTED : DOCX_BROKEN;
		free(stream);
		return NULL;
	}
	/* The parser closes the stream itself if it cannot make a reader. */
	reader = xmlReaderForIO(read_part, close_part, stream, NULL, NULL,
				XML_PARSE_NONET | XML_PARSE_COMPACT);
	if (!reader)
		docx->fault = DOCX_BROKEN;
	else
		xmlTextReaderSetStructuredErrorHandler(reader, log_error, docx);
	return reader;
}

/* ---- Walking through a part --------------------------------------------------------- */

static int fault_failure(enum docx_fault fault, struct failure *failure)
{
	switch (fault) {
	case DOCX_TOO_LARGE:
		return failure_set(failure, "Document is too large: it unpacks to more than %d MiB",
				   EXTRACT_UNPACKED_MAX >> 20);
	case DOCX_BOMB:
		return failure_set(failure,
				   "Document is a zip bomb: it unpacks to more than %d times its "
				   "size",
				   EXTRACT_RATIO_MAX);
	case DOCX_ENCRYPTED:
		return failure_set(failure,
				   "Document is encrypted: a password is needed to open it");
	case DOCX_ENTITIES:
		return failure_set(failure, "Document is refused: it declares XML entities, which "
					    "are not allowed in a DOCX");
	case DOCX_BROKEN:
	case DOCX_SOUND:
		break;
	}
	return failure_set(failure, "Document is damaged: a part of it cannot be read");
}

static int visit_failure(struct docx *docx, int error)
{
	if (error == -EFBIG)
		return failure_set(docx->failure, "Document holds more than %d MiB of text",
				   CONTENT_BYTES_MAX >> 20);
	if (error == -ENOMEM)
		return failure_set(docx->failure, "Not enough memory for the document");
	return error;
}

int docx_walk(struct docx *docx, const char *part, docx_visit *visit, void *user)
{
	xmlTextReaderPtr reader = open_part(docx, part);
	int more, action = 0;

	if (!reader)
		return docx->fault == DOCX_SOUND ? report_step(docx->report, 1)
						 : fault_failure(docx->fault, docx->failure);
	while (action >= 0 &&
	       (more = action == 1 ? xmlTextReaderNext(reader) : xmlTextReaderRead(reader)) == 1) {
		if (xmlTextReaderNodeType(reader) == XML_READER_TYPE_DOCUMENT_TYPE)
			action = fault_failure(DOCX_ENTITIES, docx->failure);
		else
			action = visit(user, reader);
	}
	if (action < 0)
		action = visit_failure(docx, action);
	else if (more < 0)
		action = fault_failure(docx->fault, docx->failure);
	else
		action = report_step(docx->report, 1);
	xmlFreeTextReader(reader);
	return action;
}

enum docx_space docx_space(xmlTextReaderPtr reader)
{
	const char *uri = (const char *)xmlTextReaderConstNamespaceUri(reader);

	if (!uri)
		return SPACE_OTHER;
	if (strstr(uri, "/wordprocessingml/main") || strstr(uri, "/wordprocessingml/2006/main"))
		return SPACE_WORD;
	if (strstr(uri, "/markup-compatibility/2006"))
		return SPACE_COMPATIBILITY;
	if (strstr(uri, "/officeDocument/2006/math") || strstr(uri, "/officeDocument/math"))
		return SPACE_MATH;
	return SPACE_OTHER;
}

char *docx_attribute(xmlTextReaderPtr reader, const char *name)
{
	const xmlChar *space = xmlTextReaderConstNamespaceUri(reader);

	return (char *)xmlTextReaderGetAttributeNs(reader, (const xmlChar *)name, space);
}

bool docx_is_on(xmlTextReaderPtr reader)
{
	char *value = docx_attribute(reader, "val");
	bool on = !value || !(strcmp(value, "0") == 0 || strcmp(value, "false") == 0 ||
			      strcmp(value, "off") == 0);

	xmlFree(value);
	return on;
}

/* ---- Finding the parts ---------------------------------------------------------------- */

/* Turn a target into a name in the zip; "../a.xml" and "/a.xml" are possible. */
static void resolve(const char *source, const char *target, char ret_name[DOCX_NAME_MAX + 1])
{
	const char *slash = strrchr(source, '/');
	int folder = *target != '/' && slash ? (int)(slash + 1 - source) : 0;

	if (*target == '/')
		target++;
	while (strncmp(target, "../", 3) == 0) {
		target += 3;
		do
			folder -= folder > 0;
		while (folder > 0 && source[folder - 1] != '/');
	}
	int n = snprintf(ret_name, DOCX_NAME_MAX + 1, "%.*s%s", folder, source, target);
	if (n > DOCX_NAME_MAX)
		ret_name[0] = '\0';
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

static int visit_relation(void *user, xmlTextReaderPtr reader)
{
	struct relations *relations = user;
	struct parts *parts = relations->parts;
	char *type, *target;

	if (xmlTextReaderNodeType(reader) != XML_READER_TYPE_ELEMENT ||
	    strcmp((const char *)xmlTextReaderConstLocalName(reader), "Relationship") != 0)
		return 0;
	type = (char *)xmlTextReaderGetAttribute(reader, (const xmlChar *)"Type");
	target = (char *)xmlTextReaderGetAttribute(reader, (const xmlChar *)"Target");
	if (type && target) {
		if (ends_with(type, "/officeDocument"))
			resolve(relations->source, target, parts->main);
		else if (ends_with(type, "/styles"))
			resolve(relations->source, target, parts->styles);
		else if (ends_with(type, "/footnotes"))
			resolve(relations->source, target, parts->footnotes);
		else if (ends_with(type, "/endnotes"))
			resolve(relations->source, target, parts->endnotes);
	}
	xmlFree(type);
	xmlFree(target);
	return 0;
}

static int find_parts(struct docx *docx, struct parts *parts)
{
	struct relations relations = { .parts = parts, .source = "" };
	char name[DOCX_NAME_MAX + 16];
	int error = docx_walk(docx, "_rels/.rels", visit_relation, &relations);

	if (error < 0)
		return error;
	if (!parts->main[0] || locate(docx->zip, parts->main) < 0)
		strcpy(parts->main, "word/document.xml");
	if (locate(docx->zip, parts->main) < 0)
		return failure_set(docx->failure, "Document is damaged: its text is missing");
	const char *slash = strrchr(parts->main, '/');
	int folder = slash ? (int)(slash + 1 - parts->main) : 0;
	snprintf(name, sizeof name, "%.*s_rels/%s.rels", folder, parts->main, parts->main + folder);
	/* A copy, because the relations may set another main part while this name is in use. */
	char source[DOCX_NAME_MAX + 1];
	memcpy(source, parts->main, sizeof source);
	relations.source = source;
	error = docx_walk(docx, name, visit_relation, &relations);
	memcpy(parts->main, source, sizeof source);
	return error;
}

/* ---- The document ----------------------------------------------------------------------- */

static int read_parts(struct docx *docx, struct content *content)
{
	struct parts parts = { .main = "" };
	int error = find_parts(docx, &parts);

	if (error == 0)
		error = docx_read_styles(docx, parts.styles);
	if (error == 0)
		error = docx_read_notes(docx, parts.footnotes, &docx->footnotes);
	if (error == 0)
		error = docx_read_notes(docx, parts.endnotes, &docx->endnotes);
	if (error == 0)
		error = docx_read_text(docx, parts.main, content);
	return error;
}

/* Our XML never needs another file or the network. */
static xmlParserInputPtr no_outside(const char *url, const char *id, xmlParserCtxtPtr context)
{
	(void)url;
	(void)id;
	(void)context;
	return NULL;
}

int docx_extract(int fd, const char *name, struct report *report, struct content *content,
		 struct failure *failure)
{
	struct docx docx = { .report = report, .failure = failure };
	struct stat status;
	int error;

	(void)name;
	xmlSetExternalEntityLoader(no_outside);
	if (fstat(fd, &status) < 0)
		return failure_set(failure, "Document could not be read: %s", strerror(errno));
	docx.packed = (uint64_t)status.st_size;
	docx.zip = open_zip(fd, &error);
	if (!docx.zip)
		return failure_set(failure, "Document is damaged or truncated");
	if (zip_get_num_entries(docx.zip, 0) > EXTRACT_PARTS_MAX) {
		error = failure_set(failure, "Document has more than %d parts", EXTRACT_PARTS_MAX);
	} else {
		report_total(report, PARTS_READ);
		error = read_parts(&docx, content);
	}
	docx_free_styles(&docx);
	docx_free_notes(&docx.footnotes);
	docx_free_notes(&docx.endnotes);
	zip_discard(docx.zip);
	return error;
}
