/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The other version is fetched into the store beside the one that runs, and compared with
 * it there.  `current` moves only after a person (or --yes) has said so; otherwise what was
 * fetched is removed again.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "launcher/changes.h"
#include "launcher/commands.h"
#include "launcher/install_options.h"
#include "launcher/path.h"
#include "launcher/runtime_npm.h"
#include "launcher/runtime_uv.h"
#include "launcher/starter.h"
#include "launcher/store.h"
#include "launcher/surface.h"
#include "launcher/tool.h"
#include "launcher/user.h"

/* --- the server of one version ------------------------------------------------------------- */

static int npm_command(const char *tree, const char *name, struct strv *ret)
{
	cleanup_free char *modules = path_make("%s/node_modules", tree);
	cleanup_free char *file = modules ? runtime_npm_program(modules, name, name) : NULL;

	return file ? strv_add(ret, "node") | strv_add(ret, file) : -ENOENT;
}

static int pypi_command(const char *tree, const char *name, struct strv *ret)
{
	cleanup_free char *script = runtime_uv_script(tree, name);

	return script ? strv_addf(ret, "%s/bin/python", tree) | strv_add(ret, script) : -ENOENT;
}

static int mcpb_command(const struct user *u, const struct spec *s, const char *dir,
			struct strv *ret)
{
	struct starter starter;
	struct err ignored = {0};
	json_t *word;
	size_t i;
	int r = starter_make(u, s, dir, NULL, &starter, &ignored);

	if (r < 0)
		return r;
	json_array_foreach(json_object_get(starter.policy, "command"), i, word)
		r |= strv_add(ret, json_string_value(word));
	starter_done(&starter);
	return r;
}

/*
 * Under a name that only this version has: what is pinned of one server, or kept in its
 * persistent home, must not meet another's.  The home goes again.
 */
static void ask_server(const struct user *u, const char *dir, const struct strv *command,
		       json_t **ret_tools, struct err *err)
{
	cleanup_free char *name = path_make("surface-%.12s", path_last(dir) + strlen("sha256-"));
	cleanup_free char *home = name ? path_make("%s/homes/%s", u->state, name) : NULL;
	cleanup_free char *lock = name ? path_make("%s/locks/%s", u->state, name) : NULL;
	struct err ignored = {0};

	if (!home || !lock) {
		err_errno(err, ENOMEM, "names");
		return;
	}
	surface_ask(name, command, ret_tools, err);
	fstree_remove(home, &ignored);
	unlink(lock);
}

static json_t *ask(const struct user *u, const struct spec *s, const char *dir,
		   char *const *arguments, struct err *err)
{
	cleanup_free char *tree = path_make("%s/tree", dir);
	struct strv command = {0};
	json_t *tools = NULL;
	int r = -ENOMEM;

	if (tree)
		r = s->kind == SPEC_NPM	 ? npm_command(tree, s->name, &command) :
		    s->kind == SPEC_PYPI ? pypi_command(tree, s->name, &command) :
					   mcpb_command(u, s, dir, &command);
	for (; r == 0 && arguments && *arguments; arguments++)
		r = strv_add(&command, *arguments);
	if (r < 0)
		err_set(err, -r, "it has no program of its package's name");
	else
		ask_server(u, dir, &command, &tools, err);
	strv_done(&command);
	return tools;
}

static void compare_tools(const struct user *u, const struct spec *s, const char *old_dir,
			  const char *new_dir, char *const *arguments)
{
	struct err old_why = {0}, new_why = {0};
	json_auto_t *old = ask(u, s, old_dir, arguments, &old_why);
	json_auto_t *new = ask(u, s, new_dir, arguments, &new_why);

	changes_print_tools(stdout, old, new, old_why.text, new_why.text);
}

/* --- the decision --------------------------------------------------------------------------- */

/* Return: 1 yes, 0 no, -errno. */
static int accepted(const struct install_options *o, struct err *err)
{
	char answer[16] = "";

	fflush(stdout);
	if (o->has_yes)
		return 1;
	if (!isatty(0))
		return err_set(err, EPERM, "nothing was changed: no terminal to ask at; look at the changes "
					   "and repeat with --yes");
	fputs("Take it? [y/N] ", stderr);
	if (!fgets(answer, sizeof(answer), stdin) || tool_interrupted())
		return 0;
	return answer[0] == 'y' || answer[0] == 'Y';
}

/* A tag or a range keeps counting; one exact version was only the first. */
static void keep_request(struct spec *s, const char *dir)
{
	json_auto_t *lock = store_read_lock(dir);
	const char *asked = json_string_value(json_object_get(lock, "requested"));

	if (s->version[0] || s->kind != SPEC_NPM || !asked || isdigit((unsigned char)asked[0]))
		return;
	snprintf(s->version, sizeof(s->version), "%s", asked);
}

