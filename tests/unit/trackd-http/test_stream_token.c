/* SPDX-License-Identifier: MIT */
/* A ticket opens one stream, the one it was made for, once, in time; its reconnects are admitted
 * while its token is valid, across restarts; and no byte of it can be changed. */
#include "tests/harness/suite.h"
#include "tests/unit/trackd-http/forge.h"
#include "tools/trackd-http/auth/stream_token.h"
#include <errno.h>

enum { NOW = 1700000000, EXPIRES = NOW + 600 };

static const struct identity ada = { .owner = "ada", .expires = EXPIRES };

/* The gateway's, open during each test. */
static struct stream_tokens *tokens;

static int open_tokens(void **state)
{
	(void)state;
	HARNESS_MUST(stream_tokens_open(forge_path("ticket.key"), &tokens));
	return 0;
}

static int close_tokens(void **state)
{
	(void)state;
	stream_tokens_close(tokens);
	return 0;
}

static void restart(void)
{
	stream_tokens_close(tokens);
	HARNESS_MUST(stream_tokens_open(forge_path("ticket.key"), &tokens));
}

static void make(const char *id, char stream_token[STREAM_TOKEN_MAX])
{
	HARNESS_MUST(stream_token_make(tokens, &ada, id, NOW, stream_token));
}

/* As a stream does that begins at once. */
static enum auth_failure check_and_use(const char *stream_token, const char *id, bool reconnect,
				       int64_t now, struct identity *identity)
{
	uint64_t number = 0;
	enum auth_failure failure =
		stream_token_check(tokens, stream_token, id, reconnect, now, identity, &number);

	stream_token_use(tokens, number);
	return failure;
}

/* 1 admitted, 0 not; a refusal leaves the identity as it was. */
static int use(const char *stream_token, const char *id, bool reconnect, int64_t now)
{
	struct identity identity, before;
	enum auth_failure failure;

	memset(&identity, 0x5a, sizeof identity);
	before = identity;
	failure = check_and_use(stream_token, id, reconnect, now, &identity);
	if (failure == AUTH_NONE) {
		assert_string_equal(identity.owner, "ada");
		assert_int_equal(identity.expires, EXPIRES);
		return 1;
	}
	assert_int_equal(failure, AUTH_STREAM_TOKEN);
	assert_memory_equal(&identity, &before, sizeof before);
	return 0;
}

/* ---- One stream --------------------------------------------------------- */

static void a_ticket_opens_one_stream(void **state)
{
	char stream_token[STREAM_TOKEN_MAX], other[STREAM_TOKEN_MAX];

	(void)state;
	make("task-1", stream_token);
	make("task-1", other);
	assert_string_not_equal(stream_token, other);
	assert_int_equal(use(stream_token, "task-1", false, NOW), 1);
	assert_int_equal(use(stream_token, "task-1", false, NOW), 0);
	assert_int_equal(use(stream_token, "task-1", false, NOW + 1), 0);
	assert_int_equal(use(other, "task-1", false, NOW + 1), 1);
}

static void within_30_seconds(void **state)
{
	char first[STREAM_TOKEN_MAX], second[STREAM_TOKEN_MAX];

	(void)state;
	make("", first);
	make("", second);
	assert_int_equal(use(first, "", false, NOW + STREAM_TOKEN_OPEN_S - 1), 1);
	assert_int_equal(use(second, "", false, NOW + STREAM_TOKEN_OPEN_S), 0);
}

static void not_beyond_its_token(void **state)
{
	struct identity hasty = { .owner = "ada", .expires = NOW + 5 };
	struct identity identity;
	char stream_token[STREAM_TOKEN_MAX];

	(void)state;
	HARNESS_MUST(stream_token_make(tokens, &hasty, "a", NOW, stream_token));
	assert_int_equal(check_and_use(stream_token, "a", false, NOW + 5, &identity),
			 AUTH_STREAM_TOKEN);
	assert_int_equal(check_and_use(stream_token, "a", false, NOW + 4, &identity), AUTH_NONE);
	assert_int_equal(identity.expires, NOW + 5);
	assert_int_equal(check_and_use(stream_token, "a", true, NOW + 4, &identity), AUTH_NONE);
	assert_int_equal(check_and_use(stream_token, "a", true, NOW + 5, &identity),
			 AUTH_STREAM_TOKEN);
}

