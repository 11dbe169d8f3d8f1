/* SPDX-License-Identifier: MIT */
/* Tables of options: flags in all their forms, keys of a file, each mistake reported with its place
 * and what is allowed, and the output of the tables themselves. */
#include "tests/harness/suite.h"
#include "tools/common/config_file.h"
#include "tools/common/option.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct things {
	bool help, version, all, loud, limited;
	const char *word;
	char name[8], board[64], url[32];
	unsigned jobs, limit_s, memory;
	uint64_t done, bytes;
	int64_t grace;
	uint32_t ttl;
} things;

static bool is_lower(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyz")] == '\0';
}

static int set_odd(const struct option_entry *entry, void *to, const char *value,
		   struct fault *fault)
{
	(void)entry;
	if (strlen(value) % 2 == 0)
		return fault_set(fault, "\"%s\" is even", value);
	*(const char **)to = value;
	return 0;
}

#define OPT(member, ...) OPTION(struct things, member, __VA_ARGS__)
static const struct option_entry entries[] = {
	OPT(all, .name = "all", .letter = 'a', .help = "all of it", .set = option_switch),
	OPT(loud, .name = "loud", .letter = 'l', .flags = OPTION_IN_FILE | OPTION_VALUE_OPTIONAL,
	    .takes = "yes|no", .help = "say more", .set = option_yes_no, .allowed = "yes or no"),
	OPT(word, .name = "word", .letter = 'w', .takes = "USER", .help = "a word",
	    .set = option_word),
	OPT(word, .name = "odd", .takes = "TEXT", .help = "an odd one", .set = set_odd),
	OPT(name, .name = "name", .flags = OPTION_IN_FILE | OPTION_RELOADS, .takes = "NAME",
	    .help = "a name", .set = option_text, .is_valid = is_lower,
	    .allowed = "up to 7 small letters"),
	OPT(board, .name = "board", .flags = OPTION_IN_FILE, .takes = "/NAME", .help = "a board",
	    .set = option_board, .allowed = "a board's name"),
	OPT(url, .name = "the-url", .flags = OPTION_IN_FILE, .takes = "URL", .help = "a place",
	    .set = option_url, .allowed = "a URL"),
	OPT(jobs, .name = "jobs", .letter = 'n', .flags = OPTION_IN_FILE, .takes = "N",
	    .help = "at once", .set = option_number, .min = 1, .max = 64,
	    .allowed = "a number from 1 to 64"),
	OPT(limit_s, .name = "time-limit", .flags = OPTION_IN_FILE, .takes = "TIME",
	    .help = "how long", .set = option_seconds, .min = 1, .max = 3600,
	    .allowed = "a time from 1s to 1h", OPTION_GIVEN(struct things, limited)),
	OPT(memory, .name = "memory", .flags = OPTION_IN_FILE, .takes = "SIZE", .help = "how much",
	    .set = option_mebibytes, .min = 64, .max = 2048, .allowed = "a size"),
	OPT(bytes, .name = "most", .flags = OPTION_IN_FILE, .takes = "SIZE", .help = "no more",
	    .set = option_bytes, .min = 1, .max = 2048, .allowed = "a size"),
	OPT(done, .name = "done", .takes = "N", .help = "so far", .set = option_integer,
	    .allowed = "a whole number"),
	OPT(grace, .name = "grace", .takes = "TIME", .help = "until then", .set = option_time,
	    .allowed = "a time", .completes = "1s 1m"),
	OPT(ttl, .name = "ttl", .flags = OPTION_IN_FILE, .takes = "TIME", .help = "kept",
	    .set = option_lifetime, .allowed = "a time or never"),
	OPT(word, .name = "old-name", .flags = OPTION_HIDDEN, .takes = "USER", .help = "",
	    .set = option_word),
	{ 0 },
};
#undef OPT

static const struct option_entry common[] = { OPTION_HELP_AND_VERSION(struct things), { 0 } };

static struct fault fault;
static char *argv[16];

static int begin(void **state)
{
	(void)state;
	memset(&things, 0, sizeof things);
	memset(&fault, 0, sizeof fault);
	return 0;
}

