/* SPDX-License-Identifier: MIT */
/* A ticket opens one stream, the one it was made for, once, in time; its reconnects are admitted as
 * long as its token is good, over restarts; and no byte of it can be changed. The verb that makes
 * tokens is here too. */
#include "tests/unit/trackd-http/forge.h"
#include "tools/trackd-http/auth/auth.h"
#include "tools/trackd-http/auth/stream_token.h"
#include "tools/trackd-http/auth/stream_token_book.h"
#include "tools/trackd-http/verb_token.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

enum { NOW = 1700000000, EXPIRES = NOW + 600 };

static const struct identity ada = { .owner = "ada", .expires = EXPIRES };

static struct stream_tokens *open_stream_tokens(void)
{
	struct stream_tokens *stream_tokens = NULL;

	HARNESS_MUST(stream_tokens_open(forge_path("ticket.key"), &stream_tokens));
	return stream_tokens;
}

static void make(struct stream_tokens *stream_tokens, const char *id,
		 char stream_token[STREAM_TOKEN_MAX])
{
	HARNESS_MUST(stream_token_make(stream_tokens, &ada, id, NOW, stream_token));
}

/* As a stream does that begins at once. */
static enum auth_failure check_and_use(struct stream_tokens *stream_tokens,
				       const char *stream_token, const char *id, bool reconnect,
				       int64_t now, struct identity *identity)
{
	uint64_t number = 0;
	enum auth_failure failure = stream_token_check(stream_tokens, stream_token, id, reconnect,
						       now, identity, &number);

	stream_token_use(stream_tokens, number);
	return failure;
}

/* 1 admitted, 0 not; a refusal leaves the identity as it was. */
static int use(struct stream_tokens *stream_tokens, const char *stream_token, const char *id,
	       bool reconnect, int64_t now)
{
	struct identity identity, before;
	enum auth_failure failure;

	memset(&identity, 0x5a, sizeof identity);
	before = identity;
	failure = check_and_use(stream_tokens, stream_token, id, reconnect, now, &identity);
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
	struct stream_tokens *stream_tokens = open_stream_tokens();
	char stream_token[STREAM_TOKEN_MAX], other[STREAM_TOKEN_MAX];

	(void)state;
	make(stream_tokens, "task-1", stream_token);
	make(stream_tokens, "task-1", other);
	assert_string_not_equal(stream_token, other);
	assert_int_equal(use(stream_tokens, stream_token, "task-1", false, NOW), 1);
	assert_int_equal(use(stream_tokens, stream_token, "task-1", false, NOW), 0);
	assert_int_equal(use(stream_tokens, stream_token, "task-1", false, NOW + 1), 0);
	assert_int_equal(use(stream_tokens, other, "task-1", false, NOW + 1), 1);
	stream_tokens_close(stream_tokens);
}

static void within_30_seconds(void **state)
{
	struct stream_tokens *stream_tokens = open_stream_tokens();
	char first[STREAM_TOKEN_MAX], second[STREAM_TOKEN_MAX];

	(void)state;
	make(stream_tokens, "", first);
	make(stream_tokens, "", second);
	assert_int_equal(use(stream_tokens, first, "", false, NOW + STREAM_TOKEN_OPEN_S - 1), 1);
	assert_int_equal(use(stream_tokens, second, "", false, NOW + STREAM_TOKEN_OPEN_S), 0);
	stream_tokens_close(stream_tokens);
}

static void not_beyond_its_token(void **state)
{
	struct identity hasty = { .owner = "ada", .expires = NOW + 5 };
	struct stream_tokens *stream_tokens = open_stream_tokens();
	struct identity identity;
	char stream_token[STREAM_TOKEN_MAX];

	(void)state;
	HARNESS_MUST(stream_token_make(stream_tokens, &hasty, "a", NOW, stream_token));
	assert_int_equal(check_and_use(stream_tokens, stream_token, "a", false, NOW + 5, &identity),
			 AUTH_STREAM_TOKEN);
	assert_int_equal(check_and_use(stream_tokens, stream_token, "a", false, NOW + 4, &identity),
			 AUTH_NONE);
	assert_int_equal(identity.expires, NOW + 5);
	assert_int_equal(check_and_use(stream_tokens, stream_token, "a", true, NOW + 4, &identity),
			 AUTH_NONE);
	assert_int_equal(check_and_use(stream_tokens, stream_token, "a", true, NOW + 5, &identity),
			 AUTH_STREAM_TOKEN);
	stream_tokens_close(stream_tokens);
}

