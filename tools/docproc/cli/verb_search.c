/* SPDX-License-Identifier: MIT */
/* docproc search: passages that answer a query, with their document and page. */
#include "tools/docproc/cli/store_verb.h"
#include "tools/docproc/cli/verbs.h"
#include "tools/docproc/cli/wrap.h"
#include "tools/docproc/search/search.h"
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 5, LIMIT_MAX = 1000, MARKS = 64, INDENT = 3 };

struct wish {
	const char *owner; /* NULL: any */
	unsigned limit;
	bool json;
	char *query;
};

static struct wish wish = { .limit = LIMIT };

#define OPT(member, ...) OPTION(struct wish, member, __VA_ARGS__)
static const struct option_entry entries[] = {
	OPT(owner, .name = "owner", .takes = "USER",
	    .help = "only documents of this user; \"\": those without an owner",
	    .set = option_word),
	OPT(limit, .name = "limit", .takes = "N", .help = "maximum number of passages (default 5)",
	    .set = option_number, .min = 1, .max = LIMIT_MAX, .allowed = "a number from 1 to 1000"),
	OPT(json, .name = "json", .help = "as JSON", .set = option_switch),
	{ 0 },
};
#undef OPT

/* ---- The query ---------------------------------------------------------- */

/* Join unquoted words into one query. */
static char *join(int n, char **words)
{
	size_t size = 1;
	char *joined, *to;

	for (int i = 0; i < n; i++)
		size += strlen(words[i]) + 1;
	joined = to = calloc(1, size);
	for (int i = 0; joined && i < n; i++) {
		if (i > 0)
			*to++ = ' ';
		to = stpcpy(to, words[i]);
	}
	return joined;
}

/* ---- Showing ------------------------------------------------------------ */

static void print_title(const struct wrap *wrap, int number, const struct search_hit *hit)
{
	char *name = look_printable(hit->name), *heading = look_printable(hit->heading);

	printf("%d. %s%s%s", number, wrap_on(wrap), name ? name : "", wrap_off(wrap));
	if (hit->page > 0)
		printf(", page %u", hit->page);
	if (heading && heading[0] != '\0')
		printf(": %s", heading);
	printf("\n");
	free(name);
	free(heading);
}

static void print_hit(const struct wrap *wrap, int number, const struct search_hit *hit,
		      const struct query *query)
{
	struct passage_mark marks[MARKS];
	char *passage = look_printable(hit->passage);

	print_title(wrap, number, hit);
	if (passage) {
		size_t n = wrap->tty ? passage_marks(passage, query, marks, MARKS) : 0;

		wrap_print(stdout, wrap, INDENT, passage, marks, n);
	}
	printf("%*s%s\n", INDENT, "", hit->id);
	free(passage);
}

static int print_hits(const struct search_hit *hits, int n)
{
	struct wrap wrap = wrap_look();
	struct query query;

	if (query_parse(wish.query, &query) != 0)
		return EXIT_CODE_BUSY;
	for (int i = 0; i < n; i++) {
		if (i > 0)
			printf("\n");
		print_hit(&wrap, i + 1, &hits[i], &query);
	}
	query_free(&query);
	return EXIT_CODE_DONE;
}

static json_t *hit_json(const struct search_hit *hit)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:I, s:f, s:o}", "document_id", hit->id, "name",
			 look_json_text(hit->name), "page",
			 hit->page ? json_integer(hit->page) : json_null(), "heading",
			 hit->heading[0] ? look_json_text(hit->heading) : json_null(), "position",
			 (json_int_t)hit->position, "score", hit->score, "passage",
			 look_json_text(hit->passage));
}

static int print_json(const struct search_hit *hits, int n)
{
	json_t *array = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(array, hit_json(&hits[i]));
	return look_print_json(
		json_pack("{s:o, s:o}", "query", look_json_text(wish.query), "hits", array));
}

/* ---- Searching ---------------------------------------------------------- */

static int none_found(void)
{
	struct failure failure;

	failure_set(&failure, "Nothing found");
	failure_advise(&failure, wish.owner ? "try other words, or another --owner"
					    : "try other words, or fewer; check with docproc show "
					      "ID whether a document is in the store");
	return look_fail(EXIT_CODE_NOT_FOUND, &failure);
}

static int show(const struct search_hit *hits, int n)
{
	int code = wish.json ? print_json(hits, n) : print_hits(hits, n);

	return n == 0 && code == EXIT_CODE_DONE ? none_found() : code;
}

static int find(const struct config *config, struct store *store)
{
	struct embedder *embedder;
	struct search_hit *hits = NULL;
	struct failure failure;
	int n = embedder_open(&config->embedding, config->dimension, &embedder, &failure), code;

	if (n != 0)
		return look_fail(EXIT_CODE_TASK_FAILED, &failure);
	n = search(store, embedder, wish.owner, wish.query, wish.limit, &hits, &failure);
	embedder_close(embedder);
	if (n < 0)
		return look_fail(EXIT_CODE_TASK_FAILED, &failure);
	code = show(hits, n);
	search_free(hits, n);
	return code;
}

static int run(const struct config *config, int n_arguments, char **arguments)
{
	struct store *store;

	wish.query = join(n_arguments, arguments);
	if (!wish.query || wish.query[strspn(wish.query, " \t\n")] == '\0') {
		free(wish.query);
		return verb_misused(&verb_search, verb_search.asks);
	}
	int code = look_open(config, &store);
	if (code == 0) {
		code = find(config, store);
		store_close(store);
	}
	free(wish.query);
	return code;
}

const struct verb verb_search = {
	VERB("search", "Find passages", run),
	VERB_ARGUMENTS("QUERY [--owner USER] [--limit N] [--json]", 1, -1, NULL),
	VERB_OPTIONS(entries, wish),
	.asks = "a query is required",
};
