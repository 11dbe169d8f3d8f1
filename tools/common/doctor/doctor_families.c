/* SPDX-License-Identifier: MIT */
/*
 * The doctor on families. A child whose parent lives must be in its chain once, be younger, of the same
 * owner and one generation deeper; and a parent's counts must be those of its chain. The children of a
 * parent that is gone have no chain. What the records say of themselves was noted by check_records().
 */
#include "libclient/record/internal.h"
#include "libclient/trackd.h"
#include "tools/common/doctor/doctor_parts.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct families {
	struct check *check;
	const struct board *board;
	struct layout_family *line; /* of every slot */
	uint8_t *met;               /* children that were met in their parent's chain */
};

#define FAMILY_FAULT(families, slot, field, expected, ...)                                         \
	check_fault((families)->check, DOCTOR_SLOT, slot, field, expected, __VA_ARGS__)

static bool is_noted(const struct families *families, uint32_t slot, uint16_t flag)
{
	return (families->check->notes[slot].flags & flag) != 0;
}

/* Whether a slot holds the living parent that a child names. */
static bool has_parent(const struct families *families, uint32_t slot, uint32_t *ret_parent)
{
	uint64_t parent = families->line[slot].parent;
	uint32_t link = (uint32_t)parent;

	if (link == 0 || link > families->board->capacity)
		return false;
	*ret_parent = link - 1;
	return stamp_is_live(families->board->heads[link - 1].stamp, (uint32_t)(parent >> 32));
}

/* ---- Children ---------------------------------------------------------- */

static void check_child(const struct families *families, uint32_t slot)
{
	const struct layout_family *line = &families->line[slot];
	const struct layout_head *heads = families->board->heads;
	struct check *check = families->check;
	uint32_t parent;

	if ((uint32_t)line->parent == 0 || (uint32_t)line->parent > families->board->capacity)
		FAMILY_FAULT(families, slot, "parent", "a slot plus one", "%u",
			     (uint32_t)line->parent);
	if (line->depth == 0 || line->depth > LAYOUT_DEPTH)
		FAMILY_FAULT(families, slot, "depth", "1 to 8", "%u", line->depth);
	if (!has_parent(families, slot, &parent))
		return;
	if (!is_noted(families, parent, COPY_PARENT))
		FAMILY_FAULT(families, slot, "parent", "a task that may have children", "slot %u",
			     parent);
	if (heads[parent].serial >= heads[slot].serial)
		FAMILY_FAULT(families, slot, "serial", "above that of its parent", "%ju and %ju",
			     (uintmax_t)heads[slot].serial, (uintmax_t)heads[parent].serial);
	if (heads[parent].owner_hash != heads[slot].owner_hash)
		FAMILY_FAULT(families, slot, "owner", "that of its parent", "another one");
	check_expect(check, DOCTOR_SLOT, slot, "depth", line->depth,
		     is_noted(families, parent, COPY_CHILD) ? families->line[parent].depth + 1u
							    : 1u);
	if (is_noted(families, parent, COPY_PARENT) && !families->met[slot])
		FAMILY_FAULT(families, slot, "parent", "reachable from its parent",
			     "a child in no chain");
}

/* ---- Parents ----------------------------------------------------------- */

/* Count a member of a chain. False: it does not belong there, and its own link is not followed. */
static bool check_member(struct families *families, uint32_t parent, uint32_t slot,
			 struct layout_children *counts)
{
	uint32_t named;