/* A refusal for another reason does not use the ticket up. */
static void of_the_task_it_was_made_for(void **state)
{
	static const char *const others[] = { "", "task-2", "task-", "task-12", "Task-1" };
	struct stream_tokens *stream_tokens = open_stream_tokens();
	char stream_token[STREAM_TOKEN_MAX], all[STREAM_TOKEN_MAX];

	(void)state;
	make(stream_tokens, "task-1", stream_token);
	make(stream_tokens, "", all);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_int_equal(use(stream_tokens, stream_token, others[i], false, NOW), 0);
	assert_int_equal(use(stream_tokens, all, "task-1", false, NOW), 0);
	assert_int_equal(use(stream_tokens, stream_token, "task-1", false, NOW), 1);
	assert_int_equal(use(stream_tokens, all, "", false, NOW), 1);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_int_equal(use(stream_tokens, stream_token, others[i], true, NOW), 0);
	stream_tokens_close(stream_tokens);
}

/* ---- Its reconnects ----------------------------------------------------- */

static void reconnects_are_admitted_until_the_token_expires(void **state)
{
	struct stream_tokens *stream_tokens = open_stream_tokens();
	char stream_token[STREAM_TOKEN_MAX];

	(void)state;
	make(stream_tokens, "task-1", stream_token);
	assert_int_equal(use(stream_tokens, stream_token, "task-1", false, NOW), 1);
	for (int64_t now = NOW; now < EXPIRES; now += 7)
		assert_int_equal(use(stream_tokens, stream_token, "task-1", true, now), 1);
	assert_int_equal(use(stream_tokens, stream_token, "task-1", true, EXPIRES - 1), 1);
	assert_int_equal(use(stream_tokens, stream_token, "task-1", true, EXPIRES), 0);
	stream_tokens_close(stream_tokens);
}

/* To say that one reconnects is no way round the 30 s, nor a second opening. */
static void what_was_never_opened_does_not_reconnect(void **state)
{
	struct stream_tokens *stream_tokens = open_stream_tokens();
	char late[STREAM_TOKEN_MAX], early[STREAM_TOKEN_MAX];

	(void)state;
	make(stream_tokens, "", late);
	make(stream_tokens, "", early);
	assert_int_equal(use(stream_tokens, late, "", true, NOW + STREAM_TOKEN_OPEN_S), 0);
	assert_int_equal(use(stream_tokens, early, "", true, NOW), 1);
	assert_int_equal(use(stream_tokens, early, "", false, NOW), 0);
	stream_tokens_close(stream_tokens);
}

static void a_restart_changes_nothing(void **state)
{
	struct stream_tokens *stream_tokens = open_stream_tokens();
	char opened[STREAM_TOKEN_MAX], unopened[STREAM_TOKEN_MAX], fresh[STREAM_TOKEN_MAX];

	(void)state;
	make(stream_tokens, "task-1", opened);
	make(stream_tokens, "task-1", unopened);
	assert_int_equal(use(stream_tokens, opened, "task-1", false, NOW), 1);
	stream_tokens_close(stream_tokens);

	stream_tokens = open_stream_tokens();
	make(stream_tokens, "task-1", fresh);
	assert_int_equal(use(stream_tokens, opened, "task-1", false, NOW), 0);
	assert_int_equal(use(stream_tokens, opened, "task-1", true, NOW + 300), 1);
	assert_int_equal(use(stream_tokens, opened, "task-2", true, NOW + 300), 0);
	assert_int_equal(use(stream_tokens, opened, "task-1", true, EXPIRES), 0);
	assert_int_equal(use(stream_tokens, fresh, "task-1", false, NOW), 1);
	assert_int_equal(
		use(stream_tokens, unopened, "task-1", false, NOW + STREAM_TOKEN_OPEN_S - 1), 1);
	assert_int_equal(
		use(stream_tokens, unopened, "task-1", false, NOW + STREAM_TOKEN_OPEN_S - 1), 0);
	stream_tokens_close(stream_tokens);
}

