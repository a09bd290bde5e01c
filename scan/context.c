/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * An anchor is four bytes of a word ("assw", "oken").  From it the whole name is read in
 * both directions and brought to small letters and digits; it has to end with a name of
 * the table, so that max_tokens, tokenizer and secretName are none.  Behind the name
 * come a quotation mark of its own, an operator (= : => :=), and a value, in quotation
 * marks or not, each mark with the backslashes of JSON inside JSON.  The kind of the
 * name says which gate of value.c the value has to pass.
 */
#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "scan/charset.h"
#include "scan/context.h"
#include "scan/formats.h"
#include "scan/hits.h"
#include "scan/tables.h"
#include "scan/value.h"

#define NAME_MAX 64
#define VALUE_MAX 1024

const char *context_class(size_t i)
{
	/* Of what is no name of a member; then the names'. */
	static const char more[][16] = { "basic-auth", "bearer-token", "url-password", "cookie" };
	size_t n = sizeof(more) / sizeof(*more);

	if (i < n)
		return more[i];
	for (i -= n, n = 0; n < context_names_n; n++)
		if (context_names[n].class[0] && !i--)
			return context_names[n].class;
	return NULL;
}

/* The longest of the endings, and one more that tells whether a name is longer. */
#define ENDING_MAX 24
_Static_assert(sizeof(context_names[0].ending) <= ENDING_MAX, "room for each");

/* name[len] without its separators, in small letters; at most its last max characters.
 * Return: where in small[] it begins. */
static size_t read_ending(const char *name, size_t len, size_t max, char small[ENDING_MAX])
{
	size_t from = ENDING_MAX;

	for (size_t i = len; i-- > 0 && from > ENDING_MAX - max;)
		if (charset_has(SET_B62, name[i]))
			small[--from] = (char)(charset_has(SET_UPPER, name[i]) ? name[i] | 0x20 : name[i]);
	return from;
}

static const struct context_name *find_name(const char *name, size_t len)
{
	char small[ENDING_MAX] __attribute__((uninitialized));
	size_t from = read_ending(name, len, ENDING_MAX, small), n = ENDING_MAX - from;
	unsigned int at;

	if (!n)
		return NULL;
	/* Most names of a message end otherwise. */
	at = n > 1 ? scan_tables.name_first[tables_ending(small[ENDING_MAX - 2], small[ENDING_MAX - 1])] :
		     scan_tables.name_first[tables_ending(0, small[ENDING_MAX - 1])];
	for (; at; at = scan_tables.name_next[at - 1]) {
		const struct context_name *c = &context_names[at - 1];

		if (c->len <= n && !memcmp(small + ENDING_MAX - c->len, c->ending, c->len) &&
		    (c->len == n || !c->is_whole))
			return c;
	}
	return NULL;
}

/* Could a name end so?  name[len] is at least its last four characters. */
static bool may_end(const char *name, size_t len)
{
	char small[ENDING_MAX] __attribute__((uninitialized));

	return read_ending(name, len, 2, small) > ENDING_MAX - 2 ||
	       scan_tables.name_first[tables_ending(small[ENDING_MAX - 2], small[ENDING_MAX - 1])];
}

/* --- gates ----------------------------------------------------------------------------------- */

static bool are_words(const char *text, size_t len)
{
	size_t words = 0, n = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && islower((unsigned char)text[i])) {
			n++;
			continue;
		}
		if (i < len && text[i] != ' ')
			return false;
		if (n && (n < 3 || n > 8))
			return false;
		words += n != 0;
		n = 0;
	}
	return words >= 12 && words <= 24;
}

/* A scheme and a blank before the value of an Authorization header. */
static size_t skip_scheme(const char *text, size_t len)
{
	static const char schemes[][12] = { "bearer ", "basic ", "token ", "ssws ", "apikey ",
					    "dpop ", "bot ", "key ", "negotiate " };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (strlen(schemes[i]) < len && !strncasecmp(text, schemes[i], strlen(schemes[i])))
			return strlen(schemes[i]);
	return 0;
}

