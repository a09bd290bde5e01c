/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TOML 1.0.  The whole grammar is scanned, since a file holds much beside servers; dates
 * and numbers are taken as the words they are.  What TOML forbids (a key or a table twice)
 * is refused, because it would make two readings of one file.
 */
#include <errno.h>
#include <string.h>

#include "common/err.h"
#include "configs/document.h"
#include "configs/scan.h"

static int value(struct scan *s, struct node **ret);

static bool at_newline(const struct scan *s)
{
	return scan_at(s, "\n", 1) || scan_at(s, "\r\n", 2);
}

static void spaces(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t'))
		s->p++;
}

static int comment(struct scan *s)
{
	if (s->p < s->end && *s->p == '#')
		while (s->p < s->end && !at_newline(s)) {
			if (*s->p == '\r')
				return scan_refuse(s, s->p, "a carriage return alone");
			s->p++;
		}
	return 0;
}

/* Blanks, comments and line ends: between lines, and inside of arrays. */
static int blank(struct scan *s)
{
	for (;;) {
		int r;

		spaces(s);
		r = comment(s);
		if (r < 0)
			return r;
		if (!at_newline(s))
			return 0;
		s->p += *s->p == '\r' ? 2 : 1;
	}
}

static int end_of_line(struct scan *s)
{
	int r;

	spaces(s);
	r = comment(s);
	if (r < 0)
		return r;
	if (s->p < s->end && !at_newline(s))
		return scan_refuse(s, s->p, "more on the line than one key and one value");
	return 0;
}

/* --- strings ---------------------------------------------------------------------------- */

/* 'as it is', of one line or of several. */
static int literal(struct scan *s, size_t quotes, const char **ret_text)
{
	const char *begin = s->p += quotes, *end;

	end = memmem(begin, (size_t)(s->end - begin), "'''", quotes);
	if (!end)
		return scan_refuse(s, begin, "a string without its end");
	/* Up to two quotes may stand before the closing three. */
	for (size_t i = 0; quotes == 3 && i < 2 && end + 3 < s->end && end[3] == '\''; i++)
		end++;
	s->p = end + quotes;
	if (quotes == 1 && memchr(begin, '\n', (size_t)(end - begin)))
		return scan_refuse(s, begin, "a line that ends inside of a string");
	if (quotes == 3 && begin < end)
		begin += *begin == '\n' ? 1 : end - begin > 1 && begin[0] == '\r' && begin[1] == '\n' ? 2 : 0;
	*ret_text = scan_copy(s, begin, (size_t)(end - begin));
	return *ret_text ? 0 : -s->err->code;
}