	if (families->met[slot]) {
		FAMILY_FAULT(families, slot, "family next", "in one chain, once", "met again");
		return false;
	}
	families->met[slot] = 1;
	if (stamp_state(families->board->heads[slot].stamp) != SLOT_LIVE ||
	    !is_noted(families, slot, COPY_CHILD) || !has_parent(families, slot, &named) ||
	    named != parent) {
		FAMILY_FAULT(families, slot, "family next", "a child of its chain's parent",
			     "in the chain of slot %u", parent);
		return false;
	}
	switch ((enum trackd_state)families->check->notes[slot].state) {
	case TRACKD_PENDING:
		counts->pending++;
		break;
	case TRACKD_ACTIVE:
		counts->active++;
		break;
	case TRACKD_COMPLETED:
		counts->completed++;
		break;
	case TRACKD_FAILED:
		counts->failed++;
		break;
	case TRACKD_CANCELLED:
		counts->cancelled++;
		break;
	}
	return true;
}

static void walk_children(struct families *families, uint32_t parent,
			  struct layout_children *counts)
{
	uint32_t link = families->line[parent].first, newer = 0;
	uint64_t below = UINT64_MAX;

	while (link != 0) {
		if (link > families->board->capacity) {
			FAMILY_FAULT(families, parent, "family next", "0 or a slot plus one", "%u",
				     link);
			return;
		}
		uint32_t slot = link - 1;
		if (!check_member(families, parent, slot, counts))
			return;
		check_expect(families->check, DOCTOR_SLOT, slot, "family prev",
			     families->line[slot].prev, newer);
		if (families->board->heads[slot].serial >= below)
			FAMILY_FAULT(families, slot, "serial",
				     "less than the one before it in its parent's chain", "%ju",
				     (uintmax_t)families->board->heads[slot].serial);
		below = families->board->heads[slot].serial;
		newer = link;
		link = families->line[slot].next;
	}
}

static void check_parent(struct families *families, uint32_t slot)
{
	const struct layout_family *line = &families->line[slot];
	const struct layout_children *said = &line->children[line->version & 1];
	struct layout_children counts = { 0 };
	struct check *check = families->check;

	walk_children(families, slot, &counts);
	check_expect(check, DOCTOR_SLOT, slot, "children pending", said->pending, counts.pending);
	check_expect(check, DOCTOR_SLOT, slot, "children active", said->active, counts.active);
	check_expect(check, DOCTOR_SLOT, slot, "children completed", said->completed,
		     counts.completed);
	check_expect(check, DOCTOR_SLOT, slot, "children failed", said->failed, counts.failed);
	check_expect(check, DOCTOR_SLOT, slot, "children cancelled", said->cancelled,
		     counts.cancelled);
	if ((line->flags & ~(uint32_t)(FAMILY_ENDS | FAMILY_ANYWAY | FAMILY_CLOSED)) != 0)
		FAMILY_FAULT(families, slot, "family flags", "only known ones", "0x%x",
			     line->flags);
	if (said->pending + said->active > 0)
		check_expect(check, DOCTOR_SLOT, slot, "deadline",
			     families->board->heads[slot].deadline, UINT64_MAX);
}

/* ---- All --------------------------------------------------------------- */

static bool any_noted(const struct check *check)
{
	for (uint32_t slot = 0; slot < check->image.board.capacity; slot++)
		if (check->notes[slot].flags != 0)
			return true;
	return false;
}

static void check_all(struct families *families)
{
	uint32_t capacity = families->board->capacity;

	for (uint32_t slot = 0; slot < capacity; slot++)
		if (is_noted(families, slot, COPY_PARENT))
			check_parent(families, slot);
	for (uint32_t slot = 0; slot < capacity; slot++)
		if (is_noted(families, slot, COPY_CHILD))
			check_child(families, slot);
}

int check_families(struct check *check)
{
	uint32_t capacity = check->image.board.capacity;
	struct families families = { .check = check, .board = &check->image.board };
	int error = 0;

	if (!any_noted(check))
		return 0;
	families.line = calloc(capacity, sizeof *families.line);
	families.met = calloc(capacity, 1);
	if (!families.line || !families.met)
		error = -ENOMEM;
	if (error == 0)
		error = image_fetch(&check->image, IMAGE_families, 0, capacity, families.line);
	if (error == 0)
		check_all(&families);
	free(families.line);
	free(families.met);
	return error;
}
