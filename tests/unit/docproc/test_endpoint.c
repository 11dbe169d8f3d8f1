/* SPDX-License-Identifier: MIT */
/*
 * A working and a failing embedding service over real HTTP: the requests, the retries, the message
 * of each failure, and that the key stays secret.
 */
#include "tests/harness/suite.h"
#include "tests/unit/docproc/fake.h"
#include "tools/docproc/embed/embed.h"
#include "tools/docproc/embed/feature_hash.h"
#include <math.h>
#include <sys/stat.h>

static const char *const two[] = { "one text", "and another text" };

static int set_up(void **state)
{
	(void)state;
	progress_reset();
	failure = (struct failure){ 0 };
	return 0;
}

/* Vectors of n texts. *ret_vectors: NULL unless it succeeds. */
static int embed(const struct endpoint_config *config, unsigned dimension, const char *const *texts,
		 size_t n, float **ret_vectors)
{
	struct embedder *embedder;
	int result = embedder_open(config, dimension, &embedder, &failure);

	*ret_vectors = NULL;
	if (result < 0)
		return result;
	result = embedder_embed(embedder, texts, n, NULL, ret_vectors, &failure);
	embedder_close(embedder);
	return result;
}

static size_t requests(const char *plan)
{
	json_t *log = fake_log(plan);
	size_t n = json_array_size(log);

	json_decref(log);
	return n;
}

/* ---- What goes well ------------------------------------------------------ */

static void texts_are_sent_in_batches_and_come_back_in_order(void **state)
{
	struct endpoint_config config = fake_config(&fake, "ok/batches"),
			       shuffled = fake_config(&fake, "shuffled");
	const char *texts[70];
	char text[70][32];
	float *vectors, *others;
	json_t *log;

	(void)state;
	for (size_t i = 0; i < 70; i++) {
		snprintf(text[i], sizeof text[i], "text number %zu", i);
		texts[i] = text[i];
	}
	assert_int_equal(embed(&config, 384, texts, 70, &vectors), 0);
	assert_int_equal(done, 70);
	log = fake_log("ok/batches");
	assert_int_equal(json_array_size(log), 3);
	for (size_t i = 0; i < 3; i++) {
		json_t *request = json_array_get(log, i);
		assert_int_equal(json_integer_value(json_object_get(request, "inputs")),
				 i < 2 ? EMBED_BATCH : 6);
		assert_string_equal(json_string_value(json_object_get(request, "model")), "m-1");
		assert_true(json_is_null(json_object_get(request, "authorization")));
	}
	json_decref(log);
	for (size_t i = 0; i < 70; i++) {
		const float *vector = vectors + i * 384;
		assert_true(fabs(features_cosine(vector, vector, 384) - 1) < 1e-5);
		assert_true(i == 0 || features_cosine(vector, vectors, 384) < 0.99);
	}
	assert_int_equal(embed(&shuffled, 384, texts, 70, &others), 0);
	assert_memory_equal(vectors, others, (size_t)70 * 384 * sizeof *vectors);
	free(vectors);
	free(others);
}

static void an_unknown_dimension_is_what_it_answers(void **state)
{
	struct endpoint_config config = fake_config(&fake, "dimension:768");
	struct embedder *embedder;
	float *vectors;
	char provider[1200];

	(void)state;
	assert_int_equal(embedder_open(&config, 0, &embedder, &failure), 0);
	assert_int_equal(embedder_dimension(embedder), 0);
	assert_int_equal(embedder_embed(embedder, two, 2, NULL, &vectors, &failure), 0);
	assert_int_equal(embedder_dimension(embedder), 768);
	snprintf(provider, sizeof provider, "%s m-1", config.url);
	assert_string_equal(embedder_provider(embedder), provider);
	embedder_close(embedder);
	free(vectors);
}

static void it_tries_again_and_waits_before(void **state)
{
	struct endpoint_config config = fake_config(&fake, "500,503,429,ok");
	float *vectors;
	double times[4];
	json_t *log;

	(void)state;
	config.retries = 3;
	assert_int_equal(embed(&config, 384, two, 2, &vectors), 0);
	free(vectors);
	log = fake_log("500,503,429,ok");
	assert_int_equal(json_array_size(log), 4);
	for (size_t i = 0; i < 4; i++)
		times[i] = json_real_value(json_object_get(json_array_get(log, i), "at"));
	json_decref(log);
	/* Twice as long each time, never less. */
	assert_true(times[1] - times[0] >= 0.49);
	assert_true(times[2] - times[1] >= 0.99);
	assert_true(times[3] - times[2] >= 1.99);
}

static void retry_after_is_honoured_in_both_forms(void **state)
{
	static const char *const plans[] = { "429:2,ok", "503@3,ok" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct endpoint_config config = fake_config(&fake, plans[i]);
		uint64_t before = now_ms();
		float *vectors;
		config.retries = 1;
		assert_int_equal(embed(&config, 384, two, 2, &vectors), 0);
		free(vectors);
		assert_true(now_ms() - before >= 1900); /* without: 0.5 to 0.75 s */
	}
}

/* ---- What goes wrong ----------------------------------------------------- */

