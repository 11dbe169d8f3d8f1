/* SPDX-License-Identifier: MIT */
/*
 * The index that the workers build together, a folder with three files a document: its title and
 * summary, its words with their counts, and the vectors of its pieces. A file appears whole, by
 * rename, so that a worker that is killed leaves none that is half.
 */
#ifndef DEMO_INDEX_H
#define DEMO_INDEX_H

#include "vector.h"
#include "words.h"

int index_put_words(const char *folder, const char *id, const struct counts *counts);
int index_put_vectors(const char *folder, const char *id, const struct vector *vectors, size_t n);
int index_put_summary(const char *folder, const char *id, const char *title, const char *summary);

/* The document whose pieces are most like this one, by its file's name; "" if there is none yet. */
struct index_likeness {
	char id[64];
	double likeness;
};
/* Compare a piece with every piece in the index, and keep the best in *best. 0 or -errno. */
int index_compare(const char *folder, const char *own_id, const struct vector *vector,
		  struct index_likeness *best);

/* Print the documents in which these words weigh most. 0 if there are any, else -ENOENT. */
int index_search(const char *folder, char **words, int n);

#endif