static bool looks_so(enum context_gate gate, const char *text, size_t len, bool is_quoted)
{
	switch (gate) {
	case GATE_PASSWORD:
		return value_is_password(text, len, is_quoted ? 6 : 8);
	case GATE_KEY:
		return value_is_random(text, len) || value_is_uuid(text, len);
	case GATE_HEADER:
		return value_is_random(text, len) || value_is_basic(text, len);
	case GATE_TOKEN:
		return value_is_random(text, len) && !value_is_uuid(text, len);
	case GATE_LONG:
		return len >= 20 && value_is_random(text, len) && !value_is_uuid(text, len);
	case GATE_BASIC:
		return value_is_basic(text, len);
	case GATE_SESSION:
		return value_is_uuid(text, len) || value_is_random(text, len) ||
		       (len >= 8 && value_is_password(text, len, 8) && !memchr(text, '.', len));
	case GATE_WORDS:
		return are_words(text, len);
	case GATE_NUMBER:
		return len >= 42 && charset_run(SET_B64U, text, len, 0, len) == len &&
		       value_is_random(text, len);
	case GATE_NONE:
		break;
	}
	return false;
}

/* Placeholders last: that question costs most. */
static bool passes(enum context_gate gate, const char *text, size_t len, bool is_quoted)
{
	return len && looks_so(gate, text, len, is_quoted) &&
	       (gate == GATE_WORDS || !value_is_placeholder(text, len));
}

/* --- name and value ------------------------------------------------------------------------ */

struct quote {
	size_t n;  /* with its backslashes; 0: none */
	char mark; /* " or ' or ` */
};

static struct quote read_quote(const char *text, size_t len, size_t at)
{
	size_t n = 0;

	while (at + n < len && n < 8 && text[at + n] == '\\')
		n++;
	if (at + n < len && (text[at + n] == '"' || text[at + n] == '\'' || text[at + n] == '`'))
		return (struct quote){ n + 1, text[at + n] };
	return (struct quote){0};
}

static size_t skip_blank(const char *text, size_t len, size_t at)
{
	while (at < len && (text[at] == ' ' || text[at] == '\t'))
		at++;
	return at;
}

/* How long the operator at text[at] is: = : => := ==, or 0. */
static size_t read_operator(const char *text, size_t len, size_t at)
{
	if (at >= len)
		return 0;
	if (text[at] == ':' && at + 1 < len && text[at + 1] == '=')
		return 2;
	if (text[at] == '=' && at + 1 < len && text[at + 1] == '>')
		return 2;
	/* A comparison is code. */
	if (text[at] == '=' && at + 1 < len && text[at + 1] == '=')
		return 0;
	return text[at] == '=' || text[at] == ':' ? 1 : 0;
}

/* The value in quotation marks from at on: to the same mark, which has no more and no
 * fewer backslashes.  Return: its end. */
static size_t quoted_end(const char *text, size_t len, size_t at, struct quote q)
{
	size_t stop = len - at > 4 * VALUE_MAX ? at + 4 * VALUE_MAX : len, slashes = 0;

	for (size_t i = at; i < stop; i++) {
		if (text[i] == '\n')
			return i;
		if (text[i] == q.mark && slashes <= q.n - 1)
			return i - slashes;
		slashes = text[i] == '\\' ? slashes + 1 : 0;
	}
	return stop;
}

static size_t bare_end(const char *text, size_t len, size_t at)
{
	size_t end = at + charset_run(SET_VALUE, text, len, at, VALUE_MAX);
	const char *p = text + at;

	/* \n and \" of JSON inside JSON end it too. */
	for (; (p = memchr(p, '\\', (size_t)(text + end - p))) && p + 1 < text + end; p++)
		if (strchr("nrt\\", p[1]))
			return (size_t)(p - text);
	return end;
}

static size_t unquoted_end(const struct context_name *name, const char *text, size_t len, size_t at)
{
	size_t end = at;

	if (name->gate == GATE_HEADER)
		return bare_end(text, len, at + skip_scheme(text + at, len - at));
	if (name->gate != GATE_WORDS)
		return bare_end(text, len, at);
	while (end < len && end - at < VALUE_MAX &&
	       (islower((unsigned char)text[end]) || text[end] == ' '))
		end++;
	return end;
}

/* The query that a signature of a URL belongs to: without it, it is worth nothing, and
 * with it, everything. */
