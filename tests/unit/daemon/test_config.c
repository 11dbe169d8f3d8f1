/* SPDX-License-Identifier: MIT */
/*
 * The settings of the daemon: kinds, the file, the flags, and that each error message names the
 * place, the key and the allowed values.
 */
#include "daemon/config/config.h"
#include "daemon/config/kinds.h"
#include "daemon/config/options.h"
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct config config;
static struct fault fault;
static char path[64];

/* ---- Kinds -------------------------------------------------------------- */

static void kinds_are_parsed_whole(void **state)
{
	static const char *const wrong[] = {
		"",
		"movie",
		"movie=",
		"=a:1",
		"movie=a",
		"movie=a:",
		"movie=a:100",
		"movie=a:-1",
		"movie=a:x",
		"movie=a:10,b:5",
		"Movie=a:1",
		"movie=A:1",
		"movie=a:1,a:2",
		"movie=:1",
		"movie=a:1,,b:2",
		"movie=a:1:2",
		"movie=a b:1",
	};
	struct trackd_kind kind = TRACKD_KIND_INIT;

	(void)state;
	assert_int_equal(kinds_parse("movie=probing:0,coding:5,packing:5", &kind), 0);
	assert_string_equal(kind.name, "movie");
	assert_int_equal(kind.n_stages, 3);
	assert_string_equal(kind.stages[2].name, "packing");
	assert_int_equal(kind.stages[2].percent, 5);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (kinds_parse(wrong[i], &kind) != -EINVAL)
			fail_msg("\"%s\" was taken", wrong[i]);
}

static void a_kind_has_at_most_16_stages(void **state)
{
	char text[256] = "k=s0:0";
	struct trackd_kind kind = TRACKD_KIND_INIT;

	(void)state;
	for (int i = 1; i < TRACKD_STAGES_MAX; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), ",s%d:%d", i, i);
	assert_int_equal(kinds_parse(text, &kind), 0);
	assert_int_equal(kind.n_stages, TRACKD_STAGES_MAX);
	snprintf(text + strlen(text), sizeof text - strlen(text), ",more:50");
	assert_int_equal(kinds_parse(text, &kind), -EINVAL);
}

/* ---- The file ----------------------------------------------------------- */

static int begin(void **state)
{
	(void)state;
	memset(&fault, 0, sizeof fault);
	config_defaults(&config, 0);
	snprintf(path, sizeof path, "conf-%d", getpid());
	return 0;
}

static int end(void **state)
{
	(void)state;
	(void)unlink(path);
	return 0;
}

static int read_text(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	return config_read(&config, path, &fault);
}

static void a_whole_file_is_read(void **state)
{
	(void)state;
	assert_int_equal(read_text("# comment\n"
				   "\n"
				   "  board = jobs \n"
				   "[trackd]\n"
				   "capacity=64K\n"
				   "ttl = never\n"
				   "mode = 0664\r\n"
				   "; another\n"
				   "[kind video]\n"
				   "stage = probing 0\n"
				   "coding 5\n"
				   "packing = 90\n"
				   "stage = moving = 95\n"
				   "[kind sound]\n"
				   "mixing 10"),
			 0);
	assert_string_equal(config.board, "/jobs");
	assert_int_equal(config.capacity, 65536);
	assert_int_equal(config.ttl, TRACKD_TTL_NEVER);
	assert_int_equal(config.mode, 0664);
	assert_int_equal(config.n_kinds, 2);
	assert_string_equal(config.kinds[0].name, "video");
	assert_int_equal(config.kinds[0].n_stages, 4);
	assert_string_equal(config.kinds[0].stages[0].name, "probing");
	assert_string_equal(config.kinds[0].stages[3].name, "moving");
	assert_int_equal(config.kinds[0].stages[2].percent, 90);
	assert_string_equal(config.kinds[1].stages[0].name, "mixing");
}

