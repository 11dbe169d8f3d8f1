/* SPDX-License-Identifier: MIT */
/*
 * Tokens as an issuer, or a forger, makes them: any header and any payload, signed with keys made at
 * run time. Nothing here uses the gateway's own base64url or keys, so that a mistake shared by both
 * sides shows.
 */
#ifndef TESTS_UNIT_FORGE_H
#define TESTS_UNIT_FORGE_H

#include "tests/harness/harness.h"
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORGE_SECRET "a secret for tests, of 42 bytes exactly..."
#define FORGE_NOW INT64_C(1700000000)

enum forge_kind { FORGE_HS256, FORGE_RS256, FORGE_ES256, FORGE_EDDSA, FORGE_N };

struct forge_key {
	enum forge_kind kind;
	const void *secret; /* FORGE_HS256 */
	size_t n_secret;
	gnutls_privkey_t private;
	gnutls_datum_t private_pem, public_pem;
};

/* ---- Keys --------------------------------------------------------------- */

/* bits: 0 as usual. */
static inline struct forge_key forge_key_make(gnutls_pk_algorithm_t type, unsigned bits)
{
	struct forge_key key = { .kind = type == GNUTLS_PK_RSA     ? FORGE_RS256
					 : type == GNUTLS_PK_ECDSA ? FORGE_ES256
								   : FORGE_EDDSA };
	gnutls_x509_privkey_t x509;
	gnutls_pubkey_t public;

	if (bits == 0)
		bits = type == GNUTLS_PK_RSA     ? 2048
		       : type == GNUTLS_PK_ECDSA ? GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1)
						 : 0;
	HARNESS_MUST(gnutls_x509_privkey_init(&x509));
	HARNESS_MUST(gnutls_x509_privkey_generate(x509, type, bits, 0));
	HARNESS_MUST(gnutls_x509_privkey_export2_pkcs8(x509, GNUTLS_X509_FMT_PEM, NULL,
						       GNUTLS_PKCS_PLAIN, &key.private_pem));
	HARNESS_MUST(gnutls_privkey_init(&key.private));
	HARNESS_MUST(
		gnutls_privkey_import_x509(key.private, x509, GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE));
	HARNESS_MUST(gnutls_pubkey_init(&public));
	HARNESS_MUST(gnutls_pubkey_import_privkey(public, key.private, 0, 0));
	HARNESS_MUST(gnutls_pubkey_export2(public, GNUTLS_X509_FMT_PEM, &key.public_pem));
	gnutls_pubkey_deinit(public);
	return key;
}

static inline struct forge_key forge_key_secret(const void *secret, size_t size)
{
	return (struct forge_key){ .kind = FORGE_HS256, .secret = secret, .n_secret = size };
}

static inline void forge_key_free(struct forge_key *key)
{
	gnutls_privkey_deinit(key->private);
	gnutls_free(key->private_pem.data);
	gnutls_free(key->public_pem.data);
}

/* ---- Tokens ------------------------------------------------------------- */

static inline size_t forge_base64url(char *to, const void *from, size_t n)
{
	gnutls_datum_t bytes = { (unsigned char *)from, (unsigned)n }, text;
	size_t length = 0;

	if (n == 0)
		return 0;
	HARNESS_MUST(gnutls_base64_encode2(&bytes, &text));
	for (size_t i = 0; i < text.size && text.data[i] != '=' && text.data[i] != '\0'; i++)
		to[length++] = (char)(text.data[i] == '+'   ? '-'
				      : text.data[i] == '/' ? '_'
							    : text.data[i]);
	gnutls_free(text.data);
	return length;
}

/* r and s side by side, as JWS wants them. */
static inline size_t forge_ecdsa(const gnutls_datum_t *der, uint8_t *to)
{
	gnutls_datum_t halves[2];

	HARNESS_MUST(gnutls_decode_rs_value(der, &halves[0], &halves[1]));
	memset(to, 0, 64);
	for (size_t i = 0; i < 2; i++) {
		size_t skip = halves[i].size > 32 ? halves[i].size - 32 : 0;
		size_t n = halves[i].size - skip;

		memcpy(to + 32 * i + 32 - n, halves[i].data + skip, n);
		gnutls_free(halves[i].data);
	}
	return 64;
}

static inline size_t forge_sign(const struct forge_key *key, const char *text, size_t n,
				uint8_t *to)
{
	static const gnutls_sign_algorithm_t ALGORITHMS[] = {
		[FORGE_RS256] = GNUTLS_SIGN_RSA_SHA256,
		[FORGE_ES256] = GNUTLS_SIGN_ECDSA_SHA256,
		[FORGE_EDDSA] = GNUTLS_SIGN_EDDSA_ED25519,
	};
	gnutls_datum_t input = { (unsigned char *)text, (unsigned)n }, signature;
	size_t size;

	if (key->kind == FORGE_HS256) {
		HARNESS_MUST(gnutls_hmac_fast(GNUTLS_MAC_SHA256, key->secret, key->n_secret, text,
					      n, to));
		return 32;
	}
	HARNESS_MUST(gnutls_privkey_sign_data2(key->private, ALGORITHMS[key->kind], 0, &input,
					       &signature));
	if (key->kind == FORGE_ES256) {
		size = forge_ecdsa(&signature, to);
	} else {
		size = signature.size;
		memcpy(to, signature.data, size);
	}
	gnutls_free(signature.data);
	return size;
}

/* "Bearer TOKEN"; valid until eight more were made. */
static inline char *forge_bytes(const struct forge_key *key, const char *header,
				const void *payload, size_t size)
{
	static char buffers[8][40000];
	static unsigned next;
	char *buffer = buffers[next++ % 8], *token = buffer + strlen("Bearer ");
	uint8_t signature[1024];
	size_t n;

	snprintf(buffer, sizeof buffers[0], "Bearer ");
	n = forge_base64url(token, header, strlen(header));
	token[n++] = '.';
	n += forge_base64url(token + n, payload, size);
	size = forge_sign(key, token, n, signature);
	token[n++] = '.';
	n += forge_base64url(token + n, signature, size);
	token[n] = '\0';
	return buffer;
}

static inline char *forge(const struct forge_key *key, const char *header, const char *payload)
{
	return forge_bytes(key, header, payload, strlen(payload));
}

/* ---- Files -------------------------------------------------------------- */

static inline void forge_write(const char *path, const void *bytes, size_t size, mode_t mode)
{
	int fd = harness_must(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), path);

	if (write(fd, bytes, size) != (ssize_t)size || fchmod(fd, mode) != 0)
		harness_die("%s cannot be written", path);
	close(fd);
}

/* ---- The log ------------------------------------------------------------ */

/* From here on, stderr goes to a file. */
static inline int forge_log_begin(const char *path)
{
	int fd = harness_must(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), path);
	int before = harness_must(dup(STDERR_FILENO), "dup");

	harness_must(dup2(fd, STDERR_FILENO), "dup2");
	close(fd);
	return before;
}

/* The text that was written since; valid until the next one. */
static inline const char *forge_log_end(const char *path, int before)
{
	static char text[65536];
	int fd = harness_must(open(path, O_RDONLY | O_CLOEXEC), path);
	ssize_t n = harness_must((int)read(fd, text, sizeof text - 1), path);

	harness_must(dup2(before, STDERR_FILENO), "dup2");
	close(before);
	close(fd);
	text[n] = '\0';
	return text;
}

/* A file of the test's own folder. */
static inline const char *forge_path(const char *name)
{
	static char folder[4000], path[4096];

	if (folder[0] == '\0')
		harness_folder(folder, sizeof folder);
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

#endif
