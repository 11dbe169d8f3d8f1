/* SPDX-License-Identifier: MIT */
/*
 * trackctl doctor: checks every invariant of the board. It needs no daemon, maps nothing and writes
 * nothing. The file is given by path, or found by the same rules as in every client.
 */
#include "libclient/segment/internal.h"
#include "tools/common/doctor/doctor.h"
#include "tools/common/task_json.h"
#include "tools/trackctl/verbs/verbs.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct options {
	const char *file;
	bool quiet;
} options;

static const struct option_entry flags[] = {
	OPTION(struct options, file, .name = "file", .letter = 'f', .takes = "PATH",
	       .help = "check this file instead of a board by name", .set = option_word),
	OPTION(struct options, quiet, .name = "quiet", .letter = 'q',
	       .help = "print nothing if there are no faults", .set = option_switch),
	{ 0 },
};

/* ---- Finding the file -------------------------------------------------- */

static int find_file(struct ctl *ctl, char *ret_path, size_t size)
{
	struct board_address address;

	if (options.file) {
		snprintf(ret_path, size, "%s", options.file);
		return 0;
	}
	int error = board_address_find(&address, ctl->board, ctl->socket);
	if (error < 0)
		return ctl_fail(EXIT_CODE_USAGE,
				"\"%s\" is not a valid board name; use one like /trackd",
				ctl->board ? ctl->board : "TRACKD_BOARD");
	snprintf(ret_path, size, "/dev/shm%s", address.board);
	return 0;
}

static int open_file(const char *path, int *ret_fd)
{
	/* O_NONBLOCK, so that opening a FIFO in its place does not block. */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0) {
		*ret_fd = fd;
		return 0;
	}
	switch (errno) {
	case ENOENT:
		return ctl_fail(
			EXIT_CODE_NO_BOARD,
			"no board %s; is trackd running? (systemctl start trackd, or trackd "
			"--user)",
			path);
	case ELOOP:
		return ctl_fail(EXIT_CODE_FAULTS, "%s is a symbolic link, not a board; remove it",
				path);
	case EACCES:
	case EPERM:
		return ctl_fail(EXIT_CODE_PERMISSION,
				"not permitted to read %s; join its group, or run as its "
				"user",
				path);
	default:
		return ctl_error(-errno, "%s", path);
	}
}

/* ---- Output ------------------------------------------------------------ */

struct note {
	bool holds;
	const char *text;
};

static void print_notes(const struct doctor_report *report)
{
	const struct note notes[] = {
		{ report->retired, "the board is retired: another one has replaced it" },
		{ report->other_boot, "the board was made before the last reboot" },
		{ report->repair_due,
		  "a repair is due: the daemon makes it, at once if it is running" },
		{ report->foreign_pids,
		  "the board is of another pid namespace: whether lock holders live could not be "
		  "checked" },
	};

	for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
		if (notes[i].holds)
			printf("note: %s\n", notes[i].text);
	if (report->events_unfinished != 0)
		printf("note: %" PRIu64 " of %" PRIu64
		       " events are unfinished (being written, or their producer died); readers "
		       "skip them\n",
		       report->events_unfinished, report->events);
	if (report->orphans_free != 0)
		printf("note: %u locks of free slots were left by dead processes; the next "
		       "holders take them over\n",
		       report->orphans_free);
	if (report->earlier_ttl != 0)
		printf("note: %u tasks expire by an earlier setting of ttl or active_ttl, until "
		       "their next update\n",
		       report->earlier_ttl);
	if (report->unsettled != 0)
		printf("note: %u records changed too quickly to be checked\n", report->unsettled);
}

static int print_report(const struct ctl *ctl, const char *path, const struct doctor_report *report)
{
	const struct terminal *terminal = &ctl->terminal;

	doctor_report_print(stdout, "", report);
	if (report->n_found == 0 && options.quiet)
		return EXIT_CODE_DONE;
	print_notes(report);
	if (report->n_found == 0) {
		printf("%s%s: whole%s (%u task%s, capacity %u, %" PRIu64 " event%s)\n",
		       terminal_on(terminal, STYLE_GOOD), path, terminal_off(terminal),
		       report->live, report->live == 1 ? "" : "s", report->capacity, report->events,
		       report->events == 1 ? "" : "s");
		return EXIT_CODE_DONE;
	}
	printf("%s%s: %zu fault%s%s (%u task%s, capacity %u)\n", terminal_on(terminal, STYLE_BAD),
	       path, report->n_found, report->n_found == 1 ? "" : "s", terminal_off(terminal),
	       report->live, report->live == 1 ? "" : "s", report->capacity);
	printf("trackd repairs the remains of dead processes while it runs; other faults it "
	       "repairs when it is restarted\n");
	return EXIT_CODE_FAULTS;
}

static json_t *faults_json(const struct doctor_report *report)
{
	json_t *array = json_array();

	for (size_t i = 0; i < report->n_faults; i++) {
		const struct doctor_fault *fault = &report->faults[i];
		json_t *object = json_pack(
			"{s:s, s:o, s:s, s:o, s:o}", "part", doctor_part_name(fault->part), "index",
			fault->index < 0 ? json_null() : json_integer(fault->index), "field",
			fault->field, "seen", task_json_text(fault->seen), "expected",
			task_json_text(fault->expected));

		if (json_array_append_new(array, object) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *report_json(const char *path, const struct doctor_report *report)
{
	return json_pack("{s:o, s:b, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, "
			 "s:b, s:b, s:b}",
			 "file", task_json_text(path), "clean", report->n_found == 0, "n_faults",
			 (json_int_t)report->n_found, "faults", faults_json(report), "capacity",
			 (json_int_t)report->capacity, "live", (json_int_t)report->live, "claimed",
			 (json_int_t)report->claimed, "removing", (json_int_t)report->removing,
			 "unsettled", (json_int_t)report->unsettled, "orphans_free",
			 (json_int_t)report->orphans_free, "earlier_ttl",
			 (json_int_t)report->earlier_ttl, "events", (json_int_t)report->events,
			 "events_unfinished", (json_int_t)report->events_unfinished, "retired",
			 report->retired, "repair_due", report->repair_due, "other_boot",
			 report->other_boot, "foreign_pids", report->foreign_pids);
}

static int run(struct ctl *ctl, int n_arguments, char **arguments)
{
	struct doctor_report report;
	char path[4096];
	int fd = -1;
	int code = find_file(ctl, path, sizeof path);

	(void)n_arguments;
	(void)arguments;
	if (code == 0)
		code = open_file(path, &fd);
	if (code != 0)
		return code;
	int faults = doctor_check_fd(fd, &report);
	close(fd);
	if (faults == -EIO)
		return ctl_fail(EXIT_CODE_FAULTS, "%s became shorter during the check; try again",
				path);
	if (faults < 0)
		return ctl_error(faults, "%s", path);
	if (ctl->json) {
		code = ctl_print_json(report_json(path, &report), false);
		if (code == 0 && faults > 0)
			code = EXIT_CODE_FAULTS;
	} else {
		code = print_report(ctl, path, &report);
	}
	doctor_report_free(&report);
	return code;
}

const struct verb verb_doctor = {
	VERB("doctor", "Check every invariant of the board, and name each fault", run),
	VERB_ARGUMENTS("", 0, 0, NULL),
	VERB_OPTIONS(flags, options),
	.more = "Reads the segment without mapping it and needs no daemon. Exits with 70 if there "
		"are\n"
		"faults. A board in use is checked several times: only lasting faults count.",
};