/* ... also not after a restart, of which the one that was killed knew nothing. */
static void a_ticket_that_was_never_opened_opens_nothing_after_its_time(void **state)
{
	struct stream_tokens *stream_tokens = open_stream_tokens();
	char opened[STREAM_TOKEN_MAX], unopened[STREAM_TOKEN_MAX];

	(void)state;
	make(stream_tokens, "", opened);
	make(stream_tokens, "", unopened);
	pid_t pid = harness_fork();
	if (pid == 0) {
		struct stream_tokens *ours = open_stream_tokens();

		_exit(use(ours, opened, "", false, NOW) == 1 ? 0 : 1); /* without closing */
	}
	assert_int_equal(harness_reap(pid), 0);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(use(stream_tokens, unopened, "", true, NOW + STREAM_TOKEN_OPEN_S),
				 0);
		assert_int_equal(use(stream_tokens, unopened, "", false, NOW + STREAM_TOKEN_OPEN_S),
				 0);
		assert_int_equal(use(stream_tokens, unopened, "", true, EXPIRES - 1), 0);
		assert_int_equal(use(stream_tokens, opened, "", true, EXPIRES - 1), 1);
		assert_int_equal(use(stream_tokens, opened, "", false, NOW), 0);
		stream_tokens_close(stream_tokens);
		stream_tokens = open_stream_tokens();
	}
	stream_tokens_close(stream_tokens);
	/* Without the book nobody knows which were opened. */
	HARNESS_MUST(unlink(forge_path("ticket.key.opened")));
	stream_tokens = open_stream_tokens();
	assert_int_equal(use(stream_tokens, unopened, "", true, EXPIRES - 1), 0);
	assert_int_equal(use(stream_tokens, opened, "", true, EXPIRES - 1), 0);
	stream_tokens_close(stream_tokens);
}

/* What asks and opens no stream (HEAD, a request that fails) uses nothing up. */
static void only_a_stream_uses_a_ticket_up(void **state)
{
	struct stream_tokens *stream_tokens = open_stream_tokens();
	struct identity identity;
	char stream_token[STREAM_TOKEN_MAX];
	uint64_t number = 0;

	(void)state;
	make(stream_tokens, "a", stream_token);
	for (int i = 0; i < 3; i++)
		assert_int_equal(stream_token_check(stream_tokens, stream_token, "a", i == 1,
						    NOW + i, &identity, &number),
				 AUTH_NONE);
	stream_token_use(stream_tokens, 0); /* of a token */
	assert_int_equal(stream_token_check(stream_tokens, stream_token, "a", false, NOW, &identity,
					    &number),
			 AUTH_NONE);
	stream_token_use(stream_tokens, number);
	assert_int_equal(stream_token_check(stream_tokens, stream_token, "a", false, NOW, &identity,
					    &number),
			 AUTH_STREAM_TOKEN);
	stream_tokens_close(stream_tokens);
}

/* ---- The book ----------------------------------------------------------- */

static struct stream_token_book *open_book(const char *path)
{
	struct stream_token_book *book = NULL;

	HARNESS_MUST(stream_token_book_open(path, &book));
	return book;
}

static void the_book_has_the_last_ones(void **state)
{
	struct stream_token_book *book = open_book(forge_path("many"));
	uint64_t run = stream_token_book_run(book), first = stream_token_book_add(book),
		 last = first;

	(void)state;
	stream_token_book_mark(book, first);
	for (unsigned i = 0; i < STREAM_TOKEN_BOOK_SIZE - 1; i++)
		last = stream_token_book_add(book);
	assert_int_equal(last, first + STREAM_TOKEN_BOOK_SIZE - 1);
	assert_int_equal(stream_token_book_state(book, run, first), STREAM_TOKEN_OPENED);
	assert_int_equal(stream_token_book_state(book, run, first + 1), STREAM_TOKEN_UNOPENED);
	assert_int_equal(stream_token_book_state(book, run, last + 1), STREAM_TOKEN_UNKNOWN);
	assert_int_equal(stream_token_book_state(book, run, 0), STREAM_TOKEN_UNKNOWN);
	assert_int_equal(stream_token_book_state(book, run + 1, first), STREAM_TOKEN_UNKNOWN);
	last = stream_token_book_add(book); /* in the first one's place */
	assert_int_equal(stream_token_book_state(book, run, first), STREAM_TOKEN_UNKNOWN);
	assert_int_equal(stream_token_book_state(book, run, last), STREAM_TOKEN_UNOPENED);
	stream_token_book_close(book);
}

