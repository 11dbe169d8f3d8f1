/* SPDX-License-Identifier: MIT */
/* A sorted array of pointers: new documents nearly always go to the end, and a linear search by
 * reference costs little compared with processing a document. */
#include "tools/docproc/server/queue.h"
#include <stdlib.h>
#include <string.h>

static int compare(const struct waiting *a, const struct waiting *b)
{
	if (a->entry.created_at != b->entry.created_at)
		return a->entry.created_at < b->entry.created_at ? -1 : 1;
	if (a->written_ns != b->written_ns)
		return a->written_ns < b->written_ns ? -1 : 1;
	return strcmp(a->entry.id, b->entry.id);
}

static bool make_room(struct queue *queue)
{
	size_t room = queue->room ? queue->room * 2 : 64;

	if (queue->n < queue->room)
		return true;
	struct waiting **items = realloc(queue->items, room * sizeof(struct waiting *));
	if (!items)
		return false;
	queue->items = items;
	queue->room = room;
	return true;
}

struct waiting *queue_add(struct queue *queue, const struct spool_entry *entry, int64_t written_ns)
{
	struct waiting *waiting = calloc(1, sizeof *waiting);
	size_t at = queue->n;

	if (!waiting || !make_room(queue)) {
		free(waiting);
		return NULL;
	}
	waiting->entry = *entry;
	waiting->written_ns = written_ns;
	while (at > 0 && compare(waiting, queue->items[at - 1]) < 0)
		at--;
	memmove(queue->items + at + 1, queue->items + at,
		(queue->n - at) * sizeof(struct waiting *));
	queue->items[at] = waiting;
	queue->n++;
	return waiting;
}

void queue_drop(struct queue *queue, const struct waiting *waiting)
{
	for (size_t i = 0; i < queue->n; i++) {
		if (queue->items[i] != waiting)
			continue;
		free(queue->items[i]);
		queue->n--;
		memmove(queue->items + i, queue->items + i + 1,
			(queue->n - i) * sizeof(struct waiting *));
		return;
	}
}

void queue_free(struct queue *queue)
{
	for (size_t i = 0; i < queue->n; i++)
		free(queue->items[i]);
	free(queue->items);
	*queue = (struct queue){ 0 };
}

struct waiting *queue_find(const struct queue *queue, const char *id)
{
	for (size_t i = 0; i < queue->n; i++)
		if (strcmp(queue->items[i]->entry.id, id) == 0)
			return queue->items[i];
	return NULL;
}

struct waiting *queue_find_ref(const struct queue *queue, struct trackd_ref ref)
{
	for (size_t i = 0; i < queue->n; i++) {
		const struct waiting *waiting = queue->items[i];

		if (waiting->on_board && waiting->ref.slot == ref.slot &&
		    waiting->ref.generation == ref.generation)
			return queue->items[i];
	}
	return NULL;
}
