/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the configuration file, and a kind as a flag: either it is read and the daemon can work
 * with every value, or the fault says where the mistake is.
 */
#include "daemon/config/config.h"
#include "libclient/segment/text.h"
#include "tests/fuzz/target.h"
#include <errno.h>

static void check_kind(const struct trackd_kind *kind)
{
	if (!memchr(kind->name, '\0', sizeof kind->name) || !text_word_valid(kind->name))
		fail("a kind's name is not one");
	if (kind->n_stages < 1 || kind->n_stages > TRACKD_STAGES_MAX)
		fail("a kind without stages, or with too many");
	for (int i = 0; i < kind->n_stages; i++)
		if (!text_word_valid(kind->stages[i].name) || kind->stages[i].percent > 99 ||
		    (i > 0 && kind->stages[i].percent < kind->stages[i - 1].percent))
			fail("a stage that is not one");
}

static void check(const struct config *config)
{
	if (config->capacity < TRACKD_CAPACITY_MIN || config->capacity > TRACKD_CAPACITY_MAX)
		fail("the capacity is out of bounds");
	if (config->board[0] != '/' || !memchr(config->board, '\0', sizeof config->board))
		fail("the board's name is not one");
	if (config->n_kinds > TRACKD_KINDS_MAX)
		fail("too many kinds");
	for (uint32_t i = 0; i < config->n_kinds; i++)
		check_kind(&config->kinds[i]);
}

static void read_file(const uint8_t *data, size_t size)
{
	static struct config config;
	struct fault fault = { "" };
	char path[64];
	int fd = target_file(data, size);

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	config_defaults(&config, 0);
	int error = config_read(&config, path, &fault);
	close(fd);
	if (error == 0)
		check(&config);
	else if (!memchr(fault.text, '\0', sizeof fault.text) || !strstr(fault.text, path))
		fail("a fault that does not say where");
}

static void read_flag(const uint8_t *data, size_t size)
{
	static struct config config;
	struct fault fault = { "" };
	char *text = strndup((const char *)data, size);

	if (!text)
		return;
	config_defaults(&config, 0);
	if (config_add_kind(&config, text, &fault) == 0)
		check(&config);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_file(data, size);
	read_flag(data, size);
	return 0;
}