/* The same archives, down to their hashes: only what is made of them here may differ (the
 * bytecode of another Python). */
static bool has_same_packages(const char *old_dir, const char *new_dir)
{
	json_auto_t *old = store_read_lock(old_dir);
	json_auto_t *new = store_read_lock(new_dir);
	json_t *a = json_object_get(old, "packages"), *b = json_object_get(new, "packages");

	return json_array_size(a) && json_equal(a, b) &&
	       json_equal(json_object_get(old, "scripts"), json_object_get(new, "scripts"));
}

static int move(struct install_options *o, const struct user *u, struct spec *s,
		const char *old_dir, const char *new_dir, struct err *err)
{
	struct err ignored = {0};
	int r;

	if (!strcmp(old_dir, new_dir) || has_same_packages(old_dir, new_dir)) {
		store_sweep(u, s, &ignored);
		printf("%s:%s: nothing newer\n", spec_kind_name(s->kind), s->name);
		return 0;
	}
	r = changes_print(stdout, old_dir, new_dir, err);
	if (r < 0)
		return r;
	compare_tools(u, s, old_dir, new_dir, o->arguments);
	r = tool_interrupted() ? err_set(err, EINTR, "interrupted; nothing was changed") :
				 accepted(o, err);
	if (r > 0) {
		r = store_select(u, s, new_dir, err);
		if (r == 0)
			fprintf(stderr, "mcp-confine: %s:%s updated; mcp-confine rollback %s:%s undoes it\n",
				spec_kind_name(s->kind), s->name, spec_kind_name(s->kind), s->name);
		return r;
	}
	store_sweep(u, s, &ignored);
	if (r == 0)
		fprintf(stderr, "mcp-confine: %s:%s stays as it is\n", spec_kind_name(s->kind), s->name);
	return r;
}

static int update_one(struct install_options *o, const struct user *u, const char *name,
		      struct err *err)
{
	cleanup_free char *staging = NULL, *dir = NULL, *current = NULL;
	cleanup_close int lock = -1;
	struct err ignored = {0};
	struct spec s = {0};
	int r = strncmp(name, "file:", 5) ? store_name(u, name, &s, err) : spec_parse(name, &s, err);

	if (r == 0 && s.kind == SPEC_MCPB && !s.file[0])
		r = err_set(err, EINVAL, "%s is a bundle: name the newer file, file:BUNDLE.mcpb", name);
	if (r == 0 && s.name[0]) {
		current = store_find(u->account_home, s.kind, s.name, "current");
		keep_request(&s, current ? current : "");
	}
	if (r == 0)
		r = lock = store_lock(u, &staging, err);
	if (r >= 0) {
		o->fetch.user = u;
		o->fetch.staging = staging;
		r = fetch_package(&o->fetch, &s, &dir, err);
	}
	if (r == 0 && !current)
		current = store_find(u->account_home, s.kind, s.name, "current");
	if (r == 0 && !current)
		r = err_set(err, ENOENT, "%s is not installed; install it", s.name);
	if (r == 0)
		r = move(o, u, &s, current, dir, err);
	if (lock >= 0 && s.name[0])
		store_sweep(u, &s, &ignored);
	if (staging)
		fstree_remove(staging, &ignored);
	return r;
}

static int update_all(struct install_options *o, const struct user *u, struct err *err)
{
	struct strv names = {0};
	int r = store_list(u, &names, err), failed = 0;

	for (size_t i = 0; i < names.n && r == 0 && !tool_interrupted(); i++) {
		struct err one = {0};

		if (!strncmp(names.v[i], "mcpb:", 5))
			continue;
		if (update_one(o, u, names.v[i], &one) < 0) {
			say_error(&one);
			failed++;
		}
	}
	strv_done(&names);
	return r == 0 && failed ? err_set(err, EIO, "%d not updated", failed) : r;
}

int update_main(int argc, char **argv)
{
	struct install_options o = {0};
	struct user user = {0};
	struct err err = {0};
	int r = fd_have_stdio(&err);

	if (r == 0 && fd_cloexec_from(3) < 0)
		r = err_errno(&err, errno, "close_range");
	if (r == 0)
		r = install_options_parse(argc, argv, &o, &err);
	if (r == 0)
		r = user_find(&user, &err);
	tool_catch_signals();
	if (r == 0)
		r = o.package ? update_one(&o, &user, o.package, &err) : update_all(&o, &user, &err);
	user_done(&user);
	install_options_done(&o);
	if (r < 0)
		say_error(&err);
	return tool_interrupted() ? 128 + tool_interrupted() : r < 0 ? 125 : 0;
}
