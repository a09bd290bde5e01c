/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/bare.h"
#include "launcher/cli.h"
#include "launcher/delegation.h"
#include "launcher/mounts.h"
#include "launcher/overlay.h"
#include "launcher/private.h"
#include "launcher/session.h"
#include "launcher/store.h"
#include "launcher/timing.h"
#include "launcher/values.h"
#include "policies/merge.h"

extern char **environ;

void session_done(struct session *s)
{
	cgroup_done(&s->cgroup);
	token_done(&s->token);
	if (s->kept_lock > 0)
		close(s->kept_lock);
	if (s->overlay_lock > 0)
		close(s->overlay_lock);
	plan_done(&s->plan);
	strv_done(&s->values);
	env_done(&s->env);
	runtime_done(&s->runtime);
	policy_done(&s->policy);
	bundle_done(&s->bundle);
	user_done(&s->user);
	if (s->private_fd > 0)
		close(s->private_fd);
}

int session_make_id(char id[static 33], struct err *err)
{
	unsigned char raw[16];

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return err_errno(err, errno, "getrandom");
	for (size_t i = 0; i < sizeof(raw); i++)
		snprintf(id + 2 * i, 3, "%02x", raw[i]);
	return 0;
}

/* The last part of a package or path, with what a file name cannot hold replaced. */
static void set_name(char name[static 65], const char *from)
{
	const char *slash = strrchr(from, '/');
	size_t n = 0;

	for (const char *p = slash ? slash + 1 : from; *p && n < 64; p++, n++)
		name[n] = isalnum((unsigned char)*p) || strchr("-_", *p) || (*p == '.' && n) ?
				  *p :
				  '_';
	name[n] = '\0';
	if (!n)
		memcpy(name, "server", sizeof("server"));
}

static int check_name(const char *name, struct err *err)
{
	size_t len = strlen(name);

	if (!len || len > 64 || name[0] == '.' ||
	    strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") !=
		    len)
		return err_set(err, EINVAL,
			       "name %s: use 1 to 64 letters, digits, '.', '_' and '-'", name);
	return 0;
}

static int find_layers(const struct cli *cli, const char *package, struct session *s,
		       struct err *err)
{
	const struct bundle_places places = { SYSCONFDIR "/mcp-confine", s->user.config };
	int r;

	if (cli->server)
		r = bundle_find_server(&places, cli->server, &s->bundle, err);
	else
		r = bundle_find_profile(&places, package, cli->profile, &s->bundle, &s->profile,
					err);
	if (r == 0)
		r = options_add(&s->bundle, &cli->options, err);
	if (r == 0)
		r = bundle_merge(&s->bundle, s->user.home, &s->policy, err);
	return r;
}

/* Whatever of the package store will be readable is what was installed. */
static int check_packages(const struct session *s, struct err *err)
{
	struct strv seen = {0};
	int r = 0;

	for (size_t i = 0; i < s->runtime.read.n && r == 0; i++) {
		cleanup_free char *dir =
			store_of(s->user.data, runtime_read_path(s->runtime.read.v[i]));

		if (!dir || strv_has(&seen, dir))
			continue;
		r = store_verify(dir, err);
		if (r == -EBADMSG)
			err_wrap(err, "not started, since its package is damaged; mcp-confine remove and "
				      "install it again");
		if (r == 0 && strv_add(&seen, dir) < 0)
			r = err_errno(err, ENOMEM, "packages");
	}
	strv_done(&seen);
	return r;
}

static int find_runtime(char *const *argv, struct session *s, const char *cwd,
			struct err *err)
{
	const struct runtime_query query = {
		.argv = argv, .cwd = cwd, .home = s->user.home, .path = getenv("PATH"),
		.account_home = s->user.account_home,
	};
	int r = runtime_find(&query, &s->runtime, err);

	if (r == -ENOENT)
		s->exit_code = 127;
	else if (r == -EACCES || r == -ENOEXEC)
		s->exit_code = 126;
	return r < 0 ? r : check_packages(s, err);
}

