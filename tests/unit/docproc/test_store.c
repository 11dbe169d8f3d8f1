/* SPDX-License-Identifier: MIT */
/* The document store: an attempt is nothing to anybody before it is finished, and then takes its
 * place whole; whatever happens in between, the store is sound and says what it said before. */
#include "tests/unit/docproc/library.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const OLD[] = { "The old lighthouse stands in the north.",
				   "It was built of granite in 1811." };
static const char *const NEW[] = { "The new lighthouse stands in the south.", "It is of steel.",
				   "Nobody lives there." };

enum { N_OLD = 2, N_NEW = 3 };

static void assert_sound(struct store *store)
{
	const char *fault = library_fault(store);

	if (fault)
		fail_msg("%s", fault);
}

/* Chunks of a finished document that a query of the index finds. */
static int64_t found(struct store *store, const char *word)
{
	char sql[256];

	snprintf(sql, sizeof sql,
		 "SELECT count(*) FROM chunks_fts f JOIN chunk_rows c ON c.chunk = f.rowid"
		 " JOIN documents d ON d.number = c.document"
		 " WHERE chunks_fts MATCH '%s' AND d.finished_at IS NOT NULL",
		 word);
	return library_number(store, sql);
}

static bool has(struct library *library, const char *id, uint32_t *ret_chunks)
{
	struct store_document document = { 0 };
	int result = store_get(library->store, id, NULL, &document, &library->failure);

	if (result < 0)
		fail_msg("%s", library->failure.error);
	if (result == 1) {
		*ret_chunks = document.n_chunks;
		free(document.summary);
	}
	return result == 1;
}

/* ---- In and out --------------------------------------------------------- */

static void a_document_comes_out_as_it_went_in(void **state)
{
	struct library library;
	struct store_document document = { 0 };
	int64_t before = time(NULL);

	(void)state;
	library_open(&library);
	library_add(&library, "one", "alice", N_NEW, NEW);
	assert_int_equal(store_get(library.store, "one", NULL, &document, &library.failure), 1);
	assert_string_equal(document.id, "one");
	assert_string_equal(document.owner, "alice");
	assert_string_equal(document.name, "report.pdf");
	assert_string_equal(document.content_type, "application/pdf");
	assert_string_equal(document.language, "en");
	assert_string_equal(document.summary, "In short.");
	assert_int_equal(document.pages, 7);
	assert_int_equal(document.n_chunks, N_NEW);
	assert_int_equal(document.created_at, 1700000000);
	assert_in_range(document.finished_at, before, time(NULL));
	free(document.summary);
	assert_int_equal(store_get(library.store, "two", NULL, &document, &library.failure), 0);
	assert_sound(library.store);
	library_close(&library);
}

static void chunks_and_vectors_read_by_the_documents_id(void **state)
{
	struct library library;

	(void)state;
	library_open(&library);
	library_add(&library, "one", "alice", N_NEW, NEW);
	assert_int_equal(library_number(library.store,
					"SELECT count(*) FROM chunks WHERE document_id = 'one'"
					" AND position = 2 AND page = 3 AND heading = 'Findings'"
					" AND text = 'Nobody lives there.'"),
			 1);
	/* 2.0 as a float32 has the bytes 00 00 00 40 when the lowest comes first. */
	assert_int_equal(library_number(library.store,
					"SELECT count(*) FROM vectors WHERE document_id = 'one'"
					" AND position = 1 AND hex(embedding) ="
					" '0000000000000040' || printf('%.496c', '0')"),
			 1);
	library_close(&library);
}

static void an_owner_sees_only_what_is_his(void **state)
{
	static const char *const owners[] = { "alice", "",  "o'hara",     "\" OR 1=1 --", "%",
					      "a_ice", "Α", "zo\xc3\xab", "null" };
	enum { N = sizeof owners / sizeof owners[0] };
	struct library library;
	struct store_document document = { 0 };

	(void)state;
	library_open(&library);
	for (size_t i = 0; i < N; i++) {
		char id[16];

		snprintf(id, sizeof id, "d%zu", i);
		library_add(&library, id, owners[i], N_OLD, OLD);
	}
	for (size_t i = 0; i < N; i++)
		for (size_t j = 0; j < N; j++) {
			char id[16];
			int seen;

			snprintf(id, sizeof id, "d%zu", i);
			seen = store_get(library.store, id, owners[j], &document, &library.failure);
			assert_int_equal(seen, i == j);
			if (seen)
				free(document.summary);
		}
	library_close(&library);
}

/* ---- Attempts ----------------------------------------------------------- */

static void an_attempt_hides_until_it_is_finished(void **state)
{
	struct library library;
	struct store *reader;
	uint32_t n = 0;

	(void)state;
	library_open(&library);
	library_add(&library, "one", "alice", N_OLD, OLD);
	reader = library_connect(&library, STORE_READ);
	assert_int_equal(library_put(&library, "one", "alice", N_NEW, NEW), 0);
	assert_true(has(&library, "one", &n));
	assert_int_equal(n, N_OLD);
	assert_int_equal(found(reader, "granite"), 1);
	assert_int_equal(found(reader, "steel"), 0);
	assert_sound(library.store);

	assert_int_equal(store_finish(library.store, "one", "New.", &library.failure), 0);
	assert_true(has(&library, "one", &n));
	assert_int_equal(n, N_NEW);
	assert_int_equal(found(reader, "granite"), 0);
	assert_int_equal(found(reader, "steel"), 1);
	assert_int_equal(library_number(reader, "SELECT count(*) FROM documents"), 1);
	assert_int_equal(library_number(reader, "SELECT count(*) FROM chunks"), N_NEW);
	assert_sound(library.store);
	store_close(reader);
	library_close(&library);
}

