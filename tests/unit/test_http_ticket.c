/* SPDX-License-Identifier: MIT */
/* A ticket opens one stream, the one it was made for, once, in time; its reconnects are admitted as
 * long as its token is good, over restarts; and no byte of it can be changed. The verb that makes
 * tokens is here too. */
#include "tests/unit/forge.h"
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

static struct tickets *open_tickets(void)
{
	struct tickets *tickets = NULL;

	HARNESS_MUST(tickets_open(forge_path("ticket.key"), &tickets));
	return tickets;
}

static void make(struct tickets *tickets, const char *id, char ticket[TICKET_MAX])
{
	HARNESS_MUST(ticket_make(tickets, &ada, id, NOW, ticket));
}

/* As a stream does that begins at once. */
static enum auth_failure check_and_use(struct tickets *tickets, const char *ticket, const char *id,
				       bool reconnect, int64_t now, struct identity *identity)
{
	uint64_t number = 0;
	enum auth_failure failure =
		ticket_check(tickets, ticket, id, reconnect, now, identity, &number);

	ticket_use(tickets, number);
	return failure;
}

/* 1 admitted, 0 not; a refusal leaves the identity as it was. */
static int use(struct tickets *tickets, const char *ticket, const char *id, bool reconnect,
	       int64_t now)
{
	struct identity identity, before;
	enum auth_failure failure;

	memset(&identity, 0x5a, sizeof identity);
	before = identity;
	failure = check_and_use(tickets, ticket, id, reconnect, now, &identity);
	if (failure == AUTH_NONE) {
		assert_string_equal(identity.owner, "ada");
		assert_int_equal(identity.expires, EXPIRES);
		return 1;
	}
	assert_int_equal(failure, AUTH_TICKET);
	assert_memory_equal(&identity, &before, sizeof before);
	return 0;
}

/* ---- One stream --------------------------------------------------------- */

static void a_ticket_opens_one_stream(void **state)
{
	struct tickets *tickets = open_tickets();
	char ticket[TICKET_MAX], other[TICKET_MAX];

	(void)state;
	make(tickets, "task-1", ticket);
	make(tickets, "task-1", other);
	assert_string_not_equal(ticket, other);
	assert_int_equal(use(tickets, ticket, "task-1", false, NOW), 1);
	assert_int_equal(use(tickets, ticket, "task-1", false, NOW), 0);
	assert_int_equal(use(tickets, ticket, "task-1", false, NOW + 1), 0);
	assert_int_equal(use(tickets, other, "task-1", false, NOW + 1), 1);
	tickets_close(tickets);
}

static void within_30_seconds(void **state)
{
	struct tickets *tickets = open_tickets();
	char first[TICKET_MAX], second[TICKET_MAX];

	(void)state;
	make(tickets, "", first);
	make(tickets, "", second);
	assert_int_equal(use(tickets, first, "", false, NOW + TICKET_OPEN_S - 1), 1);
	assert_int_equal(use(tickets, second, "", false, NOW + TICKET_OPEN_S), 0);
	tickets_close(tickets);
}

static void not_beyond_its_token(void **state)
{
	struct identity hasty = { .owner = "ada", .expires = NOW + 5 };
	struct tickets *tickets = open_tickets();
	struct identity identity;
	char ticket[TICKET_MAX];

	(void)state;
	HARNESS_MUST(ticket_make(tickets, &hasty, "a", NOW, ticket));
	assert_int_equal(check_and_use(tickets, ticket, "a", false, NOW + 5, &identity),
			 AUTH_TICKET);
	assert_int_equal(check_and_use(tickets, ticket, "a", false, NOW + 4, &identity), AUTH_NONE);
	assert_int_equal(identity.expires, NOW + 5);
	assert_int_equal(check_and_use(tickets, ticket, "a", true, NOW + 4, &identity), AUTH_NONE);
	assert_int_equal(check_and_use(tickets, ticket, "a", true, NOW + 5, &identity),
			 AUTH_TICKET);
	tickets_close(tickets);
}