/* Overwrite bytes of a file. */
static void spoil(const char *path, off_t at, const char *bytes, size_t size)
{
	int fd = harness_must(open(path, O_WRONLY | O_CLOEXEC), path);

	assert_int_equal(pwrite(fd, bytes, size, at), (ssize_t)size);
	close(fd);
}

enum { AT_BOOT = 8, AT_CLOSED = 48 };

/* After a reboot the book counts only if it was closed, for then nothing of it can be missing. */
static void a_book_of_another_boot_counts_if_it_was_closed(void **state)
{
	char path[4096];

	(void)state;
	snprintf(path, sizeof path, "%s", forge_path("boots"));
	for (int closed = 1; closed >= 0; closed--) {
		struct stream_token_book *book = open_book(path);
		uint64_t run = stream_token_book_run(book), number = stream_token_book_add(book);

		stream_token_book_mark(book, number);
		stream_token_book_close(book);
		spoil(path, AT_BOOT, "another-", 8);
		if (!closed)
			spoil(path, AT_CLOSED, "\0\0\0\0\0\0\0", 8);
		book = open_book(path);
		assert_int_equal(stream_token_book_state(book, run, number),
				 closed ? STREAM_TOKEN_OPENED : STREAM_TOKEN_UNKNOWN);
		stream_token_book_close(book);
	}
}

static void what_is_no_book_is_begun_anew_or_kept_in_memory(void **state)
{
	char path[4096], *log = strdup(forge_path("log"));
	struct stream_token_book *book;
	uint64_t number;

	(void)state;
	snprintf(path, sizeof path, "%s", forge_path("no.book"));
	for (int way = 0; way < (geteuid() == 0 ? 6 : 5); way++) {
		int before = forge_log_begin(log);

		unlink(path);
		if (way < 3)
			forge_write(path, "tickets1 and more", (size_t[]){ 0, 8, 17 }[way], 0600);
		else if (way == 3)
			forge_write(path, "", 0, 0622);
		else if (way == 4)
			HARNESS_MUST(symlink("/dev/null", path));
		else
			forge_write(path, "", 0, 0600);
		if (way == 5) /* another user's */
			HARNESS_MUST(chown(path, 65534, 65534));
		book = open_book(path);
		number = stream_token_book_add(book);
		assert_int_equal(number, 1);
		stream_token_book_mark(book, number);
		assert_int_equal(stream_token_book_state(book, stream_token_book_run(book), number),
				 STREAM_TOKEN_OPENED);
		stream_token_book_close(book);
		assert_int_equal(strstr(forge_log_end(log, before), "will not come back") != NULL,
				 way >= 3);
	}
	free(log);
}

/* A gateway of another version may be started while one runs, and its book may have another length. */
static void a_book_that_is_open_keeps_its_length(void **state)
{
	char *path = strdup(forge_path("long.book")), *log = strdup(forge_path("log"));
	struct stream_token_book *first = open_book(path), *second;
	uint64_t run = stream_token_book_run(first), number = stream_token_book_add(first);
	int before = forge_log_begin(log);
	struct stat file;

	(void)state;
	stream_token_book_mark(first, number);
	HARNESS_MUST(stat(path, &file));
	HARNESS_MUST(truncate(path, file.st_size + 8));
	second = open_book(path);
	assert_non_null(strstr(forge_log_end(log, before), "will not come back"));
	assert_int_not_equal(stream_token_book_run(second), run);
	stream_token_book_close(second);
	assert_int_equal(stream_token_book_run(first), run);
	assert_int_equal(stream_token_book_state(first, run, number), STREAM_TOKEN_OPENED);
	stream_token_book_close(first);
	HARNESS_MUST(truncate(path, 0));
	first = open_book(path); /* nobody has it: it is made anew */
	assert_int_equal(stream_token_book_add(first), 1);
	stream_token_book_close(first);
	free(path);
	free(log);
}

