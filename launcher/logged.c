/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/audit.h"
#include "common/err.h"
#include "launcher/cgroup.h"
#include "launcher/commands.h"
#include "launcher/logged.h"
#include "launcher/mount.h"
#include "launcher/revocation.h"
#include "launcher/session.h"
#include "launcher/tier.h"

static int put_start(struct audit *log, const struct session *s)
{
	char missing[MOUNT_WORDS];
	struct mount_ways ways;
	struct audit_line l;

	audit_begin(&l, log, "start");
	audit_string(&l, "program", s->plan.program);
	if (s->runtime.package)
		audit_string(&l, "package", s->runtime.package);
	audit_string(&l, "profile", s->profile ? s->profile : "policy file");
	audit_string(&l, "tier", tier_name(s->tier.is));
	if (s->tier.is != POLICY_TIER_FULL)
		audit_string(&l, "tier_why", s->tier.why);
	audit_string(&l, "limits", !s->cgroup.name[0] ? "rlimit" :
			      s->cgroup.is_scope ? "rlimit and scope" : "rlimit and cgroup");
	if (s->cgroup.is_wanted && !s->cgroup.name[0])
		audit_string(&l, "no_cgroup", s->cgroup.why);
	mount_find(&ways);
	if (!s->plan.is_bare && mount_is_old(&ways)) {
		mount_missing(&ways, missing);
		audit_string(&l, "mounts_without", missing);
	}
	audit_int(&l, "pid", getpid());
	return audit_end(&l);
}

void logged_stop(struct audit *log, int code, const struct err *err)
{
	struct audit_line l;

	audit_begin(&l, log, "stop");
	audit_int(&l, "exit", code);
	if (err->code)
		audit_string(&l, "error", err->text);
	audit_int(&l, "pid", getpid());
	audit_end(&l);
	/* The disk may be full: the exit code tells the rest. */
	if (audit_settle(log) < 0 && !log->is_told)
		say_note("the end of this session could not be written to the audit log");
}

void logged_killed(struct audit *log, const struct cgroup *c)
{
	unsigned long killed = cgroup_killed(c);
	struct audit_line l;
	char words[160];

	if (!killed)
		return;
	snprintf(words, sizeof(words), "the kernel killed %lu process%s of the server for want of "
		 "memory; all together may have limits.memory_total", killed, killed == 1 ? "" : "es");
	say_note(words);
	audit_begin(&l, log, "memory");
	audit_int(&l, "killed", (int)killed);
	if (audit_end(&l) < 0)
		say_note("this could not be written to the audit log");
}

int logged_revoked(struct audit *log, const struct session *s, struct err *err)
{
	char why[REVOCATION_WORDS] = "";
	struct revocation who;
	struct audit_line l;
	int r = revocation_open(s, &who, err);

	if (r == 0)
		r = revocation_look(&who, why);
	revocation_close(&who);
	if (r == 0 || err->code)
		return r;
	audit_begin(&l, log, "refused");
	audit_string(&l, "why", why);
	audit_end(&l);
	audit_settle(log);
	if (r < 0)
		return err_set(err, EACCES, "%s: not started, since it cannot be told whether it is "
			       "revoked: %s; mend that file", s->name, why);
	return err_set(err, EACCES, "%s: not started: it is revoked (%s); see mcp-confine status%s",
		       s->name, why, strncmp(why, REVOCATION_ADMIN, strlen(REVOCATION_ADMIN)) ?
		       " and mcp-confine restore" : "; ask your administrator");
}

int logged_start(struct audit *log, const struct session *s, struct err *err)
{
	int r = put_start(log, s);

	if (audit_settle(log) == 0 && r == 0)
		return 0;
	log->is_told = true;
	if (log->is_required)
		return err_set(err, EIO, "%s: not started: its policy requires the audit log, and "
			       "%s/audit cannot be written; free some space", s->name, s->user.state);
	say_note("the start of this session could not be written to the audit log");
	return 0;
}
