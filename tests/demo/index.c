/* SPDX-License-Identifier: MIT */
/* The files of the index, and looking into them. */
#include "index.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, HITS_SHOWN = 5, DOCUMENTS_MAX = 4096 };

/* ---- Putting ------------------------------------------------------------ */

static FILE *begin(const char *folder, const char *id)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof path, "%s/.%s.new", folder, id);
	return fopen(path, "we");
}

static int commit(FILE *file, const char *folder, const char *id, const char *suffix)
{
	char path[PATH_SIZE], beside[PATH_SIZE];
	int failed = ferror(file);

	snprintf(path, sizeof path, "%s/%s.%s", folder, id, suffix);
	snprintf(beside, sizeof beside, "%s/.%s.new", folder, id);
	failed |= fclose(file);
	if (failed)
		return -EIO;
	return rename(beside, path) < 0 ? -errno : 0;
}

int index_put_words(const char *folder, const char *id, const struct counts *counts)
{
	FILE *file = begin(folder, id);

	if (!file)
		return -errno;
	for (uint32_t i = 0; i < counts->n_slots; i++)
		if (counts->slots[i].n > 0)
			fprintf(file, "%s %u %u\n", counts->slots[i].word, counts->slots[i].n,
				counts->slots[i].page);
	return commit(file, folder, id, "words");
}

int index_put_vectors(const char *folder, const char *id, const struct vector *vectors, size_t n)
{
	FILE *file = begin(folder, id);

	if (!file)
		return -errno;
	fwrite(vectors, sizeof *vectors, n, file);
	return commit(file, folder, id, "vectors");
}

int index_put_summary(const char *folder, const char *id, const char *title, const char *summary)
{
	FILE *file = begin(folder, id);

	if (!file)
		return -errno;
	fprintf(file, "%s\n%s\n", title, summary);
	return commit(file, folder, id, "summary");
}

/* ---- Going through the folder ------------------------------------------- */

/* The next file of a suffix: its document's id, its path. */
static int next_file(DIR *dir, const char *folder, const char *suffix, char *id, char *path)
{
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		char *dot = strrchr(entry->d_name, '.');
		if (entry->d_name[0] == '.' || !dot || strcmp(dot + 1, suffix) != 0)
			continue;
		snprintf(path, PATH_SIZE, "%s/%s", folder, entry->d_name);
		*dot = '\0';
		snprintf(id, 64, "%.63s", entry->d_name);
		return 1;
	}
	return 0;
}

static void compare_file(const char *path, const char *id, const struct vector *vector,
			 struct index_likeness *best)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const struct vector *vectors = MAP_FAILED;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0)
		vectors = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (vectors == MAP_FAILED)
		return;
	for (size_t i = 0; i < (size_t)st.st_size / sizeof *vectors; i++) {
		double likeness = vector_likeness(vector, &vectors[i]);
		if (likeness > best->likeness) {
			best->likeness = likeness;
			snprintf(best->id, sizeof best->id, "%s", id);
		}
	}
	munmap((void *)vectors, (size_t)st.st_size);
}

int index_compare(const char *folder, const char *own_id, const struct vector *vector,
		  struct index_likeness *best)
{
	char id[64], path[PATH_SIZE];
	DIR *dir = opendir(folder);

	if (!dir)
		return -errno;
	while (next_file(dir, folder, "vectors", id, path))
		if (strcmp(id, own_id) != 0)
			compare_file(path, id, vector, best);
	closedir(dir);
	return 0;
}

/* ---- Searching ---------------------------------------------------------- */

struct hit {
	char id[64];
	double score;
	uint32_t page;
};

/* A word in a document's file of words: how often and where first; false if it is not in it. */
static bool look_up(const char *path, const char *wanted, struct hit *hit)
{
	FILE *file = fopen(path, "re");
	size_t size = 0, length = strlen(wanted);
	char *line = NULL, *rest;
	bool found = false;

	while (file && !found && getline(&line, &size, file) >= 0) {
		if (strncmp(line, wanted, length) != 0 || line[length] != ' ')
			continue;
		hit->score = 1 + log((double)strtoul(line + length, &rest, 10));
		hit->page = (uint32_t)strtoul(rest, NULL, 10);
		found = true;
	}
	free(line);
	if (file)
		fclose(file);
	return found;
}

static size_t add_hit(struct hit *hits, size_t n_hits, const struct hit *found)
{
	for (size_t i = 0; i < n_hits; i++)
		if (strcmp(hits[i].id, found->id) == 0) {
			hits[i].score += found->score;
			return n_hits;
		}
	if (n_hits == DOCUMENTS_MAX)
		return n_hits;
	hits[n_hits] = *found;
	return n_hits + 1;
}

/* One word's hits are added to the documents' scores; rare words weigh more. */
static size_t search_word(const char *folder, const char *wanted, struct hit *hits, size_t n_hits)
{
	char path[PATH_SIZE];
	struct hit found[DOCUMENTS_MAX];
	size_t n_found = 0, n_documents = 0;
	DIR *dir = opendir(folder);

	while (dir && n_documents < DOCUMENTS_MAX &&
	       next_file(dir, folder, "words", found[n_found].id, path)) {
		n_documents++;
		if (look_up(path, wanted, &found[n_found]))
			n_found++;
	}
	if (dir)
		closedir(dir);
	for (size_t i = 0; i < n_found; i++) {
		found[i].score *= log(1 + (double)n_documents / (double)n_found);
		n_hits = add_hit(hits, n_hits, &found[i]);
	}
	return n_hits;
}

static int by_score(const void *one, const void *other)
{
	double a = ((const struct hit *)one)->score, b = ((const struct hit *)other)->score;

	return (a < b) - (a > b);
}

static void show_hit(const char *folder, const struct hit *hit)
{
	char path[PATH_SIZE], title[256] = "", summary[512] = "";
	FILE *file;

	snprintf(path, sizeof path, "%s/%s.summary", folder, hit->id);
	file = fopen(path, "re");
	if (file) {
		if (!fgets(title, sizeof title, file) || !fgets(summary, sizeof summary, file))
			summary[0] = '\0';
		fclose(file);
	}
	title[strcspn(title, "\n")] = '\0';
	summary[strcspn(summary, "\n")] = '\0';
	printf("  %5.2f  %-22s page %-3u %.58s\n", hit->score, title[0] ? title : hit->id,
	       hit->page, summary);
}

int index_search(const char *folder, char **words, int n)
{
	struct hit *hits = calloc(DOCUMENTS_MAX, sizeof *hits);
	size_t n_hits = 0;

	if (!hits)
		return -ENOMEM;
	for (int i = 0; i < n; i++) {
		struct word word = { .end = words[i] };
		while (words_next(&word))
			n_hits = search_word(folder, word.lower, hits, n_hits);
	}
	qsort(hits, n_hits, sizeof *hits, by_score);
	for (size_t i = 0; i < n_hits && i < HITS_SHOWN; i++)
		show_hit(folder, &hits[i]);
	free(hits);
	return n_hits > 0 ? 0 : -ENOENT;
}