/* ---- Forgery ------------------------------------------------------------ */

static void no_character_can_be_changed(void **state)
{
	static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789-_=+/. ";
	struct stream_tokens *stream_tokens = open_stream_tokens();
	char stream_token[STREAM_TOKEN_MAX], changed[STREAM_TOKEN_MAX + 1];
	size_t length;

	(void)state;
	make(stream_tokens, "task-1", stream_token);
	length = strlen(stream_token);
	snprintf(changed, sizeof changed, "%s", stream_token);
	for (size_t i = 0; i < length; i++) {
		for (const char *c = characters; *c != '\0'; c++) {
			changed[i] = *c;
			if (*c != stream_token[i] &&
			    use(stream_tokens, changed, "task-1", true, NOW))
				fail_msg("byte %zu may be '%c' too", i, *c);
		}
		changed[i] = stream_token[i];
	}
	for (size_t i = 0; i < length; i++) {
		snprintf(changed, i + 1, "%s", stream_token);
		assert_int_equal(use(stream_tokens, changed, "task-1", true, NOW), 0);
	}
	snprintf(changed, sizeof changed, "%s=", stream_token);
	assert_int_equal(use(stream_tokens, changed, "task-1", true, NOW), 0);
	assert_int_equal(use(stream_tokens, stream_token, "task-1", true, NOW), 1);
	stream_tokens_close(stream_tokens);
}

static void what_is_no_ticket_is_refused(void **state)
{
	struct stream_tokens *stream_tokens = open_stream_tokens();
	char text[2 * STREAM_TOKEN_MAX];

	(void)state;
	assert_int_equal(use(stream_tokens, "", "", false, NOW), 0);
	assert_int_equal(use(stream_tokens, "garbage", "", true, NOW), 0);
	assert_int_equal(use(stream_tokens, "\xff\xfe", "", true, NOW), 0);
	for (size_t n = 1; n < sizeof text; n++) {
		memset(text, 'A', n);
		text[n] = '\0';
		assert_int_equal(use(stream_tokens, text, "", true, NOW), 0);
	}
	stream_tokens_close(stream_tokens);
}

static void another_gateway_s_tickets_are_not_ours(void **state)
{
	struct stream_tokens *ours = open_stream_tokens(), *theirs = NULL;
	char stream_token[STREAM_TOKEN_MAX];

	(void)state;
	HARNESS_MUST(stream_tokens_open(forge_path("their.key"), &theirs));
	make(theirs, "", stream_token);
	assert_int_equal(use(ours, stream_token, "", true, NOW), 0);
	assert_int_equal(use(theirs, stream_token, "", false, NOW), 1);
	stream_tokens_close(ours);
	stream_tokens_close(theirs);
}

/* ---- Bounds ------------------------------------------------------------- */

static void the_longest_names_fit_and_longer_ones_are_refused(void **state)
{
	struct identity longest = { .expires = EXPIRES }, nobody = { .expires = EXPIRES };
	struct stream_tokens *stream_tokens = open_stream_tokens();
	struct identity identity;
	char stream_token[STREAM_TOKEN_MAX], id[TRACKD_ID_MAX + 2];

	(void)state;
	memset(longest.owner, 'o', TRACKD_OWNER_MAX);
	memset(id, 'i', sizeof id);
	id[TRACKD_ID_MAX + 1] = '\0';
	assert_int_equal(stream_token_make(stream_tokens, &longest, id, NOW, stream_token),
			 -EINVAL);
	assert_int_equal(stream_token_make(stream_tokens, &longest, "a/b", NOW, stream_token),
			 -EINVAL);
	assert_int_equal(stream_token_make(stream_tokens, &nobody, "a", NOW, stream_token),
			 -EINVAL);
	id[TRACKD_ID_MAX] = '\0';
	assert_int_equal(stream_token_make(stream_tokens, &longest, id, NOW, stream_token), 0);
	assert_int_equal(check_and_use(stream_tokens, stream_token, id, false, NOW, &identity),
			 AUTH_NONE);
	assert_string_equal(identity.owner, longest.owner);
	stream_tokens_close(stream_tokens);
}

