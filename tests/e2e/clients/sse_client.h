/* SPDX-License-Identifier: MIT */
/*
 * What comes over one connection of an event stream: the head, the framing of chunks taken away, and
 * the events within. Bytes are fed as they arrive.
 */
#ifndef SSE_CLIENT_H
#define SSE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sse_client {
	char *text; /* that is not consumed, ended with NUL */
	size_t size, room;
	size_t chunk;       /* what is still to come of one */
	char line[32];      /* of a chunk's size */
	char last_id[96];   /* kept over connections */
	int status;         /* of the answer; 0: not yet */
	const char *broken; /* what is wrong with it; NULL: nothing */
};

/* One event; data "" for those without. */
typedef void sse_on_event(void *user, const char *event, const char *data);

static inline void sse_client_keep(struct sse_client *client, const char *bytes, size_t size)
{
	if (client->size + size + 1 > client->room) {
		client->room = 2 * (client->size + size) + 1024;
		client->text = realloc(client->text, client->room);
		if (!client->text)
			abort();
	}
	memcpy(client->text + client->size, bytes, size);
	client->size += size;
	client->text[client->size] = '\0';
}

/* Another connection begins. */
static inline void sse_client_reset(struct sse_client *client)
{
	client->size = client->chunk = 0;
	client->line[0] = '\0';
	client->status = 0;
}

/* A byte of the line that says how long a chunk is. */
static inline void sse_client_frame(struct sse_client *client, char byte)
{
	size_t length = strlen(client->line);

	if (byte == '\n' && length > 0) {
		client->chunk = strtoul(client->line, NULL, 16);
		client->line[0] = '\0';
	} else if (byte != '\r' && byte != '\n') {
		if (length + 2 > sizeof client->line) {
			client->broken = "a line of a chunk is too long";
			return;
		}
		client->line[length] = byte;
		client->line[length + 1] = '\0';
	}
}

static inline void sse_client_chunks(struct sse_client *client, const char *bytes, size_t size)
{
	while (size > 0 && !client->broken) {
		size_t n = size < client->chunk ? size : client->chunk;

		if (n > 0) {
			sse_client_keep(client, bytes, n);
			client->chunk -= n;
		} else {
			sse_client_frame(client, *bytes);
			n = 1;
		}
		bytes += n;
		size -= n;
	}
}

static inline void sse_client_block(struct sse_client *client, char *block, sse_on_event *on_event,
				    void *user)
{
	const char *event = "message", *data = "";
	char *save = NULL;

	for (char *line = strtok_r(block, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "event: ", 7) == 0)
			event = line + 7;
		else if (strncmp(line, "data: ", 6) == 0)
			data = line + 6;
		else if (strncmp(line, "id: ", 4) == 0)
			snprintf(client->last_id, sizeof client->last_id, "%s", line + 4);
		else if (line[0] != ':' && strncmp(line, "retry: ", 7) != 0)
			client->broken = "a line that is none of an event stream";
	}
	if (data[0] != '\0')
		on_event(user, event, data);
}

static inline void sse_client_events(struct sse_client *client, sse_on_event *on_event, void *user)
{
	char *end;

	while (client->size > 0 && (end = strstr(client->text, "\n\n")) != NULL) {
		size_t size = (size_t)(end - client->text) + 2;

		*end = '\0';
		sse_client_block(client, client->text, on_event, user);
		client->size -= size;
		memmove(client->text, client->text + size, client->size + 1);
	}
}

/* What has come. False: it is broken, and ->broken says why. */
static inline bool sse_client_feed(struct sse_client *client, const char *bytes, size_t size,
				   sse_on_event *on_event, void *user)
{
	char *end, *rest;

	if (client->status == 0) {
		sse_client_keep(client, bytes, size);
		end = strstr(client->text, "\r\n\r\n");
		if (!end)
			return true;
		client->status = (int)strtol(client->text + strlen("HTTP/1.1 "), NULL, 10);
		size = client->size - (size_t)(end + 4 - client->text);
		rest = malloc(size + 1);
		if (!rest)
			abort();
		memcpy(rest, end + 4, size);
		client->size = 0;
		if (client->status == 200)
			sse_client_chunks(client, rest, size);
		free(rest);
	} else {
		sse_client_chunks(client, bytes, size);
	}
	sse_client_events(client, on_event, user);
	return !client->broken;
}

#endif
