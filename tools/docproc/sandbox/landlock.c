/* SPDX-License-Identifier: MIT */
/*
 * Landlock. The numbers are the kernel's, defined here because headers of Debian 12 know neither TCP
 * nor scopes; what the running kernel has is asked first (its ABI) and no more is handled.
 *
 * The store is named file by file, not by its folder: the spool with everybody's documents may lie
 * in the same one. Connecting to a socket by path is not Landlock's yet, so the board's daemon can be
 * found again without a rule.
 */
#include "tools/docproc/sandbox/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	CALL_CREATE_RULESET = 444,
	CALL_ADD_RULE = 445,
	CALL_RESTRICT_SELF = 446,
	CREATE_RULESET_VERSION = 1,
	RULE_PATH_BENEATH = 1,
};

enum access {
	ACCESS_WRITE_FILE = 1 << 1,
	ACCESS_READ_FILE = 1 << 2,
	ACCESS_READ_DIR = 1 << 3,
	ACCESS_TRUNCATE = 1 << 14, /* ABI 3 */
};

/* All rights that an ABI has: their number grew. */
static uint64_t rights_of(int abi)
{
	static const int bits[] = { 0, 13, 14, 15, 15, 16 };
	int n = (int)(sizeof bits / sizeof bits[0]) - 1;

	return (UINT64_C(1) << bits[abi < n ? abi : n]) - 1;
}

struct ruleset_attributes {
	uint64_t handled_files;
	uint64_t handled_network; /* ABI 4: bind, connect */
	uint64_t scoped;          /* ABI 6: abstract sockets, signals */
};

struct path_beneath {
	uint64_t allowed;
	int32_t folder;
} __attribute__((packed));

struct rules {
	int fd;
	uint64_t handled;
	int error;
};

/* What is not there needs no rule. */
static void allow(struct rules *rules, const char *path, uint64_t access)
{
	struct path_beneath rule = { access & rules->handled, -1 };
	struct stat st;

	if (rules->error < 0 || !path || path[0] == '\0')
		return;
	rule.folder = open(path, O_PATH | O_CLOEXEC);
	if (rule.folder < 0)
		return;
	/* Rights of folders are refused for anything else. */
	if (fstat(rule.folder, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed &= ~(uint64_t)ACCESS_READ_DIR;
	if (syscall(CALL_ADD_RULE, rules->fd, RULE_PATH_BENEATH, &rule, 0) < 0)
		rules->error = -errno;
	close(rule.folder);
}

/* Fonts, tables of characters, the C library's modules, ourselves. */
static const char *const always[] = { "/usr",
				      "/lib",
				      "/lib64",
				      "/etc/fonts",
				      "/etc/ld.so.cache",
				      "/etc/localtime",
				      "/var/cache/fontconfig",
				      "/proc/self",
				      "/sys/devices/system/cpu",
				      "/dev/urandom" };

/* Names and certificates. */
static const char *const for_network[] = {
	"/etc/ssl",
	"/etc/pki",
	"/etc/ca-certificates",
	"/etc/pkcs11",
	"/etc/gnutls",
	"/etc/resolv.conf",
	"/etc/hosts",
	"/etc/host.conf",
	"/etc/nsswitch.conf",
	"/etc/gai.conf",
	"/etc/services",
	"/etc/protocols",
	"/run/resolvconf",
	"/run/systemd/resolve",
	"/run/NetworkManager/resolv.conf",
};

static void allow_store(struct rules *rules, const char *store)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		snprintf(path, sizeof path, "%s%s", store, suffixes[i]);
		allow(rules, path, ACCESS_READ_FILE | ACCESS_WRITE_FILE | ACCESS_TRUNCATE);
	}
}

static void allow_all(struct rules *rules, const struct sandbox *sandbox)
{
	for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
		allow(rules, always[i], ACCESS_READ_FILE | ACCESS_READ_DIR);
	for (size_t i = 0; sandbox->network && i < sizeof for_network / sizeof for_network[0]; i++)
		allow(rules, for_network[i], ACCESS_READ_FILE | ACCESS_READ_DIR);
	for (size_t i = 0; i < sizeof sandbox->keys / sizeof sandbox->keys[0]; i++)
		allow(rules, sandbox->keys[i], ACCESS_READ_FILE);
	allow(rules, "/dev/null", ACCESS_READ_FILE | ACCESS_WRITE_FILE);
	/* The folder, not the board: one that is made anew is another file. */
	allow(rules, "/dev/shm", ACCESS_READ_FILE | ACCESS_WRITE_FILE);
	allow_store(rules, sandbox->store);
}

int sandbox_files(const struct sandbox *sandbox, int *ret_abi)
{
	long abi = syscall(CALL_CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);
	struct ruleset_attributes attributes = { 0 };
	struct rules rules = { 0 };

	if (abi < 1) {
		*ret_abi = 0;
		return 0;
	}
	attributes.handled_files = rules.handled = rights_of((int)abi);
	/* Listening never; connecting only for an endpoint. */
	if (abi >= 4)
		attributes.handled_network = sandbox->network ? 1 : 3;
	if (abi >= 6)
		attributes.scoped = 3;
	rules.fd = (int)syscall(CALL_CREATE_RULESET, &attributes,
				abi >= 6   ? sizeof attributes
				: abi >= 4 ? sizeof attributes - 8
					   : sizeof attributes.handled_files,
				0);
	if (rules.fd < 0)
		return -errno;
	allow_all(&rules, sandbox);
	if (rules.error == 0 && syscall(CALL_RESTRICT_SELF, rules.fd, 0) < 0)
		rules.error = -errno;
	close(rules.fd);
	if (rules.error == 0)
		*ret_abi = (int)abi;
	return rules.error;
}
