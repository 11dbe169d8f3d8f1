/* SPDX-License-Identifier: MIT */
/* Whom a gateway lets in that has one key file: the file, the question and the answer. */
#ifndef TESTS_UNIT_ADMISSION_H
#define TESTS_UNIT_ADMISSION_H

#include "tests/harness/suite.h"
#include "tests/unit/trackd-http/forge.h"
#include "tools/trackd-http/auth/auth.h"

#define HS256 "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define CLAIMS "{\"sub\":\"ada\",\"exp\":1700003600}"

enum { WHY_MAX = 8192 };

static const struct forge_key hs = { .kind = FORGE_HS256,
				     .secret = FORGE_SECRET,
				     .n_secret = sizeof FORGE_SECRET - 1 };

/* ---- Opening ------------------------------------------------------------ */

/* algorithms: "" for those of the keys. */
static inline struct auth_config config_of(const void *bytes, size_t size, mode_t mode,
					   const char *algorithms)
{
	struct auth_config config = { 0 };

	snprintf(config.key_file, sizeof config.key_file, "%s", forge_path("key"));
	snprintf(config.algorithms, sizeof config.algorithms, "%s", algorithms);
	forge_write(config.key_file, bytes, size, mode);
	return config;
}

static inline struct auth *open_config(const struct auth_config *config)
{
	char why[WHY_MAX] = "";
	struct auth *auth = NULL;

	if (auth_open(config, &auth, why, sizeof why) != 0)
		harness_die("%s", why);
	return auth;
}

static inline struct auth *open_bytes(const void *bytes, size_t size)
{
	struct auth_config config = config_of(bytes, size, 0600, "");

	return open_config(&config);
}

static inline struct auth *open_text(const char *text, const char *algorithms)
{
	struct auth_config config = config_of(text, strlen(text), 0600, algorithms);

	return open_config(&config);
}

/* For cmocka: a gateway with the key hs for each test, which is its state. */
static inline int admission_setup(void **state)
{
	*state = open_bytes(hs.secret, hs.n_secret);
	return 0;
}

static inline int admission_teardown(void **state)
{
	auth_close(*state);
	return 0;
}

#define ADMISSION(test) cmocka_unit_test_setup_teardown(test, admission_setup, admission_teardown)

/* ---- Asking ------------------------------------------------------------- */

/* A refusal leaves the identity as it was. */
static inline enum auth_failure ask_at(struct auth *auth, const char *authorization, int64_t now,
				       struct identity *identity)
{
	struct identity before;
	enum auth_failure failure;

	memset(identity, 0x5a, sizeof *identity);
	before = *identity;
	failure = auth_check(auth, authorization, now, identity);
	if (failure != AUTH_NONE)
		assert_memory_equal(identity, &before, sizeof before);
	return failure;
}

static inline enum auth_failure ask(struct auth *auth, const char *authorization)
{
	struct identity identity;

	return ask_at(auth, authorization, FORGE_NOW, &identity);
}

static inline void expect(enum auth_failure got, enum auth_failure wanted, const char *what)
{
	if (got != wanted)
		fail_msg("%s: %s, not %s", what, auth_failure_label(got),
			 auth_failure_label(wanted));
}

/* A list of texts, each of which token_of() makes what is asked with. */
struct verdict {
	const char *text;
	enum auth_failure failure;
};

static inline void expect_verdicts(struct auth *auth, const struct verdict *verdicts, size_t n,
				   const char *(*token_of)(const char *text))
{
	for (size_t i = 0; i < n; i++)
		expect(ask(auth, token_of(verdicts[i].text)), verdicts[i].failure,
		       verdicts[i].text ? verdicts[i].text : "NULL");
}

#define EXPECT_VERDICTS(auth, verdicts, token_of)                                                  \
	expect_verdicts(auth, verdicts, sizeof(verdicts) / sizeof(verdicts)[0], token_of)

#endif