static void another_attempt_takes_the_place_of_one_left_behind(void **state)
{
	struct library library;
	uint32_t n = 0;

	(void)state;
	library_open(&library);
	assert_int_equal(library_put(&library, "one", "alice", N_OLD, OLD), 0);
	assert_int_equal(library_put(&library, "one", "alice", N_NEW, NEW), 0);
	assert_false(has(&library, "one", &n));
	assert_int_equal(library_number(library.store, "SELECT count(*) FROM chunks"), N_NEW);
	assert_int_equal(store_finish(library.store, "one", "", &library.failure), 0);
	assert_sound(library.store);
	library_close(&library);
}

static void abandoning_leaves_finished_documents(void **state)
{
	struct library library;
	uint32_t n = 0;

	(void)state;
	library_open(&library);
	library_add(&library, "one", "alice", N_OLD, OLD);
	for (int i = 0; i < 3; i++)
		assert_int_equal(library_put(&library,
					     i == 0   ? "one"
					     : i == 1 ? "two"
						      : "three",
					     "alice", N_NEW, NEW),
				 0);
	assert_int_equal(store_abandon(library.store, "two", &library.failure), 0);
	assert_int_equal(library_number(library.store,
					"SELECT count(*) FROM documents WHERE finished_at IS NULL"),
			 2);
	assert_int_equal(store_abandon(library.store, NULL, &library.failure), 0);
	assert_int_equal(store_abandon(library.store, NULL, &library.failure), 0);
	assert_int_equal(library_number(library.store, "SELECT count(*) FROM documents"), 1);
	assert_int_equal(library_number(library.store, "SELECT count(*) FROM chunk_rows"), N_OLD);
	assert_true(has(&library, "one", &n));
	assert_sound(library.store);
	library_close(&library);
}

static void finishing_without_an_attempt_loses_nothing(void **state)
{
	struct library library;
	uint32_t n = 0;

	(void)state;
	library_open(&library);
	library_add(&library, "one", "alice", N_OLD, OLD);
	assert_int_equal(store_finish(library.store, "one", "New.", &library.failure), FAILED);
	assert_string_equal(library.failure.error,
			    "The document left the store while it was processed");
	assert_true(has(&library, "one", &n));
	assert_int_equal(n, N_OLD);
	library_close(&library);
}

/* ---- The provider ------------------------------------------------------- */

static void vectors_of_another_kind_are_refused(void **state)
{
	struct library library;

	(void)state;
	library_open(&library);
	/* Nothing depends on the first yet. */
	assert_int_equal(store_provider(library.store, "other", 4, &library.failure), 0);
	assert_int_equal(store_provider(library.store, LIBRARY_PROVIDER, LIBRARY_DIMENSION,
					&library.failure),
			 0);
	library_add(&library, "one", "alice", N_OLD, OLD);
	assert_int_equal(
		store_provider(library.store, "other", LIBRARY_DIMENSION, &library.failure),
		FAILED);
	assert_string_equal(library.failure.error,
			    "The document store holds vectors of another kind");
	assert_non_null(strstr(library.failure.advice, "process all documents again"));
	assert_int_equal(store_provider(library.store, LIBRARY_PROVIDER, 4, &library.failure),
			 FAILED);
	/* Whoever goes on all the same gets nowhere. */
	assert_int_equal(library_put(&library, "two", "alice", N_OLD, OLD), FAILED);
	assert_int_equal(store_provider(library.store, LIBRARY_PROVIDER, LIBRARY_DIMENSION,
					&library.failure),
			 0);
	assert_int_equal(library_put(&library, "two", "alice", N_OLD, OLD), 0);
	library_close(&library);
}

static void a_provider_settled_in_between_is_noticed(void **state)
{
	struct library library, other;

	(void)state;
	library_open(&library);
	other = library;
	other.store = library_connect(&library, STORE_WRITE);
	assert_int_equal(store_provider(other.store, "other", LIBRARY_DIMENSION, &other.failure),
			 0);
	library_add(&other, "one", "alice", N_OLD, OLD);
	assert_int_equal(library_put(&library, "two", "alice", N_OLD, OLD), FAILED);
	assert_string_equal(library.failure.error,
			    "The document store holds vectors of another kind");
	assert_int_equal(library_number(library.store, "SELECT count(*) FROM documents"), 1);
	library_close(&other);
	library_close(&library);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_comes_out_as_it_went_in),
		cmocka_unit_test(chunks_and_vectors_read_by_the_documents_id),
		cmocka_unit_test(an_owner_sees_only_what_is_his),
		cmocka_unit_test(an_attempt_hides_until_it_is_finished),
		cmocka_unit_test(another_attempt_takes_the_place_of_one_left_behind),
		cmocka_unit_test(abandoning_leaves_finished_documents),
		cmocka_unit_test(finishing_without_an_attempt_loses_nothing),
		cmocka_unit_test(vectors_of_another_kind_are_refused),
		cmocka_unit_test(a_provider_settled_in_between_is_noticed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
