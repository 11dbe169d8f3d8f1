/* SPDX-License-Identifier: MIT */
/*
 * The keys of the configuration and what each allows. One setter a key, found by name in a table
 * that is made from the same list as the flags and the help.
 */
#include "daemon/config/config.h"
#include "daemon/config/kinds.h"
#include "daemon/config/value.h"
#include "libclient/segment/board_address.h"
#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int config_setter(struct config *config, const char *value);

static int copy_text(char *to, size_t size, const char *text)
{
	size_t length = strlen(text);

	if (length >= size)
		return -EINVAL;
	memcpy(to, text, length + 1);
	return 0;
}

static int set_board(struct config *config, const char *value)
{
	static_assert(sizeof config->board == sizeof((struct board_address *)0)->board, "one name");

	return board_address_name(config->board, value);
}

static int set_socket(struct config *config, const char *value)
{
	/* A suffix of CONFIG_SOCKET_SUFFIX bytes is added while it is made, and must fit into sun_path. */
	if (value[0] != '/' || strlen(value) + CONFIG_SOCKET_SUFFIX >= 108)
		return -EINVAL;
	return copy_text(config->socket, sizeof config->socket, value);
}

static int set_mode(struct config *config, const char *value)
{
	return value_mode(value, &config->mode);
}

static int set_group(struct config *config, const char *value)
{
	const struct group *group = getgrnam(value);
	char *end;
	unsigned long number = strtoul(value, &end, 10);

	if (group)
		config->gid = group->gr_gid;
	else if (value[0] >= '0' && value[0] <= '9' && *end == '\0' && number < UINT32_MAX)
		config->gid = (gid_t)number;
	else
		return -EINVAL;
	return copy_text(config->group, sizeof config->group, value);
}

static int set_capacity(struct config *config, const char *value)
{
	return value_number(value, TRACKD_CAPACITY_MIN, TRACKD_CAPACITY_MAX, &config->capacity);
}

static int set_state_dir(struct config *config, const char *value)
{
	if (value[0] != '/' && value[0] != '\0')
		return -EINVAL;
	return copy_text(config->state_dir, sizeof config->state_dir, value);
}

static int set_ttl(struct config *config, const char *value)
{
	return value_duration(value, &config->ttl);
}

static int set_active_ttl(struct config *config, const char *value)
{
	return value_duration(value, &config->active_ttl);
}

static int set_snapshot_interval(struct config *config, const char *value)
{
	return value_duration(value, &config->snapshot_interval);
}

static int set_verbose(struct config *config, const char *value)
{
	return value_yes(value, &config->verbose);
}

#define DURATION "a time such as 500ms, 90s, 15m, 1h, 7d (up to 49d) or never"
static const struct {
	const char *key;
	config_setter *set;
	const char *allowed;
} setters[] = {
	{ "board", set_board,
	  "a name such as /trackd, without another slash: 1 to 59 bytes of A-Za-z0-9._-, not "
	  "beginning with a dot" },
	{ "socket", set_socket, "an absolute path of up to 103 bytes" },
	{ "mode", set_mode, "an octal mode with 6 for the owner and no execute bit, such as 0660" },
	{ "group", set_group, "the name or number of a group that exists" },
	{ "capacity", set_capacity,
	  "a number from 16 to 16777216; K and M stand for 1024 and its square" },
	{ "state_dir", set_state_dir, "an absolute path, or nothing for no snapshots" },
	{ "ttl", set_ttl, DURATION },
	{ "active_ttl", set_active_ttl, DURATION },
	{ "snapshot_interval", set_snapshot_interval, DURATION },
	{ "verbose", set_verbose, "yes or no" },
};

#define KEY_NUMBER(key, takes, help, reload) KEY_##key,
enum { CONFIG_KEYS(KEY_NUMBER) N_KEYS };
static_assert(sizeof setters / sizeof setters[0] == N_KEYS, "a setter a key");

