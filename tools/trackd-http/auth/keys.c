/* SPDX-License-Identifier: MIT */
/*
 * The content of a key file decides its type: PEM, JSON, otherwise a secret. A public key in any
 * other form is refused: used as a secret, it would be one that everybody knows.
 */
#include "tools/trackd-http/auth/keys.h"
#include "tools/common/log.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 65536, KEYS_MAX = 32 };

struct keys {
	bool allowed[KEY_N_ALGORITHMS];
	size_t n;
	struct key keys[KEYS_MAX];
};

struct reading {
	const char *path;
	bool signing, secret; /* secret: the file holds a secret */
	struct keys *keys;
	char *text;
	size_t length;
	mode_t mode;
	char *why;
	size_t size;
};

static int __attribute__((format(printf, 2, 3)))
refuse(const struct reading *reading, const char *format, ...)
{
	int n = snprintf(reading->why, reading->size, "%s: ", reading->path);
	va_list args;

	if (n >= 0 && (size_t)n < reading->size) {
		va_start(args, format);
		vsnprintf(reading->why + n, reading->size - (size_t)n, format, args);
		va_end(args);
	}
	return -EINVAL;
}

/* ---- The file ----------------------------------------------------------- */

static int descriptor_read(struct reading *reading, int fd)
{
	ssize_t n = 0;

	while (reading->length < FILE_MAX &&
	       (n = read(fd, reading->text + reading->length, FILE_MAX - reading->length)) > 0)
		reading->length += (size_t)n;
	if (n < 0)
		return refuse(reading, "%s", strerror(errno));
	if (reading->length == 0)
		return refuse(reading, "the file is empty");
	return reading->length < FILE_MAX ? 0 : refuse(reading, "the file is longer than 64 KiB");
}

static int file_read(struct reading *reading)
{
	struct stat status;
	int error, fd = open(reading->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return refuse(reading, "%s", strerror(errno));
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
		reading->mode = status.st_mode;
		error = descriptor_read(reading, fd);
	} else {
		error = refuse(reading, "it is not a regular file");
	}
	close(fd);
	return error;
}

/* ---- Its forms ---------------------------------------------------------- */

/* Count the key just read. why: the reason why it cannot be used, or NULL. */
static int added(struct reading *reading, const char *why)
{
	if (why)
		return -EINVAL;
	reading->secret |= reading->keys->keys[reading->keys->n].private;
	reading->keys->n++;
	return 0;
}

static struct key *place(struct reading *reading)
{
	return &reading->keys->keys[reading->keys->n];
}

static void warn_unused(const struct reading *reading, size_t i, const json_t *json,
			const char *why)
{
	const char *kid = json_string_value(json_object_get(json, "kid"));

	log_warning("%s: key %zu of the set%s%.100s%s is not used: %s", reading->path, i + 1,
		    kid ? " (kid " : "", kid ? kid : "", kid ? ")" : "", why);
}

/* An issuer's set may hold keys for other purposes and of future types. Each key is judged on its
 * own; a bad one does not affect the others. */
static int read_set(struct reading *reading, const json_t *set)
{
	const char *why, *first = NULL;
	const json_t *item;
	size_t i;

	json_array_foreach(set, i, item)
	{
		why = "a set may have at most 32 usable keys";
		if (reading->keys->n < KEYS_MAX)
			why = key_from_json(place(reading), item, reading->signing);
		if (added(reading, why) == 0)
			continue;
		warn_unused(reading, i, item, why);
		first = first ? first : why;
	}
	if (reading->keys->n > 0)
		return 0;
	return first ? refuse(reading, "no key of the set can be used; the first one: %s", first)
		     : refuse(reading, "the set has no keys");
}

static int read_json(struct reading *reading)
{
	json_t *json = json_loadb(reading->text, reading->length, JSON_REJECT_DUPLICATES, NULL);
	const json_t *set = json_object_get(json, "keys");
	const char *why;
	int error;

	if (!json)
		return refuse(reading, "it looks like JSON but is not valid");
	if (json_is_array(set)) {
		error = read_set(reading, set);
	} else {
		why = key_from_json(place(reading), json, reading->signing);
		error = added(reading, why) == 0 ? 0 : refuse(reading, "%s", why);
	}
	json_decref(json);
	return error;
}

static int read_pem(struct reading *reading)
{
	const char *why = "it has no PEM public key; make one with openssl pkey -pubout (from a "
			  "private key) or openssl x509 -pubkey (from a certificate)";
	int type = strstr(reading->text, "PRIVATE KEY-----") ? R_X509_TYPE_PRIVKEY
							     : R_X509_TYPE_PUBKEY;
	jwk_t *jwk = NULL;
	int error = -EINVAL;

	if (r_jwk_init(&jwk) == RHN_OK &&
	    r_jwk_import_from_pem_der(jwk, type, R_FORMAT_PEM, (unsigned char *)reading->text,
				      reading->length) == RHN_OK) {
		/* Remove the kid that librhonabwy derives from the key: tokens do not use it. */
		r_jwk_delete_property_str(jwk, "kid");
		why = key_from_jwk(place(reading), jwk, reading->signing);
		error = added(reading, why);
	}
	r_jwk_free(jwk);
	return error == 0 ? 0 : refuse(reading, "%s", why);
}

