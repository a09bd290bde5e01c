/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The root is empty, so what a server can see is exactly what stands in this list:
 * the system's programs and libraries (read-only), an /etc of our own making, a
 * minimal /dev, its own /proc, private /tmp and home, and then what the runtime needs
 * (read-only) and what the policy names.  A path is resolved once (walk), its symlinks
 * are made again inside, and its device and inode are pinned; the child compares them
 * when it binds.  Where grants overlap the nearest one counts, and a runtime's code
 * inside a writable directory stays read-only: the server cannot change what will run
 * at its next start.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/limits.h"
#include "launcher/grants.h"
#include "launcher/offlimits.h"
#include "launcher/plan.h"
#include "launcher/plan_settle.h"
#include "launcher/protect.h"
#include "launcher/runtime.h"
#include "launcher/trust.h"
#include "launcher/user.h"
#include "launcher/walk.h"

void plan_done(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].target);
		free(p->v[i].source);
		free(p->v[i].store);
	}
	free(p->v);
	free(p->program);
	free(p->socket);
	free(p->cwd);
	strv_done(&p->argv);
	strv_done(&p->env);
	strv_done(&p->notes);
	strv_done(&p->watched);
	*p = (struct plan){0};
}

int plan_grant(const struct plan_entry *e)
{
	switch (e->kind) {
	case PLAN_BIND:
		if (e->is_writable)
			return LANDLOCK_WRITE;
		return e->is_executable ? LANDLOCK_EXECUTE : LANDLOCK_READ;
	case PLAN_OVERLAY:
		return LANDLOCK_WRITE;
	case PLAN_DEVICE:
		return LANDLOCK_DEVICE;
	case PLAN_TMPFS:
		return e->is_alone ? LANDLOCK_PRIVATE : LANDLOCK_WRITE;
	case PLAN_PROC:
	case PLAN_FILE:
		return LANDLOCK_READ;
	case PLAN_COVER:
	case PLAN_DIR:
	case PLAN_LINK:
	case PLAN_NAME:
		break;
	}
	return -1;
}

/* --- the list ------------------------------------------------------------------- */

struct plan_entry *plan_add(struct plan *p, enum plan_kind kind, const char *target,
			    const char *source, const char *why)
{
	struct plan_entry *grown = reallocarray(p->v, p->n + 1, sizeof(*grown));
	struct plan_entry e = { .kind = kind, .why = why };

	if (!grown)
		return NULL;
	p->v = grown;
	e.target = strdup(target);
	e.source = source ? strdup(source) : NULL;
	if (!e.target || (source && !e.source)) {
		free(e.target);
		free(e.source);
		return NULL;
	}
	p->v[p->n] = e;
	return &p->v[p->n++];
}

static int add_simple(struct plan *p, enum plan_kind kind, const char *target,
		      const char *source, const char *why, struct err *err)
{
	return plan_add(p, kind, target, source, why) ? 0 : err_errno(err, ENOMEM, "plan");
}

static int add_tmpfs(struct plan *p, const char *target, uint64_t size, const char *why,
		     struct err *err)
{
	struct plan_entry *e = plan_add(p, PLAN_TMPFS, target, NULL, why);

	if (!e)
		return err_errno(err, ENOMEM, "plan");
	e->size = size;
	e->is_dir = e->is_writable = true;
	return 0;
}

static int add_links(struct plan *p, const struct walk *w, struct err *err)
{
	for (size_t i = 0; i < w->n_links; i++) {
		int r = add_simple(p, PLAN_LINK, w->links[i].path, w->links[i].text,
				   plan_on_the_way, err);

		if (r < 0)
			return r;
	}
	return 0;
}

enum access { READ = 0, EXECUTE, WRITE, OVERLAY };

static int add_walked(struct plan *p, const struct walk *w, enum access access,
		      const char *why, struct err *err)
{
	enum plan_kind kind = S_ISCHR(w->st.st_mode) ? PLAN_DEVICE :
			      access == OVERLAY	     ? PLAN_OVERLAY :
						       PLAN_BIND;
	struct plan_entry *e = plan_add(p, kind, w->real, w->real, why);

	if (!e)
		return err_errno(err, ENOMEM, "plan");
	e->is_dir = S_ISDIR(w->st.st_mode);
	e->is_writable = access == WRITE || access == OVERLAY;
	e->is_executable = access == EXECUTE;
	e->dev = w->st.st_dev;
	e->ino = w->st.st_ino;
	return add_links(p, w, err);
}

