/* SPDX-License-Identifier: MIT */
/* Shared by the doctor's modules: one examination, and functions that report a fault. */
#ifndef COMMON_DOCTOR_DOCTOR_PARTS_H
#define COMMON_DOCTOR_DOCTOR_PARTS_H

#include "tools/common/doctor/doctor_image.h"
#include "tools/common/doctor/doctor_report.h"

struct check {
	struct image image;
	struct doctor_report report; /* for this pass */
	size_t room;                 /* number of faults allocated */
	/* what check_records() found of each LIVE record, for check_families() */
	struct note {
		uint16_t flags; /* of COPY_CHILD and COPY_PARENT */
		uint8_t state;
	} * notes;
	bool out_of_memory;
};

/* Report that a field has a wrong value. seen, expected: texts that may hold any bytes. */
void check_fault(struct check *check, enum doctor_part part, int64_t index, const char *field,
		 const char *expected, const char *seen_format, ...)
	__attribute__((format(printf, 6, 7)));

/* The same for numbers: report a fault unless they are equal. */
void check_expect(struct check *check, enum doctor_part part, int64_t index, const char *field,
		  uint64_t seen, uint64_t expected);
/* Report a fault unless all n bytes are zero. */
void check_expect_zero(struct check *check, enum doctor_part part, int64_t index, const char *field,
		       const void *bytes, size_t n);
/* Report a fault unless a NUL is among the n bytes. Returns whether there is one. */
bool check_expect_string(struct check *check, enum doctor_part part, int64_t index,
			 const char *field, const void *bytes, size_t n);

/* Check a mutex: the bytes that must never change, and whether its holder died. Returns whether a
 * process that may be alive holds it. */
bool check_lock(struct check *check, enum doctor_part part, int64_t index,
		const union layout_mutex *mutex);

/* Each module checks its part. 0 or -errno (reading failed). */
void check_header(
	struct check *check); /* file and header; the only one called if the image is not whole */
void check_tables(struct check *check);  /* kinds, clients, stripes' mutexes */
int check_chains(struct check *check);   /* both indexes, counts, serials, twins */
int check_records(struct check *check);  /* slots, bodies, details, used map */
int check_families(struct check *check); /* after check_records() */
int check_events(struct check *check);

#endif