/* A refusal for another reason does not use the ticket up. */
static void of_the_task_it_was_made_for(void **state)
{
	static const char *const others[] = { "", "task-2", "task-", "task-12", "Task-1" };
	struct tickets *tickets = open_tickets();
	char ticket[TICKET_MAX], all[TICKET_MAX];

	(void)state;
	make(tickets, "task-1", ticket);
	make(tickets, "", all);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_int_equal(use(tickets, ticket, others[i], false, NOW), 0);
	assert_int_equal(use(tickets, all, "task-1", false, NOW), 0);
	assert_int_equal(use(tickets, ticket, "task-1", false, NOW), 1);
	assert_int_equal(use(tickets, all, "", false, NOW), 1);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_int_equal(use(tickets, ticket, others[i], true, NOW), 0);
	tickets_close(tickets);
}

/* ---- Its reconnects ----------------------------------------------------- */

static void reconnects_are_admitted_until_the_token_expires(void **state)
{
	struct tickets *tickets = open_tickets();
	char ticket[TICKET_MAX];

	(void)state;
	make(tickets, "task-1", ticket);
	assert_int_equal(use(tickets, ticket, "task-1", false, NOW), 1);
	for (int64_t now = NOW; now < EXPIRES; now += 7)
		assert_int_equal(use(tickets, ticket, "task-1", true, now), 1);
	assert_int_equal(use(tickets, ticket, "task-1", true, EXPIRES - 1), 1);
	assert_int_equal(use(tickets, ticket, "task-1", true, EXPIRES), 0);
	tickets_close(tickets);
}

/* To say that one reconnects is no way round the 30 s, nor a second opening. */
static void what_was_never_opened_does_not_reconnect(void **state)
{
	struct tickets *tickets = open_tickets();
	char late[TICKET_MAX], early[TICKET_MAX];

	(void)state;
	make(tickets, "", late);
	make(tickets, "", early);
	assert_int_equal(use(tickets, late, "", true, NOW + TICKET_OPEN_S), 0);
	assert_int_equal(use(tickets, early, "", true, NOW), 1);
	assert_int_equal(use(tickets, early, "", false, NOW), 0);
	tickets_close(tickets);
}

static void a_restart_changes_nothing(void **state)
{
	struct tickets *tickets = open_tickets();
	char opened[TICKET_MAX], unopened[TICKET_MAX], fresh[TICKET_MAX];

	(void)state;
	make(tickets, "task-1", opened);
	make(tickets, "task-1", unopened);
	assert_int_equal(use(tickets, opened, "task-1", false, NOW), 1);
	tickets_close(tickets);

	tickets = open_tickets();
	make(tickets, "task-1", fresh);
	assert_int_equal(use(tickets, opened, "task-1", false, NOW), 0);
	assert_int_equal(use(tickets, opened, "task-1", true, NOW + 300), 1);
	assert_int_equal(use(tickets, opened, "task-2", true, NOW + 300), 0);
	assert_int_equal(use(tickets, opened, "task-1", true, EXPIRES), 0);
	assert_int_equal(use(tickets, fresh, "task-1", false, NOW), 1);
	assert_int_equal(use(tickets, unopened, "task-1", false, NOW + TICKET_OPEN_S - 1), 1);
	assert_int_equal(use(tickets, unopened, "task-1", false, NOW + TICKET_OPEN_S - 1), 0);
	tickets_close(tickets);
}