/* A path of the system's: when it is not there, it is not there inside either. */
static int add_system(struct plan *p, const char *path, enum access access,
		      const char *why, struct err *err)
{
	struct err ignored = {0};
	struct walk w = {0};
	int r = walk_path(path, &w, &ignored);

	if (r == -ENOENT || r == -EACCES || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return err_set(err, -r, "%s", ignored.text);
	r = add_walked(p, &w, access, why, err);
	walk_done(&w);
	return r;
}

/* --- what every sandbox has ------------------------------------------------------ */

static int add_programs(struct plan *p, struct err *err)
{
	static const char *const roots[] = { "/usr",   "/bin",	 "/sbin", "/lib",
					     "/lib32", "/lib64", "/libx32" };
	int r = 0;

	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots) && r == 0; i++)
		r = add_system(p, roots[i], EXECUTE, "system", err);
	return r;
}

/* Does a name of /etc match the first part of what stands in a list below? */
static bool is_entry(const char *listed, const char *name)
{
	const size_t len = strcspn(listed, "/*");

	return *listed == *name && !strncmp(listed, name, len) && (listed[len] == '*' || !name[len]);
}

static int add_entry(struct plan *p, const char *name, const char *const *listed, size_t n,
		     struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		const char *below = strchr(listed[i], '/');
		cleanup_free char *path = NULL;

		if (!is_entry(listed[i], name))
			continue;
		if (asprintf(&path, "/etc/%s%s", name, below ? below : "") < 0)
			return err_errno(err, ENOMEM, "plan");
		r = add_system(p, path, READ, "system", err);
	}
	return r;
}

/* What programs look up in /etc and what holds no secret.  The directory is read once:
 * no machine has all of it. */
static int add_etc_of_host(struct plan *p, const char *ca_file, struct err *err)
{
	static const char *const names[] = {
		"ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "ssl/openssl.cnf",
		"crypto-policies", "fonts", "localtime", "timezone", "mime.types", "locale.alias",
		"locale.conf", "protocols", "services", "host.conf", "os-release",
		"debian_version", "python3", "java-*", "python3.*",
	};
	static const char *const authorities[] = { "ssl/certs", "ca-certificates", "pki/tls/certs",
						   "pki/ca-trust" };
	int r = ca_file ? trust_plan(p, ca_file, err) : 0;
	DIR *etc = r == 0 ? opendir("/etc") : NULL;

	if (r == 0 && !etc)
		return errno == ENOENT ? 0 : err_errno(err, errno, "read /etc");
	for (struct dirent *e; r == 0 && (e = readdir(etc));) {
		r = add_entry(p, e->d_name, names, sizeof(names) / sizeof(*names), err);
		if (r == 0 && !ca_file)
			r = add_entry(p, e->d_name, authorities,
				      sizeof(authorities) / sizeof(*authorities), err);
	}
	if (etc)
		closedir(etc);
	return r;
}

static int add_etc_of_ours(struct plan *p, const struct user *user, struct err *err)
{
	const bool has_network = p->network.n_destinations > 0;
	char passwd[1024], group[256];

	snprintf(passwd, sizeof(passwd),
		 "%.64s:x:%u:%u::%.512s:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\n",
		 user->name, (unsigned int)user->uid, (unsigned int)user->gid, user->home);
	snprintf(group, sizeof(group), "%.64s:x:%u:\nnogroup:x:65534:\n", user->name,
		 (unsigned int)user->gid);
	const struct {
		const char *name, *text;
	} files[] = {
		{ "/etc/passwd", passwd },
		{ "/etc/group", group },
		{ "/etc/nsswitch.conf", has_network ?
			"passwd: files\ngroup: files\nhosts: files dns\n" :
			"passwd: files\ngroup: files\nhosts: files\n" },
		{ "/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n" },
		{ "/etc/hostname", "mcp-confine\n" },
		{ "/etc/resolv.conf", has_network ? "nameserver 127.0.0.1\n" : "" },
	};
	int r = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files) && r == 0; i++)
		r = add_simple(p, PLAN_FILE, files[i].name, files[i].text, "made for it", err);
	return r;
}