static size_t query_start(const char *text, size_t at)
{
	size_t i = at;

	while (i && at - i < 600 && (charset_has(SET_PATH, text[i - 1]) || text[i - 1] == '&' ||
				     text[i - 1] == ':'))
		i--;
	return i && text[i - 1] == '?' && memmem(text + i, at - i, "sv=", 3) ? i : at;
}

static void add(const char *class, size_t start, size_t end, struct hits *hits)
{
	struct hit hit = { .start = start, .end = end, .class = class, .rank = HIT_CONTEXT };

	hits_add(hits, &hit);
}

static void judge(const struct context_name *name, const char *text, size_t start, size_t end,
		  bool is_quoted, size_t name_start, struct hits *hits)
{
	if (name->gate == GATE_HEADER)
		start += skip_scheme(text + start, end - start);
	while (!is_quoted && end > start && strchr(".:)]}", text[end - 1]))
		end--;
	if (!passes(name->gate, text + start, end - start, is_quoted))
		return;
	if (!strcmp(name->class, "azure-sas"))
		start = query_start(text, name_start);
	add(name->class, start, end, hits);
}

static bool may_be_value(const struct context_name *name, const char *text, size_t len, bool is_quoted)
{
	size_t skip = name->gate == GATE_HEADER ? skip_scheme(text, len) : 0;

	return looks_so(name->gate, text + skip, len - skip, is_quoted);
}

/* Behind "machine h login l" (netrc) and "--" (a command line) a blank is the operator. */
static bool is_blank_operator(const char *text, size_t name_start)
{
	size_t from = name_start > 160 ? name_start - 160 : 0;

	return memmem(text + from, name_start - from, "login ", 6) ||
	       (text[name_start] == '-' && text[name_start + 1] == '-');
}

/* What stands behind a name: an operator, or a quotation mark or blanks before one. */
static bool may_follow(char c)
{
	return c == '=' || c == ':' || c == '"' || c == ' ' || c == '\'' || c == '\\' || c == '`' ||
	       c == '\t';
}

/* "set secret 'value'": the quotation marks speak for it, and more than six letters. */
static bool is_set(const struct context_name *name, struct quote q, size_t len)
{
	return q.n && (name->gate != GATE_PASSWORD || len >= 8);
}

static void look_at_name(const char *text, size_t len, size_t at, size_t *done,
			 struct hits *hits)
{
	size_t start = at, end = at, value, n;
	const struct context_name *name;
	struct quote q;

	/* Forward first: most names are followed by no operator. */
	while (end < len && end - at < NAME_MAX && charset_has(SET_B64U, text[end]))
		end++;
	if (end == len || !may_follow(text[end]) || !may_end(text + at, end - at))
		return;
	q = read_quote(text, len, end);
	/* config["password"] = ... */
	value = skip_blank(text, len, end + q.n + (q.n && end + q.n < len && text[end + q.n] == ']'));
	n = read_operator(text, len, value);
	if (!n && (value == end || q.n))
		return;
	while (start && at - start < NAME_MAX && (charset_has(SET_B64U, text[start - 1]) ||
						  text[start - 1] == '.'))
		start--;
	name = find_name(text + start, end - start);
	if (!name || name->gate == GATE_NONE)
		return;
	/* code=, sig=: of a query, and not of a program. */
	if (name->is_whole && (name->gate == GATE_LONG) && (q.n || value > end || text[value] != '='))
		return;
	value = skip_blank(text, len, value + n);
	q = read_quote(text, len, value);
	value += q.n;
	end = q.n ? quoted_end(text, len, value, q) : unquoted_end(name, text, len, value);
	/* The question that costs most comes last: "the password must be" has a name, too. */
	if (!n && (!may_be_value(name, text + value, end - value, q.n != 0) ||
		   !(is_blank_operator(text, start) || is_set(name, q, end - value))))
		return;
	judge(name, text, value, end, q.n != 0, start, hits);
	*done = value;
}

/* --- schemes, URLs, cookies ------------------------------------------------------------------- */

