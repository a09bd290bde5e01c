/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "launcher/mounts.h"
#include "launcher/plan.h"

#define ROOT "1 0 0:1 / / ro,nosuid,nodev - tmpfs none rw\n"
#define USR "2 1 8:1 /usr /usr ro,nosuid,nodev - ext4 /dev/a rw\n"
#define OVER "9 1 0:9 / /proj rw,nosuid,nodev,noexec - overlay none rw\n"
#define TMP "3 1 0:2 / /tmp rw,nosuid,nodev,noexec - tmpfs none rw\n"

static void the_table_must_be_the_plan(void **state)
{
	static const struct {
		const char *table, *words; /* NULL: accepted */
	} rows[] = {
		{ ROOT USR TMP, NULL },
		{ ROOT USR TMP "4 2 8:2 / /usr/local ro,nosuid,nodev - ext4 /dev/b rw\n", NULL },
		{ ROOT USR TMP "4 2 8:2 / /usr/local rw,nosuid,nodev - ext4 /dev/b rw\n", "without ro" },
		{ ROOT TMP, "/usr is not mounted" },
		{ USR TMP, "root is not in" },
		{ ROOT ROOT USR TMP, "mounted twice" },
		{ "1 0 0:1 / / rw,nosuid,nodev - tmpfs none rw\n" USR TMP, "writable" },
		{ ROOT "2 1 8:1 /usr /usr ro,nodev - ext4 /dev/a rw\n" TMP, "without nosuid" },
		{ ROOT USR "3 1 0:2 / /tmp rw,nosuid,nodev - tmpfs none rw\n", "without noexec" },
		{ ROOT USR TMP "5 1 8:1 /home /home ro,nosuid,nodev,noexec - ext4 /dev/a rw\n", "not in the plan" },
		{ ROOT USR TMP "5 1 8:1 /x /usrx ro,nosuid,nodev,noexec - ext4 /dev/a rw\n", "not in the plan" },
		{ ROOT USR TMP "5 3 8:1 /x /tmp/x ro,nosuid,nodev,noexec - ext4 /dev/a rw\n", "not in the plan" },
		{ ROOT USR TMP "5 1\n", "fewer than six" },
	};
	struct plan_entry entries[] = {
		{ .kind = PLAN_BIND, .target = (char[]){ "/usr" }, .is_dir = true, .is_executable = true },
		{ .kind = PLAN_TMPFS, .target = (char[]){ "/tmp" }, .is_dir = true, .is_writable = true },
	};
	const struct plan plan = { .v = entries, .n = 2 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = {0};
		char table[1024];
		int r;

		snprintf(table, sizeof(table), "%s", rows[i].table);
		r = mounts_check_table(&plan, table, &err);
		if ((r < 0) != (rows[i].words != NULL) || (r < 0 && !strstr(err.text, rows[i].words)))
			fail_msg("row %zu: %d %s", i, r, err.text);
	}
}

static void an_overlay_must_be_one(void **state)
{
	static const struct {
		const char *table, *words;
	} rows[] = {
		{ ROOT OVER, NULL },
		{ ROOT "9 1 0:9 / /proj rw,nosuid,nodev,noexec shared:1 - overlay none rw\n", NULL },
		{ ROOT "9 1 8:1 /proj /proj rw,nosuid,nodev,noexec - ext4 /dev/a rw\n", "no overlay" },
		{ ROOT "9 1 0:9 / /proj rw,nosuid,nodev - overlay none rw\n", "without noexec" },
		{ ROOT "9 1 0:9 / /proj rw,nodev,noexec - overlay none rw\n", "without nosuid" },
		{ ROOT OVER "10 9 8:1 /x /proj/x rw,nosuid,nodev,noexec - ext4 /dev/a rw\n", "not in the plan" },
		{ ROOT, "/proj is not mounted" },
	};
	struct plan_entry entry = { .kind = PLAN_OVERLAY, .target = (char[]){ "/proj" }, .is_dir = true,
				    .is_writable = true };
	const struct plan plan = { .v = &entry, .n = 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = {0};
		char table[1024];
		int r;

		snprintf(table, sizeof(table), "%s", rows[i].table);
		r = mounts_check_table(&plan, table, &err);
		if ((r < 0) != (rows[i].words != NULL) || (r < 0 && !strstr(err.text, rows[i].words)))
			fail_msg("row %zu: %d %s", i, r, err.text);
	}
}

static void a_grant_brings_no_file_system_of_the_kernel_along(void **state)
{
	static const char head[] = "1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 0:4 / /proc rw - proc proc rw\n";
	static const struct {
		const char *table, *words; /* NULL: accepted */
	} rows[] = {
		{ "", NULL },
		{ "3 1 8:2 / /srv/tree/data rw - xfs /dev/b rw\n", NULL },
		{ "3 1 0:4 / /srv/treeproc rw - proc proc rw\n", NULL },
		{ "3 1 0:4 / /srv/other/proc rw shared:1 - proc proc rw\n", NULL },
		{ "3 1 0:4 / /srv/tree/proc rw shared:1 - proc proc rw\n", "(proc) is mounted at /srv/tree/proc" },
		{ "3 1 0:4 / /srv/tree/a\\040b rw - sysfs sysfs rw\n", "(sysfs) is mounted at /srv/tree/a b" },
		{ "3 1 0:4 / /srv/tree rw - cgroup2 x rw\n", "lies in a file system of the kernel" },
		{ "3 1 0:4 / /srv rw - devtmpfs x rw\n", "lies in a file system of the kernel" },
		{ "3 1 0:4 / /srv rw - devtmpfs x rw\n4 3 8:2 / /srv/tree rw - xfs /dev/b rw\n", NULL },
		{ "3 1\n", "a line that is none" },
	};
	struct plan_entry entries[] = {
		{ .kind = PLAN_BIND, .source = (char[]){ "/srv/tree" }, .is_dir = true },
		{ .kind = PLAN_PROC, .target = (char[]){ "/proc" } },
		{ .kind = PLAN_DEVICE, .source = (char[]){ "/dev/null" } },
	};
	const struct plan plan = { .v = entries, .n = 3 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = {0};
		char table[1024];
		int r;

		snprintf(table, sizeof(table), "%s%s", head, rows[i].table);
		r = mounts_check_kernel(&plan, table, &err);
		if ((r < 0) != (rows[i].words != NULL) || (r < 0 && !strstr(err.text, rows[i].words)))
			fail_msg("row %zu: %d %s", i, r, err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_must_be_the_plan),
		cmocka_unit_test(an_overlay_must_be_one),
		cmocka_unit_test(a_grant_brings_no_file_system_of_the_kernel_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
