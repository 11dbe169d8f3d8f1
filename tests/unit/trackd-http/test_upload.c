/* SPDX-License-Identifier: MIT */
/* The names of uploaded files, their types by name and first bytes, and the disk thread. */
#include "tests/harness/suite.h"
#include "tools/common/utf8_decode.h"
#include "tools/documents/document_type.h"
#include "tools/trackd-http/upload/disk.h"
#include "tools/trackd-http/upload/disposition.h"
#include "tools/trackd-http/upload/upload_name.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* ---- Names ------------------------------------------------------------------ */

static const struct header {
	const char *value;
	int error;
	const char *name;
} values[] = {
	{ "form-data; name=\"f\"; filename=\"a.txt\"", 0, "a.txt" },
	{ " FORM-data ; filename = \"a.txt\" ; name=f ", 0, "a.txt" },
	{ "form-data; filename=a.txt", 0, "a.txt" },
	{ "form-data; filename=a\xc3\xa9.txt", 0, "a\xc3\xa9.txt" },
	{ "form-data; filename=\"a \\\"b\\\" c.txt\"", 0, "a \"b\" c.txt" },
	{ "form-data; filename=\"a\\\\b.txt\"", 0, "a\\b.txt" },
	{ "form-data; filename=\"C:\\new\\a.txt\"", 0, "C:\\new\\a.txt" },
	/* As browsers escape, and nothing else of it. */
	{ "form-data; filename=\"100%25 %22x%22; y=z.txt\"", 0, "100%25 \"x\"; y=z.txt" },
	{ "form-data; filename=\"%41%20%2522%2\"", 0, "%41%20%2522%2" },
	{ "form-data; filename=\"a%0D%0Ab%0d%0a\"", 0, "a\r\nb%0d%0a" },
	{ "form-data; filename=\"%22\"; name=\"%22\"", 0, "\"" },
	{ "form-data; filename=\"\\\"%22\\%22\"", 0, "\"\"\\\"" },
	{ "form-data; filename=a%22b", 0, "a%22b" },
	{ "form-data; filename*=\"UTF-8''%2522%0D\"", 0, "%22\r" },
	{ "form-data; filename=\"\xff\xfe\"", 0, "\xff\xfe" },
	{ "form-data; filename=\"\"", 0, "" },
	{ "form-data; filename=\"a\"; filename*=UTF-8''%e2%82%ac.txt", 0, "\xe2\x82\xac.txt" },
	{ "form-data; filename*=utf-8'en'b%20c; filename=a", 0, "b c" },
	{ "form-data; filename*=\"UTF-8''%41.txt\"", 0, "A.txt" },
	{ "form-data; filename*=iso-8859-1''%e9%DF.txt", 0, "\xc3\xa9\xc3\x9f.txt" },
	{ "form-data; filename*=UTF-8''it%27s", 0, "it's" },
	{ "form-data; filename*=UTF-8''it's", 0, "it's" },
	/* Not to be read: the other one, if there is one. */
	{ "form-data; filename=a; filename*=koi8-r''%c1", 0, "a" },
	{ "form-data; filename=a; filename*=UTF-8''%4", 0, "a" },
	{ "form-data; filename=a; filename*=UTF-8''%4g", 0, "a" },
	{ "form-data; filename=a; filename*=UTF-8", 0, "a" },
	{ "form-data; filename*=UTF-8''%4", -EBADMSG, NULL },
	{ "form-data; filename*=koi8-r''%c1", -EBADMSG, NULL },
	{ "form-data; name=\"filename=a\"", -ENOENT, NULL },
	{ "form-data", -ENOENT, NULL },
	{ "form-data; name=f;", -ENOENT, NULL },
	{ "", -EBADMSG, NULL },
	{ "attachment; filename=a", -EBADMSG, NULL },
	{ "form-data filename=a", -EBADMSG, NULL },
	{ "form-data; filename", -EBADMSG, NULL },
	{ "form-data; filename=", -EBADMSG, NULL },
	{ "form-data; =a", -EBADMSG, NULL },
	{ "form-data; filename=\"a", -EBADMSG, NULL },
	{ "form-data; filename=\"a\\\"", -EBADMSG, NULL },
	{ "form-data; filename=\"a\" b", -EBADMSG, NULL },
	{ "form-data; filename=a; filename=b", -EBADMSG, NULL },
	{ "form-data; filename*=UTF-8''a; filename*=UTF-8''b", -EBADMSG, NULL },
};

