/* SPDX-License-Identifier: MIT */
/* trackd-http token: a token for development. In production the application's issuer makes them. */
#include "tools/trackd-http/verb_token.h"
#include "tools/common/exit_code.h"
#include "tools/common/ini.h"
#include "tools/common/option_value.h"
#include "tools/common/printable.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WHY_SIZE = 8192, TTL_S = 3600 };

struct wish {
	struct auth_config auth;
	const char *owner;
	int64_t ttl_s;
	bool help;
};

static const char HELP[] =
	"trackd-http token --sub USER [--ttl TIME] [--key-file FILE]\n"
	"\n"
	"Print a token for development, signed with the secret or the private key that the\n"
	"gateway verifies with.\n"
	"\n"
	"  --sub USER       whose token it is\n"
	"  --ttl TIME       how long it is good for: 90s, 15m, 12h (1h)\n"
	"  --key-file FILE  another key file than the configured one\n";

static int misused(const char *what)
{
	fprintf(stderr, "trackd-http: %s; see trackd-http token --help\n", what);
	return EXIT_CODE_USAGE;
}

static int read_ttl(const char *text, int64_t *ret_s)
{
	uint64_t ms;

	if (ini_duration(text, &ms) != 0 || ms < 1000)
		return misused("--ttl takes a time of a second or more, like 90s, 15m or 12h");
	*ret_s = (int64_t)(ms / 1000);
	return 0;
}

static int read_key(const char *path, struct auth_config *auth)
{
	size_t length = strlen(path);

	if (length == 0 || length >= sizeof auth->key_file)
		return misused("--key-file takes the path of a file");
	memcpy(auth->key_file, path, length + 1);
	return 0;
}

static int without_value(char *const *argv)
{
	fprintf(stderr, "trackd-http: %.100s needs a value; see trackd-http token --help\n",
		option_without_value(argv));
	return EXIT_CODE_USAGE;
}

static int parse(int argc, char **argv, struct wish *wish)
{
	static const struct option options[] = { { "sub", required_argument, NULL, 's' },
						 { "ttl", required_argument, NULL, 't' },
						 { "key-file", required_argument, NULL, 'k' },
						 { "key", required_argument, NULL,
						   'k' }, /* its old name */
						 { "help", no_argument, NULL, 'h' },
						 { 0 } };
	int option, code = 0;

	optind = 0;
	while (code == 0 && (option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option_took_flag(argv))
			return without_value(argv);
		switch (option) {
		case 's':
			wish->owner = optarg;
			break;
		case 't':
			code = read_ttl(optarg, &wish->ttl_s);
			break;
		case 'k':
			code = read_key(optarg, &wish->auth);
			break;
		case 'h':
			wish->help = true;
			return 0;
		default:
			return EXIT_CODE_USAGE; /* getopt has said it */
		}
	}
	if (code != 0)
		return code;
	if (optind < argc)
		return misused("token takes options only");
	return wish->owner ? 0 : misused("whose token? --sub USER says it");
}

int verb_token(const struct auth_config *config, int argc, char **argv)
{
	struct wish wish = { .auth = *config, .ttl_s = TTL_S };
	char why[WHY_SIZE], line[PRINTABLE_ROOM(WHY_SIZE)], *token;
	int code = parse(argc, argv, &wish);

	if (code != 0)
		return code;
	if (wish.help) {
		fputs(HELP, stdout);
		return EXIT_CODE_DONE;
	}
	if (auth_sign(&wish.auth, wish.owner, time(NULL), wish.ttl_s, &token, why, sizeof why) !=
	    0) {
		printable_line(line, sizeof line, why);
		fprintf(stderr, "trackd-http: %s\n", line);
		return EXIT_CODE_USAGE;
	}
	puts(token);
	free(token);
	return fflush(stdout) == 0 ? EXIT_CODE_DONE : EXIT_CODE_BUSY;
}
