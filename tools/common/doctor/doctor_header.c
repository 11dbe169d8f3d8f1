/* SPDX-License-Identifier: MIT */
/* Checks what a board says about itself: the file, the header, and the small tables. */
#include "libclient/record/internal.h"
#include "libclient/trackd.h"
#include "tools/common/doctor/doctor_parts.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- File and header --------------------------------------------------- */

static void check_file(struct check *check)
{
	const struct image *image = &check->image;
	const struct layout_header *header = &image->header;
	uint64_t size = (uint64_t)image->st.st_size;
	char expected[64];

	if (!S_ISREG(image->st.st_mode)) {
		check_fault(check, DOCTOR_FILE, -1, "type", "a regular file", "mode 0%o",
			    image->st.st_mode);
		return;
	}
	if (image->st.st_nlink > 1)
		check_fault(check, DOCTOR_FILE, -1, "links", "one", "%ju",
			    (uintmax_t)image->st.st_nlink);
	if (size < sizeof *header) {
		snprintf(expected, sizeof expected, "at least %zu", sizeof *header);
		check_fault(check, DOCTOR_FILE, -1, "size", expected, "%" PRIu64, size);
	} else if (header->capacity >= TRACKD_CAPACITY_MIN &&
		   header->capacity <= TRACKD_CAPACITY_MAX) {
		check_expect(check, DOCTOR_FILE, -1, "size", size, segment_size(header->capacity));
	}
}

static void check_identity(struct check *check)
{
	const struct layout_header *header = &check->image.header;
	char expected[64];

	if (header->magic != LAYOUT_MAGIC) {
		snprintf(expected, sizeof expected, "0x%016" PRIx64 " (a board)", LAYOUT_MAGIC);
		check_fault(check, DOCTOR_HEADER, -1, "magic", expected, "0x%016" PRIx64,
			    header->magic);
	}
	if (header->retired > LAYOUT_REMOVED)
		check_fault(check, DOCTOR_HEADER, -1, "retired", "0 to 2", "%u", header->retired);
	if (header->closed > LAYOUT_CLOSED_BLIND)
		check_fault(check, DOCTOR_HEADER, -1, "closed", "0 to 2", "%u", header->closed);
	check_expect(check, DOCTOR_HEADER, -1, "major", header->major, LAYOUT_MAJOR);
	check_expect(check, DOCTOR_HEADER, -1, "minor", header->minor, LAYOUT_MINOR);
	check_expect(check, DOCTOR_HEADER, -1, "header_size", header->header_size, sizeof *header);
	check_expect(check, DOCTOR_HEADER, -1, "fingerprint", header->fingerprint,
		     segment_fingerprint());
	if (header->capacity < TRACKD_CAPACITY_MIN || header->capacity > TRACKD_CAPACITY_MAX) {
		snprintf(expected, sizeof expected, "%d to %d", TRACKD_CAPACITY_MIN,
			 TRACKD_CAPACITY_MAX);
		check_fault(check, DOCTOR_HEADER, -1, "capacity", expected, "%u", header->capacity);
		return;
	}
	if (header->number == 0 || header->number > REF_NUMBERS)
		check_fault(check, DOCTOR_HEADER, -1, "number", "1 to 255", "%u", header->number);
	check_expect(check, DOCTOR_HEADER, -1, "flags", header->flags, 0);
	check_expect(check, DOCTOR_HEADER, -1, "n_kinds", header->n_kinds, LAYOUT_KINDS);
	check_expect(check, DOCTOR_HEADER, -1, "n_hosts", header->n_hosts, 0);
	check_expect(check, DOCTOR_HEADER, -1, "spare", header->spare, LAYOUT_SPARE);
	check_expect(check, DOCTOR_HEADER, -1, "size", header->size,
		     segment_size(header->capacity));
	check_expect(check, DOCTOR_HEADER, -1, "owner_uid", header->owner_uid,
		     check->image.st.st_uid);
}

