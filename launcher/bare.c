/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/bare.h"
#include "launcher/plan.h"
#include "launcher/walk.h"

/* Of the host's /etc and /proc: what programs ask for and what names no process. */
static const char *const read_too[] = {
	"/etc/passwd",	      "/etc/group",	 "/etc/nsswitch.conf", "/proc/meminfo",
	"/proc/cpuinfo",      "/proc/stat",	 "/proc/uptime",       "/proc/loadavg",
	"/proc/version",      "/proc/filesystems", "/proc/sys/kernel/osrelease",
	"/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max", "/proc/sys/kernel/random",
	"/proc/sys/vm/overcommit_memory", "/proc/sys/vm/max_map_count",
	"/proc/sys/vm/mmap_min_addr", "/proc/sys/fs/file-max",
};

static bool is_kept(const struct plan_entry *e)
{
	return (e->kind == PLAN_BIND || e->kind == PLAN_DEVICE) && !e->is_protection;
}

static void drop_made(struct plan *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (is_kept(&p->v[i])) {
			p->v[kept++] = p->v[i];
			continue;
		}
		free(p->v[i].target);
		free(p->v[i].source);
	}
	p->n = kept;
}

static int add(struct plan *p, const char *path, bool is_writable, const char *why,
	       struct err *err)
{
	struct plan_entry e = { .kind = PLAN_BIND, .why = why, .is_writable = is_writable };
	struct plan_entry *grown = reallocarray(p->v, p->n + 1, sizeof(*grown));
	struct stat st;

	if (!grown)
		return err_errno(err, ENOMEM, "plan");
	p->v = grown;
	if (stat(path, &st) == 0) {
		e.is_dir = S_ISDIR(st.st_mode);
		e.dev = st.st_dev;
		e.ino = st.st_ino;
	} else if (!is_writable) {
		return 0; /* of the system's: what is not there is not there */
	}
	e.target = strdup(path);
	e.source = strdup(path);
	if (!e.target || !e.source) {
		free(e.target);
		free(e.source);
		return err_errno(err, ENOMEM, "plan");
	}
	p->v[p->n++] = e;
	return 0;
}

/* Rules only add up: what lies in a writable directory is writable. */
static int check_code(const struct plan *p, struct err *err)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t j = 0; j < p->n; j++)
			if (p->v[i].is_writable && p->v[j].is_executable &&
			    walk_is_below(p->v[j].source, p->v[i].source))
				return err_set(err, EPERM,
					       "%s is code inside the writable %s, which the tier "
					       "nouserns cannot protect; keep them apart, or run "
					       "where the tier full works",
					       p->v[j].source, p->v[i].source);
	return 0;
}

static int set_env(struct strv *env, const char *name, const char *value, const char *below)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < env->n; i++)
		if (!strncmp(env->v[i], name, len) && env->v[i][len] == '=') {
			strv_remove(env, i);
			break;
		}
	return strv_addf(env, "%s=%s%s", name, value, below);
}

int bare_adapt(struct plan *plan, const char *private, struct err *err)
{
	cleanup_free char *home = NULL, *tmp = NULL;
	int r;

	if (asprintf(&home, "%s/home", private) < 0 || asprintf(&tmp, "%s/tmp", private) < 0)
		return err_errno(err, ENOMEM, "plan");
	if (plan->socket)
		return err_set(err, EPERM,
			       "sandbox.socket: the tier nouserns has no Unix sockets; use the "
			       "server's standard streams, or run where the tier full works");
	if (plan->network.n_destinations)
		return err_set(err, EPERM,
			       "network.connect: the tier nouserns has no network namespace to open "
			       "a way out of; grant no destination, or run where the tier full works");
	if (plan->no_new_names)
		return err_set(err, EPERM,
			       "sandbox.new_names: the tier nouserns cannot keep names from appearing; "
			       "drop it, or run where the tier full works");
	for (size_t i = 0; i < plan->n; i++)
		if (plan->v[i].is_protection && !plan->v[i].is_writable) {
			/* Rules only add up, here too; what is replaced is reported at the end. */
			if (strv_add(&plan->notes, "git's hooks and settings of editors and agents in what is "
						   "writable are writable too: the tier nouserns cannot "
						   "protect them") < 0)
				return err_errno(err, ENOMEM, "plan");
			break;
		}
	drop_made(plan);
	for (size_t i = 0; i < plan->n; i++) {
		/* A kept home is bound elsewhere in the other tier: here it is where it is. */
		if (!strcmp(plan->v[i].target, plan->v[i].source))
			continue;
		free(plan->v[i].target);
		plan->v[i].target = strdup(plan->v[i].source);
		if (!plan->v[i].target)
			return err_errno(err, ENOMEM, "plan");
	}
	r = check_code(plan, err);
	for (size_t i = 0; i < sizeof(read_too) / sizeof(*read_too) && r == 0; i++)
		r = add(plan, read_too[i], false, "of the host", err);
	if (r == 0)
		r = add(plan, home, true, "private home", err);
	if (r == 0)
		r = add(plan, tmp, true, "private TMPDIR", err);
	if (r == 0 && (set_env(&plan->env, "HOME", home, "") < 0 ||
		       set_env(&plan->env, "TMPDIR", tmp, "") < 0))
		r = err_errno(err, ENOMEM, "environment");
	/* RLIMIT_NPROC would count every process of the user's. */
	plan->limits.processes = 0;
	return r;
}
