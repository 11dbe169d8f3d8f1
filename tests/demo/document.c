/* SPDX-License-Identifier: MIT */
/* Text out of files. Manual pages go through man(1), which runs the real formatter. */
#include "document.h"
#include "words.h"
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINES_A_PAGE = 60, WORDS_A_PIECE = 120, WORDS_SHARED = 20 };

/* ---- Names -------------------------------------------------------------- */

/* The section of a manual page, "1" or "3pm", or NULL. *ret_base: the bytes before it. */
static const char *section_of(const char *path, char *name, size_t size)
{
	const char *slash = strrchr(path, '/');
	char *dot;

	snprintf(name, size, "%s", slash ? slash + 1 : path);
	dot = strrchr(name, '.');
	if (dot && strcmp(dot, ".gz") == 0) {
		*dot = '\0';
		dot = strrchr(name, '.');
	}
	if (!dot || dot == name || dot[1] < '1' || dot[1] > '9')
		return NULL;
	*dot = '\0';
	return dot + 1;
}

void document_title(const char *path, char *title, size_t size)
{
	const char *slash = strrchr(path, '/');
	char name[256];
	const char *section = section_of(path, name, sizeof name);

	if (section)
		snprintf(title, size, "%s(%s)", name, section);
	else
		snprintf(title, size, "%s", slash ? slash + 1 : path);
}

/* ---- Reading ------------------------------------------------------------ */

static FILE *render(const char *path, pid_t *ret_pid)
{
	char *const arguments[] = { "man", "-l", (char *)path, NULL };
	char *const environment[] = { "PATH=/usr/local/bin:/usr/bin:/bin", "MANWIDTH=80",
				      "LC_ALL=C.UTF-8", NULL };
	posix_spawn_file_actions_t actions;
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	error = posix_spawnp(ret_pid, "man", &actions, NULL, arguments, environment);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (error == 0)
		return fdopen(ends[0], "r");
	close(ends[0]);
	errno = error;
	return NULL;
}

static int add_line(struct document *document, const char *line, size_t length)
{
	if (document->length + length + 1 > document->reserved) {
		size_t reserved = 2 * document->reserved + length + 4096;
		char *text = realloc(document->text, reserved);
		if (!text)
			return -ENOMEM;
		document->text = text;
		document->reserved = reserved;
	}
	memcpy(document->text + document->length, line, length);
	document->length += length;
	document->text[document->length] = '\0';
	document->n_lines++;
	return 0;
}

static int add_page(struct document *document, size_t start)
{
	size_t *pages = realloc(document->pages, (document->n_pages + 1) * sizeof *pages);

	if (!pages)
		return -ENOMEM;
	document->pages = pages;
	pages[document->n_pages++] = start;
	return 0;
}

static int read_pages(struct document *document, FILE *file, document_progress *progress,
		      void *user)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	int error = 0;

	while (error == 0 && (length = getline(&line, &size, file)) >= 0) {
		if (document->n_lines % LINES_A_PAGE == 0) {
			if (document->n_pages > 0)
				error = progress(user, document->n_pages);
			if (error == 0)
				error = add_page(document, document->length);
		}
		if (error == 0)
			error = add_line(document, line, (size_t)length);
	}
	if (error == 0 && document->n_pages > 0)
		error = progress(user, document->n_pages);
	free(line);
	return error;
}

int document_extract(struct document *document, const char *path, document_progress *progress,
		     void *user)
{
	char name[256];
	pid_t pid = 0;
	bool manual = section_of(path, name, sizeof name) != NULL;
	FILE *file = manual ? render(path, &pid) : fopen(path, "re");
	int error, status = 0;

	if (!file)
		return -errno;
	error = read_pages(document, file, progress, user);
	fclose(file);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && status != 0 && error == 0)
		error = -EIO;
	return error;
}

/* ---- Splitting ---------------------------------------------------------- */

struct splitter {
	struct document *document;
	size_t starts[WORDS_A_PIECE]; /* of the last words, by their number */
	uint32_t first;               /* word with which the next piece starts */
	uint32_t page;
};

static int add_piece(struct splitter *splitter, size_t end)
{
	struct document *document = splitter->document;
	struct piece *pieces = document->pieces;

	/* Grown by doubling, when the count is a power of two. */
	if ((document->n_pieces & (document->n_pieces - 1)) == 0) {
		size_t n = document->n_pieces ? 2 * (size_t)document->n_pieces : 1;
		pieces = realloc(pieces, n * sizeof *pieces);
		if (!pieces)
			return -ENOMEM;
		document->pieces = pieces;
	}
	pieces[document->n_pieces++] =
		(struct piece){ splitter->starts[splitter->first % WORDS_A_PIECE], end,
				splitter->page };
	splitter->first = document->n_words - WORDS_SHARED;
	return 0;
}

int document_split(struct document *document, document_progress *progress, void *user)
{
	struct splitter splitter = { .document = document, .page = 1 };
	struct word word = { .end = document->text };
	int error = 0;

	while (error == 0 && words_next(&word)) {
		size_t start = (size_t)(word.start - document->text);
		while (error == 0 && splitter.page < document->n_pages &&
		       start >= document->pages[splitter.page])
			error = progress(user, splitter.page++);
		splitter.starts[document->n_words++ % WORDS_A_PIECE] = start;
		if (error == 0 && document->n_words - splitter.first == WORDS_A_PIECE)
			error = add_piece(&splitter, (size_t)(word.end - document->text));
	}
	if (error == 0 && document->n_words > splitter.first &&
	    (document->n_pieces == 0 || document->n_words - splitter.first > WORDS_SHARED))
		error = add_piece(&splitter, document->length);
	while (error == 0 && splitter.page <= document->n_pages)
		error = progress(user, splitter.page++);
	return error;
}

void document_free(struct document *document)
{
	free(document->text);
	free(document->pages);
	free(document->pieces);
	*document = (struct document){ 0 };
}
