/* SPDX-License-Identifier: MIT */
/*
 * Whether a board is whole: every invariant of the segment, checked on a copy that is read with
 * pread(2), so that neither hostile bytes nor a file cut short can harm who looks. It writes
 * nothing, takes no lock and needs no daemon.
 *
 * A board in use is never still. What is wrong is looked at again, and only what stays wrong in the
 * same way is a fault. What a death may leave behind and everybody copes with is counted apart.
 */
#ifndef COMMON_DOCTOR_DOCTOR_H
#define COMMON_DOCTOR_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* X(name, what people call it) */
#define DOCTOR_PARTS(X)                                                                            \
	X(FILE, "file")                                                                            \
	X(HEADER, "header")                                                                        \
	X(KINDS, "kinds")                                                                          \
	X(KIND, "kind")                                                                            \
	X(CLIENT, "client")                                                                        \
	X(ID_STRIPE, "id stripe")                                                                  \
	X(OWNER_STRIPE, "owner stripe")                                                            \
	X(MAP, "used map word")                                                                    \
	X(ID_BUCKET, "id bucket")                                                                  \
	X(OWNER_BUCKET, "owner bucket")                                                            \
	X(SLOT, "slot")                                                                            \
	X(EVENT, "event")

enum doctor_part {
#define DOCTOR_PART_ENUM(name, text) DOCTOR_##name,
	DOCTOR_PARTS(DOCTOR_PART_ENUM)
#undef DOCTOR_PART_ENUM
};

struct doctor_fault {
	enum doctor_part part;
	int64_t index;     /* which of them; -1: there is but one */
	const char *field; /* a constant */
	uint64_t tenant;   /* of a slot: its stamp without the version */
	char seen[96], expected[96];
};

enum { DOCTOR_FAULTS_KEPT = 1000 };

struct doctor_report {
	struct doctor_fault *faults; /* the first DOCTOR_FAULTS_KEPT of them */
	size_t n_faults;             /* kept */
	size_t n_found;              /* all */
	/* What was seen. */
	uint32_t capacity, live, claimed, removing;
	uint32_t held;      /* locks that a living process holds at this moment */
	uint32_t unsettled; /* records that changed too quickly to be read whole */
	uint64_t events;    /* looked at */
	int passes;
	/* No faults, but good to know. */
	uint64_t events_unfinished; /* being written, or their producer died; readers skip them */
	uint32_t orphans_free; /* locks of free slots whose holder died: the next one takes over */
	uint32_t earlier_ttl;  /* tasks that expire by an earlier setting of the board's ttl */
	bool retired;          /* replaced by another board */
	bool repair_due;       /* somebody asked for a repair that has not been made yet */
	bool other_boot;       /* made before the last reboot */
	bool foreign_pids;     /* made in another pid namespace: no holder could be looked for */
};

/*
 * Look a board over. fd: its file, readable; stays open.
 * Returns the number of faults (0: clean), -EIO (the file shrinks under us), -ENOMEM, -errno. On
 * success the caller frees the report with doctor_report_free().
 */
int doctor_check_fd(int fd, struct doctor_report *ret_report);
void doctor_report_free(struct doctor_report *report);

const char *doctor_part_name(enum doctor_part part);

/* One line a fault: "slot 5: hint: seen 3, expected 2". For messages of tests and of trackctl. */
void doctor_fault_print(FILE *to, const char *prefix, const struct doctor_fault *fault);
void doctor_report_print(FILE *to, const char *prefix, const struct doctor_report *report);

#endif
