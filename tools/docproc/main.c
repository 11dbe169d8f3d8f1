/* SPDX-License-Identifier: MIT */
/* docproc: documents to searchable text. Which verb is meant; the verbs do the rest. */
#include "libclient/trackd.h"
#include "tools/common/exit_code.h"
#include "tools/common/log.h"
#include "tools/docproc/cli/cli.h"
#include "tools/docproc/cli/verbs.h"
#include <locale.h>
#include <stdio.h>
#include <string.h>

static const struct verb {
	const char *name, *arguments, *summary;
	int (*run)(const struct config *config, int argc, char **argv);
} verbs[] = {
#define VERB_ROW(name, arguments, summary) { #name, arguments, summary, verb_##name },
	DOCPROC_VERBS(VERB_ROW)
};

enum { N_VERBS = sizeof verbs / sizeof verbs[0] };

static void help(FILE *file)
{
	fputs("docproc takes documents (PDF, DOCX, text, Markdown) through extracting, chunking,\n"
	      "embedding, indexing and summarizing, each as a task on trackd's board.\n\n"
	      "Usage: docproc FILE [--id ID] [--owner USER] [--name NAME]\n"
	      "       docproc --spool DIR [--jobs N]\n",
	      file);
	for (size_t i = 0; i < N_VERBS; i++)
		if (verbs[i].summary[0])
			fprintf(file, "       docproc %s%s%s\n", verbs[i].name,
				verbs[i].arguments[0] ? " " : "", verbs[i].arguments);
	fputc('\n', file);
	for (size_t i = 0; i < N_VERBS; i++)
		if (verbs[i].summary[0])
			fprintf(file, "  %-10s %s\n", verbs[i].name, verbs[i].summary);
	fputs("\nSettings, also of docproc.conf:\n", file);
	cli_help_settings(file);
	fputs("\nExit status of docproc FILE: 0 completed, 1 failed, 5 cancelled, 6 worker lost. "
	      "See docproc(1).\n",
	      file);
}

static const struct verb *find(const char *name)
{
	for (size_t i = 0; i < N_VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int flush(int code)
{
	/* A full disk or a closed pipe must not look like success. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == EXIT_CODE_DONE) {
		log_error("cannot write to standard output");
		return EXIT_CODE_BUSY;
	}
	return code;
}

int main(int argc, char **argv)
{
	static struct config config;
	const char *unread[3] = { NULL };
	/* Of "docproc FILE", which reads them itself. */
	const struct cli_flag process[] = { { "id", "", "", &unread[0], NULL },
					    { "owner", "", "", &unread[1], NULL },
					    { "name", "", "", &unread[2], NULL },
					    { 0 } };
	struct cli cli = { 0 };

	setlocale(LC_ALL, "");
	log_init("docproc", LOG_WAITS);
	if (cli_begin(&config, argc, argv) < 0)
		return EXIT_CODE_USAGE;
	int first = cli_read(&config, &cli, process, argc, argv, true);
	if (first < 0)
		return EXIT_CODE_USAGE;
	if (cli.version) {
		printf("docproc %s\n", trackd_version());
		return flush(EXIT_CODE_DONE);
	}
	if (cli.help || argc == 1) {
		help(cli.help ? stdout : stderr);
		return flush(cli.help ? EXIT_CODE_DONE : EXIT_CODE_USAGE);
	}
	if (first == argc && !cli.spool_named) {
		log_error(
			"which document? Name a FILE, or a verb such as serve; see docproc --help");
		return EXIT_CODE_USAGE;
	}
	if (first == argc)
		return verb_serve(&config, 1, argv);
	const struct verb *verb = find(argv[first]);
	if (verb && (unread[0] || unread[1] || unread[2])) {
		log_error("--id, --owner and --name go behind \"%s\"", verb->name);
		return EXIT_CODE_USAGE;
	}
	return flush(verb ? verb->run(&config, argc - first, argv + first)
			  : verb_process(&config, argc, argv));
}
