/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "common/trail.h"

/* What of a name that somebody else chose goes into a line. */
#define NAME 256

/* What trail_make() puts around a record. */
static const char *const ours[] = { "seq",   "time",	  "server", "session", "user",
				    "agent", "spiffe_id", "client", "by",      "prev" };

/* --- reading ------------------------------------------------------------------------------ */

struct cursor {
	const char *at, *end;
};

static bool take(struct cursor *c, char wanted)
{
	if (c->at == c->end || *c->at != wanted)
		return false;
	c->at++;
	return true;
}

/* Between the quotes; escapes are checked, not undone. */
static bool take_string(struct cursor *c, const char **ret, size_t *ret_len)
{
	static const char hex[] = "0123456789abcdef";

	if (!take(c, '"'))
		return false;
	*ret = c->at;
	while (c->at < c->end && *c->at != '"') {
		if (*c->at < 0x20 || *c->at > 0x7e)
			return false;
		/* The one escape that is ever written. */
		if (*c->at == '\\') {
			if (c->end - c->at < 6 || c->at[1] != 'u')
				return false;
			for (int i = 2; i < 6; i++)
				if (!memchr(hex, c->at[i], 16))
					return false;
			c->at += 5;
		}
		c->at++;
	}
	*ret_len = (size_t)(c->at - *ret);
	return take(c, '"');
}

static bool take_integer(struct cursor *c, const char **ret, size_t *ret_len)
{
	size_t digits = 0;

	*ret = c->at;
	take(c, '-');
	while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
		c->at++;
		digits++;
	}
	*ret_len = (size_t)(c->at - *ret);
	/* As printf(3) writes one of 64 bits. */
	return digits && digits <= 20 && (digits == 1 || c->at[-(ptrdiff_t)digits] != '0');
}

static bool take_value(struct cursor *c, struct trail_member *m)
{
	if (c->at == c->end)
		return false;
	if (*c->at == '"') {
		m->type = TRAIL_STRING;
		return take_string(c, &m->value, &m->value_len);
	}
	if (c->end - c->at >= 4 && !memcmp(c->at, "true", 4)) {
		m->type = TRAIL_TRUE;
		m->value = c->at;
		m->value_len = 4;
		c->at += 4;
		return true;
	}
	m->type = TRAIL_INTEGER;
	return take_integer(c, &m->value, &m->value_len);
}

static bool is_name(const struct trail_member *m)
{
	for (size_t i = 0; i < m->name_len; i++)
		if (!((m->name[i] >= 'a' && m->name[i] <= 'z') || m->name[i] == '_' ||
		      (i && m->name[i] >= '0' && m->name[i] <= '9')))
			return false;
	return m->name_len && m->name_len <= 32;
}

static bool is_same(const struct trail_member *m, const char *name)
{
	return strlen(name) == m->name_len && !memcmp(name, m->name, m->name_len);
}

const struct trail_member *trail_find(const struct trail_line *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (is_same(&l->v[i], name))
			return &l->v[i];
	return NULL;
}

bool trail_is(const struct trail_line *l, const char *name, const char *value)
{
	const struct trail_member *m = trail_find(l, name);

	return m && m->type == TRAIL_STRING && m->value_len == strlen(value) &&
	       !memcmp(m->value, value, m->value_len);
}

int trail_parse(const char *text, size_t len, struct trail_line *ret)
{
	struct cursor c = { text, text + len };

	ret->n = 0;
	if (len >= TRAIL_LINE || !take(&c, '{'))
		return -EBADMSG;
	do {
		struct trail_member m;

		if (ret->n == TRAIL_MEMBERS || !take_string(&c, &m.name, &m.name_len) ||
		    !is_name(&m) || !take(&c, ':') || !take_value(&c, &m))
			return -EBADMSG;
		for (size_t i = 0; i < ret->n; i++)
			if (ret->v[i].name_len == m.name_len &&
			    !memcmp(ret->v[i].name, m.name, m.name_len))
				return -EBADMSG;
		ret->v[ret->n++] = m;
	} while (take(&c, ','));
	return take(&c, '}') && c.at == c.end ? 0 : -EBADMSG;
}

