/* SPDX-License-Identifier: MIT */
/* The keys of a key file. The configuration decides which of them may verify a token: a kid only
 * narrows the choice by comparison with the kids in the file. It never names a file or an
 * address. */
#ifndef TRACKD_HTTP_AUTH_KEYS_H
#define TRACKD_HTTP_AUTH_KEYS_H

#include "tools/trackd-http/auth/auth_config.h"
#include "tools/trackd-http/auth/key.h"

struct keys;

/* signing: keep private keys in memory, for auth_sign(); the gateway does not. 0, or -EINVAL with
 * the reason. */
int keys_read(const struct auth_config *config, bool signing, struct keys **ret_keys, char *ret_why,
	      size_t size);
void keys_free(struct keys *keys);

bool keys_allow(const struct keys *keys, enum key_algorithm algorithm);

/* kid: NULL if the token has none. */
bool keys_verify(const struct keys *keys, enum key_algorithm algorithm, const char *kid,
		 const char *input, size_t n_input, const uint8_t *signature, size_t n_signature);

/* The first key that can sign, or NULL. */
const struct key *keys_signer(const struct keys *keys);

#endif