static void names_in_headers(void **state)
{
	char name[DISPOSITION_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		int length = disposition_filename(values[i].value, strlen(values[i].value), name);

		if (values[i].name ? length != (int)strlen(values[i].name) ||
					     strcmp(name, values[i].name) != 0
				   : length != values[i].error)
			fail_msg("%s: %d, %s", values[i].value, length, length >= 0 ? name : "");
	}
}

static void the_longest_names_in_headers(void **state)
{
	char name[DISPOSITION_NAME_MAX + 1], value[2 * DISPOSITION_NAME_MAX];

	(void)state;
	for (int more = 0; more < 2; more++) {
		int n = snprintf(value, sizeof value, "form-data; filename=\"%0*d\"",
				 DISPOSITION_NAME_MAX + more, 0);

		assert_int_equal(disposition_filename(value, (size_t)n, name),
				 more ? -ENAMETOOLONG : DISPOSITION_NAME_MAX);
	}
}

static void names_that_are_kept(void **state)
{
	static const struct {
		const char *given, *kept, *fault;
	} names[] = {
		{ "report.pdf", "report.pdf", NULL },
		{ "  odd name \xf0\x9f\x98\x80..txt", "  odd name \xf0\x9f\x98\x80..txt", NULL },
		{ "../../etc/passwd", "passwd", NULL },
		{ "/etc/shadow", "shadow", NULL },
		{ "..", "..", NULL },
		{ "C:\\new\\a.txt", "C:\\new\\a.txt", NULL },
		{ "folder/", NULL, "The file has no name" },
		{ "/", NULL, "The file has no name" },
		{ "a\nb.txt", NULL, "The file's name has control characters" },
		{ "a\x7f.txt", NULL, "The file's name has control characters" },
		{ "a\xc2\x85.txt", NULL, "The file's name has control characters" },
		{ "a\xe2\x80\xa8.txt", NULL, "The file's name has control characters" },
		{ "a\xff.txt", NULL, "The file's name is not UTF-8" },
		{ "a.tx\xe2\x82", NULL, "The file's name is not UTF-8" },
		{ "\xc0\xaf", NULL, "The file's name is not UTF-8" },
		{ "\xed\xa0\x80", NULL, "The file's name is not UTF-8" },
		{ "\xff/a.txt", NULL, "The file's name is not UTF-8" },
	};
	char kept[TRACKD_NAME_MAX + 1], given[TRACKD_NAME_MAX + 16];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *fault = upload_name(names[i].given, strlen(names[i].given), kept);

		if (names[i].fault) {
			assert_non_null(fault);
			assert_string_equal(fault, names[i].fault);
		} else {
			assert_null(fault);
			assert_string_equal(kept, names[i].kept);
		}
	}
	assert_string_equal(upload_name("a\0b", 3, kept), "The file's name has control characters");
	memset(given, 'a', sizeof given);
	assert_null(upload_name(given, TRACKD_NAME_MAX, kept));
	assert_int_equal(strlen(kept), TRACKD_NAME_MAX);
	assert_string_equal(upload_name(given, TRACKD_NAME_MAX + 1, kept),
			    "The file's name is longer than 255 bytes");
}

/* ---- UTF-8 ------------------------------------------------------------------- */

