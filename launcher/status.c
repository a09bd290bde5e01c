/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status - what this machine offers, each mechanism tried for real
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/err.h"
#include "common/landlock.h"
#include "common/lock.h"
#include "filters/filters.h"
#include "launcher/commands.h"
#include "launcher/ns.h"

/* In a child: privileges and both filters, as a server gets them. */
static int try_lock(char *words, size_t size)
{
	struct err err = {0};
	int status = 0;
	pid_t pid = fork();

	words[0] = '\0';
	if (pid == 0) {
		if (lock_privileges(&err) < 0 || lock_syscalls(&filter_server_arguments, &err) < 0 ||
		    lock_syscalls(&filter_server_calls, &err) < 0)
			_exit(err.code);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return errno;
	if (WIFSIGNALED(status)) {
		snprintf(words, size, "killed by signal %d", WTERMSIG(status));
		return EPERM;
	}
	if (WEXITSTATUS(status))
		snprintf(words, size, "%s", strerror(WEXITSTATUS(status)));
	return WEXITSTATUS(status);
}

static int show_landlock(void)
{
	int abi = landlock_abi();

	if (!abi) {
		printf("Landlock              no: not in this kernel or not in lsm=; boot with "
		       "lsm=landlock,... added\n");
		return 1;
	}
	printf("Landlock              yes, ABI %d: files%s%s\n", abi, abi >= 4 ? ", TCP" : "",
	       abi >= 6 ? ", abstract sockets, signals" : "");
	return 0;
}

int status_main(int argc, char **argv)
{
	struct ns_trial trials[NS_TRIALS];
	char words[400], filter[64];
	int failed, bad = 0;
	struct utsname u;

	if (argc > 1) {
		struct err err = {0};

		err_set(&err, EINVAL, "status: unexpected argument %s", argv[1]);
		say_error(&err);
		return 125;
	}
	uname(&u);
	printf("kernel                %s %s\n", u.release, u.machine);
	failed = ns_try(trials, words, sizeof(words));
	for (size_t i = 0; i < NS_TRIALS; i++)
		printf("namespace: %-10s %s%s\n", trials[i].name, trials[i].error ? "no: " : "yes",
		       trials[i].error ? strerror(trials[i].error) : "");
	if (failed)
		printf("  why: %s\n", words);
	bad += failed + show_landlock();
	failed = try_lock(filter, sizeof(filter)) != 0;
	printf("seccomp filters       %s%s\n", failed ? "no: " : "yes", filter);
	bad += failed;
	printf("tier                  %s\n", bad ? "none: mcp-confine run refuses here" : "full");
	return bad ? 1 : 0;
}
