/* SPDX-License-Identifier: MIT */
/*
 * What the doctor's modules share: one examination, and how it notes a fault.
 */
#ifndef COMMON_DOCTOR_DOCTOR_PARTS_H
#define COMMON_DOCTOR_DOCTOR_PARTS_H

#include "tools/common/doctor/doctor_image.h"
#include "tools/common/doctor/doctor_report.h"

struct check {
	struct image image;
	struct doctor_report report; /* of this pass */
	size_t room;                 /* faults allocated */
	bool out_of_memory;
};

/* Note that a field is not what it should be. seen, expected: text that may hold any bytes. */
void check_fault(struct check *check, enum doctor_part part, int64_t index, const char *field,
		 const char *expected, const char *seen_format, ...)
	__attribute__((format(printf, 6, 7)));

/* The same for numbers: a fault unless they are equal. */
void check_expect(struct check *check, enum doctor_part part, int64_t index, const char *field,
		  uint64_t seen, uint64_t expected);
/* A fault unless all n bytes are zero. */
void check_expect_zero(struct check *check, enum doctor_part part, int64_t index, const char *field,
		       const void *bytes, size_t n);
/* A fault unless a NUL is among the n bytes. Whether there is. */
bool check_expect_string(struct check *check, enum doctor_part part, int64_t index,
			 const char *field, const void *bytes, size_t n);

/* Look at a mutex: what should never change in it, and whether it was orphaned. Returns whether a
 * process that may be alive holds it. */
bool check_lock(struct check *check, enum doctor_part part, int64_t index,
		const union layout_mutex *mutex);

/* Each module looks at its part. 0 or -errno (reading failed). */
void check_header(
	struct check *check); /* file and header; the only one when the image is not whole */
void check_tables(struct check *check); /* kinds, clients, stripes' mutexes */
int check_chains(struct check *check);  /* both indexes, counts, serials, twins */
int check_records(struct check *check); /* slots, bodies, details, used map */
int check_events(struct check *check);

#endif
