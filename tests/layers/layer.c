/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "common/err.h"
#include "common/layer.h"

static const char *const known[] = {
	"user",	   "mount",   "pid",	      "network",      "ipc",	   "uts",
	"cgroup",  "verify",  "mount-flags",  "nested-limit", "landlock",  "capabilities",
	"no-new-privs", "calls", "arguments", "limits", "overlay",
};

static bool is_listed(const char *name)
{
	const char *list = getenv("MCP_CONFINE_WITHOUT");
	size_t len = strlen(name);

	for (const char *p = list; p && *p; p += strcspn(p, ","), p += *p == ',')
		if (strcspn(p, ",") == len && !strncmp(p, name, len))
			return true;
	return false;
}

bool layer_is_out(const char *name)
{
	return is_listed(name);
}

void layer_announce(void)
{
	const char *list = getenv("MCP_CONFINE_WITHOUT");
	size_t names = list && *list ? 1 : 0, found = 0;

	for (const char *p = list; p && *p; p++)
		names += *p == ',';
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		found += is_listed(known[i]);
	if (found != names) {
		fprintf(stderr, "mcp-confine: MCP_CONFINE_WITHOUT=%s: no such layer\n", list);
		exit(125);
	}
	fprintf(stderr, "mcp-confine: note: a program for tests, without: %s\n",
		names ? list : "nothing");
}

/*
 * Without no_new_privs, Landlock and seccomp want CAP_SYS_ADMIN over the user namespace:
 * that one stays until exec, which takes it from a user who is not root.
 */
static int keep_admin(struct err *err)
{
	const cap_value_t admin = CAP_SYS_ADMIN;
	cap_t caps = cap_init();
	int r = 0;

	for (cap_value_t cap = 0; cap_get_bound(cap) >= 0; cap++)
		if (cap_drop_bound(cap) < 0)
			r = -errno;
	if (!caps || cap_set_flag(caps, CAP_PERMITTED, 1, &admin, CAP_SET) < 0 ||
	    cap_set_flag(caps, CAP_EFFECTIVE, 1, &admin, CAP_SET) < 0 || cap_set_proc(caps) < 0)
		r = -errno;
	cap_free(caps);
	return r < 0 ? err_errno(err, -r, "drop all capabilities but one") : 0;
}

int layer_privileges(struct err *err)
{
	if (!layer_is_out("no-new-privs") && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_errno(err, errno, "prctl PR_SET_NO_NEW_PRIVS");
	return layer_is_out("capabilities") ? 0 : keep_admin(err);
}