/* Owner and task do not run into each other. */
static void names_do_not_shift(void **state)
{
	struct identity ab = { .owner = "ab", .expires = EXPIRES };
	struct stream_tokens *stream_tokens = open_stream_tokens();
	struct identity identity;
	char stream_token[STREAM_TOKEN_MAX];

	(void)state;
	HARNESS_MUST(stream_token_make(stream_tokens, &ab, "c", NOW, stream_token));
	assert_int_equal(check_and_use(stream_tokens, stream_token, "bc", false, NOW, &identity),
			 AUTH_STREAM_TOKEN);
	assert_int_equal(check_and_use(stream_tokens, stream_token, "c", false, NOW, &identity),
			 AUTH_NONE);
	assert_string_equal(identity.owner, "ab");
	stream_tokens_close(stream_tokens);
}

/* ---- The key file ------------------------------------------------------- */

static void the_key_is_made_once_and_for_us_alone(void **state)
{
	struct stream_tokens *stream_tokens = NULL;
	struct stat status;
	char before[64], after[64], path[4096];
	int fd;

	(void)state;
	snprintf(path, sizeof path, "%s", forge_path("made.key"));
	umask(0);
	assert_int_equal(stream_tokens_open(path, &stream_tokens), 0);
	stream_tokens_close(stream_tokens);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(status.st_nlink, 1);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, before, sizeof before), 32);
	close(fd);
	assert_int_equal(stream_tokens_open(path, &stream_tokens), 0);
	stream_tokens_close(stream_tokens);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, after, sizeof after), 32);
	close(fd);
	assert_memory_equal(before, after, 32);
}

static void what_is_no_key_of_ours_is_refused(void **state)
{
	struct stream_tokens *stream_tokens = NULL;
	char path[4096], link_path[4096];

	(void)state;
	snprintf(path, sizeof path, "%s", forge_path("bad.key"));
	forge_write(path, FORGE_SECRET, 31, 0600);
	assert_int_equal(stream_tokens_open(path, &stream_tokens), -EINVAL);
	forge_write(path, FORGE_SECRET, 33, 0600);
	assert_int_equal(stream_tokens_open(path, &stream_tokens), -EINVAL);
	forge_write(path, FORGE_SECRET, 0, 0600);
	assert_int_equal(stream_tokens_open(path, &stream_tokens), -EINVAL);
	forge_write(path, FORGE_SECRET, 32, 0640);
	assert_int_equal(stream_tokens_open(path, &stream_tokens), -EPERM);
	forge_write(path, FORGE_SECRET, 32, 0600);
	snprintf(link_path, sizeof link_path, "%s", forge_path("link.key"));
	assert_int_equal(symlink(path, link_path), 0);
	assert_int_equal(stream_tokens_open(link_path, &stream_tokens), -ELOOP);
	assert_int_equal(stream_tokens_open(forge_path("no/folder.key"), &stream_tokens), -ENOENT);
	assert_null(stream_tokens);
}

/* ---- trackd-http token -------------------------------------------------- */

/* Run the verb in a child, its output in text. Returns the exit status. */
static int run_verb(const struct auth_config *config, char **argv, char *text, size_t size)
{
	int ends[2], argc = 0, code;
	size_t length = 0;
	ssize_t n;
	pid_t pid;

	while (argv[argc])
		argc++;
	HARNESS_MUST(pipe(ends));
	fflush(stdout);
	pid = harness_fork();
	if (pid == 0) {
		int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(ends[1], STDOUT_FILENO);
		dup2(nowhere, STDERR_FILENO);
		code = verb_token(config, argc, argv);
		fflush(stdout);
		_exit(code);
	}
	close(ends[1]);
	while (length < size - 1 && (n = read(ends[0], text + length, size - 1 - length)) > 0)
		length += (size_t)n;
	text[length] = '\0';
	close(ends[0]);
	return harness_reap(pid);
}

