/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/landlock.h"
#include "common/secrets.h"
#include "launcher/broker.h"
#include "launcher/cli.h"
#include "launcher/commands.h"
#include "launcher/explain.h"
#include "launcher/mount.h"
#include "launcher/secrets.h"
#include "launcher/session.h"

static void print(FILE *out, const char *text)
{
	char safe[4096];

	fputs(err_printable(safe, sizeof(safe), text), out);
}

/* Is the argument a value that the policy takes from a file? */
static bool is_injected(const struct session *s, const char *argument)
{
	for (size_t i = 0; i < s->values.n; i++)
		if (!strcmp(strchr(s->values.v[i], '=') + 1, argument))
			return true;
	return false;
}

static void layers(FILE *out, const struct session *s)
{
	fprintf(out, "server     %s\n", s->name);
	for (size_t i = 0; i < s->bundle.n; i++) {
		fprintf(out, "%s", i ? "           then " : "policy     ");
		print(out, s->bundle.v[i].origin);
		fputc('\n', out);
	}
	if (s->policy.about) {
		fputs("about      ", out);
		print(out, s->policy.about);
		fputc('\n', out);
	}
	fputs("program    ", out);
	print(out, s->plan.program);
	fputs("\narguments ", out);
	for (size_t i = 0; i < s->plan.argv.n; i++) {
		fputc(' ', out);
		print(out, is_injected(s, s->plan.argv.v[i]) ? "(from a file)" :
							       s->plan.argv.v[i]);
	}
	fputs("\ndirectory  ", out);
	print(out, s->plan.cwd);
	fputs(s->plan.is_cwd_granted ? "\n" :
				       " (not granted: empty there; --read or --write names it)\n",
	      out);
}

static const char *mode(const struct plan_entry *e)
{
	switch (e->kind) {
	case PLAN_BIND:
		if (e->is_writable)
			return "write";
		return e->is_executable ? "execute" : "read";
	case PLAN_OVERLAY:
		return "overlay";
	case PLAN_DEVICE:
		return "device";
	case PLAN_TMPFS:
		return "empty";
	case PLAN_PROC:
		return "proc";
	case PLAN_FILE:
	case PLAN_NAME:
		return "read";
	case PLAN_COVER:
	case PLAN_DIR:
	case PLAN_LINK:
		break;
	}
	return NULL;
}

static void files(FILE *out, const struct session *s)
{
	fputs(s->plan.is_bare ? "\nfiles: of the host's, nothing can be opened but\n" :
				"\nfiles: the root is empty but for\n",
	      out);
	for (size_t i = 0; i < s->plan.n; i++) {
		const struct plan_entry *e = &s->plan.v[i];

		if (!mode(e))
			continue;
		fprintf(out, "  %-8s ", mode(e));
		print(out, e->target);
		if (e->kind == PLAN_TMPFS)
			fprintf(out, " (%s, %" PRIu64 " MiB)", e->why, e->size >> 20);
		else if (strcmp(e->why, "system") != 0)
			fprintf(out, " (%s)", e->why);
		fputc('\n', out);
	}
}

static void environment(FILE *out, const struct session *s)
{
	size_t known = 0;

	fputs("\nenvironment:", out);
	for (size_t i = 0; i < s->plan.env.n; i++)
		fprintf(out, " %.*s", (int)strcspn(s->plan.env.v[i], "="), s->plan.env.v[i]);
	for (size_t i = 0; i < s->env.known.n; i++) {
		cleanup_free char *name = strdup(s->env.known.v[i]);
		char *value = name ? strchr(name, '=') : NULL;

		if (!value)
			continue;
		*value++ = '\0';
		known += secrets_is_secret(name, value);
	}
	for (size_t i = 0; i < s->env.injected.n; i++)
		known += strlen(strchr(s->env.injected.v[i], '=') + 1) >= SECRETS_GRAM;
	fprintf(out, "\n  everything else is removed; %zu values look secret and are redacted in "
		     "every message\n", known);
}

static void weaker_tier(FILE *out, const struct session *s)
{
	const char *lost[TIER_LOSSES];
	size_t n = tier_losses(landlock_abi(), lost);

	fprintf(out,
		"\ntier nouserns: Landlock (ABI %d), three seccomp filters, no capabilities,\n"
		"  no_new_privs, limits; the policy allows it and the tier full does not work here:\n  ",
		landlock_abi());
	print(out, s->tier.why);
	fputs("\n  what is lost:\n", out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "  - %s\n", lost[i]);
}

static void network(FILE *out, const struct policy_network *n)
{
	if (!n->connect.n) {
		fputs("network: none; no TCP, UDP, netlink or other socket but AF_UNIX can exist\n",
		      out);
		return;
	}
	fputs("network: TCP to", out);
	for (size_t i = 0; i < n->connect.n; i++)
		fprintf(out, "%s %s", i ? "," : "", n->connect.v[i]);
	fputs("\n  and nothing else; through mcp-confine-egress, by name; public addresses only", out);
	for (size_t i = 0; i < n->addresses.n; i++)
		fprintf(out, "%s%s", i ? ", " : ", and ", n->addresses.v[i]);
	if (n->budget)
		fprintf(out, "; %" PRIu64 " bytes a session", n->budget);
	if (n->proxy)
		fprintf(out, "\n  by the proxy %s, which finds the addresses and may take private ones", n->proxy);
	for (size_t i = 0; i < n->proxy_except.n; i++)
		fprintf(out, "%s%s", i ? ", " : "; without it: ", n->proxy_except.v[i]);
	if (n->ca_file)
		fprintf(out, "\n  programs inside trust the authorities in %s, and not the system's",
			n->ca_file);
	fputs("\n  TLS on 443 and the Host on 80 must be for the name; every connection is logged\n",
	      out);
}

