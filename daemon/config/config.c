/* SPDX-License-Identifier: MIT */
/* The table of settings, and the kinds, which are sections of the file and flags of their own form. */
#include "daemon/config/config.h"
#include "daemon/config/kinds.h"
#include "libclient/segment/internal.h"
#include "tools/common/config_file.h"
#include "tools/common/value.h"
#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- The table ----------------------------------------------------------- */

static_assert(sizeof((struct config *)0)->board == sizeof((struct board_address *)0)->board,
	      "one name");

static bool is_not_empty(const char *text)
{
	return text[0] != '\0';
}

static bool is_socket(const char *path)
{
	/* The path plus the CONFIG_SOCKET_SUFFIX bytes of its temporary name must fit into
	 * sun_path. */
	return path[0] == '/' && strlen(path) + CONFIG_SOCKET_SUFFIX < 108;
}

static bool is_absolute_or_none(const char *path)
{
	return path[0] == '/' || path[0] == '\0';
}

static int set_mode(const struct option_entry *entry, void *to, const char *value,
		    struct fault *fault)
{
	(void)entry;
	(void)fault;
	return value_mode(value, to);
}

static int set_gid(const struct option_entry *entry, void *to, const char *value,
		   struct fault *fault)
{
	const struct group *group = getgrnam(value);
	uint64_t number;

	(void)entry;
	(void)fault;
	if (group)
		number = group->gr_gid;
	else if (value_number(value, 0, UINT32_MAX - 1, &number) < 0)
		return -EINVAL;
	*(gid_t *)to = (gid_t)number;
	return 0;
}

static int set_kind(const struct option_entry *entry, void *to, const char *value,
		    struct fault *fault)
{
	(void)entry;
	return config_add_kind(to, value, fault);
}

#define OPT(member, ...) OPTION(struct config, member, __VA_ARGS__)
#define KEY(member, ...) OPTION_KEY(struct config, member, __VA_ARGS__)
#define LIVE(member, ...) OPTION_LIVE_KEY(struct config, member, __VA_ARGS__)
#define LIFETIME "a time such as 500ms, 90s, 15m, 1h, 7d (up to 49d) or never"
const struct option_entry config_entries[] = {
	KEY(board, .name = "board", .takes = "/NAME", .help = "the board's name (default /trackd)",
	    .set = option_board, OPTION_GIVEN(struct config, board_named), .is_valid = is_not_empty,
	    .allowed = "a name such as /trackd, without another slash: 1 to 59 bytes of "
		       "A-Za-z0-9._-, not beginning with a dot"),
	KEY(socket, .name = "socket", .takes = "PATH",
	    .help = "control socket (default by the board's name)", .set = option_text,
	    .is_valid = is_socket, .allowed = "an absolute path of up to 103 bytes"),
	KEY(mode, .name = "mode", .takes = "OCTAL",
	    .help = "permissions of the board (default 0660)", .set = set_mode,
	    .allowed = "an octal mode with 6 for the owner and no execute bit, such as 0660",
	    .completes = "0600 0640 0644 0660 0664"),
	KEY(gid, .name = "group", .takes = "NAME",
	    .help = "group of the board and its socket (default the daemon's)", .set = set_gid,
	    .allowed = "the name or number of a group that exists", .completes = "@group"),
	KEY(capacity, .name = "capacity", .takes = "N",
	    .help = "tasks that fit: 16 to 16M (default 16384)", .set = option_count,
	    .min = TRACKD_CAPACITY_MIN, .max = TRACKD_CAPACITY_MAX,
	    .allowed = "a number from 16 to 16777152; K and M stand for 1024 and its square"),
	KEY(state_dir, .name = "state-dir", .takes = "DIR",
	    .help = "keep a snapshot here (default $STATE_DIRECTORY, or none)", .set = option_text,
	    .is_valid = is_absolute_or_none,
	    .allowed = "an absolute path, or nothing for no snapshots"),
	LIVE(ttl, .name = "ttl", .takes = "TIME",
	     .help = "keep tasks that are final or have no worker (default 1h)",
	     .set = option_lifetime, .allowed = LIFETIME),
	LIVE(active_ttl, .name = "active-ttl", .takes = "TIME",
	     .help = "keep active tasks whose worker is alive (default 24h)",
	     .set = option_lifetime, .allowed = LIFETIME),
	LIVE(snapshot_interval, .name = "snapshot-interval", .takes = "TIME",
	     .help = "write changes to the snapshot this often (default 60s)",
	     .set = option_lifetime, .allowed = LIFETIME),
	OPT(verbose, .name = "verbose", .letter = 'v',
	    .flags = OPTION_IN_FILE | OPTION_RELOADS | OPTION_VALUE_OPTIONAL, .takes = "yes|no",
	    .help = "log every stage, not only the start and the end (-v: yes)",
	    .set = option_yes_no, .allowed = "yes or no"),
	{ .name = "kind",
	  .takes = "SPEC",
	  .help = "a kind of task: NAME=STAGE:PERCENT,STAGE:PERCENT,...",
	  .set = set_kind,
	  .allowed = KINDS_ALLOWED },
	{ 0 },
};
#undef OPT
#undef KEY
#undef LIVE

