/* SPDX-License-Identifier: MIT */
/* The identity of a caller, or why the caller could not be identified. */
#ifndef TRACKD_HTTP_AUTH_IDENTITY_H
#define TRACKD_HTTP_AUTH_IDENTITY_H

#include "libclient/trackd.h"
#include <stdbool.h>
#include <stdint.h>

enum { AUTH_TOKEN_MAX = 8192, AUTH_LEEWAY_S = 60 };

struct identity {
	char owner[TRACKD_OWNER_MAX + 1]; /* the token's sub */
	int64_t expires; /* Unix time, seconds: the end of its validity (exp + leeway) */
};

/* Labels of a metric, and the texts of the log. */
#define AUTH_FAILURES(X)                                                                           \
	X(NONE, "none")                                                                            \
	X(MISSING, "missing")                                                                      \
	X(MALFORMED, "malformed")                                                                  \
	X(TOO_LONG, "too_long")                                                                    \
	X(ALGORITHM, "algorithm")                                                                  \
	X(SIGNATURE, "signature")                                                                  \
	X(CRITICAL, "critical_header")                                                             \
	X(EXPIRED, "expired")                                                                      \
	X(NOT_YET, "not_yet_valid")                                                                \
	X(CLAIMS, "claims")                                                                        \
	X(SUBJECT, "subject")                                                                      \
	X(STREAM_TOKEN, "ticket")

enum auth_failure {
#define AUTH_FAILURE_ENUM(name, label) AUTH_##name,
	AUTH_FAILURES(AUTH_FAILURE_ENUM)
#undef AUTH_FAILURE_ENUM
		AUTH_N_FAILURES
};

const char *auth_failure_label(enum auth_failure failure);

/* 1 to 63 bytes of UTF-8, without control characters, line separators or marks that change the
 * direction of text: so that no name can pose as another one or forge a line of the log. */
bool auth_owner_valid(const char *owner);

#endif
