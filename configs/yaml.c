/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML, the part that configurations are written in: one document of block mappings,
 * block sequences, flow collections, and scalars of one line; literal and folded blocks
 * are stepped over.  Anchors, aliases, tags, merge keys, complex keys, scalars of several
 * lines and several documents are refused by name.  A plain scalar that one version of
 * YAML reads as a string and another one as something else (no, 1:30, 0o7) is no string.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "common/err.h"
#include "configs/document.h"
#include "configs/scan.h"

#define NO_PARENT (-1L)

static int block(struct scan *s, long parent, struct node **ret);
static int flow(struct scan *s, struct node **ret);

/* --- lines ------------------------------------------------------------------------------ */

static bool at_newline(const struct scan *s)
{
	return scan_at(s, "\n", 1) || scan_at(s, "\r\n", 2);
}

static bool is_space(const struct scan *s, const char *p)
{
	return p >= s->end || strchr(" \t\r\n", *p);
}

static long column(const struct scan *s)
{
	const char *line = s->p;

	while (line > s->text && line[-1] != '\n')
		line--;
	if (line == s->text && s->end - line >= 3 && !memcmp(line, "\xef\xbb\xbf", 3))
		line += 3;
	return s->p - line;
}

static void spaces(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t'))
		s->p++;
}

static bool at_comment(const struct scan *s)
{
	return s->p < s->end && *s->p == '#' && (s->p == s->text || is_space(s, s->p - 1));
}

static void skip_line(struct scan *s)
{
	while (s->p < s->end && *s->p != '\n')
		s->p++;
	s->p += s->p < s->end;
}

/* Nothing but blanks and a comment up to and over the end of the line. */
static int end_line(struct scan *s)
{
	spaces(s);
	if (s->p < s->end && !at_newline(s) && !at_comment(s))
		return scan_refuse(s, s->p, "more on the line than was understood");
	skip_line(s);
	return 0;
}

/* From the beginning of a line, or behind blanks of it, to the next content: 1; 0 at the
 * end of the file. */
static int peek(struct scan *s)
{
	for (;;) {
		while (s->p < s->end && *s->p == ' ')
			s->p++;
		if (s->p >= s->end)
			return 0;
		if (*s->p == '#' || at_newline(s)) {
			skip_line(s);
			continue;
		}
		if (*s->p == '\t' || *s->p == '\r')
			return scan_refuse(s, s->p, "a tab or a carriage return that indents");
		if (column(s) == 0 && (*s->p == '%' || ((scan_at(s, "---", 3) || scan_at(s, "...", 3)) &&
							is_space(s, s->p + 3))))
			return scan_refuse(s, s->p, "a directive, or a second document");
		return 1;
	}
}

/* --- scalars ---------------------------------------------------------------------------- */

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (!strcasecmp(text, *words))
			return true;
	return false;
}

/* What the plain scalar is, in every version of YAML, or NODE_OTHER. */
static enum node_kind resolve(const char *text)
{
	static const char *const words[] = { "null", "~", "yes", "no", "on", "off", "y", "n",
					     ".inf", "+.inf", "-.inf", ".nan", "=", "<<", NULL };
	static const char number[] = "0123456789abcdefABCDEFxXoOeE+-_.:";

	if (!strcmp(text, "true") || !strcmp(text, "True") || !strcmp(text, "TRUE"))
		return NODE_TRUE;
	if (!strcmp(text, "false") || !strcmp(text, "False") || !strcmp(text, "FALSE"))
		return NODE_FALSE;
	if (!*text || is_one_of(text, words))
		return NODE_OTHER;
	if (strchr("0123456789+-.", *text) && strpbrk(text, "0123456789") &&
	    (text[strspn(text, number)] == '\0' ||
	     (strspn(text, "0123456789") == 4 && text[4] == '-')))
		return NODE_OTHER;
	return NODE_STRING;
}

static int single_quoted(struct scan *s, const char **ret_text)
{
	const char *begin = ++s->p, *end = begin;
	char *text, *out;

	while (end < s->end && *end != '\n' && (*end != '\'' || (end + 1 < s->end && end[1] == '\'')))
		end += *end == '\'' ? 2 : 1;
	if (end >= s->end || *end == '\n')
		return scan_refuse(s, begin, "a quoted string of several lines, or without its end");
	text = out = tree_text(s->tree, (size_t)(end - begin) + 1);
	if (!text)
		return scan_refuse(s, begin, "no memory");
	for (; s->p < end; s->p++) {
		*out++ = *s->p;
		s->p += *s->p == '\'';
	}
	*out = '\0';
	s->p++;
	*ret_text = text;
	return 0;
}

