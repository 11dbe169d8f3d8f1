/* SPDX-License-Identifier: MIT */
#include "tools/docproc/cli/store_verb.h"
#include "tools/common/log.h"
#include "tools/common/printable.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int look_fail(enum exit_code code, const struct failure *failure)
{
	log_error("%s", failure->error);
	if (failure->advice[0] != '\0')
		log_error("%s", failure->advice);
	return (int)code;
}

/* Scripts distinguish these failures by the status; the store supplies the messages. */
static enum exit_code code_for(const char *path)
{
	if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0)
		return EXIT_CODE_TASK_FAILED;
	return errno == EACCES ? EXIT_CODE_PERMISSION : EXIT_CODE_NOT_FOUND;
}

int look_open(const struct config *config, struct store **ret_store)
{
	struct failure failure;

	if (store_open(config->store, STORE_READ, ret_store, &failure) == 0)
		return 0;
	return look_fail(code_for(config->store), &failure);
}

int look_print_json(json_t *document)
{
	int failed = !document || json_dumpf(document, stdout, JSON_INDENT(2)) != 0;

	json_decref(document);
	if (!failed && putchar('\n') != EOF && fflush(stdout) == 0)
		return EXIT_CODE_DONE;
	log_error("the result could not be written");
	return EXIT_CODE_BUSY;
}

static char *safe_copy(const char *text, size_t (*copy)(char *to, size_t size, const char *text))
{
	size_t size = PRINTABLE_ROOM(strlen(text));
	char *safe = malloc(size);

	if (safe)
		copy(safe, size, text);
	return safe;
}

char *look_printable(const char *text)
{
	return safe_copy(text, printable_line);
}

json_t *look_json_text(const char *text)
{
	char *safe = safe_copy(text, printable_text);
	json_t *json = safe ? json_string(safe) : NULL;

	free(safe);
	return json;
}
