/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "common/landlock.h"
#include "launcher/cause.h"
#include "launcher/tier.h"
#include "launcher/trial.h"

const char *tier_name(enum policy_tier tier)
{
	switch (tier) {
	case POLICY_TIER_FULL:
		return "full";
	case POLICY_TIER_NOUSERNS:
		return "nouserns";
	case POLICY_TIER_UNSET:
		break;
	}
	return "none";
}

int tier_choose(enum policy_tier minimum, struct tier *ret, struct err *err)
{
	struct tier t = { .is = POLICY_TIER_FULL };
	struct trial failed;
	struct cause c;
	int error = landlock_errno();

	if (error)
		return cause_set(err, CAUSE_LANDLOCK, error, "no Landlock, which every tier needs");
	if (minimum == POLICY_TIER_NOUSERNS && trial_sandbox(&failed)) {
		cause_find(failed.step, failed.error, &c);
		t.is = POLICY_TIER_NOUSERNS;
		snprintf(t.why, sizeof(t.why), "%s: %s; %s", failed.name, strerror(failed.error),
			 c.why);
	}
	*ret = t;
	return 0;
}

size_t tier_losses(int abi, const char *v[static TIER_LOSSES])
{
	static const struct {
		int until; /* the ABI that closes it; 0: none does */
		const char *words;
	} all[] = {
		{ 0, "no empty root: the names, sizes and times of all files can be looked up, though "
		     "not opened nor listed" },
		{ 0, "no private /tmp and /dev/shm: home and TMPDIR are directories on disk, emptied at "
		     "the next start; /tmp cannot be used" },
		{ 0, "what is protected inside a writable directory stays writable" },
		{ 0, "no noexec: native code in a writable directory can be loaded, though not executed" },
		{ 0, "no pid namespace: the server sees numbers of other processes; its children have no "
		     "/proc/self" },
		{ 6, "signals reach your other processes (Landlock ABI 6 forbids it)" },
		{ 6, "a server that forks faster than it is killed, or kills mcp-confine, can outlive it "
		     "(Landlock ABI 6 forbids it)" },
		{ 0, "the number of processes is not limited" },
		{ 0, "no network namespace: that there is no network rests on seccomp alone" },
		{ 0, "no Unix sockets at all, no System V IPC, no file watches, no changes of mode, owner "
		     "or attributes, none of times by path; times of files that may only be read can be "
		     "changed by descriptor" },
		{ 0, "accounts in /etc/passwd, the host's name and its load can be seen" },
	};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (!all[i].until || abi < all[i].until)
			v[n++] = all[i].words;
	return n;
}
