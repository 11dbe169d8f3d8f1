/* SPDX-License-Identifier: MIT */
/* Labels: which are valid, how they are kept, and how one is found. */
#include "libclient/record/tenant.h"
#include "libclient/segment/label.h"
#include "tests/harness/own_board.h"
#include <errno.h>
#include <string.h>

enum { CAPACITY = 16 };

static char text[LAYOUT_LABELS];

#define JOIN(...) label_join((const char *const[]){ __VA_ARGS__, NULL }, text)

static void labels_become_one_text(void **state)
{
	(void)state;
	assert_int_equal(JOIN("batch=2024-11", "customer=a b=c", "empty=", "a/b_c.d-E=\xc3\xbc"),
			 0);
	assert_string_equal(text, "batch=2024-11\ncustomer=a b=c\nempty=\na/b_c.d-E=\xc3\xbc");
	assert_true(label_text_valid(text));
	assert_int_equal(label_join((const char *const[]){ NULL }, text), 0);
	assert_string_equal(text, "");
	assert_true(label_text_valid(""));
}

static void invalid_ones_are_refused(void **state)
{
	static const char *const bad[] = {
		"",         "=",        "=value",   "key",          "key value=x", "k\xc3\xbcy=x",
		"key=a\nb", "key=a\tb", "key=\x7f", "key=\xc2\x9b", "key=\xff",    "key=\xc3",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (JOIN("good=1", bad[i]) != TRACKD_E_LABEL)
			fail_msg("\"%s\" is accepted", bad[i]);
		if (bad[i][0] != '\0' && label_text_valid(bad[i]))
			fail_msg("\"%s\" is valid", bad[i]);
	}
	assert_int_equal(JOIN("a=1", "ab=2", "a=3"), TRACKD_E_LABEL);
	assert_int_equal(JOIN("ab=1", "a=2"), 0);
	assert_false(label_text_valid("a=1\na=2"));
	assert_false(label_text_valid("a=1\n"));
	assert_false(label_text_valid("a=1\n\nb=2"));
	assert_false(label_text_valid("\na=1"));
}

static void limits_are_exact(void **state)
{
	char key[TRACKD_LABEL_KEY_MAX + 3], value[TRACKD_LABELS_BYTES + 2];

	(void)state;
	assert_int_equal(JOIN("a=", "b=", "c=", "d=", "e=", "f=", "g=", "h="), 0);
	assert_int_equal(JOIN("a=", "b=", "c=", "d=", "e=", "f=", "g=", "h=", "i="),
			 TRACKD_E_LABEL);
	assert_false(label_text_valid("a=\nb=\nc=\nd=\ne=\nf=\ng=\nh=\ni="));
	memset(key, 'k', sizeof key);
	memcpy(key + TRACKD_LABEL_KEY_MAX, "=", 2);
	assert_int_equal(JOIN(key), 0);
	memcpy(key + TRACKD_LABEL_KEY_MAX, "k=", 3);
	assert_int_equal(JOIN(key), TRACKD_E_LABEL);
	memset(value, 'v', sizeof value);
	value[1] = '=';
	value[TRACKD_LABELS_BYTES] = '\0';
	assert_int_equal(JOIN(value), 0);
	assert_true(label_text_valid(text));
	value[TRACKD_LABELS_BYTES - 3] = '\0';
	assert_int_equal(JOIN(value, "a="), 0);
	assert_int_equal(JOIN(value, "a=1"), TRACKD_E_LABEL);
}

static void expect_label(const char *labels, const char *key, const char *value)
{
	char buffer[TRACKD_LABELS_BYTES + 1];

	assert_int_equal(trackd_label_get(labels, key, buffer, sizeof buffer), strlen(value));
	assert_string_equal(buffer, value);
}

static void a_label_is_found_by_its_key(void **state)
{
	char few[4] = "xyz";

	(void)state;
	expect_label("batch=7\nba=8\nb=", "batch", "7");
	expect_label("batch=7\nba=8\nb=", "ba", "8");
	expect_label("batch=7\nba=8\nb=", "b", "");
	expect_label("a=b=c", "a", "b=c");
	assert_int_equal(trackd_label_get("batch=7", "bat", NULL, 0), -ENOENT);
	assert_int_equal(trackd_label_get("batch=7", "7", NULL, 0), -ENOENT);
	assert_int_equal(trackd_label_get("", "a", few, sizeof few), -ENOENT);
	assert_string_equal(few, "xyz");
	assert_int_equal(trackd_label_get("a=12345", "a", NULL, 0), 5);
	assert_int_equal(trackd_label_get("a=12\xc3\xbc"
					  "5",
					  "a", few, sizeof few),
			 5);
	assert_string_equal(few, "12");
}

static void a_task_has_its_labels_until_it_is_gone(void **state)
{
	struct tenant_new new = { .id = "a",
				  .owner = "",
				  .name = "",
				  .message = "",
				  .labels = "batch=7\ncustomer=acme" };
	struct trackd_ref ref;

	(void)state;
	HARNESS_MUST(tenant_create(&own_board, &new, harness_soon(), &ref));
	HARNESS_MUST(own_update(ref, TRACKD_EMBEDDING));
	own_complete(ref);
	struct trackd_task task = own_task(ref);
	struct trackd_view view = own_view(ref);
	assert_string_equal(task.labels, new.labels);
	assert_string_equal(trackd_view_labels(&view), new.labels);
	own_remove(ref);
	/* The next in the slot has none, though the bytes are still there. */
	ref = own_create_in(ref.slot, "b", NULL);
	view = own_view(ref);
	assert_string_equal(trackd_view_labels(&view), "");
	assert_string_equal(own_task(ref).labels, "");
}

static void they_are_imported_if_valid(void **state)
{
	struct trackd_ref ref = own_create("a", NULL);
	struct trackd_task task = own_task(ref);

	(void)state;
	own_remove(ref);
	strcpy(task.labels, "batch=7");
	HARNESS_MUST(tenant_import(&own_board, &task, 0, own_board.header->wall_offset_ns,
				   harness_soon(), &ref));
	assert_string_equal(own_task(ref).labels, "batch=7");
	own_remove(ref);
	strcpy(task.labels, "batch");
	assert_int_equal(tenant_import(&own_board, &task, 0, own_board.header->wall_offset_ns,
				       harness_soon(), &ref),
			 -EINVAL);
	memset(task.labels, 'x', sizeof task.labels);
	assert_int_equal(tenant_import(&own_board, &task, 0, own_board.header->wall_offset_ns,
				       harness_soon(), &ref),
			 -EINVAL);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(labels_become_one_text),
	cmocka_unit_test(invalid_ones_are_refused),
	cmocka_unit_test(limits_are_exact),
	cmocka_unit_test(a_label_is_found_by_its_key),
	OWN_BOARD(a_task_has_its_labels_until_it_is_gone, CAPACITY),
	OWN_BOARD(they_are_imported_if_valid, CAPACITY),
};

SUITE(tests)