/* words ends with NULL. target: of the larger table. */
static int parse(void *target, bool stop, char *const *words)
{
	const struct option_part parts[] = { { entries, target }, { common, &things }, { 0 } };
	int argc = 0;

	argv[argc++] = (char[]){ "program" };
	for (; *words; words++)
		argv[argc++] = *words;
	argv[argc] = NULL;
	return option_parse(parts, argc, argv, stop, "program --help", &fault);
}

#define WORDS(...) ((char *const[]){ __VA_ARGS__, NULL })

/* ---- The command line ---------------------------------------------------- */

static void flags_may_stand_anywhere(void **state)
{
	(void)state;
	assert_int_equal(parse(&things, false,
			       WORDS("one", "--jobs=7", "-al", "two", "-wx", "--done", "5", "--",
				     "--version")),
			 7);
	assert_true(things.all && things.loud && !things.version);
	assert_int_equal(things.jobs, 7);
	assert_string_equal(things.word, "x");
	assert_int_equal(things.done, 5);
	assert_string_equal(argv[7], "one");
	assert_string_equal(argv[9], "--version");
}

static void or_only_before_a_verb(void **state)
{
	(void)state;
	assert_int_equal(parse(&things, true, WORDS("-a", "run", "--jobs", "2")), 2);
	assert_true(things.all);
	assert_int_equal(things.jobs, 0);
}

static void values_go_where_their_entry_says(void **state)
{
	(void)state;
	assert_int_equal(parse(&things, false,
			       WORDS("--time-limit=90", "--memory=1G", "--most=2M", "--ttl=never",
				     "--grace", "0.5", "--board", "jobs", "--loud=no", "-n3")),
			 11);
	assert_int_equal(things.limit_s, 90);
	assert_true(things.limited);
	assert_int_equal(things.memory, 1024);
	assert_int_equal(things.bytes, 2 << 20);
	assert_true(things.ttl == UINT32_MAX);
	assert_int_equal(things.grace, 500);
	assert_string_equal(things.board, "/jobs");
	assert_false(things.loud);
	assert_int_equal(things.jobs, 3);
	/* An old name, and the beginning of a new one. */
	assert_int_equal(parse(&things, false, WORDS("--old-name=a", "--mem", "64M", "--help")), 5);
	assert_string_equal(things.word, "a");
	assert_int_equal(things.memory, 64);
	assert_true(things.help);
}

static void a_table_without_target_is_only_read(void **state)
{
	(void)state;
	assert_int_equal(parse(NULL, false, WORDS("--jobs", "0", "-V", "x")), 4);
	assert_int_equal(things.jobs, 0);
	assert_true(things.version);
}

