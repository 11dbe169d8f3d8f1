/* SPDX-License-Identifier: MIT */
/*
 * Summaries: the most central sentences, in document order, without repetition; long documents in
 * bounded time; and the summary of a chat service.
 */
#include "tests/harness/suite.h"
#include "tests/unit/docproc/fake.h"
#include "tools/docproc/summary/lexrank.h"
#include "tools/docproc/summary/summary.h"
#include <math.h>

enum { SENTENCES_MAX = 20000 };

static const struct endpoint_config none;
static struct sentence sentences[SENTENCES_MAX];
static struct chunks chunks;

static int set_up(void **state)
{
	(void)state;
	progress_reset();
	chunks = (struct chunks){ .sentences = sentences, .language = "en" };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < chunks.n_sentences; i++)
		free(sentences[i].text);
	return 0;
}

static void add(const char *text, bool prose)
{
	uint32_t words = 1;

	assert_true(chunks.n_sentences < SENTENCES_MAX);
	for (const char *at = text; *at; at++)
		words += *at == ' ';
	sentences[chunks.n_sentences++] = (struct sentence){
		.text = strdup(text), .words = words, .page = 1, .prose = prose
	};
}

static void summary_is(const char *expected)
{
	char *summary = NULL;

	assert_int_equal(summarize(&chunks, &none, NULL, &summary, &failure), 0);
	assert_string_equal(summary, expected);
	free(summary);
}

/* ---- LexRank ------------------------------------------------------------ */

/*
 * Four vectors of which the second is near all others and those not to one another. By hand: a star
 * with loops, c = 0.15/4 + 0.85(c/4 + 3 l/2) and l = 0.15/4 + 0.85(c/4 + l/2).
 */
static void scores_are_those_of_the_paper(void **state)
{
	static const float vectors[4][4] = {
		{ 1, 0, 0, 0 }, { 0.5F, 0.5F, 0.5F, 0.5F }, { 0, 1, 0, 0 }, { 0, 0, 1, 0 }
	};
	double scores[4];
	/* l = (0.0375 + 0.2125 c) / 0.575; put into the first. */
	double centre = (0.0375 + 1.275 * 0.0375 / 0.575) / (1 - 0.2125 - 1.275 * 0.2125 / 0.575);
	double leaf = (0.0375 + 0.2125 * centre) / 0.575;

	(void)state;
	assert_int_equal(lexrank(&vectors[0][0], 4, 4, NULL, scores), 0);
	assert_true(fabs(scores[0] + scores[1] + scores[2] + scores[3] - 1) < 1e-6);
	assert_true(fabs(scores[1] - centre) < 1e-6);
	for (size_t i = 0; i < 4; i++)
		assert_true(i == 1 || fabs(scores[i] - leaf) < 1e-6);
}

/* Stars: a sentence that shares words with each of three others, which share none with one another.
 */
static const char *const centres[] = {
	"Rotterdam harbour unloads containers while petrol and grain depart.",
	"Vienna bakers knead dough until golden bread rises.",
	"Telescopes watch galaxies from frozen summits through moonless nights.",
	"Glaciers carve valleys; meltwater feeds rivers and lakes.",
	"Cremona violins sing because varnish protects ancient spruce.",
};
static const char *const around[][3] = {
	{ "Rotterdam harbour looks quiet today.", "Cranes and trucks: unloads containers.",
	  "Prices of petrol and grain dropped." },
	{ "Many tourists like Vienna bakers.", "Machines seldom knead dough properly.",
	  "We smelled golden bread yesterday evening." },
	{ "Rich amateurs own telescopes: watch galaxies.",
	  "Mules climbed towards frozen summits slowly.", "Owls hunt well, moonless nights help." },
	{ "Some geologists say glaciers carve valleys.", "Turbid brown meltwater feeds turbines.",
	  "Pike inhabit most rivers and lakes." },
	{ "Collectors pay fortunes: Cremona violins.",
	  "Ordinary shellac or varnish protects furniture.",
	  "Loggers felled the ancient spruce trees." },
};

static void the_central_sentences_are_taken_in_document_order(void **state)
{
	char expected[1024] = "";
	size_t length = 0;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		add(around[i][0], true);
		add(around[i][1], true);
		add(centres[i], true);
		add(around[i][2], true);
		length += (size_t)snprintf(expected + length, sizeof expected - length, "%s%s",
					   i ? " " : "", centres[i]);
	}
	summary_is(expected);
}

static void nothing_is_said_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6; i++) {
		add("The board keeps every task of the host in memory.", true);
		add("The board keeps each task of the host in memory.", true);
	}
	add("Readers of the board take no lock at all.", true);
	summary_is("The board keeps every task of the host in memory. "
		   "Readers of the board take no lock at all.");
}

static void only_prose_of_a_good_length_is_taken(void **state)
{
	char wordy[1024] = "Long";

	(void)state;
	for (size_t i = 0; i < 70; i++)
		memcpy(wordy + 4 + 6 * i, " board", 7);
	add("The board and the tasks of it", false); /* a heading */
	add(wordy, true);
	add("Board, indeed.", true);
	add("The board keeps the tasks of all users.", true);
	summary_is("The board keeps the tasks of all users.");
}

