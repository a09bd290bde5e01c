/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/err.h"
#include "launcher/plan.h"
#include "launcher/runtime.h"
#include "launcher/user.h"
#include "tests/unit/tree.h"

/* A home with a project that a program runs from, and what one start says of it. */
struct start {
	struct user user;
	struct policy policy;
	struct runtime runtime;
	struct plan plan;
	const char *cwd;
};

static void begin(struct start *s)
{
	static char name[] = "u", home[PATH_MAX], config[PATH_MAX], kept[PATH_MAX], cwd[PATH_MAX];

	snprintf(home, sizeof(home), "%s", tree_dir(tree_path("home/u")));
	snprintf(config, sizeof(config), "%s", tree_dir(tree_path("home/u/.config/mcp-confine")));
	snprintf(kept, sizeof(kept), "%s", tree_dir(tree_path("home/u/.local/state/mcp-confine")));
	snprintf(cwd, sizeof(cwd), "%s", tree_dir(tree_path("home/u/cwd")));
	tree_file(tree_path("home/u/proj/program"), "");
	tree_dir(tree_path("home/u/proj/data/deep"));
	tree_dir(tree_path("home/u/.ssh"));
	tree_link(tree_path("home/u/way"), "proj");
	*s = (struct start){
		.user = { .uid = 1000, .gid = 1000, .name = name, .home = home,
			  .account_home = home, .config = config, .state = kept },
		.policy = { .sandbox = { .home = POLICY_HOME_PRIVATE,
					 .arguments = POLICY_ARGUMENTS_NONE,
					 .limits = { .tmp_size = 1 << 20 } } },
		.runtime = { .first_arg = 1 },
		.cwd = cwd,
	};
	strv_add(&s->runtime.argv, tree_path("home/u/proj/program"));
	strv_addf(&s->runtime.read, "package\t%s", tree_path("home/u/proj"));
	s->runtime.program = strdup(tree_path("home/u/proj/program"));
}

static int build(struct start *s, struct err *err)
{
	return plan_build(&s->policy, &s->runtime, &s->user, s->cwd, NULL, &s->plan, err);
}

static void end(struct start *s)
{
	plan_done(&s->plan);
	runtime_done(&s->runtime);
	strv_done(&s->policy.sandbox.read);
	strv_done(&s->policy.sandbox.write);
}

static const struct plan_entry *find(const struct plan *p, const char *target, enum plan_kind kind)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].kind == kind && !strcmp(p->v[i].target, target))
			return &p->v[i];
	return NULL;
}

static void the_home_is_empty_but_for_what_is_granted(void **state)
{
	struct start s;
	struct err err = {0};
	size_t below = 0;

	(void)state;
	begin(&s);
	strv_add(&s.runtime.names, tree_path("home/u/way/program"));
	if (build(&s, &err) < 0)
		fail_msg("%s", err.text);
	assert_non_null(find(&s.plan, s.user.home, PLAN_TMPFS));
	assert_non_null(find(&s.plan, tree_path("home/u/proj"), PLAN_BIND));
	assert_true(find(&s.plan, tree_path("home/u/proj"), PLAN_BIND)->is_executable);
	assert_string_equal(find(&s.plan, tree_path("home/u/proj"), PLAN_BIND)->why, "package");
	assert_non_null(find(&s.plan, tree_path("home/u/way"), PLAN_LINK));
	for (size_t i = 0; i < s.plan.n; i++)
		below += s.plan.v[i].kind == PLAN_BIND && !strncmp(s.plan.v[i].target, tree_top, strlen(tree_top));
	assert_int_equal(below, 1);
	/* The client's directory is there, and empty. */
	assert_string_equal(s.plan.cwd, s.cwd);
	assert_non_null(find(&s.plan, s.cwd, PLAN_DIR));
	assert_false(s.plan.is_cwd_granted);
	end(&s);
}

