/* SPDX-License-Identifier: MIT */
/* Joining words across line ends, the ends of sentences in several languages, and the detection of
 * languages. */
#include "tests/unit/docproc/blocks.h"

/* The sentences of one paragraph, with '|' between. */
static const char *sentences_of(const char *text)
{
	static char line[4096];
	size_t length = 0;

	content.n_blocks = 0;
	add_paragraph(1, text);
	if (run() < 0)
		return failure.error;
	for (size_t i = 0; i < chunks.n_sentences; i++)
		length += (size_t)snprintf(line + length, sizeof line - length, "%s%s",
					   i > 0 ? "|" : "", chunks.sentences[i].text);
	return line;
}

/* ---- Lines -------------------------------------------------------------- */

static void words_are_joined_across_line_ends(void **state)
{
	static const struct {
		const char *text, *joined;
	} cases[] = {
		{ "the infor-\nmation here", "the information here" },
		{ "the infor\xe2\x80\x90\nmation", "the information" }, /* U+2010 */
		{ "the infor\xc2\xad\nmation", "the information" },     /* U+00AD */
		{ "the in\xc2\xad"
		  "for\xc2\xad"
		  "mation",
		  "the information" },
		{ "the infor- \n  mation", "the information" },
		{ "an Anglo-\nSaxon king", "an Anglo-Saxon king" },
		{ "from 1998-\n2004 on", "from 1998-2004 on" },
		{ "a COVID-\n19 ward", "a COVID-19 ward" },
		{ "well-\nknown, a well-known man", "well-known, a well-known man" },
		{ "well-\nknown, a WELL-KNOWN man", "well-known, a WELL-KNOWN man" },
		{ "re-\ncover, to re-elect", "recover, to re-elect" },
		{ "a dash -\nbetween words", "a dash - between words" },
		{ "Vor-\nund Nachteile", "Vor- und Nachteile" },
		{ "Donau-\ndampf-\nschiff", "Donaudampfschiff" },
		{ "ends in a hyphen-\n", "ends in a hyphen-" },
		{ "one line\nand  another\n\n one", "one line and another one" },
		{ "\xe6\x97\xa5\xe6\x9c\xac\n\xe8\xaa\x9e",
		  "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" },
		{ "\xed\x95\x9c\xea\xb5\xad\n\xec\x96\xb4",
		  "\xed\x95\x9c\xea\xb5\xad \xec\x96\xb4" }, /* Korean has spaces */
		{ "e\xef\xac\x83"
		  "cient \xef\xac\x81le o\xef\xac\x80"
		  "er",
		  "efficient file offer" },
		{ "\xef\xbb\xbb \xef\xba\x8d", "\xd9\x84\xd8\xa7 \xd8\xa7" }, /* Arabic forms */
		{ "cafe\xcc\x81", "caf\xc3\xa9" },                            /* NFC */
		{ "x\xc2\xb2 \xe2\x91\xa0 \xef\xbc\xa1", "x\xc2\xb2 \xe2\x91\xa0 \xef\xbc\xa1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(sentences_of(cases[i].text), cases[i].joined);
}

static void a_compound_elsewhere_in_the_document_keeps_its_hyphen(void **state)
{
	(void)state;
	add_paragraph(1, "Nobody is so short-\nsighted, said the counter-\npart.");
	add_paragraph(9, "The short-sighted man.");
	assert_int_equal(run(), 0);
	assert_string_equal(chunks.sentences[0].text,
			    "Nobody is so short-sighted, said the counterpart.");
}

/* ---- Sentences ---------------------------------------------------------- */

static void sentences_end_where_people_end_them(void **state)
{
	static const char *const cases[] = {
		/* English, by its stop words. */
		"This is what Dr. Smith said of it.|He left.",
		"Use e.g. Paris or i.e. London for the test.|Done.",
		"See Fig. 3 and Vol. II of it, p. 5 and No. 7.|No.|It is not.",
		"It is about 3.14 euros.|J. R. R. Tolkien wrote that of it.",
		"So do I.|And he is at the U.S. Congress with Mr. and Mrs. Jones.",
		"His name is Philipp.|This is the best.|It was all there is to it.",
		"What is that?!|\"It is this.\"|(Indeed.)|He said \"Stop it!\" and that was it.",
		"It was at 5 p.m. on that day\xe2\x80\xa6 and then?|Yes.",
		"The version is 2.0.1 of trackd.io, and that is it.|It is.",
		/* German */
		"Das ist z. B. Unsinn und z.B. auch das.|Am 3. Oktober 1990 war es nicht so.",
		"Vgl. Abb. 3 und Nr. 5. der Liste, d. h. die von Dr. Meier, bzw. die u. a. "
		"Leute.|Und "
		"hier.|Es ist der Satz.|Dann weiter mit Herrn Philipp.|Nun.",
		"Das ist nicht die Nr. 5.|Danach war es auch so.",
		/* French, Spanish, Italian, Portuguese, Dutch */
		"M. Dupont est l\xc3\xa0 avec les enfants.|Il est, p. ex., Parisien dans la Fig. 2 "
		"de M. X.",
		"El Sr. Garc\xc3\xad"
		"a lleg\xc3\xb3 con la Dra. Ruiz.|Ella es de Madrid y \xc3\xa9l "
		"no.|\xc2\xbfQu\xc3\xa9?",
		"Il sig. Rossi \xc3\xa8 con la dott. Bianchi della sezione.|Questo non \xc3\xa8 un "
		"problema.",
		"O Sr. Silva n\xc3\xa3o est\xc3\xa1 com a Dra. Lopes em casa.|Mas ele \xc3\xa9 um "
		"homem.",
		"Dhr. Jansen is er met mevr. De Vries van het bedrijf.|Dat is niet een probleem.",
		/* Russian */
		"\xd0\xad\xd1\x82\xd0\xbe \xd1\x83\xd0\xbb. \xd0\x9c\xd0\xb8\xd1\x80\xd0\xb0, "
		"\xd0\xb0 "
		"\xd0\xbd\xd0\xb5 \xd1\x82\xd0\xb0.|\xd0\x9e\xd0\xbd \xd0\xb1\xd1\x8b\xd0\xbb "
		"\xd1\x82\xd0\xb0\xd0\xbc \xd0\xb8 \xd0\xbe\xd0\xbd\xd0\xb0.",
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[1024];
		snprintf(text, sizeof text, "%s", cases[i]);
		for (char *bar; (bar = strchr(text, '|')) != NULL;)
			*bar = ' ';
		assert_string_equal(sentences_of(text), cases[i]);
	}
}

static void sentences_without_spaces_are_told_apart(void **state)
{
	(void)state;
	assert_string_equal(sentences_of("今天天气很好。我们去公园。真的吗？是的！"),
			    "今天天气很好。|我们去公园。|真的吗？|是的！");
	assert_int_equal(chunks.chunks[0].words, 10);
	assert_string_equal(chunks.chunks[0].text, "今天天气很好。我们去公园。真的吗？是的！");
	assert_string_equal(chunks.language, "zh");
	assert_string_equal(sentences_of("今日は天気がいい。「行こう。」と彼は言った。"),
			    "今日は天気がいい。|「行こう。」|と彼は言った。");
	assert_string_equal(chunks.language, "ja");
	assert_string_equal(sentences_of("ذهبت إلى المدرسة في الصباح. هل أنت بخير؟ نعم."),
			    "ذهبت إلى المدرسة في الصباح.|هل أنت بخير؟|نعم.");
	assert_string_equal(chunks.language, "ar");
	assert_string_equal(sentences_of("הוא הלך הביתה. האם הכול בסדר? כן."),
			    "הוא הלך הביתה.|האם הכול בסדר?|כן.");
	assert_string_equal(chunks.language, "he");
}

static void languages_are_told_apart(void **state)
{
	static const struct {
		const char *language, *text;
	} cases[] = {
		{ "en",
		  "The board is a segment of memory that is shared by all of the processes." },
		{ "de", "Die Tafel ist ein Speicherbereich, den sich alle Prozesse des Rechners "
			"teilen." },
		{ "fr", "Le tableau est une zone de la mémoire que partagent tous les processus." },
		{ "es", "El tablero es una zona de la memoria que comparten todos los procesos." },
		{ "it",
		  "La lavagna è una zona della memoria che è condivisa da tutti i processi." },
		{ "nl",
		  "Het bord is een deel van het geheugen dat door alle processen wordt gedeeld." },
		{ "pt", "O quadro é uma área da memória que é partilhada por todos os processos." },
		{ "sv", "Tavlan är en del av minnet som delas av alla processer och inte mer." },
		{ "fi",
		  "Taulu on muistin osa, joka on kaikkien prosessien yhteinen, eikä se ole muu." },
		{ "pl", "Tablica jest częścią pamięci, która jest dla wszystkich procesów, a nie "
			"dla jednego." },
		{ "tr", "Tahta, bütün süreçler için ortak olan bir bellek alanı ve bu çok iyi." },
		{ "ru",
		  "Доска это часть памяти, которая видна из всех процессов, но не для записи." },
		{ "uk", "Дошка це частина пам'яті, яка є для всіх процесів, але не для запису." },
		{ "el", "Ο πίνακας είναι μέρος της μνήμης." },
		{ "th", "กระดานเป็นส่วนหนึ่งของหน่วยความจำ" },
		{ "ko", "게시판은 모든 프로세스가 공유하는 메모리이다." },
		{ "hi", "यह बोर्ड सभी प्रक्रियाओं की साझा स्मृति है।" },
		{ "und", "xyzzy plugh 42" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		sentences_of(cases[i].text);
		assert_string_equal(chunks.language, cases[i].language);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	TEST(words_are_joined_across_line_ends),
	TEST(a_compound_elsewhere_in_the_document_keeps_its_hyphen),
	TEST(sentences_end_where_people_end_them),
	TEST(sentences_without_spaces_are_told_apart),
	TEST(languages_are_told_apart),
};

SUITE(tests)
