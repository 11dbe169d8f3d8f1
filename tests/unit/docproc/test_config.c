/* SPDX-License-Identifier: MIT */
/*
 * docproc's configuration: every key has a default, a flag and limits; the file and the command
 * line accept the same settings, and the command line wins; each mistake is reported with its
 * place, its key and what is allowed.
 */
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include "tools/docproc/cli/cli.h"
#include "tools/docproc/cli/source.h"
#include "tools/docproc/config/config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct config config;
static struct fault fault;
static char path[256];

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int begin(void **state)
{
	static char folder[192];

	(void)state;
	if (folder[0] == '\0')
		harness_folder(folder, sizeof folder);
	snprintf(path, sizeof path, "%s/docproc.conf", folder);
	config_defaults(&config);
	return 0;
}

/* ---- Values -------------------------------------------------------------- */

static void defaults_are_those_of_the_manual(void **state)
{
	(void)state;
	assert_int_equal(config.jobs, 2);
	assert_int_equal(config.time_limit_s, 600);
	assert_int_equal(config.memory_mb, 1024);
	assert_int_equal(config.embedding.timeout_ms, 30000);
	assert_int_equal(config.embedding.retries, 2);
	assert_int_equal(config.chat.timeout_ms, 60000);
	assert_int_equal(config.dimension, 0);
	assert_string_equal(config.embedding.url, "");
	assert_string_equal(config.chat.url, "");
	assert_string_equal(config.board, "");
	assert_false(config_network(&config));
}

enum { VALUES_MAX = 8 };

static const struct key_values {
	const char *key;
	const char *good[VALUES_MAX], *bad[VALUES_MAX];
} key_values[] = {
	{ "jobs", { "1", "64" }, { "0", "65", "-1", "2x", "", "99999999999999999999" } },
	{ "time_limit", { "1s", "10m", "90", "1d" }, { "2d", "500ms", "0" } },
	{ "memory", { "1G", "512M" }, { "64", "63M", "1T" } },
	{ "spool", { "relative/place" }, { "" } },
	{ "store", { "/a/b.db" }, { "" } },
	{ "embedding_url",
	  { "http://[::1]:8080/v1", "https://host/v1", "" },
	  { "ftp://host", "host/v1" } },
	{ "embedding_timeout", { "10ms" }, { "9ms", "2h" } },
	{ "embedding_retries", { "0" }, { "21" } },
	{ "dimension", { "8192" }, { "8193" } },
	{ "chat_url", { "https://host" }, { "host" } },
	{ "chat_model", { "small" }, { NULL } },
	{ "chat_retries", { "20" }, { "21" } },
};

static int set_key(const char *key, const char *value)
{
	return option_set_key(config_entries, &config, "a.conf:7", key, value, &fault);
}

static void check_refused(const char *key, const char *value)
{
	struct config before = config;

	if (set_key(key, value) == 0)
		fail_msg("%s = \"%s\" is allowed", key, value);
	assert_memory_equal(&before, &config, sizeof config);
	assert_int_equal(strncmp(fault.text, "a.conf:7: ", 10), 0);
	assert_ptr_equal(strstr(fault.text, key), fault.text + 10);
	assert_non_null(strstr(fault.text, "it must be "));
}

static void values_are_understood_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof key_values / sizeof key_values[0]; i++) {
		const struct key_values *one = &key_values[i];

		for (size_t j = 0; j < VALUES_MAX && one->good[j]; j++)
			if (set_key(one->key, one->good[j]) != 0)
				fail_msg("%s", fault.text);
		for (size_t j = 0; j < VALUES_MAX && one->bad[j]; j++)
			check_refused(one->key, one->bad[j]);
	}
	assert_int_equal(config.time_limit_s, 86400);
	assert_int_equal(config.memory_mb, 512);
	assert_int_equal(config.embedding.timeout_ms, 10);
	assert_true(config_network(&config));
}

static void a_text_that_does_not_fit_is_refused_and_not_cut(void **state)
{
	char longer[1100];

	(void)state;
	memset(longer, 'm', sizeof longer);
	longer[127] = '\0';
	assert_int_equal(
		option_set_key(config_entries, &config, "", "embedding_model", longer, &fault), 0);
	assert_string_equal(config.embedding.model, longer);
	longer[127] = 'm';
	longer[128] = '\0';
	assert_int_equal(option_set_key(config_entries, &config, "", "chat_model", longer, &fault),
			 -EINVAL);
	assert_string_equal(config.chat.model, "");
}

/* ---- The file ------------------------------------------------------------ */

static void a_file_sets_what_it_names(void **state)
{
	(void)state;
	write_file("# comment\n; another\n\n  jobs=4\nstore = /a b/c.db \r\n"
		   "embedding_url = https://h/v1\n#jobs = 9\n");
	assert_int_equal(option_read_file(config_entries, &config, path, &fault), 0);
	assert_int_equal(config.jobs, 4);
	assert_string_equal(config.store, "/a b/c.db");
	assert_int_equal(config.memory_mb, 1024);
}

