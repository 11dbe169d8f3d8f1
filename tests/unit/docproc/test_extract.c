/* SPDX-License-Identifier: MIT */
/* The type of a file, and why it cannot be read: types by content, contradicting extensions,
 * limits, damage, cancelling. */
#include "tests/unit/docproc/extraction.h"

enum { SMALL = 64 };

/* ---- Types --------------------------------------------------------------- */

static const struct {
	const char *file;
	enum document_type type;
	const char *names[6];
} typed[] = {
	{ "voyager.pdf",
	  DOCUMENT_PDF,
	  { "voyager.pdf", "VOYAGER.PDF", "voyager", "voyager.bak", "/home/x.doc/voyager" } },
	{ "voyager.docx", DOCUMENT_DOCX, { "voyager.docx", "voyager" } },
	{ "tides.txt", DOCUMENT_TEXT, { "tides.txt", "README", "server.log" } },
	{ "tides.txt", DOCUMENT_MARKDOWN, { "tides.md" } },
	{ "notes.md", DOCUMENT_MARKDOWN, { "notes.md" } },
	{ "tides_utf16.txt", DOCUMENT_TEXT, { "tides.txt" } },
	{ "german_latin1.txt", DOCUMENT_TEXT, { "german.txt" } },
	{ "empty.txt", DOCUMENT_TEXT, { "empty.txt", "empty" } },
};

static void check_type(const char *file, const char *name, enum document_type wanted)
{
	enum document_type type;
	int fd = open_document(file);

	if (extract_type(fd, name, &type, &failure) != 0)
		print_error("%s: %s\n", name, failure.error);
	assert_int_equal(type, wanted);
	assert_string_equal(failure.error, "");
	close(fd);
}

static void the_content_decides_the_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++)
		for (const char *const *name = typed[i].names; *name; name++)
			check_type(typed[i].file, *name, typed[i].type);
}

static void refuse(const char *file, const char *name, const char *error)
{
	check_failure(extract_from(open_document(file), name), error);
}

/* What a file is called, and what is said of it then. */
static const struct {
	const char *file;
	struct {
		const char *name, *error;
	} calls[4];
} strangers[] = {
	{ "legacy.doc",
	  { { "letter.doc", "Unsupported file type: .doc" },
	    { "sheet.XLS", "Unsupported file type: .XLS" },
	    { "letter", "Unsupported file type: .doc" },
	    { "letter.docx",
	      "letter.docx is a Word 97-2003 document or another OLE file, not a DOCX "
	      "document" } } },
	{ "letter.odt",
	  { { "letter.odt", "Unsupported file type: .odt" },
	    { "letter.docx", "letter.docx is an OpenDocument file, not a DOCX document" } } },
	{ "book.epub", { { "book.epub", "Unsupported file type: .epub" } } },
	{ "renamed.pdf", { { "renamed.pdf", "renamed.pdf is a DOCX document, not a PDF" } } },
	{ "voyager.pdf",
	  { { "voyager.docx", "voyager.docx is a PDF, not a DOCX document" },
	    { "voyager.txt", "voyager.txt is a PDF, not plain text" },
	    { "/tmp/a/voyager.odt", "voyager.odt is a PDF, not an OpenDocument file" } } },
	{ "tides.txt", { { "tides.pdf", "tides.pdf is plain text, not a PDF" } } },
	{ "empty.txt", { { "empty.pdf", "Document appears to be empty" } } },
};

static void other_files_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++)
		for (size_t j = 0; j < 4 && strangers[i].calls[j].name; j++)
			refuse(strangers[i].file, strangers[i].calls[j].name,
			       strangers[i].calls[j].error);
}

static void advice_is_given_for_old_word_files(void **state)
{
	(void)state;
	assert_int_equal(extract_from(open_document("legacy.doc"), "a.doc"), FAILED);
	assert_non_null(strstr(failure.advice, ".docx"));
	assert_int_equal(extract_from(open_bytes("{\\rtf1 old}", 11), "a.doc"), FAILED);
	assert_string_equal(failure.error, "Unsupported file type: .doc");
	assert_non_null(strstr(failure.advice, ".docx"));
}

