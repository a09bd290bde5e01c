/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/err.h"
#include "launcher/grants.h"
#include "launcher/offlimits.h"
#include "launcher/user.h"
#include "launcher/walk.h"
#include "policies/policy.h"
#include "tests/unit/tree.h"

/* home/u with keys, policies and state; home/other is what HOME names. */
static struct user make_user(void)
{
	static char home[PATH_MAX], account[PATH_MAX], config[PATH_MAX], kept[PATH_MAX];

	snprintf(account, sizeof(account), "%s", tree_dir(tree_path("home/u")));
	snprintf(home, sizeof(home), "%s", tree_dir(tree_path("home/other")));
	snprintf(config, sizeof(config), "%s", tree_path("home/u/.config/mcp-confine"));
	snprintf(kept, sizeof(kept), "%s", tree_path("home/u/.local/state/mcp-confine"));
	tree_dir(tree_path("home/u/.ssh/deep"));
	tree_dir(tree_path("home/other/.ssh"));
	tree_dir(tree_path("home/u/.config/mcp-confine/servers"));
	tree_dir(tree_path("home/u/.config/app"));
	tree_dir(tree_path("home/u/.local/state/mcp-confine/homes/x"));
	tree_dir(tree_path("home/u/.local/share/app"));
	tree_dir(tree_path("home/u/src/line\nbreak"));
	tree_dir(tree_path("home/u/src/\x1b[31mred"));
	tree_dir(tree_path("home/u/dotfiles/gnupg"));
	tree_link(tree_path("home/u/.gnupg"), "dotfiles/gnupg");
	tree_link(tree_path("home/u/innocent"), ".ssh");
	tree_link(tree_path("home/u/all"), "/");
	mkfifo(tree_path("home/u/pipe"), 0600);
	return (struct user){ .uid = getuid(), .home = home, .account_home = account,
			      .config = config, .state = kept };
}

