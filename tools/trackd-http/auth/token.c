/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/auth/token.h"
#include "tools/common/log.h"
#include "tools/trackd-http/auth/base64url.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The last second of the year 9999; a later date must be a mistake. */
#define LAST_SECOND INT64_C(253402300799)

struct part {
	const char *at;
	size_t length;
};

struct token {
	struct part header, payload, signature, input;
};

/* Room for one part of the longest token. */
typedef uint8_t bytes_t[BASE64URL_BYTES(AUTH_TOKEN_MAX)];

/* ---- Shape -------------------------------------------------------------- */

/* Split into three parts; a JWE has five. */
static bool split(const char *text, size_t length, struct token *ret_token)
{
	const char *end = text + length, *first = memchr(text, '.', length), *second;

	if (!first)
		return false;
	second = memchr(first + 1, '.', (size_t)(end - first - 1));
	if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
		return false;
	ret_token->header = (struct part){ text, (size_t)(first - text) };
	ret_token->payload = (struct part){ first + 1, (size_t)(second - first - 1) };
	ret_token->signature = (struct part){ second + 1, (size_t)(end - second - 1) };
	ret_token->input = (struct part){ text, (size_t)(second - text) };
	return true;
}

/* Decode an object. Duplicate names are refused, since two parsers could choose different ones, and
 * so is a NUL in a string, at which some parsers stop. NULL: it is not acceptable. */
static json_t *decode(const struct part *part)
{
	bytes_t bytes;
	int n = base64url_decode(bytes, part->at, part->length);
	json_t *json =
		n < 0 ? NULL
		      : json_loadb((const char *)bytes, (size_t)n, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(json))
		return json;
	json_decref(json);
	return NULL;
}

/* ---- Header ------------------------------------------------------------- */

/* Other JWTs of the same issuer (logout tokens, security events) carry another type (RFC 8725,
 * 3.11). */
static bool type_fits(const json_t *header)
{
	static const char *const TYPES[] = { "JWT", "at+jwt", "application/jwt",
					     "application/at+jwt" };
	const json_t *type = json_object_get(header, "typ");
	const char *text = json_string_value(type);

	if (!type)
		return true;
	for (size_t i = 0; text && i < sizeof TYPES / sizeof TYPES[0]; i++)
		if (strcasecmp(text, TYPES[i]) == 0)
			return true;
	return false;
}

/* jku, x5u, jwk and x5c are ignored: keys come only from the configuration. */
static enum auth_failure header_check(const struct keys *keys, const json_t *header,
				      enum key_algorithm *ret_algorithm)
{
	const json_t *alg = json_object_get(header, "alg"), *kid = json_object_get(header, "kid");
	int algorithm = -1;

	if (json_is_string(alg))
		algorithm = key_algorithm_parse(json_string_value(alg), json_string_length(alg));
	if (algorithm < 0 || !keys_allow(keys, (enum key_algorithm)algorithm))
		return AUTH_ALGORITHM;
	/* We support no extension, so none may be critical; an empty list is not allowed. */
	if (json_object_get(header, "crit"))
		return AUTH_CRITICAL;
	/* With a content type, the payload is a nested token or something else that we do not
	 * accept. */
	if (json_object_get(header, "cty") || !type_fits(header) || (kid && !json_is_string(kid)))
		return AUTH_MALFORMED;
	*ret_algorithm = (enum key_algorithm)algorithm;
	return AUTH_NONE;
}

static enum auth_failure signature_check(const struct keys *keys, const struct token *token,
					 const json_t *header, enum key_algorithm algorithm)
{
	const char *kid = json_string_value(json_object_get(header, "kid"));
	bytes_t signature;
	int n = base64url_decode(signature, token->signature.at, token->signature.length);

	if (n < 0)
		return AUTH_MALFORMED;
	return keys_verify(keys, algorithm, kid, token->input.at, token->input.length, signature,
			   (size_t)n)
		       ? AUTH_NONE
		       : AUTH_SIGNATURE;
}

/* ---- Claims ------------------------------------------------------------- */

