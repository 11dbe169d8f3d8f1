/* SPDX-License-Identifier: MIT */
/*
 * Bearer tokens and tickets under fuzzing. The first byte says what the others are: a whole
 * Authorization header; a header or a payload that is then signed as it should be, so that what lies
 * behind the signature is reached too; a ticket, as it is or changed in one place.
 * An accepted caller has a name, a token of today, and the right signature; the second asking, from
 * memory, is answered as the first.
 */
#include "tests/fuzz/target.h"
#include "tools/trackd-http/auth/auth.h"
#include "tools/trackd-http/auth/base64url.h"
#include "tools/trackd-http/auth/stream_token.h"
#include <gnutls/crypto.h>

enum { NOW = 1700000000, INPUT_MAX = 6000, MAC_SIZE = 32 };

static const char SECRET[] = "a secret for fuzzing, which is long enough";
static const char HEADER[] = "{\"alg\":\"HS256\"}";
static const char CLAIMS[] = "{\"sub\":\"ada\",\"exp\":1700003600}";
static const struct identity ADA = { .owner = "ada", .expires = NOW + 600 };

static struct auth *auth, *strict; /* strict asks for iss and aud too */
static struct stream_tokens *tokens;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct auth_config config = { .key_file = "/tmp/trackd-fuzz-XXXXXX" };
	char folder[] = "/tmp/trackd-fuzz-XXXXXX", key[64], opened[80], why[8192] = "the file";
	int fd = mkstemp(config.key_file);

	(void)argc;
	(void)argv;
	if (fd < 0 || write(fd, SECRET, sizeof SECRET - 1) != (ssize_t)sizeof SECRET - 1 ||
	    auth_open(&config, &auth, why, sizeof why) != 0)
		fail(why);
	snprintf(config.issuer, sizeof config.issuer, "us");
	snprintf(config.audience, sizeof config.audience, "x");
	if (auth_open(&config, &strict, why, sizeof why) != 0)
		fail(why);
	close(fd);
	unlink(config.key_file);
	if (!mkdtemp(folder))
		fail("no folder");
	snprintf(key, sizeof key, "%s/key", folder);
	if (stream_tokens_open(key, &tokens) != 0)
		fail("no tickets");
	unlink(key);
	snprintf(opened, sizeof opened, "%s.opened", key);
	unlink(opened);
	rmdir(folder);
	return 0;
}

/* ---- Tokens ------------------------------------------------------------- */

static void check_identity(const struct identity *identity)
{
	size_t length = strnlen(identity->owner, sizeof identity->owner);

	if (length > TRACKD_OWNER_MAX || !auth_owner_valid(identity->owner))
		fail("an owner who is none");
	if (identity->expires <= NOW)
		fail("a token that has expired");
}

/* The strict one accepts no token that the other refuses. */
static void check_token(const char *authorization, bool may_pass)
{
	struct identity first = { 0 }, again = { 0 };
	enum auth_failure failure = auth_check(auth, authorization, NOW, &first);

	if (failure >= AUTH_N_FAILURES || auth_failure_label(failure)[0] == '\0')
		fail("a failure that has no name");
	if (auth_check(auth, authorization, NOW, &again) != failure ||
	    memcmp(&first, &again, sizeof first) != 0)
		fail("asked again, another answer");
	if (auth_check(strict, authorization, NOW, &again) == AUTH_NONE && failure != AUTH_NONE)
		fail("more claims are asked for and fewer do");
	if (failure != AUTH_NONE)
		return;
	if (!may_pass)
		fail("accepted without our signature");
	check_identity(&first);
	if (auth_check(auth, authorization, first.expires, &again) != AUTH_EXPIRED)
		fail("a token that does not expire");
}

static void check_signed(const void *header, size_t n_header, const void *payload, size_t n_payload)
{
	char text[3 * INPUT_MAX] = "Bearer ", *token = text + strlen(text);
	uint8_t mac[MAC_SIZE];
	size_t n = (size_t)base64url_encode(token, header, n_header);

	token[n++] = '.';
	n += (size_t)base64url_encode(token + n, payload, n_payload);
	if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, SECRET, sizeof SECRET - 1, token, n, mac) != 0)
		fail("no HMAC");
	token[n++] = '.';
	base64url_encode(token + n, mac, sizeof mac);
	check_token(text, true);
}

static void check_header(const uint8_t *data, size_t size)
{
	char *text = target_text(data, size);

	/* An HMAC cannot be guessed; a corpus must not bring one. */
	check_token(text, false);
	free(text);
}

/* ---- Tickets ------------------------------------------------------------ */

/* As a stream does that begins at once. */
static enum auth_failure open_stream(const char *ticket, const char *id, bool reconnect,
				     struct identity *identity)
{
	uint64_t number = 0;
	enum auth_failure failure =
		stream_token_check(tokens, ticket, id, reconnect, NOW, identity, &number);

	stream_token_use(tokens, number);
	return failure;
}

static void check_ticket(const uint8_t *data, size_t size)
{
	struct identity identity;
	char *text = target_text(data, size);

	if (open_stream(text, "", true, &identity) == AUTH_NONE)
		fail("a ticket that is not ours");
	free(text);
}

static void check_changed_ticket(const uint8_t *data, size_t size)
{
	char ticket[STREAM_TOKEN_MAX], changed[STREAM_TOKEN_MAX];
	struct identity identity;

	if (size < 2 || stream_token_make(tokens, &ADA, "task", NOW, ticket) != 0)
		return;
	memcpy(changed, ticket, sizeof changed);
	changed[data[0] % (strlen(ticket) + 1)] = (char)data[1];
	changed[STREAM_TOKEN_MAX - 1] = '\0';
	if (strcmp(changed, ticket) != 0 &&
	    open_stream(changed, "task", true, &identity) == AUTH_NONE)
		fail("a ticket that was changed");
	if (open_stream(ticket, "task", false, &identity) != AUTH_NONE)
		fail("a ticket that opens nothing");
	if (open_stream(ticket, "task", false, &identity) == AUTH_NONE)
		fail("a ticket that opens two streams");
	check_identity(&identity);
}

/* ---- Base64 ------------------------------------------------------------- */

static void check_base64url(const uint8_t *data, size_t size)
{
	char text[BASE64URL_ROOM(INPUT_MAX)], again[BASE64URL_ROOM(INPUT_MAX)];
	uint8_t bytes[BASE64URL_BYTES(BASE64URL_ROOM(INPUT_MAX))];
	size_t length = (size_t)base64url_encode(text, data, size);
	int n = base64url_decode(bytes, text, length);

	if (length >= BASE64URL_ROOM(size) || n < 0 || (size_t)n != size ||
	    memcmp(bytes, data, size) != 0)
		fail("not the same bytes again");
	n = base64url_decode(bytes, (const char *)data, size);
	if (n >= 0 && ((size_t)base64url_encode(again, bytes, (size_t)n) != size ||
		       memcmp(again, data, size) != 0))
		fail("two spellings");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > INPUT_MAX)
		return 0;
	data++;
	size--;
	check_base64url(data, size);
	switch (data[-1] % 5) {
	case 0:
		check_header(data, size);
		break;
	case 1:
		check_signed(data, size, CLAIMS, strlen(CLAIMS));
		break;
	case 2:
		check_signed(HEADER, strlen(HEADER), data, size);
		break;
	case 3:
		check_ticket(data, size);
		break;
	default:
		check_changed_ticket(data, size);
	}
	return 0;
}
