/* SPDX-License-Identifier: MIT */
#include "tools/common/settings.h"
#include "tools/common/ini.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int setting_fault_set(struct setting_fault *fault, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(fault->text, sizeof fault->text, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

/* ---- One ----------------------------------------------------------------- */

static int set_text(const struct setting *setting, char *to, const char *value)
{
	size_t length = strlen(value);

	if (length >= setting->size || (setting->is_valid && !setting->is_valid(value)))
		return -EINVAL;
	memcpy(to, value, length + 1);
	return 0;
}

static bool is_url(const char *value)
{
	return strncmp(value, "https://", 8) == 0 || strncmp(value, "http://", 7) == 0;
}

static int set_number(const struct setting *setting, unsigned *to, uint64_t number)
{
	if (number < setting->min || number > setting->max)
		return -EINVAL;
	*to = (unsigned)number;
	return 0;
}

static int set_bytes(const struct setting *setting, uint64_t *to, const char *value)
{
	uint64_t number;

	if (ini_mebibytes(value, &number) < 0 || number < setting->min || number > setting->max)
		return -EINVAL;
	*to = number << 20;
	return 0;
}

static int set_value(const struct setting *setting, void *to, const char *value)
{
	uint64_t number = 0;

	switch (setting->type) {
	case SETTING_TEXT:
		return set_text(setting, to, value);
	case SETTING_PATH:
		return value[0] == '\0' ? -EINVAL : set_text(setting, to, value);
	case SETTING_URL:
		return value[0] == '\0' || is_url(value) ? set_text(setting, to, value) : -EINVAL;
	case SETTING_NUMBER:
		if (ini_number(value, setting->min, setting->max, &number) < 0)
			return -EINVAL;
		return set_number(setting, to, number);
	case SETTING_SECONDS:
		if (ini_duration(value, &number) < 0 || number % 1000 != 0)
			return -EINVAL;
		return set_number(setting, to, number / 1000);
	case SETTING_MS:
		return ini_duration(value, &number) < 0 ? -EINVAL : set_number(setting, to, number);
	case SETTING_MEBIBYTES:
		return ini_mebibytes(value, &number) < 0 ? -EINVAL
							 : set_number(setting, to, number);
	case SETTING_BYTES:
		return set_bytes(setting, to, value);
	}
	return -EINVAL;
}

static int no_such_key(const struct settings *settings, const char *where, const char *key,
		       struct setting_fault *fault)
{
	size_t length;

	(void)setting_fault_set(fault, "%.200s: %.64s: no such key; there are", where, key);
	length = strlen(fault->text);
	for (size_t i = 0; i < settings->n && length < sizeof fault->text; i++)
		length += (size_t)snprintf(fault->text + length, sizeof fault->text - length, " %s",
					   settings->all[i].key);
	return -EINVAL;
}

int settings_apply(const struct settings *settings, void *config, const char *where,
		   const char *key, const char *value, struct setting_fault *fault)
{
	for (size_t i = 0; i < settings->n; i++) {
		const struct setting *setting = &settings->all[i];

		if (strcmp(setting->key, key) != 0)
			continue;
		if (set_value(setting, (char *)config + setting->offset, value) == 0)
			return 0;
		/* A flag says by itself which key it is. */
		return setting_fault_set(fault,
					 "%.300s%s%s: \"%.100s\" is not allowed; it must be %s",
					 where, where[0] == '-' ? "" : ": ",
					 where[0] == '-' ? "" : key, value, setting->allowed);
	}
	return no_such_key(settings, where, key, fault);
}

/* ---- The file ------------------------------------------------------------ */

struct reading {
	const struct settings *settings;
	void *config;
	struct setting_fault *fault;
};

static int take(void *user, const char *where, const char *key, const char *value)
{
	struct reading *reading = user;

	return settings_apply(reading->settings, reading->config, where, key, value,
			      reading->fault);
}

static void wrong(void *user, const char *where, const char *why)
{
	struct reading *reading = user;

	(void)setting_fault_set(reading->fault, "%.300s: %s", where, why);
}

int settings_load(const struct settings *settings, void *config, const char *path,
		  struct setting_fault *fault)
{
	struct reading reading = { settings, config, fault };
	struct ini_reader reader = { take, wrong, &reading };
	int error = ini_read(path, &reader);

	if (error < 0 && error != -EINVAL)
		(void)setting_fault_set(fault, "%.300s: %s", path, strerror(-error));
	return error;
}
