/* SPDX-License-Identifier: MIT */
/*
 * make bench: one run, its ratios against yardsticks measured beside them. Absolute times drift on
 * a shared machine; ratios of one run are what counts. It judges and never fails: a missed aim is
 * printed, and the exit status is 0.
 *
 * bench [SECTION...] runs only those; each in a process of its own.
 */
#include "tests/bench/bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

struct section {
	const char *name;
	void (*run)(void);
};

static const struct section sections[] = {
	{ "reference", bench_reference }, { "parallel", bench_parallel },
	{ "identity", bench_identity },   { "walk", bench_walk },
	{ "touch", bench_touch },         { "wake", bench_wake },
	{ "death", bench_death },         { "expiry", bench_expiry },
	{ "stalls", bench_stalls },       { "replace", bench_replace },
	{ "others", bench_others },       { "documents", bench_documents },
	{ "reporting", bench_reporting },
};

static int chosen(const char *name, int n_names, char **names)
{
	for (int i = 0; i < n_names; i++)
		if (strcmp(names[i], name) == 0)
			return 1;
	return n_names == 0;
}

static void run(const struct section *section)
{
	int status;

	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		bench_pin(0);
		section->run();
		exit(0); /* what the harness made goes now */
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0) {
		bench_score()->broken++;
		printf("\n%s: could not be measured\n", section->name);
	}
}

int main(int argc, char **argv)
{
	struct utsname host;
	const struct bench_score *score = bench_score();

	if (argc == 2 && strcmp(argv[1], "--touch") == 0) {
		bench_touch_operations();
		return 0;
	}
	uname(&host);
	printf("trackd benchmarks on %s %s, %ld processors\n", host.sysname, host.release,
	       sysconf(_SC_NPROCESSORS_ONLN));
	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
		if (chosen(sections[i].name, argc - 1, argv + 1))
			run(&sections[i]);
	printf("\n%u aims met, %u missed, %u sections not measured\n", score->met, score->missed,
	       score->broken);
	return 0;
}