static void layers_of_kernel(FILE *out, const struct session *s)
{
	const struct policy_limits *l = &s->policy.sandbox.limits;

	if (s->tier.is == POLICY_TIER_FULL)
		fprintf(out,
			"\ntier full: user, mount, pid, network, ipc, uts and cgroup namespaces; no\n"
			"  capabilities; no_new_privs; Landlock (ABI %d here); %s seccomp filters\n",
			landlock_abi(), s->plan.no_sockets ? "three" : "two");
	else
		weaker_tier(out, s);
	if (s->plan.is_bare)
		fputs("network: none; no socket at all can be made\n", out);
	else
		network(out, &s->policy.sandbox.network);
	if (s->plan.no_sockets)
		fputs("sockets: none, but for connected pairs\n", out);
	if (s->plan.socket) {
		fputs("messages: by a Unix socket inside, ", out);
		print(out, s->plan.socket);
		fputc('\n', out);
	}
	fprintf(out, "limits: %" PRIu64 " MiB of data a process, ", l->memory >> 20);
	if (!s->plan.is_bare || s->cgroup.is_possible)
		fprintf(out, "%" PRIu64 " processes, ", l->processes);
	fprintf(out, "%" PRIu64 " open files, files of %" PRIu64 " MiB", l->open_files,
		l->file_size >> 20);
	if (l->cpu)
		fprintf(out, ", %" PRIu64 " s of CPU", l->cpu);
	if (s->cgroup.is_possible && l->memory_total)
		fprintf(out, ", %" PRIu64 " MiB of memory together", l->memory_total >> 20);
	if (s->cgroup.is_possible && l->cpu_percent)
		fprintf(out, ", %" PRIu64 " %% of one processor together", l->cpu_percent);
	fputs("\n  held by resource limits (setrlimit) and the sizes of the private directories; ", out);
	if (s->cgroup.is_possible && s->cgroup.is_scope) {
		fputs("and\n  for all processes together by a scope of this user's service manager", out);
	} else if (s->cgroup.is_possible) {
		fputs("and\n  for all processes together by a cgroup in ", out);
		print(out, s->cgroup.parent);
	} else {
		fputs("no\n  cgroup: all processes together may take more than one may", out);
	}
	fputs(". When memory is short\n  the kernel kills the sandbox first\n", out);
}

/* Nothing is weaker for it; who looks for the reason of something should not have to guess. */
static void mounts(FILE *out, const struct session *s)
{
	char missing[MOUNT_WORDS];
	struct mount_ways ways;

	mount_find(&ways);
	if (s->plan.is_bare || !mount_is_old(&ways))
		return;
	mount_missing(&ways, missing);
	fprintf(out, "mounts: by mount(2) where there is no %s here\n", missing);
}

static void open_ends(FILE *out, const struct session *s)
{
	bool writes = false, has_overlay = false;

	for (size_t i = 0; i < s->plan.n; i++)
		has_overlay = has_overlay || s->plan.v[i].kind == PLAN_OVERLAY;
	for (size_t i = 0; i < s->plan.n; i++)
		writes = writes || (s->plan.v[i].kind == PLAN_BIND && s->plan.v[i].is_writable);
	fputs("\nwhat stays open:\n", out);
	if (writes) {
		fputs("  - in what is writable, names that programs outside run or trust stay as they are\n"
		      "    (above, read); those that do not exist yet ", out);
		fputs(s->plan.no_new_names ? "cannot be made directly in it.\n" :
					     "can be made, and are reported at the end.\n", out);
		fputs("  - not among them, since a project's work is to change them: Makefile, package.json,\n"
		      "    build.rs, conftest.py, Dockerfile, .venv, node_modules, .gitattributes and what\n"
		      "    they run. Review the changes before you build.\n", out);
	}
	if (has_overlay)
		fputs("  - what it changes in an overlay is kept from the real directory until\n"
		      "    `mcp-confine changes apply`; review it before: names that programs outside run\n"
		      "    or trust can be among it.\n", out);
	if (s->plan.network.n_destinations)
		fputs("  - what the server may read it can send to the destinations it may reach.\n", out);
	fputs("  - what the server may read it may return in a result: personal data\n"
	      "    passes where the policy names no class of it.\n"
	      "  - a server that means it can encode a secret so that no format is recognised.\n"
	      "  - CPU time and disk space of writable directories are not shared out.\n",
	      out);
}

void explain_session(FILE *out, const struct session *s)
{
	layers(out, s);
	files(out, s);
	environment(out, s);
	layers_of_kernel(out, s);
	mounts(out, s);
	explain_messages(out, &s->policy);
	open_ends(out, s);
	for (size_t i = 0; i < s->plan.notes.n; i++) {
		fputs("note: ", out);
		print(out, s->plan.notes.v[i]);
		fputc('\n', out);
	}
}

int explain_main(int argc, char **argv)
{
	cleanup_free char *cwd = getcwd(NULL, 0);
	struct session s = {0};
	struct cli cli = {0};
	struct err err = {0};
	int code = 125, r = cli_parse(argc, argv, cwd ? cwd : "/", &cli, &err);

	if (r == 0) {
		r = session_build(&cli, false, &s, &err);
		code = r < 0 ? s.exit_code : 0;
	}
	if (r < 0)
		say_error(&err);
	else
		explain_session(stdout, &s);
	session_done(&s);
	cli_done(&cli);
	return code;
}
