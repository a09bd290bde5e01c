/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "common/err.h"
#include "policies/revoked.h"

static const char *const words[] = {
	[REVOKED_ALL] = "all", [REVOKED_SERVER] = "server",
	[REVOKED_AGENT] = "agent", [REVOKED_USER] = "user",
};

const char *revoked_word(enum revoked_kind kind)
{
	return kind ? words[kind] : "nothing";
}

bool revoked_is_name(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] <= 0x20 || text[i] > 0x7e)
			return false;
	return len && len <= REVOKED_NAME && text[0] != '#';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The word at *p, before end; *p is behind it and the blanks that follow. */
static size_t take_word(const char **p, const char *end, const char **ret)
{
	size_t len = 0;

	*ret = *p;
	while (*p + len < end && !is_blank((*p)[len]))
		len++;
	*p += len;
	while (*p < end && is_blank(**p))
		(*p)++;
	return len;
}

static enum revoked_kind kind_of(const char *word, size_t len)
{
	for (size_t i = REVOKED_ALL; i <= REVOKED_USER; i++)
		if (strlen(words[i]) == len && !memcmp(words[i], word, len))
			return (enum revoked_kind)i;
	return REVOKED_NONE;
}

/* Nothing that a terminal or a log takes for something else: no control character. */
static bool is_clean(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f)
			return false;
	return true;
}

/* Return: 1, 0 for a line that says nothing, -EINVAL. */
static int read_line(const char *p, size_t len, size_t line, struct revoked_entry *ret,
		     struct err *err)
{
	const char *end = p + len, *word;
	struct revoked_entry e = { .line = line };
	size_t n;

	if (len >= REVOKED_LINE || !is_clean(p, len))
		return err_set(err, EINVAL, "line %zu is too long, or holds a control character", line);
	while (p < end && is_blank(*p))
		p++;
	while (end > p && is_blank(end[-1]))
		end--;
	if (p == end || *p == '#')
		return 0;
	n = take_word(&p, end, &word);
	e.kind = kind_of(word, n);
	if (!e.kind)
		return err_set(err, EINVAL, "line %zu begins with none of all, server, agent, user",
			       line);
	if (e.kind != REVOKED_ALL) {
		e.name_len = take_word(&p, end, &e.name);
		if (!e.name_len || e.name_len > REVOKED_NAME)
			return err_set(err, EINVAL, "line %zu: %s needs a name of at most %d bytes",
				       line, revoked_word(e.kind), REVOKED_NAME);
	}
	e.reason = p;
	e.reason_len = (size_t)(end - p);
	*ret = e;
	return 1;
}

int revoked_next(const char *text, size_t len, size_t *at, size_t *line,
		 struct revoked_entry *ret, struct err *err)
{
	while (*at < len) {
		const char *p = text + *at, *end = memchr(p, '\n', len - *at);
		int r;

		if (!end)
			return err_set(err, EINVAL, "line %zu has no newline: half written?", *line + 1);
		if (++*line > REVOKED_LINES)
			return err_set(err, EINVAL, "more than %zu lines", REVOKED_LINES);
		*at = (size_t)(end - text) + 1;
		r = read_line(p, (size_t)(end - p), *line, ret, err);
		if (r)
			return r;
	}
	return 0;
}

static bool is_named(const struct revoked_entry *e, const char *name)
{
	return name && strlen(name) == e->name_len && !memcmp(name, e->name, e->name_len);
}

bool revoked_means(const struct revoked_entry *e, const struct revoked_subject *s)
{
	switch (e->kind) {
	case REVOKED_ALL:
		return true;
	case REVOKED_SERVER:
		return is_named(e, s->server) || is_named(e, s->package);
	case REVOKED_AGENT:
		return is_named(e, s->agent) || is_named(e, s->spiffe_id) || is_named(e, s->client);
	case REVOKED_USER:
		return is_named(e, s->user) || is_named(e, s->uid);
	case REVOKED_NONE:
		break;
	}
	return false;
}

int revoked_find(const char *text, size_t len, const struct revoked_subject *s,
		 struct revoked_entry *ret, struct err *err)
{
	struct revoked_entry e, first = {0};
	size_t at = 0, line = 0;
	int r;

	while ((r = revoked_next(text, len, &at, &line, &e, err)) > 0)
		if (!first.kind && revoked_means(&e, s))
			first = e;
	if (r < 0)
		return r;
	*ret = first;
	return first.kind != REVOKED_NONE;
}
