/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/err.h"
#include "launcher/walk.h"
#include "tests/unit/tree.h"

static int walk(const char *path, char real[static PATH_MAX], size_t *links, struct err *err)
{
	struct walk w = {0};
	int r = walk_path(path, &w, err);

	real[0] = '\0';
	if (r == 0) {
		snprintf(real, PATH_MAX, "%s", w.real);
		*links = w.n_links;
	}
	walk_done(&w);
	return r;
}

static void a_path_is_resolved_and_its_links_remembered(void **state)
{
	char real[PATH_MAX];
	size_t links = 0;

	(void)state;
	tree_file(tree_path("a/b/file"), "");
	tree_link(tree_path("to-a"), "a");
	tree_link(tree_path("a/up"), "../a/./b/..");
	tree_link(tree_path("absolute"), tree_path("to-a/up/b"));
	const struct {
		const char *path, *real;
		size_t links;
	} rows[] = {
		{ "/", "/", 0 },
		{ "///", "/", 0 },
		{ "/..", "/", 0 },
		{ tree_path("a//b/./file"), tree_path("a/b/file"), 0 },
		{ tree_path("a/b/../b/file"), tree_path("a/b/file"), 0 },
		{ tree_path("to-a/b"), tree_path("a/b"), 1 },
		{ tree_path("to-a/"), tree_path("a"), 1 },
		{ tree_path("a/up/b"), tree_path("a/b"), 1 },
		{ tree_path("absolute/file"), tree_path("a/b/file"), 3 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = {0};

		if (walk(rows[i].path, real, &links, &err) < 0 || strcmp(real, rows[i].real) != 0 ||
		    links != rows[i].links)
			fail_msg("%s: %s, %zu links, %s", rows[i].path, real, links, err.text);
	}
}

static void what_cannot_be_resolved_is_an_error(void **state)
{
	char real[PATH_MAX], longer[PATH_MAX + 10], name[300];
	size_t links;

	(void)state;
	tree_file(tree_path("file"), "");
	tree_link(tree_path("loop"), "loop");
	tree_link(tree_path("one"), "two");
	tree_link(tree_path("two"), "one");
	tree_link(tree_path("nowhere"), "absent/x");
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	for (size_t i = 0; i < sizeof(longer) - 1; i += 100)
		longer[i] = '/';
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	const struct {
		const char *path;
		int code;
	} rows[] = {
		{ "relative", EINVAL },
		{ "", EINVAL },
		{ "~/x", EINVAL },
		{ tree_path("absent"), ENOENT },
		{ tree_path("absent\nnext"), ENOENT },
		{ tree_path("file/x"), ENOTDIR },
		{ tree_path("nowhere"), ENOENT },
		{ tree_path("loop"), ELOOP },
		{ tree_path("one/x"), ELOOP },
		{ longer, ENAMETOOLONG },
		{ tree_path("%s", name), ENAMETOOLONG },
		{ "/proc/self/root/usr", EPERM },
		{ "/proc/self", EPERM },
		{ "/proc/thread-self/cwd", EPERM },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = {0};
		int r = walk(rows[i].path, real, &links, &err);

		if (r != -rows[i].code || !err.text[0])
			fail_msg("row %zu: %d %s", i, r, err.text);
	}
}

/* /proc itself may be walked, only its links not. */
static void proc_without_a_link_is_a_path(void **state)
{
	char real[PATH_MAX];
	struct err err = {0};
	size_t links;

	(void)state;
	assert_int_equal(walk("/proc/sys", real, &links, &err), 0);
}

static void only_links_that_nobody_else_can_have_put_there_are_followed(void **state)
{
	char real[PATH_MAX];
	size_t links;

	(void)state;
	tree_dir(tree_path("to"));
	const struct {
		const char *name;
		mode_t mode;
		uid_t dir, link;
		bool is_followed;
	} rows[] = {
		{ "ours", 0755, 0, 0, true },
		{ "shared", 01777, 0, 0, true },
		{ "shared-by-all", 0777, 0, 0, true },
		{ "shared-theirs", 01777, 0, 4711, false },
		{ "group-theirs", 0775, 0, 4711, false },
		{ "in-ours-theirs", 0755, 0, 4711, true }, /* ours alone to write: we moved it */
		{ "theirs", 0755, 4711, 4711, false },
		{ "theirs-ours", 0755, 4711, 0, false },
		{ "theirs-open", 0777, 4711, 0, false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *dir = tree_dir(tree_path("%s", rows[i].name));
		const char *link = tree_link(tree_path("%s/link", rows[i].name), "../to");
		struct err err = {0};
		bool is_followed;

		assert_int_equal(chmod(dir, rows[i].mode), 0);
		/* Only root can give files away; the others' rows are root's to test. */
		if ((rows[i].dir || rows[i].link) && getuid() != 0)
			continue;
		if (getuid() == 0 && (lchown(link, rows[i].link, 0) < 0 || chown(dir, rows[i].dir, 0) < 0))
			fail_msg("chown");
		is_followed = walk(link, real, &links, &err) == 0;
		if (is_followed != rows[i].is_followed ||
		    (!is_followed && !strstr(err.text, "another user")))
			fail_msg("%s: %s", rows[i].name, err.text);
	}
}

static void below_means_whole_components(void **state)
{
	static const struct {
		const char *path, *dir;
		int is_below;
	} rows[] = {
		{ "/a/b", "/a", 1 }, { "/a", "/a", 1 }, { "/ab", "/a", 0 }, { "/a", "/a/b", 0 },
		{ "/a", "/", 1 }, { "/", "/", 1 }, { "/", "/a", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(walk_is_below(rows[i].path, rows[i].dir), rows[i].is_below);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_path_is_resolved_and_its_links_remembered, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(what_cannot_be_resolved_is_an_error, tree_make, tree_remove),
		cmocka_unit_test(proc_without_a_link_is_a_path),
		cmocka_unit_test_setup_teardown(only_links_that_nobody_else_can_have_put_there_are_followed, tree_make, tree_remove),
		cmocka_unit_test(below_means_whole_components),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
