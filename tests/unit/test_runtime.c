/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/err.h"
#include "launcher/runtime.h"
#include "launcher/runtime_npm.h"
#include "launcher/runtime_python.h"
#include "launcher/runtime_script.h"
#include "launcher/runtime_shim.h"
#include "launcher/runtime_uv.h"
#include "tests/unit/tree.h"

static struct runtime_query query(void)
{
	static char home[PATH_MAX], snap[PATH_MAX];

	snprintf(home, sizeof(home), "%s", tree_dir(tree_path("home/u")));
	snprintf(snap, sizeof(snap), "%s", tree_path("snap"));
	return (struct runtime_query){ .cwd = home, .home = home, .path = "/usr/bin:/bin", .snap = snap };
}

/* --- the first lines of a script ----------------------------------------------------------------- */

static void a_script_says_what_runs_it(void **state)
{
	const struct {
		const char *text, *words; /* NULL: refused */
	} rows[] = {
		{ "#!/usr/bin/node\n", "/usr/bin/node" },
		{ "#! /usr/bin/python3 -E\r\n", "/usr/bin/python3 -E" },
		{ "#!/usr/bin/env node\n", "node" },
		{ "#!/usr/bin/env -S node --flag\n", "node --flag" },
		{ "#!/usr/bin/env -S A=1 node\n", "node" },
		{ "#!/usr/bin/env -i node\n", NULL },
		{ "#!\n", NULL },
		{ "#! \t\n", NULL },
		{ "", NULL },
		{ "#", NULL },
		{ "text\n", NULL },
		{ "\x7f""ELF rest", "" },
		{ "#!/bin/sh\necho\n", "/bin/sh" },
		{ "#!/bin/sh\n'''exec' '/a b/python' \"$0\" \"$@\"\n' '''\n", "/a b/python" },
		{ "#!/bin/sh\n'''exec' \"/a b/python\" \"$0\" \"$@\"\n", "/a b/python" },
		{ "#!/bin/sh\n'''exec' /long/python \"$0\" \"$@\"\n", "/long/python" },
		{ "#!/bin/sh\n'''exec' relative \"$0\" \"$@\"\n", "/bin/sh" },
		{ "#!/usr/bin/perl\n'''exec' /long/python \"$0\" \"$@\"\n", "/usr/bin/perl" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *path = tree_file(tree_path("script"), rows[i].text);
		struct strv words = {0};
		struct err err = {0};
		int r = runtime_script_head(path, &words, &err);
		char all[256] = "";

		for (size_t j = 0; j < words.n; j++)
			snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", j ? " " : "", words.v[j]);
		if ((r < 0) != !rows[i].words || (rows[i].words && strcmp(all, rows[i].words) != 0))
			fail_msg("row %zu: %d %s %s", i, r, all, err.text);
		strv_done(&words);
	}
}

static void a_relocatable_script_names_the_python_beside_it(void **state)
{
	struct strv words = {0};
	struct err err = {0};

	(void)state;
	tree_file(tree_path("bin/x"), "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' \"$0\" \"$@\"\n' '''\n");
	assert_int_equal(runtime_script_head(tree_path("bin/x"), &words, &err), 0);
	assert_string_equal(words.v[0], tree_path("bin/python"));
	strv_done(&words);
}

static void an_interpreters_script_is_found_behind_its_options(void **state)
{
	static const struct {
		const char *argv[8];
		size_t script, first; /* 0: none */
		const char *module;
	} rows[] = {
		{ { "node", "server.js", "a" }, 1, 2, NULL },
		{ { "node", "--inspect", "server.js" }, 2, 3, NULL },
		{ { "node", "-r", "x.js", "server.js" }, 3, 4, NULL },
		{ { "node", "--import", "tsx", "server.ts", "a" }, 3, 4, NULL },
		{ { "node", "--env-file=.env", "server.js" }, 2, 3, NULL },
		{ { "node", "--", "server.js", "a" }, 2, 3, NULL },
		{ { "node", "-e", "code", "a" }, 0, 3, NULL },
		{ { "node" }, 0, 1, NULL },
		{ { "python3", "-X", "dev", "server.py" }, 3, 4, NULL },
		{ { "python3", "-m", "server", "a" }, 0, 3, "server" },
		{ { "python3.12", "-u", "-m", "server" }, 0, 4, "server" },
		{ { "python", "-c", "code" }, 0, 3, NULL },
		{ { "python3", "-Im", "server" }, 0, 3, "server" },
		{ { "python3", "-Xdev", "server.py" }, 2, 3, NULL },
		{ { "bash", "-lc", "node x", "a" }, 0, 3, NULL },
		{ { "bash", "-ex", "server" }, 2, 3, NULL },
		{ { "bash", "--norc", "server" }, 2, 3, NULL },
		{ { "java", "-cp", "a.jar", "-jar", "b.jar", "x" }, 4, 5, NULL },
		{ { "java", "-cp", "a.jar", "Main", "x" }, 0, 3, NULL },
		{ { "bun", "run", "server.ts", "a" }, 2, 3, NULL },
		{ { "deno", "run", "-A", "server.ts" }, 3, 4, NULL },
		{ { "sh", "-o", "errexit", "server" }, 3, 4, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct strv argv = {0};
		const char *module;
		size_t first = 0, script;

		for (size_t j = 0; j < 8 && rows[i].argv[j]; j++)
			strv_add(&argv, rows[i].argv[j]);
		script = runtime_script_argument(&argv, 1, &first, &module);
		if (script != rows[i].script || first != rows[i].first || !module != !rows[i].module)
			fail_msg("row %zu: %zu %zu %s", i, script, first, module ? module : "");
		strv_done(&argv);
	}
}

/* --- names ------------------------------------------------------------------------------------------ */

static void a_packages_name_counts_where_npm_put_it(void **state)
{
	(void)state;
	const struct {
		const char *manifest, *text, *file, *name; /* NULL: none */
	} rows[] = {
		{ "n/node_modules/a/package.json", "{\"name\": \"a\"}", "n/node_modules/a/x.js", "a" },
		{ "n/node_modules/@s/b/package.json", "{\"name\": \"@s/b\"}", "n/node_modules/@s/b/d/x.js", "@s/b" },
		{ "n/node_modules/evil/package.json", "{\"name\": \"@s/b\"}", "n/node_modules/evil/x.js", NULL },
		{ "n/node_modules/@s/c/package.json", "{\"name\": \"@s/b\"}", "n/node_modules/@s/c/x.js", NULL },
		{ "clone/package.json", "{\"name\": \"@s/b\"}", "clone/x.js", NULL },
		{ "n/node_modules/a/node_modules/in/package.json", "{\"name\": \"in\"}", "n/node_modules/a/node_modules/in/x.js", NULL },
		{ "n/node_modules/.pnpm/p@1/node_modules/p/package.json", "{\"name\": \"p\"}", "n/node_modules/.pnpm/p@1/node_modules/p/x.js", "p" },
		{ "n/node_modules/.pnpm/p@1/node_modules/p/node_modules/q/package.json", "{\"name\": \"q\"}", "n/node_modules/.pnpm/p@1/node_modules/p/node_modules/q/x.js", NULL },
		{ "n/node_modules/e/package.json", "{\"name\": 1}", "n/node_modules/e/x.js", NULL },
		{ "n/node_modules/f/package.json", "{", "n/node_modules/f/x.js", NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *name;

		tree_file(tree_path("%s", rows[i].manifest), rows[i].text);
		name = runtime_npm_name(tree_path("%s", rows[i].file));
		if (!name != !rows[i].name || (name && strcmp(name, rows[i].name) != 0))
			fail_msg("%s: %s", rows[i].file, name ? name : "none");
		free(name);
	}
}

/* What a script says that it runs picks a profile only where no package can write. */
static void a_shim_lies_where_a_package_manager_puts_it(void **state)
{
	(void)state;
	assert_true(runtime_npm_is_shim("/h", "/h/p/node_modules/.bin/x"));
	assert_true(runtime_npm_is_shim("/h", "/h/p/node_modules/.pnpm/node_modules/.bin/x"));
	assert_true(runtime_npm_is_shim("/h", "/h/.local/share/pnpm/x"));
	assert_true(runtime_npm_is_shim("/h", "/h/.local/share/pnpm/bin/x"));
	assert_false(runtime_npm_is_shim("/h", "/h/p/node_modules/evil/x.sh"));
	assert_false(runtime_npm_is_shim("/h", "/h/p/node_modules/evil/node_modules/.bin/x"));
	assert_false(runtime_npm_is_shim("/h", "/h/p/node_modules/@s/evil/.bin/x"));
	assert_false(runtime_npm_is_shim("/h", "/h/clone/run.sh"));
	assert_false(runtime_npm_is_shim("/h", "/h/clone/.bin/x"));
	assert_false(runtime_npm_is_shim("/h", "/h/clone/pnpm/x"));
}

static void a_python_is_called_like_one(void **state)
{
	(void)state;
	assert_true(runtime_python_is("/x/python"));
	assert_true(runtime_python_is("/x/python3.12"));
	assert_true(runtime_python_is("/x/pypy3"));
	assert_false(runtime_python_is("/x/pythonista"));
	assert_false(runtime_python_is("/python/x"));
}

/* --- shims ------------------------------------------------------------------------------------------ */

static void a_shim_leads_to_an_installed_version_or_is_refused(void **state)
{
	const struct runtime_query q = query();
	static const char asdf[] = "#!/bin/sh\n# asdf-plugin: nodejs 20.1.0\n";

	(void)state;
	tree_file(tree_path("asdf/installs/nodejs/20.1.0/bin/node"), "");
	tree_file(tree_path("asdf/installs/nodejs/20.9.0/bin/node"), "");
	tree_file(tree_path("asdf/installs/nodejs/20.10.0/bin/node"), "");
	tree_file(tree_path("asdf/shims/node"), asdf);
	tree_file(tree_path("asdf/shims/other"), "#!/bin/sh\n");
	tree_file(tree_path("pyenv/versions/3.12.1/bin/python"), "");
	tree_file(tree_path("pyenv/version"), "# comment\n3.12\n");
	tree_file(tree_path("pyenv/shims/python"), "#!/bin/sh\nexec pyenv exec\n");
	tree_file(tree_path("snap/node/current/bin/node"), "");
	tree_file(tree_path("snap/node/current/meta/snap.yaml"),
		  "name: node\napps:\n  node:\n    command: bin/node\n  npx:\n    command: bin/npx\n"
		  "  up:\n    command: ../../../bin/sh\n  abs:\n    command: /bin/sh\n");
	tree_file(tree_path("snap/node/current/bin/npx"), "");
	tree_file(tree_path("usr/snap"), "");
	tree_link(tree_path("snapbin/node"), tree_path("usr/snap"));
	tree_link(tree_path("snapbin/node.npx"), tree_path("usr/snap"));
	tree_link(tree_path("snapbin/npx"), "node.npx");
	tree_link(tree_path("snapbin/node.up"), tree_path("usr/snap"));
	tree_link(tree_path("snapbin/node.abs"), tree_path("usr/snap"));
	tree_link(tree_path("snapbin/absent"), tree_path("usr/snap"));
	const struct {
		const char *versions; /* of ~/.tool-versions */
		const char *command;
		int r;
		const char *program; /* or words of the refusal */
	} rows[] = {
		{ "nodejs 20.1.0\n", "asdf/shims/node", 1, "asdf/installs/nodejs/20.1.0/bin/node" },
		{ "nodejs 20\n", "asdf/shims/node", 1, "asdf/installs/nodejs/20.10.0/bin/node" },
		{ "nodejs 2\n", "asdf/shims/node", -EACCES, "asdf which node" },
		{ "nodejs ../../x\n", "asdf/shims/node", -EACCES, "asdf which node" },
		{ "nodejs ..\n", "asdf/shims/node", -EACCES, "asdf which node" },
		{ "nodejsx 20.1.0\n", "asdf/shims/node", -EACCES, "asdf which node" },
		{ "", "asdf/shims/node", -EACCES, "asdf which node" },
		{ "", "asdf/shims/other", -EACCES, "not known here" },
		{ "", "pyenv/shims/python", 1, "pyenv/versions/3.12.1/bin/python" },
		{ "", "snapbin/node", 1, "snap/node/current/bin/node" },
		{ "", "snapbin/npx", 1, "snap/node/current/bin/npx" },
		{ "", "snapbin/node.up", -EACCES, "snapd" },
		{ "", "snapbin/node.abs", -EACCES, "snapd" },
		{ "", "snapbin/absent", -EACCES, "snapd" },
		{ "", "snap/node/current/bin/node", 0, NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char real[PATH_MAX], *program = NULL;
		struct err err = {0};
		int r;

		tree_file(tree_path("home/u/.tool-versions"), rows[i].versions);
		assert_non_null(realpath(tree_path("%s", rows[i].command), real));
		r = runtime_shim_find(&q, tree_path("%s", rows[i].command), real, &program, &err);
		if (r != rows[i].r || (r > 0 && strcmp(program, tree_path("%s", rows[i].program)) != 0) ||
		    (r < 0 && !strstr(err.text, rows[i].program)))
			fail_msg("row %zu: %d %s %s", i, r, program ? program : "", err.text);
		free(program);
	}
}

/* Another user's file in a directory above, as in /tmp, chooses nothing. */
static void a_version_file_of_another_user_counts_for_nothing(void **state)
{
	struct runtime_query q = query();
	char *program = NULL;
	struct err err = {0};

	(void)state;
	tree_file(tree_path("pyenv/versions/1.0/bin/python"), "");
	tree_file(tree_path("pyenv/versions/2.0/bin/python"), "");
	tree_file(tree_path("pyenv/version"), "1.0\n");
	tree_file(tree_path("pyenv/shims/python"), "#!/bin/sh\nexec pyenv exec\n");
	tree_file(tree_path("open/.python-version"), "2.0\n");
	q.cwd = tree_dir(tree_path("open/below"));
	assert_int_equal(runtime_shim_find(&q, tree_path("pyenv/shims/python"), tree_path("pyenv/shims/python"), &program, &err), 1);
	assert_string_equal(program, tree_path("pyenv/versions/2.0/bin/python"));
	free(program);
	if (getuid() != 0)
		skip();
	assert_int_equal(chown(tree_path("open/.python-version"), 4711, 0), 0);
	assert_int_equal(runtime_shim_find(&q, tree_path("pyenv/shims/python"), tree_path("pyenv/shims/python"), &program, &err), 1);
	assert_string_equal(program, tree_path("pyenv/versions/1.0/bin/python"));
	free(program);
}

/* --- uv and npx --------------------------------------------------------------------------------------- */

static void make_environment(const char *where, const char *command, const char *dist)
{
	tree_file(tree_path("%s/pyvenv.cfg", where), "home = /usr/bin\n");
	tree_file(tree_path("%s/bin/%s", where, command), "");
	tree_file(tree_path("%s/bin/python", where), "");
	tree_file(tree_path("%s/lib/python3.12/site-packages/%s.dist-info/METADATA", where, dist), "");
}

static void what_uv_would_start_is_found_or_refused(void **state)
{
	const struct runtime_query q = query();

	(void)state;
	make_environment("home/u/.local/share/uv/tools/mcp-x", "mcp-x", "mcp_x-1.2.3");
	make_environment("home/u/.cache/uv/archive-v0/abc", "mcp-y", "mcp_y-0.1");
	make_environment("home/u/.local/share/pipx/venvs/z", "z", "z-3.0");
	make_environment("home/u/proj/.venv", "srv", "proj-0.1");
	tree_file(tree_path("home/u/proj/pyproject.toml"), "");
	tree_file(tree_path("home/u/proj/main.py"), "");
	const struct {
		const char *argv[10];
		int r;
		const char *words; /* of the refusal, or argv joined, below the tree's home */
	} rows[] = {
		{ { "uvx", "mcp-x", "a" }, 0, ".local/share/uv/tools/mcp-x/bin/mcp-x a" },
		{ { "uvx", "-q", "--python", "3.12", "mcp-x@1.2.3" }, 0, ".local/share/uv/tools/mcp-x/bin/mcp-x" },
		{ { "uvx", "--from", "MCP.X==1.2.3", "mcp-x" }, 0, ".local/share/uv/tools/mcp-x/bin/mcp-x" },
		{ { "uvx", "--from=mcp_x[cli]", "mcp-x" }, 0, ".local/share/uv/tools/mcp-x/bin/mcp-x" },
		{ { "uvx", "mcp-y", "--from", "z" }, 0, ".cache/uv/archive-v0/abc/bin/mcp-y --from z" },
		{ { "uv", "--offline", "tool", "run", "mcp-x" }, 0, ".local/share/uv/tools/mcp-x/bin/mcp-x" },
		{ { "pipx", "run", "z", "a" }, 0, ".local/share/pipx/venvs/z/bin/z a" },
		{ { "pipx", "run", "--spec", "z==3.0", "z" }, 0, ".local/share/pipx/venvs/z/bin/z" },
		{ { "uvx", "mcp-x@1.2.4" }, -ENOENT, "mcp-confine install pypi:mcp-x==1.2.4" },
		{ { "uvx", "mcp-x==1.2" }, -ENOENT, "install pypi:mcp-x==1.2" },
		{ { "uvx", "z" }, -ENOENT, "mcp-confine install pypi:z" },
		{ { "uvx", "--with", "y", "mcp-x" }, -ENOENT, "with y" },
		{ { "uvx", "--from", "mcp-x", "other" }, -ENOENT, "install pypi:mcp-x" },
		{ { "uvx", "--from", "mcp-x", "../../bin/sh" }, -EINVAL, "only packages by name" },
		{ { "uvx", "--from", "./local", "x" }, -EINVAL, "only packages by name" },
		{ { "uvx", "--from", "git+https://e.org/x", "x" }, -EINVAL, "only packages by name" },
		{ { "uvx", "mcp-x@git" }, -EINVAL, "only packages by name" },
		{ { "uvx" }, -EINVAL, "names no program" },
		{ { "uvx", "--from" }, -EINVAL, "needs a value" },
		{ { "uvx", "--bogus", "x" }, -EINVAL, "not understood" },
		{ { "uv", "pip", "install", "x" }, -EINVAL, "starts no server" },
		{ { "uv" }, -EINVAL, "starts no server" },
		{ { "uv", "--directory", "proj", "run", "srv", "--x" }, 0, "proj/.venv/bin/srv --x" },
		{ { "uv", "run", "--directory", "proj", "-m", "m", "a" }, 0, "proj/.venv/bin/python -m m a" },
		{ { "uv", "run", "--directory=proj", "main.py" }, 0, "proj/.venv/bin/python proj/main.py" },
		{ { "uv", "run", "--project", "proj", "srv" }, 0, "proj/.venv/bin/srv" },
		{ { "uv", "run", "--directory", "absent", "srv" }, -ENOENT, "uv --directory absent" },
		{ { "uv", "--directory", "proj", "run", "absent" }, -ENOENT, "uv sync" },
		{ { "uv", "--directory", "proj", "run", "--with", "z", "srv" }, -EINVAL, "uv add z" },
		{ { "uv", "--directory", "proj", "run" }, -EINVAL, "names no program" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cleanup_strv struct strv found = {0};
		char *argv[11] = {0}, *cwd = NULL, all[PATH_MAX * 2] = "";
		struct err err = {0};
		size_t len = strlen(q.home) + 1;
		int r;

		for (size_t j = 0; j < 10 && rows[i].argv[j]; j++)
			argv[j] = strdup(rows[i].argv[j]);
		r = runtime_uv_find(&q, argv, &found, &cwd, &err);
		for (size_t j = 0; j < found.n; j++)
			snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", j ? " " : "",
				 strncmp(found.v[j], q.home, len - 1) ? found.v[j] : found.v[j] + len);
		if (r != rows[i].r || (r < 0 ? !strstr(err.text, rows[i].words) : strcmp(all, rows[i].words) != 0))
			fail_msg("row %zu: %d %s %s", i, r, all, err.text);
		free(cwd);
		for (size_t j = 0; j < 10; j++)
			free(argv[j]);
	}
}

static void what_npx_would_start_is_found_or_refused(void **state)
{
	const struct runtime_query q = query();

	(void)state;
	tree_file(tree_path("home/u/.npm/_npx/a/node_modules/@s/x/package.json"),
		  "{\"name\": \"@s/x\", \"version\": \"1.2.3\", \"bin\": {\"x\": \"cli.js\", \"y\": \"y.js\"}}");
	tree_file(tree_path("home/u/.npm/_npx/a/node_modules/@s/x/cli.js"), "");
	tree_file(tree_path("home/u/.npm/_npx/a/node_modules/@s/x/y.js"), "");
	tree_file(tree_path("home/u/.npm/_npx/b/node_modules/up/package.json"),
		  "{\"name\": \"up\", \"version\": \"1.0.0\", \"bin\": \"../../../../../.ssh/id\"}");
	tree_file(tree_path("home/u/.ssh/id"), "");
	tree_file(tree_path("home/u/global/lib/node_modules/g/package.json"),
		  "{\"name\": \"g\", \"version\": \"2.0.0\", \"bin\": \"g.js\"}");
	tree_file(tree_path("home/u/global/lib/node_modules/g/g.js"), "");
	tree_file(tree_path("home/u/.npmrc"), "registry=x\nprefix = ${HOME}/global\n");
	const struct {
		const char *argv[8];
		int r;
		const char *words;
	} rows[] = {
		{ { "npx", "-y", "@s/x", "a" }, 0, "node .npm/_npx/a/node_modules/@s/x/cli.js a" },
		{ { "npx", "@s/x@latest" }, 0, "node .npm/_npx/a/node_modules/@s/x/cli.js" },
		{ { "npx", "@s/x@1.2.3" }, 0, "node .npm/_npx/a/node_modules/@s/x/cli.js" },
		{ { "npx", "@s/x@1" }, 0, "node .npm/_npx/a/node_modules/@s/x/cli.js" },
		{ { "npx", "--package=@s/x", "y", "a" }, 0, "node .npm/_npx/a/node_modules/@s/x/y.js a" },
		{ { "npx", "g" }, 0, "node global/lib/node_modules/g/g.js" },
		{ { "npx", "@s/x@1.2.4" }, -ENOENT, "mcp-confine install npm:@s/x@1.2.4" },
		{ { "npx", "@s/x@1.2.30" }, -ENOENT, "mcp-confine install npm:@s/x@" },
		{ { "npx", "@s/x@12" }, -ENOENT, "mcp-confine install npm:@s/x@" },
		{ { "npx", "absent" }, -ENOENT, "mcp-confine install npm:absent" },
		{ { "npx", "up" }, -ENOENT, "mcp-confine install npm:up" },
		{ { "npx", "../.ssh" }, -EINVAL, "only packages by name" },
		{ { "npx", "/etc" }, -EINVAL, "only packages by name" },
		{ { "npx", "github:a/b" }, -EINVAL, "only packages by name" },
		{ { "npx", "-c", "x" }, -EINVAL, "not understood" },
		{ { "npx" }, -EINVAL, "without a package" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cleanup_strv struct strv found = {0};
		char *argv[9] = {0}, all[PATH_MAX * 2] = "";
		struct err err = {0};
		size_t len = strlen(q.home) + 1;
		int r;

		for (size_t j = 0; j < 8 && rows[i].argv[j]; j++)
			argv[j] = strdup(rows[i].argv[j]);
		r = runtime_npm_npx(&q, "/usr/bin/npx", "/usr/bin/npx", argv, &found, &err);
		for (size_t j = 0; j < found.n; j++)
			snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", j ? " " : "",
				 strncmp(found.v[j], q.home, len - 1) ? found.v[j] : found.v[j] + len);
		if (r != rows[i].r || (r < 0 ? !strstr(err.text, rows[i].words) : strcmp(all, rows[i].words) != 0))
			fail_msg("row %zu: %d %s %s", i, r, all, err.text);
		for (size_t j = 0; j < 8; j++)
			free(argv[j]);
	}
}

#define IN_TREE(test) cmocka_unit_test_setup_teardown(test, tree_make, tree_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_TREE(a_script_says_what_runs_it),
		IN_TREE(a_relocatable_script_names_the_python_beside_it),
		cmocka_unit_test(an_interpreters_script_is_found_behind_its_options),
		IN_TREE(a_packages_name_counts_where_npm_put_it),
		cmocka_unit_test(a_shim_lies_where_a_package_manager_puts_it),
		cmocka_unit_test(a_python_is_called_like_one),
		IN_TREE(a_shim_leads_to_an_installed_version_or_is_refused),
		IN_TREE(a_version_file_of_another_user_counts_for_nothing),
		IN_TREE(what_uv_would_start_is_found_or_refused),
		IN_TREE(what_npx_would_start_is_found_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
