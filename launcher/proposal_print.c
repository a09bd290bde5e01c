/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/cli.h"
#include "launcher/proposal.h"
#include "launcher/session.h"
#include "launcher/wrap_entry.h"
#include "policies/load.h"

/* --- the document --------------------------------------------------------------------- */

/* The weakest layer that is a document of its own: what the proposal starts from. */
static json_t *base_of(const struct session *s)
{
	for (size_t i = s->bundle.n; i-- > 0;) {
		const struct bundle_document *d = &s->bundle.v[i];

		/* Neither the command line's nor a capability's: those bound this session. */
		if (!d->is_ceiling && (d->origin[0] == '/' || !strncmp(d->origin, "profile ", 8)))
			return json_loadb(d->text, d->len, 0, NULL);
	}
	return json_object();
}

static json_t *child(json_t *object, const char *key)
{
	if (!json_is_object(json_object_get(object, key)))
		json_object_set_new(object, key, json_object());
	return json_object_get(object, key);
}

/* The list in force, then what is proposed of that kind. */
static json_t *grants(const struct proposal *p, const struct strv *now, bool is_writable)
{
	json_t *list = json_array();

	for (size_t i = 0; i < now->n; i++)
		json_array_append_new(list, json_string(now->v[i]));
	for (size_t i = 0; i < p->n; i++)
		if (!p->v[i].why && p->v[i].is_writable == is_writable &&
		    !strv_has(now, p->v[i].path))
			json_array_append_new(list, json_string(p->v[i].path));
	return list;
}

static json_t *destinations(const struct proposal *p, const struct strv *now)
{
	const struct strv *const both[] = { now, &p->connect };
	json_t *list = json_array();

	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < both[i]->n; j++)
			json_array_append_new(list, json_string(both[i]->v[j]));
	return list;
}

static void set_list(json_t *object, const char *key, json_t *list)
{
	if (json_array_size(list) || json_object_get(object, key))
		json_object_set(object, key, list);
	json_decref(list);
}

static int check(const json_t *policy, const struct session *s, struct err *err)
{
	cleanup_free char *text = json_dumps(policy, 0);
	struct policy loaded = {0};
	int r = text ? load_text(text, strlen(text), "the proposal", s->user.home, &loaded, err) :
		       err_errno(err, ENOMEM, "the proposal");

	policy_done(&loaded);
	return r;
}

/* A value may be a secret: the client's environment has it, and the policy its name. */
static void add_variables(json_t *sandbox, const struct session *s, const struct cli *c)
{
	json_t *pass = json_array();

	for (size_t i = 0; i < s->policy.sandbox.env_pass.n; i++)
		json_array_append_new(pass, json_string(s->policy.sandbox.env_pass.v[i]));
	for (size_t i = 0; i < c->env.n; i++)
		json_array_append_new(pass, json_stringn(c->env.v[i], strcspn(c->env.v[i], "=")));
	set_list(child(sandbox, "env"), "pass", pass);
}

/* A secret among the arguments stays out of reports and files: as wrap does, by a file. */
static int add_command(json_t *policy, const struct session *s, char *const *command,
		       struct err *err)
{
	cleanup_strv struct strv argv = {0};
	json_t *list = json_array();

	for (char *const *word = command; *word; word++)
		if (strv_add(&argv, *word) < 0)
			return err_errno(err, ENOMEM, "the proposal");
	json_object_set_new(policy, "command", list);
	for (size_t i = 0; i < argv.n; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/secrets/%s/argument-%zu", s->user.config, s->name, i);
		if (json_array_append_new(list, i && wrap_entry_is_secret(&argv, i) ?
							json_pack("{s:s}", "from_file", path) :
							json_string(argv.v[i])) < 0)
			return err_set(err, EINVAL, "the proposal: an argument of the command is not UTF-8");
	}
	return 0;
}

int proposal_policy(const struct proposal *p, const struct session *s, const struct cli *c,
		    json_t **ret_policy, struct err *err)
{
	json_auto_t *policy = json_pack("{s:i, s:s}", "version", 1, "server", s->name);
	json_auto_t *base = base_of(s);
	json_t *sandbox;
	int r = 0;

	if (!policy || !base || !json_is_object(base))
		return err_errno(err, ENOMEM, "the proposal");
	json_object_del(base, "packages");
	json_object_del(base, "version");
	json_object_del(base, "server");
	if (c->command)
		r = add_command(policy, s, c->command, err);
	json_object_update(policy, base);
	sandbox = child(policy, "sandbox");
	set_list(sandbox, "read", grants(p, &s->policy.sandbox.read, false));
	set_list(sandbox, "write", grants(p, &s->policy.sandbox.write, true));
	if (p->connect.n || s->policy.sandbox.network.connect.n)
		set_list(child(sandbox, "network"), "connect",
			 destinations(p, &s->policy.sandbox.network.connect));
	if (c->env.n)
		add_variables(sandbox, s, c);
	if (r == 0)
		r = check(policy, s, err);
	if (r == 0)
		*ret_policy = json_incref(policy);
	return r;
}

/* --- for people ------------------------------------------------------------------------ */

static const char *const limit_names[] = { "open_files", "processes", "memory", "file_size",
					   "tmp_size" };

static const char *printable(const char *text)
{
	static char out[2 * WATCH_TEXT];

	return err_printable(out, sizeof(out), text);
}

static void print_list(FILE *out, const char *head, const struct strv *list)
{
	if (!list->n)
		return;
	fprintf(out, "%s\n", head);
	for (size_t i = 0; i < list->n; i++)
		fprintf(out, "  %s\n", printable(list->v[i]));
}

