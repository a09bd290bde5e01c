/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "launcher/cause.h"

/* A machine of which nothing is to be said. */
static struct cause_facts plain(void)
{
	struct cause_facts f = { .unprivileged_userns_clone = -1, .apparmor_restricts = -1,
				 .seccomp_mode = 0, .major = 6, .minor = 12 };

	for (size_t i = 0; i < CAUSE_LIMITS; i++)
		f.max[i] = 1000;
	return f;
}

static void judged(enum cause_step step, int error, const struct cause_facts *f,
		   const char *why, const char *mend)
{
	struct cause c;

	cause_judge(step, error, f, &c);
	if (!strstr(c.why, why) || !strstr(c.mend, mend))
		fail_msg("step %d, error %d: \"%s\" and \"%s\", expected \"%s\" and \"%s\"", (int)step,
			 error, c.why, c.mend, why, mend);
}

static void the_switch_that_forbids_is_named(void **state)
{
	struct cause_facts f = plain();

	(void)state;
	f.unprivileged_userns_clone = 0;
	judged(CAUSE_NAMESPACE, EPERM, &f, "unprivileged_userns_clone is 0", "=1");
	f = plain();
	f.max[CAUSE_MAX_USER] = 0;
	judged(CAUSE_NAMESPACE, ENOSPC, &f, "user.max_user_namespaces is 0", "sysctl -w");
	f = plain();
	f.max[CAUSE_MAX_NET] = 0;
	judged(CAUSE_NAMESPACE, ENOSPC, &f, "user.max_net_namespaces is 0", "max_net_namespaces=");
	f = plain();
	judged(CAUSE_NAMESPACE, ENOSPC, &f, "limit on namespaces", "raise");
	f.is_chroot = true;
	judged(CAUSE_NAMESPACE, EPERM, &f, "chroot", "outside");
	f = plain();
	judged(CAUSE_NAMESPACE, EINVAL, &f, "built without", "CONFIG_USER_NS");
}

static void apparmor_is_told_from_a_filter_around_us(void **state)
{
	struct cause_facts f = plain();

	(void)state;
	f.apparmor_restricts = 1;
	memcpy(f.self, "/opt/x/mcp-confine", 19);
	/* Making the namespace works there, using it does not. */
	judged(CAUSE_MAP, EACCES, &f, "AppArmor", "profile mcp-confine /opt/x/mcp-confine");
	judged(CAUSE_MOUNT, EPERM, &f, "AppArmor", "userns,");
	f.apparmor_restricts = 0;
	judged(CAUSE_MAP, EACCES, &f, "security module", "log");
	f.seccomp_mode = 2;
	judged(CAUSE_MAP, EPERM, &f, "seccomp filter around us", "outside");
	memcpy(f.container, "Podman", 7);
	judged(CAUSE_NAMESPACE, EPERM, &f, "Podman container, and its seccomp", "nouserns");
}

static void a_hidden_proc_is_named(void **state)
{
	struct cause_facts f = plain();

	(void)state;
	memcpy(f.masked, "/proc/kcore", 12);
	judged(CAUSE_PROC, EPERM, &f, "hidden from us (/proc/kcore)", "unmask");
	judged(CAUSE_PROC, EACCES, &f, "security module", "log");
	f.masked[0] = '\0';
	judged(CAUSE_PROC, EPERM, &f, "security module", "log");
}

static void landlock_absent_disabled_and_filtered_are_three_things(void **state)
{
	struct cause_facts f = plain();

	(void)state;
	judged(CAUSE_LANDLOCK, EOPNOTSUPP, &f, "switched off at boot", "lsm=");
	memcpy(f.lsm, "lockdown,yama", 14);
	judged(CAUSE_LANDLOCK, EOPNOTSUPP, &f, "not in the list of security modules (lockdown,yama)",
	       "lsm=landlock");
	judged(CAUSE_LANDLOCK, ENOSYS, &f, "built without Landlock", "CONFIG_SECURITY_LANDLOCK");
	f.seccomp_mode = 2;
	judged(CAUSE_LANDLOCK, ENOSYS, &f, "filter around us", "landlock_create_ruleset");
	f.major = 5;
	f.minor = 10;
	judged(CAUSE_LANDLOCK, ENOSYS, &f, "Linux 5.10 is too old", "5.13");
}

static void an_old_kernel_comes_before_everything(void **state)
{
	struct cause_facts f = plain();

	(void)state;
	f.major = 4;
	f.minor = 18;
	f.max[CAUSE_MAX_USER] = 0;
	judged(CAUSE_NAMESPACE, ENOSPC, &f, "Linux 4.18 is too old", "5.13");
	f = plain();
	f.is_wsl1 = true;
	judged(CAUSE_CALL, ENOSYS, &f, "WSL 1", "wsl --set-version");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_switch_that_forbids_is_named),
		cmocka_unit_test(apparmor_is_told_from_a_filter_around_us),
		cmocka_unit_test(a_hidden_proc_is_named),
		cmocka_unit_test(landlock_absent_disabled_and_filtered_are_three_things),
		cmocka_unit_test(an_old_kernel_comes_before_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
