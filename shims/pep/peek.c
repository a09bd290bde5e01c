/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "shims/pep/peek.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void lose(struct peek *p)
{
	p->is_lost = true;
	p->state = PEEK_OVER;
}

static bool is_name(const struct peek *p, const char *name)
{
	return p->name_len == strlen(name) && !memcmp(p->name, name, p->name_len);
}

/* Behind the name of a member of the message. */
static void named(struct peek *p)
{
	p->is_id = is_name(p, "id");
	p->has_version |= is_name(p, "jsonrpc");
	p->has_method |= is_name(p, "method");
	p->has_answer |= is_name(p, "result") || is_name(p, "error");
	p->state = PEEK_COLON;
	/* Two of them: each peer may believe another. */
	if (p->is_id && (p->has_id || p->id_len))
		lose(p);
}

static void in_name(struct peek *p, char c)
{
	if (c == '"')
		named(p);
	else if (c == '\\')
		lose(p); /* "\u0069d" is "id", too */
	else if (p->name_len < sizeof(p->name))
		p->name[p->name_len++] = c;
}

/* Plain ASCII only: an id that needs decoding is not for certain. */
static void keep(struct peek *p, signed char c)
{
	if (p->id_len == sizeof(p->id) || c < 0x20 || c == 0x7f || c == '\\')
		p->id_is_over = true;
	else
		p->id[p->id_len++] = c;
}

static void end_value(struct peek *p, char c)
{
	if (p->is_id) {
		p->has_id = !p->id_is_over && rpc_is_id(p->id, p->id_len, p->id_is_string);
		p->is_id = false;
	}
	p->name_len = 0;
	p->state = c == ',' ? PEEK_NAME : PEEK_OVER;
}

static void in_string(struct peek *p, char c)
{
	if (p->escapes)
		p->escapes = false;
	else if (c == '\\')
		p->escapes = true;
	else if (c == '"')
		p->in_string = false;
	if (p->is_id && p->in_string && !p->depth)
		keep(p, (signed char)c);
}

static void in_value(struct peek *p, char c)
{
	if (p->in_string) {
		in_string(p, c);
	} else if (c == '"') {
		p->in_string = true;
		/* Behind other text of the value: no string, and no number. */
		p->id_is_over |= p->is_id && (p->depth || p->id_len);
		p->id_is_string |= p->is_id;
	} else if (c == '{' || c == '[') {
		p->depth++;
		p->id_is_over |= p->is_id;
	} else if (!p->depth && (c == ',' || c == '}')) {
		end_value(p, c);
	} else if (c == '}' || c == ']') {
		if (p->depth)
			p->depth--;
		else
			lose(p);
	} else if (p->is_id && is_space(c)) {
		p->has_gap = true;
	} else if (p->is_id) {
		p->id_is_over |= p->id_is_string || p->has_gap;
		keep(p, (signed char)c);
	}
}

void peek_feed(struct peek *p, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len && p->state != PEEK_OVER; i++) {
		char c = bytes[i];

		if (p->state == PEEK_IN_NAME) {
			in_name(p, c);
			continue;
		}
		if (p->state == PEEK_IN_VALUE) {
			in_value(p, c);
			continue;
		}
		if (is_space(c))
			continue;
		if (p->state == PEEK_START && c == '{')
			p->state = PEEK_NAME;
		else if (p->state == PEEK_NAME && c == '"')
			p->state = PEEK_IN_NAME;
		else if (p->state == PEEK_NAME && c == '}')
			p->state = PEEK_OVER;
		else if (p->state == PEEK_COLON && c == ':')
			p->state = PEEK_VALUE;
		else if (p->state == PEEK_VALUE) {
			p->state = PEEK_IN_VALUE;
			in_value(p, c);
		} else
			lose(p);
	}
}

struct rpc_id peek_id(const struct peek *p)
{
	if (p->is_lost || !p->has_id)
		return (struct rpc_id){0};
	return (struct rpc_id){ p->id, p->id_len, p->id_is_string };
}
