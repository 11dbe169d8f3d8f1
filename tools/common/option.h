/* SPDX-License-Identifier: MIT */
/*
 * The options of a program, as tables. An entry describes a flag of the command line, and where
 * OPTION_IN_FILE is set also a key of the configuration file. Everything that speaks of options is
 * made from these tables: the parser of flags, the keys of the file, --help, and the list from which
 * completion and the tests work (option_list()).
 *
 * An entry says where in a structure its value goes; the structure itself is named at each call. So a
 * daemon can apply its flags again to a new configuration whenever it reloads.
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
 * Put a value into the member at `to`. value: NULL where the flag was given without one. 0 or -EINVAL,
 * which option_set() explains by the entry's `allowed`; a setter that knows better fills the fault,
 * which is empty when it is called.
 */
typedef int option_setter(const struct option_entry *entry, void *to, const char *value,
			  struct fault *fault);

enum option_flags {
	OPTION_IN_FILE = 1 << 0,        /* also a key of the configuration file, with _ for - */
	OPTION_RELOADS = 1 << 1,        /* a reload applies it */
	OPTION_VALUE_OPTIONAL = 1 << 2, /* --NAME or --NAME=VALUE */
	OPTION_HIDDEN = 1 << 3,         /* not in --help: an old name */
};

struct option_entry {
	const char *name;    /* without the dashes; NULL ends the table */
	char letter;         /* its short form, or 0 */
	unsigned flags;      /* enum option_flags */
	const char *takes;   /* what --help calls the value; NULL: it takes none */
	const char *help;    /* one line */
	option_setter *set;  /* one of those below, or the program's own */
	size_t offset, size; /* of the member: OPTION() */
	size_t given;        /* OPTION_GIVEN() of a bool that becomes true; 0: none */
	uint64_t min, max;   /* in the member's unit */
	const char *allowed; /* the end of a sentence, "it must be ..."; NULL: the setter's own */
	bool (*is_valid)(const char *text); /* of texts; NULL: all that fit */
	const char *completes; /* values, or @WHAT: see option_list(); NULL: by `takes` */
};

/* An entry: the structure and the member, then the rest by name. */
#define OPTION(type, member, ...)                                                                  \
	{                                                                                          \
		.offset = offsetof(type, member), .size = sizeof(((type *)0)->member), __VA_ARGS__ \
	}
/* One that is a key of the file, too; and one that a reload applies. */
#define OPTION_KEY(type, member, ...) OPTION(type, member, .flags = OPTION_IN_FILE, __VA_ARGS__)
#define OPTION_LIVE_KEY(type, member, ...)                                                         \
	OPTION(type, member, .flags = OPTION_IN_FILE | OPTION_RELOADS, __VA_ARGS__)
#define OPTION_GIVEN(type, member) .given = (offsetof(type, member) + 1)

/* What every program knows; type: a structure with the members help and version, both bool. */
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

option_setter option_switch;  /* bool: true. takes nothing */
option_setter option_yes_no;  /* bool; without a value: yes */
option_setter option_word;    /* const char *: the word of the command line, not copied */
option_setter option_text;    /* char[] */
option_setter option_path;    /* char[], not empty */
option_setter option_url;     /* char[], empty for none */
option_setter option_board;   /* char[]: a board's name as board_address.h has it, empty for none */
option_setter option_number;  /* unsigned */
option_setter option_count;   /* unsigned; with K or M */
option_setter option_integer; /* uint64_t: all there are */
option_setter option_seconds; /* unsigned; a duration of whole seconds */
option_setter option_ms;      /* unsigned */
option_setter option_time;    /* int64_t; milliseconds, 0 and more */
option_setter option_lifetime;  /* uint32_t; milliseconds, or never */
option_setter option_mebibytes; /* unsigned */
option_setter option_bytes;     /* uint64_t; a size of whole MiB; min and max in MiB */

/* ---- The command line -------------------------------------------------------------------------- */

/* A table, and the structure into which its values go; NULL: the flags are known and do nothing. */
struct option_part {
	const struct option_entry *entries;
	void *target;
};

/*
 * Parse argv by several tables; parts ends with one without entries. stop: at the first argument that
 * is no flag; otherwise argv is reordered so that arguments come last. see: where help is, such as
 * "trackd --help". Returns the index of the first argument, or -EINVAL with *fault filled.
 */
int option_parse(const struct option_part *parts, int argc, char **argv, bool stop, const char *see,
		 struct fault *fault);

/* ---- The configuration file -------------------------------------------------------------------- */

/* The entry of a file's key, or NULL. */
const struct option_entry *option_by_key(const struct option_entry *entries, const char *key);

/* Set one key. where: "PATH:LINE". 0, or -EINVAL with *fault filled: "WHERE: KEY: ...". */
int option_set_key(const struct option_entry *entries, void *target, const char *where,
		   const char *key, const char *value, struct fault *fault);

/* Read a file without sections. -ENOENT if there is none, other -errno, -EINVAL; *fault is filled in
 * all cases. */
int option_read_file(const struct option_entry *entries, void *target, const char *path,
		     struct fault *fault);

/* For a reload: take over from `wanted` what may change while the program runs, and call kept(key) for
 * each key that differs and needs a restart. */
void option_update(const struct option_entry *entries, void *now, const void *wanted,
		   void (*kept)(const char *key));

/* The name as the file has it: _ for -. */
enum { OPTION_KEY_SIZE = 48 };
const char *option_key(const struct option_entry *entry, char ret_key[OPTION_KEY_SIZE]);

/* ---- What it says of itself --------------------------------------------------------------------- */

/* A line an entry. letters: with a column for the short forms. */
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

/* Whether the command line asks for this list and nothing else. */
bool option_list_wanted(int argc, char **argv);

#endif
