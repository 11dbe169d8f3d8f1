/* SPDX-License-Identifier: MIT */
/*
 * The DOCX reader under fuzzing. Input that begins as a zip is read as it is; anything else is the
 * text of up to four parts, each ended by a NUL, which are packed here, so that the fuzzer meets the
 * XML and not only checksums. Either there is valid text in bounds, or a failure says why.
 */
#include "tests/fuzz/blocks.h"
#include "tests/fuzz/target.h"
#include "tools/docproc/extract/extract.h"

static const char *const names[] = { "word/document.xml", "word/styles.xml", "word/footnotes.xml",
				     "word/_rels/document.xml.rels" };
enum { N_PARTS = sizeof names / sizeof names[0], LOCAL = 30, CENTRAL = 46, END = 22 };

/* ---- A zip without compression -------------------------------------------------- */

struct archive {
	uint8_t *bytes;
	size_t length;
};

static uint32_t checksum(const uint8_t *data, size_t size)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0xedb88320 & (0U - (crc & 1)));
	}
	return ~crc;
}

static void add(struct archive *archive, const void *bytes, size_t length)
{
	if (length > 0)
		memcpy(archive->bytes + archive->length, bytes, length);
	archive->length += length;
}

static void add_number(struct archive *archive, uint64_t number, int bytes)
{
	for (int i = 0; i < bytes; i++)
		archive->bytes[archive->length++] = (uint8_t)(number >> 8 * i);
}

/* What both headers of an entry have in common. */
static void add_entry(struct archive *archive, const char *name, const uint8_t *data, size_t size)
{
	add_number(archive, 20, 2);
	add_number(archive, 0, 2 + 2 + 2 + 2);
	add_number(archive, checksum(data, size), 4);
	add_number(archive, size, 4);
	add_number(archive, size, 4);
	add_number(archive, strlen(name), 2);
	add_number(archive, 0, 2);
}

static void pack(struct archive *archive, const uint8_t *data, size_t size)
{
	struct archive central = { .bytes = malloc((size_t)N_PARTS * 128) };
	unsigned n = 0;

	archive->bytes = malloc(size + (size_t)N_PARTS * 128 + END);
	if (!archive->bytes || !central.bytes)
		fail("malloc");
	for (; n < N_PARTS && (n == 0 || size > 0); n++) {
		const uint8_t *end = size ? memchr(data, 0, size) : NULL;
		size_t length = end ? (size_t)(end - data) : size, start = archive->length;
		add(archive, "PK\3\4", 4);
		add_entry(archive, names[n], data, length);
		add(archive, names[n], strlen(names[n]));
		add(archive, data, length);
		add(&central, "PK\1\2\24\0", 6);
		add_entry(&central, names[n], data, length);
		add_number(&central, 0, 2 + 2 + 2);
		add_number(&central, 0, 4);
		add_number(&central, start, 4);
		add(&central, names[n], strlen(names[n]));
		length += length < size;
		data += length;
		size -= length;
	}
	size_t start = archive->length;
	add(archive, central.bytes, central.length);
	add(archive, "PK\5\6\0\0\0\0", 8);
	add_number(archive, n, 2);
	add_number(archive, n, 2);
	add_number(archive, central.length, 4);
	add_number(archive, start, 4);
	add_number(archive, 0, 2);
	free(central.bytes);
}

/* ---- Reading ---------------------------------------------------------------------- */

static void read_docx(const uint8_t *data, size_t size)
{
	read_document("fuzzed.docx", 1 << DOCUMENT_DOCX, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct archive archive = { 0 };

	if (size >= 2 && memcmp(data, "PK", 2) == 0) {
		read_docx(data, size);
		return 0;
	}
	pack(&archive, data, size);
	read_docx(archive.bytes, archive.length);
	free(archive.bytes);
	return 0;
}