/* at is in "Bearer" or "Basic". */
static void look_at_scheme(const char *text, size_t len, size_t at, struct hits *hits)
{
	bool is_basic = text[at] == 's' || text[at] == 'S';
	size_t back = is_basic ? 2 : 1, word = is_basic ? 5 : 6, start, end;

	if (at < back || len - at < word - back + 8 ||
	    strncasecmp(text + at - back, is_basic ? "basic" : "bearer", word) != 0 ||
	    !formats_left_open(text, at - back) || text[at - back + word] != ' ')
		return;
	start = skip_blank(text, len, at - back + word);
	end = start + charset_run(SET_DOTTED | SET_B64E, text, len, start, 4 * VALUE_MAX);
	while (end > start && text[end - 1] == '.')
		end--;
	if (is_basic ? !value_is_basic(text + start, end - start) :
		       !(value_is_random(text + start, end - start) ||
			 value_is_uuid(text + start, end - start)) ||
			       value_is_placeholder(text + start, end - start))
		return;
	add(is_basic ? "basic-auth" : "bearer-token", start, end, hits);
}

/* scheme://user:secret@host (RFC 3986, section 3.2.1). */
static void look_at_url(const char *text, size_t len, size_t at, struct hits *hits)
{
	size_t i = at + 3, colon = 0, last = 0;

	for (; i < len && i < at + 1024 && (unsigned char)text[i] > ' ' &&
	       !strchr("/?#\"'<>\\`", text[i]); i++) {
		if (text[i] == ':' && !colon)
			colon = i + 1;
		if (text[i] == '@')
			last = i;
	}
	if (!colon || last <= colon || value_is_placeholder(text + colon, last - colon))
		return;
	/* A name for a variable is no value: %s, $PASS; neither is what is one character. */
	if (last - colon < 3)
		return;
	add("url-password", colon, last, hits);
}

static bool is_session_name(const char *name, size_t len)
{
	static const char parts[][10] = { "sess", "sid", "token", "auth", "jwt",
					  "__host-", "__secure-", "remember" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		for (size_t k = 0, n = strlen(parts[i]); n <= len && k <= len - n; k++)
			if (!strncasecmp(name + k, parts[i], n))
				return true;
	return false;
}

/* Cookie: a=b; sid=secret (RFC 6265). */
static void look_at_cookie(const char *text, size_t len, size_t at, size_t *done,
			   struct hits *hits)
{
	size_t i = at + 4, stop;

	while (i < len && charset_has(SET_LETTER, text[i]))
		i++;
	i += read_quote(text, len, i).n;
	i = skip_blank(text, len, i);
	if (!read_operator(text, len, i))
		return;
	i = skip_blank(text, len, i + 1);
	i += read_quote(text, len, i).n;
	for (stop = i; stop < len && stop - i < 4 * VALUE_MAX && (unsigned char)text[stop] >= ' ' &&
		       !strchr("\"'\\(){}<>", text[stop]); stop++)
		;
	*done = stop;
	while (i < stop) {
		size_t name = i, value, end;

		while (i < stop && text[i] != '=' && text[i] != ';')
			i++;
		value = i < stop && text[i] == '=' ? i + 1 : i;
		for (end = value; end < stop && text[end] != ';' && text[end] != ' ' &&
				  text[end] != ','; end++)
			;
		if (end - value >= 8 && is_session_name(text + name, value - name) &&
		    !value_is_placeholder(text + value, end - value))
			add("cookie", value, end, hits);
		for (i = end; i < stop && text[i] != ';' && text[i] != ','; i++)
			;
		i = skip_blank(text, stop, i < stop ? i + 1 : i);
	}
}

void context_look(enum context_kind kind, const char *text, size_t len, size_t at,
		  size_t *done, struct hits *hits)
{
	if (at < *done)
		return;
	switch (kind) {
	case CONTEXT_NAME:
		look_at_name(text, len, at, done, hits);
		return;
	case CONTEXT_SCHEME:
		look_at_scheme(text, len, at, hits);
		return;
	case CONTEXT_URL:
		look_at_url(text, len, at, hits);
		return;
	case CONTEXT_COOKIE:
		look_at_cookie(text, len, at, done, hits);
		return;
	}
}

void context_member(const char *key, size_t key_len, const char *text, size_t len,
		    struct hits *hits)
{
	const struct context_name *name = key ? find_name(key, key_len) : NULL;

	if (!name || !name->class[0] || (name->is_whole && name->gate == GATE_LONG && len > VALUE_MAX))
		return;
	if (len <= 64 * 1024)
		judge(name, text, 0, len, true, 0, hits);
}
