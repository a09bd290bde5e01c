/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "common/err.h"
#include "launcher/cli.h"
#include "launcher/plan.h"
#include "launcher/proposal.h"
#include "launcher/proposal_judge.h"
#include "launcher/session.h"
#include "launcher/watch_calls.h"
#include "tests/unit/tree.h"

static void begin(struct session *s)
{
	static char name[] = "u", home[PATH_MAX], config[PATH_MAX], kept[PATH_MAX];

	snprintf(home, sizeof(home), "%s", tree_dir(tree_path("home/u")));
	snprintf(config, sizeof(config), "%s", tree_dir(tree_path("home/u/.config/mcp-confine")));
	snprintf(kept, sizeof(kept), "%s", tree_dir(tree_path("home/u/.local/state/mcp-confine")));
	*s = (struct session){
		.user = { .uid = 1000, .gid = 1000, .name = name, .home = home,
			  .account_home = home, .config = config, .state = kept },
		.name = "server",
	};
}

static void want(struct proposal *p, const struct session *s, enum watch_access access,
		 const char *path)
{
	struct watch_record r = { .what = WATCH_PATH, .access = (uint8_t)access, .error = ENOENT };

	assert_int_equal(proposal_add(p, s, &r, path), 0);
}

/* NULL: not in the list. */
static const struct proposal_item *find(const struct proposal *p, const char *path, bool is_writable)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->v[i].path, path) && p->v[i].is_writable == is_writable)
			return &p->v[i];
	return NULL;
}

static bool is_proposed(const struct proposal *p, const char *path, bool is_writable)
{
	const struct proposal_item *i = find(p, path, is_writable);

	return i && !i->why;
}

static void files_are_folded_from_four_on(void **state)
{
	struct proposal p = {0};
	struct session s;

	(void)state;
	begin(&s);
	for (int i = 0; i < PROPOSAL_FOLD; i++) {
		want(&p, &s, WATCH_READ, tree_file(tree_path("home/u/proj/many/%d", i), ""));
		if (i)
			want(&p, &s, WATCH_LOOK, tree_file(tree_path("home/u/proj/few/%d", i), ""));
	}
	/* The home itself is never a directory to fold into. */
	for (int i = 0; i < PROPOSAL_FOLD; i++)
		want(&p, &s, WATCH_READ, tree_file(tree_path("home/u/top%d", i), ""));
	assert_int_equal(proposal_settle(&p, &s), 0);
	assert_true(is_proposed(&p, tree_path("home/u/proj/many"), false));
	assert_int_equal(find(&p, tree_path("home/u/proj/many"), false)->folded, PROPOSAL_FOLD);
	assert_null(find(&p, tree_path("home/u/proj/many/1"), false));
	assert_true(is_proposed(&p, tree_path("home/u/proj/few/1"), false));
	assert_null(find(&p, tree_path("home/u/proj/few"), false));
	assert_true(is_proposed(&p, tree_path("home/u/top1"), false));
	assert_null(find(&p, tree_path("home/u"), false));
	proposal_done(&p);
}