void config_defaults(struct config *ret_config, int user)
{
	const char *state = getenv("STATE_DIRECTORY");

	memset(ret_config, 0, sizeof *ret_config);
	if (user)
		board_address_user_name(ret_config->board, geteuid());
	else
		strcpy(ret_config->board, "/trackd");
	ret_config->gid = (gid_t)-1;
	ret_config->mode = user ? 0600 : 0660;
	ret_config->capacity = TRACKD_CAPACITY_DEFAULT;
	ret_config->ttl = TRACKD_TTL_DEFAULT_MS;
	ret_config->active_ttl = TRACKD_ACTIVE_TTL_DEFAULT_MS;
	ret_config->snapshot_interval = 60000;
	if (state && !strchr(state, ':'))
		(void)set_state_dir(ret_config, state);
}

__attribute__((format(printf, 2, 3))) static int fail(struct config_fault *fault,
						      const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(fault->text, sizeof fault->text, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

int config_set(struct config *config, const char *where, const char *key, const char *value,
	       struct config_fault *fault)
{
	for (size_t i = 0; i < sizeof setters / sizeof setters[0]; i++) {
		if (strcmp(setters[i].key, key) != 0)
			continue;
		if (setters[i].set(config, value) == 0)
			return 0;
		/* A flag says by itself which key it is. */
		return fail(fault, "%s%s%s: \"%.100s\" is not allowed; it must be %s", where,
			    where[0] == '-' ? "" : ": ", where[0] == '-' ? "" : key, value,
			    setters[i].allowed);
	}
#define KEY_NAME(key, takes, help, reload) " " #key
	return fail(fault, "%s: %.64s: no such key; there are%s, and sections [kind NAME]", where,
		    key, CONFIG_KEYS(KEY_NAME));
}

/* The kind of a name in the list, made if it is not there: the command line replaces the file's. */
static struct trackd_kind *kind_place(struct config *config, const char *name)
{
	for (uint32_t i = 0; i < config->n_kinds; i++)
		if (strcmp(config->kinds[i].name, name) == 0)
			return &config->kinds[i];
	/* One place of the board's table is kind 0's. */
	if (config->n_kinds == TRACKD_KINDS_MAX - 1)
		return NULL;
	return &config->kinds[config->n_kinds++];
}

static int kind_keep(struct config *config, const char *where, const struct trackd_kind *kind,
		     struct config_fault *fault)
{
	struct trackd_kind *address;

	if (kind->n_stages == 0)
		return fail(fault, "%s: kind %s has no stage; write lines such as: fetching 10",
			    where, kind->name);
	address = kind_place(config, kind->name);
	if (!address)
		return fail(fault, "%s: kind %s: a board holds %d kinds", where, kind->name,
			    TRACKD_KINDS_MAX);
	*address = *kind;
	return 0;
}

int config_set_kind(struct config *config, const char *where, const char *text,
		    struct config_fault *fault)
{
	struct trackd_kind kind;

	if (kinds_parse(text, &kind) < 0)
		return fail(fault, "%s: kind: \"%.200s\" is not allowed; it must be " KINDS_ALLOWED,
			    where, text);
	return kind_keep(config, where, &kind, fault);
}

/* ---- The file -------------------------------------------------------------------------------- */

struct parser {
	struct config *config;
	struct config_fault *fault;
	char where[PATH_MAX + 16];
	bool in_kind;
	char kind_where[PATH_MAX + 16];
	struct trackd_kind kind;
};

static char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length > 0 && strchr(" \t\r\n", text[length - 1]))
		text[--length] = '\0';
	return text;
}

static int end_section(struct parser *parser)
{
	if (!parser->in_kind)
		return 0;
	parser->in_kind = false;
	return kind_keep(parser->config, parser->kind_where, &parser->kind, parser->fault);
}

static int begin_section(struct parser *parser, char *line)
{
	size_t length = strlen(line);
	int error = end_section(parser);

	if (error < 0)
		return error;
	if (length < 2 || line[length - 1] != ']')
		return fail(parser->fault, "%s: a section ends with ]", parser->where);
	line[length - 1] = '\0';
	line = trim(line + 1);
	if (strcmp(line, "trackd") == 0)
		return 0;
	if (strncmp(line, "kind", 4) != 0 || (line[4] != ' ' && line[4] != '\t'))
		return fail(parser->fault,
			    "%s: [%.64s]: no such section; there are [trackd] and [kind NAME]",
			    parser->where, line);
	if (kinds_begin(&parser->kind, trim(line + 4)) < 0)
		return fail(parser->fault,
			    "%s: [%.64s]: a kind's name is 1 to 31 bytes of a-z, 0-9, - and _",
			    parser->where, line);
	parser->in_kind = true;
	memcpy(parser->kind_where, parser->where, sizeof parser->kind_where);
	return 0;
}

