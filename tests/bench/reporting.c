/* SPDX-License-Identifier: MIT */
/*
 * What share of a document's work is spent reporting to trackd. The workers are docproc's own, and
 * every call that they make to the board goes through here: let through, let through with the clock
 * read around it, or swallowed. So the share is measured where the calls are made, with caches as
 * cold as the work between them leaves them, and beside it whole runs with and without reports.
 *
 * The linker brings the calls here: --wrap, in the Makefile.
 */
#include "tests/bench/bench.h"
#include "tests/bench/bench_env.h"
#include "tests/harness/harness.h"
#include "tools/docproc/extract/extractor.h"
#include "tools/docproc/worker/child.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ROUNDS = 15 }; /* of three runs each */

struct group {
	const char *what, *names[20]; /* NULL ends them */
};

/* Made for the measurement: the handbook, so many times. */
static char long_path[160];
enum { HANDBOOKS = 10 };

static const struct group groups[] = {
	{ "A document of 370 pages", { long_path } },
	{ "A document of 37 pages", { "handbook.pdf" } },
	{ "19 documents of one to three pages",
	  { "arabic.pdf", "chinese.pdf", "columns.pdf", "german.pdf", "hebrew.pdf", "tables.pdf",
	    "japanese.pdf", "ligatures.pdf", "voyager.pdf", "arabic.docx", "odd.docx",
	    "columns.docx", "german.docx", "hebrew.docx", "tables.docx", "voyager.docx",
	    "tides.txt", "ligatures.docx", "notes.md" } },
};

enum { N_GROUPS = sizeof groups / sizeof groups[0] };

/* ---- Between the stages and the board ------------------------------------ */

enum mode { PLAIN, TIMED, SILENT, N_MODES };

enum call { FIRST, STAGE, TOTAL, STEP, LOOK, END, OPEN, N_CALLS };

static enum mode mode;

/* What calls of a kind took in a timed run; the workers are other processes. The clock is read once
 * more than needed: how long that takes here and now is taken off. */
static struct took {
	uint64_t n, ns, clock_ns;
} * calls;

#define REPORTED(call, made)                                                                       \
	do {                                                                                       \
		if (mode == SILENT && (call) != OPEN)                                              \
			return 0;                                                                  \
		if (mode != TIMED)                                                                 \
			return made;                                                               \
		(void)bench_cpu_ns(); /* back from work: the next one finds the caches warm */     \
		uint64_t before = bench_cpu_ns();                                                  \
		uint64_t began = bench_cpu_ns();                                                   \
		int result = made;                                                                 \
		calls[call].ns += bench_cpu_ns() - began;                                          \
		calls[call].clock_ns += began - before;                                            \
		calls[call].n++;                                                                   \
		return result;                                                                     \
	} while (0)

int __real_report_stage(struct report *, enum trackd_document_stage, const char *, uint64_t);
int __real_report_step(struct report *, uint64_t);
void __real_report_total(struct report *, uint64_t);
int __real_trackd_complete(struct trackd *, struct trackd_ref, const char *);
int __real_trackd_open(struct trackd **, const struct trackd_options *);

int __wrap_report_stage(struct report *, enum trackd_document_stage, const char *, uint64_t);
int __wrap_report_step(struct report *, uint64_t);
void __wrap_report_total(struct report *, uint64_t);
int __wrap_trackd_complete(struct trackd *, struct trackd_ref, const char *);
int __wrap_trackd_open(struct trackd **, const struct trackd_options *);

int __wrap_report_stage(struct report *report, enum trackd_document_stage stage,
			const char *message, uint64_t total)
{
	REPORTED(stage == TRACKD_EXTRACTING ? FIRST : STAGE,
		 __real_report_stage(report, stage, message, total));
}

int __wrap_report_step(struct report *report, uint64_t units)
{
	REPORTED(units > 0 ? STEP : LOOK, __real_report_step(report, units));
}

static int set_total(struct report *report, uint64_t total)
{
	__real_report_total(report, total);
	return 0;
}

static int say_total(struct report *report, uint64_t total)
{
	REPORTED(TOTAL, set_total(report, total));
}

void __wrap_report_total(struct report *report, uint64_t total)
{
	(void)say_total(report, total);
}

int __wrap_trackd_complete(struct trackd *trackd, struct trackd_ref ref, const char *message)
{
	REPORTED(END, __real_trackd_complete(trackd, ref, message));
}

