/* SPDX-License-Identifier: MIT */
/*
 * A client on strings, as test_client is, with the library of layout 2 (tests/harness/old_board.h): it
 * waits on a closed board, and answers TRACKD_E_LAYOUT when another board has the name.
 *
 *   make NAME CAPACITY | open NAME | create ID [owner=] [message=] [total=] | fill N
 *   update ID STAGE MESSAGE | advance ID N | total ID N | cancel ID
 *   complete ID TEXT | fail ID TEXT | cancelled ID TEXT
 *   work ID         advances by one and sets the message "uN" until a call fails: advanced=N updated=N
 *   hold ID         takes the record's lock; finish MESSAGE: commits to it and releases it
 *   exec PROGRAM    the same process, with another library
 *
 * The answers are those of test_client.
 */
#include "libclient/trackd.h"
#include "tests/e2e/clients/request.h"
#include "tests/harness/old_board.h"
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const uint64_t WAIT_MS = 20000;

static struct old_board board;
static uint64_t worker;
static struct old_ref held;
static char extra[128];

/* ---- Calls -------------------------------------------------------------- */

static int code_of(enum old_answer answer)
{
	switch (answer) {
	case OLD_DONE:
		return 0;
	case OLD_GONE:
		return TRACKD_E_GONE;
	case OLD_FINAL:
		return TRACKD_E_FINAL;
	case OLD_CLOSED:
		return TRACKD_E_MOVING;
	case OLD_UNSURE: /* looks for its change on the next board, which it cannot read */
		break;
	}
	return TRACKD_E_LAYOUT;
}

/* The name leads to another file: a daemon may have died before it retired this one. */
static bool has_successor(void)
{
	char path[128];
	struct stat here, there;

	snprintf(path, sizeof path, "/dev/shm%s", board.name);
	return fstat(board.fd, &here) == 0 && stat(path, &there) == 0 &&
	       here.st_ino != there.st_ino;
}

/* Wait on a closed board. 0: it is open again. */
static int wait_for_next(void)
{
	static const struct timespec nap = { .tv_nsec = 1000000 };

	for (uint64_t ms = 0; ms < WAIT_MS; ms++) {
		if (old_board_closed(&board) == 0)
			return 0;
		if (old_board_retired(&board) == 2)
			return TRACKD_E_NO_BOARD;
		if (old_board_retired(&board) != 0 || has_successor())
			return TRACKD_E_LAYOUT;
		(void)nanosleep(&nap, NULL);
	}
	return TRACKD_E_MOVING;
}

/* The library looks at the header before a call, and while the call meets a closed board. */
#define CALL(call)                                                                                 \
	__extension__({                                                                            \
		enum old_answer answer_ = OLD_CLOSED;                                              \
		int error_ = 0;                                                                    \
		while (answer_ == OLD_CLOSED && (error_ = wait_for_next()) == 0)                   \
			answer_ = (call);                                                          \
		error_ < 0 ? error_ : code_of(answer_);                                            \
	})

/* ---- Verbs --------------------------------------------------------------- */

static int use(void)
{
	worker = old_board_join(&board, getpid());
	return 0;
}

static int do_make(struct request *request)
{
	old_board_make(&board, word(request, 1), (uint32_t)number(word(request, 2)));
	return use();
}

static int do_open(struct request *request)
{
	old_board_open(&board, word(request, 1));
	return use();
}

static int do_create(struct request *request)
{
	const struct old_new task = { .id = word(request, 1),
				      .owner = option(request, "owner"),
				      .message = option(request, "message"),
				      .total = option_number(request, "total") };

	return old_create(&board, &task).slot == UINT32_MAX ? TRACKD_E_MOVING : 0;
}

static int do_fill(struct request *request)
{
	char id[32];

	for (uint64_t i = 0; i < number(word(request, 1)); i++) {
		snprintf(id, sizeof id, "fill-%d", (int)i);
		if (old_create(&board, &(struct old_new){ .id = id }).slot == UINT32_MAX)
			return TRACKD_E_FULL;
	}
	return 0;
}

static int do_update(struct request *request)
{
	struct old_ref ref = old_find(&board, word(request, 1));

	return CALL(
		old_update(&board, ref, (int)number(word(request, 2)), text(request, 3), worker));
}

static int do_advance(struct request *request)
{
	struct old_ref ref = old_find(&board, word(request, 1));

	return CALL(old_advance(&board, ref, number(word(request, 2))));
}

static int do_total(struct request *request)
{
	struct old_ref ref = old_find(&board, word(request, 1));

	return CALL(old_set_total(&board, ref, number(word(request, 2))));
}

static int do_cancel(struct request *request)
{
	struct old_ref ref = old_find(&board, word(request, 1));

	return CALL(old_cancel(&board, ref));
}

static int end(struct request *request, enum old_state state)
{
	struct old_ref ref = old_find(&board, word(request, 1));

	return CALL(old_end(&board, ref, state, text(request, 2)));
}

static int do_complete(struct request *request)
{
	return end(request, OLD_COMPLETED);
}

static int do_fail(struct request *request)
{
	return end(request, OLD_FAILED);
}

static int do_cancelled(struct request *request)
{
	return end(request, OLD_CANCELLED);
}

static int do_work(struct request *request)
{
	struct old_ref ref = old_find(&board, word(request, 1));
	unsigned long advanced = 0, updated = 0;
	char message[32];
	int error;

	for (;;) {
		if ((error = CALL(old_advance(&board, ref, 1))) < 0)
			break;
		advanced++;
		snprintf(message, sizeof message, "u%lu", updated + 1);
		if ((error = CALL(old_update(&board, ref, -1, message, worker))) < 0)
			break;
		updated++;
	}
	snprintf(extra, sizeof extra, " advanced=%lu updated=%lu", advanced, updated);
	return error;
}

static int do_hold(struct request *request)
{
	held = old_find(&board, word(request, 1));
	old_hold(&board, OLD_LOCK_RECORD, held.slot);
	return 0;
}

static int do_finish(struct request *request)
{
	return code_of(old_finish_update(&board, held, text(request, 1)));
}

static int do_exec(struct request *request)
{
	request->word[request->n] = NULL;
	execv(request->word[1], &request->word[1]);
	return -errno;
}

/* ---- Requests ------------------------------------------------------------ */

static const struct verb {
	const char *name;
	int (*run)(struct request *request);
} verbs[] = {
	{ "make", do_make },   { "open", do_open },           { "create", do_create },
	{ "fill", do_fill },   { "update", do_update },       { "advance", do_advance },
	{ "total", do_total }, { "cancel", do_cancel },       { "complete", do_complete },
	{ "fail", do_fail },   { "cancelled", do_cancelled }, { "work", do_work },
	{ "hold", do_hold },   { "finish", do_finish },       { "exec", do_exec },
};

static int run(struct request *request)
{
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(verbs[i].name, word(request, 0)) == 0)
			return verbs[i].run(request);
	return -EINVAL;
}

int main(void)
{
	char line[LINE];

	/* Unbuffered: what follows an exec is for the next program. */
	setvbuf(stdin, NULL, _IONBF, 0);
	while (fgets(line, sizeof line, stdin)) {
		struct request request = { .n = 0 };
		char *rest = NULL;

		for (char *next = strtok_r(line, " \n", &rest); next && request.n < WORDS - 1;
		     next = strtok_r(NULL, " \n", &rest))
			request.word[request.n++] = next;
		extra[0] = '\0';
		printf("%d us=0%s\n", run(&request), extra);
		fflush(stdout);
	}
	return 0;
}