/* A NumericDate, which may have a fraction. up: round up. */
static bool date_read(const json_t *date, bool up, int64_t *ret_second)
{
	double real;

	if (json_is_integer(date)) {
		*ret_second = json_integer_value(date);
		return *ret_second >= 0 && *ret_second <= LAST_SECOND;
	}
	real = json_real_value(date); /* 0 if it is not a real */
	if (!json_is_real(date) || !(real >= 0 && real <= (double)LAST_SECOND))
		return false;
	*ret_second = (int64_t)(up ? ceil(real) : floor(real));
	return true;
}

static enum auth_failure times_check(const json_t *claims, int64_t now, int64_t *ret_expires)
{
	const json_t *exp = json_object_get(claims, "exp"), *nbf = json_object_get(claims, "nbf");
	int64_t expires, begins = 0;

	if (!date_read(exp, false, &expires) || (nbf && !date_read(nbf, true, &begins)))
		return AUTH_CLAIMS;
	if (now >= expires + AUTH_LEEWAY_S)
		return AUTH_EXPIRED;
	if (now + AUTH_LEEWAY_S < begins)
		return AUTH_NOT_YET;
	*ret_expires = expires + AUTH_LEEWAY_S;
	return AUTH_NONE;
}

static bool is_text(const json_t *json, const char *text)
{
	return json_is_string(json) && strcmp(json_string_value(json), text) == 0;
}

/* aud is a string or a list of strings. */
static bool audience_fits(const json_t *audience, const char *text)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(audience))
		return is_text(audience, text);
	json_array_foreach(audience, i, item) if (is_text(item, text)) return true;
	return false;
}

/* A bad sub is the issuer's mistake and belongs in the log, but limited to one line in a while. */
static void warn_subject(const json_t *subject, int64_t now)
{
	enum { EVERY_S = 10 };
	static int64_t warned = INT64_MIN / 2;
	char *text;

	if (now - warned < EVERY_S && now >= warned)
		return;
	warned = now;
	text = json_dumps(subject, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	log_warning("a token is refused for its sub, %.400s: a sub must be 1 to 63 bytes of UTF-8 "
		    "without control characters",
		    text ? text : "nothing");
	free(text);
}

static bool subject_read(const json_t *subject, struct identity *identity)
{
	const char *text = json_string_value(subject);
	size_t length = json_string_length(subject);

	if (!text || strlen(text) != length || !auth_owner_valid(text))
		return false;
	memcpy(identity->owner, text, length + 1);
	return true;
}

static enum auth_failure claims_check(const struct auth_config *config, const json_t *claims,
				      int64_t now, struct identity *ret_identity)
{
	struct identity identity = { 0 };
	enum auth_failure failure = times_check(claims, now, &identity.expires);

	if (failure != AUTH_NONE)
		return failure;
	if (config->issuer[0] != '\0' && !is_text(json_object_get(claims, "iss"), config->issuer))
		return AUTH_CLAIMS;
	if (config->audience[0] != '\0' &&
	    !audience_fits(json_object_get(claims, "aud"), config->audience))
		return AUTH_CLAIMS;
	if (!subject_read(json_object_get(claims, "sub"), &identity)) {
		warn_subject(json_object_get(claims, "sub"), now);
		return AUTH_SUBJECT;
	}
	*ret_identity = identity;
	return AUTH_NONE;
}

/* ---- All together ------------------------------------------------------- */

static enum auth_failure payload_check(const struct auth_config *config, const struct token *token,
				       int64_t now, struct identity *ret_identity)
{
	json_t *claims = decode(&token->payload);
	enum auth_failure failure =
		claims ? claims_check(config, claims, now, ret_identity) : AUTH_MALFORMED;

	json_decref(claims);
	return failure;
}

enum auth_failure token_verify(const struct keys *keys, const struct auth_config *config,
			       const char *token, size_t length, int64_t now,
			       struct identity *ret_identity)
{
	enum key_algorithm algorithm;
	enum auth_failure failure;
	struct token parts;
	json_t *header;

	if (!split(token, length, &parts))
		return AUTH_MALFORMED;
	header = decode(&parts.header);
	if (!header)
		return AUTH_MALFORMED;
	failure = header_check(keys, header, &algorithm);
	if (failure == AUTH_NONE)
		failure = signature_check(keys, &parts, header, algorithm);
	json_decref(header);
	if (failure != AUTH_NONE)
		return failure;
	return payload_check(config, &parts, now, ret_identity);
}