static void the_verb_prints_a_token_that_is_admitted(void **state)
{
	char *key = strdup(forge_path("secret")), output[4096] = "Bearer ", why[8192];
	char *argv[] = { "token", "--sub", "ada", "--ttl", "2h", "--key-file", key, NULL };
	struct auth_config config = { 0 };
	struct identity identity;
	struct auth *auth;
	size_t length;

	(void)state;
	forge_write(key, FORGE_SECRET, sizeof FORGE_SECRET - 1, 0600);
	assert_int_equal(run_verb(&config, argv, output + 7, sizeof output - 7), 0);
	length = strlen(output);
	assert_int_equal(output[length - 1], '\n');
	output[length - 1] = '\0';
	snprintf(config.key_file, sizeof config.key_file, "%s", key);
	assert_int_equal(auth_open(&config, &auth, why, sizeof why), 0);
	assert_int_equal(auth_check(auth, output, time(NULL), &identity), AUTH_NONE);
	assert_string_equal(identity.owner, "ada");
	assert_in_range(identity.expires - time(NULL), 7200 - 60, 7200 + AUTH_LEEWAY_S);
	auth_close(auth);
	free(key);
}

static void the_verb_says_when_it_is_misused(void **state)
{
	char *key = strdup(forge_path("secret"));
	char *const cases[][8] = {
		{ "token", NULL },
		{ "token", "--sub", NULL },
		{ "token", "--sub", "", NULL },
		{ "token", "--sub", "ada", "--ttl", "soon", NULL },
		{ "token", "--sub", "ada", "--ttl", "500ms", NULL },
		{ "token", "--sub", "ada", "--ttl", "9000h", NULL },
		{ "token", "--sub", "ada", "--key", "", NULL },
		{ "token", "--sub", "ada", "--key-file", "/nowhere", NULL },
		{ "token", "--sub", "ada", "more", NULL },
		{ "token", "--sub", "--ttl", "--key-file", key, NULL },
		{ "token", "--sub", "ada", "--key-file", "--ttl", NULL },
		{ "token", "--wrong", NULL },
		{ "token", "--sub", "ada", NULL }, /* no key is configured */
	};
	struct auth_config config = { 0 };
	char output[4096];

	(void)state;
	forge_write(key, FORGE_SECRET, sizeof FORGE_SECRET - 1, 0600);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *argv[8];

		memcpy(argv, cases[i], sizeof argv);
		assert_int_equal(run_verb(&config, argv, output, sizeof output), 2);
		assert_string_equal(output, "");
	}
	free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ticket_opens_one_stream),
		cmocka_unit_test(within_30_seconds),
		cmocka_unit_test(not_beyond_its_token),
		cmocka_unit_test(of_the_task_it_was_made_for),
		cmocka_unit_test(reconnects_are_admitted_until_the_token_expires),
		cmocka_unit_test(what_was_never_opened_does_not_reconnect),
		cmocka_unit_test(a_restart_changes_nothing),
		cmocka_unit_test(a_ticket_that_was_never_opened_opens_nothing_after_its_time),
		cmocka_unit_test(only_a_stream_uses_a_ticket_up),
		cmocka_unit_test(the_book_has_the_last_ones),
		cmocka_unit_test(a_book_of_another_boot_counts_if_it_was_closed),
		cmocka_unit_test(what_is_no_book_is_begun_anew_or_kept_in_memory),
		cmocka_unit_test(a_book_that_is_open_keeps_its_length),
		cmocka_unit_test(no_character_can_be_changed),
		cmocka_unit_test(what_is_no_ticket_is_refused),
		cmocka_unit_test(another_gateway_s_tickets_are_not_ours),
		cmocka_unit_test(the_longest_names_fit_and_longer_ones_are_refused),
		cmocka_unit_test(names_do_not_shift),
		cmocka_unit_test(the_key_is_made_once_and_for_us_alone),
		cmocka_unit_test(what_is_no_key_of_ours_is_refused),
		cmocka_unit_test(the_verb_prints_a_token_that_is_admitted),
		cmocka_unit_test(the_verb_says_when_it_is_misused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