static int quoted(struct scan *s, const char **ret_text)
{
	if (*s->p == '\'')
		return single_quoted(s, ret_text);
	s->p++;
	return scan_quoted(s, "\"\\/bfnrtaveUx", ret_text);
}

/* What cannot begin a plain scalar. */
static int check_first(struct scan *s, bool is_flow)
{
	char c = s->p < s->end ? *s->p : ' ';

	if (strchr("&*!", c))
		return scan_refuse(s, s->p, "an anchor, an alias or a tag");
	if (strchr("|>%@`,[]{}#\"'", c))
		return scan_refuse(s, s->p, "a character that cannot begin a value");
	if (is_flow && strchr("?:", c))
		return scan_refuse(s, s->p, "a '%c' at the beginning of a value in brackets", c);
	if (strchr("-?:", c) && (is_space(s, s->p + 1) || (is_flow && strchr(",[]{}", s->p[1]))))
		return scan_refuse(s, s->p, "a '%c' that begins no value here", c);
	return 0;
}

/* The end of the plain scalar at the cursor: before ": ", " #", or a flow indicator. */
static const char *plain_end(const struct scan *s, bool is_flow)
{
	const char *p = s->p, *end = s->p;

	for (; p < s->end && *p != '\n'; p++) {
		if (*p == '#' && p > s->p && is_space(s, p - 1))
			break;
		if (*p == ':' && (is_space(s, p + 1) || (is_flow && strchr(",[]{}", p[1]))))
			break;
		if (is_flow && strchr(",[]{}", *p))
			break;
		if (!is_space(s, p))
			end = p + 1;
	}
	return end;
}

static int plain(struct scan *s, struct node *n, bool is_flow)
{
	const char *begin = s->p, *end = plain_end(s, is_flow);
	int r = check_first(s, is_flow);

	if (r < 0)
		return r;
	s->p = end;
	n->text = scan_copy(s, begin, (size_t)(end - begin));
	if (!n->text)
		return -s->err->code;
	n->kind = resolve(n->text);
	return 0;
}

/* | and >: the lines that are indented deeper than the parent. */
static int block_scalar(struct scan *s, long parent, struct node *n)
{
	const char *begin = s->p;
	long first = 0;
	size_t end;
	int r;

	s->p++;
	while (s->p < s->end && (*s->p == '+' || *s->p == '-'))
		s->p++;
	if (s->p < s->end && isdigit((unsigned char)*s->p))
		return scan_refuse(s, s->p, "a block with an indentation of its own");
	end = (size_t)(s->p - s->text);
	r = end_line(s);
	while (r == 0 && s->p < s->end) {
		const char *line = s->p;
		long indent = 0;

		while (s->p < s->end && *s->p == ' ')
			s->p++, indent++;
		if (s->p < s->end && !at_newline(s) && indent <= parent) {
			s->p = line;
			break;
		}
		if (s->p < s->end && !at_newline(s)) {
			const char *eol = memchr(s->p, '\n', (size_t)(s->end - s->p));

			if (first && indent < first)
				return scan_refuse(s, s->p, "a line that is indented less than its block");
			first = first ? first : indent;
			end = (size_t)((eol ? eol : s->end) - s->text);
		}
		skip_line(s);
	}
	n->text = r == 0 ? scan_copy(s, begin, end - (size_t)(begin - s->text)) : NULL;
	n->end = end;
	return n->text ? 0 : -s->err->code;
}

/* --- flow ------------------------------------------------------------------------------- */

static int flow_blank(struct scan *s)
{
	for (;;) {
		while (s->p < s->end && is_space(s, s->p))
			s->p++;
		if (!at_comment(s))
			return 0;
		skip_line(s);
	}
}

static int flow_pair(struct scan *s, struct node *parent)
{
	const char *at = s->p;
	struct node key = {0}, *child;
	bool is_quoted = *s->p == '"' || *s->p == '\'';
	int r = is_quoted ? quoted(s, &key.text) : plain(s, &key, true);

	if (r < 0)
		return r;
	spaces(s); /* a key's ':' stands on its line */
	if (s->p >= s->end || *s->p != ':' || (!is_quoted && !is_space(s, s->p + 1)))
		return scan_refuse(s, s->p, "a ':' and a blank are missing");
	s->p++;
	flow_blank(s);
	r = flow(s, &child);
	if (r < 0)
		return r;
	if (!strcmp(key.text, "<<"))
		return scan_refuse(s, at, "a merge key");
	child->key = key.text;
	child->key_start = (size_t)(at - s->text);
	if (!tree_add_member(parent, child))
		return scan_refuse(s, at, "a key that is already there, or one too many");
	return 0;
}

