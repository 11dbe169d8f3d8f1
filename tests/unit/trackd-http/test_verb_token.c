/* SPDX-License-Identifier: MIT */
/* trackd-http token: the token that it prints is accepted, and wrong arguments are reported. */
#include "tests/unit/trackd-http/admission.h"
#include "tools/trackd-http/verb_token.h"
#include <time.h>

/* Run the verb in a child, its output in text. Returns the exit status. */
static int run_verb(const struct auth_config *config, char **argv, char *text, size_t size)
{
	int ends[2], argc = 0, code;
	size_t length = 0;
	ssize_t n;
	pid_t pid;

	while (argv[argc])
		argc++;
	HARNESS_MUST(pipe(ends));
	fflush(stdout);
	pid = harness_fork();
	if (pid == 0) {
		int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(ends[1], STDOUT_FILENO);
		dup2(nowhere, STDERR_FILENO);
		code = verb_token(config, argc, argv);
		fflush(stdout);
		_exit(code);
	}
	close(ends[1]);
	while (length < size - 1 && (n = read(ends[0], text + length, size - 1 - length)) > 0)
		length += (size_t)n;
	text[length] = '\0';
	close(ends[0]);
	return harness_reap(pid);
}

static void the_verb_prints_a_token_that_is_admitted(void **state)
{
	char *key = strdup(forge_path("secret")), output[4096] = "Bearer ", why[8192];
	char *argv[] = { "token", "--sub", "ada", "--ttl", "2h", "--key-file", key, NULL };
	struct auth_config config = { 0 };
	struct identity identity;
	struct auth *auth;
	size_t length;

	(void)state;
	forge_write(key, FORGE_SECRET, sizeof FORGE_SECRET - 1, 0600);
	assert_int_equal(run_verb(&config, argv, output + 7, sizeof output - 7), 0);
	length = strlen(output);
	assert_int_equal(output[length - 1], '\n');
	output[length - 1] = '\0';
	snprintf(config.key_file, sizeof config.key_file, "%s", key);
	assert_int_equal(auth_open(&config, &auth, why, sizeof why), 0);
	assert_int_equal(auth_check(auth, output, time(NULL), &identity), AUTH_NONE);
	assert_string_equal(identity.owner, "ada");
	assert_in_range(identity.expires - time(NULL), 7200 - 60, 7200 + AUTH_LEEWAY_S);
	auth_close(auth);
	free(key);
}

static void the_verb_says_when_it_is_misused(void **state)
{
	char *key = strdup(forge_path("secret"));
	char *const cases[][8] = {
		{ "token", NULL },
		{ "token", "--sub", NULL },
		{ "token", "--sub", "", NULL },
		{ "token", "--sub", "ada", "--ttl", "soon", NULL },
		{ "token", "--sub", "ada", "--ttl", "500ms", NULL },
		{ "token", "--sub", "ada", "--ttl", "9000h", NULL },
		{ "token", "--sub", "ada", "--key", "", NULL },
		{ "token", "--sub", "ada", "--key-file", "/nowhere", NULL },
		{ "token", "--sub", "ada", "more", NULL },
		{ "token", "--sub", "--ttl", "--key-file", key, NULL },
		{ "token", "--sub", "ada", "--key-file", "--ttl", NULL },
		{ "token", "--wrong", NULL },
		{ "token", "--sub", "ada", NULL }, /* no key is configured */
	};
	struct auth_config config = { 0 };
	char output[4096];

	(void)state;
	forge_write(key, FORGE_SECRET, sizeof FORGE_SECRET - 1, 0600);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *argv[8];

		memcpy(argv, cases[i], sizeof argv);
		assert_int_equal(run_verb(&config, argv, output, sizeof output), 2);
		assert_string_equal(output, "");
	}
	free(key);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_verb_prints_a_token_that_is_admitted),
	cmocka_unit_test(the_verb_says_when_it_is_misused),
};

SUITE(tests)
