/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoke, restore - this user's own list of what is revoked
 *
 * The list is written anew and renamed, so that who watches it never sees half of one.
 * What the administrator's list says is not this user's to take back.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "launcher/commands.h"
#include "launcher/revocation.h"
#include "launcher/user.h"

struct order {
	enum revoked_kind kind;
	const char *name, *reason;
};

static int take_options(int argc, char **argv, struct order *o, struct err *err)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' }, { "agent", required_argument, NULL, 'g' },
		{ "reason", required_argument, NULL, 'r' }, { 0 },
	};
	int opt, n = 0;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (opt) {
		case 'a': o->kind = REVOKED_ALL; n++; break;
		case 'g': o->kind = REVOKED_AGENT; o->name = optarg; n++; break;
		case 'r': o->reason = optarg; break;
		default:
			return err_set(err, EINVAL, "%s: unknown option, or one without its value: %s",
				       argv[0], argv[optind - 1]);
		}
	}
	if (optind < argc) {
		o->kind = REVOKED_SERVER;
		o->name = argv[optind++];
		n++;
	}
	if (n != 1 || optind < argc)
		return err_set(err, EINVAL, "usage: mcp-confine %s (SERVER | --agent ID | --all)%s",
			       argv[0], !strcmp(argv[0], "revoke") ? " [--reason WORDS]" : "");
	if (o->name && !revoked_is_name(o->name))
		return err_set(err, EINVAL, "%s: not a name: 1 to %d printable characters without blanks",
			       o->name, REVOKED_NAME);
	for (const char *p = o->reason; p && *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f || strlen(o->reason) > 200)
			return err_set(err, EINVAL, "--reason: one line of at most 200 bytes");
	return 0;
}

static bool is_same(const struct revoked_entry *e, const struct order *o)
{
	return e->kind == o->kind && (!o->name || (strlen(o->name) == e->name_len &&
						   !memcmp(o->name, e->name, e->name_len)));
}

/* Every line but those that say the same.  *ret_found: how many did. */
static int copy_others(FILE *out, const char *text, size_t len, const struct order *o,
		       size_t *ret_found, struct err *err)
{
	size_t at = 0, line = 0, before = 0;
	struct revoked_entry e;
	int r;

	*ret_found = 0;
	while ((r = revoked_next(text, len, &at, &line, &e, err)) > 0) {
		/* Comments and blank lines before an entry are copied with it. */
		const char *own = text + at - 1;

		while (own > text && own[-1] != '\n')
			own--;
		fwrite(text + before, 1, (size_t)(own - text) - before, out);
		if (is_same(&e, o))
			++*ret_found;
		else
			fwrite(own, 1, (size_t)(text + at - own), out);
		before = at;
	}
	if (r == 0 && len > before)
		fwrite(text + before, 1, len - before, out);
	return r;
}

static int replace(const char *path, const char *text, size_t len, struct err *err)
{
	cleanup_free char *new = NULL;
	cleanup_close int fd = -1;
	int r;

	if (asprintf(&new, "%s.new", path) < 0)
		return err_errno(err, ENOMEM, "%s", path);
	unlink(new);
	fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(err, errno, "make %s", new);
	r = fd_write_all(fd, text, len);
	if (r == 0 && (fsync(fd) < 0 || rename(new, path) < 0))
		r = -errno;
	if (r < 0)
		unlink(new);
	return r < 0 ? err_errno(err, -r, "write %s", path) : 0;
}

/* One at a time.  Return: a descriptor or -errno. */
static int lock(const struct user *user, struct err *err)
{
	cleanup_free char *dir = NULL;
	int r = user_state(user, REVOCATION_DIR, &dir, err), fd;

	if (r < 0)
		return r;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return err_errno(err, errno, "lock %s", dir);
	return fd;
}

static int change(const struct user *user, const struct order *o, bool adds, struct err *err)
{
	cleanup_free char *path = NULL, *old = NULL, *text = NULL;
	cleanup_close int held = lock(user, err);
	size_t len = 0, old_len = 0, found = 0;
	FILE *out;
	int r;

	if (held < 0)
		return held;
	r = revocation_read(user, 1, &path, &old, &old_len, err);
	if (r < 0)
		return r;
	out = open_memstream(&text, &len);
	if (!out)
		return err_errno(err, ENOMEM, "revoke");
	r = old ? copy_others(out, old, old_len, o, &found, err) : 0;
	if (r < 0)
		err_wrap(err, "%s; mend or remove that file", path);
	if (r == 0 && adds)
		fprintf(out, "%s%s%s%s%s\n", revoked_word(o->kind), o->name ? " " : "",
			o->name ? o->name : "", o->reason ? " " : "", o->reason ? o->reason : "");
	if (fclose(out) != 0 && r == 0)
		r = err_errno(err, ENOMEM, "revoke");
	if (r == 0 && !adds && !found)
		r = err_set(err, ENOENT, "%s%s%s is not in this user's list; mcp-confine status shows what "
			    "is revoked", revoked_word(o->kind), o->name ? " " : "", o->name ? o->name : "");
	return r < 0 ? r : replace(path, text, len, err);
}

static int run(int argc, char **argv, bool adds)
{
	struct order o = {0};
	struct user user = {0};
	struct err err = {0};
	int r = take_options(argc, argv, &o, &err);

	if (r == 0)
		r = user_find(&user, &err);
	if (r == 0)
		r = change(&user, &o, adds, &err);
	if (r == 0)
		printf("%s %s%s%s\n", adds ? "revoked" : "restored", revoked_word(o.kind),
		       o.name ? " " : "", o.name ? o.name : "");
	if (r < 0)
		say_error(&err);
	user_done(&user);
	return r < 0 ? 125 : 0;
}

int revoke_main(int argc, char **argv)
{
	return run(argc, argv, true);
}

int restore_main(int argc, char **argv)
{
	return run(argc, argv, false);
}