/* "stage = fetching 10", or in short "fetching 10" or "fetching = 10". */
static int kind_line(struct parser *parser, char *line)
{
	size_t word = strcspn(line, " \t=");
	char *name = line, *percent;

	if (word == 5 && strncmp(line, "stage", 5) == 0 && *trim(line + 5) == '=')
		name = trim(trim(line + 5) + 1);
	percent = name + strcspn(name, " \t=");
	if (*percent != '\0')
		*percent++ = '\0';
	percent += strspn(percent, " \t=");
	if (kinds_add(&parser->kind, name, percent) < 0)
		return fail(parser->fault,
			    "%s: kind %s: \"%.64s %.8s\" is not a stage; write NAME PERCENT, the "
			    "percentage "
			    "0 to 99 and not below the stage before, at most 16 stages",
			    parser->where, parser->kind.name, name, percent);
	return 0;
}

static int parse_line(struct parser *parser, char *line)
{
	char *equals;

	line = trim(line);
	if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
		return 0;
	if (line[0] == '[')
		return begin_section(parser, line);
	if (parser->in_kind)
		return kind_line(parser, line);
	equals = strchr(line, '=');
	if (!equals)
		return fail(parser->fault, "%s: \"%.64s\": a line is KEY = VALUE", parser->where,
			    line);
	*equals = '\0';
	return config_set(parser->config, parser->where, trim(line), trim(equals + 1),
			  parser->fault);
}

int config_read(struct config *config, const char *path, struct config_fault *fault)
{
	struct parser parser = { .config = config, .fault = fault };
	char *line = NULL;
	size_t size = 0;
	int error = 0;
	FILE *file = fopen(path, "re");

	if (!file) {
		error = -errno;
		fail(fault, "%.400s: %s; --config names a file that can be read", path,
		     strerror(-error));
		return error;
	}
	for (unsigned n = 1; error == 0 && getline(&line, &size, file) >= 0; n++) {
		snprintf(parser.where, sizeof parser.where, "%s:%u", path, n);
		error = parse_line(&parser, line);
	}
	if (error == 0 && ferror(file)) {
		fail(fault, "%.400s: cannot be read", path);
		error = -EIO;
	}
	if (error == 0)
		error = end_section(&parser);
	free(line);
	fclose(file);
	return error;
}

/* ---- What follows from the rest ----------------------------------------- */

/* The one rule of where a board's socket is; see trackd_open(). */
int config_finish(struct config *config, struct config_fault *fault)
{
	const char *runtime = board_address_runtime_dir();
	char own[64];
	bool user;
	int n;

	if (config->socket[0] != '\0')
		return 0;
	board_address_user_name(own, geteuid());
	user = strcmp(config->board, own) == 0 ||
	       (geteuid() != 0 && runtime && strcmp(config->board, "/trackd") != 0);
	if (user && !runtime)
		return fail(fault, "socket: XDG_RUNTIME_DIR is not set to a directory of this user "
				   "that others may not write; set it, or give --socket PATH "
				   "here and TRACKD_SOCKET to clients");
	n = snprintf(config->socket, sizeof config->socket, "%s/trackd%s.sock",
		     user ? runtime : "/run", config->board);
	if (n < 0 || (size_t)n >= sizeof config->socket)
		return fail(fault, "socket: %.200s/trackd%s.sock is too long; give --socket PATH",
			    user ? runtime : "/run", config->board);
	return 0;
}

void config_compare(const struct config *before, const struct config *after,
		    void (*changed)(const char *key))
{
	const struct {
		const char *key;
		bool differs;
	} keys[] = {
		{ "board", strcmp(before->board, after->board) != 0 },
		{ "socket", strcmp(before->socket, after->socket) != 0 },
		{ "mode", before->mode != after->mode },
		{ "group", before->gid != after->gid },
		{ "capacity", before->capacity != after->capacity },
		{ "state_dir", strcmp(before->state_dir, after->state_dir) != 0 },
	};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (keys[i].differs)
			changed(keys[i].key);
}