static int add_dev(struct plan *p, uint64_t size, struct err *err)
{
	static const char *const nodes[] = { "/dev/null", "/dev/zero", "/dev/full",
					     "/dev/random", "/dev/urandom" };
	static const char *const links[][2] = { { "/dev/fd", "/proc/self/fd" },
						{ "/dev/stdin", "/proc/self/fd/0" },
						{ "/dev/stdout", "/proc/self/fd/1" },
						{ "/dev/stderr", "/proc/self/fd/2" } };
	int r = 0;

	for (size_t i = 0; i < sizeof(nodes) / sizeof(*nodes) && r == 0; i++)
		r = add_system(p, nodes[i], READ, "device", err);
	for (size_t i = 0; i < sizeof(links) / sizeof(*links) && r == 0; i++)
		r = add_simple(p, PLAN_LINK, links[i][0], links[i][1], "device", err);
	return r < 0 ? r : add_tmpfs(p, "/dev/shm", size, "private", err);
}

/* In /proc, what tells of the host and not of the sandbox. */
static int add_proc(struct plan *p, struct err *err)
{
	static const char *const covers[] = {
		"/proc/kcore",	    "/proc/kmsg",   "/proc/kallsyms", "/proc/keys",
		"/proc/key-users",  "/proc/timer_list", "/proc/sched_debug",
		"/proc/sysrq-trigger", "/proc/config.gz", "/proc/cmdline",
		"/proc/acpi", "/proc/asound", "/proc/bus", "/proc/driver", "/proc/fs",
		"/proc/irq", "/proc/scsi", "/proc/tty", "/proc/sysvipc",
	};
	int r = add_simple(p, PLAN_PROC, "/proc", NULL, "its own", err);

	for (size_t i = 0; i < sizeof(covers) / sizeof(*covers) && r == 0; i++)
		r = add_simple(p, PLAN_COVER, covers[i], NULL, "hidden", err);
	return r;
}

static int add_private(struct plan *p, const struct policy *policy, const struct user *user,
		       const char *state_home, struct err *err)
{
	const uint64_t size = policy->sandbox.limits.tmp_size;
	cleanup_free char *kept = NULL;
	struct plan_entry *e;
	struct stat st;
	int r = add_tmpfs(p, "/tmp", size, "private", err);

	if (r == 0)
		r = add_simple(p, PLAN_LINK, "/var/tmp", "/tmp", "private", err);
	if (r == 0)
		r = add_simple(p, PLAN_DIR, "/run", NULL, "empty", err);
	if (r == 0)
		r = add_tmpfs(p, user->home, size, "private home", err);
	if (r < 0 || policy->sandbox.home != POLICY_HOME_PERSISTENT)
		return r;
	/* A directory in the home and not the home itself: what else is bound below the
	 * home needs mount points, and those are made in a tmpfs of ours only. */
	if (asprintf(&kept, "%s/persistent", user->home) < 0)
		return err_errno(err, ENOMEM, "plan");
	if (!state_home)
		return err_set(err, EINVAL,
			       "a persistent home needs a name for the server; add --name NAME");
	e = plan_add(p, PLAN_BIND, kept, state_home, "kept for this server");
	if (!e)
		return err_errno(err, ENOMEM, "plan");
	e->is_dir = e->is_writable = true;
	/* Only explained: the first real start makes it. */
	if (stat(state_home, &st) < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "%s", state_home);
	e->dev = st.st_dev;
	e->ino = st.st_ino;
	return 0;
}

/* --- what is granted --------------------------------------------------------------- */

/* Also by another name that it has: a second mount of the home, say. */
static const char *never_inferred(const char *home, const char *path)
{
	cleanup_free char *alias = offlimits_alias(home, path);
	const char *never = offlimits_inferred(home, path);

	return never || !alias ? never : offlimits_inferred(home, alias);
}

/* The last look at what inference found: whatever led to it, it is not off limits. */
static int add_inferred(struct plan *p, const struct user *user, const char *entry,
			struct err *err)
{
	struct walk w = {0};
	const char *never;
	int r = walk_path(runtime_read_path(entry), &w, err);