/* ... also not after a restart, of which the one that was killed knew nothing. */
static void a_ticket_that_was_never_opened_opens_nothing_after_its_time(void **state)
{
	struct tickets *tickets = open_tickets();
	char opened[TICKET_MAX], unopened[TICKET_MAX];

	(void)state;
	make(tickets, "", opened);
	make(tickets, "", unopened);
	pid_t pid = harness_fork();
	if (pid == 0) {
		struct tickets *ours = open_tickets();

		_exit(use(ours, opened, "", false, NOW) == 1 ? 0 : 1); /* without closing */
	}
	assert_int_equal(harness_reap(pid), 0);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(use(tickets, unopened, "", true, NOW + TICKET_OPEN_S), 0);
		assert_int_equal(use(tickets, unopened, "", false, NOW + TICKET_OPEN_S), 0);
		assert_int_equal(use(tickets, unopened, "", true, EXPIRES - 1), 0);
		assert_int_equal(use(tickets, opened, "", true, EXPIRES - 1), 1);
		assert_int_equal(use(tickets, opened, "", false, NOW), 0);
		tickets_close(tickets);
		tickets = open_tickets();
	}
	tickets_close(tickets);
	/* Without the book nobody knows which were opened. */
	HARNESS_MUST(unlink(forge_path("ticket.key.opened")));
	tickets = open_tickets();
	assert_int_equal(use(tickets, unopened, "", true, EXPIRES - 1), 0);
	assert_int_equal(use(tickets, opened, "", true, EXPIRES - 1), 0);
	tickets_close(tickets);
}

/* What asks and opens no stream (HEAD, a request that fails) uses nothing up. */
static void only_a_stream_uses_a_ticket_up(void **state)
{
	struct tickets *tickets = open_tickets();
	struct identity identity;
	char ticket[TICKET_MAX];
	uint64_t number = 0;

	(void)state;
	make(tickets, "a", ticket);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			ticket_check(tickets, ticket, "a", i == 1, NOW + i, &identity, &number),
			AUTH_NONE);
	ticket_use(tickets, 0); /* of a token */
	assert_int_equal(ticket_check(tickets, ticket, "a", false, NOW, &identity, &number),
			 AUTH_NONE);
	ticket_use(tickets, number);
	assert_int_equal(ticket_check(tickets, ticket, "a", false, NOW, &identity, &number),
			 AUTH_TICKET);
	tickets_close(tickets);
}

/* ---- The book ----------------------------------------------------------- */

static struct ticket_book *open_book(const char *path)
{
	struct ticket_book *book = NULL;

	HARNESS_MUST(ticket_book_open(path, &book));
	return book;
}

static void the_book_has_the_last_ones(void **state)
{
	struct ticket_book *book = open_book(forge_path("many"));
	uint64_t run = ticket_book_run(book), first = ticket_book_add(book), last = first;

	(void)state;
	ticket_book_mark(book, first);
	for (unsigned i = 0; i < TICKET_BOOK_SIZE - 1; i++)
		last = ticket_book_add(book);
	assert_int_equal(last, first + TICKET_BOOK_SIZE - 1);
	assert_int_equal(ticket_book_state(book, run, first), TICKET_OPENED);
	assert_int_equal(ticket_book_state(book, run, first + 1), TICKET_UNOPENED);
	assert_int_equal(ticket_book_state(book, run, last + 1), TICKET_UNKNOWN);
	assert_int_equal(ticket_book_state(book, run, 0), TICKET_UNKNOWN);
	assert_int_equal(ticket_book_state(book, run + 1, first), TICKET_UNKNOWN);
	last = ticket_book_add(book); /* in the first one's place */
	assert_int_equal(ticket_book_state(book, run, first), TICKET_UNKNOWN);
	assert_int_equal(ticket_book_state(book, run, last), TICKET_UNOPENED);
	ticket_book_close(book);
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
		struct ticket_book *book = open_book(path);
		uint64_t run = ticket_book_run(book), number = ticket_book_add(book);

		ticket_book_mark(book, number);
		ticket_book_close(book);
		spoil(path, AT_BOOT, "another-", 8);
		if (!closed)
			spoil(path, AT_CLOSED, "\0\0\0\0\0\0\0", 8);
		book = open_book(path);
		assert_int_equal(ticket_book_state(book, run, number),
				 closed ? TICKET_OPENED : TICKET_UNKNOWN);
		ticket_book_close(book);
	}
}

