/* SPDX-License-Identifier: MIT */
/* One walk over the board, or over one owner's tasks, and a sort. */
#include "tools/trackctl/view/listing.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- The filter -------------------------------------------------------- */

/* Whether a comma-separated list has this word. */
static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0'))
			return true;
	}
	return false;
}

bool listing_passes(const struct listing_filter *filter, const struct trackd_task *task)
{
	if (filter->owner && strcmp(filter->owner, task->owner) != 0)
		return false;
	if (filter->kind && strcmp(filter->kind, task->kind_name) != 0)
		return false;
	if (!labels_pass(&filter->labels, task->labels))
		return false;
	return !filter->state ||
	       has_word(filter->state, trackd_state_name((enum trackd_state)task->state)) ||
	       has_word(filter->state, task->status);
}

static bool is_stage(struct ctl *ctl, const char *word)
{
	for (int kind = 0; kind < TRACKD_KINDS_MAX; kind++)
		if (trackd_stage_find(ctl->trackd, kind, word) >= 0)
			return true;
	return false;
}

static bool is_state(const char *word)
{
	for (int state = TRACKD_PENDING; state <= TRACKD_CANCELLED; state++)
		if (strcmp(word, trackd_state_name((enum trackd_state)state)) == 0)
			return true;
	return false;
}

static int check_state_word(struct ctl *ctl, const char *word)
{
	if (is_state(word) || is_stage(ctl, word))
		return 0;
	return ctl_fail(EXIT_CODE_USAGE,
			"\"%s\" is neither a state (pending, active, completed, failed, cancelled) "
			"nor a stage; trackctl kinds shows the stages",
			word);
}

int listing_check(struct ctl *ctl, const struct listing_filter *filter)
{
	char word[TRACKD_STAGE_NAME_MAX + 1];
	const char *at = filter->state;
	int code = 0;

	if (filter->kind && trackd_kind_find(ctl->trackd, filter->kind) < 0)
		return ctl_fail(EXIT_CODE_USAGE,
				"no kind \"%s\" on this board; trackctl kinds lists them",
				filter->kind);
	while (code == 0 && at) {
		size_t length = strcspn(at, ",");
		size_t kept = length < sizeof word ? length : sizeof word - 1;

		memcpy(word, at, kept);
		word[kept] = '\0';
		code = check_state_word(ctl, word);
		at = at[length] == ',' ? at + length + 1 : NULL;
	}
	return code;
}

/* ---- Reading ----------------------------------------------------------- */

static struct listing_entry *new_entry(struct listing *listing)
{
	if (listing->n == listing->room) {
		size_t room = listing->room ? listing->room * 2 : 256;
		struct listing_entry *more =
			realloc(listing->entries, room * sizeof *listing->entries);

		if (!more)
			return NULL;
		listing->entries = more;
		listing->room = room;
	}
	return &listing->entries[listing->n++];
}

static int newest_first(const void *a, const void *b)
{
	const struct listing_entry *one = a, *other = b;

	if (one->created_ns != other->created_ns)
		return one->created_ns < other->created_ns ? 1 : -1;
	return one->ref.slot < other->ref.slot ? 1 : one->ref.slot > other->ref.slot ? -1 : 0;
}

/* Whether it is worth copying: labels are compared in place. */
static bool may_pass(struct ctl *ctl, const struct listing_filter *filter, struct trackd_ref ref)
{
	struct trackd_view view = TRACKD_VIEW_INIT;

	if (filter->labels.n == 0)
		return true;
	return trackd_get(ctl->trackd, ref, &view) == 0 &&
	       labels_pass(&filter->labels, trackd_view_labels(&view));
}

int listing_read(struct ctl *ctl, const struct listing_filter *filter, struct listing *listing)
{
	struct trackd_iter iter;
	struct trackd_ref ref;
	struct trackd_task task = TRACKD_TASK_INIT;
	int error = 0;

	listing->n = 0;
	if (filter->owner)
		error = trackd_iter_owner(ctl->trackd, filter->owner, &iter);
	else
		trackd_iter_all(ctl->trackd, &iter);
	if (error < 0)
		return ctl_error(error, "owner \"%s\"", filter->owner);
	while (trackd_next(ctl->trackd, &iter, &ref) > 0) {
		if (!may_pass(ctl, filter, ref) || ctl_copy(ctl, ref, &task) < 0 ||
		    !listing_passes(filter, &task))
			continue; /* a task removed meanwhile is not an error */
		struct listing_entry *entry = new_entry(listing);
		if (!entry)
			return ctl_error(-ENOMEM, "cannot list the tasks");
		*entry = (struct listing_entry){ ref, task.created_ns, task.state };
	}
	if (listing->n > 0)
		qsort(listing->entries, listing->n, sizeof *listing->entries, newest_first);
	return 0;
}

void listing_free(struct listing *listing)
{
	free(listing->entries);
	*listing = (struct listing){ 0 };
}