static void every_failure_has_its_own_sentence(void **state)
{
	static const struct {
		const char *plan, *error; /* behind "The embedding service " */
		unsigned retries, timeout_ms, requests;
	} cases[] = {
		{ "500/1", "answered 500", 0, 0, 1 },
		{ "502/1", "answered 502 twice", 1, 0, 2 },
		{ "500/3", "answered 500 three times", 2, 0, 3 },
		{ "429/1", "asked to wait (429)", 0, 0, 1 },
		{ "429/2", "asked to wait (429) twice", 1, 0, 2 },
		{ "400", "refused the request (400)", 2, 0, 1 },
		{ "401", "refused the key (401)", 2, 0, 1 },
		{ "404", "does not know the address or the model (404)", 2, 0, 1 },
		{ "hang/1", "did not answer within 0.3 s", 0, 300, 1 },
		{ "hang/2", "did not answer within 0.25 s, twice", 1, 250, 2 },
		{ "drip", "did not answer within 0.5 s", 0, 500, 1 },
		{ "close", "closed the connection twice", 1, 0, 2 },
		{ "cut", "closed the connection", 0, 0, 1 },
		{ "garbage", "answered something that is not JSON", 2, 0, 1 },
		{ "empty", "answered something that is not JSON", 2, 0, 1 },
		{ "list", "answered without vectors", 2, 0, 1 },
		{ "nodata", "answered without vectors", 2, 0, 1 },
		{ "strings", "answered without vectors", 2, 0, 1 },
		{ "fewer", "sent 1 vectors, 2 expected", 2, 0, 1 },
		{ "more", "sent 3 vectors, 2 expected", 2, 0, 1 },
		{ "twice", "sent vectors in an invalid order", 2, 0, 1 },
		{ "dimension:768/x", "sent vectors of 768 dimensions, 384 expected", 2, 0, 1 },
		{ "mixed", "sent vectors of 383 dimensions, 384 expected", 2, 0, 1 },
		{ "nan", "sent a vector that does not consist of numbers", 2, 0, 1 },
		{ "infinite", "sent a vector that does not consist of numbers", 2, 0, 1 },
		{ "redirect", "redirected the request, which is not followed (307)", 2, 0, 1 },
		{ "huge", "answered with more than 64 MiB", 2, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct endpoint_config config = fake_config(&fake, cases[i].plan);
		char expected[256];
		float *vectors;
		config.retries = cases[i].retries;
		if (cases[i].timeout_ms)
			config.timeout_ms = cases[i].timeout_ms;
		assert_int_equal(embed(&config, 384, two, 2, &vectors), FAILED);
		assert_null(vectors);
		snprintf(expected, sizeof expected, "The embedding service %s", cases[i].error);
		assert_string_equal(failure.error, expected);
		if (requests(cases[i].plan) != cases[i].requests)
			fail_msg("%s: %zu requests", cases[i].plan, requests(cases[i].plan));
	}
	assert_int_equal(requests("ok/redirected"), 0);
}

static void the_advice_names_the_address_and_what_was_said(void **state)
{
	struct endpoint_config config = fake_config(&fake, "500/said");
	float *vectors;

	(void)state;
	assert_int_equal(embed(&config, 384, two, 2, &vectors), FAILED);
	assert_non_null(strstr(failure.advice, config.url));
	assert_non_null(strstr(failure.advice, "this is 500"));
	assert_null(strstr(failure.error, "127.0.0.1"));
}

static void nobody_there_is_said(void **state)
{
	struct endpoint_config config = { .url = "http://127.0.0.1:1/v1", .timeout_ms = 5000 };
	float *vectors;

	(void)state;
	assert_int_equal(embed(&config, 384, two, 2, &vectors), FAILED);
	assert_string_equal(failure.error, "The embedding service cannot be reached");
}

static void a_certificate_that_nobody_trusts_is_refused(void **state)
{
	struct fake tls = fake_start("--tls");
	struct endpoint_config config = fake_config(&tls, "ok");
	float *vectors;

	(void)state;
	assert_memory_equal(config.url, "https:", 6);
	assert_int_equal(embed(&config, 384, two, 2, &vectors), FAILED);
	assert_string_equal(failure.error, "The embedding service has no trusted certificate");
	fake_stop(&tls);
}

static void text_that_is_not_utf8_is_not_sent(void **state)
{
	static const char *const texts[] = { "fine", "\xff\xfe" };
	struct endpoint_config config = fake_config(&fake, "ok/utf8");
	float *vectors;

	(void)state;
	assert_int_equal(embed(&config, 384, texts, 2, &vectors), FAILED);
	assert_string_equal(failure.error, "A text is not valid UTF-8");
	assert_int_equal(requests("ok/utf8"), 0);
}

/* ---- The key ------------------------------------------------------------ */

static void write_key(struct endpoint_config *config, const char *key, mode_t mode)
{
	static char folder[128];
	FILE *file;

	if (!folder[0])
		harness_folder(folder, sizeof folder);
	snprintf(config->key_file, sizeof config->key_file, "%s/key", folder);
	unlink(config->key_file);
	file = fopen(config->key_file, "w");
	assert_non_null(file);
	fputs(key, file);
	fclose(file);
	assert_int_equal(chmod(config->key_file, mode), 0);
}

static void the_key_is_sent(void **state)
{
	struct endpoint_config config = fake_config(&fake, "ok/key");
	float *vectors;
	json_t *log;

	(void)state;
	write_key(&config, "  sk-secret-1\n", 0600);
	assert_int_equal(embed(&config, 384, two, 2, &vectors), 0);
	free(vectors);
	log = fake_log("ok/key");
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(log, 0), "authorization")),
		"Bearer sk-secret-1");
	json_decref(log);
}

