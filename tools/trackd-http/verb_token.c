/* SPDX-License-Identifier: MIT */
/* trackd-http token: a token for development. In production the application's issuer makes them. */
#include "tools/trackd-http/verb_token.h"
#include "tools/common/exit_code.h"
#include "tools/common/log.h"
#include "tools/common/option.h"
#include "tools/trackd-http/auth/auth.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SEE_HELP "trackd-http token --help"

enum { WHY_SIZE = 1024, TTL_S = 3600 };

struct wish {
	struct auth_config auth;
	const char *owner;
	unsigned ttl_s;
	bool help;
};

#define OPT(member, ...) OPTION(struct wish, member, __VA_ARGS__)
static const struct option_entry entries[] = {
	OPT(owner, .name = "sub", .takes = "USER", .help = "the user", .set = option_word),
	OPT(ttl_s, .name = "ttl", .takes = "TIME", .help = "its lifetime: 90s, 15m, 12h (1h)",
	    .set = option_seconds, .min = 1, .max = UINT32_MAX,
	    .allowed = "a time of whole seconds, such as 90s, 15m or 12h"),
	OPT(auth.key_file, .name = "key-file", .takes = "FILE",
	    .help = "key file (default: the configured one)", .set = option_path,
	    .allowed = "the path of a file"),
	/* Its old name. */
	OPT(auth.key_file, .name = "key", .flags = OPTION_HIDDEN, .takes = "FILE",
	    .set = option_path, .allowed = "the path of a file"),
	OPTION_HELP(struct wish),
	{ 0 },
};
#undef OPT

static int misused(const char *what)
{
	log_error("%s; see " SEE_HELP, what);
	return EXIT_CODE_USAGE;
}

static int parse(int argc, char **argv, struct wish *wish)
{
	const struct option_part parts[] = { { entries, wish }, { 0 } };
	struct fault fault;
	int first = option_parse(parts, argc, argv, false, SEE_HELP, &fault);

	if (first < 0) {
		log_error("%s", fault.text);
		return EXIT_CODE_USAGE;
	}
	if (wish->help)
		return 0;
	if (first < argc)
		return misused("token takes only options");
	return wish->owner ? 0 : misused("--sub USER is required");
}

static void help(void)
{
	fputs("trackd-http token --sub USER [--ttl TIME] [--key-file FILE]\n\n"
	      "Print a token for development, signed with the secret or the private key that the\n"
	      "gateway verifies with.\n\n",
	      stdout);
	option_help(stdout, entries, false);
}

void verb_token_list(FILE *file)
{
	option_list_verb(file, "token", NULL, "");
	option_list(file, "token", entries);
}

int verb_token(const struct auth_config *config, int argc, char **argv)
{
	struct wish wish = { .auth = *config, .ttl_s = TTL_S };
	char why[WHY_SIZE], *token;
	int code = parse(argc, argv, &wish);

	if (code != 0)
		return code;
	if (wish.help) {
		help();
		return EXIT_CODE_DONE;
	}
	if (auth_sign(&wish.auth, wish.owner, time(NULL), wish.ttl_s, &token, why, sizeof why) !=
	    0) {
		log_error("%s", why);
		return EXIT_CODE_USAGE;
	}
	puts(token);
	free(token);
	return fflush(stdout) == 0 ? EXIT_CODE_DONE : EXIT_CODE_BUSY;
}
