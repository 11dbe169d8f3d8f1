/* SPDX-License-Identifier: MIT */
/* docproc turns documents into searchable text. main() finds the verb; the verbs do the work. */
#include "libclient/trackd.h"
#include "tools/common/exit_code.h"
#include "tools/common/log.h"
#include "tools/docproc/cli/cli.h"
#include "tools/docproc/cli/source.h"
#include "tools/docproc/cli/verbs.h"
#include <locale.h>
#include <stdio.h>
#include <string.h>

static const struct verb *const verbs[] = {
#define VERB_ROW(name) &verb_##name,
	DOCPROC_VERBS(VERB_ROW)
};

enum { N_VERBS = sizeof verbs / sizeof verbs[0] };

static void help(FILE *file)
{
	fputs("docproc makes documents (PDF, DOCX, text, Markdown) searchable. Each one is a task "
	      "on\n"
	      "trackd's board: extracting, chunking, embedding, indexing, summarizing.\n\n"
	      "Usage: docproc FILE [--id ID] [--owner USER] [--name NAME]\n"
	      "       docproc --spool DIR [--jobs N]\n",
	      file);
	for (size_t i = 0; i < N_VERBS; i++)
		if (verbs[i]->summary)
			fprintf(file, "       docproc %s%s%s\n", verbs[i]->name,
				verbs[i]->arguments[0] ? " " : "", verbs[i]->arguments);
	fputc('\n', file);
	for (size_t i = 0; i < N_VERBS; i++)
		if (verbs[i]->summary)
			fprintf(file, "  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
	fputs("\nSettings, also of docproc.conf:\n", file);
	cli_help(file);
	fputs("\nExit status of docproc FILE: 0 completed, 1 failed, 5 cancelled, 6 worker lost. "
	      "See docproc(1).\n",
	      file);
}

static void list(void)
{
	cli_list(stdout);
	for (size_t i = 0; i < N_VERBS; i++) {
		if (!verbs[i]->summary)
			continue;
		option_list_verb(stdout, verbs[i]->name, verbs[i]->completes, verbs[i]->arguments);
		if (verbs[i]->entries)
			option_list(stdout, verbs[i]->name, verbs[i]->entries);
	}
	option_list_verb(stdout, "FILE", verb_process.completes, verb_process.arguments);
	option_list(stdout, "FILE", verb_process.entries);
}

static const struct verb *find(const char *name)
{
	for (size_t i = 0; i < N_VERBS; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

/* argv[0] is the verb, or takes its place. */
static int run(const struct verb *verb, struct config *config, int argc, char **argv)
{
	struct cli cli = { 0 };
	int first = cli_read(config, &cli, verb->entries, verb->target, argc, argv, false);

	if (first < 0)
		return EXIT_CODE_USAGE;
	if (cli.help) {
		verb_usage(verb, stdout);
		if (verb->entries)
			option_help(stdout, verb->entries, false);
		return EXIT_CODE_DONE;
	}
	int n = argc - first;
	if (n < verb->min_arguments || (verb->max_arguments >= 0 && n > verb->max_arguments))
		return verb_misused(verb, verb->asks);
	return verb->run(config, n, argv + first);
}

static int flush(int code)
{
	/* Report a full disk or a closed pipe as a failure. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == EXIT_CODE_DONE) {
		log_error("cannot write to standard output");
		return EXIT_CODE_BUSY;
	}
	return code;
}

static int start(struct config *config, int argc, char **argv)
{
	/* Flags of "docproc FILE", which parses them itself later. */
	struct source source = { .id = NULL };
	struct cli cli = { 0 };

	if (cli_begin(config, argc, argv) < 0)
		return EXIT_CODE_USAGE;
	int first = cli_read(config, &cli, source_entries, &source, argc, argv, true);
	if (first < 0)
		return EXIT_CODE_USAGE;
	if (cli.version) {
		printf("docproc %s\n", trackd_version());
		return EXIT_CODE_DONE;
	}
	if (cli.help || argc == 1) {
		help(cli.help ? stdout : stderr);
		return cli.help ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
	}
	if (first == argc && !config->spool_named) {
		log_error("a FILE or a verb such as serve is required; see docproc --help");
		return EXIT_CODE_USAGE;
	}
	if (first == argc)
		return run(&verb_serve, config, 1, argv);
	const struct verb *verb = find(argv[first]);
	if (!verb)
		return run(&verb_process, config, argc, argv);
	if (source.id || source.owner || source.name) {
		log_error("--id, --owner and --name must follow \"%s\"", verb->name);
		return EXIT_CODE_USAGE;
	}
	return run(verb, config, argc - first, argv + first);
}

int main(int argc, char **argv)
{
	static struct config config;

	setlocale(LC_ALL, "");
	log_init("docproc", LOG_WAITS);
	if (option_list_wanted(argc, argv)) {
		list();
		return flush(EXIT_CODE_DONE);
	}
	return flush(start(&config, argc, argv));
}