/* A backslash at the end of a line takes the blanks up to the next word with it. */
static bool line_continues(struct scan *s)
{
	const char *p = s->p;

	while (p < s->end && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++;
	if (p >= s->end || *p != '\n')
		return false;
	while (p < s->end && strchr(" \t\r\n", *p))
		p++;
	s->p = p;
	return true;
}

/* """of several lines""" */
static int long_string(struct scan *s, const char **ret_text)
{
	const char *begin = s->p += 3, *end = begin;
	char *text, *out;

	while (end < s->end && (*end != '"' || (size_t)(s->end - end) < 3 || memcmp(end, "\"\"\"", 3) != 0))
		end += *end == '\\' && end + 1 < s->end ? 2 : 1;
	/* Up to two quotes more may be the string's own. */
	text = out = tree_text(s->tree, (size_t)(end - begin) + 3);
	if (!text)
		return scan_refuse(s, begin, "no memory, or too large");
	if (at_newline(s))
		s->p += *s->p == '\r' ? 2 : 1;
	while (!scan_at(s, "\"\"\"", 3) || scan_at(s, "\"\"\"\"", 4)) {
		if (s->p >= s->end)
			return scan_refuse(s, begin, "a string without its end");
		if (*s->p != '\\') {
			*out++ = *s->p++;
			continue;
		}
		s->p++;
		if (!line_continues(s)) {
			int r = scan_escape(s, "\"\\bfnrtU", &out);

			if (r < 0)
				return r;
		}
	}
	s->p += 3;
	*out = '\0';
	*ret_text = text;
	return 0;
}

static int string(struct scan *s, const char **ret_text)
{
	if (scan_at(s, "\"\"\"", 3))
		return long_string(s, ret_text);
	if (*s->p == '\'')
		return literal(s, scan_at(s, "'''", 3) ? 3 : 1, ret_text);
	s->p++;
	return scan_quoted(s, "\"\\bfnrtU", ret_text);
}

/* --- keys and tables -------------------------------------------------------------------- */

static bool is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

static int simple_key(struct scan *s, const char **ret)
{
	const char *begin = s->p;

	if (s->p < s->end && (*s->p == '"' || *s->p == '\'')) {
		if (scan_at(s, "\"\"\"", 3) || scan_at(s, "'''", 3))
			return scan_refuse(s, s->p, "a key of several lines");
		return string(s, ret);
	}
	while (s->p < s->end && is_bare(*s->p))
		s->p++;
	if (s->p == begin)
		return scan_refuse(s, begin, "a key is missing");
	*ret = scan_copy(s, begin, (size_t)(s->p - begin));
	return *ret ? 0 : -s->err->code;
}

/* A new member of the table. */
static int new_member(struct scan *s, struct node *table, const char *key, const char *at,
		      struct node *child)
{
	child->key = key;
	child->key_start = (size_t)(at - s->text);
	if (!tree_add_member(table, child))
		return scan_refuse(s, at, "a key that is already there, or one too many");
	return 0;
}

static struct node *new_table(struct scan *s, struct node *table, const char *key, const char *at)
{
	struct node *n = scan_node(s, NODE_OBJECT);

	if (!n || new_member(s, table, key, at, n) < 0)
		return NULL;
	n->is_block = true;
	return n;
}

/* The table that a step of a key leads into; a dotted key opens only what one made. */
static struct node *step(struct scan *s, struct node *table, const char *key, const char *at,
			 bool is_header)
{
	const struct node *known = tree_member(table, key, NULL);
	struct node *n = table->first;

	if (!known) {
		n = new_table(s, table, key, at);
		if (n) {
			n->is_open = is_header;
			n->is_dotted = !is_header;
		}
		return n;
	}
	while (n != known)
		n = n->next;
	if (is_header && n->is_list_of_tables)
		return n->last;
	if (n->kind != NODE_OBJECT || !n->is_block || (!is_header && !n->is_dotted)) {
		scan_refuse(s, at, "a key that is already there, as another value");
		return NULL;
	}
	return n;
}

/* a.b.c: into the table of the last step; *ret_key and *ret_at are that step. */
static int dotted(struct scan *s, struct node **table, bool is_header, const char **ret_key,
		  const char **ret_at)
{
	for (size_t depth = 0;; depth++) {
		int r;

		spaces(s);
		*ret_at = s->p;
		r = simple_key(s, ret_key);
		if (r < 0)
			return r;
		spaces(s);
		if (s->p >= s->end || *s->p != '.')
			return 0;
		if (depth > 32)
			return scan_refuse(s, s->p, "a key of more than 32 parts");
		s->p++;
		*table = step(s, *table, *ret_key, *ret_at, is_header);
		if (!*table)
			return -s->err->code;
	}
}

static int key_value(struct scan *s, struct node *table)
{
	const char *key, *at, *begin = s->p;
	struct node *child;
	int r = dotted(s, &table, false, &key, &at);

	if (r == 0 && (s->p >= s->end || *s->p != '='))
		r = scan_refuse(s, s->p, "a '=' is missing");
	if (r < 0)
		return r;
	s->p++;
	spaces(s);
	r = value(s, &child);
	if (r == 0)
		r = new_member(s, table, key, at, child);
	if (r == 0)
		child->key_start = (size_t)(begin - s->text);
	return r;
}

/* [[name]]: one more table of the list. */
static int list_of_tables(struct scan *s, struct node *parent, const char *key, const char *at,
			  struct node **ret)
{
	const struct node *known = tree_member(parent, key, NULL);
	struct node *list = parent->first, *n;

	if (!known) {
		list = scan_node(s, NODE_ARRAY);
		if (!list || new_member(s, parent, key, at, list) < 0)
			return -s->err->code;
		list->is_list_of_tables = true;
	} else {
		while (list != known)
			list = list->next;
		if (!list->is_list_of_tables)
			return scan_refuse(s, at, "a key that is already there, as another value");
	}
	n = scan_node(s, NODE_OBJECT);
	if (!n)
		return -s->err->code;
	n->is_block = true;
	tree_append(list, n);
	*ret = n;
	return 0;
}

/* [name] or [[name]]: the table that the following lines belong to. */
static int header(struct scan *s, struct node **table)
{
	const size_t brackets = scan_at(s, "[[", 2) ? 2 : 1;
	struct node *parent = s->tree->root;
	const char *key, *at;
	int r;

	s->p += brackets;
	r = dotted(s, &parent, true, &key, &at);
	if (r == 0 && !scan_at(s, "]]", brackets))
		r = scan_refuse(s, s->p, "a ']' is missing");
	if (r < 0)
		return r;
	s->p += brackets;
	if (brackets == 2) {
		r = list_of_tables(s, parent, key, at, table);
	} else {
		const struct node *known = tree_member(parent, key, NULL);
		struct node *n = parent->first;

		while (known && n != known)
			n = n->next;
		if (known && !n->is_open)
			return scan_refuse(s, at, "a table that is already there");
		*table = known ? n : new_table(s, parent, key, at);
		if (!*table)
			return -s->err->code;
		(*table)->is_open = false;
	}
	if (r == 0)
		(*table)->start = (*table)->end = (size_t)(s->p - s->text);
	return r < 0 ? r : end_of_line(s);
}

/* --- values ------------------------------------------------------------------------------ */

static int array(struct scan *s, struct node *n)
{
	int r;

	s->p++;
	for (r = blank(s); r == 0 && s->p < s->end && *s->p != ']'; r = blank(s)) {
		struct node *child;

		r = value(s, &child);
		if (r < 0)
			return r;
		tree_append(n, child);
		r = blank(s);
		if (r < 0 || s->p >= s->end || *s->p == ']')
			break;
		if (*s->p != ',')
			return scan_refuse(s, s->p, "a ',' is missing");
		s->p++;
	}
	if (r == 0 && s->p >= s->end)
		return scan_refuse(s, s->text + n->start, "a '[' without its end");
	s->p += r == 0;
	return r;
}

static int inline_table(struct scan *s, struct node *n)
{
	s->p++;
	spaces(s);
	if (s->p < s->end && *s->p == '}') {
		s->p++;
		return 0;
	}
	for (;;) {
		int r = key_value(s, n);

		if (r < 0)
			return r;
		spaces(s);
		if (s->p < s->end && *s->p == '}')
			break;
		if (s->p >= s->end || *s->p != ',')
			return scan_refuse(s, s->p, "a ',' or a '}' is missing");
		s->p++;
		spaces(s);
	}
	s->p++;
	return 0;
}

/* Its members cannot be added to from outside. */
static void seal(struct node *n)
{
	for (struct node *c = n->first; c; c = c->next)
		if (c->is_dotted) {
			c->is_dotted = false;
			seal(c);
		}
}

static int word(struct scan *s, struct node *n)
{
	static const char letters[] = "0123456789+-._:TZtz"
				      "abcdefinopuxlrsABCDEF";
	const char *begin = s->p;
	size_t len;

	for (;; s->p++) {
		while (s->p < s->end && *s->p && strchr(letters, *s->p))
			s->p++;
		/* A date and a time may have a blank between them. */
		if (s->p - begin != 10 || begin[4] != '-' || s->end - s->p < 2 || *s->p != ' ' ||
		    s->p[1] < '0' || s->p[1] > '9')
			break;
	}
	len = (size_t)(s->p - begin);
	n->text = scan_copy(s, begin, len);
	if (!n->text)
		return -s->err->code;
	if (!strcmp(n->text, "true"))
		n->kind = NODE_TRUE;
	else if (!strcmp(n->text, "false"))
		n->kind = NODE_FALSE;
	else if (!len || (!strpbrk(n->text, "0123456789") && !strstr(n->text, "inf") &&
			  !strstr(n->text, "nan")))
		return scan_refuse(s, begin, "no value of TOML");
	return 0;
}

static int value(struct scan *s, struct node **ret)
{
	struct node *n = scan_node(s, NODE_OTHER);
	char c = s->p < s->end ? *s->p : '\0';
	int r;

	if (!n)
		return -s->err->code;
	r = scan_enter(s);
	if (r < 0)
		return r;
	if (c == '[') {
		n->kind = NODE_ARRAY;
		r = array(s, n);
	} else if (c == '{') {
		n->kind = NODE_OBJECT;
		r = inline_table(s, n);
		seal(n);
	} else if (c == '"' || c == '\'') {
		n->kind = NODE_STRING;
		r = string(s, &n->text);
		/* Some readers make LF of a CRLF in a string of several lines. */
		if (r == 0 && memchr(s->text + n->start, '\r', (size_t)(s->p - s->text) - n->start))
			n->kind = NODE_OTHER;
	} else {
		r = word(s, n);
	}
	if (r < 0)
		return r;
	scan_leave(s);
	n->end = (size_t)(s->p - s->text);
	*ret = n;
	return 0;
}

int document_toml(struct scan *s)
{
	struct node *table;
	int r;

	if (scan_at(s, "\xef\xbb\xbf", 3))
		s->p += 3;
	s->tree->root = table = scan_node(s, NODE_OBJECT);
	if (!table)
		return -s->err->code;
	table->is_block = true;
	for (r = blank(s); r == 0 && s->p < s->end; r = blank(s)) {
		if (*s->p == '[')
			r = header(s, &table);
		else
			r = key_value(s, table);
		if (r == 0)
			r = end_of_line(s);
		if (r < 0)
			return r;
	}
	return r;
}
