/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/limits.h"
#include "launcher/surface.h"
#include "launcher/tool.h"

#define PATIENCE 60 /* seconds, for the whole conversation */
#define PAGES 20

struct talk {
	pid_t pid;
	int in, out; /* the server's stdin and stdout */
	char *data;
	size_t len, room;
	time_t until;
};

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static int begin(const char *name, const struct strv *command, struct talk *t, struct err *err)
{
	const char *const head[] = { "run", "--name", name, "--" };
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	struct strv argv = {0};
	int in[2], out[2], r = len < 0 ? -errno : 0;

	if (r == 0) {
		self[len] = '\0';
		r = strv_add(&argv, self);
	}
	for (size_t i = 0; i < sizeof(head) / sizeof(*head) && r == 0; i++)
		r = strv_add(&argv, head[i]);
	if (r == 0)
		r = strv_add_all(&argv, command);
	if (r == 0 && (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0))
		r = -errno;
	if (r == 0) {
		fflush(NULL);
		t->pid = fork();
	}
	if (r == 0 && t->pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execv(self, argv.v);
		_exit(125);
	}
	strv_done(&argv);
	if (r < 0 || t->pid < 0)
		return err_errno(err, r < 0 ? -r : errno, "start the server");
	close(in[0]);
	close(out[1]);
	t->in = in[1];
	t->out = out[0];
	t->until = now() + PATIENCE;
	return 0;
}

static void end(struct talk *t)
{
	close(t->in);
	close(t->out);
	if (t->pid > 0) {
		kill(t->pid, SIGTERM);
		while (waitpid(t->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	free(t->data);
}

/* The next line as JSON; NULL: it said nothing more, or nothing of use in time. */
static json_t *next(struct talk *t)
{
	for (;;) {
		char *end = t->len ? memchr(t->data, '\n', t->len) : NULL;
		struct pollfd p = { t->out, POLLIN, 0 };
		time_t left = t->until - now();
		ssize_t n;

		if (end) {
			size_t line = (size_t)(end - t->data);
			json_t *j = json_loadb(t->data, line, 0, NULL);

			t->len -= line + 1;
			memmove(t->data, end + 1, t->len);
			if (j)
				return j;
			continue;
		}
		if (t->room - t->len < 65536) {
			size_t room = t->room ? 2 * t->room : 262144;
			char *grown = room > LIMIT_LINE_OUT ? NULL : realloc(t->data, room);

			if (!grown)
				return NULL;
			t->data = grown;
			t->room = room;
		}
		if (left <= 0 || tool_interrupted() || poll(&p, 1, (int)left * 1000) <= 0)
			return NULL;
		n = read(t->out, t->data + t->len, t->room - t->len);
		if (n <= 0)
			return NULL;
		t->len += (size_t)n;
	}
}

static int say(struct talk *t, json_t *message)
{
	cleanup_free char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
	int r = text ? fd_write_all(t->in, text, strlen(text)) : -ENOMEM;

	json_decref(message);
	return r < 0 ? r : fd_write_all(t->in, "\n", 1);
}

/* The result of the request `id`; what the server asks meanwhile stays unanswered. */
static json_t *ask(struct talk *t, int id, const char *method, json_t *params)
{
	json_t *result = NULL;

	if (say(t, json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id", id, "method", method,
			     "params", params)) < 0)
		return NULL;
	for (;;) {
		json_auto_t *m = next(t);
		json_t *its = json_object_get(m, "id");

		if (!m)
			return NULL;
		if (!json_is_integer(its) || json_integer_value(its) != id ||
		    json_object_get(m, "method"))
			continue;
		result = json_object_get(m, "result");
		return json_is_object(result) ? json_incref(result) : NULL;
	}
}

static int list(struct talk *t, json_t *tools, struct err *err)
{
	cleanup_free char *cursor = NULL;

	for (int page = 0; page < PAGES; page++) {
		json_auto_t *r = ask(t, 2 + page, "tools/list",
				     cursor ? json_pack("{s:s}", "cursor", cursor) : json_object());
		const char *more = json_string_value(json_object_get(r, "nextCursor"));
		json_t *one;
		size_t i;

		if (!r)
			return err_set(err, EPROTO, "it did not answer tools/list");
		json_array_foreach(json_object_get(r, "tools"), i, one) {
			const char *name = json_string_value(json_object_get(one, "name"));

			if (name)
				json_object_set(tools, name, one);
		}
		free(cursor);
		cursor = more ? strdup(more) : NULL;
		if (!more)
			return 0;
	}
	return err_set(err, EPROTO, "its list of tools does not end");
}

static int converse(struct talk *t, json_t *tools, struct err *err)
{
	json_auto_t *hello = ask(t, 1, "initialize",
		json_pack("{s:s, s:{}, s:{s:s, s:s}}", "protocolVersion", "2025-06-18", "capabilities",
			  "clientInfo", "name", "mcp-confine", "version", VERSION));

	if (!hello)
		return err_set(err, EPROTO, "it did not answer initialize");
	/* No tools is an answer as well. */
	if (!json_object_get(json_object_get(hello, "capabilities"), "tools"))
		return 0;
	say(t, json_pack("{s:s, s:s}", "jsonrpc", "2.0", "method", "notifications/initialized"));
	return list(t, tools, err);
}

int surface_talk(int in, int out, size_t *ret_tools, struct err *err)
{
	struct talk t = { .in = in, .out = out, .until = now() + PATIENCE };
	json_auto_t *tools = json_object();
	int r = tools ? converse(&t, tools, err) : err_errno(err, ENOMEM, "tools");

	end(&t);
	if (r == 0)
		*ret_tools = json_object_size(tools);
	return r;
}

int surface_ask(const char *name, const struct strv *command, json_t **ret_tools, struct err *err)
{
	struct talk t = { .in = -1, .out = -1 };
	json_auto_t *tools = json_object();
	int r = begin(name, command, &t, err);

	if (r < 0)
		return r;
	r = converse(&t, tools, err);
	end(&t);
	if (r == 0)
		*ret_tools = json_incref(tools);
	return r;
}
