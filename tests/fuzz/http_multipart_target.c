/* SPDX-License-Identifier: MIT */
/*
 * What a stranger uploads, under fuzzing. The first byte says what the others are: a body; a
 * Content-Disposition; a Content-Type; a file's name and first bytes.
 *
 * What must hold: a body says the same in whatever pieces it comes; what is passed on of it are bytes
 * of the body, in its order; broken stays broken. A name that is kept is UTF-8 of at most 255 bytes
 * without a slash or a control character. A boundary that is found stands in the header. Who is
 * a refusal is a whole sentence, and no reader of types reads beyond its bytes.
 */
#include "tests/fuzz/target.h"
#include "tools/common/utf8_decode.h"
#include "tools/documents/document_type.h"
#include "tools/trackd-http/upload/disposition.h"
#include "tools/trackd-http/upload/multipart.h"
#include "tools/trackd-http/upload/upload_name.h"

enum { HEARD_MAX = 8192 };

/* ---- Bodies --------------------------------------------------------------- */

/* Content beside a mark and the length of each name. */
struct heard {
	char bytes[HEARD_MAX];
	size_t length, n_content;
};

static void hear(struct heard *heard, const char *bytes, size_t n)
{
	if (n > sizeof heard->bytes - heard->length)
		fail("more came out than went in");
	memcpy(heard->bytes + heard->length, bytes, n);
	heard->length += n;
}

static void on_file(void *user, const char *name, size_t length)
{
	struct heard *heard = user;

	if (name && (length > DISPOSITION_NAME_MAX || name[length] != '\0'))
		fail("a name without its end");
	heard->n_content = 0;
	hear(heard, "\n", 1);
}

static void on_data(void *user, const char *data, size_t size)
{
	struct heard *heard = user;

	if (size == 0)
		fail("nothing was passed on");
	heard->n_content += size;
	hear(heard, data, size);
}

static const struct multipart_calls calls = { on_file, on_data };

static enum multipart_state feed(const uint8_t *body, size_t size, size_t piece,
				 struct heard *heard)
{
	struct multipart multipart;
	enum multipart_state state = MULTIPART_BETWEEN;

	heard->length = 0;
	if (!multipart_begin(&multipart, "multipart/form-data; boundary=b-", &calls, heard))
		fail("a good boundary is refused");
	for (size_t at = 0; at < size; at += piece) {
		multipart_feed(&multipart, (const char *)body + at,
			       piece < size - at ? piece : size - at);
		if ((state == MULTIPART_BROKEN || state == MULTIPART_END) &&
		    multipart.state != state)
			fail("an end that was none");
		state = multipart.state;
	}
	return state;
}

/* Content ends where the delimiter begins, and has none in it. */
static void check_content(const uint8_t *body, size_t size, const struct heard *heard)
{
	const char *content = heard->bytes + heard->length - heard->n_content;

	if (memmem(content, heard->n_content, "\r\n--b-", 6))
		fail("a delimiter in the content");
	if (heard->n_content > 0 && !memmem(body, size, content, heard->n_content))
		fail("content that was not in the body");
}

static void check_body(const uint8_t *body, size_t size)
{
	static struct heard whole, other;
	enum multipart_state state = feed(body, size, size + 1, &whole);
	static const size_t pieces[] = { 1, 2, 3, 7, 64 };

	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
		if (feed(body, size, pieces[i], &other) != state || other.length != whole.length ||
		    memcmp(other.bytes, whole.bytes, whole.length) != 0)
			fail("in pieces it is another body");
	whole.n_content = whole.n_content < whole.length ? whole.n_content : 0;
	check_content(body, size, &whole);
}

/* ---- Heads ---------------------------------------------------------------- */

static void check_kept(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > TRACKD_NAME_MAX || strchr(name, '/'))
		fail("a name that cannot be kept");
	for (size_t at = 0; at < length;) {
		uint32_t code;
		int bytes = utf8_decode(name + at, length - at, &code);

		if (bytes <= 0 || code < 0x20 || (code >= 0x7f && code < 0xa0))
			fail("a name that cannot be shown");
		at += (size_t)bytes;
	}
}

static void check_disposition(const uint8_t *value, size_t size)
{
	char name[DISPOSITION_NAME_MAX + 1], kept[TRACKD_NAME_MAX + 1];
	int length = disposition_filename((const char *)value, size, name);

	if (length < 0)
		return;
	if (length > DISPOSITION_NAME_MAX || name[length] != '\0')
		fail("a name without its end");
	if (!upload_name(name, (size_t)length, kept))
		check_kept(kept);
}

static void check_type(const uint8_t *value, size_t size)
{
	struct multipart multipart;
	char *text = target_text(value, size);

	if (multipart_begin(&multipart, text, &calls, NULL) &&
	    (multipart.length < 5 || multipart.length > 4 + MULTIPART_BOUNDARY_MAX ||
	     multipart.length != strlen(multipart.delimiter) ||
	     !strstr(text, multipart.delimiter + 4)))
		fail("a boundary from nowhere");
	free(text);
}

/* ---- Types ---------------------------------------------------------------- */

static void check_file(const uint8_t *data, size_t size)
{
	char kept[TRACKD_NAME_MAX + 1], why[512] = "";
	static const char begins[] = "Unsupported file type: ", other[] = "The file is ";
	size_t length = strnlen((const char *)data, size);

	if (upload_name((const char *)data, length, kept))
		return;
	check_kept(kept);
	size_t from = length < size ? length + 1 : size;
	uint8_t *bytes =
		malloc(size - from ? size - from : 1); /* of its own, to see reads beyond it */
	if (!bytes)
		return;
	memcpy(bytes, data + from, size - from);
	for (int whole = 0; whole < 2; whole++)
		if (document_refused(kept, bytes, size - from, whole, why, sizeof why) &&
		    (strncmp(why, begins, strlen(begins)) != 0 || !why[strlen(begins)]) &&
		    (strncmp(why, other, strlen(other)) != 0 || !strstr(why, " not ")))
			fail("refused without a reason");
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const checks[])(const uint8_t *, size_t) = { check_body, check_disposition,
								   check_type, check_file };

	if (size == 0 || size > HEARD_MAX / 2)
		return 0;
	checks[data[0] % 4](data + 1, size - 1);
	return 0;
}
