/* SPDX-License-Identifier: MIT */
/*
 * A program's options, as tables. An entry describes a flag of the command line and, with
 * OPTION_IN_FILE, also a key of the configuration file. The tables serve the parser of flags, the
 * keys of the file, --help, and the list for completion and tests (option_list()).
 *
 * An entry gives the member of a structure that receives its value; each call names the structure
 * itself. So a daemon can apply its flags again to a new configuration at every reload.
 */
#ifndef COMMON_OPTION_H
#define COMMON_OPTION_H

#include "tools/common/fault.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct option_entry;

/*
 * Store a value in the member at `to`. value: NULL if the flag was given without one. 0 or -EINVAL;
 * option_set() then explains it with the entry's `allowed`, unless the setter has filled the fault,
 * which is empty when it is called.
 */
typedef int option_setter(const struct option_entry *entry, void *to, const char *value,
			  struct fault *fault);

enum option_flags {
	OPTION_IN_FILE = 1 << 0, /* also a key of the configuration file, with _ instead of - */
	OPTION_RELOADS = 1 << 1, /* can be changed by a reload */
	OPTION_VALUE_OPTIONAL = 1 << 2, /* --NAME or --NAME=VALUE */
	OPTION_HIDDEN = 1 << 3,         /* not in --help: an obsolete name */
};

struct option_entry {
	const char *name;    /* without the dashes; NULL ends the table */
	char letter;         /* the short form, or 0 */
	unsigned flags;      /* enum option_flags */
	const char *takes;   /* the value's name in --help; NULL: the flag takes none */
	const char *help;    /* one line */
	option_setter *set;  /* one of those below, or the program's own */
	size_t offset, size; /* of the member: OPTION() */
	size_t given;        /* OPTION_GIVEN() of a bool to set; 0: none */
	uint64_t min, max;   /* in the member's unit */
	const char *allowed; /* the end of "it must be ..."; NULL: the setter's own text */
	bool (*is_valid)(const char *text); /* for texts; NULL: all that fit */
	const char *completes; /* values, or @WHAT: see option_list(); NULL: derived from `takes` */
};

/* An entry: the structure and the member, then the other fields by name. */
#define OPTION(type, member, ...)                                                                  \
	{                                                                                          \
		.offset = offsetof(type, member), .size = sizeof(((type *)0)->member), __VA_ARGS__ \
	}
/* An entry that is also a key of the file; and one that a reload applies. */
#define OPTION_KEY(type, member, ...) OPTION(type, member, .flags = OPTION_IN_FILE, __VA_ARGS__)
#define OPTION_LIVE_KEY(type, member, ...)                                                         \
	OPTION(type, member, .flags = OPTION_IN_FILE | OPTION_RELOADS, __VA_ARGS__)
#define OPTION_GIVEN(type, member) .given = (offsetof(type, member) + 1)

/* Flags of every program; type: a structure with the members help and version, both bool. */
#define OPTION_HELP(type)                                                                          \
	OPTION(type, help, .name = "help", .letter = 'h', .help = "show this help",                \
	       .set = option_switch)
#define OPTION_HELP_AND_VERSION(type)                                                              \
	OPTION_HELP(type), OPTION(type, version, .name = "version", .letter = 'V',                 \
				  .help = "show the version", .set = option_switch)

/* Where the board is, in a configuration; type: a structure with the members board and socket, texts. */
#define OPTION_BOARD(type)                                                                         \
	OPTION_KEY(type, board, .name = "board", .takes = "/NAME",                                 \
		   .help = "the board (default: as trackctl finds it)", .set = option_board,       \
		   .allowed = "a name such as /trackd"),                                           \
		OPTION_KEY(type, socket, .name = "socket", .takes = "PATH",                        \
			   .help = "the board's socket (default: by its name)",                    \
			   .set = option_text, .allowed = "a path")

/* ---- Setters ----------------------------------------------------------------------------------- */

