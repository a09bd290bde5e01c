/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/limits.h"
#include "launcher/commands.h"
#include "launcher/install_options.h"
#include "launcher/path.h"
#include "launcher/starter.h"
#include "launcher/store.h"
#include "launcher/tool.h"
#include "launcher/user.h"

/* stdout: the policy, and nothing else.  What is asked for goes to stderr. */
static int offer_policy(const struct user *u, const struct spec *s, json_t *entry, bool is_written,
			struct err *err)
{
	cleanup_free char *text = NULL, *path = NULL;
	struct starter starter;
	char words[ERR_TEXT];
	int r = starter_make(u, s, NULL, entry, &starter, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < starter.wishes.n; i++) {
		snprintf(words, sizeof(words), "it asks for %s", starter.wishes.v[i]);
		say_note(words);
	}
	if (is_written)
		r = starter_write(u, &starter, &path, err);
	if (path)
		fprintf(stderr, "mcp-confine: wrote %s; start it as: mcp-confine run %s\n", path,
			starter.name);
	text = path ? NULL : json_dumps(starter.policy, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	if (text)
		puts(text);
	starter_done(&starter);
	return r;
}

static void say_installed(const struct spec *s, const char *dir)
{
	json_auto_t *lock = store_read_lock(dir);
	const char *version = json_string_value(json_object_get(lock, "package_version"));
	char line[ERR_TEXT], clean[ERR_TEXT];

	snprintf(line, sizeof(line), "installed %s:%s %s: %zu packages, %lld files, %lld KiB, %.19s",
		 spec_kind_name(s->kind), s->name, version ? version : "?",
		 json_array_size(json_object_get(lock, "packages")),
		 (long long)json_integer_value(json_object_get(lock, "files")),
		 (long long)json_integer_value(json_object_get(lock, "bytes")) / 1024, path_last(dir));
	fprintf(stderr, "mcp-confine: %s\n", err_printable(clean, sizeof(clean), line));
	if (s->kind == SPEC_NPM)
		fprintf(stderr, "mcp-confine: start it as: mcp-confine run -- npx -y %s\n", s->name);
	if (s->kind == SPEC_PYPI)
		fprintf(stderr, "mcp-confine: start it as: mcp-confine run -- uvx %s\n", s->name);
}

static int check_new(const struct user *u, const struct spec *s, struct err *err)
{
	cleanup_free char *dir = s->name[0] ? store_find(u->account_home, s->kind, s->name, "current") :
					      NULL;
	json_auto_t *lock = dir ? store_read_lock(dir) : NULL;
	const char *version = json_string_value(json_object_get(lock, "package_version"));

	if (!dir)
		return 0;
	return err_set(err, EEXIST,
		       "%s:%s %s is installed; mcp-confine update shows what another version changes, "
		       "mcp-confine remove removes it", spec_kind_name(s->kind), s->name,
		       version ? version : "");
}

/* A server.json names a package; *ret_entry lives in *ret_manifest. */
static int read_manifest(struct spec *s, json_t **ret_manifest, json_t **ret_entry,
			 struct err *err)
{
	cleanup_free char *text = path_read(s->file, 4 * MIB);
	json_t *manifest = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;

	if (!manifest)
		return err_set(err, EINVAL, "%s: cannot be read, or is no JSON", s->file);
	*ret_manifest = manifest;
	return starter_choose(manifest, s, ret_entry, err);
}

static int install(struct install_options *o, struct err *err)
{
	cleanup_free char *staging = NULL, *dir = NULL;
	cleanup_close int lock = -1;
	json_auto_t *manifest = NULL;
	json_t *entry = NULL;
	struct user user = {0};
	struct err ignored = {0};
	struct spec s = {0};
	int r = spec_parse(o->package, &s, err);

	if (r == 0)
		r = user_find(&user, err);
	if (r == 0 && s.kind == SPEC_MANIFEST)
		r = read_manifest(&s, &manifest, &entry, err);
	if (r == 0)
		r = check_new(&user, &s, err);
	if (r == 0)
		r = lock = store_lock(&user, &staging, err);
	if (r >= 0) {
		o->fetch.user = &user;
		o->fetch.staging = staging;
		r = fetch_package(&o->fetch, &s, &dir, err);
	}
	/* Only a bundle tells its name this late. */
	if (r == 0)
		r = check_new(&user, &s, err);
	if (r == 0)
		r = store_select(&user, &s, dir, err);
	if (r < 0 && lock >= 0 && s.name[0])
		store_sweep(&user, &s, &ignored);
	if (staging)
		fstree_remove(staging, &ignored);
	if (r == 0)
		say_installed(&s, dir);
	if (r == 0 && (manifest || s.kind == SPEC_MCPB || o->has_policy))
		r = offer_policy(&user, &s, entry, o->has_policy, err);
	user_done(&user);
	return r;
}

int install_main(int argc, char **argv)
{
	struct install_options o = {0};
	struct err err = {0};
	int r = fd_have_stdio(&err);

	if (r == 0 && fd_cloexec_from(3) < 0)
		r = err_errno(&err, errno, "close_range");
	if (argc == 2 && !strcmp(argv[1], "--list"))
		return list_main(1, argv);
	if (r == 0)
		r = install_options_parse(argc, argv, &o, &err);
	if (r == 0 && (!o.package || o.arguments || o.has_yes))
		r = err_set(&err, EINVAL, "install takes one package: npm:NAME[@VERSION], "
					  "pypi:NAME[==VERSION], file:BUNDLE.mcpb or file:server.json");
	tool_catch_signals();
	if (r == 0)
		r = install(&o, &err);
	install_options_done(&o);
	if (r < 0)
		say_error(&err);
	return tool_interrupted() ? 128 + tool_interrupted() : r < 0 ? 125 : 0;
}
