/* SPDX-License-Identifier: MIT */
/*
 * A document as text: taken out of a manual page or a plain file page by page, then split into
 * pieces that overlap a little, as one does before embedding them.
 */
#ifndef DEMO_DOCUMENT_H
#define DEMO_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

struct piece {
	size_t start, end; /* bytes of the text */
	uint32_t page;     /* on which it starts, from 1 */
};

struct document {
	char *text; /* NUL-terminated; owned */
	size_t length, reserved;
	size_t *pages; /* where each page starts; owned */
	uint32_t n_pages;
	uint32_t n_lines;
	uint32_t n_words;
	struct piece *pieces; /* owned */
	uint32_t n_pieces;
};

/* Told after each page; a negative answer stops the work and is passed on. */
typedef int document_progress(void *user, uint32_t page);

/* Render a manual page, or read a file as it is. 0, -errno, or what progress answered. */
int document_extract(struct document *document, const char *path, document_progress *progress,
		     void *user);
/* Split the text. 0, -ENOMEM, or what progress answered. */
int document_split(struct document *document, document_progress *progress, void *user);
void document_free(struct document *document);

/* "tar(1)" of "/usr/share/man/man1/tar.1.gz"; the file's name of anything else. */
void document_title(const char *path, char *title, size_t size);

#endif