int trail_check_record(const char *text, size_t len)
{
	struct trail_line l;

	if (len > LIMIT_AUDIT_LINE || trail_parse(text, len, &l) < 0 ||
	    !is_same(&l.v[0], "event") || l.n > TRAIL_MEMBERS - sizeof(ours) / sizeof(*ours))
		return -EBADMSG;
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (trail_find(&l, ours[i]))
			return -EBADMSG;
	return 0;
}

int trail_read(const char *text, size_t len, struct trail_line *ret)
{
	const struct trail_member *first = &ret->v[0], *last;

	if (trail_parse(text, len, ret) < 0)
		return -EBADMSG;
	last = &ret->v[ret->n - 1];
	if (!is_same(first, "seq") || first->type != TRAIL_INTEGER || first->value_len > 18 ||
	    first->value[0] == '-' || !is_same(last, "prev") || last->type != TRAIL_STRING ||
	    !trail_unhex(last->value, last->value_len, ret->prev))
		return -EBADMSG;
	ret->seq = 0;
	for (size_t i = 0; i < first->value_len; i++)
		ret->seq = ret->seq * 10 + (uint64_t)(first->value[i] - '0');
	return 0;
}

/* --- hashes ------------------------------------------------------------------------------- */

void trail_hex(const uint8_t hash[static SHA256_SIZE], char ret[static TRAIL_HEX])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SHA256_SIZE; i++) {
		ret[2 * i] = digits[hash[i] >> 4];
		ret[2 * i + 1] = digits[hash[i] & 15];
	}
	ret[TRAIL_HEX - 1] = '\0';
}

bool trail_unhex(const char *text, size_t len, uint8_t ret[static SHA256_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	if (len != TRAIL_HEX - 1)
		return false;
	for (size_t i = 0; i < len; i++) {
		const char *at = memchr(digits, text[i], 16);
		uint8_t n = at ? (uint8_t)(at - digits) : 0;

		if (!at)
			return false;
		ret[i / 2] = i % 2 ? (uint8_t)(ret[i / 2] << 4 | n) : n;
	}
	return true;
}

/* --- writing ------------------------------------------------------------------------------ */

/* The calendar is the proleptic Gregorian one, counted in eras of 400 years that begin on
 * 1 March. */
void trail_time(int64_t unix_ms, char ret[static 32])
{
	int64_t seconds = unix_ms / 1000;
	unsigned int days, secs, era, of_era, year, of_year, month, day;

	if (unix_ms < 0)
		seconds = 0;
	days = (unsigned int)(seconds / 86400) + 719468; /* from 0000-03-01 */
	secs = (unsigned int)(seconds % 86400);
	era = days / 146097;
	of_era = days % 146097;
	year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	of_year = of_era - (365 * year + year / 4 - year / 100);
	month = (5 * of_year + 2) / 153;
	day = of_year - (153 * month + 2) / 5 + 1;
	month = month < 10 ? month + 3 : month - 9;
	year = (year + era * 400 + (month <= 2)) % 10000;
	snprintf(ret, 32, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", year, month % 100, day % 100,
		 secs / 3600 % 100, secs / 60 % 60, secs % 60,
		 unix_ms < 0 ? 0U : (unsigned int)(unix_ms % 1000));
}

/* A text as a JSON string; bytes above ASCII as if they were Latin-1. */
static size_t put_string(char *at, const char *text)
{
	size_t len = strnlen(text, NAME), n = 0;

	at[n++] = '"';
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			n += (size_t)snprintf(at + n, 7, "\\u%04x", c);
		else
			at[n++] = (char)c;
	}
	at[n++] = '"';
	return n;
}

static size_t put_member(char *at, const char *name, const char *text)
{
	size_t n = 0;

	if (!text)
		return 0;
	n += (size_t)snprintf(at, 48, ",\"%.32s\":", name);
	return n + put_string(at + n, text);
}

_Static_assert(TRAIL_LINE - LIMIT_AUDIT_LINE >= 7 * (6 * NAME + 48) + 512, "room around a record");