/* A refusal for another reason does not use the ticket up. */
static void of_the_task_it_was_made_for(void **state)
{
	static const char *const others[] = { "", "task-2", "task-", "task-12", "Task-1" };
	char stream_token[STREAM_TOKEN_MAX], all[STREAM_TOKEN_MAX];

	(void)state;
	make("task-1", stream_token);
	make("", all);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_int_equal(use(stream_token, others[i], false, NOW), 0);
	assert_int_equal(use(all, "task-1", false, NOW), 0);
	assert_int_equal(use(stream_token, "task-1", false, NOW), 1);
	assert_int_equal(use(all, "", false, NOW), 1);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_int_equal(use(stream_token, others[i], true, NOW), 0);
}

/* ---- Its reconnects ----------------------------------------------------- */

static void reconnects_are_admitted_until_the_token_expires(void **state)
{
	char stream_token[STREAM_TOKEN_MAX];

	(void)state;
	make("task-1", stream_token);
	assert_int_equal(use(stream_token, "task-1", false, NOW), 1);
	for (int64_t now = NOW; now < EXPIRES; now += 7)
		assert_int_equal(use(stream_token, "task-1", true, now), 1);
	assert_int_equal(use(stream_token, "task-1", true, EXPIRES - 1), 1);
	assert_int_equal(use(stream_token, "task-1", true, EXPIRES), 0);
}

/* To say that one reconnects is no way round the 30 s, nor a second opening. */
static void what_was_never_opened_does_not_reconnect(void **state)
{
	char late[STREAM_TOKEN_MAX], early[STREAM_TOKEN_MAX];

	(void)state;
	make("", late);
	make("", early);
	assert_int_equal(use(late, "", true, NOW + STREAM_TOKEN_OPEN_S), 0);
	assert_int_equal(use(early, "", true, NOW), 1);
	assert_int_equal(use(early, "", false, NOW), 0);
}

static void a_restart_changes_nothing(void **state)
{
	char opened[STREAM_TOKEN_MAX], unopened[STREAM_TOKEN_MAX], fresh[STREAM_TOKEN_MAX];

	(void)state;
	make("task-1", opened);
	make("task-1", unopened);
	assert_int_equal(use(opened, "task-1", false, NOW), 1);
	restart();
	make("task-1", fresh);
	assert_int_equal(use(opened, "task-1", false, NOW), 0);
	assert_int_equal(use(opened, "task-1", true, NOW + 300), 1);
	assert_int_equal(use(opened, "task-2", true, NOW + 300), 0);
	assert_int_equal(use(opened, "task-1", true, EXPIRES), 0);
	assert_int_equal(use(fresh, "task-1", false, NOW), 1);
	assert_int_equal(use(unopened, "task-1", false, NOW + STREAM_TOKEN_OPEN_S - 1), 1);
	assert_int_equal(use(unopened, "task-1", false, NOW + STREAM_TOKEN_OPEN_S - 1), 0);
}

/* ... also not after a restart, of which the one that was killed knew nothing. */
static void a_ticket_that_was_never_opened_opens_nothing_after_its_time(void **state)
{
	char opened[STREAM_TOKEN_MAX], unopened[STREAM_TOKEN_MAX];

	(void)state;
	make("", opened);
	make("", unopened);
	pid_t pid = harness_fork();
	if (pid == 0) {
		(void)open_tokens(NULL);
		_exit(use(opened, "", false, NOW) == 1 ? 0 : 1); /* without closing */
	}
	assert_int_equal(harness_reap(pid), 0);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(use(unopened, "", true, NOW + STREAM_TOKEN_OPEN_S), 0);
		assert_int_equal(use(unopened, "", false, NOW + STREAM_TOKEN_OPEN_S), 0);
		assert_int_equal(use(unopened, "", true, EXPIRES - 1), 0);
		assert_int_equal(use(opened, "", true, EXPIRES - 1), 1);
		assert_int_equal(use(opened, "", false, NOW), 0);
		restart();
	}
	/* Without the book it is unknown which tickets were opened. */
	stream_tokens_close(tokens);
	HARNESS_MUST(unlink(forge_path("ticket.key.opened")));
	(void)open_tokens(NULL);
	assert_int_equal(use(unopened, "", true, EXPIRES - 1), 0);
	assert_int_equal(use(opened, "", true, EXPIRES - 1), 0);
}