option_setter option_switch;    /* bool: true. takes no value */
option_setter option_yes_no;    /* bool; without a value: yes */
option_setter option_word;      /* const char *: the argument itself, not copied */
option_setter option_text;      /* char[] */
option_setter option_path;      /* char[], not empty */
option_setter option_url;       /* char[], may be empty */
option_setter option_board;     /* char[]: a board's name as in board_address.h, may be empty */
option_setter option_number;    /* unsigned */
option_setter option_count;     /* unsigned; may have K or M */
option_setter option_integer;   /* uint64_t: the full range */
option_setter option_seconds;   /* unsigned; a duration of whole seconds */
option_setter option_ms;        /* unsigned */
option_setter option_time;      /* int64_t; milliseconds, 0 and more */
option_setter option_lifetime;  /* uint32_t; milliseconds, or never */
option_setter option_mebibytes; /* unsigned */
option_setter option_bytes;     /* uint64_t; a size in whole MiB; min and max in MiB */

/* ---- The command line -------------------------------------------------------------------------- */

/* A table, and the structure for its values; NULL: the flags are accepted and ignored. */
struct option_part {
	const struct option_entry *entries;
	void *target;
};

/*
 * Parse argv with several tables; parts ends with an entry without a table. stop: at the first
 * argument that is not a flag; otherwise argv is reordered so that arguments come last. see: where
 * help is found, such as "trackd --help". Returns the index of the first argument, or -EINVAL with
 * *fault filled.
 */
int option_parse(const struct option_part *parts, int argc, char **argv, bool stop, const char *see,
		 struct fault *fault);

/* ---- The configuration file -------------------------------------------------------------------- */

/* The entry for a key of the file, or NULL. */
const struct option_entry *option_by_key(const struct option_entry *entries, const char *key);

/* Set one key. where: "PATH:LINE". 0, or -EINVAL with *fault filled: "WHERE: KEY: ...". */
int option_set_key(const struct option_entry *entries, void *target, const char *where,
		   const char *key, const char *value, struct fault *fault);

/* Read a file without sections. -ENOENT if it does not exist, other -errno, -EINVAL; *fault is
 * filled in all these cases. */
int option_read_file(const struct option_entry *entries, void *target, const char *path,
		     struct fault *fault);

/* For a reload: copy from `wanted` the settings that may change at run time, and call kept(key) for
 * each changed key that needs a restart. */
void option_update(const struct option_entry *entries, void *now, const void *wanted,
		   void (*kept)(const char *key));

/* The name as a key of the file, with _ instead of -. */
enum { OPTION_KEY_SIZE = 48 };
const char *option_key(const struct option_entry *entry, char ret_key[OPTION_KEY_SIZE]);

/* ---- What it says of itself --------------------------------------------------------------------- */

/* One line per entry. letters: with a column for the short forms. */
void option_help(FILE *file, const struct option_entry *entries, bool letters);

/*
 * The table for programs, a line an entry, separated by tabs, "-" for what there is not:
 *   option VERB --NAME -LETTER TAKES COMPLETES KEY RELOADS HELP
 * VERB: "-" for what goes with every verb that lists no --help of its own. TAKES: in brackets where the
 * value is optional, and then only goes behind "=". COMPLETES: the values there are, separated by
 * blanks, or @WHAT for those that completion must look up: @file, @directory, @command, @board, @pid,
 * @group, and what the board holds: @owner, @kind, @column.
 */
void option_list(FILE *file, const char *verb, const struct option_entry *entries);

/* Of a verb: "verb NAME COMPLETES ARGUMENTS". COMPLETES: a word for each argument, "-" for one that
 * nothing completes; the last is for all that follow. Beside those above there are @verb, @id, @active
 * (ids of tasks that are not final) and @stage (of the task that is the first argument). NAME: in
 * capitals where it only stands for the first argument, and no name is typed. */
void option_list_verb(FILE *file, const char *verb, const char *completes, const char *arguments);

/* Whether the command line only asks for this list. */
bool option_list_wanted(int argc, char **argv);

#endif
