/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/delta.h"
#include "launcher/delta_apply.h"
#include "launcher/delta_diff.h"
#include "tests/unit/tree.h"

static void a_symlink_stays_when_only_its_beginning_goes_up(void **state)
{
	static const struct {
		const char *text;
		size_t depth;
		bool stays;
	} rows[] = {
		{ "a", 0, true },	   { "a/b", 0, true },	    { "./a", 0, true },
		{ "", 0, false },	   { "/", 3, false },	    { "/etc/passwd", 3, false },
		{ "..", 0, false },	   { "..", 1, true },	    { "../a", 1, true },
		{ "../a", 0, false },	   { "../../a", 1, false }, { "../../a", 2, true },
		{ "a/..", 1, false },	   { "a/../..", 2, false }, { ".././../a", 2, true },
		{ "..//..", 1, false },	   { "...", 0, true },	    { "..a", 0, true },
		{ "../a/../b", 2, false }, { ".", 0, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (delta_link_stays(rows[i].text, rows[i].depth) != rows[i].stays)
			fail_msg("%s at %zu", rows[i].text, rows[i].depth);
}

static void trusted_names_are_known_at_any_depth(void **state)
{
	static const struct {
		const char *path;
		bool is_trusted;
	} rows[] = {
		{ ".git/hooks/pre-commit", true }, { "a/b/.git", true },     { "a/.GIT/config", true },
		{ ".gitignore", false },	   { "git/hooks/x", false }, { "a/.vscode/tasks.json", true },
		{ "CLAUDE.md", true },		   { "a/claude.MD", true },  { "CLAUDE.md.txt", false },
		{ "CLAUDE.local.md", true },	   { "src/main.c", false },  { "x.code-workspace", true },
		{ "bare/HEAD", true },		   { "HEAD", true },	     { "HEADS", false },
		{ ".git", true },		   { "a.git/x", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if ((delta_trusted(rows[i].path) != NULL) != rows[i].is_trusted)
			fail_msg("%s", rows[i].path);
}

static void a_change_is_held_back_for_a_reason(void **state)
{
	static const struct {
		const char *path, *named; /* NULL: no path */
		const char *refused, *trusted;
		bool is_conflict, with_trusted, with_conflicts;
		const char *why; /* NULL: applied */
	} rows[] = {
		{ "a", NULL, NULL, NULL, 0, 0, 0, NULL },
		{ "a", "b", NULL, NULL, 0, 0, 0, "" },
		{ "ab", "a", NULL, NULL, 0, 0, 0, "" },
		{ "a/b", "a", NULL, NULL, 0, 0, 0, NULL },
		{ "a", NULL, "r", NULL, 0, 1, 1, "r" },
		{ "a", "a", "r", NULL, 0, 1, 1, "r" },
		{ ".git/hooks/x", NULL, NULL, "t", 0, 0, 0, "t" },
		{ ".git/hooks/x", "", NULL, "t", 0, 0, 0, "t" },
		{ ".git/hooks/x", ".git", NULL, "t", 0, 0, 0, NULL },
		{ ".git/hooks/x", NULL, NULL, "t", 0, 1, 0, NULL },
		{ "s/.git/x", "s", NULL, "t", 0, 0, 0, "t" },
		{ "s/.git/x", "s/.git/x", NULL, "t", 0, 0, 0, NULL },
		{ "a", NULL, NULL, NULL, 1, 0, 0, "the original changed since" },
		{ "a", "a", NULL, NULL, 1, 0, 0, "the original changed since" },
		{ "a", NULL, NULL, NULL, 1, 0, 1, "the original changed since" },
		{ "a", "a", NULL, NULL, 1, 0, 1, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char path[64];
		const struct change one = { .path = path, .refused = rows[i].refused,
					    .trusted = rows[i].trusted, .is_conflict = rows[i].is_conflict };
		struct delta_choice choice = { .with_trusted = rows[i].with_trusted,
						 .with_conflicts = rows[i].with_conflicts };
		const char *why;

		snprintf(path, sizeof(path), "%s", rows[i].path);
		if (rows[i].named)
			strv_add(&choice.paths, rows[i].named);
		why = delta_held_back(&one, &choice);
		if (!why != !rows[i].why || (why && strcmp(why, rows[i].why) != 0))
			fail_msg("row %zu: %s", i, why ? why : "applied");
		strv_done(&choice.paths);
	}
}

/* --- a layer made by hand ------------------------------------------------------------ */

/* KEY with a layer over proj that began now, or `ago` seconds ago. */
static int make_layer(time_t ago)
{
	struct timespec now;
	struct stat st;
	int store;

	tree_dir(tree_path("key/upper"));
	tree_dir(tree_path("proj"));
	assert_int_equal(stat(tree_path("proj"), &st), 0);
	/* Later than the change time of all that is there, by a tick. */
	usleep(20000);
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	FILE *f = fopen(tree_path("key/origin"), "w");

	assert_non_null(f);
	fprintf(f, "1 %ju %ju %jd %ld %s", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino,
		(intmax_t)(now.tv_sec - ago), now.tv_nsec, tree_path("proj"));
	fclose(f);
	store = open(tree_path("key"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(store >= 0);
	return store;
}

static const struct change *find(const struct delta *c, const char *path)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->v[i].path, path))
			return &c->v[i];
	return NULL;
}

static void a_layer_says_what_changed(void **state)
{
	static const struct {
		const char *path;
		enum change_kind kind;
	} rows[] = {
		{ "added", CHANGE_ADDED }, { "gone", CHANGE_REMOVED },	 { "content", CHANGE_CONTENT },
		{ "mode", CHANGE_MODE },   { "dir", CHANGE_TYPE },	 { "opaque/old", CHANGE_REMOVED },
		{ "opaque/new", CHANGE_ADDED }, { "old-style", CHANGE_REMOVED },
	};
	struct delta c;
	struct err err = {0};
	bool has_attributes;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].kind != CHANGE_ADDED && strcmp(rows[i].path, "dir") != 0)
			tree_file(tree_path("proj/%s", rows[i].path), "a\n");
	tree_file(tree_path("proj/same"), "a\n");
	tree_file(tree_path("proj/dir/in"), "a\n");
	tree_file(tree_path("proj/merged/hidden"), "a\n");
	tree_file(tree_path("key/upper/same"), "a\n");
	tree_file(tree_path("key/upper/content"), "b\n");
	tree_file(tree_path("key/upper/added"), "b\n");
	tree_file(tree_path("key/upper/dir"), "b\n");
	tree_file(tree_path("key/upper/mode"), "a\n");
	tree_file(tree_path("key/upper/old-style"), "");
	tree_file(tree_path("key/upper/opaque/new"), "b\n");
	tree_dir(tree_path("key/upper/merged"));
	assert_int_equal(chmod(tree_path("key/upper/mode"), 0700), 0);
	if (mknod(tree_path("key/upper/gone"), S_IFCHR, makedev(0, 0)) < 0 ||
	    mknod(tree_path("key/upper/never-was"), S_IFCHR, makedev(0, 0)) < 0)
		skip();
	has_attributes = setxattr(tree_path("key/upper/opaque"), "user.overlay.opaque", "y", 1, 0) == 0 &&
			 setxattr(tree_path("key/upper/old-style"), "user.overlay.whiteout", "", 0, 0) == 0;
	if (!has_attributes)
		skip();
	if (delta_read(make_layer(0), &c, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct change *one = find(&c, rows[i].path);

		if (!one || one->kind != rows[i].kind || one->is_conflict || one->refused)
			fail_msg("%s: %d", rows[i].path, one ? (int)one->kind : -1);
	}
	assert_int_equal(c.n, sizeof(rows) / sizeof(*rows));
	delta_done(&c);
}

static void what_others_changed_is_a_conflict(void **state)
{
	struct delta_choice all = {0};
	struct delta c;
	struct err err = {0};

	(void)state;
	tree_file(tree_path("proj/content"), "a\n");
	tree_file(tree_path("key/upper/content"), "b\n");
	tree_file(tree_path("key/upper/added"), "b\n");
	if (delta_read(make_layer(60), &c, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(find(&c, "content")->is_conflict);
	assert_false(find(&c, "added")->is_conflict);
	assert_int_equal(delta_apply(&c, &all, &err), 1);
	assert_int_equal(access(tree_path("proj/added"), F_OK), 0);
	delta_done(&c);
	/* What was applied has left the layer, and is known when the server writes it again. */
	assert_int_equal(access(tree_path("key/upper/added"), F_OK), -1);
	tree_file(tree_path("key/upper/added"), "c\n");
	assert_int_equal(delta_read(open(tree_path("key"), O_RDONLY | O_CLOEXEC), &c, &err), 0);
	assert_false(find(&c, "added")->is_conflict);
	delta_done(&c);
	tree_file(tree_path("proj/added"), "host\n");
	assert_int_equal(delta_read(open(tree_path("key"), O_RDONLY | O_CLOEXEC), &c, &err), 0);
	assert_true(find(&c, "added")->is_conflict);
	delta_done(&c);
}

/* Between looking and applying, others act. */
static void an_original_that_moves_is_left_alone(void **state)
{
	static const char *const names[] = { "replaced", "appeared", "link/file", "link/fresh" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct delta_choice choice = {0};
		struct delta c;
		struct err err = {0};

		tree_file(tree_path("proj/replaced"), "a\n");
		tree_file(tree_path("outside/file"), "a\n");
		tree_dir(tree_path("proj/link"));
		tree_file(tree_path("key/upper/replaced"), "bb\n");
		tree_file(tree_path("key/upper/appeared"), "bb\n");
		tree_file(tree_path("key/upper/link/file"), "bb\n");
		tree_file(tree_path("key/upper/link/fresh"), "bb\n");
		if (delta_read(make_layer(0), &c, &err) < 0)
			fail_msg("%s", err.text);
		tree_file(tree_path("proj/replaced"), "host\n");
		tree_file(tree_path("proj/appeared"), "host\n");
		assert_int_equal(rmdir(tree_path("proj/link")), 0);
		tree_link(tree_path("proj/link"), "../outside");
		strv_add(&choice.paths, names[i]);
		if (delta_apply(&c, &choice, &err) >= 0)
			fail_msg("%s was applied", names[i]);
		assert_int_equal(unlink(tree_path("proj/link")), 0);
		assert_int_equal(unlink(tree_path("proj/appeared")), 0);
		delta_done(&c);
		strv_done(&choice.paths);
	}
	/* Nothing of ours is left beside them. */
	assert_int_equal(rmdir(tree_path("proj/link")), -1);
	assert_int_equal(unlink(tree_path("proj/replaced")), 0);
	assert_int_equal(rmdir(tree_path("proj")), 0);
	assert_int_equal(access(tree_path("outside/fresh"), F_OK), -1);
	FILE *f = fopen(tree_path("outside/file"), "r");
	char text[8] = "";

	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	assert_string_equal(text, "a\n");
}

static void a_damaged_origin_is_an_error(void **state)
{
	static const char *const texts[] = { "", "1", "1 2 3 4 5", "1 2 3 4 5 relative", "2 1 1 1 1 /x",
					     "1 a 3 4 5 /x" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct overlay_origin o = {0};
		struct err err = {0};
		cleanup_close int store = -1;

		tree_file(tree_path("key/origin"), texts[i]);
		store = open(tree_path("key"), O_RDONLY | O_CLOEXEC);
		if (overlay_read_origin(store, &o, &err) >= 0)
			fail_msg("%s", texts[i]);
	}
}

static void a_difference_is_unified_and_printable(void **state)
{
	static const struct {
		const char *a, *b, *text;
	} rows[] = {
		{ "", "", "" },
		{ "a\n", "a\n", "" },
		{ "a\n", "b\n", "@@ -1,1 +1,1 @@\n-a\n+b\n" },
		{ "", "b\n", "@@ -0,0 +1,1 @@\n+b\n" },
		{ "a\n", "", "@@ -1,1 +0,0 @@\n-a\n" },
		{ "a\n", "a", "@@ -1,1 +1,1 @@\n-a\n+a\n\\ No newline at end of file\n" },
		{ "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
		  "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n" },
		{ "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n", "x\n2\n3\n4\n5\n6\n7\n8\n9\ny\n",
		  "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -7,4 +7,4 @@\n 7\n 8\n 9\n-10\n+y\n" },
		{ "a\n", "\x1b[2J\t\\\r\n", "@@ -1,1 +1,1 @@\n-a\n+\\x1b[2J\t\\x5c\\x0d\n" },
	};
	static char big[DELTA_DIFF_BYTES + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[512] = "";
		FILE *out = fmemopen(text, sizeof(text) - 1, "w");

		assert_int_equal(delta_diff(out, rows[i].a, strlen(rows[i].a), rows[i].b, strlen(rows[i].b)), 0);
		fclose(out);
		if (strcmp(text, rows[i].text) != 0)
			fail_msg("row %zu:\n%s", i, text);
	}
	assert_int_equal(delta_diff(stdout, "a\0b", 3, "", 0), -EILSEQ);
	memset(big, 'x', sizeof(big));
	assert_int_equal(delta_diff(stdout, big, sizeof(big), "", 0), -EFBIG);
	memset(big, '\n', 2 * DELTA_DIFF_LINES);
	assert_int_equal(delta_diff(stdout, big, DELTA_DIFF_LINES + 1, "", 0), -EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_symlink_stays_when_only_its_beginning_goes_up),
		cmocka_unit_test(trusted_names_are_known_at_any_depth),
		cmocka_unit_test(a_change_is_held_back_for_a_reason),
		cmocka_unit_test_setup_teardown(a_layer_says_what_changed, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(what_others_changed_is_a_conflict, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(an_original_that_moves_is_left_alone, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(a_damaged_origin_is_an_error, tree_make, tree_remove),
		cmocka_unit_test(a_difference_is_unified_and_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
