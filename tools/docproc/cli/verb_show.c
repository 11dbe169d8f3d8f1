/* SPDX-License-Identifier: MIT */
/* docproc show: a document's summary and metadata from the store. */
#include "tools/common/task_json.h"
#include "tools/common/time_format.h"
#include "tools/docproc/cli/store_verb.h"
#include "tools/docproc/cli/verbs.h"
#include "tools/docproc/cli/wrap.h"
#include <stdlib.h>

#define SECOND_NS UINT64_C(1000000000)

struct wish {
	const char *id, *owner; /* owner NULL: any */
	bool json;
};

static struct wish wish;

#define OPT(member, ...) OPTION(struct wish, member, __VA_ARGS__)
static const struct option_entry entries[] = {
	OPT(owner, .name = "owner", .takes = "USER", .help = "only if this user owns it",
	    .set = option_word),
	OPT(json, .name = "json", .help = "as JSON", .set = option_switch),
	{ 0 },
};
#undef OPT

/* ---- Showing ------------------------------------------------------------ */

static uint64_t in_ns(int64_t seconds)
{
	return seconds > 0 ? (uint64_t)seconds * SECOND_NS : 0;
}

static void print_field(const char *label, const char *value)
{
	char *safe = look_printable(value);

	printf("%9s: %s\n", label, safe ? safe : "");
	free(safe);
}

static void print_number(const char *label, uint32_t number)
{
	printf("%9s: %u\n", label, number);
}

static void print_time(const char *label, int64_t seconds)
{
	char text[MOMENT_TEXT];

	time_format_local(text, in_ns(seconds), time_now());
	print_field(label, text);
}

static void print_summary(const struct wrap *wrap, const char *summary)
{
	char *safe = look_printable(summary);

	if (safe && safe[0] != '\0') {
		printf("\n");
		wrap_print(stdout, wrap, 0, safe, NULL, 0);
	}
	free(safe);
}

static int print_document(const struct store_document *document)
{
	struct wrap wrap = wrap_look();
	char *name = look_printable(document->name);

	printf("%s%s%s\n", wrap_on(&wrap), name ? name : "", wrap_off(&wrap));
	free(name);
	print_field("Id", document->id);
	if (document->owner[0] != '\0')
		print_field("Owner", document->owner);
	print_field("Type", document->content_type);
	if (document->pages > 0)
		print_number("Pages", document->pages);
	print_field("Language", document->language);
	print_number("Chunks", document->n_chunks);
	print_time("Created", document->created_at);
	print_time("Finished", document->finished_at);
	print_summary(&wrap, document->summary);
	return EXIT_CODE_DONE;
}

static int print_json(const struct store_document *document)
{
	return look_print_json(json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o}", "document_id",
		look_json_text(document->id), "owner", task_json_optional(document->owner), "name",
		look_json_text(document->name), "content_type",
		look_json_text(document->content_type), "pages",
		document->pages ? json_integer(document->pages) : json_null(), "language",
		look_json_text(document->language), "chunks", (json_int_t)document->n_chunks,
		"created_at", task_json_time(in_ns(document->created_at)), "finished_at",
		task_json_time(in_ns(document->finished_at)), "summary",
		look_json_text(document->summary)));
}

/* ---- Looking ------------------------------------------------------------ */

static int not_found(void)
{
	struct failure failure;

	failure_set(&failure, "There is no finished document %.64s%s", wish.id,
		    wish.owner ? " of this user" : "");
	failure_advise(&failure,
		       "trackctl show %.64s shows whether it is being processed; docproc search "
		       "finds documents by their text",
		       wish.id);
	return look_fail(EXIT_CODE_NOT_FOUND, &failure);
}

static int show(struct store *store)
{
	struct store_document document;
	struct failure failure;
	int code, found = store_get(store, wish.id, wish.owner, &document, &failure);

	if (found < 0)
		return look_fail(EXIT_CODE_TASK_FAILED, &failure);
	if (found == 0)
		return not_found();
	code = wish.json ? print_json(&document) : print_document(&document);
	free(document.summary);
	return code;
}

static int run(const struct config *config, int n_arguments, char **arguments)
{
	struct store *store;
	int code = look_open(config, &store);

	(void)n_arguments;
	if (code != 0)
		return code;
	wish.id = arguments[0];
	code = show(store);
	store_close(store);
	return code;
}

const struct verb verb_show = {
	VERB("show", "A document and its summary", run),
	VERB_ARGUMENTS("ID [--owner USER] [--json]", 1, 1, "@id"),
	VERB_OPTIONS(entries, wish),
	.asks = "exactly one document id is required",
};