static bool is_scalar(uint32_t code)
{
	return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

static size_t encode(uint32_t code, uint8_t to[4])
{
	if (code < 0x80) {
		to[0] = (uint8_t)code;
		return 1;
	}
	size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	to[0] = (uint8_t)(lead[n] | code >> (6 * (n - 1)));
	for (size_t i = 1; i < n; i++)
		to[i] = (uint8_t)(0x80 | (code >> (6 * (n - 1 - i)) & 0x3f));
	return n;
}

static void every_character_is_decoded_and_no_other(void **state)
{
	uint8_t bytes[4];
	uint32_t decoded = 0;

	(void)state;
	for (uint32_t code = 0; code < 0x1fffff; code++) {
		size_t n = encode(code, bytes);
		int length = utf8_decode(bytes, n, &decoded);

		if (length != (is_scalar(code) ? (int)n : -1) || (length > 0 && decoded != code))
			fail_msg("U+%04X: %d", (unsigned)code, length);
		for (size_t cut = 0; is_scalar(code) && cut < n; cut++)
			assert_int_equal(utf8_decode(bytes, cut, NULL), 0);
	}
	/* Overlong: fewer bytes would do. */
	assert_int_equal(utf8_decode("\xc1\xbf", 2, NULL), -1);
	assert_int_equal(utf8_decode("\xe0\x9f\xbf", 3, NULL), -1);
	assert_int_equal(utf8_decode("\xf0\x8f\xbf\xbf", 4, NULL), -1);
	assert_int_equal(utf8_decode("\x80", 1, NULL), -1);
	assert_int_equal(utf8_decode("\xe2\x28\xa1", 3, NULL), -1);
}

/* ---- Types -------------------------------------------------------------------- */

struct file {
	const char *name, *bytes;
	const char *error; /* behind what its list says; NULL: it is taken */
};

/* With an encrypted one, and with something before a PDF. */
static const struct file taken[] = {
	{ "a.pdf", "%PDF-1.7", NULL },
	{ "a", "%PDF-1.7", NULL },
	{ "a.PDF", "", NULL },
	{ "a.txt", "", NULL },
	{ "a.txt", "plain", NULL },
	{ "a.csv", "a,b\n", NULL },
	{ "a.md", "# a", NULL },
	{ "README", "plain", NULL },
	{ "a.docx", "PK\x03\x04 and so on", NULL },
	{ "a.docx", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", NULL },
	{ "a.pdf", "\n\n%PDF-1.4\n", NULL },
	{ "a", "PK\x03\x04 and so on", NULL },
	{ "a.md", "", NULL },
	{ "a.docx", "", NULL },
};

static const struct file of_another_kind[] = {
	{ "a.pdf", "plain", "plain text, not a PDF" },
	{ "a.PDF", "PK\x03\x04 and so on", "an archive (.zip), not a PDF" },
	{ "a.pdf", "PK\x03\x04 word/document.xml", "a DOCX document, not a PDF" },
	{ "a.pdf", "PK\x03\x04 xl/workbook.xml", "an Excel sheet, not a PDF" },
	{ "a.pdf", "PK\x03\x04 ppt/presentation.xml", "a PowerPoint file, not a PDF" },
	{ "a.pdf", "<html>", "an HTML page, not a PDF" },
	{ "a.pdf", "GIF89a", "a picture (.gif), not a PDF" },
	{ "a.pdf", "\xff\xd8\xff\xe0", "a picture (.jpg), not a PDF" },
	{ "a.pdf", "\x1f\x8b\x08", "an archive (.gz), not a PDF" },
	{ "a.pdf", "{\\rtf1", "an RTF document, not a PDF" },
	{ "a.pdf", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
	  "a Word 97-2003 document or another OLE file, not a PDF" },
	{ "a.docx", "%PDF-1.7", "a PDF, not a DOCX document" },
	{ "a.docx", "plain", "plain text, not a DOCX document" },
	{ "a.docx", "\x89PNG\r\n\x1a\n", "a picture (.png), not a DOCX document" },
	{ "a.docx", "\x01\x02", "damaged or of an unknown kind: it is not a DOCX document" },
	{ "a.txt", "%PDF-1.7", "a PDF, not plain text" },
	{ "a.md", "PK\x03\x04 and so on", "an archive (.zip), not Markdown" },
	{ "a.md", "SQLite format 3", "a database (.sqlite), not Markdown" },
	{ "a.markdown", "ID3\x03", "a sound or video file (.mp3), not Markdown" },
	{ "a.pdf", "\x89PNG\r\n\x1a\n", "a picture (.png), not a PDF" },
	{ "a.txt",
	  "\x7f"
	  "ELF",
	  "a program, not plain text" },
	{ "a.txt", "<!DOCTYPE html><p>", "an HTML page, not plain text" },
	{ "a.pdf", "\x01\x02\x03\x04", "damaged or of an unknown kind: it is not a PDF" },
	{ "a.txt", "PK\x03\x04zzzzzzzzzzzzzzzzzzzzzzzzzzmimetypeapplication/epub+zip",
	  "an EPUB book, not plain text" },
};

static const struct file unsupported[] = {
	{ "a.doc", "", ".doc" },
	{ "a.doc", "plain", ".doc" },
	{ "a.b.DOC", "%PDF-1.7", ".DOC" },
	{ "a.png", "\x89PNG\r\n\x1a\n", ".png" },
	{ "a.xyz", "\x01\x02\x03\x04", ".xyz" },
	{ "a", "\x01\x02\x03\x04", "a file of an unknown kind" },
	{ "photo", "\xff\xd8\xff\xe0", "a picture" },
	{ "letter", "{\\rtf1", ".rtf" },
};

static void check_files(const struct file *files, size_t n, const char *begin)
{
	char error[128], wanted[128];

	for (size_t i = 0; i < n; i++) {
		bool refused = document_refused(files[i].name, (const uint8_t *)files[i].bytes,
						strlen(files[i].bytes), true, error, sizeof error);

		snprintf(wanted, sizeof wanted, "%s%s", begin,
			 files[i].error ? files[i].error : "");
		if (refused != (files[i].error != NULL) || (refused && strcmp(error, wanted) != 0))
			fail_msg("%s, %s: %s", files[i].name, files[i].bytes,
				 refused ? error : "taken");
	}
}

static void what_is_refused_by_name_or_content(void **state)
{
	(void)state;
	check_files(taken, sizeof taken / sizeof taken[0], "");
	check_files(of_another_kind, sizeof of_another_kind / sizeof of_another_kind[0],
		    "The file is ");
	check_files(unsupported, sizeof unsupported / sizeof unsupported[0],
		    "Unsupported file type: ");
}

/* ---- The other thread ----------------------------------------------------------- */

struct step {
	struct disk_job job;
	struct disk *disk;
	int runs, dones, wanted;
	pthread_t runner;
};

static void run_step(struct disk_job *job)
{
	struct step *step = (struct step *)(void *)job;

	step->runs++;
	step->runner = pthread_self();
}

static void step_done(struct disk_job *job)
{
	struct step *step = (struct step *)(void *)job;

	step->dones++;
	if (step->runs < step->wanted)
		disk_do(step->disk, &step->job);
}

enum { STEPS = 8 };

/* Steps that go on at the same time, each until it has been run so often. */
struct walk {
	struct step steps[STEPS];
	struct disk *disk;
	sd_event *event;
};

static void walk_begin(struct walk *walk, int runs)
{
	assert_int_equal(sd_event_new(&walk->event), 0);
	assert_int_equal(disk_start(walk->event, &walk->disk), 0);
	for (int i = 0; i < STEPS; i++) {
		walk->steps[i] = (struct step){ .job = { run_step, step_done, NULL },
						.disk = walk->disk,
						.wanted = runs };
		disk_do(walk->disk, &walk->steps[i].job);
	}
}

static void walk_end(struct walk *walk)
{
	for (int i = 0; i < STEPS; i++) {
		assert_int_equal(walk->steps[i].runs, walk->steps[i].wanted);
		assert_int_equal(walk->steps[i].dones, walk->steps[i].wanted);
	}
	disk_stop(walk->disk);
	sd_event_unref(walk->event);
}

static void jobs_run_elsewhere_and_end_in_the_loop(void **state)
{
	struct walk walk;

	(void)state;
	walk_begin(&walk, 1000);
	for (int i = 0; i < STEPS; i++) {
		while (walk.steps[i].dones < 1000)
			assert_true(sd_event_run(walk.event, UINT64_MAX) >= 0);
		assert_false(pthread_equal(walk.steps[i].runner, pthread_self()));
	}
	walk_end(&walk);
}

static void what_was_asked_for_is_done_before_the_end(void **state)
{
	struct walk walk;

	(void)state;
	walk_begin(&walk, 3);
	/* The second and third runs are asked for when there is no thread any more. */
	disk_finish(walk.disk);
	walk_end(&walk);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(names_in_headers),
	cmocka_unit_test(the_longest_names_in_headers),
	cmocka_unit_test(names_that_are_kept),
	cmocka_unit_test(every_character_is_decoded_and_no_other),
	cmocka_unit_test(what_is_refused_by_name_or_content),
	cmocka_unit_test(jobs_run_elsewhere_and_end_in_the_loop),
	cmocka_unit_test(what_was_asked_for_is_done_before_the_end),
};

SUITE(tests)
