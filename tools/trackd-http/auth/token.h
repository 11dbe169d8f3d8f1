/* SPDX-License-Identifier: MIT */
/*
 * Verifies one JWT, in the order that exposes least to a stranger: its form, its header, its
 * signature, and only then its claims. The header can only choose among the configured keys and
 * algorithms.
 */
#ifndef TRACKD_HTTP_AUTH_TOKEN_H
#define TRACKD_HTTP_AUTH_TOKEN_H

#include "tools/trackd-http/auth/auth_config.h"
#include "tools/trackd-http/auth/identity.h"
#include "tools/trackd-http/auth/keys.h"

/* length: at most AUTH_TOKEN_MAX. */
enum auth_failure token_verify(const struct keys *keys, const struct auth_config *config,
			       const char *token, size_t length, int64_t now,
			       struct identity *ret_identity);

#endif