/* A service that says back what it was sent would bring it into the log. */
static void the_key_is_in_no_message(void **state)
{
	struct endpoint_config config = fake_config(&fake, "echo");
	float *vectors;

	(void)state;
	write_key(&config, "sk-secret-1\n", 0400);
	assert_int_equal(embed(&config, 384, two, 2, &vectors), FAILED);
	assert_string_equal(failure.error, "The embedding service answered 500");
	assert_null(strstr(failure.advice, "secret"));
}

static void check_key_refused(struct endpoint_config *config, const char *advice)
{
	float *vectors;

	assert_int_equal(embed(config, 384, two, 2, &vectors), FAILED);
	assert_string_equal(failure.error, "The key of the embedding service cannot be used");
	assert_non_null(strstr(failure.advice, advice));
	assert_non_null(strstr(failure.advice, config->key_file));
}

static void a_key_that_cannot_be_used_is_refused(void **state)
{
	static const mode_t modes[] = { 0644, 0602, 0620 };
	static const char *const keys[] = { "", " \n", "two words", "k\r\nX-Header: y",
					    "k\xc3\xa9" };
	struct endpoint_config config = fake_config(&fake, "ok/refused");
	float *vectors;

	(void)state;
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		write_key(&config, "k\n", modes[i]);
		check_key_refused(&config, "chmod 600");
	}
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		write_key(&config, keys[i], 0600);
		check_key_refused(&config, "must hold a key");
	}
	unlink(config.key_file);
	assert_int_equal(embed(&config, 384, two, 2, &vectors), FAILED);
	assert_non_null(strstr(failure.advice, "No such file"));
	assert_int_equal(requests("ok/refused"), 0);
	write_key(&config, "k", 0640); /* the service's group may */
	assert_int_equal(embed(&config, 384, two, 2, &vectors), 0);
	free(vectors);
}

static void a_key_is_not_sent_in_clear_over_a_network(void **state)
{
	static const char *const urls[] = { "http://192.0.2.1/v1",
					    "http://127.0.0.1.example.org/v1",
					    "http://localhost@example.org/v1" };
	struct endpoint_config config = { .timeout_ms = 1000 };
	float *vectors;

	(void)state;
	write_key(&config, "k", 0600);
	for (size_t i = 0; i < 3; i++) {
		snprintf(config.url, sizeof config.url, "%s", urls[i]);
		assert_int_equal(embed(&config, 384, two, 2, &vectors), FAILED);
		assert_string_equal(failure.error,
				    "The key of the embedding service cannot be used");
		assert_non_null(strstr(failure.advice, "https"));
	}
	snprintf(config.url, sizeof config.url, "ftp://127.0.0.1/v1");
	assert_int_equal(embed(&config, 384, two, 2, &vectors), FAILED);
	assert_string_equal(failure.error, "The address of the embedding service is not valid");
}

/* ---- Cancelling ---------------------------------------------------------- */

static void a_cancel_is_noticed_at_once(void **state)
{
	/* While it waits for an answer, and while it waits to try again. */
	static const char *const plans[] = { "hang/cancel", "drip/cancel", "429:50/cancel" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct endpoint_config config = fake_config(&fake, plans[i]);
		float *vectors;
		progress_reset();
		config.retries = 5;
		cancel_at_ms = now_ms() + 600;
		assert_int_equal(embed(&config, 384, two, 2, &vectors), CANCELLED);
		assert_true(now_ms() < cancel_at_ms + 2000);
		assert_true(looks >= 6); /* ten times a second */
		assert_int_equal(done, 0);
		assert_null(vectors);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

static const struct CMUnitTest tests[] = {
	TEST(texts_are_sent_in_batches_and_come_back_in_order),
	TEST(an_unknown_dimension_is_what_it_answers),
	TEST(it_tries_again_and_waits_before),
	TEST(retry_after_is_honoured_in_both_forms),
	TEST(every_failure_has_its_own_sentence),
	TEST(the_advice_names_the_address_and_what_was_said),
	TEST(nobody_there_is_said),
	TEST(a_certificate_that_nobody_trusts_is_refused),
	TEST(text_that_is_not_utf8_is_not_sent),
	TEST(the_key_is_sent),
	TEST(the_key_is_in_no_message),
	TEST(a_key_that_cannot_be_used_is_refused),
	TEST(a_key_is_not_sent_in_clear_over_a_network),
	TEST(a_cancel_is_noticed_at_once),
};

SUITE_WITH(tests, fake_setup, fake_teardown)