static int flow_children(struct scan *s, struct node *n, char close)
{
	s->p++;
	for (flow_blank(s); s->p < s->end && *s->p != close; flow_blank(s)) {
		struct node *child;
		int r = close == '}' ? flow_pair(s, n) : flow(s, &child);

		if (r < 0)
			return r;
		if (close == ']')
			tree_append(n, child);
		flow_blank(s);
		if (s->p >= s->end || *s->p == close)
			break;
		if (*s->p != ',')
			return scan_refuse(s, s->p, "a ',' is missing");
		s->p++;
	}
	if (s->p >= s->end)
		return scan_refuse(s, s->text + n->start, "a '%c' without its end",
				   close == '}' ? '{' : '[');
	s->p++;
	return 0;
}

static int flow(struct scan *s, struct node **ret)
{
	struct node *n = scan_node(s, NODE_STRING);
	char c = s->p < s->end ? *s->p : '\0';
	int r;

	if (!n)
		return -s->err->code;
	r = scan_enter(s);
	if (r < 0)
		return r;
	if (c == '{' || c == '[') {
		n->kind = c == '{' ? NODE_OBJECT : NODE_ARRAY;
		r = flow_children(s, n, c == '{' ? '}' : ']');
	} else if (c == '"' || c == '\'') {
		r = quoted(s, &n->text);
	} else {
		r = plain(s, n, true);
	}
	if (r < 0)
		return r;
	scan_leave(s);
	n->end = (size_t)(s->p - s->text);
	*ret = n;
	return 0;
}

/* --- blocks ----------------------------------------------------------------------------- */

static bool at_dash(const struct scan *s)
{
	return s->p < s->end && *s->p == '-' && is_space(s, s->p + 1);
}

/* Does a key and its ':' stand at the cursor? */
static bool at_key(const struct scan *s)
{
	const char *p = s->p;

	if (*p == '"' || *p == '\'') {
		char quote = *p++;

		while (p < s->end && *p != quote && *p != '\n')
			p += *p == '\\' && quote == '"' ? 2 : 1;
		for (p++; p < s->end && *p == ' ';)
			p++;
	} else if (*p == '[' || *p == '{') {
		return false;
	} else {
		p = plain_end(s, false);
		while (p < s->end && *p == ' ')
			p++;
	}
	return p < s->end && *p == ':' && is_space(s, p + 1);
}

static int key(struct scan *s, const char **ret)
{
	const char *at = s->p;
	struct node n = {0};
	int r;

	if (*s->p == '"' || *s->p == '\'')
		r = quoted(s, &n.text);
	else
		r = plain(s, &n, false);
	if (r < 0)
		return r;
	if (!strcmp(n.text, "<<"))
		return scan_refuse(s, at, "a merge key");
	spaces(s);
	if (s->p >= s->end || *s->p != ':' || !is_space(s, s->p + 1))
		return scan_refuse(s, s->p, "a ':' is missing");
	s->p++;
	*ret = n.text;
	return 0;
}

/* A value that begins on the line of its key or dash, with the rest of the line. */
static int inline_value(struct scan *s, long parent, struct node **ret)
{
	struct node *n;
	char c = *s->p;
	int r;

	if (c == '[' || c == '{' || c == '"' || c == '\'') {
		r = flow(s, ret);
		return r < 0 ? r : end_line(s);
	}
	n = scan_node(s, NODE_OTHER);
	if (!n)
		return -s->err->code;
	*ret = n;
	if (c == '|' || c == '>')
		return block_scalar(s, parent, n);
	r = plain(s, n, false);
	if (r < 0)
		return r;
	n->end = (size_t)(s->p - s->text);
	r = end_line(s);
	if (r == 0)
		r = peek(s);
	if (r > 0 && column(s) > parent && n->end > n->start)
		return scan_refuse(s, s->p, "a plain scalar of several lines; put it into quotes");
	return r < 0 ? r : 0;
}