static void what_would_undo_the_sandbox_is_refused_whoever_names_it(void **state)
{
	const struct user user = make_user();

	(void)state;
	const struct {
		const char *path;
		const char *read, *write; /* words of the refusal; NULL: granted */
	} rows[] = {
		{ tree_path("home/u/src"), NULL, NULL },
		{ tree_path("home/u/src/line\nbreak"), NULL, NULL },
		{ tree_path("home/u/src/\x1b[31mred"), NULL, NULL },
		{ tree_path("home/u/.config/app"), NULL, NULL },
		{ tree_path("home/u/.local/share/app"), NULL, NULL },
		{ "/", "whole home", "whole home" },
		{ tree_path("home"), "whole home", "whole home" },
		{ tree_path("home/u"), "whole home", "whole home" },
		{ tree_path("home/other"), "whole home", "whole home" },
		{ tree_path("home/u/all"), "whole home", "whole home" },
		{ tree_path("home/u/src/.."), "whole home", "whole home" },
		{ tree_path("home/u/.ssh"), "holds keys", "holds keys" },
		{ tree_path("home/u/.ssh/deep"), "holds keys", "holds keys" },
		{ tree_path("home/other/.ssh"), "holds keys", "holds keys" },
		{ tree_path("home/u/innocent"), "holds keys", "holds keys" },
		{ tree_path("home/u/dotfiles/gnupg"), "holds keys", "holds keys" },
		{ tree_path("home/u/dotfiles"), "holds keys", "holds keys" },
		{ tree_path("home/u/.local/share"), "holds keys", "holds keys" },
		{ tree_path("home/u/.config"), "holds keys", "holds keys" },
		{ tree_path("home/u/.config/mcp-confine"), "policies", "policies" },
		{ tree_path("home/u/.config/mcp-confine/servers"), "policies", "policies" },
		{ tree_path("home/u/.local/state"), "policies", "policies" },
		{ tree_path("home/u/.local/state/mcp-confine/homes/x"), "policies", "policies" },
		{ tree_path("home/u/pipe"), "neither a directory", "neither a directory" },
		{ "/proc/sys", "kernel", "kernel" },
		{ "/dev/null", "neither a directory", "neither a directory" },
		{ "/dev/shm", "kernel", "kernel" },
		{ "/tmp", "shared", "shared" },
		{ "/srv", "shared", "shared" },
		{ "/etc", "etc of its own", "belongs to the system" },
		{ "/usr/share", NULL, "belongs to the system" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		for (int is_writable = 0; is_writable < 2; is_writable++) {
			const char *words = is_writable ? rows[i].write : rows[i].read;
			struct walk w = {0};
			struct err err = {0};
			int r = walk_path(rows[i].path, &w, &err);

			if (r < 0)
				fail_msg("%s: %s", rows[i].path, err.text);
			r = grants_check(rows[i].path, &w, &user, is_writable, &err);
			walk_done(&w);
			if ((r < 0) != (words != NULL) || (words && !strstr(err.text, words)))
				fail_msg("%s, writable %d: %d %s", rows[i].path, is_writable, r, err.text);
		}
	}
}

/* As a user who may: without mounts of our own only a hard link gives a second name. */
static void another_name_of_a_key_is_the_key(void **state)
{
	struct user user = make_user();
	struct walk w = {0};
	struct err err = {0};

	(void)state;
	tree_file(tree_path("home/u/.netrc"), "machine");
	assert_int_equal(link(tree_path("home/u/.netrc"), tree_path("home/u/src/notes")), 0);
	assert_int_equal(walk_path(tree_path("home/u/src/notes"), &w, &err), 0);
	assert_int_equal(grants_check("x", &w, &user, false, &err), -EPERM);
	assert_non_null(strstr(err.text, "holds keys"));
	walk_done(&w);
	assert_null(offlimits_alias(user.account_home, tree_path("home/u/src")));
	assert_null(offlimits_alias(user.account_home, tree_path("elsewhere")));
}

/* The account's config reached by a symlink in its own way. */
static void policies_behind_a_symlink_are_policies(void **state)
{
	struct user user = make_user();
	struct walk w = {0};
	struct err err = {0};

	(void)state;
	tree_dir(tree_path("elsewhere/config/mcp-confine"));
	tree_link(tree_path("linked"), "elsewhere/config");
	user.config = strdup(tree_path("linked/mcp-confine"));
	assert_int_equal(walk_path(tree_path("elsewhere/config"), &w, &err), 0);
	assert_int_equal(grants_check("x", &w, &user, true, &err), -EPERM);
	assert_non_null(strstr(err.text, "policies"));
	walk_done(&w);
	free(user.config);
}

static void inference_never_reaches_a_home_keys_or_what_is_shared(void **state)
{
	static const struct {
		const char *path, *words; /* NULL: may be granted */
	} rows[] = {
		{ "/", "home" }, { "/home", "home" }, { "/home/u", "home" }, { "/home/v", "home" },
		{ "/root", "shared" }, { "/tmp", "shared" }, { "/var", "shared" },
		{ "/var/tmp", "shared" }, { "/opt", "shared" }, { "/usr/local", "shared" },
		{ "/nix", "shared" }, { "/etc", "system" }, { "/etc/ssh", "system" },
		{ "/proc", "system" }, { "/proc/1", "system" }, { "/sys", "system" },
		{ "/dev", "system" }, { "/dev/shm/x", "system" }, { "/run", "system" },
		{ "/run/user/1000", "system" }, { "/boot", "system" }, { "/var/log", "system" },
		{ "/home/u/.ssh", "keys" }, { "/home/u/.ssh/id", "keys" },
		{ "/home/u/.aws", "keys" }, { "/home/u/.gnupg", "keys" },
		{ "/home/u/.kube/config", "keys" }, { "/home/u/.docker", "keys" },
		{ "/home/u/.netrc", "keys" }, { "/home/u/.git-credentials", "keys" },
		{ "/home/u/.config/gcloud", "keys" }, { "/home/u/.config/gh", "keys" },
		{ "/home/u/.config/autostart", "keys" }, { "/home/u/.config", "keys" },
		{ "/home/u/.local", "keys" }, { "/home/u/.local/share", "keys" },
		{ "/home/u/.local/share/keyrings/x", "keys" }, { "/home/u/.mozilla/p", "private" },
		{ "/home/u/.config/google-chrome/Default", "private" },
		{ "/home/u/.config/mcp-confine", "private" },
		{ "/home/u/.local/state/mcp-confine", "private" },
		{ "/home/u/.npmrc", "private" }, { "/home/u/.claude.json", "private" },
		{ "/home/u/.claude", "private" }, { "/home/u/.claude/projects/x", "private" },
		{ "/home/u/.local/bin", "shared" }, { "/home/u/.local/lib", "shared" },
		{ "/home/u/.cache", "shared" }, { "/home/u/.npm/_npx", "shared" },
		{ "/home/u/.nvm", "shared" }, { "/home/u/.pyenv/versions", "shared" },
		{ "/home/u/.local/share/uv/tools", "shared" },
		{ "/home/u/.local/share/uv/python", "shared" },
		{ "/home/u/.cache/uv/archive-v0", "shared" }, { "/home/u/Documents", "shared" },
		{ "/home/u/Downloads", "shared" }, { "/home/u/bin", "shared" },
		{ "/home/u/src", "shared" },
		/* Beside each of them, what is one thing of its own. */
		{ "/home/u/src/server", NULL }, { "/home/u/.nvm/versions/node/v20.1.0", NULL },
		{ "/home/u/.pyenv/versions/3.12.1", NULL }, { "/home/u/.local/bin/x", NULL },
		{ "/home/u/.local/lib/python3.12/site-packages", NULL },
		{ "/home/u/.local/lib/node_modules", NULL },
		{ "/home/u/.local/share/uv/tools/x", NULL }, { "/home/u/.npm/_npx/ab/node_modules", NULL },
		{ "/home/u/.cache/uv/archive-v0/x", NULL }, { "/home/u/.sshx", NULL },
		{ "/home/u/.config/app/extension", NULL }, { "/home/u/.vscode/extensions/x", NULL },
		{ "/home/u/.claude/plugins/cache/x", NULL }, { "/home/u/Documents/Cline/MCP/x", NULL },
		{ "/opt/server", NULL }, { "/tmp/x", NULL }, { "/nix/store", NULL },
		{ "/snap/node/1", NULL }, { "/home/linuxbrew/.linuxbrew", NULL }, { "/home/v/x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *why = offlimits_inferred("/home/u", rows[i].path);

		if ((why != NULL) != (rows[i].words != NULL) || (why && !strstr(why, rows[i].words)))
			fail_msg("%s: %s", rows[i].path, why ? why : "granted");
	}
}

/* What each list of one ceiling lets weaker layers read, write, and write in a layer. */
static void overlays_have_their_ceiling(void **state)
{
	static const struct {
		const char *read, *write, *overlay; /* the list's one path; "" empty, NULL none */
		const char *path;
		bool may_read, may_write, may_overlay;
	} rows[] = {
		{ NULL, NULL, NULL, "p", true, true, true },
		{ "", NULL, NULL, "p", false, false, false },
		{ "p", "", NULL, "p", true, false, true },
		{ "p", "", NULL, "q", false, false, false },
		{ NULL, "", NULL, "p", true, false, true },
		{ "", "p", NULL, "p", true, true, true },
		{ NULL, NULL, "p", "p", true, false, true }, /* in a layer only */
		{ NULL, NULL, "p", "p/in", true, false, true },
		{ NULL, NULL, "p", "q", true, true, false },
		{ "", NULL, "p", "p", true, false, true },
		{ "p", NULL, "", "p", true, true, false },
		{ NULL, "p", "p", "p", true, true, true },
		{ NULL, "", "p", "q", true, false, false },
	};

	(void)state;
	tree_dir(tree_path("p/in"));
	tree_dir(tree_path("q"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct policy_ceiling c = { .has_read = rows[i].read, .has_write = rows[i].write,
					    .has_overlay = rows[i].overlay };
		struct policy policy = { .sandbox = { .ceilings = &c, .n_ceilings = 1 } };
		struct walk w = {0};

		if (rows[i].read && *rows[i].read)
			strv_add(&c.read, tree_path("%s", rows[i].read));
		if (rows[i].write && *rows[i].write)
			strv_add(&c.write, tree_path("%s", rows[i].write));
		if (rows[i].overlay && *rows[i].overlay)
			strv_add(&c.overlay, tree_path("%s", rows[i].overlay));
		assert_int_equal(walk_path(tree_path("%s", rows[i].path), &w, NULL), 0);
		if ((grants_ceiling("x", &w, &policy, GRANTS_READ, NULL) == 0) != rows[i].may_read ||
		    (grants_ceiling("x", &w, &policy, GRANTS_WRITE, NULL) == 0) != rows[i].may_write ||
		    (grants_ceiling("x", &w, &policy, GRANTS_OVERLAY, NULL) == 0) != rows[i].may_overlay)
			fail_msg("row %zu", i);
		walk_done(&w);
		strv_done(&c.read);
		strv_done(&c.write);
		strv_done(&c.overlay);
	}
}

static void a_ceiling_limits_what_resolves_above_it(void **state)
{
	struct policy_ceiling ceiling = { .has_read = true, .has_write = true };
	struct policy policy = { .sandbox = { .ceilings = &ceiling, .n_ceilings = 1 } };

	(void)state;
	tree_dir(tree_path("r/in"));
	tree_dir(tree_path("w/in"));
	tree_dir(tree_path("other"));
	tree_link(tree_path("r/out"), "../other");
	strv_add(&ceiling.read, tree_path("r"));
	strv_add(&ceiling.write, tree_path("w"));
	strv_add(&ceiling.write, tree_path("absent"));
	const struct {
		const char *path;
		bool read, write;
	} rows[] = {
		{ tree_path("r"), true, false }, { tree_path("r/in"), true, false },
		{ tree_path("w/in"), true, true }, { tree_path("other"), false, false },
		{ tree_path("r/out"), false, false }, { tree_path("."), false, false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct walk w = {0};

		assert_int_equal(walk_path(rows[i].path, &w, NULL), 0);
		assert_int_equal(grants_ceiling("x", &w, &policy, GRANTS_READ, NULL), rows[i].read ? 0 : -EPERM);
		assert_int_equal(grants_ceiling("x", &w, &policy, GRANTS_WRITE, NULL), rows[i].write ? 0 : -EPERM);
		/* What is writable is readable: a list of what may be read bounds it. */
		ceiling.has_write = false;
		assert_int_equal(grants_ceiling("x", &w, &policy, GRANTS_WRITE, NULL),
				 rows[i].read && !rows[i].write ? 0 : -EPERM);
		ceiling.has_write = true;
		ceiling.has_read = false;
		assert_int_equal(grants_ceiling("x", &w, &policy, GRANTS_WRITE, NULL), rows[i].write ? 0 : -EPERM);
		assert_int_equal(grants_ceiling("x", &w, &policy, GRANTS_READ, NULL), 0);
		ceiling.has_read = true;
		walk_done(&w);
	}
	strv_done(&ceiling.read);
	strv_done(&ceiling.write);
}

static void an_argument_is_a_path_when_it_looks_like_one_and_exists(void **state)
{
	(void)state;
	tree_file(tree_path("cwd/file"), "");
	tree_dir(tree_path("cwd/dir"));
	tree_file(tree_path("home/file"), "");
	const struct {
		const char *arg, *path; /* NULL: none */
	} rows[] = {
		{ tree_path("cwd/file"), tree_path("cwd/file") }, { tree_path("absent"), NULL },
		{ "dir", tree_path("cwd/dir") }, { "file", NULL }, { "./file", tree_path("cwd/./file") },
		{ "../cwd/file", tree_path("cwd/../cwd/file") }, { "~/file", tree_path("home/file") },
		{ "~", tree_path("home") }, { "~root", NULL }, { "-x", NULL }, { "--dir=dir", NULL },
		{ "--dir=/usr", "/usr" }, { "", NULL }, { ".", tree_path("cwd/.") }, { "--dir=/nonexistent", NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *path = grants_argument(rows[i].arg, tree_path("cwd"), tree_path("home"));

		if (!path != !rows[i].path || (path && strcmp(path, rows[i].path) != 0))
			fail_msg("%s: %s", rows[i].arg, path ? path : "none");
		free(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_would_undo_the_sandbox_is_refused_whoever_names_it, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(another_name_of_a_key_is_the_key, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(policies_behind_a_symlink_are_policies, tree_make, tree_remove),
		cmocka_unit_test(inference_never_reaches_a_home_keys_or_what_is_shared),
		cmocka_unit_test_setup_teardown(overlays_have_their_ceiling, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(a_ceiling_limits_what_resolves_above_it, tree_make, tree_remove),
		cmocka_unit_test_setup_teardown(an_argument_is_a_path_when_it_looks_like_one_and_exists, tree_make, tree_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