void config_defaults(struct config *ret_config, int user)
{
	const char *state = getenv("STATE_DIRECTORY");

	memset(ret_config, 0, sizeof *ret_config);
	if (user)
		board_address_user_name(ret_config->board, geteuid());
	else
		strcpy(ret_config->board, BOARD_ADDRESS_SYSTEM);
	ret_config->gid = (gid_t)-1;
	ret_config->mode = user ? 0600 : 0660;
	ret_config->capacity = TRACKD_CAPACITY_DEFAULT;
	ret_config->ttl = TRACKD_TTL_DEFAULT_MS;
	ret_config->active_ttl = TRACKD_ACTIVE_TTL_DEFAULT_MS;
	ret_config->snapshot_interval = 60000;
	if (state && state[0] == '/' && !strchr(state, ':') &&
	    strlen(state) < sizeof ret_config->state_dir)
		memcpy(ret_config->state_dir, state, strlen(state) + 1);
}

/* ---- Kinds --------------------------------------------------------------- */

/* Find the kind with this name in the list, or add it. So a kind of the command line replaces the
 * file's. */
static struct trackd_kind *kind_named(struct config *config, const char *name)
{
	for (uint32_t i = 0; i < config->n_kinds; i++)
		if (strcmp(config->kinds[i].name, name) == 0)
			return &config->kinds[i];
	/* The board's table also holds kind 0. */
	if (config->n_kinds == TRACKD_KINDS_MAX - 1)
		return NULL;
	return &config->kinds[config->n_kinds++];
}

static int kind_keep(struct config *config, const struct trackd_kind *kind, struct fault *fault)
{
	struct trackd_kind *kept;

	if (kind->n_stages == 0)
		return fault_set(fault, "kind %s has no stage; write lines such as: fetching 10",
				 kind->name);
	kept = kind_named(config, kind->name);
	if (!kept)
		return fault_set(fault, "kind %s: a board holds %d kinds", kind->name,
				 TRACKD_KINDS_MAX);
	*kept = *kind;
	return 0;
}

int config_add_kind(struct config *config, const char *text, struct fault *fault)
{
	struct trackd_kind kind = TRACKD_KIND_INIT;

	fault->text[0] = '\0';
	return kinds_parse(text, &kind) < 0 ? -EINVAL : kind_keep(config, &kind, fault);
}

/* ---- The file ------------------------------------------------------------ */

struct reading {
	struct config *config;
	bool in_kind;
	char kind_where[PATH_MAX + 16];
	struct trackd_kind kind;
};

static int end_section(struct reading *reading, struct fault *fault)
{
	struct fault own;

	if (!reading->in_kind)
		return 0;
	reading->in_kind = false;
	if (kind_keep(reading->config, &reading->kind, &own) == 0)
		return 0;
	return fault_set(fault, "%.300s: %s", reading->kind_where, own.text);
}

