/* SPDX-License-Identifier: MIT */
/* Which file counts a process's kills for memory, and what it says. */
#include "tests/harness/suite.h"
#include "tools/common/oom_kills.h"
#include <string.h>
#include <unistd.h>

static void the_controllers_folder_is_found(void **state)
{
	static const struct {
		const char *cgroups, *folder; /* NULL: none */
		bool v2;
	} cases[] = {
		{ "0::/system.slice/a.service\n", "/sys/fs/cgroup/system.slice/a.service", true },
		{ "0::/\n", "/sys/fs/cgroup/", true },
		{ "0::/", "/sys/fs/cgroup/", true },
		{ "5:memory:/x\n0::/y\n", "/sys/fs/cgroup/memory/x", false },
		{ "0::/y\n5:cpu,memory:/x:z\n", "/sys/fs/cgroup/memory/x:z", false },
		{ "5:memory,cpu:/x\n", "/sys/fs/cgroup/memory/x", false },
		{ "5:name=memory:/x\n0::/y\n", "/sys/fs/cgroup/y", true },
		{ "5:memoryless:/x\n", NULL, false },
		{ "5:cpu:/memory\n", NULL, false },
		/* Not below our root. */
		{ "0::/../other\n", NULL, false },
		{ "5:memory:/..\n0::/y\n", NULL, false },
		{ "", NULL, false },
		{ "\n\n:\n0:\n", NULL, false },
	};
	char folder[128];
	bool v2;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool found = oom_kills_folder(cases[i].cgroups, folder, sizeof folder, &v2);
		assert_int_equal(found, cases[i].folder != NULL);
		if (!found)
			continue;
		assert_string_equal(folder, cases[i].folder);
		assert_int_equal(v2, cases[i].v2);
	}
	assert_false(oom_kills_folder("0::/too-long\n", folder, 20, &v2));
}

static void the_count_is_read(void **state)
{
	uint64_t count;

	(void)state;
	assert_true(oom_kills_count("low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 1\n",
				    &count));
	assert_int_equal(count, 2);
	assert_true(oom_kills_count("oom_kill_disable 0\nunder_oom 0\noom_kill 12", &count));
	assert_int_equal(count, 12);
	assert_false(oom_kills_count("oom_kill_disable 0\nunder_oom 0\n", &count));
	assert_false(oom_kills_count("oom_kill x\n", &count));
	assert_false(oom_kills_count("", &count));
}

static void who_does_not_exist_has_none(void **state)
{
	char path[OOM_KILLS_PATH];
	uint64_t count;

	(void)state;
	assert_false(oom_kills_find(-1, path));
	assert_false(oom_kills_read("/nowhere", &count));
	if (oom_kills_find(getpid(), path))
		assert_true(oom_kills_read(path, &count));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_controllers_folder_is_found),
	cmocka_unit_test(the_count_is_read),
	cmocka_unit_test(who_does_not_exist_has_none),
};

SUITE(tests)