static void what_is_no_book_is_begun_anew_or_kept_in_memory(void **state)
{
	char path[4096], *log = strdup(forge_path("log"));
	struct ticket_book *book;
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
		number = ticket_book_add(book);
		assert_int_equal(number, 1);
		ticket_book_mark(book, number);
		assert_int_equal(ticket_book_state(book, ticket_book_run(book), number),
				 TICKET_OPENED);
		ticket_book_close(book);
		assert_int_equal(strstr(forge_log_end(log, before), "will not come back") != NULL,
				 way >= 3);
	}
	free(log);
}

/* A gateway of another version may be started while one runs, and its book may have another length. */
static void a_book_that_is_open_keeps_its_length(void **state)
{
	char *path = strdup(forge_path("long.book")), *log = strdup(forge_path("log"));
	struct ticket_book *first = open_book(path), *second;
	uint64_t run = ticket_book_run(first), number = ticket_book_add(first);
	int before = forge_log_begin(log);
	struct stat file;

	(void)state;
	ticket_book_mark(first, number);
	HARNESS_MUST(stat(path, &file));
	HARNESS_MUST(truncate(path, file.st_size + 8));
	second = open_book(path);
	assert_non_null(strstr(forge_log_end(log, before), "will not come back"));
	assert_int_not_equal(ticket_book_run(second), run);
	ticket_book_close(second);
	assert_int_equal(ticket_book_run(first), run);
	assert_int_equal(ticket_book_state(first, run, number), TICKET_OPENED);
	ticket_book_close(first);
	HARNESS_MUST(truncate(path, 0));
	first = open_book(path); /* nobody has it: it is made anew */
	assert_int_equal(ticket_book_add(first), 1);
	ticket_book_close(first);
	free(path);
	free(log);
}

/* ---- Forgery ------------------------------------------------------------ */

static void no_character_can_be_changed(void **state)
{
	static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789-_=+/. ";
	struct tickets *tickets = open_tickets();
	char ticket[TICKET_MAX], changed[TICKET_MAX + 1];
	size_t length;

	(void)state;
	make(tickets, "task-1", ticket);
	length = strlen(ticket);
	snprintf(changed, sizeof changed, "%s", ticket);
	for (size_t i = 0; i < length; i++) {
		for (const char *c = characters; *c != '\0'; c++) {
			changed[i] = *c;
			if (*c != ticket[i] && use(tickets, changed, "task-1", true, NOW))
				fail_msg("byte %zu may be '%c' too", i, *c);
		}
		changed[i] = ticket[i];
	}
	for (size_t i = 0; i < length; i++) {
		snprintf(changed, i + 1, "%s", ticket);
		assert_int_equal(use(tickets, changed, "task-1", true, NOW), 0);
	}
	snprintf(changed, sizeof changed, "%s=", ticket);
	assert_int_equal(use(tickets, changed, "task-1", true, NOW), 0);
	assert_int_equal(use(tickets, ticket, "task-1", true, NOW), 1);
	tickets_close(tickets);
}

static void what_is_no_ticket_is_refused(void **state)
{
	struct tickets *tickets = open_tickets();
	char text[2 * TICKET_MAX];

	(void)state;
	assert_int_equal(use(tickets, "", "", false, NOW), 0);
	assert_int_equal(use(tickets, "garbage", "", true, NOW), 0);
	assert_int_equal(use(tickets, "\xff\xfe", "", true, NOW), 0);
	for (size_t n = 1; n < sizeof text; n++) {
		memset(text, 'A', n);
		text[n] = '\0';
		assert_int_equal(use(tickets, text, "", true, NOW), 0);
	}
	tickets_close(tickets);
}

static void another_gateway_s_tickets_are_not_ours(void **state)
{
	struct tickets *ours = open_tickets(), *theirs = NULL;
	char ticket[TICKET_MAX];

	(void)state;
	HARNESS_MUST(tickets_open(forge_path("their.key"), &theirs));
	make(theirs, "", ticket);
	assert_int_equal(use(ours, ticket, "", true, NOW), 0);
	assert_int_equal(use(theirs, ticket, "", false, NOW), 1);
	tickets_close(ours);
	tickets_close(theirs);
}

