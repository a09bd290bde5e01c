/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON, with the comments and trailing commas that editors allow in their settings.  For
 * clients that allow neither, a file with them is the client's to refuse: what it would
 * take such a file for is the same here.
 */
#include <errno.h>
#include <string.h>

#include "common/err.h"
#include "configs/document.h"
#include "configs/scan.h"

static int value(struct scan *s, struct node **ret);

/* White space and comments. */
static int blank(struct scan *s)
{
	for (;;) {
		while (s->p < s->end && *s->p && strchr(" \t\r\n", *s->p))
			s->p++;
		if (scan_at(s, "//", 2)) {
			const char *end = memchr(s->p, '\n', (size_t)(s->end - s->p));

			s->p = end ? end : s->end;
		} else if (scan_at(s, "/*", 2)) {
			const char *end = memmem(s->p + 2, (size_t)(s->end - s->p) - 2, "*/", 2);

			if (!end)
				return scan_refuse(s, s->p, "a comment without its end");
			s->p = end + 2;
		} else {
			return 0;
		}
	}
}

static int string(struct scan *s, const char **ret_text)
{
	s->p++;
	return scan_quoted(s, "\"\\/bfnrt", ret_text);
}

/* "key": */
static int key(struct scan *s, const char **ret_key)
{
	int r;

	if (s->p >= s->end || *s->p != '"')
		return scan_refuse(s, s->p, "a member's name in double quotes is missing");
	r = string(s, ret_key);
	if (r == 0)
		r = blank(s);
	if (r == 0 && (s->p >= s->end || *s->p != ':'))
		r = scan_refuse(s, s->p, "a ':' is missing");
	if (r < 0)
		return r;
	s->p++;
	return blank(s);
}

/* Members or elements up to the closing bracket; the cursor stands behind the opening one. */
static int children(struct scan *s, struct node *parent, char close)
{
	int r = blank(s);

	while (r == 0 && s->p < s->end && *s->p != close) {
		const char *at = s->p, *name = NULL;
		struct node *child;

		if (close == '}')
			r = key(s, &name);
		if (r == 0)
			r = value(s, &child);
		if (r < 0)
			return r;
		child->key = name;
		child->key_start = (size_t)(at - s->text);
		tree_append(parent, child);
		r = blank(s);
		if (r < 0 || s->p >= s->end || *s->p == close)
			break;
		if (*s->p != ',')
			return scan_refuse(s, s->p, "a ',' is missing");
		s->p++;
		r = blank(s);
	}
	if (r == 0 && s->p >= s->end)
		return scan_refuse(s, s->text + parent->start, "a '%c' without its end",
				   close == '}' ? '{' : '[');
	s->p += r == 0;
	return r;
}

/* A number, true, false, null: what stands before the next separator. */
static int word(struct scan *s, struct node *n)
{
	const char *begin = s->p;
	size_t len;

	while (s->p < s->end && *s->p && !strchr(" \t\r\n,]}:/\"[{", *s->p))
		s->p++;
	len = (size_t)(s->p - begin);
	n->text = scan_copy(s, begin, len);
	if (!n->text)
		return -s->err->code;
	if (!strcmp(n->text, "true"))
		n->kind = NODE_TRUE;
	else if (!strcmp(n->text, "false"))
		n->kind = NODE_FALSE;
	else if (strcmp(n->text, "null") != 0 &&
		 (!len || strspn(n->text, "0123456789+-.eE") != len))
		return scan_refuse(s, begin, "no value of JSON");
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
	if (c == '{' || c == '[') {
		n->kind = c == '{' ? NODE_OBJECT : NODE_ARRAY;
		s->p++;
		r = children(s, n, c == '{' ? '}' : ']');
	} else if (c == '"') {
		n->kind = NODE_STRING;
		r = string(s, &n->text);
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

int document_json(struct scan *s)
{
	int r;

	if (scan_at(s, "\xef\xbb\xbf", 3))
		s->p += 3;
	r = blank(s);
	if (r == 0)
		r = value(s, &s->tree->root);
	if (r == 0)
		r = blank(s);
	if (r == 0 && s->p < s->end)
		r = scan_refuse(s, s->p, "text behind the end of the document");
	return r;
}