static int begin_section(void *user, const char *where, const char *name, struct fault *fault)
{
	struct reading *reading = user;
	int error = end_section(reading, fault);

	if (error < 0 || strcmp(name, "trackd") == 0)
		return error;
	if (strncmp(name, "kind", 4) != 0 || (name[4] != ' ' && name[4] != '\t'))
		return fault_set(fault,
				 "%.300s: [%.64s]: no such section; there are [trackd] and "
				 "[kind NAME]",
				 where, name);
	if (kinds_begin(&reading->kind, name + 4 + strspn(name + 4, " \t")) < 0)
		return fault_set(fault,
				 "%.300s: [%.64s]: a kind's name is 1 to 31 bytes of a-z, 0-9, - "
				 "and _",
				 where, name);
	reading->in_kind = true;
	snprintf(reading->kind_where, sizeof reading->kind_where, "%s", where);
	return 0;
}

static int add_stage(struct reading *reading, const char *where, const char *name,
		     const char *percent, struct fault *fault)
{
	if (kinds_add(&reading->kind, name, percent) == 0)
		return 0;
	return fault_set(fault,
			 "%.300s: kind %s: \"%.64s %.8s\" is not a stage; write NAME PERCENT, the "
			 "percentage 0 to 99 and not below the stage before, at most 16 stages",
			 where, reading->kind.name, name, percent);
}

/* Parse "fetching 10" or "fetching = 10", alone or after "stage =". */
static int stage_line(void *user, const char *where, const char *line, struct fault *fault)
{
	struct reading *reading = user;
	size_t word = strcspn(line, " \t=");
	char name[64];

	if (!reading->in_kind)
		return fault_set(fault, "%.300s: \"%.64s\": a line is KEY = VALUE", where, line);
	snprintf(name, sizeof name, "%.*s", (int)(word < sizeof name ? word : sizeof name - 1),
		 line);
	return add_stage(reading, where, name, line + word + strspn(line + word, " \t="), fault);
}

/* Parse "stage = fetching 10" or "fetching = 10" in a kind's section. */
static int take_key(void *user, const char *where, const char *key, const char *value,
		    struct fault *fault)
{
	struct reading *reading = user;

	if (reading->in_kind && strcmp(key, "stage") == 0)
		return stage_line(user, where, value, fault);
	if (reading->in_kind)
		return add_stage(reading, where, key, value, fault);
	int error = option_set_key(config_entries, reading->config, where, key, value, fault);
	if (error < 0 && !option_by_key(config_entries, key))
		(void)fault_add(fault, ", and sections [kind NAME]");
	return error;
}

int config_read(struct config *config, const char *path, struct fault *fault)
{
	struct reading reading = { .config = config };
	const struct config_lines lines = {
		.user = &reading,
		.key = take_key,
		.section = begin_section,
		.word = stage_line,
	};
	int error = config_file_read(path, &lines, fault);

	if (error == 0)
		return end_section(&reading, fault);
	if (error != -EINVAL)
		(void)fault_add(fault, "; --config names a file that can be read");
	return error;
}

/* ---- Derived settings ---------------------------------------------------- */

int config_finish(struct config *config, struct fault *fault)
{
	char socket[sizeof((struct board_address *)0)->socket];
	int error;

	if (config->socket[0] != '\0')
		return 0;
	error = board_address_serve(socket, config->board);
	if (error == -ENXIO)
		return fault_set(fault,
				 "socket: XDG_RUNTIME_DIR is not set to a directory of this user "
				 "that others may not write; set it, or give --socket PATH "
				 "here and TRACKD_SOCKET to clients");
	if (error < 0 || !is_socket(socket))
		return fault_set(fault,
				 "socket: the place of %s in XDG_RUNTIME_DIR has too long a path; "
				 "give --socket PATH",
				 config->board);
	snprintf(config->socket, sizeof config->socket, "%s", socket);
	return 0;
}