/* ---- Bounds ------------------------------------------------------------- */

static void the_longest_names_fit_and_longer_ones_are_refused(void **state)
{
	struct identity longest = { .expires = EXPIRES }, nobody = { .expires = EXPIRES };
	struct tickets *tickets = open_tickets();
	struct identity identity;
	char ticket[TICKET_MAX], id[TRACKD_ID_MAX + 2];

	(void)state;
	memset(longest.owner, 'o', TRACKD_OWNER_MAX);
	memset(id, 'i', sizeof id);
	id[TRACKD_ID_MAX + 1] = '\0';
	assert_int_equal(ticket_make(tickets, &longest, id, NOW, ticket), -EINVAL);
	assert_int_equal(ticket_make(tickets, &longest, "a/b", NOW, ticket), -EINVAL);
	assert_int_equal(ticket_make(tickets, &nobody, "a", NOW, ticket), -EINVAL);
	id[TRACKD_ID_MAX] = '\0';
	assert_int_equal(ticket_make(tickets, &longest, id, NOW, ticket), 0);
	assert_int_equal(check_and_use(tickets, ticket, id, false, NOW, &identity), AUTH_NONE);
	assert_string_equal(identity.owner, longest.owner);
	tickets_close(tickets);
}

/* Owner and task do not run into each other. */
static void names_do_not_shift(void **state)
{
	struct identity ab = { .owner = "ab", .expires = EXPIRES };
	struct tickets *tickets = open_tickets();
	struct identity identity;
	char ticket[TICKET_MAX];

	(void)state;
	HARNESS_MUST(ticket_make(tickets, &ab, "c", NOW, ticket));
	assert_int_equal(check_and_use(tickets, ticket, "bc", false, NOW, &identity), AUTH_TICKET);
	assert_int_equal(check_and_use(tickets, ticket, "c", false, NOW, &identity), AUTH_NONE);
	assert_string_equal(identity.owner, "ab");
	tickets_close(tickets);
}

/* ---- The key file ------------------------------------------------------- */

static void the_key_is_made_once_and_for_us_alone(void **state)
{
	struct tickets *tickets = NULL;
	struct stat status;
	char before[64], after[64], path[4096];
	int fd;

	(void)state;
	snprintf(path, sizeof path, "%s", forge_path("made.key"));
	umask(0);
	assert_int_equal(tickets_open(path, &tickets), 0);
	tickets_close(tickets);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(status.st_nlink, 1);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, before, sizeof before), 32);
	close(fd);
	assert_int_equal(tickets_open(path, &tickets), 0);
	tickets_close(tickets);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, after, sizeof after), 32);
	close(fd);
	assert_memory_equal(before, after, 32);
}

static void what_is_no_key_of_ours_is_refused(void **state)
{
	struct tickets *tickets = NULL;
	char path[4096], link_path[4096];

	(void)state;
	snprintf(path, sizeof path, "%s", forge_path("bad.key"));
	forge_write(path, FORGE_SECRET, 31, 0600);
	assert_int_equal(tickets_open(path, &tickets), -EINVAL);
	forge_write(path, FORGE_SECRET, 33, 0600);
	assert_int_equal(tickets_open(path, &tickets), -EINVAL);
	forge_write(path, FORGE_SECRET, 0, 0600);
	assert_int_equal(tickets_open(path, &tickets), -EINVAL);
	forge_write(path, FORGE_SECRET, 32, 0640);
	assert_int_equal(tickets_open(path, &tickets), -EPERM);
	forge_write(path, FORGE_SECRET, 32, 0600);
	snprintf(link_path, sizeof link_path, "%s", forge_path("link.key"));
	assert_int_equal(symlink(path, link_path), 0);
	assert_int_equal(tickets_open(link_path, &tickets), -ELOOP);
	assert_int_equal(tickets_open(forge_path("no/folder.key"), &tickets), -ENOENT);
	assert_null(tickets);
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
