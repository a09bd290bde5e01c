/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/commands.h"
#include "launcher/path.h"
#include "launcher/store.h"
#include "launcher/user.h"

static const char *member(json_t *lock, const char *key)
{
	const char *text = json_string_value(json_object_get(lock, key));

	return text ? text : "?";
}

/* One line each, and whether its files are what was installed. */
static int list(const struct user *u, struct err *err)
{
	struct strv names = {0};
	int r = store_list(u, &names, err), damaged = 0;

	for (size_t i = 0; i < names.n && r == 0; i++) {
		struct spec s = {0};
		cleanup_free char *dir = NULL;
		json_auto_t *lock = NULL;
		struct err broken = {0};
		char line[ERR_TEXT], clean[ERR_TEXT];

		if (store_name(u, names.v[i], &s, &broken) < 0)
			continue;
		dir = store_find(u->account_home, s.kind, s.name, "current");
		lock = dir ? store_read_lock(dir) : NULL;
		if (!dir || store_verify(dir, &broken) < 0) {
			damaged++;
			say_error(&broken);
		}
		snprintf(line, sizeof(line), "%s %s %.19s %s%s", names.v[i],
			 member(lock, "package_version"), dir ? path_last(dir) : "?",
			 member(lock, "installed"), broken.code ? " DAMAGED" : "");
		puts(err_printable(clean, sizeof(clean), line));
	}
	strv_done(&names);
	if (r == 0 && damaged)
		r = err_set(err, EBADMSG, "%d damaged: remove and install again", damaged);
	return r;
}

static int remove_package(const struct user *u, const struct spec *s, struct err *err)
{
	int r = store_remove(u, s, err);

	if (r == 0)
		fprintf(stderr, "mcp-confine: removed %s:%s\n", spec_kind_name(s->kind), s->name);
	return r;
}

static int roll_back(const struct user *u, const struct spec *s, struct err *err)
{
	cleanup_free char *dir = store_find(u->account_home, s->kind, s->name, "previous");
	json_auto_t *lock = dir ? store_read_lock(dir) : NULL;
	char version[128];
	int r;

	if (!dir)
		return err_set(err, ENOENT, "%s: there is no version before this one", s->name);
	r = store_verify(dir, err);
	if (r == 0)
		r = store_select(u, s, dir, err);
	if (r == 0)
		fprintf(stderr, "mcp-confine: %s:%s is %s again; rollback once more undoes it\n",
			spec_kind_name(s->kind), s->name,
			err_printable(version, sizeof(version), member(lock, "package_version")));
	return r;
}

static int with_one(int argc, char **argv,
		    int (*run)(const struct user *, const struct spec *, struct err *))
{
	cleanup_free char *staging = NULL;
	cleanup_close int lock = -1;
	struct user user = {0};
	struct err err = {0}, ignored = {0};
	struct spec s;
	int r = argc == 2 ? user_find(&user, &err) :
			    err_set(&err, EINVAL, "%s takes the name of one installed package", argv[0]);

	if (r == 0)
		r = store_name(&user, argv[1], &s, &err);
	if (r == 0)
		r = lock = store_lock(&user, &staging, &err);
	if (r >= 0)
		r = run(&user, &s, &err);
	if (staging)
		fstree_remove(staging, &ignored);
	user_done(&user);
	if (r < 0)
		say_error(&err);
	return r < 0 ? 125 : 0;
}

int remove_main(int argc, char **argv)
{
	return with_one(argc, argv, remove_package);
}

int rollback_main(int argc, char **argv)
{
	return with_one(argc, argv, roll_back);
}

int list_main(int argc, char **argv)
{
	struct user user = {0};
	struct err err = {0};
	int r = argc == 1 ? user_find(&user, &err) :
			    err_set(&err, EINVAL, "%s takes no argument", argv[0]);

	if (r == 0)
		r = list(&user, &err);
	user_done(&user);
	if (r < 0)
		say_error(&err);
	return r < 0 ? 125 : 0;
}