int __wrap_trackd_open(struct trackd **ret_trackd, const struct trackd_options *options)
{
	REPORTED(OPEN, __real_trackd_open(ret_trackd, options));
}

/* ---- Runs ---------------------------------------------------------------- */

struct subject {
	struct zygote zygote;
	struct bench_env env;
	struct config config;
};

static struct trackd_ref create(struct subject *subject, const char *id)
{
	struct trackd_new new = TRACKD_NEW_INIT;
	struct trackd_ref ref;

	new.id = id;
	HARNESS_MUST(trackd_create(subject->env.trackd, &new, &ref));
	return ref;
}

static void open_document(struct document *document, const char *name)
{
	const char *slash = strrchr(name, '/');
	char path[160];

	snprintf(path, sizeof path, "%s%s", slash ? "" : "tests/documents/", name);
	snprintf(document->name, sizeof document->name, "%s", slash ? slash + 1 : name);
	snprintf(document->id, sizeof document->id, "%.*s", TRACKD_ID_MAX, document->name);
	document->fd = open(path, O_RDONLY | O_CLOEXEC);
	harness_must(document->fd < 0 ? -errno : 0, path);
}

static double children_ns(void)
{
	struct rusage usage;

	harness_must(getrusage(RUSAGE_CHILDREN, &usage) < 0 ? -errno : 0, "getrusage");
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

/* One document, by a worker as the spool's server starts it. */
static void process(struct subject *subject, const char *name)
{
	struct document document = { .created_at = 1700000000 };
	struct child child;
	struct child_death death;
	char text[128];

	open_document(&document, name);
	struct trackd_ref ref = create(subject, document.id);
	HARNESS_MUST(child_start(&child, &(struct child_start){
						 .config = &subject->config,
						 .zygote = &subject->zygote,
						 .parents = subject->env.trackd,
						 .ref = ref,
						 .document = &document,
						 .keep = -1,
					 }));
	enum exit_code code = child_end(&child, &death, text, sizeof text);
	if (code != EXIT_CODE_DONE)
		harness_die("%s: status %d %s", name, (int)code, text);
	HARNESS_MUST(trackd_remove(subject->env.trackd, ref));
	close(document.fd);
}

/* All of a group: ns of processor time, of workers and extractors. */
static double run(struct subject *subject, const struct group *group, enum mode as)
{
	double before = children_ns();

	/* Extractors report to their workers, not to trackd. */
	mode = PLAIN;
	HARNESS_MUST(zygote_start(&subject->zygote, extractor_run));
	mode = as;
	for (size_t i = 0; group->names[i]; i++)
		process(subject, group->names[i]);
	zygote_stop(&subject->zygote);
	return children_ns() - before;
}

/* ---- Section ------------------------------------------------------------- */

struct shares {
	double ns[N_MODES][ROUNDS], ratio[ROUNDS];
	double call_ns[N_CALLS][ROUNDS], n_calls[N_CALLS]; /* of one; of a run */
	double progress[ROUNDS], all[ROUNDS];              /* millionths of the processor time */
};

/* The time of the calls of a kind, without that of reading the clock. */
static double net_ns(int call)
{
	return (double)calls[call].ns - (double)calls[call].clock_ns;
}

static void one_round(struct subject *subject, const struct group *group, struct shares *shares,
		      int round)
{
	double progress, all;

	memset(calls, 0, N_CALLS * sizeof *calls);
	for (int as = 0; as < N_MODES; as++)
		shares->ns[as][round] = run(subject, group, (enum mode)as);
	for (int call = 0; call < N_CALLS; call++) {
		shares->n_calls[call] = (double)calls[call].n;
		shares->call_ns[call][round] = net_ns(call) / shares->n_calls[call];
	}
	progress = net_ns(TOTAL) + net_ns(STEP) + net_ns(LOOK);
	all = progress + net_ns(FIRST) + net_ns(STAGE) + net_ns(END);
	shares->progress[round] = progress / shares->ns[PLAIN][round] * 1e6;
	shares->all[round] = all / shares->ns[PLAIN][round] * 1e6;
	shares->ratio[round] = shares->ns[PLAIN][round] / shares->ns[SILENT][round];
}

static void measure(struct subject *subject, const struct group *group, struct shares *shares)
{
	(void)run(subject, group, PLAIN);
	for (int round = 0; round < ROUNDS; round++)
		one_round(subject, group, shares, round);
	mode = PLAIN;
}

static void print_shares(const struct group *group, struct shares *shares)
{
	bench_title(group->what, "reported", "swallowed");
	bench_row("ms of processor time", bench_quantile(shares->ns[PLAIN], ROUNDS, 0.5) / 1e6,
		  bench_quantile(shares->ns[SILENT], ROUNDS, 0.5) / 1e6,
		  bench_quantile(shares->ratio, ROUNDS, 0.5), 0);
	bench_row_limit("millionths of it to say how far it is",
			bench_quantile(shares->progress, ROUNDS, 0.5), 1000);
	bench_row_limit("millionths of it to say everything",
			bench_quantile(shares->all, ROUNDS, 0.5), 1000);
	bench_note("the ratio scatters from %.3f to %.3f in four fifths of the rounds",
		   bench_quantile(shares->ratio, ROUNDS, 0.1),
		   bench_quantile(shares->ratio, ROUNDS, 0.9));
}

static void print_calls(struct shares *shares)
{
	static const char *const what[N_CALLS] = {
		[FIRST] = "the first stage begins: its worker is known",
		[STAGE] = "another stage begins",
		[TOTAL] = "its total is known",
		[STEP] = "pages, sentences, chunks are done",
		[LOOK] = "was it cancelled?",
		[END] = "the task ends",
		[OPEN] = "a process opens the board; not counted above",
	};

	struct shares *longest = &shares[0], *shortest = &shares[N_GROUPS - 1];

	bench_title("A call, where it is made", "ns, long", "ns, short");
	for (int call = 0; call < N_CALLS; call++)
		bench_row(what[call], bench_quantile(longest->call_ns[call], ROUNDS, 0.5),
			  bench_quantile(shortest->call_ns[call], ROUNDS, 0.5), NAN, 0);
	bench_note("what does not grow with a document, five stages and the end, pays for waking "
		   "the daemon");
	for (int i = 0; i < N_GROUPS; i++)
		bench_note("%s: %.0f stages, %.0f totals, %.0f steps, %.0f looks, %.0f ends",
			   groups[i].what, shares[i].n_calls[FIRST] + shares[i].n_calls[STAGE],
			   shares[i].n_calls[TOTAL], shares[i].n_calls[STEP],
			   shares[i].n_calls[LOOK], shares[i].n_calls[END]);
}

/* Another program's work; its path is in the folder. */
static void make_long(const char *folder)
{
	const char *argv[HANDBOOKS + 3] = { "pdfunite" };

	snprintf(long_path, sizeof long_path, "%s/long.pdf", folder);
	for (int i = 0; i < HANDBOOKS; i++)
		argv[1 + i] = "tests/documents/handbook.pdf";
	argv[1 + HANDBOOKS] = long_path;
	pid_t pid = harness_fork();
	if (pid == 0) {
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	if (harness_reap(pid) != 0)
		harness_die("pdfunite, of poppler-utils, did not run");
}

static void start(struct subject *subject, const char *folder)
{
	struct config *config = &subject->config;

	config_defaults(config);
	snprintf(config->store, sizeof config->store, "%s/documents.db", folder);
	bench_unpin(); /* daemon and workers run where they like, as they do in service */
	bench_env_enter_daemon(&subject->env, 1024);
	snprintf(config->board, sizeof config->board, "%s", subject->env.daemon.board);
	snprintf(config->socket, sizeof config->socket, "%s", subject->env.daemon.socket);
	calls = mmap(NULL, N_CALLS * sizeof *calls, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	harness_must(calls == MAP_FAILED ? -ENOMEM : 0, "mmap");
}

void bench_reporting(void)
{
	static struct subject subject;
	static struct shares shares[N_GROUPS];
	char folder[128];

	if (access("tests/documents/handbook.pdf", R_OK) < 0) {
		bench_title("Reporting", "", "");
		bench_note("tests/documents/ is not below this folder");
		return;
	}
	harness_folder(folder, sizeof folder);
	make_long(folder);
	start(&subject, folder);
	for (int i = 0; i < N_GROUPS; i++) {
		measure(&subject, &groups[i], &shares[i]);
		print_shares(&groups[i], &shares[i]);
	}
	print_calls(shares);
	bench_env_leave(&subject.env);
}