/* What follows a key's ':' or a dash: on the line, or deeper below, or nothing. */
static int value(struct scan *s, long indent, bool is_item, struct node **ret)
{
	struct node *nothing;
	int r;

	if (s->p < s->end && !at_newline(s)) {
		spaces(s);
		if (s->p < s->end && !at_newline(s) && !at_comment(s))
			return is_item ? block(s, indent, ret) : inline_value(s, indent, ret);
	}
	nothing = scan_node(s, NODE_OTHER);
	if (!nothing)
		return -s->err->code;
	nothing->text = "";
	r = end_line(s);
	if (r == 0)
		r = peek(s);
	if (r > 0 && (column(s) > indent || (!is_item && column(s) == indent && at_dash(s))))
		return block(s, column(s) == indent ? indent - 1 : indent, ret);
	*ret = nothing;
	return r < 0 ? r : 0;
}

static int sequence(struct scan *s, struct node *n)
{
	const long indent = column(s);
	int r;

	for (r = peek(s); r > 0 && column(s) == indent && at_dash(s); r = peek(s)) {
		struct node *child;

		s->p++;
		if (s->p < s->end && *s->p == '\t')
			return scan_refuse(s, s->p, "a tab that indents");
		r = value(s, indent, true, &child);
		if (r < 0)
			return r;
		tree_append(n, child);
		n->end = child->end;
	}
	if (r > 0 && column(s) > indent)
		return scan_refuse(s, s->p, "a line that is indented deeper than its list");
	return r < 0 ? r : 0;
}

static int mapping(struct scan *s, struct node *n)
{
	const long indent = column(s);
	int r;

	for (r = peek(s); r > 0 && column(s) == indent && !at_dash(s); r = peek(s)) {
		const char *at = s->p, *name = NULL;
		struct node *child;

		r = key(s, &name);
		if (r == 0)
			r = value(s, indent, false, &child);
		if (r < 0)
			return r;
		child->key = name;
		child->key_start = (size_t)(at - s->text);
		n->end = child->end;
		if (!tree_add_member(n, child))
			return scan_refuse(s, at, "a key that is already there, or one too many");
	}
	if (r > 0 && column(s) > indent)
		return scan_refuse(s, s->p, "a line that is indented deeper than its neighbours");
	return r < 0 ? r : 0;
}

/* The cursor stands at the first character of a block's content. */
static int block(struct scan *s, long parent, struct node **ret)
{
	struct node *n;
	int r = scan_enter(s);

	if (r < 0)
		return r;
	if (!at_dash(s) && !at_key(s)) {
		r = inline_value(s, parent, ret);
	} else {
		n = scan_node(s, at_dash(s) ? NODE_ARRAY : NODE_OBJECT);
		if (!n)
			return -s->err->code;
		n->is_block = true;
		*ret = n;
		r = at_dash(s) ? sequence(s, n) : mapping(s, n);
	}
	if (r == 0)
		scan_leave(s);
	return r;
}

/* YAML 1.1 and 1.2 differ in what ends a line, beside LF and CRLF: none of it here. */
static int check_breaks(struct scan *s)
{
	static const char *const breaks[] = { "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9" };
	const size_t len = (size_t)(s->end - s->text);

	for (const char *p = s->text; (p = memchr(p, '\r', (size_t)(s->end - p))); p++)
		if (p + 1 >= s->end || p[1] != '\n')
			return scan_refuse(s, p, "a carriage return alone");
	for (size_t i = 0; i < sizeof(breaks) / sizeof(*breaks); i++) {
		const char *p = memmem(s->text, len, breaks[i], strlen(breaks[i]));

		if (p)
			return scan_refuse(s, p, "a line separator that not every YAML has; write it as \\u");
	}
	return 0;
}

int document_yaml(struct scan *s)
{
	int r = check_breaks(s);

	if (r < 0)
		return r;

	if (scan_at(s, "\xef\xbb\xbf", 3))
		s->p += 3;
	/* Comments may stand before the line that begins the document. */
	while (at_newline(s) || (s->p < s->end && *s->p == '#'))
		skip_line(s);
	if (scan_at(s, "---", 3) && is_space(s, s->p + 3)) {
		s->p += 3;
		r = end_line(s);
		if (r < 0)
			return r;
	}
	r = peek(s);
	if (r > 0)
		r = block(s, NO_PARENT, &s->tree->root);
	else if (r == 0)
		r = (s->tree->root = scan_node(s, NODE_OTHER)) ? 0 : -s->err->code;
	if (r == 0 && !s->tree->root->text)
		s->tree->root->text = "";
	if (r == 0)
		r = peek(s);
	if (r > 0)
		return scan_refuse(s, s->p, "a line that is indented less than the first one");
	return r;
}
