/* SPDX-License-Identifier: MIT */
/*
 * trackctl: look at a board of trackd, and move its tasks from scripts. This file finds the verb;
 * what it does is in verb_NAME.c.
 */
#include "tools/trackctl/run/child.h"
#include "tools/trackctl/verbs/verbs.h"
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct ctl ctl;

static const struct flag common_flags[] = {
	{ "board", 0, FLAG_TEXT, "NAME", "the board; else $TRACKD_BOARD, the user's, the system's",
	  &ctl.board, NULL },
	{ "socket", 0, FLAG_TEXT, "PATH", "the daemon's socket; else $TRACKD_SOCKET, the board's",
	  &ctl.socket, NULL },
	{ "json", 0, FLAG_BOOL, NULL, "one JSON document (watch: one a line)", &ctl.json, NULL },
	{ "color", 0, FLAG_TEXT, "WHEN", "auto, always or never", &ctl.color, NULL },
	{ "help", 'h', FLAG_BOOL, NULL, "show help", &ctl.help, NULL },
	{ "version", 'V', FLAG_BOOL, NULL, "show the version", &ctl.version, NULL },
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
		return ctl_fail(EXIT_CODE_USAGE, "--color takes auto, always or never, not \"%s\"",
				ctl.color);
	terminal_look(&ctl.terminal, mode);
	return 0;
}

/* argv[0] is the verb, or stands for it. */
static int run_verb(const struct verb *verb, int argc, char **argv)
{
	char name[64];

	snprintf(name, sizeof name, "trackctl %s", verb->name);
	argv[0] = name; /* what getopt calls us */
	int first = flags_parse(argc, argv, common_flags, verb->flags, verb->rest_is_command);
	if (first < 0)
		return usage(verb->name);
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
	ctl.flags = common_flags;
	int first = flags_parse(argc, argv, common_flags, NULL, true);

	if (first < 0)
		return usage(NULL);
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

int main(int argc, char **argv)
{
	setlocale(LC_ALL, "");
	int code = run(argc, argv);

	trackd_close(ctl.trackd);
	/* A full disk or a closed pipe must not look like success. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == EXIT_CODE_DONE)
		code = ctl_fail(EXIT_CODE_BUSY, "cannot write to standard output");
	if (ctl.end_signal != 0)
		child_die_likewise(ctl.end_signal, ctl.end_all);
	return code;
}
