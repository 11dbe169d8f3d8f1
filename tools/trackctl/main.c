/* SPDX-License-Identifier: MIT */
/*
 * trackctl looks at a trackd board and changes its tasks from scripts. main() finds the verb;
 * verb_NAME.c does the work.
 */
#include "tools/trackctl/run/child.h"
#include "tools/trackctl/verbs/verbs.h"
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct ctl ctl;

static const struct option_entry common_flags[] = {
	OPTION(struct ctl, board, .name = "board", .takes = "NAME",
	       .help = "the board; else $TRACKD_BOARD, the user's, the system's",
	       .set = option_word, .completes = "@board"),
	OPTION(struct ctl, socket, .name = "socket", .takes = "PATH",
	       .help = "the daemon's socket; else $TRACKD_SOCKET, the board's", .set = option_word),
	OPTION(struct ctl, json, .name = "json", .help = "one JSON document (watch: one a line)",
	       .set = option_switch),
	OPTION(struct ctl, color, .name = "color", .takes = "WHEN", .help = "auto, always or never",
	       .set = option_word, .completes = "auto always never"),
	OPTION(struct ctl, help, .name = "help", .letter = 'h', .help = "show help",
	       .set = option_switch),
	OPTION(struct ctl, version, .name = "version", .letter = 'V', .help = "show the version",
	       .set = option_switch),
	{ 0 },
};

static int version(void)
{
	printf("trackctl %s\n", trackd_version());
	return EXIT_CODE_DONE;
}

static int usage(const char *verb)
{
	fprintf(stderr, "try: trackctl help%s%s\n", verb ? " " : "", verb ? verb : "");
	return EXIT_CODE_USAGE;
}

static int look_at_terminal(void)
{
	enum color_mode mode = COLOR_AUTO;

	if (ctl.color && strcmp(ctl.color, "always") == 0)
		mode = COLOR_ALWAYS;
	else if (ctl.color && strcmp(ctl.color, "never") == 0)
		mode = COLOR_NEVER;
	else if (ctl.color && strcmp(ctl.color, "auto") != 0)
		return ctl_fail(EXIT_CODE_USAGE,
				"--color must be auto, always or never, not \"%s\"", ctl.color);
	terminal_look(&ctl.terminal, mode);
	return 0;
}

/* verb: NULL until it is known. Returns the index of the first argument, or -1 after a message. */
static int parse(const struct verb *verb, int argc, char **argv)
{
	const struct option_part parts[] = { { common_flags, &ctl },
					     { verb ? verb->entries : NULL,
					       verb ? verb->target : NULL },
					     { NULL, NULL } };
	struct fault fault = { .text = "" };
	char see[64];

	snprintf(see, sizeof see, "trackctl help%s%s", verb ? " " : "", verb ? verb->name : "");
	int first = option_parse(parts, argc, argv, !verb || verb->rest_is_command, see, &fault);
	if (first < 0)
		(void)ctl_fail(EXIT_CODE_USAGE, "%s", fault.text);
	return first;
}

/* argv[0] is the verb, or takes its place. */
static int run_verb(const struct verb *verb, int argc, char **argv)
{
	int first = parse(verb, argc, argv);
	if (first < 0)
		return EXIT_CODE_USAGE;
	if (ctl.help) {
		verb_explain(verb);
		return EXIT_CODE_DONE;
	}
	if (ctl.version)
		return version();
	int n = argc - first;
	if (n < verb->min_arguments || (verb->max_arguments >= 0 && n > verb->max_arguments)) {
		verb_usage(verb, stderr);
		return usage(verb->name);
	}
	int code = look_at_terminal();
	ctl.prefixes = verb->prefixes && ctl.terminal.tty && isatty(STDIN_FILENO);
	return code != 0 ? code : verb->run(&ctl, n, argv + first);
}

static int run(int argc, char **argv)
{
	ctl.entries = common_flags;
	int first = parse(NULL, argc, argv);

	if (first < 0)
		return EXIT_CODE_USAGE;
	if (ctl.version)
		return version();
	if (first == argc && ctl.help) {
		general_help(&ctl);
		return EXIT_CODE_DONE;
	}
	if (first == argc) {
		char *no_arguments[] = { argv[0], NULL };
		return run_verb(&verb_ls, 1, no_arguments);
	}
	const struct verb *verb = verb_find(argv[first]);
	return verb ? run_verb(verb, argc - first, argv + first) : verb_unknown(argv[first]);
}

/* The options, for completion and for tests. */
static int list(void)
{
	option_list(stdout, "-", common_flags);
	for (size_t i = 0; verb_at(i); i++) {
		option_list_verb(stdout, verb_at(i)->name, verb_at(i)->completes,
				 verb_at(i)->arguments);
		if (verb_at(i)->entries)
			option_list(stdout, verb_at(i)->name, verb_at(i)->entries);
	}
	return EXIT_CODE_DONE;
}

int main(int argc, char **argv)
{
	setlocale(LC_ALL, "");
	int code = option_list_wanted(argc, argv) ? list() : run(argc, argv);

	trackd_close(ctl.trackd);
	/* Report a full disk or a closed pipe as a failure. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == EXIT_CODE_DONE)
		code = ctl_fail(EXIT_CODE_BUSY, "cannot write to standard output");
	if (ctl.end_signal != 0)
		child_die_likewise(ctl.end_signal, ctl.end_all);
	return code;
}