static void a_document_without_prose_is_summarized_all_the_same(void **state)
{
	char wide[3000];

	(void)state;
	add("Ada Lovelace 1815", false);
	add("Alan Turing 1912", false);
	memset(wide, 'x', sizeof wide);
	memcpy(wide + 999, "\xc3\xa9", 2); /* the cut would go through it */
	wide[sizeof wide - 1] = '\0';
	add(wide, false);
	char *summary = NULL;
	assert_int_equal(summarize(&chunks, &none, NULL, &summary, &failure), 0);
	assert_memory_equal(summary, "Ada Lovelace 1815 Alan Turing 1912 xxx", 38);
	assert_int_equal(strlen(summary), 35 + 999 + 3); /* and an ellipsis */
	free(summary);
}

static const char *const aside[] = {
	"Nobody remembers yesterday's lottery numbers anyway.",
	"Purple umbrellas dislike algebraic sandwiches.",
	"Quick jumping foxes vex lazy dwarfs.",
	"Seven monks brewed strong dark beer.",
};

/* 20 000 sentences: every tenth enters the graph, from the first to the last. What is central here
 * stands at the end, and half of it between those that are looked at. */
static void a_long_document_is_sampled_evenly(void **state)
{
	uint64_t before;
	char *summary = NULL;

	(void)state;
	for (size_t i = 0; i < SENTENCES_MAX; i++) {
		if (i == 19990)
			add("Copper wires conduct electric current everywhere.", true);
		else if (i == 19985)
			add("Copper wires conduct electric current nowhere.", true);
		else if (i >= 19000 && i % 20 == 0)
			add("Copper wires: green, thin, brittle.", true);
		else if (i >= 19000 && i % 20 == 10)
			add("Such electric current hurts badly.", true);
		else
			add(aside[i % 4], true);
	}
	before = now_ms();
	assert_int_equal(summarize(&chunks, &none, NULL, &summary, &failure), 0);
	assert_non_null(strstr(summary, "Copper wires conduct electric current everywhere."));
	assert_null(strstr(summary, "nowhere"));
	free(summary);
	print_message("# 20000 sentences in %llu ms\n", (unsigned long long)(now_ms() - before));
}

static void a_cancel_is_noticed_while_it_runs(void **state)
{
	char text[64], *summary = NULL;

	(void)state;
	for (size_t i = 0; i < 2000; i++) {
		snprintf(text, sizeof text, "Sentence of number %zu has words.", i);
		add(text, true);
	}
	assert_int_equal(summarize(&chunks, &none, NULL, &summary, &failure), 0);
	free(summary);
	/* While it embeds, while it compares, and while it iterates. */
	assert_true(looks > 2000 + 2000 / 64);
	cancel_at_ms = 0;
	looks = 0;
	assert_int_equal(summarize(&chunks, &none, NULL, &summary, &failure), CANCELLED);
	assert_int_equal(looks, 1);
}

/* ---- Chat --------------------------------------------------------------- */

static void a_chat_service_is_asked_once(void **state)
{
	struct endpoint_config chat = fake_config(&fake, "ok/chat");
	char *summary = NULL;
	json_t *log;

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		add("A sentence of exactly six words.", true);
	assert_int_equal(summarize(&chunks, &chat, NULL, &summary, &failure), 0);
	assert_string_equal(summary, "A summary of 3000 words."); /* and no white space around */
	free(summary);
	log = fake_log("ok/chat");
	assert_int_equal(json_array_size(log), 1);
	json_t *request = json_array_get(log, 0);
	assert_string_equal(json_string_value(json_object_get(request, "path")),
			    "chat/completions");
	assert_string_equal(json_string_value(json_object_get(request, "model")), "m-1");
	json_decref(log);
}

/* error: behind "The chat service ". */
static void check_chat_failure(const char *plan, const char *error)
{
	struct endpoint_config chat = fake_config(&fake, plan);
	char *summary = NULL, expected[128];

	snprintf(expected, sizeof expected, "The chat service %s", error);
	assert_int_equal(summarize(&chunks, &chat, NULL, &summary, &failure), FAILED);
	assert_string_equal(failure.error, expected);
	assert_null(summary);
}

static void what_a_chat_service_does_wrong_is_said(void **state)
{
	(void)state;
	add("A sentence of exactly six words.", true);
	check_chat_failure("blank", "answered with an empty summary");
	check_chat_failure("nodata/chat", "answered without a summary");
	check_chat_failure("list/chat", "answered without a summary");
	check_chat_failure("500/chat", "answered 500");
	check_chat_failure("garbage/chat", "answered something that is not JSON");
}

static void a_cancel_is_noticed_while_a_chat_service_thinks(void **state)
{
	struct endpoint_config chat = fake_config(&fake, "hang/chat");
	char *summary = NULL;

	(void)state;
	add("A sentence of exactly six words.", true);
	cancel_at_ms = now_ms() + 300;
	assert_int_equal(summarize(&chunks, &chat, NULL, &summary, &failure), CANCELLED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	TEST(scores_are_those_of_the_paper),
	TEST(the_central_sentences_are_taken_in_document_order),
	TEST(nothing_is_said_twice),
	TEST(only_prose_of_a_good_length_is_taken),
	TEST(a_document_without_prose_is_summarized_all_the_same),
	TEST(a_long_document_is_sampled_evenly),
	TEST(a_cancel_is_noticed_while_it_runs),
	TEST(a_chat_service_is_asked_once),
	TEST(what_a_chat_service_does_wrong_is_said),
	TEST(a_cancel_is_noticed_while_a_chat_service_thinks),
};

SUITE_WITH(tests, fake_setup, fake_teardown)