static void mistakes_are_named_with_their_place(void **state)
{
	static const struct {
		const char *text, *line, *says;
	} cases[] = {
		{ "\ncapacity = 5\n", ":2: capacity", "16 to 16777152" },
		{ "capacitee = 5\n", ":1: capacitee", "there are board socket mode" },
		{ "capacity\n", ":1: ", "KEY = VALUE" },
		{ "ttl = soon\n", ":1: ttl: \"soon\"", "never" },
		{ "board = a/b\n", ":1: board", "without another slash" },
		{ "board = .hidden\n", ":1: board", "without another slash" },
		{ "board = a b\n", ":1: board", "A-Za-z0-9._-" },
		{ "board = x:lock\n", ":1: board", "A-Za-z0-9._-" },
		{ "board = 12345678901234567890123456789012345678901234567890123456789x\n",
		  ":1: board", "1 to 59 bytes" },
		{ "socket = here\n", ":1: socket", "absolute" },
		{ "group = no such group\n", ":1: group", "group that exists" },
		{ "verbose = maybe\n", ":1: verbose", "yes or no" },
		{ "[kinds x]\n", ":1: [kinds x]", "[kind NAME]" },
		{ "[kind x\n", ":1: ", "must end with ]" },
		{ "[kind X]\n", ":1: ", "a-z" },
		{ "\n\n[kind x]\n\n", ":3: kind x", "no stage" },
		{ "[kind x]\n[kind y]\na 5\n", ":1: kind x", "no stage" },
		{ "[kind x]\na 50\nb 40\n", ":3: kind x", "not below the stage before" },
		{ "[kind x]\na 50%\n", ":2: kind x", "0 to 99" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		config_defaults(&config, 0);
		int error = read_text(cases[i].text);
		if (error != -EINVAL || !strstr(fault.text, cases[i].line) ||
		    !strstr(fault.text, cases[i].says) ||
		    strncmp(fault.text, path, strlen(path)) != 0)
			fail_msg("%s gave %d: %s", cases[i].text, error, fault.text);
	}
}

static void more_kinds_than_a_board_holds_are_refused(void **state)
{
	char text[64];

	(void)state;
	for (int i = 0; i < TRACKD_KINDS_MAX - 1; i++) {
		snprintf(text, sizeof text, "k%d=a:1", i);
		assert_int_equal(config_add_kind(&config, text, &fault), 0);
	}
	assert_int_equal(config_add_kind(&config, "k0=b:2", &fault), 0);
	assert_string_equal(config.kinds[0].stages[0].name, "b");
	assert_int_equal(config_add_kind(&config, "more=a:1", &fault), -EINVAL);
	assert_string_equal(fault.text, "kind more: a board holds 64 kinds");
}

/* ---- The command line --------------------------------------------------- */

static int parse(struct options *options, char *const *words)
{
	static char *argv[16];
	int argc = 0;

	argv[argc++] = (char[]){ "trackd" };
	for (; *words; words++)
		argv[argc++] = *words;
	argv[argc] = NULL;
	return options_parse(options, argc, argv, &fault);
}

static void flags_win_over_the_file(void **state)
{
	char *words[] = { "--config", path, "--capacity", "32",          "--kind", "a=b:1",
			  "--ttl",    "5m", "-v",         "--state-dir", "/s",     NULL };
	struct options options;

	(void)state;
	assert_int_equal(read_text("capacity = 64\nactive_ttl = 2h\nttl = 1m\n"), 0);
	assert_int_equal(parse(&options, words), 0);
	assert_false(options.check || options.remove || options.help || options.version);
	assert_false(options.user);
	assert_int_equal(options_config(&options, &config, &fault), 0);
	assert_int_equal(config.capacity, 32);
	assert_int_equal(config.ttl, 300000);
	assert_int_equal(config.active_ttl, 7200000);
	assert_true(config.verbose);
	assert_int_equal(config.n_kinds, 1);
	assert_string_equal(config.state_dir, "/s");
	assert_string_equal(config.socket, "/run/trackd/trackd.sock");
}

static void wrong_flags_are_named(void **state)
{
	static char *const lines[][3] = {
		{ "--capacity", NULL },
		{ "--nonsense", NULL },
		{ "word", NULL },
	};
	struct options options;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		assert_int_equal(parse(&options, lines[i]), -EINVAL);
		assert_non_null(strstr(fault.text, lines[i][0]));
		assert_non_null(strstr(fault.text, "--help"));
	}
	assert_int_equal(parse(&options, (char *const[]){ "--capacity", "5", NULL }), -EINVAL);
	assert_string_equal(fault.text,
			    "--capacity: \"5\" is not allowed; it must be a number from 16 "
			    "to 16777152; K and M stand for 1024 and its square");
	assert_int_equal(parse(&options, (char *const[]){ "--kind", "movie=", NULL }), -EINVAL);
	assert_ptr_equal(strstr(fault.text, "--kind: \"movie=\" is not allowed"), fault.text);
}

