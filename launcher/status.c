/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status - what this machine offers, each mechanism tried for real, and the mend
 *
 * For people a table; with --json one object for endpoint management, whose members
 * only ever grow ("schema": 1).  Exit status: 0 the tier full works, 1 only nouserns,
 * 2 none, 125 not asked properly.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/landlock.h"
#include "launcher/commands.h"
#include "launcher/probe.h"
#include "launcher/revocation.h"
#include "launcher/spawn.h"
#include "launcher/status.h"
#include "launcher/tier.h"
#include "launcher/trial.h"
#include "launcher/user.h"

enum { STATUS_FULL = 0, STATUS_NOUSERNS = 1, STATUS_NONE = 2 };

static void look(struct status *s)
{
	unsigned int broken = 0;
	struct err err = {0};
	int pep;

	cause_read(&s->facts);
	uname(&s->kernel);
	s->n = trial_all(s->v);
	s->abi = landlock_abi();
	s->errata = landlock_errata();
	pep = spawn_open_pep(&err);
	s->has_pep = pep >= 0;
	if (pep >= 0)
		close(pep);
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].error)
			broken |= s->v[i].need;
	s->tier = !s->has_pep || (broken & TRIAL_FOR_NOUSERNS) ? POLICY_TIER_UNSET :
		  broken & TRIAL_FOR_FULL			? POLICY_TIER_NOUSERNS :
								  POLICY_TIER_FULL;
}

/* EBADE is ours: the kernel said yes and the thing did not hold. */
static const char *words_of(int error)
{
	return error == EBADE ? "accepted, and without effect" : strerror(error);
}

static int exit_code(const struct status *s)
{
	return s->tier == POLICY_TIER_FULL	? STATUS_FULL :
	       s->tier == POLICY_TIER_NOUSERNS ? STATUS_NOUSERNS :
						 STATUS_NONE;
}

/* --- for people ------------------------------------------------------------------------ */

/* A cause is said once, where it is met first. */
static void print_cause(const struct status *s, const struct trial *t, char last[static 240])
{
	struct cause c;

	cause_judge(t->step, t->error, &s->facts, &c);
	if (!strcmp(c.why, last))
		return;
	printf("      why: %s\n      mend: %s\n", c.why, c.mend);
	memcpy(last, c.why, sizeof(c.why));
}

static void print_tier(const struct status *s)
{
	const char *lost[TIER_LOSSES];
	size_t n;

	if (!s->has_pep)
		printf("mcp-confine-pep is neither beside mcp-confine nor in " LIBEXECDIR
		       "\n      mend: install it, or keep both programs in one directory\n");
	switch (s->tier) {
	case POLICY_TIER_FULL:
		puts("tier: full");
		return;
	case POLICY_TIER_NOUSERNS:
		puts("tier: nouserns, for policies with \"minimum_tier\": \"nouserns\"; all others are "
		     "refused here\n  what it lacks:");
		n = tier_losses(s->abi, lost);
		for (size_t i = 0; i < n; i++)
			printf("  - %s\n", lost[i]);
		return;
	case POLICY_TIER_UNSET:
		break;
	}
	puts("tier: none; mcp-confine run refuses here");
}

static void print_text(const struct status *s)
{
	char last[240] = "";

	printf("mcp-confine " VERSION ", Linux %s %s%s%s\n", s->kernel.release, s->kernel.machine,
	       s->facts.container[0] ? ", in a container: " : "", s->facts.container);
	if (s->abi)
		printf("Landlock ABI %d%s\n", s->abi, s->errata > 0 ? ", with errata fixed" : "");
	for (size_t i = 0; i < s->n; i++) {
		const struct trial *t = &s->v[i];
		bool is_quiet = t->need == TRIAL_OPTIONAL;

		printf("  %-29s %-4s", t->name, t->error ? is_quiet ? "-" : "NO" : "yes");
		if (t->error == TRIAL_NOT_TRIED)
			printf("not tried: a step before it failed");
		else if (t->error)
			printf("%s%s%s", words_of(t->error), is_quiet ? "; " : "",
			       is_quiet ? t->use : "");
		else
			fputs(t->use, stdout);
		putchar('\n');
		if (t->error > 0 && !is_quiet)
			print_cause(s, t, last);
	}
	print_tier(s);
	if (s->user && !revocation_print(stdout, s->user))
		puts("revoked: nothing");
}

int status_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' }, { "probe", no_argument, NULL, 'p' }, { 0 }
	};
	bool is_json = false, is_probe = false;
	struct user user = {0};
	struct status s = {0};
	struct err err = {0};
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		is_json = is_json || opt == 'j';
		is_probe = is_probe || opt == 'p';
		if (opt == '?') {
			err_set(&err, EINVAL, "status: unknown option %s; it has --json and --probe",
				argv[optind - 1]);
			say_error(&err);
			return 125;
		}
	}
	if (optind < argc || (is_json && is_probe)) {
		err_set(&err, EINVAL, "status: unexpected argument %s",
			optind < argc ? argv[optind] : "--probe beside --json");
		say_error(&err);
		return 125;
	}
	if (is_probe)
		return probe_outside();
	if (user_find(&user, &err) == 0)
		s.user = &user;
	else
		err_clear(&err);
	look(&s);
	if (is_json && status_json(&s) < 0) {
		err_set(&err, ENOMEM, "status: no memory for the report");
		say_error(&err);
		return 125;
	}
	if (!is_json)
		print_text(&s);
	user_done(&user);
	return exit_code(&s);
}
