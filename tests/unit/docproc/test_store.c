/* SPDX-License-Identifier: MIT */
/* The document store: an attempt is invisible until it is finished, and then replaces the document
 * at once; whatever happens in between, the store stays intact and keeps its earlier content. */
#include "tests/unit/docproc/lighthouse.h"

/* ---- In and out --------------------------------------------------------- */

static void a_document_comes_out_as_it_went_in(void **state)
{
	struct library *library = *state;
	struct store_document document = { 0 };
	int64_t before = time(NULL);

	add_new(library, "one");
	assert_int_equal(store_get(library->store, "one", NULL, &document, &library->failure), 1);
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
	assert_int_equal(store_get(library->store, "two", NULL, &document, &library->failure), 0);
	assert_sound(library->store);
}

static void chunks_and_vectors_read_by_the_documents_id(void **state)
{
	struct library *library = *state;

	add_new(library, "one");
	assert_int_equal(library_number(library->store,
					"SELECT count(*) FROM chunks WHERE document_id = 'one'"
					" AND position = 2 AND page = 3 AND heading = 'Findings'"
					" AND text = 'Nobody lives there.'"),
			 1);
	/* 2.0 as a float32 has the bytes 00 00 00 40 when the lowest comes first. */
	assert_int_equal(library_number(library->store,
					"SELECT count(*) FROM vectors WHERE document_id = 'one'"
					" AND position = 1 AND hex(embedding) ="
					" '0000000000000040' || printf('%.496c', '0')"),
			 1);
}

static void an_owner_sees_only_what_is_his(void **state)
{
	struct library *library = *state;
	static const char *const owners[] = { "alice", "",  "o'hara",     "\" OR 1=1 --", "%",
					      "a_ice", "Α", "zo\xc3\xab", "null" };
	enum { N = sizeof owners / sizeof owners[0] };
	struct store_document document = { 0 };

	for (size_t i = 0; i < N; i++) {
		char id[16];

		snprintf(id, sizeof id, "d%zu", i);
		library_add(library, id, owners[i], N_OLD, OLD);
	}
	for (size_t i = 0; i < N; i++)
		for (size_t j = 0; j < N; j++) {
			char id[16];
			int seen;

			snprintf(id, sizeof id, "d%zu", i);
			seen = store_get(library->store, id, owners[j], &document,
					 &library->failure);
			assert_int_equal(seen, i == j);
			if (seen)
				free(document.summary);
		}
}

/* ---- Attempts ----------------------------------------------------------- */

static void an_attempt_hides_until_it_is_finished(void **state)
{
	struct library *library = *state;
	struct store *reader;

	add_old(library, "one");
	reader = library_connect(library, STORE_READ);
	assert_int_equal(put_new(library, "one"), 0);
	assert_int_equal(chunks_of(library, "one"), N_OLD);
	assert_int_equal(found(reader, "granite"), 1);
	assert_int_equal(found(reader, "steel"), 0);
	assert_sound(library->store);

	assert_int_equal(store_finish(library->store, "one", "New.", &library->failure), 0);
	assert_int_equal(chunks_of(library, "one"), N_NEW);
	assert_int_equal(found(reader, "granite"), 0);
	assert_int_equal(found(reader, "steel"), 1);
	assert_int_equal(library_number(reader, "SELECT count(*) FROM documents"), 1);
	assert_int_equal(library_number(reader, "SELECT count(*) FROM chunks"), N_NEW);
	assert_sound(library->store);
	store_close(reader);
}

static void another_attempt_takes_the_place_of_one_left_behind(void **state)
{
	struct library *library = *state;

	assert_int_equal(put_old(library, "one"), 0);
	assert_int_equal(put_new(library, "one"), 0);
	assert_int_equal(chunks_of(library, "one"), 0);
	assert_int_equal(library_number(library->store, "SELECT count(*) FROM chunks"), N_NEW);
	assert_int_equal(store_finish(library->store, "one", "", &library->failure), 0);
	assert_sound(library->store);
}

static void abandoning_leaves_finished_documents(void **state)
{
	static const char *const ids[] = { "one", "two", "three" };
	struct library *library = *state;

	add_old(library, "one");
	for (int i = 0; i < 3; i++)
		assert_int_equal(put_new(library, ids[i]), 0);
	assert_int_equal(store_abandon(library->store, "two", &library->failure), 0);
	assert_int_equal(library_number(library->store,
					"SELECT count(*) FROM documents WHERE finished_at IS NULL"),
			 2);
	assert_int_equal(store_abandon(library->store, NULL, &library->failure), 0);
	assert_int_equal(store_abandon(library->store, NULL, &library->failure), 0);
	assert_int_equal(library_number(library->store, "SELECT count(*) FROM documents"), 1);
	assert_int_equal(library_number(library->store, "SELECT count(*) FROM chunk_rows"), N_OLD);
	assert_int_equal(chunks_of(library, "one"), N_OLD);
	assert_sound(library->store);
}

static void finishing_without_an_attempt_loses_nothing(void **state)
{
	struct library *library = *state;

	add_old(library, "one");
	assert_int_equal(store_finish(library->store, "one", "New.", &library->failure), FAILED);
	assert_string_equal(library->failure.error,
			    "The document left the store while it was processed");
	assert_int_equal(chunks_of(library, "one"), N_OLD);
}

/* ---- The provider ------------------------------------------------------- */

static void vectors_of_another_kind_are_refused(void **state)
{
	struct library *library = *state;

	/* Nothing depends on the first yet. */
	assert_int_equal(store_provider(library->store, "other", 4, &library->failure), 0);
	assert_int_equal(store_provider(library->store, LIBRARY_PROVIDER, LIBRARY_DIMENSION,
					&library->failure),
			 0);
	add_old(library, "one");
	assert_int_equal(
		store_provider(library->store, "other", LIBRARY_DIMENSION, &library->failure),
		FAILED);
	assert_string_equal(library->failure.error,
			    "The document store holds vectors of another kind");
	assert_non_null(strstr(library->failure.advice, "process all documents again"));
	assert_int_equal(store_provider(library->store, LIBRARY_PROVIDER, 4, &library->failure),
			 FAILED);
	/* Using the store after the refusal fails too. */
	assert_int_equal(put_old(library, "two"), FAILED);
	assert_int_equal(store_provider(library->store, LIBRARY_PROVIDER, LIBRARY_DIMENSION,
					&library->failure),
			 0);
	assert_int_equal(put_old(library, "two"), 0);
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
	add_old(&other, "one");
	assert_int_equal(put_old(&library, "two"), FAILED);
	assert_string_equal(library.failure.error,
			    "The document store holds vectors of another kind");
	assert_int_equal(library_number(library.store, "SELECT count(*) FROM documents"), 1);
	library_close(&other);
	library_close(&library);
}

static const struct CMUnitTest tests[] = {
	LIBRARY_TEST(a_document_comes_out_as_it_went_in),
	LIBRARY_TEST(chunks_and_vectors_read_by_the_documents_id),
	LIBRARY_TEST(an_owner_sees_only_what_is_his),
	LIBRARY_TEST(an_attempt_hides_until_it_is_finished),
	LIBRARY_TEST(another_attempt_takes_the_place_of_one_left_behind),
	LIBRARY_TEST(abandoning_leaves_finished_documents),
	LIBRARY_TEST(finishing_without_an_attempt_loses_nothing),
	LIBRARY_TEST(vectors_of_another_kind_are_refused),
	cmocka_unit_test(a_provider_settled_in_between_is_noticed),
};

SUITE(tests)