/* A request that opens no stream (HEAD, a failed request) does not use the ticket up. */
static void only_a_stream_uses_a_ticket_up(void **state)
{
	struct identity identity;
	char stream_token[STREAM_TOKEN_MAX];
	uint64_t number = 0;

	(void)state;
	make("a", stream_token);
	for (int i = 0; i < 3; i++)
		assert_int_equal(stream_token_check(tokens, stream_token, "a", i == 1, NOW + i,
						    &identity, &number),
				 AUTH_NONE);
	stream_token_use(tokens, 0); /* of a token */
	assert_int_equal(
		stream_token_check(tokens, stream_token, "a", false, NOW, &identity, &number),
		AUTH_NONE);
	stream_token_use(tokens, number);
	assert_int_equal(
		stream_token_check(tokens, stream_token, "a", false, NOW, &identity, &number),
		AUTH_STREAM_TOKEN);
}

/* ---- Forgery ------------------------------------------------------------ */

static void no_character_can_be_changed(void **state)
{
	static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789-_=+/. ";
	char stream_token[STREAM_TOKEN_MAX], changed[STREAM_TOKEN_MAX + 1];
	size_t length;

	(void)state;
	make("task-1", stream_token);
	length = strlen(stream_token);
	snprintf(changed, sizeof changed, "%s", stream_token);
	for (size_t i = 0; i < length; i++) {
		for (const char *c = characters; *c != '\0'; c++) {
			changed[i] = *c;
			if (*c != stream_token[i] && use(changed, "task-1", true, NOW))
				fail_msg("byte %zu may be '%c' too", i, *c);
		}
		changed[i] = stream_token[i];
	}
	for (size_t i = 0; i < length; i++) {
		snprintf(changed, i + 1, "%s", stream_token);
		assert_int_equal(use(changed, "task-1", true, NOW), 0);
	}
	snprintf(changed, sizeof changed, "%s=", stream_token);
	assert_int_equal(use(changed, "task-1", true, NOW), 0);
	assert_int_equal(use(stream_token, "task-1", true, NOW), 1);
}

static void what_is_no_ticket_is_refused(void **state)
{
	char text[2 * STREAM_TOKEN_MAX];

	(void)state;
	assert_int_equal(use("", "", false, NOW), 0);
	assert_int_equal(use("garbage", "", true, NOW), 0);
	assert_int_equal(use("\xff\xfe", "", true, NOW), 0);
	for (size_t n = 1; n < sizeof text; n++) {
		memset(text, 'A', n);
		text[n] = '\0';
		assert_int_equal(use(text, "", true, NOW), 0);
	}
}

static void another_gateway_s_tickets_are_not_ours(void **state)
{
	struct stream_tokens *ours = tokens, *theirs = NULL;
	char stream_token[STREAM_TOKEN_MAX];

	(void)state;
	HARNESS_MUST(stream_tokens_open(forge_path("their.key"), &theirs));
	tokens = theirs;
	make("", stream_token);
	tokens = ours;
	assert_int_equal(use(stream_token, "", true, NOW), 0);
	tokens = theirs;
	assert_int_equal(use(stream_token, "", false, NOW), 1);
	tokens = ours;
	stream_tokens_close(theirs);
}

/* ---- Bounds ------------------------------------------------------------- */

static void the_longest_names_fit_and_longer_ones_are_refused(void **state)
{
	struct identity longest = { .expires = EXPIRES }, nobody = { .expires = EXPIRES };
	struct identity identity;
	char stream_token[STREAM_TOKEN_MAX], id[TRACKD_ID_MAX + 2];

	(void)state;
	memset(longest.owner, 'o', TRACKD_OWNER_MAX);
	memset(id, 'i', sizeof id);
	id[TRACKD_ID_MAX + 1] = '\0';
	assert_int_equal(stream_token_make(tokens, &longest, id, NOW, stream_token), -EINVAL);
	assert_int_equal(stream_token_make(tokens, &longest, "a/b", NOW, stream_token), -EINVAL);
	assert_int_equal(stream_token_make(tokens, &nobody, "a", NOW, stream_token), -EINVAL);
	id[TRACKD_ID_MAX] = '\0';
	assert_int_equal(stream_token_make(tokens, &longest, id, NOW, stream_token), 0);
	assert_int_equal(check_and_use(stream_token, id, false, NOW, &identity), AUTH_NONE);
	assert_string_equal(identity.owner, longest.owner);
}