	if (r < 0)
		return r;
	never = never_inferred(user->home, w.real);
	if (!never)
		never = never_inferred(user->account_home, w.real);
	if (!never && !S_ISDIR(w.st.st_mode) && !S_ISREG(w.st.st_mode))
		never = "it is neither a directory nor a regular file";
	if (never)
		r = err_set(err, EACCES, "%s: not made readable: %s", w.real, never);
	else
		r = add_walked(p, &w, EXECUTE, plan_reason(entry), err);
	walk_done(&w);
	return r;
}

static int add_runtime(struct plan *p, const struct runtime *rt, const struct user *user,
		       struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < rt->read.n && r == 0; i++)
		r = add_inferred(p, user, rt->read.v[i], err);
	for (size_t i = 0; i < rt->names.n && r == 0; i++) {
		struct walk w = {0};

		r = walk_path(rt->names.v[i], &w, err);
		if (r == 0)
			r = add_links(p, &w, err);
		walk_done(&w);
	}
	return r;
}

static int add_granted(struct plan *p, const struct policy *policy, const struct user *user,
		       const char *path, enum grants_kind kind, const char *why, struct err *err)
{
	struct walk w = {0};
	int r = walk_path(path, &w, err);

	if (r < 0)
		return err_wrap(err, "cannot grant %s", path);
	r = grants_check(path, &w, user, kind != GRANTS_READ, err);
	if (r == 0)
		r = grants_ceiling(path, &w, policy, kind, err);
	if (r == 0 && kind == GRANTS_OVERLAY && !S_ISDIR(w.st.st_mode))
		r = err_set(err, ENOTDIR, "cannot grant %s: only a directory can be an overlay; name "
					  "the one that holds it", path);
	if (r == 0)
		r = add_walked(p, &w, kind == GRANTS_WRITE   ? WRITE :
				      kind == GRANTS_OVERLAY ? OVERLAY :
							       READ, why, err);
	walk_done(&w);
	return r;
}

static int add_policy(struct plan *p, const struct policy *policy, const struct user *user,
		      struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < policy->sandbox.read.n && r == 0; i++)
		r = add_granted(p, policy, user, policy->sandbox.read.v[i], GRANTS_READ, "policy",
				err);
	for (size_t i = 0; i < policy->sandbox.write.n && r == 0; i++)
		r = add_granted(p, policy, user, policy->sandbox.write.v[i], GRANTS_WRITE,
				"policy", err);
	for (size_t i = 0; i < policy->sandbox.overlay.n && r == 0; i++)
		r = add_granted(p, policy, user, policy->sandbox.overlay.v[i], GRANTS_OVERLAY,
				"policy", err);
	return r;
}

/* The sentence about a path that the runtime may need, with the option that grants it. */
static int note_wanted(struct plan *p, const struct user *user, const struct walk *w,
		       const char *words, struct err *err)
{
	bool is_grantable = grants_check(w->real, w, user, false, NULL) == 0;
	int r = is_grantable ? strv_addf(&p->notes, "%s: --read %s", words, w->real) :
			       strv_addf(&p->notes, "%s: move it into a directory of its own; %s is "
						    "never granted", words, w->real);

	return r < 0 ? err_errno(err, ENOMEM, "plan") : 0;
}

/* What the runtime may need, and a policy has to name: named, code can be loaded from it. */
static int add_wanted(struct plan *p, const struct runtime *rt, const struct user *user,
		      struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < rt->want.n && r == 0; i++) {
		const char *path = rt->want.v[i];
		bool is_read = false, is_written = false;
		struct walk w = {0};

		r = walk_path(path, &w, err);
		for (size_t j = 0; j < p->n; j++) {
			const struct plan_entry *e = &p->v[j];

			if ((e->kind != PLAN_BIND && e->kind != PLAN_OVERLAY) ||
			    strcmp(e->why, "policy") != 0 || !walk_is_below(path, e->target))
				continue;
			is_read = is_read || !e->is_writable;
			is_written = is_written || e->is_writable;
		}
		if (r == 0 && !is_read && !is_written)
			r = note_wanted(p, user, &w, rt->want_notes.v[i], err);
		if (r == 0 && is_read && !is_written)
			r = add_walked(p, &w, EXECUTE, "policy", err);
		walk_done(&w);
	}
	return r;
}

