/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/destination.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/limits.h"
#include "launcher/logbook.h"
#include "launcher/path.h"
#include "launcher/proposal.h"
#include "launcher/session.h"

#define FILE_MAX (256 * MIB) /* of one file of the log; its bound is a policy's */
#define ASSUMED_PORT 443 /* a name is looked up without one */

static const char *text_of(const json_t *line, const char *name)
{
	const char *text = json_string_value(json_object_get(line, name));

	return text ? text : "";
}

static int add_once(struct proposal *p, struct strv *list, char *text)
{
	int r = -ENOMEM;

	if (!text)
		return r;
	if (list->n < PROPOSAL_MAX && !strv_has(list, text))
		return strv_take(list, text);
	p->lost += list->n >= PROPOSAL_MAX;
	free(text);
	return 0;
}

/* A name that the resolver or the egress process did not let through. */
static int add_network(struct proposal *p, const json_t *line)
{
	const char *name = text_of(line, "name"), *why = text_of(line, "why");
	json_int_t port = json_integer_value(json_object_get(line, "port"));
	cleanup_free char *text = NULL;
	struct destination d;
	struct err err = {0};

	if (!*name || strcmp(why, "not in the policy") != 0)
		return add_once(p, &p->messages, path_make("network %s: %s", name, why));
	text = path_make("%s:%lld", name, port ? (long long)port : ASSUMED_PORT);
	/* It must be what a policy could say. */
	if (!text || strchr(text, '*') || destination_parse(text, &d, &err) < 0)
		return 0;
	return add_once(p, &p->connect, take_ptr(&text));
}

static int add_message(struct proposal *p, const json_t *line)
{
	const char *method = text_of(line, "method"), *tool = text_of(line, "tool");
	const char *class = text_of(line, "class");

	return add_once(p, &p->messages,
			path_make("%s from the %s%s%s%s%s%s%s%s%s", text_of(line, "event"),
				  text_of(line, "from"), *method ? ": " : "", method,
				  *tool ? " " : "", tool, *text_of(line, "why") ? ": " : "",
				  text_of(line, "why"), *class ? ", class " : "", class));
}

static int add_line(struct proposal *p, const json_t *line)
{
	static const char *const refusals[] = { "deny", "drop", "answer", "hide", "block", "redact",
						"rate", "held" };
	const char *event = text_of(line, "event");

	if (!strcmp(event, "network-refused"))
		return add_network(p, line);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (!strcmp(event, refusals[i]))
			return add_message(p, line);
	return 0;
}

/* The lines of one file that are of this session. */
static int add_file(struct proposal *p, const struct session *s, int fd, struct err *err)
{
	cleanup_free char *text = NULL;
	size_t len;
	int r = fd_read_all(fd, FILE_MAX, &text, &len, err);

	for (char *line = text, *end; line && *line && r == 0; line = end + 1) {
		json_t *j;

		end = strchr(line, '\n');
		if (!end)
			break;
		*end = '\0';
		/* Parsed only when it can be of this session: the log is long. */
		if (!strstr(line, s->id))
			continue;
		j = json_loads(line, 0, NULL);
		if (!strcmp(text_of(j, "session"), s->id))
			r = add_line(p, j) < 0 ? err_errno(err, ENOMEM, "the audit log") : 0;
		json_decref(j);
	}
	return r;
}

int proposal_add_log(struct proposal *p, const struct session *s, struct err *err)
{
	cleanup_close int dir = logbook_directory(&s->user, false, err);
	unsigned int n = 0;
	char name[LOGBOOK_NAME];
	int fd, r = 0;

	if (dir < 0)
		return dir;
	logbook_name(s->name, name);
	while ((fd = logbook_open_file(dir, name, n)) >= 0) {
		close(fd);
		n++;
	}
	/* The newest, and the one before: the log may have been begun anew meanwhile. */
	for (unsigned int i = n > 2 ? n - 2 : 0; i < n && r == 0; i++) {
		fd = logbook_open_file(dir, name, i);
		r = fd < 0 ? 0 : add_file(p, s, fd, err);
		if (fd >= 0)
			close(fd);
	}
	return r < 0 ? err_wrap(err, "learn") : 0;
}