static void print_proposed(FILE *out, const struct proposal *p, bool is_writable, const char *head)
{
	bool is_first = true;

	for (size_t i = 0; i < p->n; i++) {
		const struct proposal_item *v = &p->v[i];

		if (v->why || v->is_writable != is_writable)
			continue;
		if (is_first)
			fprintf(out, "%s\n", head);
		is_first = false;
		fprintf(out, "  %s%s", printable(v->path), v->is_dir ? "/" : "");
		if (v->folded)
			fprintf(out, "   (%zu files of it were asked for)", v->folded);
		fputc('\n', out);
	}
}

static void print_refused(FILE *out, const struct proposal *p)
{
	bool is_first = true;

	for (size_t i = 0; i < p->n; i++) {
		const struct proposal_item *v = &p->v[i];

		if (!v->why)
			continue;
		if (is_first)
			fputs("asked for, not proposed:\n", out);
		is_first = false;
		fprintf(out, "  %s (%s): ", printable(v->path), v->is_writable ? "write" : "read");
		fprintf(out, "%s", v->why);
		if (v->next)
			fprintf(out, "; it wanted %s: make the directory for it, and learn again",
				printable(v->next));
		fputc('\n', out);
	}
}

static void print_network(FILE *out, const struct proposal *p, const struct session *s)
{
	print_list(out, "names that it looked up, and no policy grants (port 443 where none was "
			"seen); what it may connect to, it can send anything to:", &p->connect);
	if (p->has_inet && !s->policy.sandbox.network.connect.n)
		fputs("it wanted the network, and none is granted. The names cannot be seen so: learn "
		      "once more with --names, which lets it look names up and refuses them\n", out);
}

static void print_limits(FILE *out, const struct proposal *p)
{
	for (size_t i = 0; i < sizeof(limit_names) / sizeof(*limit_names); i++)
		if (p->limits & 1U << i)
			fprintf(out, "a limit was reached: limits.%s; how much more it needs cannot be "
				"seen\n", limit_names[i]);
}

/* What the proposal needs and does not hold. */
static void print_secrets(FILE *out, const json_t *policy)
{
	json_t *word;
	size_t i;

	json_array_foreach(json_object_get(policy, "command"), i, word)
		if (json_is_object(word))
			fprintf(out, "argument %zu of the command is a secret: the file %s must hold it, for "
				"you alone (mode 600)\n", i,
				printable(json_string_value(json_object_get(word, "from_file"))));
}

void proposal_print(FILE *out, const struct proposal *p, const struct session *s,
		    const json_t *policy)
{
	cleanup_free char *text = policy ? json_dumps(policy, JSON_INDENT(2) | JSON_ENSURE_ASCII) :
					   NULL;

	fprintf(out, "learned of %s, which was confined as by run; nothing was granted\n", s->name);
	print_proposed(out, p, false, "looked for, on this machine, hidden; proposed to be read:");
	print_proposed(out, p, true, "wanted to write; proposed:");
	print_network(out, p, s);
	print_refused(out, p);
	print_list(out, "sockets of services: never proposed, who answers there would act for it:",
		   &p->sockets);
	print_list(out, "programs that it looked for, and that are not in the system's directories:",
		   &p->programs);
	print_list(out, "made in the private home, and gone now (\"home\": \"persistent\" keeps "
			"~/persistent):", &p->made);
	print_list(out, "system calls that no policy grants:", &p->calls);
	print_limits(out, p);
	print_list(out, "messages and connections that were refused, hidden or changed:", &p->messages);
	if (p->absent)
		fprintf(out, "looked for, and not on this machine either: %zu\n", p->absent);
	if (p->lost)
		fprintf(out, "too many different refusals: %zu are not in this list\n", p->lost);
	fputs("not seen: variables of the environment that it missed (--env NAME), and whatever it "
	      "was not asked to do\n", out);
	print_secrets(out, policy);
	if (text)
		fprintf(out, "proposed for %s/servers/%s.json, after you have read it:\n%s\n",
			s->user.config, s->name, text);
	else
		fputs("nothing to propose\n", out);
}

/* --- for machines ------------------------------------------------------------------------ */

static json_t *texts(const struct strv *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array, json_string(printable(list->v[i])));
	return array;
}

static json_t *items(const struct proposal *p)
{
	json_t *array = json_array();

	for (size_t i = 0; i < p->n; i++) {
		const struct proposal_item *v = &p->v[i];
		json_t *path = json_string(v->path);
		json_t *one = json_pack("{s:o, s:s, s:b, s:b, s:i}", "path",
					path ? path : json_string(printable(v->path)), "access",
					v->is_writable ? "write" : "read", "directory", v->is_dir,
					"proposed", !v->why, "files", (int)v->folded);

		if (v->why)
			json_object_set_new(one, "why", json_string(v->why));
		json_array_append_new(array, one);
	}
	return array;
}

json_t *proposal_json(const struct proposal *p, const struct session *s, json_t *policy)
{
	json_t *limits = json_array();

	for (size_t i = 0; i < sizeof(limit_names) / sizeof(*limit_names); i++)
		if (p->limits & 1U << i)
			json_array_append_new(limits, json_string(limit_names[i]));
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:I, s:I, s:O?}",
			 "server", s->name, "session", s->id, "paths", items(p), "connect",
			 texts(&p->connect), "programs", texts(&p->programs), "sockets",
			 texts(&p->sockets), "made", texts(&p->made), "calls", texts(&p->calls),
			 "messages", texts(&p->messages), "limits", limits, "network", p->has_inet,
			 "absent", (json_int_t)p->absent, "lost", (json_int_t)p->lost, "policy",
			 policy);
}
