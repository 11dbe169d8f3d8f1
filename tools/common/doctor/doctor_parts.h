/* SPDX-License-Identifier: MIT */
/*
 * What the doctor's modules share: one examination, and how it notes a fault.
 */
#ifndef COMMON_DOCTOR_PARTS_H
#define COMMON_DOCTOR_PARTS_H

#include "tools/common/doctor/doctor.h"
#include "tools/common/doctor/doctor_image.h"

struct exam {
	struct image image;
	struct doctor_report report; /* of this pass */
	size_t room;                 /* faults allocated */
	bool out_of_memory;
};

/* Note that a field is not what it should be. seen, expected: text that may hold any bytes. */
void exam_fault(struct exam *exam, enum doctor_part part, int64_t index, const char *field,
		const char *expected, const char *seen_format, ...)
	__attribute__((format(printf, 6, 7)));

/* The same for numbers: a fault unless they are equal. */
void exam_expect(struct exam *exam, enum doctor_part part, int64_t index, const char *field,
		 uint64_t seen, uint64_t expected);
/* A fault unless all n bytes are zero. */
void exam_expect_zero(struct exam *exam, enum doctor_part part, int64_t index, const char *field,
		      const void *bytes, size_t n);
/* A fault unless a NUL is among the n bytes. Whether there is. */
bool exam_expect_string(struct exam *exam, enum doctor_part part, int64_t index, const char *field,
			const void *bytes, size_t n);

/* Look at a mutex: what should never change in it, and whether it was orphaned. Returns whether a
 * process that may be alive holds it. */
bool exam_lock(struct exam *exam, enum doctor_part part, int64_t index,
	       const union layout_mutex *mutex);

/* Each module looks at its part. 0 or -errno (reading failed). */
void exam_header(struct exam *exam); /* file and header; the only one when the image is not whole */
void exam_tables(struct exam *exam); /* kinds, clients, stripes' mutexes */
int exam_chains(struct exam *exam);  /* both indexes, counts, serials, twins */
int exam_records(struct exam *exam); /* slots, bodies, details, used map */
int exam_events(struct exam *exam);

#endif