static void a_parent_stands_before_what_lies_in_it_and_links_last(void **state)
{
	struct start s;
	struct err err = {0};
	bool has_link = false;

	(void)state;
	begin(&s);
	tree_dir(tree_path("home/u/a"));
	tree_dir(tree_path("home/u/a-b"));
	strv_add(&s.policy.sandbox.read, tree_path("home/u/a-b"));
	strv_add(&s.policy.sandbox.read, tree_path("home/u/a"));
	if (build(&s, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < s.plan.n; i++) {
		bool is_link = s.plan.v[i].kind == PLAN_LINK;

		assert_false(has_link && !is_link);
		has_link = is_link;
		for (size_t j = i + 1; j < s.plan.n && !is_link; j++) {
			size_t len = strlen(s.plan.v[j].target);

			if (s.plan.v[j].kind != PLAN_LINK && !strncmp(s.plan.v[i].target, s.plan.v[j].target, len) &&
			    s.plan.v[i].target[len] == '/')
				fail_msg("%s before %s", s.plan.v[i].target, s.plan.v[j].target);
		}
	}
	end(&s);
}

static void where_grants_overlap_the_nearest_counts(void **state)
{
	enum { NONE, READ, WRITE };
	static const struct {
		const char *read, *write, *target;
		int expected;
	} rows[] = {
		{ "home/u/x", NULL, "home/u/x", READ },
		{ NULL, "home/u/x", "home/u/x", WRITE },
		{ "home/u/x", "home/u/x", "home/u/x", WRITE },
		{ "home/u/x", "home/u/x/y", "home/u/x", READ },
		{ "home/u/x", "home/u/x/y", "home/u/x/y", WRITE },
		{ "home/u/x/y", "home/u/x", "home/u/x", WRITE },
		{ "home/u/x/y", "home/u/x", "home/u/x/y", READ },
		{ "home/u/x/y", "home/u/x/y/z", "home/u/x", NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct plan_entry *e;
		struct start s;
		struct err err = {0};
		int found;

		begin(&s);
		tree_dir(tree_path("home/u/x/y/z"));
		if (rows[i].read)
			strv_add(&s.policy.sandbox.read, tree_path("%s", rows[i].read));
		if (rows[i].write)
			strv_add(&s.policy.sandbox.write, tree_path("%s", rows[i].write));
		if (build(&s, &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
		e = find(&s.plan, tree_path("%s", rows[i].target), PLAN_BIND);
		found = !e ? NONE : e->is_writable ? WRITE : READ;
		if (found != rows[i].expected)
			fail_msg("row %zu: %d", i, found);
		end(&s);
	}
}

/* In whatever order they are named: sorting keeps none among equals. */
static void a_path_named_twice_is_writable_below_a_writable_one_too(void **state)
{
	(void)state;
	for (int is_twice = 0; is_twice < 2; is_twice++) {
		struct start s;
		struct err err = {0};

		begin(&s);
		tree_dir(tree_path("home/u/x/y"));
		strv_add(&s.policy.sandbox.read, tree_path("home/u/x/y"));
		strv_add(&s.policy.sandbox.write, tree_path("home/u/x"));
		if (is_twice)
			strv_add(&s.policy.sandbox.write, tree_path("home/u/x/y"));
		if (build(&s, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(find(&s.plan, tree_path("home/u/x/y"), PLAN_BIND) == NULL, is_twice);
		end(&s);
	}
}

/* The server cannot change what will run at its next start. */
static void the_package_inside_a_writable_directory_stays_read_only(void **state)
{
	const struct plan_entry *e;
	struct start s;
	struct err err = {0};

	(void)state;
	begin(&s);
	tree_dir(tree_path("home/u/outer/proj"));
	tree_file(tree_path("home/u/outer/proj/program"), "");
	free(s.runtime.program);
	s.runtime.program = strdup(tree_path("home/u/outer/proj/program"));
	strv_addf(&s.runtime.read, "package\t%s", tree_path("home/u/outer/proj"));
	strv_add(&s.policy.sandbox.write, tree_path("home/u/outer"));
	if (build(&s, &err) < 0)
		fail_msg("%s", err.text);
	e = find(&s.plan, tree_path("home/u/outer/proj"), PLAN_BIND);
	assert_non_null(e);
	assert_false(e->is_writable);
	assert_true(e->is_executable);
	end(&s);
	/* And the package that is itself named as writable does not run at all. */
	begin(&s);
	strv_add(&s.policy.sandbox.write, tree_path("home/u/proj"));
	assert_int_equal(build(&s, &err), -EACCES);
	assert_non_null(strstr(err.text, "a writable directory never is"));
	end(&s);
}

static void a_grant_that_is_refused_stops_the_plan(void **state)
{
	(void)state;
	for (int is_write = 0; is_write < 2; is_write++) {
		static const char *const paths[] = { "home/u", "home", "home/u/.ssh", "home/u/.local/state/mcp-confine",
						     "home/u/.local", "home/u/.config", "absent", "absent\nline" };

		for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
			struct start s;
			struct err err = {0};

			begin(&s);
			strv_add(is_write ? &s.policy.sandbox.write : &s.policy.sandbox.read, tree_path("%s", paths[i]));
			if (build(&s, &err) >= 0 || !strstr(err.text, "cannot grant"))
				fail_msg("%s: %s", paths[i], err.text);
			end(&s);
		}
	}
}

/* Whatever a bug in finding, or a race after it, puts on the list. */
static void what_inference_must_not_reach_stops_the_plan(void **state)
{
	static const struct {
		const char *path, *words;
	} rows[] = {
		{ "home/u", "home directory" }, { "home", "home directory" },
		{ "home/u/.ssh", "holds keys" }, { "home/u/key-link", "holds keys" },
		{ "home/u/all", "home directory" }, { "home/u/pipe", "regular file" },
		{ "account/a", "home directory" }, { "account/a/.ssh", "holds keys" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct start s;
		struct err err = {0};

		begin(&s);
		if (i == 0) {
			tree_link(tree_path("home/u/key-link"), ".ssh");
			tree_link(tree_path("home/u/all"), "/");
			mkfifo(tree_path("home/u/pipe"), 0600);
			tree_dir(tree_path("account/a/.ssh"));
		}
		/* HOME names one home, the user database another: both are homes. */
		s.user.account_home = strdup(tree_path("account/a"));
		strv_addf(&s.runtime.read, "package\t%s", tree_path("%s", rows[i].path));
		if (build(&s, &err) != -EACCES || !strstr(err.text, rows[i].words))
			fail_msg("%s: %s", rows[i].path, err.text);
		free(s.user.account_home);
		end(&s);
	}
}

/* A server that may write where a link lies would choose what its next start reads. */
static void what_the_server_may_replace_leads_nowhere(void **state)
{
	struct start s;
	struct err err = {0};

	(void)state;
	begin(&s);
	tree_dir(tree_path("home/u/w"));
	tree_dir(tree_path("home/u/sibling"));
	tree_link(tree_path("home/u/w/link"), "../proj");
	strv_add(&s.policy.sandbox.write, tree_path("home/u/w"));
	if (build(&s, &err) < 0) /* the control: nothing names the link */
		fail_msg("%s", err.text);
	end(&s);
	begin(&s);
	strv_add(&s.policy.sandbox.write, tree_path("home/u/w"));
	strv_add(&s.runtime.names, tree_path("home/u/w/link/program"));
	assert_int_equal(build(&s, &err), -EPERM);
	assert_non_null(strstr(err.text, "name the real path"));
	end(&s);
	for (int is_writable = 0; is_writable < 2; is_writable++) {
		err = (struct err){0};
		begin(&s);
		strv_addf(&s.runtime.read, "linked package\t%s", tree_path("home/u/sibling"));
		strv_add(&s.runtime.led, tree_path("home/u/sibling"));
		strv_add(&s.runtime.led_by, tree_path("home/u/w/node_modules/sibling"));
		strv_add(is_writable ? &s.policy.sandbox.write : &s.policy.sandbox.read, tree_path("home/u/w"));
		if (build(&s, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(find(&s.plan, tree_path("home/u/sibling"), PLAN_BIND) != NULL, !is_writable);
		assert_int_equal(s.plan.notes.n, is_writable);
		end(&s);
	}
}

/* The reason stands before the path, so a TAB in a path cuts nothing off. */
static void a_tab_in_a_path_is_part_of_the_path(void **state)
{
	struct start s;
	struct err err = {0};

	(void)state;
	begin(&s);
	tree_dir(tree_path("home/u/wide"));
	tree_dir(tree_path("home/u/wide\tnarrow"));
	strv_addf(&s.runtime.read, "package\t%s", tree_path("home/u/wide\tnarrow"));
	if (build(&s, &err) < 0)
		fail_msg("%s", err.text);
	assert_null(find(&s.plan, tree_path("home/u/wide"), PLAN_BIND));
	assert_non_null(find(&s.plan, tree_path("home/u/wide\tnarrow"), PLAN_BIND));
	end(&s);
}

static void the_directory_is_the_clients_or_the_home(void **state)
{
	static const struct {
		const char *cwd, *found; /* NULL: the home */
		bool is_granted;
	} rows[] = {
		{ "/proc/1", NULL, false }, { "/sys", NULL, false }, { "/dev/shm", NULL, false },
		{ "/run", NULL, false }, { "/etc", NULL, false }, { "/usr/bin", "/usr/bin", true },
		{ "/tmp", "/tmp", false }, { "/srv/x", "/srv/x", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct start s;
		struct err err = {0};

		begin(&s);
		s.cwd = rows[i].cwd;
		if (build(&s, &err) < 0)
			fail_msg("%s", err.text);
		assert_string_equal(s.plan.cwd, rows[i].found ? rows[i].found : s.user.home);
		assert_int_equal(s.plan.is_cwd_granted, rows[i].is_granted);
		end(&s);
	}
}

#define IN_TREE(test) cmocka_unit_test_setup_teardown(test, tree_make, tree_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_TREE(the_home_is_empty_but_for_what_is_granted),
		IN_TREE(a_parent_stands_before_what_lies_in_it_and_links_last),
		IN_TREE(where_grants_overlap_the_nearest_counts),
		IN_TREE(a_path_named_twice_is_writable_below_a_writable_one_too),
		IN_TREE(the_package_inside_a_writable_directory_stays_read_only),
		IN_TREE(a_grant_that_is_refused_stops_the_plan),
		IN_TREE(what_inference_must_not_reach_stops_the_plan),
		IN_TREE(what_the_server_may_replace_leads_nowhere),
		IN_TREE(a_tab_in_a_path_is_part_of_the_path),
		IN_TREE(the_directory_is_the_clients_or_the_home),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