/* What an argument names and an overlay holds is granted already, the safer way. */
static bool is_in_overlay(const struct plan *p, const char *path)
{
	struct walk w = {0};
	bool is_in = false;

	if (walk_path(path, &w, NULL) < 0)
		return false;
	for (size_t i = 0; i < p->n; i++)
		is_in = is_in || (p->v[i].kind == PLAN_OVERLAY && walk_is_below(w.real, p->v[i].target));
	walk_done(&w);
	return is_in;
}

static int add_arguments(struct plan *p, const struct policy *policy,
			 const struct runtime *rt, const struct user *user, const char *cwd,
			 struct err *err)
{
	const bool is_writable = policy->sandbox.arguments == POLICY_ARGUMENTS_WRITE;
	int r = 0;

	if (policy->sandbox.arguments == POLICY_ARGUMENTS_NONE ||
	    policy->sandbox.arguments == POLICY_ARGUMENTS_UNSET)
		return 0;
	for (size_t i = rt->first_arg; i < rt->argv.n && r == 0; i++) {
		cleanup_free char *path = grants_argument(rt->argv.v[i], cwd, user->home);

		if (path && !is_in_overlay(p, path))
			r = add_granted(p, policy, user, path,
					is_writable ? GRANTS_WRITE : GRANTS_READ, "argument", err);
	}
	return r;
}

/* The destinations as the egress process takes them; the policy has checked the words. */
static int add_network(struct plan *p, const struct policy_network *n, struct err *err)
{
	struct wire_egress *w = &p->network;
	int r = 0;

	for (size_t i = 0; i < n->connect.n && r == 0; i++) {
		if (i == DESTINATION_MAX)
			return err_set(err, E2BIG, "more than %d destinations", DESTINATION_MAX);
		r = destination_parse(n->connect.v[i], &w->destinations[i], err);
		w->n_destinations++;
	}
	for (size_t i = 0; i < n->addresses.n && r == 0; i++) {
		if (i == RANGE_MAX)
			return err_set(err, E2BIG, "more than %d ranges of addresses", RANGE_MAX);
		r = range_parse(n->addresses.v[i], &w->ranges[i], err);
		w->n_ranges++;
	}
	w->budget = n->budget;
	if (r == 0 && w->n_destinations && n->proxy)
		r = proxy_parse(n->proxy, &w->proxy, err);
	for (size_t i = 0; i < n->proxy_except.n && r == 0 && w->proxy.port; i++) {
		if (i == DESTINATION_MAX)
			return err_set(err, E2BIG, "more than %d destinations", DESTINATION_MAX);
		r = destination_parse(n->proxy_except.v[i], &w->direct[i], err);
		w->n_direct++;
	}
	if (r == 0 && w->n_destinations && p->no_sockets)
		return err_set(err, EINVAL, "\"sockets\": \"none\" and \"network\": a connection needs a "
					    "socket; drop one of them");
	return r;
}

/*
 * In a tmpfs a server may have sockets and FIFOs for its own processes, unless a
 * directory of the host appears below: Landlock's rules reach down into it, and what is
 * left there could block or be taken for a service's by programs outside.
 */
static void mark_alone(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].kind != PLAN_TMPFS)
			continue;
		p->v[i].is_alone = true;
		for (size_t j = 0; j < p->n; j++)
			if ((p->v[j].kind == PLAN_BIND || p->v[j].kind == PLAN_OVERLAY) &&
			    walk_is_below(p->v[j].target, p->v[i].target))
				p->v[i].is_alone = false;
	}
}

/* --- the rest ----------------------------------------------------------------------- */

static int choose_cwd(struct plan *p, const char *cwd, const struct user *user,
		      struct err *err)
{
	static const char *const never[] = { "/proc", "/sys", "/dev", "/run", "/etc" };
	const char *chosen = cwd;

	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		if (walk_is_below(cwd, never[i]))
			chosen = user->home;
	p->cwd = strdup(chosen);
	if (!p->cwd)
		return err_errno(err, ENOMEM, "plan");
	/* The client's choice of directory is not a grant: its name exists, empty. */
	return add_simple(p, PLAN_DIR, chosen, NULL, "working directory, empty", err);
}

