/* SPDX-License-Identifier: Apache-2.0 */
/*
 * echo_server - a stdio MCP server as fast as it can be, for measuring what stands
 * between it and a client
 *
 * Answers initialize, tools/list and tools/call of the tool "echo", whose arguments are
 * size (bytes of content in the result), kind (0 prose, 1 code, 2 JSON, 3 an image) and pad
 * (ignored).  Requests are those of bench_pipe: it looks for their members by substring.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define KINDS 4
#define HEAD 400 /* members stand in the first and last bytes, the pad between them */

static const char *const samples[KINDS] = {
	"the quick brown fox reads row number seven of the report and writes a short note; ",
	"static int add(struct list *l, int v)\\n{\\n\\tif (!l->n)\\n\\t\\treturn -1;\\n}\\n",
	"{\\\"id\\\":4711,\\\"name\\\":\\\"row\\\",\\\"tags\\\":[\\\"a\\\",\\\"b\\\"],\\\"ok\\\":true},",
	"iVBORw0KGgoAAAANSUhEUgAAABQAAAAUCAYAAACNiR0NAAAABHNCSVQICAgIfAhkiAAAAAlwSFlzAAALEwAA",
};

static char *bodies[KINDS];
static size_t body_sizes[KINDS];

static const char *body(size_t kind, size_t size)
{
	size_t unit = strlen(samples[kind]), need = (size / unit + 1) * unit;

	if (need <= body_sizes[kind])
		return bodies[kind];
	bodies[kind] = realloc(bodies[kind], need);
	if (!bodies[kind])
		_exit(1);
	for (size_t i = body_sizes[kind]; i < need; i += unit)
		memcpy(bodies[kind] + i, samples[kind], unit);
	body_sizes[kind] = need;
	return bodies[kind];
}

static void say(struct iovec *v, int n)
{
	while (n) {
		ssize_t done = writev(1, v, n);

		if (done <= 0)
			_exit(0);
		while (n && (size_t)done >= v->iov_len) {
			done -= (ssize_t)v->iov_len;
			v++;
			n--;
		}
		if (n) {
			v->iov_base = (char *)v->iov_base + done;
			v->iov_len -= (size_t)done;
		}
	}
}

static const char *member(const char *line, size_t len, const char *name)
{
	size_t head = len < HEAD ? len : HEAD;
	const char *at = memmem(line, head, name, strlen(name));

	if (!at)
		at = memmem(line + len - head, head, name, strlen(name));
	return at ? at + strlen(name) : NULL;
}

/* Not in the middle of an escape: what is cut off is whole samples. */
static size_t whole(size_t kind, size_t size)
{
	size_t unit = strlen(samples[kind]);

	return kind == 0 || kind == 3 ? size : size < unit ? unit : size / unit * unit;
}

static void answer(const char *line, size_t len)
{
	const char *method = member(line, len, "\"method\":"), *id = member(line, len, "\"id\":");
	const char *size = member(line, len, "\"size\":"), *kind = member(line, len, "\"kind\":");
	char head[256];
	struct iovec v[3];
	size_t k, n;

	if (!method || !id)
		return;
	n = (size_t)snprintf(head, sizeof(head), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":", atoi(id));
	v[0] = (struct iovec){ head, n };
	if (!strncmp(method, "\"tools/call\"", 12)) {
		k = kind ? (size_t)atoi(kind) % KINDS : 0;
		n = whole(k, size ? strtoul(size, NULL, 10) : 16);
		v[0].iov_len += (size_t)sprintf(head + v[0].iov_len, "{\"content\":[{%s",
						k == 3 ? "\"type\":\"image\",\"mimeType\":\"image/png\",\"data\":\"" :
							 "\"type\":\"text\",\"text\":\"");
		v[1].iov_base = (char *)(unsigned long)body(k, n);
		v[1].iov_len = n;
		v[2] = (struct iovec){ (char *)(unsigned long)"\"}]}}\n", 6 };
	} else {
		const char *text = "{}";

		if (!strncmp(method, "\"initialize\"", 12))
			text = "{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{\"tools\":{}},"
			       "\"serverInfo\":{\"name\":\"echo\",\"version\":\"1\"}}";
		else if (!strncmp(method, "\"tools/list\"", 12))
			text = "{\"tools\":[{\"name\":\"echo\",\"inputSchema\":{\"type\":\"object\"}}]}";
		v[1] = (struct iovec){ (char *)(unsigned long)text, strlen(text) };
		v[2] = (struct iovec){ (char *)(unsigned long)"}\n", 2 };
	}
	say(v, 3);
}

int main(void)
{
	size_t size = 1 << 20, len = 0, scanned = 0;
	char *buf = malloc(size);
	ssize_t n;

	while (buf && (n = read(0, buf + len, size - len)) > 0) {
		char *line = buf, *end;

		len += (size_t)n;
		while ((end = memchr(buf + scanned, '\n', len - scanned))) {
			answer(line, (size_t)(end - line));
			line = end + 1;
			scanned = (size_t)(line - buf);
		}
		len -= (size_t)(line - buf);
		memmove(buf, line, len);
		scanned = len;
		if (size - len < 65536) {
			size *= 2;
			buf = realloc(buf, size);
		}
	}
	return 0;
}
