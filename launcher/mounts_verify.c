/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/mountinfo.h"
#include "launcher/mounts.h"
#include "launcher/plan.h"
#include "launcher/walk.h"

static bool has_option(const char *options, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = options; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (!strncmp(p, name, len) && (p[len] == ',' || p[len] == '\0'))
			return true;
	return false;
}

static bool is_mounted(enum plan_kind kind)
{
	return kind == PLAN_BIND || kind == PLAN_OVERLAY || kind == PLAN_DEVICE || kind == PLAN_TMPFS ||
	       kind == PLAN_PROC || kind == PLAN_COVER || kind == PLAN_NAME;
}

/* The planned mount that a mount at `path` is, or is a part of. */
static const struct plan_entry *find(const struct plan *plan, const char *path, size_t *ret_i)
{
	for (size_t i = plan->n; i-- > 0;) {
		const struct plan_entry *e = &plan->v[i];
		bool is_tree = e->kind == PLAN_BIND && e->is_dir;

		if (is_mounted(e->kind) &&
		    (!strcmp(path, e->target) || (is_tree && walk_is_below(path, e->target)))) {
			*ret_i = i;
			return e;
		}
	}
	return NULL;
}

/* An overlay that is anything else would be the real directory, writable. */
static int check_type(const struct plan_entry *e, const char *path, const char *rest,
		      struct err *err)
{
	const char *type = rest ? strstr(rest, "- ") : NULL;

	if (e->kind == PLAN_OVERLAY && (!type || strncmp(type, "- overlay ", 10) != 0))
		return err_set(err, EPERM, "%s is mounted and no overlay", path);
	return 0;
}

static int check_flags(const struct plan_entry *e, const char *path, const char *options,
		       struct err *err)
{
	const bool is_bind = e->kind == PLAN_BIND || e->kind == PLAN_DEVICE || e->kind == PLAN_NAME;
	const bool must_ro = is_bind ? !e->is_writable : e->kind == PLAN_PROC;
	const bool must_noexec = !e->is_executable;
	const bool is_device = e->kind == PLAN_DEVICE || e->kind == PLAN_COVER;
	const char *missing = NULL;

	if (must_ro && !has_option(options, "ro"))
		missing = "ro";
	else if (!has_option(options, "nosuid"))
		missing = "nosuid";
	else if (!is_device && !has_option(options, "nodev"))
		missing = "nodev";
	else if (must_noexec && !has_option(options, "noexec"))
		missing = "noexec";
	if (missing)
		return err_set(err, EPERM, "%s is mounted without %s", path, missing);
	return 0;
}

/* One line: "36 35 98:0 /root /point options ... - type source ..." */
static int check_line(const struct plan *plan, char *line, unsigned char *seen, bool *ret_root,
		      struct err *err)
{
	const struct plan_entry *e;
	char *save = NULL, *path = NULL, *options = NULL;
	size_t i;

	for (int field = 1; field <= 6; field++) {
		char *word = strtok_r(field == 1 ? line : NULL, " ", &save);

		if (!word)
			return err_set(err, EPERM, "mountinfo: a line of fewer than six fields");
		if (field == 5)
			path = word;
		if (field == 6)
			options = word;
	}
	mountinfo_unescape(path);
	if (!strcmp(path, "/")) {
		if (*ret_root || !has_option(options, "ro"))
			return err_set(err, EPERM, "the root is mounted twice or writable");
		*ret_root = true;
		return 0;
	}
	e = find(plan, path, &i);
	if (!e)
		return err_set(err, EPERM, "%s is mounted and not in the plan", path);
	if (!strcmp(path, e->target))
		seen[i] = 1;
	return check_type(e, path, save, err) < 0 ? -EPERM : check_flags(e, path, options, err);
}

int mounts_check_table(const struct plan *plan, char *table, struct err *err)
{
	cleanup_free unsigned char *seen = calloc(plan->n ? plan->n : 1, 1);
	bool has_root = false;
	char *save = NULL;

	if (!seen)
		return err_errno(err, ENOMEM, "mountinfo");
	for (char *line = strtok_r(table, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		int r = check_line(plan, line, seen, &has_root, err);

		if (r < 0)
			return r;
	}
	if (!has_root)
		return err_set(err, EPERM, "the root is not in the mount table");
	for (size_t i = 0; i < plan->n; i++)
		if (is_mounted(plan->v[i].kind) && plan->v[i].kind != PLAN_COVER && !seen[i])
			return err_set(err, EPERM, "%s is not mounted", plan->v[i].target);
	return 0;
}

/* --- what a grant would bring along ------------------------------------------------------ */

/* File systems that are the kernel talking: processes, devices, settings, control. */
static bool is_of_the_kernel(const char *type)
{
	static const char *const types[] = {
		"proc",	     "sysfs",	 "devtmpfs", "devpts",	   "cgroup",	  "cgroup2",
		"debugfs",   "tracefs",	 "bpf",	     "configfs",   "securityfs",  "selinuxfs",
		"efivarfs",  "pstore",	 "mqueue",   "binfmt_misc", "fusectl",	  "nsfs",
		"rpc_pipefs", "nfsd",	 "resctrl",  "smackfs",
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(type, types[i]))
			return true;
	return false;
}

int mounts_check_kernel(const struct plan *plan, char *table, struct err *err)
{
	cleanup_free size_t *nearest = calloc(plan->n ? plan->n : 1, sizeof(*nearest));
	cleanup_free bool *is_kernel = calloc(plan->n ? plan->n : 1, sizeof(*is_kernel));
	char *save = NULL;

	if (!nearest || !is_kernel)
		return err_errno(err, ENOMEM, "mountinfo");
	for (char *line = strtok_r(table, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct mountinfo m;

		if (!mountinfo_parse(line, &m))
			return err_set(err, EPERM, "mountinfo: a line that is none");
		for (size_t i = 0; i < plan->n; i++) {
			const struct plan_entry *e = &plan->v[i];

			if (e->kind != PLAN_BIND && e->kind != PLAN_OVERLAY)
				continue;
			if (walk_is_below(e->source, m.path) && strlen(m.path) >= nearest[i]) {
				nearest[i] = strlen(m.path);
				is_kernel[i] = is_of_the_kernel(m.type);
			} else if (walk_is_below(m.path, e->source) && is_of_the_kernel(m.type)) {
				return err_set(err, EPERM,
					       "cannot grant %s: a file system of the kernel (%s) is "
					       "mounted at %s inside of it; unmount it, or name the "
					       "directories beside it",
					       e->source, m.type, m.path);
			}
		}
	}
	for (size_t i = 0; i < plan->n; i++)
		if (is_kernel[i])
			return err_set(err, EPERM,
				       "cannot grant %s: it lies in a file system of the kernel; the "
				       "sandbox has its own", plan->v[i].source);
	return 0;
}

int mounts_check_sources(const struct plan *plan, struct err *err)
{
	cleanup_free char *table = NULL;
	int r = mountinfo_read(&table, err);

	return r < 0 ? r : mounts_check_kernel(plan, table, err);
}

int mounts_verify(const struct plan *plan, struct err *err)
{
	cleanup_free char *table = NULL;
	int r = mountinfo_read(&table, err);

	if (r == 0)
		r = mounts_check_table(plan, table, err);
	return r < 0 ? err_wrap(err, "the mount table differs from the plan") : 0;
}
