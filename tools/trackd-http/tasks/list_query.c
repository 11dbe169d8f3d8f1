/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/tasks/list_query.h"
#include "tools/common/label_text.h"
#include "tools/trackd-http/server/turns.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_DEFAULT = 50, PAGE_MAX = 500 };

static const unsigned OPEN = 1u << TRACKD_PENDING | 1u << TRACKD_ACTIVE;
static const unsigned FINAL = 1u << TRACKD_COMPLETED | 1u << TRACKD_FAILED | 1u << TRACKD_CANCELLED;

/* 0: no state has that name. */
static unsigned parse_states(const char *name)
{
	if (strcmp(name, "open") == 0)
		return OPEN;
	if (strcmp(name, "final") == 0)
		return FINAL;
	for (int state = TRACKD_PENDING; state <= TRACKD_CANCELLED; state++)
		if (strcmp(name, trackd_state_name((enum trackd_state)state)) == 0)
			return 1u << state;
	return 0;
}

/* Digits up to an end character. NULL: there are none, or the number is larger than max. */
static const char *parse_number(const char *text, uint64_t max, uint64_t *ret_number)
{
	char *end;

	if (!text || text[0] < '0' || text[0] > '9')
		return NULL;
	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	if (errno != 0 || number > max)
		return NULL;
	*ret_number = number;
	return end;
}

static const char *parse_part(const char *text, uint64_t max, char end, uint64_t *ret_number)
{
	const char *at = parse_number(text, max, ret_number);

	return at && *at == end ? at + (end != '\0') : NULL;
}

void list_place_token(const struct list_place *place, char ret_token[LIST_TOKEN])
{
	snprintf(ret_token, LIST_TOKEN, "%" PRIu64 ".%" PRIu32 ".%" PRIu32, place->serial,
		 place->ref.slot, place->ref.generation);
}

static bool parse_token(const char *token, struct list_place *ret_place)
{
	uint64_t slot, generation;

	token = parse_part(token, UINT64_MAX, '.', &ret_place->serial);
	token = parse_part(token, UINT32_MAX, '.', &slot);
	token = parse_part(token, UINT32_MAX, '\0', &generation);
	if (!token)
		return false;
	ret_place->ref = (struct trackd_ref){ (uint32_t)slot, (uint32_t)generation };
	return true;
}

static enum MHD_Result take_label(void *user, enum MHD_ValueKind kind, const char *name,
				  const char *value)
{
	struct list_query *query = user;

	(void)kind;
	if (strcmp(name, "label") != 0)
		return MHD_YES;
	if (!value || !label_text_wanted_valid(value) || query->n_labels == TRACKD_LABELS_MAX)
		query->bad_label = true;
	else
		query->labels[query->n_labels++] = value;
	return MHD_YES;
}

const char *list_query_parse(const struct request *request, struct trackd *trackd,
			     struct list_query *ret_query)
{
	const char *state = request_query(request, "state"), *kind = request_query(request, "kind");
	const char *size = request_query(request, "page_size");
	const char *token = request_query(request, "page_token");
	uint64_t number = PAGE_DEFAULT;

	*ret_query = (struct list_query){ .states = state ? parse_states(state) : OPEN | FINAL,
					  .kind = kind ? trackd_kind_find(trackd, kind) : -1,
					  .resumed = token != NULL };
	if (ret_query->states == 0)
		return "state must be pending, active, completed, failed, cancelled, open or final";
	if (kind && ret_query->kind < 0)
		return "unknown kind";
	if (size && (!parse_part(size, PAGE_MAX, '\0', &number) || number == 0))
		return "page_size must be a number, 1 to 500";
	if (token && !parse_token(token, &ret_query->from))
		return "page_token must come from an earlier answer";
	ret_query->size = (size_t)number;
	(void)MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, take_label,
					ret_query);
	if (ret_query->bad_label)
		return "label must be KEY or KEY=VALUE, and may be given 8 times";
	return NULL;
}

/* ---- The filters ---------------------------------------------------------- */

static bool is_wanted(const struct list_query *query, uint8_t state, int32_t kind)
{
	return (query->states >> state & 1u) != 0 && (query->kind < 0 || kind == query->kind);
}

static bool has_labels(const struct list_query *query, const char *text)
{
	for (unsigned i = 0; i < query->n_labels; i++)
		if (!label_text_has(text, query->labels[i]))
			return false;
	return true;
}

bool list_query_wants_view(const struct list_query *query, const struct trackd_view *view,
			   int *units)
{
	if (!is_wanted(query, view->state, view->kind))
		return false;
	if (query->n_labels == 0)
		return true;
	*units -= TURNS_LOOK;
	return has_labels(query, trackd_view_labels(view));
}

bool list_query_wants(const struct list_query *query, const struct trackd_task *task)
{
	return is_wanted(query, task->state, task->kind) && has_labels(query, task->labels);
}