static void check_mistake(const char *text, const char *seen)
{
	write_file(text);
	assert_int_equal(option_read_file(config_entries, &config, path, &fault), -EINVAL);
	if (!strstr(fault.text, seen))
		fail_msg("\"%s\" lacks \"%s\"", fault.text, seen);
}

static void mistakes_in_a_file_are_named_with_their_line(void **state)
{
	(void)state;
	check_mistake("jobs = 2\njobs = many\n",
		      ":2: jobs: \"many\" is not allowed; it must be a number from 1 to 64");
	check_mistake("\nworkers = 2\n", ":2: workers: no such key; there are board socket spool");
	check_mistake("jobs\n", ":1: \"jobs\": a line must be KEY = VALUE");
	check_mistake("[docproc]\njobs = 2\n", ":1: sections are not supported here");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(option_read_file(config_entries, &config, path, &fault), -ENOENT);
	assert_non_null(strstr(fault.text, path));
}

/* ---- The command line ---------------------------------------------------- */

static void quiet_stderr(void)
{
	int null = open("/dev/null", O_WRONLY);

	assert_true(null >= 0 && dup2(null, STDERR_FILENO) >= 0);
	close(null);
}

static void flags_come_after_the_file(void **state)
{
	char *argv[] = { (char[]){ "docproc" },
			 (char[]){ "--config" },
			 path,
			 (char[]){ "--jobs" },
			 (char[]){ "7" },
			 (char[]){ "report.pdf" },
			 (char[]){ "--embedding-model=m" },
			 (char[]){ "--id" },
			 (char[]){ "x" },
			 NULL };
	struct source source = { .id = NULL };
	struct cli cli = { 0 };

	(void)state;
	write_file("jobs = 3\nmemory = 2G\nspool = /file\n");
	assert_int_equal(cli_begin(&config, 9, argv), 0);
	assert_int_equal(config.jobs, 3);
	int first = cli_read(&config, &cli, source_entries, &source, 9, argv, false);
	assert_int_equal(first, 8);
	assert_string_equal(argv[8], "report.pdf");
	assert_int_equal(config.jobs, 7);
	assert_int_equal(config.memory_mb, 2048);
	assert_string_equal(config.embedding.model, "m");
	assert_string_equal(source.id, "x");
	assert_false(config.spool_named);
}

static void reading_stops_at_a_verb(void **state)
{
	char *argv[] = { (char[]){ "docproc" }, (char[]){ "--spool=/s" }, (char[]){ "search" },
			 (char[]){ "--limit" }, (char[]){ "3" },          NULL };
	struct cli cli = { 0 };

	(void)state;
	assert_int_equal(cli_read(&config, &cli, NULL, NULL, 5, argv, true), 2);
	assert_true(config.spool_named);
	assert_string_equal(config.spool, "/s");
}

static void wrong_flags_are_refused(void **state)
{
	char *unknown[] = { (char[]){ "docproc" }, (char[]){ "--colour" }, NULL };
	char *wrong[] = { (char[]){ "docproc" }, (char[]){ "--jobs" }, (char[]){ "0" }, NULL };
	char *missing[] = { (char[]){ "docproc" }, (char[]){ "--jobs" }, NULL };
	char *taken[] = { (char[]){ "docproc" }, (char[]){ "--spool" }, (char[]){ "--store" },
			  (char[]){ "/s" }, NULL };
	char *meant[] = { (char[]){ "docproc" }, (char[]){ "--spool=--store" }, NULL };
	char *absent[] = { (char[]){ "docproc" }, (char[]){ "--config=/nowhere/at/all" }, NULL };
	struct cli cli = { 0 };

	(void)state;
	quiet_stderr();
	assert_int_equal(cli_read(&config, &cli, NULL, NULL, 2, unknown, false), -1);
	assert_int_equal(cli_read(&config, &cli, NULL, NULL, 3, wrong, false), -1);
	assert_int_equal(cli_read(&config, &cli, NULL, NULL, 2, missing, false), -1);
	assert_int_equal(cli_read(&config, &cli, NULL, NULL, 4, taken, false), -1);
	assert_int_equal(cli_read(&config, &cli, NULL, NULL, 2, meant, false), 2);
	assert_string_equal(config.spool, "--store");
	assert_int_equal(cli_begin(&config, 2, absent), -1);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(defaults_are_those_of_the_manual, begin),
	cmocka_unit_test_setup(values_are_understood_or_refused, begin),
	cmocka_unit_test_setup(a_text_that_does_not_fit_is_refused_and_not_cut, begin),
	cmocka_unit_test_setup(a_file_sets_what_it_names, begin),
	cmocka_unit_test_setup(mistakes_in_a_file_are_named_with_their_line, begin),
	cmocka_unit_test_setup(flags_come_after_the_file, begin),
	cmocka_unit_test_setup(reading_stops_at_a_verb, begin),
	cmocka_unit_test_setup(wrong_flags_are_refused, begin),
};

SUITE(tests)