static int check_program(struct plan *p, struct err *err)
{
	const struct plan_entry *e;
	struct walk w = {0};
	int r = walk_path(p->program, &w, err);

	if (r < 0)
		return r;
	free(p->program);
	p->program = strdup(w.real);
	walk_done(&w);
	if (!p->program)
		return err_errno(err, ENOMEM, "plan");
	e = plan_nearest(p, p->n, p->program);
	if (!e || e->kind != PLAN_BIND || !e->is_executable)
		return err_set(err, EACCES,
			       "%s: not below anything that may be executed inside%s", p->program,
			       e && e->is_writable ? " (a writable directory never is); keep "
						     "programs outside of what --write names" :
						     "");
	return 0;
}

/* A socket can be made only where no other program of the host could meet it. */
static int check_socket(struct plan *p, const struct policy *policy, struct err *err)
{
	const char *socket = policy->sandbox.socket, *slash = socket ? strrchr(socket, '/') : NULL;
	cleanup_free char *dir = slash ? strndup(socket, (size_t)(slash - socket)) : NULL;
	const struct plan_entry *e;

	if (!socket)
		return 0;
	p->socket = strdup(socket);
	if (!dir || !p->socket)
		return err_errno(err, ENOMEM, "plan");
	if (p->no_sockets)
		return err_set(err, EINVAL, "\"sockets\": \"none\" and sandbox.socket: the server needs a "
					    "socket to listen on; drop one of them");
	e = plan_nearest(p, p->n, socket);
	if (!slash[1] || !e || e->kind != PLAN_TMPFS || strcmp(e->target, dir) != 0)
		return err_set(err, EINVAL,
			       "sandbox.socket %s: not directly in /tmp, /dev/shm or a private home; "
			       "have the server listen there",
			       socket);
	return 0;
}

int plan_build(const struct policy *policy, const struct runtime *runtime,
	       const struct user *user, const char *cwd, const char *state_home,
	       struct plan *ret, struct err *err)
{
	struct plan p = { .limits = policy->sandbox.limits,
			  .no_sockets = policy->sandbox.sockets == POLICY_SOCKETS_NONE,
			  .no_new_names = policy->sandbox.new_names == POLICY_NEW_NAMES_DENY };
	int r = add_network(&p, &policy->sandbox.network, err);

	if (r == 0)
		r = add_programs(&p, err);
	if (r == 0)
		r = add_etc_of_host(&p, p.network.n_destinations ? policy->sandbox.network.ca_file : NULL,
				    err);
	if (r == 0)
		r = add_etc_of_ours(&p, user, err);
	if (r == 0)
		r = add_dev(&p, policy->sandbox.limits.tmp_size, err);
	if (r == 0)
		r = add_proc(&p, err);
	if (r == 0)
		r = add_private(&p, policy, user, state_home, err);
	if (r == 0)
		r = add_runtime(&p, runtime, user, err);
	if (r == 0)
		r = add_policy(&p, policy, user, err);
	if (r == 0)
		r = add_wanted(&p, runtime, user, err);
	if (r == 0)
		r = add_arguments(&p, policy, runtime, user, cwd, err);
	if (r == 0)
		r = choose_cwd(&p, runtime->cwd ? runtime->cwd : cwd, user, err);
	p.program = strdup(runtime->program);
	if (r == 0 && (!p.program || strv_add_all(&p.argv, &runtime->argv) < 0 ||
		       strv_add_all(&p.notes, &runtime->notes) < 0 ||
		       strv_add_all(&p.notes, &policy->notes) < 0))
		r = err_errno(err, ENOMEM, "plan");
	if (r == 0)
		r = plan_check_overlays(&p, err);
	if (r == 0) {
		plan_settle(&p);
		r = plan_check_links(&p, err);
		if (r == 0)
			r = plan_drop_led(&p, runtime, err);
	}
	if (r == 0)
		r = protect_plan(&p, policy, err);
	if (r == 0) {
		const struct plan_entry *in;

		mark_alone(&p);
		in = plan_nearest(&p, p.n, p.cwd);
		p.is_cwd_granted = in && (in->kind == PLAN_BIND || in->kind == PLAN_OVERLAY);
		r = check_program(&p, err);
		if (r == 0)
			r = check_socket(&p, policy, err);
	}
	if (r < 0) {
		plan_done(&p);
		return r;
	}
	*ret = p;
	return 0;
}