static void check_offsets(struct check *check)
{
	const struct layout_header *header = &check->image.header;
	uint64_t expected[IMAGE_N_SECTIONS];

	image_offsets(header->capacity, expected);
#define CHECK_OFFSET(name, bytes, n)                                                               \
	check_expect(check, DOCTOR_HEADER, -1, "offset of " #name, header->name,                   \
		     expected[IMAGE_##name]);
	IMAGE_SECTIONS(CHECK_OFFSET)
#undef CHECK_OFFSET
}

static void check_reserved(struct check *check)
{
	const struct layout_header *header = &check->image.header;

#define CHECK_RESERVED(field)                                                                      \
	check_expect_zero(check, DOCTOR_HEADER, -1, #field, &header->field, sizeof header->field)
	CHECK_RESERVED(reserved3);
	CHECK_RESERVED(reserved4);
	CHECK_RESERVED(reserved5);
	CHECK_RESERVED(reserved6);
	CHECK_RESERVED(reserved7);
	CHECK_RESERVED(reserved8);
	CHECK_RESERVED(counters.reserved);
#undef CHECK_RESERVED
}

/* Ranges that no daemon and no clock exceeds. */
static void check_plausible(struct check *check)
{
	const struct layout_header *header = &check->image.header;
	const int64_t century = INT64_C(100) * 366 * 86400 * (int64_t)NS_PER_S;

	if (header->suspend_offset_ns < -(int64_t)NS_PER_S || header->suspend_offset_ns > century)
		check_fault(check, DOCTOR_HEADER, -1, "suspend_offset_ns", "0 to 100 years",
			    "%" PRId64, header->suspend_offset_ns);
	if (header->created_wall_ns <= 0)
		check_fault(check, DOCTOR_HEADER, -1, "created_wall_ns", "a time after 1970",
			    "%" PRId64, header->created_wall_ns);
	if (header->snapshot_wall_ns < 0)
		check_fault(check, DOCTOR_HEADER, -1, "snapshot_wall_ns", "0 or a time after 1970",
			    "%" PRId64, header->snapshot_wall_ns);
	if (header->daemon_pid > INT32_MAX)
		check_fault(check, DOCTOR_HEADER, -1, "daemon_pid", "a process id", "%u",
			    header->daemon_pid);
}

static void note_header(struct check *check)
{
	const struct layout_header *header = &check->image.header;
	struct doctor_report *report = &check->report;
	uint8_t boot_id[16];

	report->capacity = header->capacity;
	report->retired = header->retired != LAYOUT_SERVED;
	report->repair_due = header->repair_due != 0;
	report->foreign_pids = !check->image.same_pids;
	report->other_boot = segment_boot_id(boot_id) == 0 &&
			     memcmp(boot_id, header->boot_id, sizeof boot_id) != 0;
}

void check_header(struct check *check)
{
	check_file(check);
	if (!S_ISREG(check->image.st.st_mode) ||
	    (uint64_t)check->image.st.st_size < sizeof(struct layout_header))
		return;
	check_identity(check);
	/* If the file is not a board, other checks are pointless. */
	if (!check->image.whole)
		return;
	check_offsets(check);
	check_reserved(check);
	check_plausible(check);
	note_header(check);
}

/* ---- Kinds ------------------------------------------------------------- */

static bool check_word(struct check *check, int64_t kind, const char *field, const uint8_t *name)
{
	if (!check_expect_string(check, DOCTOR_KIND, kind, field, name, LAYOUT_STAGE_NAME))
		return false;
	if (text_word_valid((const char *)name))
		return true;
	check_fault(check, DOCTOR_KIND, kind, field, "1 to 31 of a-z0-9_-", "\"%.31s\"",
		    (const char *)name);
	return false;
}

static bool same_name(const uint8_t *a, const uint8_t *b)
{
	return strncmp((const char *)a, (const char *)b, LAYOUT_STAGE_NAME) == 0;
}

static void check_stages(struct check *check, int64_t number, const struct layout_kind *kind)
{
	for (uint32_t i = 0; i < kind->n_stages; i++) {
		check_word(check, number, "stage", kind->stages[i]);
		if (kind->percent[i] > 99 || (i > 0 && kind->percent[i] < kind->percent[i - 1]))
			check_fault(check, DOCTOR_KIND, number, "percent",
				    "0 to 99, never less than the stage before", "%u at stage %u",
				    kind->percent[i], i);
		for (uint32_t j = 0; j < i; j++)
			if (same_name(kind->stages[i], kind->stages[j]))
				check_fault(check, DOCTOR_KIND, number, "stage", "a unique name",
					    "the same for stages %u and %u", j, i);
	}
}

static void check_kind(struct check *check, uint32_t number)
{
	const struct layout_kind *kind = &check->image.board.kinds->kind[number];

	check_word(check, number, "name", kind->name);
	check_expect_zero(check, DOCTOR_KIND, number, "reserved", kind->reserved,
			  sizeof kind->reserved);
	if (kind->n_stages == 0 || kind->n_stages > LAYOUT_STAGES) {
		check_fault(check, DOCTOR_KIND, number, "n_stages", "1 to 16", "%u",
			    kind->n_stages);
		return;
	}
	check_stages(check, number, kind);
	if (number == TRACKD_KIND_DOCUMENT &&
	    strncmp((const char *)kind->name, "document", LAYOUT_STAGE_NAME) != 0)
		check_fault(check, DOCTOR_KIND, number, "name", "document", "\"%.31s\"",
			    (const char *)kind->name);
}

static void check_kinds(struct check *check)
{
	const struct layout_kinds *kinds = check->image.board.kinds;

	check_lock(check, DOCTOR_KINDS, -1, &kinds->mutex);
	check_expect_zero(check, DOCTOR_KINDS, -1, "reserved", kinds->reserved,
			  sizeof kinds->reserved);
	if (kinds->n == 0 || kinds->n > LAYOUT_KINDS)
		check_fault(check, DOCTOR_KINDS, -1, "n", "1 to 64", "%u", kinds->n);
	for (uint32_t i = 0; i < kinds->n && i < LAYOUT_KINDS; i++)
		check_kind(check, i);
}

/* ---- Clients and stripes ----------------------------------------------- */

/* An entry that is not ready belongs to no worker yet: the claiming process is filling it in, or
 * died. */
static void check_client(struct check *check, uint32_t entry)
{
	const struct layout_client *client = &check->image.board.clients[entry];

	check_expect_zero(check, DOCTOR_CLIENT, entry, "reserved", client->reserved,
			  sizeof client->reserved);
	if (claim_pid(client->claim) == 0 || client->ready != claim_generation(client->claim))
		return;
	if (claim_pid(client->claim) > INT32_MAX)
		check_fault(check, DOCTOR_CLIENT, entry, "claim", "a process id", "pid %u",
			    claim_pid(client->claim));
	if (claim_generation(client->claim) == 0)
		check_fault(check, DOCTOR_CLIENT, entry, "claim", "a generation above 0",
			    "generation 0");
	check_expect_string(check, DOCTOR_CLIENT, entry, "comm", client->comm, sizeof client->comm);
}

static void check_stripes(struct check *check, enum doctor_part part,
			  const struct layout_stripe *stripes)
{
	for (uint32_t i = 0; i < LAYOUT_STRIPES; i++) {
		check_lock(check, part, i, &stripes[i].mutex);
		if (part == DOCTOR_OWNER_STRIPE)
			check_expect(check, part, i, "recount", stripes[i].recount, 0);
	}
}

/* The holder of a stripe forgets what it meant to do before it lets go. */
static void check_family_stripes(struct check *check)
{
	const struct layout_family_stripe *stripes = check->image.board.family_stripes;

	for (uint32_t i = 0; i < LAYOUT_STRIPES; i++)
		if (!check_lock(check, DOCTOR_FAMILY_STRIPE, i, &stripes[i].mutex) &&
		    !lock_orphaned(&stripes[i].mutex) && stripes[i].intent != 0)
			check_fault(check, DOCTOR_FAMILY_STRIPE, i, "intent",
				    "none while nobody holds the stripe", "0x%016jx",
				    (uintmax_t)stripes[i].intent);
}

void check_tables(struct check *check)
{
	const struct board *board = &check->image.board;

	check_kinds(check);
	for (uint32_t i = 0; i < LAYOUT_CLIENTS; i++)
		check_client(check, i);
	check_stripes(check, DOCTOR_ID_STRIPE, board->id_stripes);
	check_stripes(check, DOCTOR_OWNER_STRIPE, board->owner_stripes);
	check_family_stripes(check);
}