static void mistakes_are_named_with_what_to_do(void **state)
{
	static const struct {
		char *words[4];
		const char *says;
	} cases[] = {
		{ { "--nonsense" }, "--nonsense: no such flag; see program --help" },
		{ { "--nonsense=5" }, "--nonsense=5: no such flag; see program --help" },
		{ { "-x" }, "-x: no such flag; see program --help" },
		{ { "one", "-ax" }, "-x: no such flag; see program --help" },
		{ { "--all=5" }, "--all takes no value; see program --help" },
		{ { "--jobs" }, "--jobs needs a value; see program --help" },
		{ { "-an" }, "-n needs a value; see program --help" },
		{ { "--jobs", "--all" }, "--jobs needs a value; see program --help" },
		{ { "-w", "--all" }, "-w needs a value; see program --help" },
		{ { "--word", "--" }, "--word needs a value; see program --help" },
		{ { "--jobs", "0" },
		  "--jobs: \"0\" is not allowed; it must be a number from 1 to 64" },
		{ { "-n", "x" }, "--jobs: \"x\" is not allowed; it must be a number from 1 to 64" },
		{ { "--time-limit=1.5s" },
		  "--time-limit: \"1.5s\" is not allowed; it must be a time from 1s to 1h" },
		{ { "--name=BIG" },
		  "--name: \"BIG\" is not allowed; it must be up to 7 small letters" },
		{ { "--name=abcdefgh" },
		  "--name: \"abcdefgh\" is not allowed; it must be up to 7 small letters" },
		{ { "--board=a/b" }, "--board: \"a/b\" is not allowed; it must be a board's name" },
		{ { "--the-url=ftp://x" },
		  "--the-url: \"ftp://x\" is not allowed; it must be a URL" },
		{ { "--loud=maybe" }, "--loud: \"maybe\" is not allowed; it must be yes or no" },
		{ { "--odd", "even" }, "--odd: \"even\" is even" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		memset(&things, 0, sizeof things);
		if (parse(&things, false, cases[i].words) != -EINVAL ||
		    strcmp(fault.text, cases[i].says) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", cases[i].words[0], fault.text,
				 cases[i].says);
		assert_false(things.limited);
	}
	/* With "=" it is the value that was meant. */
	assert_int_equal(parse(&things, false, WORDS("--word=--all")), 2);
	assert_string_equal(things.word, "--all");
}

/* ---- The file ------------------------------------------------------------ */

static char path[64];

static int read_text(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	return option_read_file(entries, &things, path, &fault);
}

static void a_file_sets_what_it_names(void **state)
{
	(void)state;
	assert_int_equal(read_text("# comment\n; another\n\n  jobs=4\nname = ab \r\n"
				   "the_url = https://h/?a=b\n#jobs = 9\ntime_limit = 1m"),
			 0);
	assert_int_equal(things.jobs, 4);
	assert_string_equal(things.name, "ab");
	assert_string_equal(things.url, "https://h/?a=b");
	assert_int_equal(things.limit_s, 60);
}

static void mistakes_in_a_file_are_named_with_their_line(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "\njobs = many\n",
		  ":2: jobs: \"many\" is not allowed; it must be a number from 1 to 64" },
		{ "workers = 2\n",
		  ":1: workers: no such key; there are loud name board the_url jobs "
		  "time_limit memory most ttl" },
		{ "the-url = http://x\n", ":1: the-url: no such key; there are" },
		{ "word = only a flag\n", ":1: word: no such key; there are" },
		{ "jobs\n", ":1: \"jobs\": a line must be KEY = VALUE" },
		{ "[section]\n", ":1: sections are not supported here" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(read_text(cases[i].text), -EINVAL);
		if (strncmp(fault.text, path, strlen(path)) != 0 ||
		    !strstr(fault.text, cases[i].says))
			fail_msg("\"%s\" lacks \"%s\"", fault.text, cases[i].says);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(option_read_file(entries, &things, path, &fault), -ENOENT);
	assert_ptr_equal(strstr(fault.text, path), fault.text);
}

/* The callbacks of config_lines, recorded as text. */
static char heard[256];

static int on_key(void *user, const char *where, const char *key, const char *value,
		  struct fault *fault_of_line)
{
	(void)user;
	(void)fault_of_line;
	snprintf(heard + strlen(heard), sizeof heard - strlen(heard), "%s %s=%s|",
		 strchr(where, ':') + 1, key, value);
	return 0;
}

static int on_section(void *user, const char *where, const char *name, struct fault *fault_of_line)
{
	return name[0] == '-' ? fault_set(fault_of_line, "%s: enough", where)
			      : on_key(user, where, "section", name, fault_of_line);
}

static int on_word(void *user, const char *where, const char *line, struct fault *fault_of_line)
{
	return on_key(user, where, "word", line, fault_of_line);
}

static void sections_and_words_are_the_programs_business(void **state)
{
	const struct config_lines lines = { .key = on_key, .section = on_section, .word = on_word };

	(void)state;
	(void)read_text("a = 1\n[ one two ]\nfetching 10\n[]\n[-]\nb = 2\n");
	assert_int_equal(config_file_read(path, &lines, &fault), -EINVAL);
	assert_string_equal(heard, "1 a=1|2 section=one two|3 word=fetching 10|4 section=|");
	assert_non_null(strstr(fault.text, ":5: enough"));
	(void)read_text("[kind x\n");
	assert_int_equal(config_file_read(path, &lines, &fault), -EINVAL);
	assert_non_null(strstr(fault.text, ":1: a section must end with ]"));
}

/* ---- A reload ------------------------------------------------------------ */

static char kept_keys[128];

static void note_key(const char *key)
{
	snprintf(kept_keys + strlen(kept_keys), sizeof kept_keys - strlen(kept_keys), "%s ", key);
}

static void a_reload_takes_over_what_may_change(void **state)
{
	struct things wanted = { .jobs = 0 };

	(void)state;
	/* A shorter text over a longer one is the same text. */
	assert_int_equal(option_set_key(entries, &things, "x", "name", "longer", &fault), 0);
	assert_int_equal(option_set_key(entries, &things, "x", "name", "ab", &fault), 0);
	assert_int_equal(option_set_key(entries, &things, "x", "the_url", "http://h/x", &fault), 0);
	assert_int_equal(option_set_key(entries, &things, "x", "the_url", "http://h", &fault), 0);
	assert_int_equal(option_set_key(entries, &wanted, "x", "name", "ab", &fault), 0);
	assert_int_equal(option_set_key(entries, &wanted, "x", "the_url", "http://h", &fault), 0);
	wanted.word = "of the command line alone";
	option_update(entries, &things, &wanted, note_key);
	assert_string_equal(kept_keys, "");
	assert_null(things.word);
	wanted.limit_s = 5;
	assert_int_equal(option_set_key(entries, &wanted, "x", "name", "b", &fault), 0);
	option_update(entries, &things, &wanted, note_key);
	assert_string_equal(kept_keys, "time_limit ");
	assert_string_equal(things.name, "b");
	assert_int_equal(things.limit_s, 0);
}

/* ---- What it says of itself ---------------------------------------------- */

static void help_and_list_say_the_same(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	assert_non_null(file);
	option_help(file, entries, true);
	option_help(file, common, false);
	option_list(file, "verb", entries);
	option_list_verb(file, "verb", "@id", "ID STAGE");
	assert_int_equal(fclose(file), 0);
	static const char *const lines[] = {
		"  -a, --all                 all of it\n",
		"  -l, --loud[=yes|no]       say more\n",
		"      --time-limit TIME     how long\n",
		"\n  --help                    show this help\n",
		"\noption\tverb\t--all\t-a\t-\t-\t-\t-\tall of it\n",
		"\noption\tverb\t--loud\t-l\t[yes|no]\tyes no\tloud\t-\tsay more\n",
		"\noption\tverb\t--word\t-w\tUSER\t@owner\t-\t-\ta word\n",
		"\noption\tverb\t--name\t-\tNAME\t-\tname\treloads\ta name\n",
		"\noption\tverb\t--the-url\t-\tURL\t-\tthe_url\t-\ta place\n",
		"\noption\tverb\t--grace\t-\tTIME\t1s 1m\t-\t-\tuntil then\n",
		"\nverb\tverb\t@id\tID STAGE\n",
	};
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		if (!strstr(text, lines[i]))
			fail_msg("\"%s\" is not in\n%s", lines[i], text);
	assert_null(strstr(text, "old-name"));
	free(text);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(flags_may_stand_anywhere, begin),
	cmocka_unit_test_setup(or_only_before_a_verb, begin),
	cmocka_unit_test_setup(values_go_where_their_entry_says, begin),
	cmocka_unit_test_setup(a_table_without_target_is_only_read, begin),
	cmocka_unit_test_setup(mistakes_are_named_with_what_to_do, begin),
	cmocka_unit_test_setup(a_file_sets_what_it_names, begin),
	cmocka_unit_test_setup(mistakes_in_a_file_are_named_with_their_line, begin),
	cmocka_unit_test_setup(sections_and_words_are_the_programs_business, begin),
	cmocka_unit_test_setup(a_reload_takes_over_what_may_change, begin),
	cmocka_unit_test_setup(help_and_list_say_the_same, begin),
};

int main(void)
{
	const char *folder = getenv("TMPDIR");

	snprintf(path, sizeof path, "%s/option-%d", folder ? folder : "/tmp", getpid());
	int failed = suite_run(tests);
	(void)unlink(path);
	return failed;
}
