/* SPDX-License-Identifier: MIT */
/* The doctor's report: the parts of a board, their faults, and statistics. */
#ifndef COMMON_DOCTOR_DOCTOR_REPORT_H
#define COMMON_DOCTOR_DOCTOR_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(name, displayed name) */
#define DOCTOR_PARTS(X)                                                                            \
	X(FILE, "file")                                                                            \
	X(HEADER, "header")                                                                        \
	X(KINDS, "kinds")                                                                          \
	X(KIND, "kind")                                                                            \
	X(CLIENT, "client")                                                                        \
	X(ID_STRIPE, "id stripe")                                                                  \
	X(OWNER_STRIPE, "owner stripe")                                                            \
	X(FAMILY_STRIPE, "family stripe")                                                          \
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
	int64_t index;     /* index of the part; -1: there is only one */
	const char *field; /* a constant */
	uint64_t tenant;   /* for a slot: its stamp without the version */
	char seen[96], expected[96];
};

enum { DOCTOR_FAULTS_KEPT = 1000 };

struct doctor_report {
	struct doctor_fault *faults; /* the first DOCTOR_FAULTS_KEPT */
	size_t n_faults;             /* number kept */
	size_t n_found;              /* number found */
	/* Statistics. */
	uint32_t capacity, live, claimed, removing;
	uint32_t held;      /* locks currently held by a living process */
	uint32_t unsettled; /* records that changed too quickly to be read */
	uint64_t events;    /* entries examined */
	int passes;
	/* Not faults, but worth knowing. */
	uint64_t events_unfinished; /* being written, or their producer died; readers skip them */
	uint32_t orphans_free; /* locks of free slots with a dead holder: the next takes over */
	uint32_t earlier_ttl;  /* tasks that expire by an earlier ttl of the board */
	bool retired;          /* replaced by another board */
	bool repair_due;       /* a process requested a repair that has not been made yet */
	bool other_boot;       /* made before the last reboot */
	bool foreign_pids;     /* made in another pid namespace: holders could not be checked */
};

#endif
