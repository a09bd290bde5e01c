/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/nolinks.h"

static char top[] = "/tmp/nolinks-XXXXXX";

static int make(void **state)
{
	int dir;

	(void)state;
	if (!mkdtemp(top) || (dir = open(top, O_RDONLY | O_DIRECTORY)) < 0)
		return -1;
	return mkdirat(dir, "d", 0700) || mkdirat(dir, "d/e", 0700) ||
	       mknodat(dir, "d/e/f", S_IFREG | 0600, 0) || symlinkat("d", dir, "to-d") ||
	       symlinkat("f", dir, "d/e/to-f") || symlinkat("/", dir, "to-root") || close(dir);
}

static int clear(void **state)
{
	static const char *const names[] = { "d/e/f", "d/e/to-f", "d/e", "d", "to-d", "to-root", "" };
	char path[64];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", top, names[i]);
		if (remove(path) < 0)
			return -1;
	}
	return 0;
}

/* The call and the walk in its place must give one answer to everything. */
static void both_ways_refuse_every_symlink(void **state)
{
	static const struct {
		const char *path;
		int flags, error; /* 0: opens */
	} rows[] = {
		{ "d/e/f", O_PATH, 0 },
		{ "d//e///f", O_PATH, 0 },
		{ "d/./e", O_PATH | O_DIRECTORY, 0 },
		{ ".", O_PATH, 0 },
		{ "d/e/", O_PATH, 0 },
		{ "to-d/e/f", O_PATH, ELOOP },
		{ "d/e/to-f", O_PATH, ELOOP },
		{ "to-root/usr", O_PATH, ELOOP },
		{ "to-root", O_PATH, ELOOP },
		{ "d/../d/e", O_PATH, EXDEV },
		{ "..", O_PATH, EXDEV },
		{ "d/e/..", O_PATH, EXDEV },
		{ "d/no", O_PATH, ENOENT },
		{ "no/e", O_PATH, ENOENT },
		{ "d/e/f/x", O_PATH, ENOTDIR },
		{ "d/e/f/", O_PATH, ENOTDIR },
		{ "d/e/f", O_PATH | O_DIRECTORY, ENOTDIR },
	};
	int dir = open(top, O_PATH | O_DIRECTORY);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		for (int walks = 0; walks < 2; walks++) {
			int fd = walks ? nolinks_walk(dir, rows[i].path, rows[i].flags) :
					 nolinks_open(dir, rows[i].path, rows[i].flags);
			int error = fd < 0 ? errno : 0;

			if (error != rows[i].error)
				fail_msg("%s, %s: %s", rows[i].path, walks ? "walk" : "open",
					 strerror(error));
			if (fd >= 0)
				close(fd);
		}
	}
	close(dir);
}

static void a_magic_link_is_a_symlink(void **state)
{
	char path[64];

	(void)state;
	for (int walks = 0; walks < 2; walks++) {
		snprintf(path, sizeof(path), "/proc/%d/root/usr", (int)getpid());
		assert_int_equal(walks ? nolinks_walk(AT_FDCWD, path, O_PATH) :
					 nolinks_open(AT_FDCWD, path, O_PATH), -1);
		assert_int_equal(errno, ELOOP);
	}
}

static void a_name_that_is_too_long_is_refused(void **state)
{
	char path[400];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(nolinks_walk(AT_FDCWD, path, O_PATH), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	path[256] = '\0';
	assert_int_equal(nolinks_walk(AT_FDCWD, path, O_PATH), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	path[255] = '\0';
	assert_int_equal(nolinks_walk(AT_FDCWD, path, O_PATH), -1);
	assert_int_equal(errno, ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways_refuse_every_symlink),
		cmocka_unit_test(a_magic_link_is_a_symlink),
		cmocka_unit_test(a_name_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, make, clear);
}