static void a_flag_is_not_the_value_of_the_one_before(void **state)
{
	static char *const wrong[][4] = {
		{ "--board", "--check-config", NULL },
		{ "--kind", "--user", NULL },
		{ "--config", "--x", NULL },
		{ "--state-dir", "--", NULL },
		{ "--user", "--ttl", "--capacity=32", NULL },
	};
	struct options options;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_int_equal(parse(&options, wrong[i]), -EINVAL);
		assert_non_null(strstr(fault.text, i < 4 ? wrong[i][0] : "--ttl"));
		assert_non_null(strstr(fault.text, "needs a value"));
	}
	assert_int_equal(parse(&options, (char *const[]){ "--board=--x", "--socket", "/s", NULL }),
			 0);
	assert_int_equal(options_config(&options, &config, &fault), 0);
	assert_string_equal(config.board, "/--x");
}

static void help_writes_flags_as_they_are_taken(void **state)
{
	struct options options;
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	assert_non_null(file);
	options_help(file);
	assert_int_equal(fclose(file), 0);
	assert_non_null(strstr(text, "  --verbose[=yes|no]        log every stage"));
	assert_non_null(strstr(text, "  --board /NAME             the board's name"));
	free(text);
	assert_int_equal(parse(&options, (char *const[]){ "--verbose=no", NULL }), 0);
	assert_int_equal(parse(&options, (char *const[]){ "--verbose", "--user", NULL }), 0);
}

static void a_file_that_was_asked_for_must_exist(void **state)
{
	struct options options;

	(void)state;
	assert_int_equal(parse(&options, (char *const[]){ "--config", "/nonexistent/x", NULL }), 0);
	assert_int_equal(options_config(&options, &config, &fault), -ENOENT);
	assert_non_null(strstr(fault.text, "/nonexistent/x"));
}

static void a_users_own_board_has_its_own_place(void **state)
{
	struct options options;
	char board[64], socket[104];

	(void)state;
	setenv("XDG_RUNTIME_DIR", "/run/user/x", 1);
	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	assert_int_equal(parse(&options, (char *const[]){ "--user", NULL }), 0);
	assert_int_equal(options_config(&options, &config, &fault), 0);
	snprintf(board, sizeof board, "/trackd-%u", geteuid());
	snprintf(socket, sizeof socket, "/run/user/x/trackd/trackd-%u.sock", geteuid());
	assert_string_equal(config.board, board);
	assert_string_equal(config.socket, socket);
	assert_int_equal(config.mode, 0600);
	unsetenv("XDG_RUNTIME_DIR");
	assert_int_equal(options_config(&options, &config, &fault), -EINVAL);
	assert_non_null(strstr(fault.text, "XDG_RUNTIME_DIR"));
}

/* ---- Reload ------------------------------------------------------------- */

static char changed_keys[128];

static void note_key(const char *key)
{
	snprintf(changed_keys + strlen(changed_keys), sizeof changed_keys - strlen(changed_keys),
		 "%s ", key);
}

static void a_reload_names_what_needs_a_restart(void **state)
{
	static struct config after;

	(void)state;
	after = config;
	after.ttl = 5;
	after.verbose = true;
	option_update(config_entries, &config, &after, note_key);
	assert_string_equal(changed_keys, "");
	assert_int_equal(config.ttl, 5);
	assert_true(config.verbose);
	after.capacity = 32;
	after.mode = 0664;
	strcpy(after.board, "/other");
	strcpy(after.socket, "/other");
	strcpy(after.state_dir, "/other");
	after.gid = 7;
	option_update(config_entries, &config, &after, note_key);
	assert_string_equal(changed_keys, "board socket mode group capacity state_dir ");
	assert_string_equal(config.board, "/trackd");
}

#define OWN_FILE(test) cmocka_unit_test_setup_teardown(test, begin, end)

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(kinds_are_parsed_whole),
	cmocka_unit_test(a_kind_has_at_most_16_stages),
	OWN_FILE(a_whole_file_is_read),
	OWN_FILE(mistakes_are_named_with_their_place),
	OWN_FILE(more_kinds_than_a_board_holds_are_refused),
	OWN_FILE(flags_win_over_the_file),
	OWN_FILE(wrong_flags_are_named),
	OWN_FILE(a_flag_is_not_the_value_of_the_one_before),
	OWN_FILE(help_writes_flags_as_they_are_taken),
	OWN_FILE(a_file_that_was_asked_for_must_exist),
	OWN_FILE(a_users_own_board_has_its_own_place),
	OWN_FILE(a_reload_names_what_needs_a_restart),
};

int main(void)
{
	harness_enter_folder();
	unsetenv("STATE_DIRECTORY");
	return suite_run(tests);
}
