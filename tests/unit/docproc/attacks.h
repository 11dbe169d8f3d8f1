/* SPDX-License-Identifier: MIT */
/* What an attacker in the extractor's place does, by the name of its document; and how the document's
 * task ends then. */
#ifndef TESTS_DOCPROC_ATTACKS_H
#define TESTS_DOCPROC_ATTACKS_H

#include "tests/unit/docproc/attacker.h"
#include <linux/kcmp.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

static void spin(void)
{
	for (volatile unsigned n = 0;; n++)
		;
}

static void stay(void)
{
	send_progress(FRAME_TOTAL, 2);
	spin();
}

/* The limit on time says when; the attacker does not listen. */
static void ignore_the_limit(void)
{
	(void)signal(SIGXCPU, SIG_IGN);
	spin();
}

#if !SANITIZED
static void crash(void)
{
	(void)signal(SIGSEGV, SIG_DFL);
	__builtin_trap();
}

static void use_up_memory(void)
{
	for (;;) {
		char *volatile memory = malloc(1 << 16);

		if (!memory)
			abort();
		memset(memory, 1, 1 << 16);
	}
}
#endif

static void end_in_silence(void)
{
}

static void end_in_the_middle(void)
{
	const struct frame_head head = { FRAME_BLOCK, 1000 };

	send_bytes(&head, sizeof head);
	send_bytes("half", 4);
}

static void flood_with_text(void)
{
	static char text[1 << 20];

	memset(text, 'x', sizeof text);
	for (;;)
		send_block(0, 0, text, sizeof text);
}

static void flood_with_blocks(void)
{
	for (;;)
		send_block(0, 0, "x", 1);
}

static void flood_with_progress(void)
{
	send_progress(FRAME_TOTAL, 100);
	for (;;)
		send_progress(FRAME_STEP, 1);
}

static void flood_with_zeros(void)
{
	static const char zeros[1 << 16];

	for (;;)
		send_bytes(zeros, sizeof zeros);
}

static void announce_too_much(void)
{
	const struct frame_head head = { FRAME_BLOCK, UINT32_MAX };

	send_bytes(&head, sizeof head);
	spin();
}

static void send_unknown(void)
{
	send_frame(FRAME_FAILURE + 1, "x", 1, "", 0);
}

static void send_too_many_pages(void)
{
	send_progress(FRAME_TOTAL, UINT64_MAX);
}

static void step_without_a_total(void)
{
	send_progress(FRAME_STEP, 1);
}

static void fail_with_controls(void)
{
	send_failure("bad\x1b]0;title\x07");
}

static void send_more_after_the_end(void)
{
	send_block(0, 0, "x", 1);
	send_end(0, 1, 1);
	send_block(0, 0, "x", 1);
}

#define MALFORMED "The process that read the document gave a malformed answer"
#define SILENT "The process that read the document ended without an answer"
#define GREEDY "The document needed more than 64 MiB of memory"
#define SLOW "The document took more than 1 s of processor time"

/* How the task of a document ends whose extractor does this. */
static const struct {
	void (*act)(void);
	const char *name, *error;
} acts[] = {
	{ spin, "spin", SLOW },
	{ ignore_the_limit, "ignore_the_limit", SLOW },
	{ end_in_silence, "end_in_silence", SILENT },
	{ end_in_the_middle, "end_in_the_middle", SILENT },
	{ flood_with_text, "flood_with_text", SANITIZED ? MALFORMED : GREEDY },
	{ flood_with_progress, "flood_with_progress", MALFORMED },
	{ flood_with_zeros, "flood_with_zeros", MALFORMED },
	{ announce_too_much, "announce_too_much", MALFORMED },
	{ send_unknown, "send_unknown", MALFORMED },
	{ send_too_many_pages, "send_too_many_pages", MALFORMED },
	{ step_without_a_total, "step_without_a_total", MALFORMED },
	{ send_more_after_the_end, "send_more_after_the_end", MALFORMED },
	{ fail_with_controls, "fail_with_controls", MALFORMED },
#if !SANITIZED /* a sanitizer's own memory and signals are in the way */
	{ crash, "crash",
	  "The process that read the document was killed by signal 4 (Illegal instruction)" },
	{ use_up_memory, "use_up_memory", GREEDY },
#endif
};

#define LIE "This is not what the document says."

/* The same of whose extractor answers with one block, and with an end that counts so many. */
static const struct {
	const char *name, *error; /* error NULL: it completes */
	const char *text;
	uint64_t blocks;
	uint32_t type, size;
} answers[] = {
	{ "send_broken_utf8", MALFORMED, "caf\xe9", 1, 0, 4 },
	{ "send_controls", MALFORMED, "\x1b[31mred", 1, 0, 8 },
	{ "send_nul", MALFORMED, "a\0b", 1, 0, 3 },
	{ "send_no_such_type", MALFORMED, "x", 1, UINT32_MAX, 1 },
	{ "send_wrong_counts", MALFORMED, "x", 2, 0, 1 },
	{ "lie", NULL, LIE, 1, 0, sizeof LIE - 1 },
};

static const struct {
	void (*act)(void);
	const char *name;
} tries[] = {
	{ try_files, "try_files" },     { try_descriptors, "try_descriptors" },
	{ try_memory, "try_memory" },   { try_processes, "try_processes" },
	{ try_sockets, "try_sockets" }, { try_sleeping, "try_sleeping" },
};

static const struct {
	int number;
	const char *name;
} hostile[] = {
	{ SYS_ptrace, "ptrace" },
	{ SYS_process_vm_readv, "process_vm_readv" },
	{ SYS_process_vm_writev, "process_vm_writev" },
	{ SYS_pidfd_getfd, "pidfd_getfd" },
	{ SYS_kcmp, "kcmp" },
	{ SYS_unshare, "unshare" },
	{ SYS_setns, "setns" },
	{ SYS_mount, "mount" },
	{ SYS_chroot, "chroot" },
	{ SYS_bpf, "bpf" },
	{ SYS_io_uring_setup, "io_uring_setup" },
	{ SYS_userfaultfd, "userfaultfd" },
	{ SYS_perf_event_open, "perf_event_open" },
	{ SYS_keyctl, "keyctl" },
	{ SYS_open_by_handle_at, "open_by_handle_at" },
	{ SYS_setuid, "setuid" },
};

static enum extractor_status attack(const struct extractor_request *request, int fd, int text)
{
	(void)fd;
	(void)text;
	for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
		if (strcmp(request->name, acts[i].name) == 0)
			acts[i].act();
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		if (strcmp(request->name, answers[i].name) == 0) {
			send_block(answers[i].type, 0, answers[i].text, answers[i].size);
			send_end(0, answers[i].blocks, answers[i].size);
		}
	}
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		if (strcmp(request->name, tries[i].name) == 0) {
			tries[i].act();
			report_loot();
		}
	}
	for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++)
		if (strcmp(request->name, hostile[i].name) == 0)
			(void)syscall(hostile[i].number, 0, 0, 0, 0, 0, 0);
	if (strcmp(request->name, "stay") == 0)
		stay();
	if (strcmp(request->name, "flood_with_blocks") == 0)
		flood_with_blocks();
	return EXTRACTOR_DONE;
}

#endif
