/* SPDX-License-Identifier: Apache-2.0 */
/* tests/cases through frame and gate; the README there says what a case is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/audit.h"
#include "common/err.h"
#include "common/limits.h"
#include "common/meter.h"
#include "policies/bundle.h"
#include "policies/policy.h"
#include "shims/pep/gate.h"
#include "shims/pep/peek.h"
#include "shims/pep/frame.h"
#include "shims/pep/rates.h"
#include "scan/scan.h"
#include "shims/pep/sink.h"

#define TEXT ((size_t)128 << 20) /* the longest line, written anew, fits */

/* Lines that come of a step, or that should: of each kind, each with its newline. */
enum { TO_SERVER = 0, TO_CLIENT, AUDIT, KINDS };

static struct {
	struct policy policy;
	struct gate gate;
	struct audit audit;
	struct rates rates;
	struct meter meter;
	struct frame frame[2];
	struct peek peek[2];
	struct sink sink[2];
	char *expected[KINDS];
	size_t len[KINDS];
	off_t audited;
	const char *name;
	int line;
} t;

static char *scratch, *bytes;

static const char *const session_lines[] = {
	"> {\"jsonrpc\":\"2.0\",\"id\":\"init\",\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"c\",\"version\":\"1\"}}}",
	"S {\"jsonrpc\":\"2.0\",\"id\":\"init\",\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"c\",\"version\":\"1\"}}}",
	"< {\"jsonrpc\":\"2.0\",\"id\":\"init\",\"result\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"serverInfo\":{\"name\":\"s\",\"version\":\"1\"}}}",
	"C {\"jsonrpc\":\"2.0\",\"id\":\"init\",\"result\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"serverInfo\":{\"name\":\"s\",\"version\":\"1\"}}}",
	"> {\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}",
	"S {\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}",
};

/* --- the core ---------------------------------------------------------------------------- */

static void *reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

/* Nothing flows in, and no day ends, while a case runs. */
static uint64_t no_time(void)
{
	return METER_DAY;
}

static void start_rates(void)
{
	static const uint64_t seed[2] = { 1, 2 };

	if (!t.policy.messages.n_rates)
		return;
	meter_init(&t.meter, seed);
	rates_init(&t.rates, &t.policy, &t.audit, "s", "c", &t.meter);
	t.rates.uptime = no_time;
	t.gate.rates = &t.rates;
}

static void start(const char *policy)
{
	static struct scan *scan;
	struct scan_config config = {0};
	struct bundle bundle = {0};
	struct err err = {0};
	struct json json = t.gate.json;

	policy_done(&t.policy);
	memset(&t.gate, 0, sizeof(t.gate));
	if (bundle_add(&bundle, "case", policy, strlen(policy), &err) < 0 ||
	    bundle_merge(&bundle, "/", &t.policy, &err) < 0)
		fail_msg("%s: %s", t.name, err.text);
	bundle_done(&bundle);
	if (!scan)
		assert_int_equal(scan_open(NULL, 0, &scan, &err), 0);
	if (!json.nodes) {
		json.size = 2 * LIMIT_VALUES;
		json.nodes = reserve(json.size * sizeof(*json.nodes));
		json.arena = reserve(LIMIT_LINE);
		json.seen = reserve(4 * LIMIT_MEMBERS * sizeof(*json.seen));
	}
	t.gate.json = json;
	t.gate.policy = t.gate.rules.policy = &t.policy;
	config.personal_only = !policy_looks_for(&t.policy, &config.personal);
	scan_configure(scan, &config);
	t.gate.scan = config.personal_only && !config.personal ? NULL : scan;
	t.gate.audit = &t.audit;
	start_rates();
	for (int i = 0; i < 2; i++) {
		t.gate.out[i] = &t.sink[i];
		t.frame[i].head = t.frame[i].scan = t.frame[i].tail = 0;
		t.frame[i].is_discarding = false;
		t.sink[i].head = t.sink[i].tail = 0;
	}
}

static void send(enum vocabulary_from from, const char *text, size_t len)
{
	struct frame *f = &t.frame[from];
	const char *line, *why;
	size_t n, room;
	int r;

	while (len) {
		char *at = frame_space(f, &room);

		n = len < room ? len : room;
		memcpy(at, text, n);
		frame_added(f, n);
		text += n;
		len -= n;
		while ((r = frame_next(f, &line, &n)) != 0) {
			if (r < 0)
				gate_overlong(&t.gate, from, &t.peek[from]);
			else if (n)
				gate_line(&t.gate, from, line, n, &why);
		}
	}
}

