/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "common/audit.h"
#include "common/err.h"
#include "launcher/cgroup.h"
#include "launcher/commands.h"
#include "launcher/logged.h"
#include "launcher/session.h"
#include "launcher/tier.h"

int logged_start(struct audit *log, const struct session *s)
{
	struct audit_line l;

	audit_begin(&l, log, "start");
	audit_string(&l, "program", s->plan.program);
	audit_string(&l, "profile", s->profile ? s->profile : "policy file");
	audit_string(&l, "tier", tier_name(s->tier.is));
	if (s->tier.is != POLICY_TIER_FULL)
		audit_string(&l, "tier_why", s->tier.why);
	audit_string(&l, "limits", s->cgroup.name[0] ? "rlimit and cgroup" : "rlimit");
	if (s->cgroup.is_wanted && !s->cgroup.name[0])
		audit_string(&l, "no_cgroup", s->cgroup.why);
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
	/* The disk may be full: the start was logged, and the exit code tells the rest. */
	if (audit_end(&l) < 0)
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