size_t trail_make(struct trail_head *head, const struct trail_who *who, const char *by,
		  int64_t unix_ms, const char *record, size_t len, char ret[static TRAIL_LINE])
{
	const struct {
		const char *name, *text;
	} members[] = {
		{ "server", who->server }, { "session", who->session }, { "user", who->user },
		{ "agent", who->agent },   { "spiffe_id", who->spiffe_id },
		{ "client", who->client }, { "by", by },
	};
	char time[32], prev[TRAIL_HEX];
	size_t n;

	trail_time(unix_ms, time);
	trail_hex(head->hash, prev);
	n = (size_t)snprintf(ret, 80, "{\"seq\":%llu,\"time\":\"%s\"", (unsigned long long)head->seq + 1,
			    time);
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		n += put_member(ret + n, members[i].name, members[i].text);
	ret[n++] = ',';
	/* The record without its braces. */
	memcpy(ret + n, record + 1, len - 2);
	n += len - 2;
	n += (size_t)snprintf(ret + n, 96, ",\"prev\":\"%s\"}", prev);
	sha256(ret, n, head->hash);
	head->seq++;
	ret[n++] = '\n';
	return n;
}

size_t trail_torn(const char *piece, size_t len, char ret[static 256])
{
	uint8_t hash[SHA256_SIZE];
	char hex[TRAIL_HEX];

	sha256(piece, len, hash);
	trail_hex(hash, hex);
	return (size_t)snprintf(ret, 256, "{\"event\":\"torn\",\"bytes\":%zu,\"sha256\":\"%s\"}", len,
				hex);
}

/* --- checking ----------------------------------------------------------------------------- */

/* Does this line name the piece before it? */
static bool names_torn(const struct trail_check *c, const struct trail_line *l)
{
	const struct trail_member *bytes = trail_find(l, "bytes");
	char hex[TRAIL_HEX], count[24];
	int n = snprintf(count, sizeof(count), "%zu", c->torn_len);

	trail_hex(c->torn_hash, hex);
	return trail_is(l, "event", "torn") && trail_is(l, "by", "keeper") &&
	       trail_is(l, "sha256", hex) && bytes && bytes->value_len == (size_t)n &&
	       !memcmp(bytes->value, count, bytes->value_len);
}

static int refuse(const struct trail_check *c, struct err *err, const char *words)
{
	return err_set(err, EBADMSG, "behind number %llu: %s", (unsigned long long)c->head.seq,
		       words);
}

int trail_check_line(struct trail_check *c, const char *text, size_t len, struct err *err)
{
	const struct trail_member *count;
	struct trail_line l;

	if (trail_read(text, len, &l) < 0) {
		if (c->has_torn)
			return refuse(c, err, "two lines that are none");
		c->has_torn = true;
		c->torn_len = len;
		sha256(text, len, c->torn_hash);
		return 0;
	}
	if (c->has_torn && !names_torn(c, &l))
		return refuse(c, err, "a line that was damaged, and that no later one names as torn");
	if (c->has_begun && l.seq != c->head.seq + 1)
		return refuse(c, err, l.seq > c->head.seq ? "lines are missing" :
							    "a line that stood before, or a second beginning");
	if (c->has_begun && memcmp(l.prev, c->head.hash, SHA256_SIZE) != 0)
		return refuse(c, err, "the line there was changed, or put in");
	c->torn += c->has_torn;
	c->has_torn = false;
	c->has_begun = true;
	c->head.seq = l.seq;
	sha256(text, len, c->head.hash);
	c->lines++;
	count = trail_is(&l, "event", "lost") ? trail_find(&l, "count") : NULL;
	for (size_t i = 0, n = 0; count && count->value_len < 10 && i < count->value_len; i++) {
		n = n * 10 + (size_t)(count->value[i] - '0');
		if (i + 1 == count->value_len)
			c->lost += n;
	}
	return 0;
}

int trail_check_end(const struct trail_check *c, struct err *err)
{
	if (c->has_torn)
		return refuse(c, err, "the last line is not whole");
	return 0;
}