static bool is_public_by_another_name(const struct reading *reading)
{
	static const char *const STARTS[] = { "ssh-", "ecdsa-sha2-", "sk-ssh-", "---- BEGIN" };
	gnutls_datum_t der = { (unsigned char *)reading->text, (unsigned)reading->length };
	gnutls_pubkey_t key;
	bool is = false;

	for (size_t i = 0; i < sizeof STARTS / sizeof STARTS[0]; i++)
		is |= strncmp(reading->text, STARTS[i], strlen(STARTS[i])) == 0;
	if (gnutls_pubkey_init(&key) == 0) {
		is |= gnutls_pubkey_import(key, &der, GNUTLS_X509_FMT_DER) == 0;
		gnutls_pubkey_deinit(key);
	}
	return is;
}

/* Editors end a text with a line end, which is dropped; binary bytes are used as they are. */
static size_t secret_length(const struct reading *reading)
{
	size_t length = reading->length;

	if (reading->text[length - 1] == '\n')
		length--;
	if (length > 0 && length < reading->length && reading->text[length - 1] == '\r')
		length--;
	for (size_t i = 0; i < length; i++)
		if (!isprint((unsigned char)reading->text[i]))
			return reading->length;
	return length;
}

static int read_secret(struct reading *reading)
{
	const char *why;

	if (is_public_by_another_name(reading))
		return refuse(reading, "this is a public key; convert it to PEM or JWK");
	why = key_from_secret(place(reading), reading->text, secret_length(reading),
			      reading->signing);
	if (why)
		return refuse(reading, "%s; make one with openssl rand -base64 48", why);
	return added(reading, NULL);
}

static int read_form(struct reading *reading)
{
	size_t blank = strspn(reading->text, " \t\r\n");

	if (strstr(reading->text, "-----BEGIN "))
		return read_pem(reading);
	if (reading->text[blank] == '{' || reading->text[blank] == '[')
		return read_json(reading);
	return read_secret(reading);
}

/* ---- The algorithms ----------------------------------------------------- */

/* Allow the named algorithms, or those of all keys. At least one of them must have a key. Another
 * one without a key gets a warning, since the issuer may have withdrawn it. */
static int allow_named(struct reading *reading, const char *names)
{
	bool *allowed = reading->keys->allowed, named = false, found = false;

	for (const char *at = names + strspn(names, " ,"); *at != '\0'; at += strspn(at, " ,")) {
		size_t length = strcspn(at, " ,");
		int algorithm = key_algorithm_parse(at, length);

		if (algorithm < 0)
			return refuse(reading,
				      "%.*s is not one of HS256, RS256, ES256, EdDSA and Ed25519",
				      (int)length, at);
		allowed[algorithm] = named = true;
		at += length;
	}
	for (size_t i = 0; i < reading->keys->n; i++) {
		enum key_algorithm algorithm = reading->keys->keys[i].algorithm;

		allowed[algorithm] |= !named;
		found |= allowed[algorithm];
	}
	return found ? 0 : refuse(reading, "there is no key for %s", names);
}

static void warn_missing(const struct reading *reading)
{
	for (int i = 0; i < KEY_N_ALGORITHMS; i++) {
		bool has = !reading->keys->allowed[i];

		for (size_t k = 0; k < reading->keys->n; k++)
			has |= reading->keys->keys[k].algorithm == (unsigned)i;
		if (!has)
			log_warning("%s: there is no key for %s", reading->path,
				    key_algorithm_text((enum key_algorithm)i));
	}
}

/* ---- All together ------------------------------------------------------- */

static int keys_fill(struct reading *reading, const struct auth_config *config)
{
	int error = file_read(reading);

	if (error == 0)
		error = read_form(reading);
	if (error == 0 && reading->secret && (reading->mode & S_IRWXO) != 0)
		error = refuse(reading,
			       "it holds a secret that other users may read; run chmod o= on it");
	if (error == 0)
		error = allow_named(reading, config->algorithms);
	if (error == 0)
		warn_missing(reading);
	return error;
}

int keys_read(const struct auth_config *config, bool signing, struct keys **ret_keys, char *ret_why,
	      size_t size)
{
	struct reading reading = {
		.path = config->key_file, .signing = signing, .why = ret_why, .size = size
	};
	int error = -EINVAL;

	if (config->key_file[0] == '\0') {
		snprintf(ret_why, size,
			 "no key file is configured: set key_file in http.conf, or give --key-file "
			 "FILE");
		return error;
	}
	reading.keys = calloc(1, sizeof *reading.keys);
	reading.text = calloc(1, FILE_MAX + 1);
	if (reading.keys && reading.text)
		error = keys_fill(&reading, config);
	else
		refuse(&reading, "out of memory");
	if (reading.text)
		explicit_bzero(reading.text, reading.length);
	free(reading.text);
	if (error == 0)
		*ret_keys = reading.keys;
	else
		keys_free(reading.keys);
	return error;
}

void keys_free(struct keys *keys)
{
	if (!keys)
		return;
	for (size_t i = 0; i < keys->n; i++)
		key_free(&keys->keys[i]);
	free(keys);
}

bool keys_allow(const struct keys *keys, enum key_algorithm algorithm)
{
	return keys->allowed[algorithm];
}

bool keys_verify(const struct keys *keys, enum key_algorithm algorithm, const char *kid,
		 const char *input, size_t n_input, const uint8_t *signature, size_t n_signature)
{
	for (size_t i = 0; i < keys->n; i++) {
		const struct key *key = &keys->keys[i];

		if (key->algorithm != algorithm || !keys->allowed[algorithm])
			continue;
		if (kid && key->kid && strcmp(kid, key->kid) != 0)
			continue;
		if (key_verify(key, input, n_input, signature, n_signature))
			return true;
	}
	return false;
}

const struct key *keys_signer(const struct keys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		if (keys->keys[i].signing && keys->allowed[keys->keys[i].algorithm])
			return &keys->keys[i];
	return NULL;
}