/* Policy and runtime, in the order that each form of the command allows. */
static int find(const struct cli *cli, const char *cwd, struct session *s, struct err *err)
{
	int r;

	if (cli->command) {
		r = find_runtime(cli->command, s, cwd, err);
		if (r == 0)
			r = find_layers(cli, s->runtime.package, s, err);
	} else if (cli->server) {
		r = find_layers(cli, NULL, s, err);
		if (r == 0 && !s->policy.command.n)
			r = err_set(err, EINVAL, "%s: its policy names no command", cli->server);
		if (r == 0)
			r = values_fill_command(&s->policy, &s->values, err);
		if (r == 0)
			r = find_runtime(s->policy.command.v, s, cwd, err);
	} else {
		r = err_set(err, EINVAL, "no server: name one, or give its command behind --");
	}
	return r;
}

static int name_it(const struct cli *cli, struct session *s, struct err *err)
{
	if (cli->name) {
		int r = check_name(cli->name, err);

		if (r < 0)
			return r;
		set_name(s->name, cli->name);
	} else if (cli->server) {
		set_name(s->name, cli->server);
	} else if (s->runtime.package) {
		set_name(s->name, s->runtime.package);
	} else if (s->runtime.names.n) {
		/* The script, or else the program. */
		set_name(s->name, s->runtime.names.v[s->runtime.names.n - 1]);
	}
	return 0;
}

/*
 * What a persistent home is called: the name that was given, or the package with its
 * scope, so that @other/server-memory never opens what @this/server-memory kept.  NULL:
 * neither is known, and "index.js" would be shared by any two of that name.
 */
static char *kept_name(const struct cli *cli, const struct session *s)
{
	char *name;

	if (cli->name || cli->server)
		return strdup(s->name);
	if (!s->runtime.package || s->runtime.package[0] == '.')
		return NULL;
	name = strdup(s->runtime.package);
	for (char *p = name; p && *p; p++)
		if (*p == '/')
			*p = '+';
	return name;
}

/* Hold a shared lock while the home is in use; note when somebody else does. */
static int share_kept(struct session *s, const char *name, struct strv *notes, struct err *err)
{
	cleanup_free char *dir = NULL, *path = NULL;
	cleanup_close int fd = -1;
	int r = user_state(&s->user, "locks", &dir, err);

	if (r < 0)
		return r;
	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return err_errno(err, ENOMEM, "state directory");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 &&
	    strv_addf(notes, "another session of %s runs; both share its persistent home, "
				      "as they would bare; to keep them apart: --name NAME",
		      s->name) < 0)
		return err_errno(err, ENOMEM, "session");
	/* From exclusive to shared, or beside the others'; never waits for a session: they
	 * hold it exclusively for the moment between these two calls only. */
	if (flock(fd, LOCK_SH) < 0)
		return err_errno(err, errno, "lock %s", path);
	s->kept_lock = take_fd(&fd);
	return 0;
}

static int find_kept(const struct cli *cli, bool with_state, struct session *s,
		     struct strv *notes, char **ret, struct err *err)
{
	cleanup_free char *name = kept_name(cli, s), *below = NULL;
	int r;

	if (s->policy.sandbox.home != POLICY_HOME_PERSISTENT || !name)
		return 0;
	if (asprintf(&below, "homes/%s", name) < 0)
		return err_errno(err, ENOMEM, "state directory");
	if (!with_state)
		return asprintf(ret, "%s/%s", s->user.state, below) < 0 ?
			       err_errno(err, ENOMEM, "state directory") :
			       0;
	r = user_state(&s->user, below, ret, err);
	return r < 0 ? r : share_kept(s, name, notes, err);
}

/* Without namespaces: the plan's paths are the host's, and what it keeps is on disk. */
static int make_bare(bool with_state, const char *kept, struct session *s, struct err *err)
{
	cleanup_free char *private = NULL, *link = NULL;
	int r = 0;

	if (with_state)
		r = s->private_fd = private_open(&s->user, s->id, &private, err);
	else if (asprintf(&private, "%s/private/ID", s->user.state) < 0)
		r = err_errno(err, ENOMEM, "private directory");
	if (r < 0)
		return r;
	if (with_state && kept) {
		if (asprintf(&link, "%s/home/persistent", private) < 0)
			return err_errno(err, ENOMEM, "private directory");
		if (symlink(kept, link) < 0)
			return err_errno(err, errno, "make %s", link);
	}
	s->plan.is_bare = true;
	return bare_adapt(&s->plan, private, err);
}