static void first_bytes_are_recognised(void **state)
{
	static const struct {
		const char *name, *error;
		char bytes[SMALL];
	} cases[] = {
		{ "a.png", "Unsupported file type: .png", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR" },
		{ "a", "Unsupported file type: a picture", "\xff\xd8\xff\xe0\0\x10JFIF" },
		{ "a.rtf", "Unsupported file type: .rtf", "{\\rtf1\\ansi hello}" },
		{ "a", "Unsupported file type: .rtf", "{\\rtf1\\ansi hello}" },
		{ "a.html", "Unsupported file type: .html", "\n<!DOCTYPE HTML><p>hello" },
		{ "a.txt", "a.txt is an HTML page, not plain text", "<html><p>hello" },
		{ "a.xml", "Unsupported file type: .xml", "<?xml version='1.0'?><a/>" },
		{ "a.exe", "Unsupported file type: .exe", "MZ\x90\0\3\0\0\0\4" },
		{ "a", "Unsupported file type: a program",
		  "\x7f"
		  "ELF\2\1\1" },
		{ "a.gz", "Unsupported file type: .gz", "\x1f\x8b\x08\0\0\0\0\0" },
		{ "a.dat", "Unsupported file type: .dat", "\1\2\3\0\4\5" },
		{ "a", "Unsupported file type: a file of an unknown kind", "\1\2\3\0\4\5" },
		{ "a.pdf", "a.pdf is damaged: it is not a PDF", "\1\2\3\0\4\5" },
		{ "a.ps", "Unsupported file type: .ps", "%!PS-Adobe-3.0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int fd = open_bytes(cases[i].bytes, SMALL);
		/* Text ends where its bytes do. */
		size_t length = SMALL;
		while (length > 0 && !cases[i].bytes[length - 1])
			length--;
		if (!memchr(cases[i].bytes, 0, length))
			assert_int_equal(ftruncate(fd, (off_t)length), 0);
		if (memcmp(cases[i].bytes, "MZ", 2) == 0)
			assert_int_equal(ftruncate(fd, SMALL), 0);
		check_failure(extract_from(fd, cases[i].name), cases[i].error);
	}
}

static void a_pdf_may_begin_late(void **state)
{
	int from = open_document("restricted.pdf");
	char bytes[4096] = "\0\1 of a mail\n";
	ssize_t n = read(from, bytes + 1000, sizeof bytes - 1000);

	(void)state;
	close(from);
	assert_true(n > 0);
	assert_int_equal(extract_from(open_bytes(bytes, 1000 + (size_t)n), "late.pdf"), 0);
	find("Printing this page may be forbidden.");
}

static void a_text_about_pdf_is_text(void **state)
{
	(void)state;
	extract_text("A file begins with\n%PDF-1.4 if it is one.\n", "about.txt");
	find("%PDF-1.4");
}

/* An OLE file whose directory names the stream that holds an encrypted package. */
static void an_office_file_with_a_password_says_so(void **state)
{
	static const char name[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";
	char bytes[1536] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

	(void)state;
	bytes[30] = 9;
	bytes[48] = 1;
	memcpy(bytes + 1024, name, sizeof name);
	check_failure(extract_from(open_bytes(bytes, sizeof bytes), "secret.docx"),
		      "Document is encrypted: a password is needed to open it");
}

/* ---- Damage and malice ------------------------------------------------------ */

static void bad_files_say_what_is_wrong(void **state)
{
	(void)state;
	refuse("encrypted.pdf", "encrypted.pdf",
	       "Document is encrypted: a password is needed to open it");
	refuse("truncated.pdf", "truncated.pdf",
	       "Document is truncated: the end of the PDF is missing");
	refuse("truncated.docx", "truncated.docx", "Document is damaged or truncated");
	refuse("zip_bomb.docx", "zip_bomb.docx",
	       "Document is a zip bomb: it unpacks to more than 200 times its size");
	refuse("xml_bomb.docx", "xml_bomb.docx",
	       "Document is refused: it declares XML entities, which are not allowed in a DOCX");
	refuse("outside_entity.docx", "outside_entity.docx",
	       "Document is refused: it declares XML entities, which are not allowed in a DOCX");
}

static void a_damaged_pdf_says_so(void **state)
{
	static const char bytes[] = "%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
				    "trailer\n<< /Root 1 0 R >>\n%%EOF\n";

	(void)state;
	assert_int_equal(extract_from(open_bytes(bytes, sizeof bytes - 1), "a.pdf"), FAILED);
	assert_memory_equal(failure.error, "Document is damaged:", 20);
}

static void a_scanned_pdf_has_no_text_layer(void **state)
{
	(void)state;
	extract("scanned.pdf");
	assert_int_equal(content.n_blocks, 0);
	assert_int_equal(content.pages, 2);
	assert_true(content.no_text_layer);
	content_free(&content);
	extract("voyager.pdf");
	assert_false(content.no_text_layer);
}

static void documents_without_text_have_no_blocks(void **state)
{
	(void)state;
	extract("no_text.docx");
	assert_int_equal(content.n_blocks, 0);
	assert_false(content.no_text_layer);
	extract("empty.txt");
	assert_int_equal(content.n_blocks, 0);
}

/* One that make_documents.py makes for the occasion. */
static int open_large(const char *option, const char *count)
{
	const char *folder = getenv("TMPDIR"), *tree = getenv("TRACKD_TREE");
	char path[4096], command[16384];
	int fd;

	snprintf(path, sizeof path, "%s/%s", folder ? folder : "/tmp", count);
	snprintf(command, sizeof command, "%s/tests/documents/make_documents.py %s %s %s",
		 tree ? tree : ".", option, count, path);
	/* Paths of our own: no shell is led astray. */
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

static void pages_over_the_limit_are_refused_unread(void **state)
{
	(void)state;
	check_failure(extract_from(open_large("--pages", "10001"), "a.pdf"),
		      "Document has 10001 pages; at most 10000 are read");
	assert_int_equal(done, 0);
	assert_int_equal(extract_from(open_large("--pages", "10000"), "a.pdf"), 0);
	assert_int_equal(content.pages, 10000);
	assert_int_equal(done, 10000);
	/* Every page says the same: that is the text, and no running head. */
	assert_int_equal(content.blocks[content.n_blocks - 1].page, 10000);
}

static void parts_over_the_limit_are_refused(void **state)
{
	(void)state;
	check_failure(extract_from(open_large("--parts", "10001"), "a.docx"),
		      "Document has more than 10000 parts");
	assert_int_equal(extract_from(open_large("--parts", "10000"), "a.docx"), 0);
	find("Many parts.");
}

static void what_unpacks_to_too_much_is_refused(void **state)
{
	(void)state;
	check_failure(extract_from(open_large("--unpacked", "257"), "a.docx"),
		      "Document is too large: it unpacks to more than 256 MiB");
}

/* ---- Reports ------------------------------------------------------------------ */

static void pages_and_parts_are_counted(void **state)
{
	(void)state;
	extract("handbook.pdf");
	assert_int_equal(total, 37);
	assert_int_equal(done, 37);
	content_free(&content);
	done = 0;
	extract("voyager.docx");
	assert_true(total > 1);
	assert_int_equal(done, total);
	content_free(&content);
	done = 0;
	extract("tides.txt");
	assert_int_equal(done, total);
}

static void cancelling_is_noticed_at_once(void **state)
{
	static const char *const names[] = { "handbook.pdf", "voyager.docx", "tides.txt",
					     "notes.md" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		done = 0;
		cancel_at = i == 0 ? 3 : 0;
		assert_int_equal(extract_from(open_document(names[i]), names[i]), CANCELLED);
		assert_true(done <= cancel_at + 1);
		assert_int_equal(content.n_blocks, 0);
		assert_null(content.blocks);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	TEST(the_content_decides_the_type),
	TEST(other_files_are_refused),
	TEST(advice_is_given_for_old_word_files),
	TEST(first_bytes_are_recognised),
	TEST(a_pdf_may_begin_late),
	TEST(a_text_about_pdf_is_text),
	TEST(an_office_file_with_a_password_says_so),
	TEST(bad_files_say_what_is_wrong),
	TEST(a_damaged_pdf_says_so),
	TEST(a_scanned_pdf_has_no_text_layer),
	TEST(documents_without_text_have_no_blocks),
	TEST(pages_over_the_limit_are_refused_unread),
	TEST(parts_over_the_limit_are_refused),
	TEST(what_unpacks_to_too_much_is_refused),
	TEST(pages_and_parts_are_counted),
	TEST(cancelling_is_noticed_at_once),
};

SUITE(tests)