/* Each that may be beside one that may not. */
static void what_is_proposed_and_what_is_only_named(void **state)
{
	static const struct {
		const char *path;
		enum watch_access access;
		bool is_proposed;
	} rows[] = {
		{ "home/u/a/plain.txt", WATCH_READ, true },
		{ "home/u/a/.env", WATCH_READ, false },
		{ "home/u/a/server.pem", WATCH_READ, false },
		{ "home/u/a/ID_RSA.bak", WATCH_READ, false },
		{ "home/u/a/tokens.txt", WATCH_READ, true },
		{ "home/u/a/token", WATCH_READ, false },
		{ "home/u/.ssh/config", WATCH_READ, false },
		{ "home/u/.tool/settings.json", WATCH_READ, false },
		{ "home/u/tool/settings.json", WATCH_READ, true },
		{ "home/u/b/notes.txt", WATCH_WRITE, true },
		{ "home/u/b/.vscode/tasks.json", WATCH_READ, true },
		{ "home/u/c/.vscode/tasks.json", WATCH_WRITE, false },
		{ "home/u/c/Makefile", WATCH_WRITE, false },
		{ "home/u/d/bin/tool", WATCH_WRITE, false },
		{ "home/u/d/bin/tool", WATCH_READ, true },
		{ "home/u/d/binary/data", WATCH_WRITE, true },
		{ "home/u/e/.git/config", WATCH_WRITE, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *path = tree_file(tree_path("%s", rows[i].path), "");
		bool is_writable = rows[i].access >= WATCH_WRITE;
		struct proposal p = {0};
		struct session s;

		/* What may be executed is never written: that row is below. */
		assert_int_equal(chmod(path, 0644), 0);
		begin(&s);
		want(&p, &s, rows[i].access, path);
		assert_int_equal(proposal_settle(&p, &s), 0);
		assert_non_null(find(&p, path, is_writable));
		if (is_proposed(&p, path, is_writable) != rows[i].is_proposed)
			fail_msg("%s", rows[i].path);
		proposal_done(&p);
	}
}

static void a_program_is_read_and_not_written(void **state)
{
	struct proposal p = {0};
	struct session s;
	const char *path = tree_file(tree_path("home/u/proj/tool"), "");

	(void)state;
	begin(&s);
	assert_int_equal(chmod(path, 0755), 0);
	want(&p, &s, WATCH_WRITE, path);
	want(&p, &s, WATCH_READ, path);
	assert_int_equal(proposal_settle(&p, &s), 0);
	assert_false(is_proposed(&p, path, true));
	assert_true(is_proposed(&p, path, false));
	proposal_done(&p);
}

static void a_name_that_is_made_needs_its_directory(void **state)
{
	struct proposal p = {0};
	struct session s;

	(void)state;
	begin(&s);
	tree_dir(tree_path("home/u/out"));
	want(&p, &s, WATCH_CREATE, tree_path("home/u/out/new"));
	/* It would be the whole of "far", for a directory that is not there. */
	tree_dir(tree_path("home/u/far"));
	want(&p, &s, WATCH_CREATE, tree_path("home/u/far/not/there"));
	/* Only read: it is nowhere, and nothing is said of it. */
	want(&p, &s, WATCH_READ, tree_path("home/u/out/absent"));
	/* The directory's name is plain; what would be made in it is not. */
	tree_dir(tree_path("home/u/repo"));
	want(&p, &s, WATCH_CREATE, tree_path("home/u/repo/.envrc"));
	assert_int_equal(proposal_settle(&p, &s), 0);
	assert_true(is_proposed(&p, tree_path("home/u/out"), true));
	assert_non_null(find(&p, tree_path("home/u/far"), true)->why);
	assert_non_null(find(&p, tree_path("home/u/far"), true)->next);
	assert_non_null(find(&p, tree_path("home/u/repo"), true)->why);
	assert_int_equal(p.absent, 1);
	proposal_done(&p);
}

static void links_are_judged_where_they_lead(void **state)
{
	struct proposal p = {0};
	struct session s;

	(void)state;
	begin(&s);
	tree_file(tree_path("home/u/.ssh/id"), "");
	tree_dir(tree_path("home/u/links"));
	tree_link(tree_path("home/u/links/keys"), "../.ssh");
	tree_link(tree_path("home/u/links/home"), "..");
	want(&p, &s, WATCH_LOOK, tree_path("home/u/links/keys"));
	want(&p, &s, WATCH_READ, tree_path("home/u/links/keys/id"));
	want(&p, &s, WATCH_LOOK, tree_path("home/u/links/home"));
	want(&p, &s, WATCH_READ, tree_path("home/u/links/../.ssh/id"));
	assert_int_equal(proposal_settle(&p, &s), 0);
	assert_false(proposal_has_grants(&p));
	assert_non_null(find(&p, tree_path("home/u/links/keys"), false));
	assert_non_null(find(&p, tree_path("home/u/.ssh/id"), false));
	proposal_done(&p);
}

/* A server that makes links where it may write must not choose what is looked at outside. */
static void nothing_is_looked_at_where_the_server_writes(void **state)
{
	struct proposal p = {0};
	struct plan_entry *e;
	struct session s;

	(void)state;
	begin(&s);
	tree_file(tree_path("home/u/hidden/file"), "");
	tree_dir(tree_path("home/u/tree/sub"));
	tree_link(tree_path("home/u/tree/out"), "../hidden");
	tree_link(tree_path("home/u/in"), "tree/sub/../out");
	tree_link(tree_path("home/u/loop"), "loop");
	e = plan_add(&s.plan, PLAN_BIND, tree_path("home/u/tree"), tree_path("home/u/tree"), "policy");
	assert_non_null(e);
	e->is_dir = e->is_writable = true;
	assert_int_equal(proposal_look(&s, tree_path("home/u/hidden/file")), PROPOSAL_LOOK);
	assert_int_equal(proposal_look(&s, tree_path("home/u/absent/file")), PROPOSAL_LOOK);
	assert_int_equal(proposal_look(&s, tree_path("home/u/tree/out/file")), PROPOSAL_LOOK_WRITABLE);
	assert_int_equal(proposal_look(&s, tree_path("home/u/in/file")), PROPOSAL_LOOK_WRITABLE);
	assert_int_equal(proposal_look(&s, tree_path("home/u/hidden/../tree/out")), PROPOSAL_LOOK_WRITABLE);
	assert_int_equal(proposal_look(&s, tree_path("home/u/loop")), PROPOSAL_LOOK_NOT);
	want(&p, &s, WATCH_READ, tree_path("home/u/tree/out/file"));
	want(&p, &s, WATCH_READ, tree_path("home/u/in/file"));
	assert_int_equal(proposal_settle(&p, &s), 0);
	assert_false(proposal_has_grants(&p));
	proposal_done(&p);
	plan_done(&s.plan);
}

static void the_document_loads_and_holds_what_was_in_force(void **state)
{
	static char program[] = "program", option[] = "--password", value[] = "hunter-2-x";
	static char *command[] = { program, option, value, NULL };
	struct cli c = { .command = command };
	struct proposal p = {0};
	struct err err = {0};
	json_t *policy = NULL, *read;
	struct session s;
	char *text;

	(void)state;
	begin(&s);
	strv_add(&s.policy.sandbox.read, "/srv/before");
	want(&p, &s, WATCH_READ, tree_file(tree_path("home/u/doc/\"quoted\", \"/\""), ""));
	want(&p, &s, WATCH_READ, tree_file(tree_path("home/u/doc/line\nbreak"), ""));
	assert_int_equal(proposal_settle(&p, &s), 0);
	assert_int_equal(proposal_policy(&p, &s, &c, &policy, &err), 0);
	read = json_object_get(json_object_get(policy, "sandbox"), "read");
	assert_int_equal(json_array_size(read), 2);
	assert_string_equal(json_string_value(json_array_get(read, 0)), "/srv/before");
	assert_string_equal(json_string_value(json_array_get(read, 1)), tree_path("home/u/doc/\"quoted\", \"/\""));
	text = json_dumps(policy, 0);
	assert_null(strstr(text, "hunter"));
	free(text);
	json_decref(policy);
	strv_done(&s.policy.sandbox.read);
	proposal_done(&p);
}

static void open_wants_what_its_flags_say(void **state)
{
	static const struct {
		uint64_t flags;
		int access;
	} rows[] = {
		{ O_RDONLY, WATCH_READ }, { O_RDONLY | O_CLOEXEC, WATCH_READ }, { O_PATH, WATCH_LOOK },
		{ O_WRONLY, WATCH_WRITE }, { O_RDWR, WATCH_WRITE }, { O_RDONLY | O_TRUNC, WATCH_WRITE },
		{ O_WRONLY | O_CREAT, WATCH_CREATE }, { O_RDONLY | O_CREAT, WATCH_CREATE },
		{ O_RDWR | O_TMPFILE, WATCH_NAME }, { O_DIRECTORY, WATCH_READ },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const uint64_t args[6] = { 0, 0, rows[i].flags };

		assert_int_equal(watch_open_access(SYS_openat, args), rows[i].access);
		assert_int_equal(watch_open_access(SYS_statx, args), -1);
	}
	assert_int_equal(watch_limit_of(SYS_openat, EMFILE), WATCH_LIMIT_FILES);
	assert_int_equal(watch_limit_of(SYS_openat, ENOENT), -1);
	assert_int_equal(watch_limit_of(SYS_read, EAGAIN), -1);
	assert_int_equal(watch_limit_of(SYS_clone, EAGAIN), WATCH_LIMIT_PROCESSES);
}

static void a_call_with_two_paths_has_two_rows(void **state)
{
	const struct watch_call *one = watch_call_next(SYS_renameat2, NULL), *two;

	(void)state;
	assert_non_null(one);
	two = watch_call_next(SYS_renameat2, one);
	assert_non_null(two);
	assert_int_equal(one->path, 1);
	assert_int_equal(two->path, 3);
	assert_null(watch_call_next(SYS_renameat2, two));
	assert_null(watch_call_next(SYS_read, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(files_are_folded_from_four_on, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(what_is_proposed_and_what_is_only_named, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(a_program_is_read_and_not_written, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(a_name_that_is_made_needs_its_directory, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(links_are_judged_where_they_lead, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(nothing_is_looked_at_where_the_server_writes, tree_make,
						tree_remove),
		cmocka_unit_test_setup_teardown(the_document_loads_and_holds_what_was_in_force, tree_make, tree_remove),
		cmocka_unit_test(open_wants_what_its_flags_say),
		cmocka_unit_test(a_call_with_two_paths_has_two_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