/* What was asked for and cannot be held is said at each start. */
static int find_cgroup(struct session *s, struct err *err)
{
	char words[CGROUP_WHY + 160];
	int r = cgroup_find(&s->policy.sandbox.limits, &s->cgroup, err);

	if (r < 0 || !s->cgroup.is_wanted || s->cgroup.is_possible)
		return r;
	cgroup_words(&s->policy.sandbox.limits, &s->cgroup, words, sizeof(words));
	return strv_add(&s->plan.notes, words) < 0 ? err_errno(err, ENOMEM, "session") : 0;
}

/* The layers of the plan's overlays, where mounts can be made; nothing stands in for them. */
static int find_overlays(const struct cli *cli, bool with_state, struct session *s,
			 struct err *err)
{
	cleanup_free char *name = kept_name(cli, s);

	for (size_t i = 0; i < s->plan.n && s->tier.is == POLICY_TIER_NOUSERNS; i++)
		if (s->plan.v[i].kind == PLAN_OVERLAY)
			return err_set(err, ENOTSUP,
				       "overlay of %s: the tier nouserns has no mounts (%s); grant it with "
				       "--read or --write, or mend the tier full: mcp-confine status",
				       s->plan.v[i].target, s->tier.why);
	if (!with_state)
		return 0;
	s->overlay_lock = overlay_open(&s->user, name, &s->plan, err);
	return s->overlay_lock < 0 ? s->overlay_lock : 0;
}

int session_build(const struct cli *cli, bool with_state, struct session *s,
		  struct err *err)
{
	cleanup_free char *cwd = getcwd(NULL, 0), *home = NULL;
	struct strv notes = {0};
	int r;

	s->exit_code = 125;
	r = user_find(&s->user, err);
	if (r == 0)
		r = session_make_id(s->id, err);
	timing_mark("launcher", "user found");
	if (r == 0)
		r = find(cli, cwd && cwd[0] == '/' ? cwd : s->user.home, s, err);
	timing_mark("launcher", "runtime and policy found");
	if (r == 0)
		r = name_it(cli, s, err);
	if (r == 0 && cli->capability)
		r = delegation_bound(cli->capability, s, err);
	if (r < 0)
		return r;
	r = find_kept(cli, with_state, s, &notes, &home, err);
	if (r == 0)
		r = env_build(environ, &s->policy, &cli->env, &s->runtime, &s->user, &s->env, err);
	if (r == 0 && strv_add_all(&s->env.injected, &s->values) < 0)
		r = err_errno(err, ENOMEM, "environment");
	if (r == 0)
		r = plan_build(&s->policy, &s->runtime, &s->user,
			       cwd && cwd[0] == '/' ? cwd : s->user.home, home, &s->plan, err);
	if (r == 0 && (strv_add_all(&s->plan.env, &s->env.server) < 0 ||
		       strv_add_all(&s->plan.notes, &notes) < 0))
		r = err_errno(err, ENOMEM, "environment");
	strv_done(&notes);
	timing_mark("launcher", "planned");
	if (r == 0 && with_state)
		r = token_start(s, err);
	if (r == 0)
		r = tier_choose(s->policy.sandbox.minimum_tier, &s->tier, err);
	/* A start looks while the sandbox is built, and lets nothing run before (spawn.c). */
	if (r == 0 && (!with_state || s->tier.is == POLICY_TIER_NOUSERNS))
		r = mounts_check_sources(&s->plan, err);
	if (r == 0)
		r = find_overlays(cli, with_state, s, err);
	if (r == 0 && s->tier.is == POLICY_TIER_NOUSERNS)
		r = make_bare(with_state, home, s, err);
	if (r == 0)
		r = token_name_file(s, err);
	return r < 0 ? r : find_cgroup(s, err);
}

int session_policy(const struct cli *cli, struct session *s, struct err *err)
{
	int r;

	s->exit_code = 125;
	r = user_find(&s->user, err);
	if (r == 0)
		r = session_make_id(s->id, err);
	if (r == 0 && cli->command)
		r = find(cli, s->user.home, s, err);
	else if (r == 0)
		r = find_layers(cli, NULL, s, err);
	if (r == 0)
		r = name_it(cli, s, err);
	if (r == 0 && cli->capability)
		r = delegation_bound(cli->capability, s, err);
	return r;
}