static void end(void)
{
	const char *line, *why;
	size_t n;

	for (int from = 0; from < 2; from++)
		if (frame_last(&t.frame[from], &line, &n))
			gate_line(&t.gate, (enum vocabulary_from)from, line, n, &why);
	assert_true(gate_server_ended(&t.gate));
}

/* --- comparing ----------------------------------------------------------------------------- */

static void expect(int kind, const char *text, size_t len)
{
	assert_true(len < TEXT - t.len[kind] - 1);
	memcpy(t.expected[kind] + t.len[kind], text, len);
	t.len[kind] += len;
	t.expected[kind][t.len[kind]++] = '\n';
}

/* Each expected line names members that the line of the log has. */
static void compare_audit(void)
{
	off_t size = lseek(t.audit.fd, 0, SEEK_END);
	ssize_t n = pread(t.audit.fd, scratch, (size_t)(size - t.audited), t.audited);
	char *actual = scratch, *line, *wanted = t.expected[AUDIT], *next;

	scratch[n] = '\0';
	t.audited = size;
	t.expected[AUDIT][t.len[AUDIT]] = '\0';
	while ((line = strsep(&wanted, "\n")) && *line) {
		next = strchr(actual, '\n');
		if (!next)
			fail_msg("%s:%d: no line in the audit log for %s", t.name, t.line, line);
		*next = '\0';
		for (char *pair; (pair = strsep(&line, " "));) {
			char member[512], *value = strchr(pair, '=');

			*value++ = '\0';
			for (char *c = value; (c = strchr(c, '~'));)
				*c = ' ';
			snprintf(member, sizeof(member), "\"%s\":\"%s\"", pair, value);
			if (!strstr(actual, member))
				fail_msg("%s:%d: the log says %s, not %s", t.name, t.line, actual, member);
		}
		actual = next + 1;
	}
	if (*actual)
		fail_msg("%s:%d: unexpected in the log: %s", t.name, t.line, actual);
}

static void compare(void)
{
	static const char *const names[] = { "server", "client" };

	for (int i = 0; i < 2; i++) {
		struct sink *s = &t.sink[i];
		size_t n = s->tail - s->head;

		if (n != t.len[i] || memcmp(s->buf + s->head, t.expected[i], n) != 0)
			fail_msg("%s:%d: the %s gets\n%.*sand not\n%.*s", t.name, t.line, names[i],
				 (int)(n < 2000 ? n : 2000), s->buf + s->head,
				 (int)(t.len[i] < 2000 ? t.len[i] : 2000), t.expected[i]);
		s->head = s->tail = t.len[i] = 0;
	}
	compare_audit();
	t.len[AUDIT] = 0;
}

/* --- the file -------------------------------------------------------------------------------- */

static size_t put(size_t at, const char *text, size_t len)
{
	assert_true(len < TEXT - at);
	memcpy(bytes + at, text, len);
	return at + len;
}

static size_t macro(const char **text, size_t at)
{
	const char *from = *text, *close = strchr(from, '}'), *colon = strchr(from, ':');
	long n;

	assert_non_null(close);
	*text = close + 1;
	if (!strncmp(from, "pat}", 4))
		return put(put(at, "gh", 2), "p_abcdefghijabcdefghijabcdefghijabcdef", 38);
	assert_true(colon && colon < close);
	for (n = strtol(from, NULL, 10); n; n--)
		at = put(at, colon + 1, (size_t)(close - colon - 1));
	return at;
}

static size_t unescape(const char *text)
{
	size_t at = 0;

	while (*text) {
		char c = *text++, hex[3] = {0};

		if (c == '\\' && *text == '{') {
			text++;
			at = macro(&text, at);
			continue;
		}
		if (c == '\\') {
			c = *text++;
			if (c == 'x') {
				memcpy(hex, text, 2);
				text += 2;
				c = (char)strtol(hex, NULL, 16);
			} else {
				c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
			}
		}
		at = put(at, &c, 1);
	}
	return at;
}

static size_t content(const char *line, const char **ret)
{
	if (line[1] == ' ') {
		*ret = line + 2;
		return strlen(line + 2);
	}
	assert_int_equal(line[2], ' ');
	*ret = bytes;
	return unescape(line + 3);
}