/* Owner and task do not run into each other. */
static void names_do_not_shift(void **state)
{
	struct identity ab = { .owner = "ab", .expires = EXPIRES };
	struct identity identity;
	char stream_token[STREAM_TOKEN_MAX];

	(void)state;
	HARNESS_MUST(stream_token_make(tokens, &ab, "c", NOW, stream_token));
	assert_int_equal(check_and_use(stream_token, "bc", false, NOW, &identity),
			 AUTH_STREAM_TOKEN);
	assert_int_equal(check_and_use(stream_token, "c", false, NOW, &identity), AUTH_NONE);
	assert_string_equal(identity.owner, "ab");
}

/* ---- The key file ------------------------------------------------------- */

static void the_key_is_made_once_and_for_us_alone(void **state)
{
	struct stream_tokens *made = NULL;
	struct stat status;
	char before[64], after[64], path[4096];
	int fd;

	(void)state;
	snprintf(path, sizeof path, "%s", forge_path("made.key"));
	umask(0);
	assert_int_equal(stream_tokens_open(path, &made), 0);
	stream_tokens_close(made);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(status.st_nlink, 1);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, before, sizeof before), 32);
	close(fd);
	assert_int_equal(stream_tokens_open(path, &made), 0);
	stream_tokens_close(made);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, after, sizeof after), 32);
	close(fd);
	assert_memory_equal(before, after, 32);
}

static void what_is_no_key_of_ours_is_refused(void **state)
{
	struct stream_tokens *made = NULL;
	char path[4096], link_path[4096];

	(void)state;
	snprintf(path, sizeof path, "%s", forge_path("bad.key"));
	forge_write(path, FORGE_SECRET, 31, 0600);
	assert_int_equal(stream_tokens_open(path, &made), -EINVAL);
	forge_write(path, FORGE_SECRET, 33, 0600);
	assert_int_equal(stream_tokens_open(path, &made), -EINVAL);
	forge_write(path, FORGE_SECRET, 0, 0600);
	assert_int_equal(stream_tokens_open(path, &made), -EINVAL);
	forge_write(path, FORGE_SECRET, 32, 0640);
	assert_int_equal(stream_tokens_open(path, &made), -EPERM);
	forge_write(path, FORGE_SECRET, 32, 0600);
	snprintf(link_path, sizeof link_path, "%s", forge_path("link.key"));
	assert_int_equal(symlink(path, link_path), 0);
	assert_int_equal(stream_tokens_open(link_path, &made), -ELOOP);
	assert_int_equal(stream_tokens_open(forge_path("no/folder.key"), &made), -ENOENT);
	assert_null(made);
}

#define TICKET(test) cmocka_unit_test_setup_teardown(test, open_tokens, close_tokens)

static const struct CMUnitTest tests[] = {
	TICKET(a_ticket_opens_one_stream),
	TICKET(within_30_seconds),
	TICKET(not_beyond_its_token),
	TICKET(of_the_task_it_was_made_for),
	TICKET(reconnects_are_admitted_until_the_token_expires),
	TICKET(what_was_never_opened_does_not_reconnect),
	TICKET(a_restart_changes_nothing),
	TICKET(a_ticket_that_was_never_opened_opens_nothing_after_its_time),
	TICKET(only_a_stream_uses_a_ticket_up),
	TICKET(no_character_can_be_changed),
	TICKET(what_is_no_ticket_is_refused),
	TICKET(another_gateway_s_tickets_are_not_ours),
	TICKET(the_longest_names_fit_and_longer_ones_are_refused),
	TICKET(names_do_not_shift),
	cmocka_unit_test(the_key_is_made_once_and_for_us_alone),
	cmocka_unit_test(what_is_no_key_of_ours_is_refused),
};

SUITE(tests)