static void expect_reply(char *line)
{
	char text[1024], *rest = line + 2, *id = strsep(&rest, " "), *code = NULL;

	if (line[0] != 'R')
		code = strsep(&rest, " ");
	if (code)
		snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":%s,"
			 "\"message\":\"mcp-confine: %s\"}}", id, code, rest);
	else
		snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"content\":"
			 "[{\"type\":\"text\",\"text\":\"%s\"}],\"isError\":true}}", id, rest);
	expect(line[0] == 'F' ? TO_SERVER : TO_CLIENT, text, strlen(text));
}

static void step(char *line)
{
	const char *text;
	size_t len;

	switch (line[0]) {
	case '>':
	case '<':
		compare();
		len = content(line, &text);
		send(line[0] == '>' ? FROM_CLIENT : FROM_SERVER, text, len);
		if (line[1] != '+')
			send(line[0] == '>' ? FROM_CLIENT : FROM_SERVER, "\n", 1);
		return;
	case '$':
		compare();
		end();
		return;
	case 'S':
	case 'C':
		len = content(line, &text);
		expect(line[0] == 'S' ? TO_SERVER : TO_CLIENT, text, len);
		return;
	case 'A':
		expect(AUDIT, line + 2, strlen(line + 2));
		return;
	case 'E':
	case 'F':
	case 'R':
		expect_reply(line);
		return;
	default:
		fail_msg("%s:%d: what is %s", t.name, t.line, line);
	}
}

static void run(void **state)
{
	FILE *f = fopen(*state, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	bool steps = false;

	t.name = *state;
	t.line = 0;
	t.len[TO_SERVER] = t.len[TO_CLIENT] = t.len[AUDIT] = 0;
	t.audited = lseek(t.audit.fd, 0, SEEK_END);
	assert_non_null(f);
	start("{\"version\":1}");
	while ((n = getline(&line, &size, f)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		t.line++;
		if (!line[0] || line[0] == '#')
			continue;
		if (!strncmp(line, "policy ", 7)) {
			start(line + 7);
			continue;
		}
		steps = true;
		if (strcmp(line, "session") != 0) {
			step(line);
			continue;
		}
		for (size_t i = 0; i < sizeof(session_lines) / sizeof(*session_lines); i++) {
			char *copy = strdup(session_lines[i]);

			step(copy);
			free(copy);
		}
	}
	assert_true(steps);
	compare();
	free(line);
	fclose(f);
}

/* --- all of them --------------------------------------------------------------------------------- */

static int is_case(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return len > 5 && !strcmp(d->d_name + len - 5, ".case");
}

int main(void)
{
	struct dirent **found;
	int n = scandir("tests/cases", &found, is_case, alphasort), r;
	struct CMUnitTest *tests;

	if (n <= 0) {
		fprintf(stderr, "test_cases: no cases in tests/cases: %s\n", strerror(errno));
		return 1;
	}
	tests = calloc((size_t)n, sizeof(*tests));
	scratch = reserve(TEXT);
	bytes = reserve(TEXT);
	audit_init(&t.audit, memfd_create("audit", MFD_CLOEXEC), false);
	for (int i = 0; i < KINDS; i++)
		t.expected[i] = reserve(TEXT);
	for (int i = 0; i < 2; i++) {
		t.frame[i] = (struct frame){ .buf = reserve(LIMIT_LINE), .size = LIMIT_LINE,
					     .peek = &t.peek[i] };
		t.sink[i] = (struct sink){ .fd = 1, .buf = reserve(LIMIT_LINE_OUT + LIMIT_REPLIES),
					   .size = LIMIT_LINE_OUT + LIMIT_REPLIES };
	}
	for (int i = 0; i < n; i++) {
		char *path;

		if (asprintf(&path, "tests/cases/%s", found[i]->d_name) < 0)
			return 1;
		tests[i] = (struct CMUnitTest){ found[i]->d_name, run, NULL, NULL, path };
	}
	r = _cmocka_run_group_tests("cases", tests, (size_t)n, NULL, NULL);
	for (int i = 0; i < n; i++) {
		free(tests[i].initial_state);
		free(found[i]);
	}
	free(found);
	free(tests);
	policy_done(&t.policy);
	return r;
}
